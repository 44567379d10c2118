//! `routes`: operations and their answers.

use super::*;

#[test]
fn people_read_where_and_what_each_operation_answers() {
    let folder = shop("routes");
    let args = [vec!["routes".to_owned()], of_shop(&folder)].concat();
    run(&args).check_in(&folder, &expect![[r#"
            shop: Shop API
              also without /shop under the host names api.shop.example, shop.localhost

              DELETE /carts/{id}  deleteCart
                at /shop/carts/{id}
                   /shop/v3/carts/{id}
                   /v3/carts/{id}
                204     documented  The cart is gone.
                                    by deleteCart rule 2, DIR/specs/shop/behavior.yaml:16
                400     documented  Not an id
                                    by invalid_request of deleteCart, DIR/specs/shop/behavior.yaml:9
                401     inferred    Who are you?
                                    why: the page has no 401 and the introduction speaks of keys that are
                                    refused
                                    by unauthenticated of deleteCart, DIR/specs/shop/behavior.yaml:8
                404     documented  No such cart.
                                    by deleteCart rule 1, DIR/specs/shop/behavior.yaml:14

              POST /carts  createCart
                at /shop/carts
                   /shop/v3/carts
                   /v3/carts
                200     documented  The cart
                                    by createCart rule 1, DIR/specs/shop/behavior.yaml:20
                400     documented  Not a cart
                                    by invalid_request of createCart, DIR/specs/shop/behavior.yaml:9
                401     documented  Who are you?
                                    by unauthenticated of createCart, DIR/specs/shop/behavior.yaml:8

            exit 0
        "#]]);
}

#[test]
fn programs_read_the_same_as_json() {
    let folder = shop("routes-json");
    let args = [vec!["routes".to_owned(), "--json".to_owned()], of_shop(&folder)].concat();
    let ended = run(&args);
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    let mut listed: Value = serde_json::from_str(&ended.out).unwrap();
    let operation = listed["providers"][0]["operations"][0].take();
    let text = format!("{operation:#}").replace(&folder.path.display().to_string(), "DIR");
    expect![[r#"
            {
              "id": "deleteCart",
              "method": "DELETE",
              "path": "/carts/{id}",
              "mounted_at": [
                "/shop/carts/{id}",
                "/shop/v3/carts/{id}",
                "/v3/carts/{id}"
              ],
              "responses": [
                {
                  "status": "204",
                  "description": "The cart is gone. There is no body.",
                  "inferred": null,
                  "unreachable": null,
                  "given_by": [
                    {
                      "rule": "deleteCart rule 2, DIR/specs/shop/behavior.yaml:16",
                      "inferred": false
                    }
                  ]
                },
                {
                  "status": "400",
                  "description": "Not an id",
                  "inferred": null,
                  "unreachable": null,
                  "given_by": [
                    {
                      "rule": "invalid_request of deleteCart, DIR/specs/shop/behavior.yaml:9",
                      "inferred": false
                    }
                  ]
                },
                {
                  "status": "401",
                  "description": "Who are you?",
                  "inferred": "the page has no 401 and the introduction speaks of keys that are refused",
                  "unreachable": null,
                  "given_by": [
                    {
                      "rule": "unauthenticated of deleteCart, DIR/specs/shop/behavior.yaml:8",
                      "inferred": false
                    }
                  ]
                },
                {
                  "status": "404",
                  "description": "No such cart.",
                  "inferred": null,
                  "unreachable": null,
                  "given_by": [
                    {
                      "rule": "deleteCart rule 1, DIR/specs/shop/behavior.yaml:14",
                      "inferred": false
                    }
                  ]
                }
              ]
            }"#]].assert_eq(&text);
    let all: Value = serde_json::from_str(&run(&["routes", "--json"]).out).unwrap();
    let names: Vec<&Value> =
        all["providers"].as_array().unwrap().iter().map(|provider| &provider["name"]).collect();
    assert_eq!(names, ["applivery", "partoo", "timbrix", "velt"]);
}

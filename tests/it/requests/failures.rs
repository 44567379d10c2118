//! Rules that fail, failures without words of the provider, and HEAD.

use super::*;

const SHOP_CONTRACT: &str = r#"
openapi: 3.1.0
info: { title: Shop, version: '1' }
paths:
  /carts/{id}:
    get:
      operationId: readCart
      parameters: [{ name: id, in: path, required: true, schema: { type: string } }]
      responses:
        '200': { description: The cart, content: { application/json: { schema: { type: object } } } }
    delete:
      operationId: deleteCart
      parameters: [{ name: id, in: path, required: true, schema: { type: string } }]
      responses:
        '200':
          description: Gone
          content:
            application/json:
              schema:
                type: object
                required: [id, total]
                properties: { id: { type: string }, total: { type: integer } }
        '404': { description: No such cart }
"#;

const SHOP_BEHAVIOR: &str = r#"tombstone: 1
resources:
  carts: { key: id }
operations:
  readCart:
    rules:
      - respond: 200
        body: { id: '{{ path.id }}' }
  deleteCart:
    let: { cart: 'carts[path.id]' }
    rules:
      - when: cart is none
        respond: 404
      - when: cart.total / cart.parts > 1000
        respond: 404
      - delete: cart
        respond: 200
        body: { id: '{{ cart.id }}', total: '{{ cart.total }}' }
"#;

const SHOP_FIXTURES: &str = r#"tombstone: 1
records:
  carts:
    - { id: good, total: 3, parts: 1 }
    - { id: unfit, total: half, parts: 1 }
    - { id: nothing, total: 3, parts: 0 }
    - { id: half, total: 1.5, parts: 1 }
"#;

/// A provider of our own, with rules that fail and no words for failures.
fn shop(name: &str) -> (World, Folder) {
    let folder = Folder::new(name);
    folder.write("specs/shop/openapi.yaml", SHOP_CONTRACT);
    folder.write("specs/shop/behavior.yaml", SHOP_BEHAVIOR);
    folder.write("fixtures/shop/default.yaml", SHOP_FIXTURES);
    let sources = Sources {
        specs: Some(folder.path.join("specs")),
        fixtures: Some(folder.path.join("fixtures")),
        only: vec!["shop".to_owned()],
        ..Sources::default()
    };
    (World::of(&sources, &EmulatorOptions::default()), folder)
}

#[test]
fn a_provider_without_words_for_failures_has_ours() {
    let (world, _folder) = shop("wordless");
    world.check("GET /shop/cart/good", &[], "", &expect![[r#"
        404
        content-type: application/problem+json

        {"type":"urn:tombstone:errors#NO_PATH_MATCHED_ERROR","title":"no such operation","status":404,"detail":"no operation has this path; `near` lists the closest ones","near":["GET /shop/carts/{id}","DELETE /shop/carts/{id}"],"providers":["shop"]}
    "#]]);
    world.check("PUT /shop/carts/good", &[], "", &expect![[r#"
        405
        content-type: application/problem+json
        allow: GET, HEAD, DELETE, OPTIONS

        {"type":"urn:tombstone:errors#NO_METHOD_MATCHED_ERROR","title":"method not allowed","status":405,"detail":"`/carts/good` answers GET, HEAD, DELETE"}
    "#]]);
    world.check("DELETE /shop/carts/%ff", &[], "", &expect![[r#"
        400
        content-type: application/problem+json
        tombstone-violations: [{"in":"path","pointer":"","field":"id","keyword":"encoding","expected":null,"text":"must be percent-encoded UTF-8"}]

        {"title":"invalid request","status":400,"detail":"the request departs from the contract: see `Tombstone-Violations`"}
    "#]]);
}

#[test]
fn head_answers_as_get_and_the_server_leaves_the_body_out() {
    let (world, _folder) = shop("head");
    let got = world.says("GET /shop/carts/good", &[], "");
    expect![[r#"
        200
        content-type: application/json

        {"id":"good"}
    "#]]
    .assert_eq(&got);
    assert_eq!(world.says("HEAD /shop/carts/good", &[], ""), got);
}

#[test]
fn a_rule_that_fails_or_lies_answers_500_and_does_nothing() {
    let (world, folder) = shop("failing");
    let said = |id: &str| {
        let reply = world.ask(&format!("DELETE /shop/carts/{id}"), &[], "");
        let place = folder.path.display().to_string();
        let log = match &reply.account.facts.why {
            Why::Rule(rule) => rule.to_string(),
            Why::Fault(fault) => fault.clone(),
            other => panic!("{other:?}"),
        };
        format!("{}\nlog: {log}\n", transcript(&reply)).replace(&place, "…")
    };
    expect![[r#"
        500
        content-type: application/problem+json

        {"title":"the behavior file cannot answer this","status":500,"detail":"deleteCart rule 2, …/specs/shop/behavior.yaml:14: `cart.total / cart.parts > 1000`: `/` is for numbers, not a text and a number"}

        log: deleteCart rule 2, …/specs/shop/behavior.yaml:14: `cart.total / cart.parts > 1000`: `/` is for numbers, not a text and a number
    "#]].assert_eq(&said("unfit"));
    expect![[r#"
        500
        content-type: application/problem+json

        {"title":"the behavior file cannot answer this","status":500,"detail":"deleteCart rule 2, …/specs/shop/behavior.yaml:14: `cart.total / cart.parts > 1000`: division by zero"}

        log: deleteCart rule 2, …/specs/shop/behavior.yaml:14: `cart.total / cart.parts > 1000`: division by zero
    "#]].assert_eq(&said("nothing"));
    expect![[r#"
        500
        content-type: application/problem+json

        {"title":"the behavior file cannot answer this","status":500,"detail":"deleteCart rule 3, …/specs/shop/behavior.yaml:16: the body does not fit the documented schema /paths/~1carts~1{id}/delete/responses/200/content/application~1json/schema: at `/total`: 1.5 is not of type \"integer\""}

        log: deleteCart rule 3, …/specs/shop/behavior.yaml:16: the body does not fit the documented schema /paths/~1carts~1{id}/delete/responses/200/content/application~1json/schema: at `/total`: 1.5 is not of type "integer"
    "#]].assert_eq(&said("half"));
    expect![[r#"
        200
        content-type: application/json

        {"id":"good","total":3}

        log: deleteCart rule 3, …/specs/shop/behavior.yaml:16
    "#]]
    .assert_eq(&said("good"));
}

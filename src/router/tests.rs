//! What the router finds, on small tables.

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;
use crate::openapi::Location;

/// Sends nothing that a condition could look at.
fn nothing(_: &RouteCondition) -> Option<Cow<'static, str>> {
    None
}

fn built(entries: &[(&'static str, &'static str)]) -> Router<&'static str> {
    let mut router = Router::new();
    for (method, template) in entries {
        router.insert(method.parse().unwrap(), template, &[], *template).unwrap();
    }
    router
}

fn ask(router: &Router<&'static str>, method: &str, path: &str) -> String {
    shown(find(std::slice::from_ref(router), &method.parse().unwrap(), path, &nothing))
}

fn shown(lookup: Lookup<'_, '_, &'static str>) -> String {
    match lookup {
        Lookup::Found(found) => {
            let params: Vec<String> =
                found.params.iter().map(|(name, value)| format!("{name}={value}")).collect();
            format!("{} [{}]", found.value, params.join(" "))
        }
        Lookup::WrongMethod { allow, .. } => {
            let allow: Vec<&str> = allow.iter().map(Method::as_str).collect();
            format!("only {}", allow.join(", "))
        }
        Lookup::NotFound => "nothing".to_owned(),
    }
}

fn check(entries: &[(&'static str, &'static str)], asked: &[(&str, &str)], expected: &Expect) {
    let router = built(entries);
    let answers: Vec<String> = asked
        .iter()
        .map(|(method, path)| {
            format!("{method} {path} -> {}", ask(&router, method, path)).trim_end().to_owned()
        })
        .collect();
    expected.assert_eq(&answers.join("\n"));
}

#[test]
fn the_concrete_path_decides_before_the_method_does() {
    check(
        &[
            ("DELETE", "/pet/{id}"),
            ("GET", "/pet/{id}"),
            ("GET", "/pet/find"),
            ("POST", "/pet/drop"),
            ("HEAD", "/pet/{id}"),
            ("GET", "/pet/{name}.json"),
            ("DELETE", "/pet/{id}/x"),
            ("PUT", "/pet/{other}/{y}"),
        ],
        &[
            ("GET", "/pet/find"),
            ("DELETE", "/pet/find"),
            ("HEAD", "/pet/find"),
            ("OPTIONS", "/pet/find"),
            ("DELETE", "/pet/%66ind"),
            ("HEAD", "/pet/drop"),
            ("DELETE", "/pet/1"),
            ("PUT", "/pet/1"),
            ("DELETE", "/pet/1.json"),
            ("GET", "/pet/1.json"),
            ("PUT", "/pet/1/x"),
            ("PUT", "/pet/1/z"),
        ],
        &expect![[r#"
            GET /pet/find -> /pet/find []
            DELETE /pet/find -> only GET, HEAD
            HEAD /pet/find -> /pet/find []
            OPTIONS /pet/find -> only GET, HEAD
            DELETE /pet/%66ind -> only GET, HEAD
            HEAD /pet/drop -> only POST
            DELETE /pet/1 -> /pet/{id} [id=1]
            PUT /pet/1 -> only GET, HEAD, DELETE
            DELETE /pet/1.json -> only GET, HEAD
            GET /pet/1.json -> /pet/{name}.json [name=1]
            PUT /pet/1/x -> only DELETE
            PUT /pet/1/z -> /pet/{other}/{y} [other=1 y=z]"#]],
    );
}

#[test]
fn among_several_tables_the_method_decides_first() {
    let one = built(&[
        ("POST", "/v1/organizations/delete"),
        ("GET", "/v1/organizations/mine"),
        ("DELETE", "/both/{id}"),
    ]);
    let two = built(&[
        ("DELETE", "/v1/organizations/{organizationId}"),
        ("PATCH", "/v1/organizations/all"),
        ("DELETE", "/both/one"),
        ("GET", "/both/{x}"),
    ]);
    let tables = [one, two];
    let answers: Vec<String> = [
        ("DELETE", "/v1/organizations/delete"),
        ("POST", "/v1/organizations/delete"),
        ("PUT", "/v1/organizations/delete"),
        ("DELETE", "/v1/organizations/all"),
        ("DELETE", "/both/one"),
        ("DELETE", "/both/two"),
        ("GET", "/both/one"),
        ("GET", "/neither"),
    ]
    .iter()
    .map(|(method, path)| {
        let found = find(&tables, &method.parse().unwrap(), path, &nothing);
        format!("{method} {path} -> {}", shown(found))
    })
    .collect();
    expect![[r#"
        DELETE /v1/organizations/delete -> /v1/organizations/{organizationId} [organizationId=delete]
        POST /v1/organizations/delete -> /v1/organizations/delete []
        PUT /v1/organizations/delete -> only POST, DELETE
        DELETE /v1/organizations/all -> only PATCH
        DELETE /both/one -> /both/one []
        DELETE /both/two -> /both/{id} [id=two]
        GET /both/one -> only DELETE
        GET /neither -> nothing"#]].assert_eq(&answers.join("\n"));
}

#[test]
fn a_name_may_be_there_twice() {
    check(
        &[("GET", "/r/{realm}/c/{id}/m/{id}"), ("GET", "/{id}-{id}"), ("GET", "/a/{id}/{ID}")],
        &[("GET", "/r/1/c/2/m/3"), ("GET", "/4-5-6"), ("GET", "/a/7/8")],
        &expect![[r#"
            GET /r/1/c/2/m/3 -> /r/{realm}/c/{id}/m/{id} [realm=1 id=2 id=3]
            GET /4-5-6 -> /{id}-{id} [id=4 id=5-6]
            GET /a/7/8 -> /a/{id}/{ID} [id=7 ID=8]"#]],
    );
}

#[test]
fn text_beside_a_parameter_may_be_sent_encoded() {
    check(
        &[("GET", "/f(id='{id}',at={at})"), ("GET", "/{a}%2Bb"), ("GET", "/x/{n}.json")],
        &[
            ("GET", "/f(id='1',at=2)"),
            ("GET", "/f%28id=%271%27,at=%32%29"),
            ("GET", "/1+b"),
            ("GET", "/1%2bb"),
            ("GET", "/x/1%2Ejson"),
            ("GET", "/x/%2Ejson"),
            ("GET", "/x/%2E.json"),
            ("GET", "/x/\u{e9}.json"),
        ],
        &expect![[r#"
            GET /f(id='1',at=2) -> /f(id='{id}',at={at}) [id=1 at=2]
            GET /f%28id=%271%27,at=%32%29 -> /f(id='{id}',at={at}) [id=1 at=%32]
            GET /1+b -> /{a}%2Bb [a=1]
            GET /1%2bb -> /{a}%2Bb [a=1]
            GET /x/1%2Ejson -> /x/{n}.json [n=1]
            GET /x/%2Ejson -> nothing
            GET /x/%2E.json -> /x/{n}.json [n=%2E]
            GET /x/é.json -> /x/{n}.json [n=é]"#]],
    );
}

/// Operations that are told apart by what they ask for beside method and path.
fn conditional() -> Router<&'static str> {
    let condition = |location, name: &str, value: Option<&str>| RouteCondition {
        location,
        name: name.to_owned(),
        value: value.map(str::to_owned),
    };
    let query = |name, value| condition(Location::Query, name, value);
    let mut router = Router::new();
    for (method, template, conditions, value) in [
        ("GET", "/{b}", vec![], "list"),
        ("DELETE", "/{b}", vec![], "delete"),
        ("GET", "/{bucket}", vec![query("acl", None)], "get acl"),
        ("PUT", "/{bucket}", vec![query("acl", None)], "put acl"),
        ("GET", "/{b}", vec![query("acl", None), query("id", None)], "one acl"),
        ("GET", "/{b}", vec![query("v", Some("2"))], "list 2"),
        ("POST", "/", vec![query("Action", Some("Run"))], "run"),
        ("POST", "/", vec![query("Action", Some("Halt"))], "halt"),
        ("PUT", "/{b}", vec![condition(Location::Header, "x-copy", None)], "copy"),
        ("GET", "/find", vec![query("by", None)], "find"),
    ] {
        let method: Method = method.parse().unwrap();
        router.insert(method, template, &conditions, value).unwrap();
    }
    router
}

/// What a query without escapes holds.
fn pair(query: &'static str) -> impl Fn(&RouteCondition) -> Option<Cow<'static, str>> {
    move |condition| {
        let pieces = query.split('&').map(|piece| piece.split_once('=').unwrap_or((piece, "")));
        let mut found = pieces.filter(|(name, _)| *name == condition.name);
        found.next().map(|(_, value)| Cow::Borrowed(value))
    }
}

#[test]
fn conditions_tell_operations_on_one_path_apart() {
    let tables = [conditional()];
    let answers: Vec<String> = [
        ("GET", "/a", ""),
        ("GET", "/a", "acl"),
        ("GET", "/a", "id=1&acl="),
        ("GET", "/a", "v=2"),
        ("GET", "/a", "v=3"),
        ("DELETE", "/a", "acl"),
        ("PUT", "/a", "acl"),
        ("PUT", "/a", "x-copy"),
        ("PUT", "/a", ""),
        ("POST", "/", "Action=Run"),
        ("POST", "/", "Action=Halt"),
        ("GET", "/", "Action=Halt"),
        ("POST", "/", "Action=Stop"),
        ("POST", "/", ""),
        ("GET", "/find", ""),
        ("GET", "/find", "by"),
    ]
    .iter()
    .map(|(method, path, query)| {
        let found = find(&tables, &method.parse().unwrap(), path, &pair(query));
        format!("{method} {path}?{query} -> {}", shown(found))
    })
    .collect();
    expect![[r#"
        GET /a? -> list [b=a]
        GET /a?acl -> get acl [bucket=a]
        GET /a?id=1&acl= -> one acl [b=a]
        GET /a?v=2 -> list 2 [b=a]
        GET /a?v=3 -> list [b=a]
        DELETE /a?acl -> only GET, HEAD, PUT
        PUT /a?acl -> put acl [bucket=a]
        PUT /a?x-copy -> copy [b=a]
        PUT /a? -> only GET, HEAD, DELETE
        POST /?Action=Run -> run []
        POST /?Action=Halt -> halt []
        GET /?Action=Halt -> only POST
        POST /?Action=Stop -> nothing
        POST /? -> nothing
        GET /find? -> list [b=find]
        GET /find?by -> find []"#]]
    .assert_eq(&answers.join("\n"));
    let sent = pair("Action=Hold");
    let near = near(&tables, &Method::POST, "/", &sent).take(2);
    let near: Vec<String> = near.map(|near| called(near.template, near.conditions)).collect();
    assert_eq!(near, ["/?Action=Halt", "/?Action=Run"]);
}

#[test]
fn segments_may_mix_text_and_parameters_and_names_may_differ() {
    check(
        &[
            ("GET", "/a/{b}.json"),
            ("GET", "/a/{b}"),
            ("GET", "/a/{other}/x"),
            ("GET", "/a/{b}:verb"),
            ("GET", "/r/{x}-{y}"),
            ("GET", "/r/lit/{q}.json"),
            ("GET", "/r/{any}/{thing}"),
            ("GET", "/p/v{major}.{minor}/end"),
        ],
        &[
            ("GET", "/a/1.json"),
            ("GET", "/a/1"),
            ("GET", "/a/1/x"),
            ("GET", "/a/1:verb"),
            ("GET", "/a/.json"),
            ("GET", "/r/a-b-c"),
            ("GET", "/r/-b"),
            ("GET", "/r/a-"),
            ("GET", "/r/a"),
            ("GET", "/r/lit/1.json"),
            ("GET", "/r/lit/1.xml"),
            ("GET", "/p/v1.2/end"),
            ("GET", "/p/v1/end"),
        ],
        &expect![[r#"
            GET /a/1.json -> /a/{b}.json [b=1]
            GET /a/1 -> /a/{b} [b=1]
            GET /a/1/x -> /a/{other}/x [other=1]
            GET /a/1:verb -> /a/{b}:verb [b=1]
            GET /a/.json -> /a/{b} [b=.json]
            GET /r/a-b-c -> /r/{x}-{y} [x=a y=b-c]
            GET /r/-b -> nothing
            GET /r/a- -> nothing
            GET /r/a -> nothing
            GET /r/lit/1.json -> /r/lit/{q}.json [q=1]
            GET /r/lit/1.xml -> /r/{any}/{thing} [any=lit thing=1.xml]
            GET /p/v1.2/end -> /p/v{major}.{minor}/end [major=1 minor=2]
            GET /p/v1/end -> nothing"#]],
    );
}

#[test]
fn paths_are_matched_as_sent() {
    check(
        &[("GET", "/a/{b}"), ("GET", "/a/{b}/c"), ("GET", "/plain/x y"), ("GET", "/")],
        &[
            ("GET", "/a/1%2F2"),
            ("GET", "/a/1%2fc"),
            ("GET", "/%61/1"),
            ("GET", "/plain/x%20y"),
            ("GET", "/a/%"),
            ("GET", "/a/%FF"),
            ("GET", "/a/"),
            ("GET", "/a"),
            ("GET", "/a//c"),
            ("GET", "/a/%31/"),
            ("GET", "/a/1/"),
            ("GET", "//a/1"),
            ("GET", "/A/1"),
            ("GET", "/"),
            ("GET", ""),
            ("GET", "*"),
            ("HEAD", "/a/1"),
        ],
        &expect![[r#"
            GET /a/1%2F2 -> /a/{b} [b=1%2F2]
            GET /a/1%2fc -> /a/{b} [b=1%2fc]
            GET /%61/1 -> /a/{b} [b=1]
            GET /plain/x%20y -> /plain/x y []
            GET /a/% -> /a/{b} [b=%]
            GET /a/%FF -> /a/{b} [b=%FF]
            GET /a/ -> nothing
            GET /a -> nothing
            GET /a//c -> nothing
            GET /a/%31/ -> nothing
            GET /a/1/ -> nothing
            GET //a/1 -> nothing
            GET /A/1 -> nothing
            GET / -> / []
            GET  -> nothing
            GET * -> nothing
            HEAD /a/1 -> /a/{b} [b=1]"#]],
    );
}

#[test]
fn a_template_that_cannot_be_entered_says_why() {
    let mut router = built(&[("GET", "/a/{b}"), ("GET", "/m/{x}-{y}")]);
    let mut refuse = |template: &str| {
        router.insert(Method::GET, template, &[], "").expect_err("it is refused").to_string()
    };
    let refusals = [
        "a",
        "/a?b=c",
        "/a/{b",
        "/a/b}",
        "/a/{}",
        "/a/{{b}}",
        "/a/{b}{c}",
        "/a/{c}",
        "/m/{p}-{q}",
        "/a/x{",
    ]
    .map(&mut refuse);
    expect![[r#"
        path template `a` does not begin with `/`
        path template `/a?b=c` holds a query or a fragment: declare query parameters under `parameters`
        path template `/a/{b` has unpaired or empty braces in `{b`
        path template `/a/b}` has unpaired or empty braces in `b}`
        path template `/a/{}` has unpaired or empty braces in `{}`
        path template `/a/{{b}}` has unpaired or empty braces in `{{b}}`
        path template `/a/{b}{c}` has two parameters with nothing between them in `{b}{c}`, so the end of the first is ambiguous
        `GET /a/{c}` matches the same paths as `GET /a/{b}`
        `GET /m/{p}-{q}` matches the same paths as `GET /m/{x}-{y}`
        path template `/a/x{` has unpaired or empty braces in `x{`"#]]
    .assert_eq(&refusals.join("\n"));
}

#[test]
fn near_templates_are_listed_for_a_path_that_fits_none() {
    let router = built(&[
        ("DELETE", "/org/{org_id}"),
        ("POST", "/v1/organizations/delete"),
        ("DELETE", "/organizations/{id}"),
        ("DELETE", "/v1/organizations/{organizationId}"),
    ]);
    let nearest = |method: Method, path: &str| -> Vec<String> {
        near(std::slice::from_ref(&router), &method, path, &nothing)
            .take(2)
            .map(|near| format!("{} {}", near.method, near.template))
            .collect()
    };
    expect![[r#"
        [
            "DELETE /organizations/{id}",
            "DELETE /org/{org_id}",
        ]
    "#]]
    .assert_debug_eq(&nearest(Method::DELETE, "/organisations/42"));
    expect![[r#"
        [
            "POST /v1/organizations/delete",
            "DELETE /v1/organizations/{organizationId}",
        ]
    "#]]
    .assert_debug_eq(&nearest(Method::POST, "/v1/organization/delete"));
}

#[test]
fn templates_are_found_by_their_shape() {
    let router = built(&[("GET", "/a/{b}")]);
    assert_eq!(router.get(&Method::GET, "/a/{other}", &[]), Some(&"/a/{b}"));
    assert_eq!(router.get(&Method::PUT, "/a/{other}", &[]), None);
    assert_eq!(router.get(&Method::GET, "/a/b", &[]), None);
}

#[test]
fn text_goes_before_a_parameter_whatever_surrounds_the_parameter_elsewhere() {
    let mut router = Router::new();
    for template in ["/{p}-{q}/{r}/{s}", "/{p}/a/{r}"] {
        router.insert(Method::GET, template, &[], template).unwrap();
    }
    // The second path has an escape, and so is compared with one template after the other.
    for path in ["/a-b/a/a", "/a-b/%61/a"] {
        let found = find(std::slice::from_ref(&router), &Method::GET, path, &nothing);
        assert!(matches!(found, Lookup::Found(found) if *found.value == "/{p}/a/{r}"), "{path}");
    }
}

proptest! {
    #[test]
    fn no_path_and_no_template_panics(
        templates in prop::collection::vec("/[ab{}/%.x-]{0,12}", 0..8),
        paths in prop::collection::vec("[/ab{}%.x2F\u{e9}-]{0,16}", 0..8),
    ) {
        let mut router = Router::new();
        for template in &templates {
            let _ = router.insert(Method::GET, template, &[], template.clone());
        }
        for path in &paths {
            let tables = std::slice::from_ref(&router);
            let _ = find(tables, &Method::GET, path, &nothing);
            let _ = find(tables, &Method::PUT, path, &nothing);
            let _ = near(tables, &Method::GET, path, &nothing).count();
        }
    }

    #[test]
    fn the_tree_agrees_with_trying_each_template(
        templates in prop::collection::vec("(/(a|b|[{]p[}]|[{]p[}]-[{]q[}]|x[{]p[}]|)){1,3}", 1..8),
        path in "(/(a|b|xa|a-b|a%2Db|%61|c|)){1,3}",
    ) {
        let mut router = Router::new();
        for template in &templates {
            let _ = router.insert(Method::GET, template, &[], template.clone());
        }
        let tried = router.first_of(&router.ordered, &path, &nothing);
        let tried = tried.map(|hit| found(&router.routes[hit.variant.routes[0]], hit));
        let hit = router.hit(&path, &nothing);
        prop_assert_eq!(hit.map(|hit| found(&router.routes[hit.variant.routes[0]], hit)), tried);
    }
}

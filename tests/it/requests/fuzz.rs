//! Arbitrary requests: none may panic, or change anything unless it is answered as done.

use super::*;

/// Text of which requests are made: what is known to matter, and anything.
fn fragment() -> impl Strategy<Value = Vec<u8>> {
    let known = prop::sample::select(vec![
        "velt",
        "partoo",
        "timbrix",
        "applivery",
        "v1",
        "v2",
        "api",
        "org",
        "organizations",
        "users",
        "data",
        "delete",
        "status",
        "42",
        "43",
        "acme",
        "globex",
        "550e8400-e29b-41d4-a716-446655440000",
        "yourOrganizationId1",
        "",
        ".",
        "..",
        "%2F",
        "%00",
        "%zz",
        "%ff",
        "%",
        "*",
        "__admin",
        "@default",
        "{id}",
    ]);
    prop_oneof![
        4 => known.prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..12),
    ]
}

fn target() -> impl Strategy<Value = Uri> {
    let start =
        prop::sample::select(vec!["/", "", "//", "http://partoo.localhost/", "http://x:1/"]);
    let query = prop::option::of(prop_oneof![
        prop::sample::select(vec![
            "force=true",
            "force",
            "force=x",
            "force=1&force=0",
            "&&=",
            "force[]=%ff"
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..20),
    ]);
    let known = prop::sample::select(vec![
        "/partoo/org/43",
        "/v2/org/42",
        "/partoo/user/me",
        "/v1/organizations/globex",
        "/velt/v1/organizations/delete",
        "/v2/users/data/delete",
        "/velt/v2/users/data/delete/status",
        "/organizations/550e8400-e29b-41d4-a716-446655440000",
    ])
    .prop_map(|path| path.as_bytes().to_vec());
    let made = (start, prop::collection::vec(fragment(), 0..6))
        .prop_map(|(start, segments)| [start.as_bytes(), &segments.join(&b'/')].concat());
    (prop_oneof![known, made], query).prop_filter_map("no target", |(path, query)| {
        let bytes = match query {
            Some(query) => [path, query].join(&b'?'),
            None => path,
        };
        Uri::try_from(bytes).ok()
    })
}

fn method() -> impl Strategy<Value = Method> {
    prop_oneof![
        6 => prop::sample::select(vec![Method::DELETE, Method::POST]),
        2 => prop::sample::select(vec![Method::GET, Method::HEAD, Method::OPTIONS, Method::PUT, Method::CONNECT]),
        1 => "[A-Z!#-]{1,20}".prop_map(|name| Method::from_bytes(name.as_bytes()).unwrap()),
    ]
}

fn headers() -> impl Strategy<Value = HeaderMap> {
    let name = prop_oneof![
        prop::sample::select(vec![
            "content-type",
            "authorization",
            "x-apikey",
            "x-velt-api-key",
            "x-velt-auth-token",
            "host",
            "origin",
            "tombstone-sandbox",
            "access-control-request-method",
            "cookie",
            "prefer",
        ])
        .prop_map(str::to_owned),
        "[a-z-]{1,12}",
    ];
    let value = prop_oneof![
        prop::sample::select(vec![
            "application/json",
            "text/plain",
            "Bearer timbrix-owner",
            "Bearer",
            "default",
            "https://a.example",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..30),
    ];
    let known = prop::sample::subsequence(vec![JSON, VELT[0], VELT[1], PARTOO, TIMBRIX], 0..=5);
    (known, prop::collection::vec((name, value), 0..4)).prop_map(|(known, more)| {
        let mut headers = header_map(&known);
        for (name, value) in more {
            if let (Ok(name), Ok(value)) =
                (HeaderName::try_from(name), HeaderValue::from_bytes(&value))
            {
                headers.append(name, value);
            }
        }
        headers
    })
}

fn body() -> impl Strategy<Value = Body> {
    let json = prop::sample::select(vec![
        "",
        "{}",
        "[]",
        "null",
        VELT_BODY,
        r#"{"force":true}"#,
        r#"{"data":{"userIds":["yourUserId1"]}}"#,
        r#"{"data":{"jobId":"x"}}"#,
        r#"{"data":{"organizationIds":[{}],"userIds":7}}"#,
        "{\"data\":",
    ]);
    prop_oneof![
        6 => json.prop_map(Body::from),
        2 => prop::collection::vec(any::<u8>(), 0..60).prop_map(|bytes| Body::Complete(bytes.into())),
        1 => Just(Body::TooLarge { limit: 10 }),
    ]
}

#[test]
fn nothing_that_is_sent_panics_or_changes_anything_unless_it_is_answered_as_done() {
    let world = World::new();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 800,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let seen = std::cell::RefCell::new(std::collections::BTreeSet::new());
    let outcome =
        runner.run(&(method(), target(), headers(), body()), |(method, target, headers, body)| {
            let status = world.call(method, &target, headers, body).response.status();
            if status.is_success() {
                world.emulator.sandboxes().reset(system_now());
            }
            prop_assert!(status != StatusCode::INTERNAL_SERVER_ERROR);
            seen.borrow_mut().insert(status.as_u16());
            Ok(())
        });
    outcome.unwrap();
    let seen = seen.into_inner();
    assert!([200, 204, 400, 401, 404, 501].iter().all(|status| seen.contains(status)), "{seen:?}");
}

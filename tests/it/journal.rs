//! Reading the journal: entries, explanations, plans and archives say what happened, and nothing that is secret.

use std::collections::BTreeSet;
use std::sync::Arc;

use expect_test::{Expect, expect};
use serde_json::{Map, Value, json};
use tombstone::behavior::ExampleCall;
use tombstone::catalog;
use tombstone::catalog::Sources;
use tombstone::clock::{ClockChange, Timestamp};
use tombstone::control::{Archive, Control, JournalPage, JournalQuery, PlanRequest};
use tombstone::emulator::{Emulator, EmulatorOptions};
use tombstone::journal::{Back, KEPT_BODY_BYTES_MAX, Listener};
use tombstone::message::{Body, Request};

use crate::support::{emulator_of, start};

const PARTOO: &str = "x-apikey: partoo-provider-write";
const VELT: [&str; 3] = [
    "content-type: application/json",
    "x-velt-api-key: velt-sandbox-key",
    "x-velt-auth-token: velt-sandbox-token",
];
const ERASE: &str = r#"{"data":{"userIds":["yourUserId1","yourUserId2"]}}"#;

/// A sandbox of the built-in providers, or of others, and what can be done in it.
struct World {
    emulator: Emulator,
    now: Timestamp,
}

impl World {
    fn new() -> Self {
        Self::of(&Sources::default(), EmulatorOptions::default())
    }

    fn of(sources: &Sources, options: EmulatorOptions) -> Self {
        let now = tombstone::clock::system_now();
        Self { emulator: emulator_of(sources, &EmulatorOptions { now, ..options }), now }
    }

    fn control(&self) -> Control<'_> {
        Control::new(&self.emulator, "default", self.now).unwrap()
    }

    /// The archive, from all its pieces.
    fn archive(&self) -> Value {
        let mut archive = self.control().archive().unwrap();
        serde_json::from_str(&self.pieces(&mut archive).concat()).unwrap()
    }

    /// The pieces of an archive that are left.
    fn pieces(&self, archive: &mut Archive) -> Vec<String> {
        let next = || self.control().archive_piece(archive).unwrap();
        std::iter::from_fn(next).collect()
    }

    fn call(&self, line: &str, headers: &[&str], body: &str) -> u16 {
        let (method, target) = line.split_once(' ').unwrap();
        let mut request = http::Request::builder().method(method).uri(target);
        for header in headers {
            let (name, value) = header.split_once(": ").unwrap();
            request = request.header(name, value);
        }
        let request: Request = request.body(Body::from(body)).unwrap();
        self.emulator.handle(request, self.now).response.status().as_u16()
    }

    fn list(&self, query: Value) -> JournalPage {
        let query: JournalQuery = serde_json::from_value(query).unwrap();
        self.control().requests(&query).unwrap()
    }

    fn ids(&self, query: Value) -> Vec<u64> {
        self.list(query).requests.iter().map(|entry| entry.id).collect()
    }

    fn last(&self) -> Value {
        let id = self.list(json!({ "limit": 1 })).requests[0].id;
        self.entry(id)
    }

    /// An entry as JSON.
    fn entry(&self, id: u64) -> Value {
        json!(self.control().request(id).unwrap())
    }

    fn plan(&self, line: &str, headers: &[&str], body: Option<Value>) -> Value {
        let (method, path) = line.split_once(' ').unwrap();
        let headers = headers.iter().map(|header| header.split_once(": ").unwrap());
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let (method, path) = (method.to_owned(), path.to_owned());
        json!(self.control().plan(&PlanRequest { method, path, headers, body }).unwrap())
    }

    /// Everything that the default sandbox is.
    fn state(&self) -> Value {
        self.control().state().unwrap()
    }
}

/// The example calls of every built-in provider, with its name.
fn example_calls() -> Vec<(Arc<str>, ExampleCall)> {
    let providers =
        catalog::load(&Sources::default(), tombstone::clock::system_now(), &mut Vec::new())
            .unwrap();
    providers
        .into_iter()
        .flat_map(|provider| {
            provider.fixtures.calls.into_iter().map(move |call| (Arc::clone(&provider.name), call))
        })
        .collect()
}

fn fields(call: &ExampleCall) -> Vec<String> {
    call.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect()
}

/// Every credential of the built-in fixtures.
fn credentials(emulator: &Emulator) -> BTreeSet<String> {
    let sandboxes = emulator.sandboxes();
    let found = sandboxes.look(sandboxes.default_sandbox(), |state| {
        let mut found = BTreeSet::new();
        for (number, store) in state.world.stores().iter().enumerate() {
            for (resource, property) in &emulator.behavior(number).secrets().properties {
                let values = store.iter(*resource);
                found.extend(
                    values
                        .filter_map(|(_, record)| record.get(property))
                        .filter_map(|value| value.as_str().map(str::to_owned)),
                );
            }
        }
        found
    });
    found.unwrap()
}

fn pretty(value: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap()
}

/// Each on a line of its own.
fn check<'v>(values: impl IntoIterator<Item = &'v Value>, expected: &Expect) {
    let lines: Vec<String> = values.into_iter().map(|value| format!("{value}\n")).collect();
    expected.assert_eq(&lines.concat());
}

/// Everything that can be read of the journal, as text.
fn everything(world: &World) -> Vec<(String, String)> {
    let control = world.control();
    let list = world.list(json!({ "limit": 500 }));
    let mut all = vec![
        ("unmatched".to_owned(), pretty(&control.unmatched().unwrap())),
        ("har".to_owned(), pretty(&world.archive())),
        ("list".to_owned(), pretty(&list)),
    ];
    for entry in &list.requests {
        let id = entry.id;
        all.push((format!("entry {id}"), pretty(&control.request(id).unwrap())));
    }
    let mut told = 0;
    loop {
        let news = control.news(told, None).unwrap();
        if news.entries.is_empty() {
            return all;
        }
        told = news.last;
        all.extend(news.entries.iter().map(|(_, id, entry)| (format!("news {id}"), pretty(entry))));
    }
}

/// Presents each secret where none belongs, and repeats it where nobody presented it.
fn call_oddly(world: &World, secrets: &BTreeSet<String>) -> Vec<(String, String)> {
    let mut plans = Vec::new();
    for (number, secret) in secrets.iter().enumerate() {
        let basic = format!("authorization: Basic {secret}");
        let custom = format!("x-custom: one,{secret};two");
        let cookie = format!("cookie: a=b; session={secret}");
        let body = format!(
            r#"{{"a": [{{"token": "other-{number}"}}, "say {secret}!"], "b": "{secret}"}}"#
        );
        let escaped = format!("%{:x}{}", secret.as_bytes()[0], &secret[1..]);
        let line =
            format!("POST /velt/x/{secret}/{escaped}?api_key={secret}&y={secret}&z={escaped}");
        world.call(&line, &[&basic, &custom, &cookie, "content-type: application/json"], &body);
        let line = format!("POST /velt/x/{secret}/{escaped}?y={secret}&z={escaped}");
        let headers = [custom.as_str(), "content-type: application/json"];
        world.call(&line, &headers, &body);
        let plan = world.plan(&line, &headers, Some(json!(body)));
        plans.push(("plan".to_owned(), pretty(&plan)));
        let form = format!("a=b&token=x&c={secret}");
        world.call("POST /velt/x", &["content-type: application/x-www-form-urlencoded"], &form);
        let cut = format!(r#"{{"token":"{secret}","x":"{}"#, "y".repeat(KEPT_BODY_BYTES_MAX));
        world.call("POST /velt/x", &["content-type: application/json"], &cut);
    }
    plans
}

#[test]
fn nothing_secret_is_shown() {
    let world = World::new();
    let secrets = credentials(&world.emulator);
    assert!(secrets.len() > 15 && secrets.contains("velt-sandbox-token"), "{secrets:?}");
    let mut texts = call_oddly(&world, &secrets);
    for (provider, call) in example_calls() {
        let (line, fields) = (format!("{} /{provider}{}", call.method, call.target), fields(&call));
        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        let plan = world.plan(&line, &fields, call.body.clone());
        texts.push((format!("plan {line}"), pretty(&plan)));
        world.call(&line, &fields, &call.body.map_or_else(String::new, |body| body.to_string()));
    }
    // Records that hold some are changed, deleted and brought back.
    let control = world.control();
    let patch = json!({ "token": "a-new-token-of-ours" }).as_object().unwrap().clone();
    control.patch_record("partoo", "api_keys", &["3245".to_owned()], patch).unwrap();
    world.call("DELETE /partoo/org/45", &["x-apikey: a-new-token-of-ours"], "");
    world.call("GET /nowhere/a-new-token-of-ours", &[], "");
    control.delete_record("velt", "workspaces", &["ws-sandbox".to_owned()]).unwrap();
    control.delete_record("partoo", "api_keys", &["3245".to_owned()]).unwrap();
    texts.extend(everything(&world));
    control.undo(Back::Steps(2)).unwrap();
    texts.extend(everything(&world));
    let shown: usize = texts.iter().map(|(_, text)| text.matches("[REDACTED]").count()).sum();
    assert!(shown > 1_000, "{shown}");
    let others = ["a-new-token-of-ours", "other-0"];
    for (place, text) in &texts {
        for secret in secrets.iter().map(String::as_str).chain(others) {
            let at = text.find(secret);
            let around = at.map(|at| text[..at + secret.len()].lines().last());
            assert_eq!(around, None, "{place} shows `{secret}`");
        }
    }
}

#[test]
fn credentials_leave_their_scheme_and_their_place() {
    let world = World::new();
    world.call(
        "GET /velt/x?api_key=abc&y=1",
        &["authorization: Bearer some-token", "X-API-Key: k", "accept: */*"],
        "",
    );
    check(
        world.last()["request"]["headers"].as_array().unwrap(),
        &expect![[r#"
        {"name":"authorization","value":"Bearer [REDACTED]"}
        {"name":"x-api-key","value":"[REDACTED]"}
        {"name":"accept","value":"*/*"}
    "#]],
    );
    assert_eq!(world.last()["request"]["target"], "/velt/x?api_key=[REDACTED]&y=1");
    // Nobody has this one, and it is a credential all the same.
    world.call(
        "POST /velt/of-nobody/x?y=of-nobody",
        &["authorization: Bearer of-nobody", "x-other: (of-nobody)"],
        r#"["of-nobody", {"x": "of-nobody."}]"#,
    );
    assert!(!pretty(&world.last()).contains("of-nobody"));
    assert!(!pretty(&world.archive()).contains("of-nobody"));
}

#[test]
fn what_is_a_credential_is_told_by_its_name_wherever_it_is() {
    let world = World::new();
    let fields = [
        "referer: http://x/?key=velt-sandbox-key&page=2#velt-sandbox-token",
        "x-note: token=s-3, then velt-sandbox-key==, a=velt-sandbox-token; b=c==",
        "x-access-token: s-3",
        "x-amz-security-token: s-3",
        "x-goog-api-key: s-3",
        "x-secret: s-3",
        "ocp-apim-subscription-key: s-3",
        "idempotency-key: shown",
        "content-type: application/json",
    ];
    let body = json!({
        "next": "https://x/?pageToken=shown&access_token=s-4&q=velt%2Dsandbox%2Dkey",
        "clientSecret": "s-5",
        "passwords": ["shown"],
        "credentials": { "a": "s-5" },
        "note": "\"password=s-6\"",
    });
    world.call("POST /velt/x?next_token=shown&x-amz-signature=s-2", &fields, &body.to_string());
    let last = world.last();
    assert_eq!(last["request"]["target"], "/velt/x?next_token=shown&x-amz-signature=[REDACTED]");
    check(
        last["request"]["headers"].as_array().unwrap(),
        &expect![[r#"
        {"name":"referer","value":"http://x/?key=[REDACTED]&page=2#[REDACTED]"}
        {"name":"x-note","value":"token=[REDACTED], then [REDACTED]==, a=[REDACTED]; b=c=="}
        {"name":"x-access-token","value":"[REDACTED]"}
        {"name":"x-amz-security-token","value":"[REDACTED]"}
        {"name":"x-goog-api-key","value":"[REDACTED]"}
        {"name":"x-secret","value":"[REDACTED]"}
        {"name":"ocp-apim-subscription-key","value":"[REDACTED]"}
        {"name":"idempotency-key","value":"shown"}
        {"name":"content-type","value":"application/json"}
    "#]],
    );
    expect![[r#"{"next":"https://x/?pageToken=shown&access_token=[REDACTED]&q=[REDACTED]","clientSecret":"[REDACTED]","passwords":["shown"],"credentials":"[REDACTED]","note":"\"password=[REDACTED]\""}"#]].assert_eq(&last["request"]["body"].to_string());
    for text in [pretty(&last), pretty(&world.archive())] {
        let secrets = ["s-2", "s-3", "s-4", "s-5", "s-6", "velt-sandbox", "velt%2Dsandbox"];
        assert!(!secrets.iter().any(|secret| text.contains(secret)), "{text}");
    }
}

#[test]
fn secrets_that_a_deletion_takes_along_are_not_shown() {
    let world = World::new();
    let fields = ["authorization: Bearer timbrix-owner"];
    world.call("DELETE /timbrix/organizations/550e8400-e29b-41d4-a716-446655440000", &fields, "");
    assert_eq!(world.last()["response"]["status"], 204);
    let texts = everything(&world);
    assert!(texts.iter().any(|(_, text)| text.contains(r#""client_secret": "[REDACTED]""#)));
    for (place, text) in texts {
        assert!(!text.contains("sk_live_") && !text.contains("cs_sandbox_"), "{place}: {text}");
    }
}

#[test]
fn what_is_explained_later_is_what_was_decided() {
    let world = World::new();
    let mut decided = 0;
    for (provider, call) in example_calls() {
        let fields = fields(&call);
        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        let body = call.body.map_or_else(String::new, |body| body.to_string());
        let line = format!("{} /{provider}{}", call.method, call.target);
        assert_eq!(world.call(&line, &fields, &body), call.expect.as_u16(), "{line}");
    }
    world.control().change_clock(ClockChange::Advance(3_600_000)).unwrap();
    for listed in world.list(json!({ "kind": "call", "limit": 500 })).requests {
        let entry = world.entry(listed.id);
        let explanation = &entry["explanation"];
        if let Some(rule) = entry["rule"].as_str() {
            decided += 1;
            assert_eq!(explanation["summary"], format!("decided by {rule}"));
            let rules = explanation["rules"].as_array().unwrap();
            let held: Vec<_> = rules.iter().filter(|rule| rule["outcome"] == "held").collect();
            assert_eq!(held.last().unwrap()["rule"], rule);
            assert!(rules.iter().all(|rule| rule.get("error").is_none()), "{explanation}");
        }
        for (name, value) in json!(listed).as_object().unwrap() {
            assert_eq!(entry[name], *value);
        }
    }
    assert!(decided > 20, "{decided}");
}

#[test]
fn an_explanation_shows_what_each_rule_saw() {
    let world = World::new();
    world.call("DELETE /partoo/org/42", &[PARTOO], "");
    let explanation = &world.last()["explanation"];
    let parts = ["stages", "rules"].iter().flat_map(|name| explanation[name].as_array().unwrap());
    let rest = [&explanation["summary"], &explanation["lets"], &explanation["effect"]];
    check(
        parts.chain(rest),
        &expect![[r#"
            {"stage":"security","outcome":"passed","schemes":["ApiKeyAuth"],"reason":null,"principal":{"resource":"users","key":"5309c3a237bbc544d8e20001","record":{"id":"5309c3a237bbc544d8e20001","org_id":1,"first_name":"Camille","last_name":"Roux","email":"camille@example.com","lang":"fr","role":"PROVIDER","provider":"partoo","status":"active","business_ids":[],"group_id":null,"created_at":1580515200}}}
            {"stage":"parameters","outcome":"passed"}
            {"stage":"envelope","outcome":"passed"}
            {"stage":"body","outcome":"passed"}
            {"rule":"deleteOrganization rule 1, specs/partoo/behavior.yaml:200","when":"principal.role != 'PROVIDER' or credential.access != 'WRITE'","outcome":"not held","values":[{"expression":"principal.role","value":"PROVIDER"},{"expression":"credential.access","value":"WRITE"}]}
            {"rule":"deleteOrganization rule 2, specs/partoo/behavior.yaml:203","when":"organization is none","outcome":"not held","values":[{"expression":"organization","value":{"resource":"organizations","key":"42","record":{"id":42,"name":"Boulangerie Martin","alias":"boulangerie_martin","provider":"partoo","type":"enterprise","features":["presence_management","review_management"],"max_businesses":10,"last_org_api_call":"05-11-2021"}}}]}
            {"rule":"deleteOrganization rule 3, specs/partoo/behavior.yaml:205","when":"organization.provider != principal.provider","outcome":"not held","values":[{"expression":"organization.provider","value":"partoo"},{"expression":"principal.provider","value":"partoo"}]}
            {"rule":"deleteOrganization rule 4, specs/partoo/behavior.yaml:208","when":"linked > 0 and not force","outcome":"held","values":[{"expression":"linked","value":7},{"expression":"force","value":false}]}
            {"rule":"deleteOrganization rule 5, specs/partoo/behavior.yaml:217","when":null,"outcome":"not reached","values":[]}
            "decided by deleteOrganization rule 4, specs/partoo/behavior.yaml:208"
            {"organization":"organizations[path.org_id]","force":"given | string | lower in ['true', '1']","linked":"organization.users | length + organization.businesses | length"}
            "nothing"
        "#]],
    );
}

#[test]
fn refusals_before_the_rules_are_explained() {
    let world = World::new();
    world.call("DELETE /partoo/org/42?force=maybe", &[PARTOO], "");
    let stages = world.last()["explanation"]["stages"].clone();
    world.call("DELETE /partoo/org/42", &[], "");
    let explanation = &world.last()["explanation"];
    let shown = stages.as_array().unwrap().iter().chain([&explanation["summary"]]);
    let shown = shown.chain(explanation["stages"].as_array().unwrap());
    check(
        shown.chain(explanation["rules"].as_array().unwrap().iter().take(2)),
        &expect![[r#"
            {"stage":"security","outcome":"passed","schemes":["ApiKeyAuth"],"reason":null,"principal":{"resource":"users","key":"5309c3a237bbc544d8e20001","record":{"id":"5309c3a237bbc544d8e20001","org_id":1,"first_name":"Camille","last_name":"Roux","email":"camille@example.com","lang":"fr","role":"PROVIDER","provider":"partoo","status":"active","business_ids":[],"group_id":null,"created_at":1580515200}}}
            {"stage":"parameters","outcome":"failed","violations":[{"in":"query","pointer":"","field":"force","keyword":"pattern","expected":"^(?:[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]|[01])$","text":"must match the pattern `^(?:[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]|[01])$`"}]}
            {"stage":"envelope","outcome":"not reached"}
            {"stage":"body","outcome":"not reached"}
            "decided by unauthenticated of deleteOrganization, specs/partoo/behavior.yaml:169"
            {"stage":"security","outcome":"failed","schemes":["ApiKeyAuth"],"reason":"missing","principal":null}
            {"stage":"parameters","outcome":"not reached"}
            {"stage":"envelope","outcome":"not reached"}
            {"stage":"body","outcome":"not reached"}
            {"rule":"unauthenticated of deleteOrganization, specs/partoo/behavior.yaml:169","when":null,"outcome":"held","values":[]}
            {"rule":"deleteOrganization rule 1, specs/partoo/behavior.yaml:200","when":"principal.role != 'PROVIDER' or credential.access != 'WRITE'","outcome":"not reached","values":[]}
        "#]],
    );
}

#[test]
fn what_no_rule_decided_is_explained_too() {
    let world = World::new();
    let control = world.control();
    let mut told = Vec::new();
    let mut tell = |explanation: &Value| {
        let near = explanation.get("near").map(|near| near[0]["differs"].clone());
        told.push(format!("{} | {}", explanation["summary"], near.unwrap_or_default()));
    };
    world.call("DELETE /partoo/org/42", &[PARTOO, "prefer: code=404"], "");
    tell(&world.last()["explanation"]);
    control.put_fault("down", &json!({ "answer": { "status": 503 } })).unwrap();
    world.call("DELETE /partoo/org/42", &[PARTOO], "");
    tell(&world.last()["explanation"]);
    control.delete_fault("down").unwrap();
    world.call("DELETE /partoo/orgs/42", &[PARTOO], "");
    tell(&world.last()["explanation"]);
    world.call("PATCH /partoo/org/42", &[PARTOO], "");
    tell(&world.last()["explanation"]);
    world.call("POST /velt/v1/organizations/delete", &VELT, &"x".repeat(KEPT_BODY_BYTES_MAX + 1));
    tell(&world.last()["explanation"]);
    control.patch_record("partoo", "organizations", &["42".to_owned()], Map::new()).unwrap();
    tell(&world.last()["explanation"]);
    control.undo(Back::Steps(1)).unwrap_err();
    let told: Vec<Value> = told.into_iter().map(Value::from).collect();
    check(
        &told,
        &expect![[r#"
            "\"a documented answer was asked for (`Prefer: code=404`): no rule was asked, and nothing was changed\" | null"
            "\"the fault `down` of this sandbox answered instead of the API: no rule was asked, and nothing was changed\" | null"
            "\"decided by unknown_route, specs/partoo/behavior.yaml:177\" | \"segment 1 is `orgs`, and `org` there\""
            "\"decided by wrong_method, specs/partoo/behavior.yaml:181\" | \"the method is `PATCH`, and `DELETE` there\""
            "\"this cannot be explained: the journal kept 65536 bytes of the request's body, and that is not all\" | null"
            "\"done through the admin API\" | null"
        "#]],
    );
}

#[test]
fn entries_are_listed_by_what_is_asked_for() {
    let world = World::new();
    let control = world.control();
    world.call("DELETE /partoo/org/42", &[], "");
    world.call("DELETE /partoo/org/43", &[PARTOO], "");
    world.call("GET /nowhere", &[], "");
    world.call("POST /velt/v2/users/data/delete", &VELT, ERASE);
    control.change_clock(ClockChange::Advance(60_000)).unwrap();
    control.undo(Back::Steps(1)).unwrap();
    let all = world.ids(json!({}));
    assert!(all.windows(2).all(|pair| pair[0] > pair[1]), "{all:?}");
    assert_eq!(world.ids(json!({ "kind": "call" })), [4, 3, 2, 1]);
    assert_eq!(world.ids(json!({ "provider": "partoo" })), [2, 1]);
    assert_eq!(world.ids(json!({ "operation": "deleteOrganization", "status": "2xx" })), [2]);
    assert_eq!(world.ids(json!({ "status": "404" })), [3]);
    assert_eq!(world.ids(json!({ "rule": "unauthenticated of" })), [1]);
    assert_eq!(world.ids(json!({ "kind": "call", "effect": "deleted" })), [2]);
    assert_eq!(world.ids(json!({ "effect": "deleted:organizations" })), [2]);
    assert_eq!(world.ids(json!({ "effect": "created", "provider": "velt" })), [4]);
    assert!(!world.ids(json!({ "kind": "task", "effect": "unlinked:comments" })).is_empty());
    assert_eq!(world.ids(json!({ "kind": "clock" })), [5]);
    assert_eq!(world.ids(json!({ "kind": "call", "since": "2" })), [4, 3]);
    assert!(world.ids(json!({ "since": "2999-01-01T00:00:00Z" })).is_empty());
    let undo = &world.list(json!({ "kind": "undo" })).requests[0];
    let undo = json!(undo);
    assert_eq!(undo["entries"].as_array().unwrap().last().unwrap(), 5);
    assert!(undo["counts"]["created"].is_object(), "{undo:?}");
}

#[test]
fn a_list_goes_on_where_it_ended() {
    let world = World::new();
    for _ in 0..5 {
        world.call("GET /partoo/x?a=b", &[PARTOO], "");
        world.call("DELETE /partoo/org/999", &[PARTOO], "");
    }
    let first =
        world.list(json!({ "status": "404", "operation": "deleteOrganization", "limit": 2 }));
    assert_eq!(first.count, 5);
    assert_eq!(
        first.next.as_deref(),
        Some(
            "/__admin/sandboxes/default/requests?operation=deleteOrganization&status=404&limit=2&before=8"
        )
    );
    assert_eq!(
        world.ids(json!({ "operation": "deleteOrganization", "limit": 2, "before": 8 })),
        [6, 4]
    );
    let last = world.list(json!({ "operation": "deleteOrganization", "limit": 2, "before": 4 }));
    assert_eq!((last.count, last.requests.len(), last.next), (5, 1, None));
}

#[test]
fn queries_that_cannot_be_understood_are_told_all_at_once() {
    let world = World::new();
    let query =
        json!({ "status": "6xx", "effect": "gone", "kind": "x", "since": "ago", "limit": 0 });
    let detail = |query: Value| {
        let query: JournalQuery = serde_json::from_value(query).unwrap();
        let problem = world.control().requests(&query).unwrap_err().into_response();
        let problem: Value = serde_json::from_slice(problem.body()).unwrap();
        problem["detail"].as_str().unwrap().to_owned()
    };
    let unknown = [
        detail(json!({ "operation": "deleteOrganisation", "provider": "partoo" })),
        detail(json!({ "provider": "partou" })),
        detail(json!({ "effect": "deleted:organisations" })),
    ];
    expect![[r#"
        the query names what is not there: there is no operation `deleteOrganisation` (did you mean `deleteOrganization`?)
        the query names what is not there: there is no provider `partou` (did you mean `partoo`?)
        the query names what is not there: there is no resource `organisations` (did you mean `organizations`?)"#]]
    .assert_eq(&unknown.join("\n"));
    expect!["`status` is `6xx`: give such as `404` or `4xx`; `effect` is `gone`: give one of `deleted`, `unlinked`, `kept`, `updated`, `created`, or `deleted:<resource>`; `since` is `ago`: give the id of an entry, or a time (RFC 3339); `kind` is `x`: give one of `call`, `task`, `edit`, `clock`, `undo`, `redo`; `limit` is `0`: give a number from 1 to 500"].assert_eq(&detail(query));
}

#[test]
fn forgotten_entries_are_gone_and_their_numbers_are_not_given_again() {
    let world = World::new();
    world.call("DELETE /partoo/org/43", &[PARTOO], "");
    world.control().clear_requests().unwrap();
    assert_eq!(world.list(json!({})).count, 0);
    let problem = world.control().request(1).unwrap_err().into_response();
    assert_eq!(problem.status(), 404);
    world.call("DELETE /partoo/org/43", &[PARTOO], "");
    assert_eq!(world.ids(json!({})), [2]);
}

#[test]
fn requests_that_found_nothing_come_with_what_is_near() {
    let world = World::new();
    world.call("DELETE /partoo/org/43", &[PARTOO], "");
    world.call("DELETE /partoo/orgs/43/x", &[PARTOO], "");
    world.call("PATCH /partoo/org/43", &[PARTOO], "");
    world.call("OPTIONS /partoo/org/43", &[], "");
    let unmatched = world.control().unmatched().unwrap();
    let near: Vec<Value> =
        unmatched.iter().map(|entry| json!([entry.id, entry.near.as_ref().unwrap()[0]])).collect();
    check(
        &near,
        &expect![[r#"
        [3,{"provider":"partoo","operation":"deleteOrganization","method":"DELETE","path":"/partoo/org/{org_id}","differs":"the method is `PATCH`, and `DELETE` there"}]
        [2,{"provider":"partoo","operation":"deleteOrganization","method":"DELETE","path":"/partoo/org/{org_id}","differs":"segment 1 is `orgs`, and `org` there; there is 1 segment more than there"}]
    "#]],
    );
}

#[test]
fn each_way_of_changing_is_told_apart() {
    let world = World::new();
    world.call("POST /velt/v2/users/data/delete", &VELT, ERASE);
    world.control().change_clock(ClockChange::Advance(60_000)).unwrap();
    let tasks = world.list(json!({ "kind": "task" })).requests;
    check(
        &tasks.iter().map(|entry| json!(entry.counts)).collect::<Vec<_>>(),
        &expect![[r#"
        {"deleted":{"velt/comments":2,"velt/contacts":2,"velt/grants":2,"velt/members":2,"velt/notifications":3,"velt/reactions":2,"velt/recordings":1},"unlinked":{"velt/comments":2},"updated":{"velt/erasure_jobs":1}}
        {"deleted":{"velt/comments":2,"velt/contacts":2,"velt/grants":1,"velt/members":2,"velt/notifications":2,"velt/reactions":1,"velt/recordings":1},"unlinked":{"velt/comments":1},"updated":{"velt/erasure_jobs":1}}
        {"updated":{"velt/erasure_jobs":1}}
        {"updated":{"velt/erasure_jobs":1}}
        {"deleted":{"velt/contacts":1,"velt/grants":1,"velt/members":1,"velt/notifications":1},"unlinked":{"velt/comments":1},"updated":{"velt/erasure_jobs":1}}
    "#]],
    );
    let unlinked = world.list(json!({ "effect": "unlinked" })).requests;
    let changes = json!(unlinked[0].changes);
    let changes = changes.as_array().unwrap();
    let unlinked = changes.iter().find(|change| change["kind"] == "unlinked").unwrap();
    assert_eq!(unlinked["resource"], "comments");
    assert_ne!(unlinked["before"]["mentions"], unlinked["after"]["mentions"]);
}

#[test]
fn a_plan_is_what_happens_then() {
    let world = World::new();
    for (provider, call) in example_calls() {
        let fields = fields(&call);
        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        let line = format!("{} /{provider}{}", call.method, call.target);
        let plan = world.plan(&line, &fields, call.body.clone());
        world.call(&line, &fields, &call.body.map_or_else(String::new, |body| body.to_string()));
        let done = world.last();
        assert_eq!(plan["counts"], done["counts"], "{line}");
        assert_eq!(plan["changes"], done["changes"], "{line}");
        assert_eq!(plan["decided_by"], done["rule"], "{line}");
        assert_eq!(plan["explanation"], done["explanation"], "{line}");
        for member in ["status", "body"] {
            assert_eq!(plan["answer"][member], done["response"][member], "{line}");
        }
        assert_eq!(plan["answer"]["status"], call.expect.as_u16(), "{line}");
    }
}

#[test]
fn a_plan_changes_nothing_and_leaves_no_trace() {
    let world = World::new();
    let seen = || (world.state(), format!("{:?}", world.emulator.sandboxes().coverage()));
    let before = seen();
    for line in ["DELETE /partoo/org/43", "DELETE /partoo/org/42?force=true", "GET /nowhere"] {
        world.plan(line, &[PARTOO], None);
    }
    world.plan(
        "POST /velt/v2/users/data/delete",
        &VELT[1..],
        Some(serde_json::from_str(ERASE).unwrap()),
    );
    assert_eq!(seen(), before);
    assert_eq!(world.list(json!({})).count, 0);
    let other = Control::new(&world.emulator, "not-there", world.now).unwrap();
    let request = json!({ "method": "DELETE", "path": "/partoo/org/43" });
    let plan = json!(other.plan(&serde_json::from_value(request).unwrap()).unwrap());
    assert_eq!(plan["answer"]["status"], 401);
    assert_eq!(world.emulator.sandboxes().count(), 0);
}

#[test]
fn a_plan_begins_with_what_it_costs() {
    let world = World::new();
    let mut plan = world.plan("DELETE /partoo/org/42?force=true", &[PARTOO], None);
    plan.as_object_mut()
        .unwrap()
        .retain(|name, _| !matches!(name.as_str(), "explanation" | "changes"));
    check(
        [&json!(plan)],
        &expect![[r#"
            {"counts":{"deleted":{"partoo/api_keys":1,"partoo/businesses":3,"partoo/groups":2,"partoo/organizations":1,"partoo/users":4}},"counts_of_jobs":{},"answer":{"status":200,"headers":[{"name":"content-type","value":"application/json"}],"body":{"status":"success","org_id":42},"body_bytes":32,"body_truncated":false,"delay_ms":0},"provider":"partoo","operation":"deleteOrganization","decided_by":"deleteOrganization rule 5, specs/partoo/behavior.yaml:217","tree":[{"kind":"deleted","provider":"partoo","resource":"organizations","relation":null,"count":1,"keys":["42"],"children":[{"kind":"deleted","provider":"partoo","resource":"groups","relation":"organization","count":2,"keys":["310","311"],"children":[]},{"kind":"deleted","provider":"partoo","resource":"users","relation":"organization","count":4,"keys":["5309c3a237bbc544d8e26737","5309c3a237bbc544d8e26738","5309c3a237bbc544d8e26739","5309c3a237bbc544d8e2673a"],"children":[{"kind":"deleted","provider":"partoo","resource":"api_keys","relation":"user","count":1,"keys":["3247"],"children":[]}]},{"kind":"deleted","provider":"partoo","resource":"businesses","relation":"organization","count":3,"keys":["5409c35a97bbc544d8e26737","5409c35a97bbc544d8e26738","5409c35a97bbc544d8e26739"],"children":[]}]}],"changes_left_off":0,"jobs":[]}
        "#]],
    );
}

#[test]
fn a_plan_runs_the_jobs_that_it_would_start() {
    let world = World::new();
    let body = serde_json::from_str(ERASE).unwrap();
    let mut plan = world.plan("POST /velt/v2/users/data/delete", &VELT[1..], Some(body));
    let tasks = plan["jobs"][0]["tasks"].as_array_mut().unwrap();
    assert!(tasks.iter().any(|task| task["changes"].as_array().unwrap().len() > 1));
    for task in tasks {
        let task = task.as_object_mut().unwrap();
        assert!(Timestamp::parse(task["due_at"].as_str().unwrap()).unwrap() > world.now);
        task.retain(|name, _| matches!(name.as_str(), "value" | "counts" | "changes_left_off"));
    }
    plan["jobs"][0]["key"] = Value::Null;
    check(
        [&plan["counts"], &plan["counts_of_jobs"], &plan["jobs"]],
        &expect![[r#"
        {"created":{"velt/erasure_jobs":1}}
        {"deleted":{"velt/comments":4,"velt/contacts":5,"velt/grants":4,"velt/members":5,"velt/notifications":6,"velt/reactions":3,"velt/recordings":2},"unlinked":{"velt/comments":4}}
        [{"job":"eraseUserData","provider":"velt","key":null,"tasks":[{"value":"bluebird-labs","counts":{"deleted":{"velt/contacts":1,"velt/grants":1,"velt/members":1,"velt/notifications":1},"unlinked":{"velt/comments":1}},"changes_left_off":0},{"value":"cedar-health","counts":{},"changes_left_off":0},{"value":"harbor-press","counts":{},"changes_left_off":0},{"value":"northwind-studio","counts":{"deleted":{"velt/comments":2,"velt/contacts":2,"velt/grants":1,"velt/members":2,"velt/notifications":2,"velt/reactions":1,"velt/recordings":1},"unlinked":{"velt/comments":1}},"changes_left_off":0},{"value":"yourOrganizationId1","counts":{"deleted":{"velt/comments":2,"velt/contacts":2,"velt/grants":2,"velt/members":2,"velt/notifications":3,"velt/reactions":2,"velt/recordings":1},"unlinked":{"velt/comments":2}},"changes_left_off":0}],"tasks_left_off":0}]
    "#]],
    );
}

#[test]
fn what_cannot_be_planned_is_told() {
    let world = World::new();
    let request = json!({
        "method": "DE LETE", "path": "org/42", "headers": { "a b": "c", "Tombstone-Sandbox": "x" }
    });
    let problem = world.control().plan(&serde_json::from_value(request).unwrap()).unwrap_err();
    let problem = problem.into_response();
    assert_eq!(problem.status(), 422);
    let problem: Value = serde_json::from_slice(problem.body()).unwrap();
    check(
        problem["problems"].as_array().unwrap(),
        &expect![[r#"
        "`DE LETE` is no method"
        "`org/42` is no path: begin it with `/`"
        "`a b` cannot be sent as a header so"
        "`tombstone-sandbox` is among the headers: leave it out, the plan is for the sandbox in its path"
    "#]],
    );
    let plan = world.plan("GET /nowhere/at/all", &[], None);
    assert_eq!(plan["answer"]["status"], 404);
    assert_eq!(plan["explanation"]["summary"], "no operation has this path");
}

#[test]
fn listing_takes_time_in_proportion_to_what_is_listed() {
    let world = World::of(
        &Sources::default(),
        EmulatorOptions { journal_entries_max: 5_000, ..EmulatorOptions::default() },
    );
    let time = |entries: usize| {
        world.control().clear_requests().unwrap();
        for _ in 0..entries {
            world.call("DELETE /partoo/org/999", &[PARTOO], "");
        }
        let watch = tombstone::clock::Stopwatch::start();
        assert_eq!(world.list(json!({ "limit": 500, "status": "404" })).count, entries);
        watch.elapsed()
    };
    time(100);
    let (few, many) = (time(500), time(5_000));
    // Ten times the entries for the same page; n^2 would be a hundred.
    assert!(many < few * 20, "{few:?} {many:?}");
}

/// An archive of two calls and something that is none.
fn archive() -> Value {
    let world = World::new();
    let headers = [PARTOO, "cookie: a=b; c=d", "host: x.localhost:80"];
    world.call("DELETE /partoo/org/43?force=true&force=false", &headers, "");
    world.call("POST /velt/v1/organizations/delete", &VELT, "{}");
    world.control().change_clock(ClockChange::Freeze).unwrap();
    world.archive()
}

#[test]
fn the_archive_has_what_har_asks_for() {
    let har = archive();
    let log = &har["log"];
    assert_eq!(log["version"], "1.2");
    assert!(log["creator"]["name"].is_string() && log["creator"]["version"].is_string());
    assert_eq!(log["entries"].as_array().unwrap().len(), 2);
    let has = |of: &Value, names: &[&str]| {
        for name in names {
            assert!(!of[name].is_null(), "`{name}` of {}", pretty(of));
        }
    };
    let known = ["startedDateTime", "time", "request", "response", "cache", "timings"];
    let message = ["httpVersion", "cookies", "headers", "headersSize", "bodySize"];
    for entry in log["entries"].as_array().unwrap() {
        has(entry, &known);
        has(&entry["request"], &message);
        has(&entry["request"], &["method", "url", "queryString"]);
        has(&entry["response"], &message);
        has(&entry["response"], &["status", "statusText", "content", "redirectURL"]);
        has(&entry["response"]["content"], &["size", "mimeType"]);
        for name in entry.as_object().unwrap().keys() {
            assert!(name.starts_with('_') || known.contains(&name.as_str()), "{name}");
        }
        let timings = ["send", "wait", "receive"].map(|name| entry["timings"][name].as_u64());
        assert_eq!(entry["time"].as_u64(), timings.into_iter().sum::<Option<u64>>());
    }
}

#[test]
fn the_archive_has_requests_as_they_came() {
    let har = archive();
    let entries = &har["log"]["entries"];
    check(
        [&entries[0]["request"], &entries[1]["request"]["postData"]],
        &expect![[r#"
        {"method":"DELETE","url":"http://x.localhost:80/partoo/org/43?force=true&force=false","httpVersion":"HTTP/1.1","cookies":[{"name":"a","value":"[REDACTED]"},{"name":"c","value":"[REDACTED]"}],"headers":[{"name":"x-apikey","value":"[REDACTED]"},{"name":"cookie","value":"[REDACTED]"},{"name":"host","value":"x.localhost:80"}],"queryString":[{"name":"force","value":"true"},{"name":"force","value":"false"}],"headersSize":-1,"bodySize":0}
        {"mimeType":"application/json","params":[],"text":"{}"}
    "#]],
    );
}

#[test]
fn an_archive_of_a_long_journal_comes_in_pieces_and_tells_what_was_given_up_meanwhile() {
    let world = World::of(
        &Sources::default(),
        EmulatorOptions { journal_entries_max: 100, ..EmulatorOptions::default() },
    );
    let body = json!({ "data": { "note": "x".repeat(10_000) } }).to_string();
    let call = || world.call("POST /velt/v1/organizations/delete", &VELT, &body);
    (0..100).for_each(|_| assert_eq!(call(), 400));
    let mut archive = world.control().archive().unwrap();
    let first = world.control().archive_piece(&mut archive).unwrap().unwrap();
    (0..50).for_each(|_| assert_eq!(call(), 400));
    let rest = world.pieces(&mut archive);
    for piece in [&first].into_iter().chain(&rest) {
        assert!(piece.len() < 100_000, "{}", piece.len());
    }
    let har: Value = serde_json::from_str(&(first + &rest.concat())).unwrap();
    let ids: Vec<_> = har["log"]["entries"].as_array().unwrap().iter().map(|e| &e["_id"]).collect();
    let first_after_gap = ids.iter().position(|id| **id == 51).unwrap();
    assert!((5..10).contains(&first_after_gap), "{ids:?}");
    assert_eq!((ids.last().unwrap().as_u64(), ids.len()), (Some(100), first_after_gap + 50));
    let given_up = 50 - first_after_gap;
    let comment = format!("the journal gave up {given_up} entries meanwhile");
    assert!(har["log"]["comment"].as_str().unwrap().ends_with(&comment), "{}", har["log"]);
}

#[test]
fn news_go_on_from_where_one_was_and_tell_of_gaps() {
    let world = World::of(
        &Sources::default(),
        EmulatorOptions { journal_entries_max: 3, ..EmulatorOptions::default() },
    );
    let heard = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counter = Arc::clone(&heard);
    let listener: Arc<Listener> = Arc::new(move || {
        counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    });
    assert_eq!(world.control().listen(&listener).unwrap().0, 0);
    let told = |last: u64| {
        let news = world.control().news(last, None).unwrap();
        let ids: Vec<u64> = news.entries.iter().map(|(_, id, _)| *id).collect();
        (ids, news.missed, news.restarted, news.last)
    };
    assert_eq!(told(0), (vec![], None, false, 0));
    for _ in 0..2 {
        world.call("GET /nowhere", &[], "");
    }
    assert_eq!(heard.load(std::sync::atomic::Ordering::Relaxed), 2);
    assert_eq!(told(0), (vec![1, 2], None, false, 2));
    assert_eq!(told(2), (vec![], None, false, 2));
    for _ in 0..4 {
        world.call("GET /nowhere", &[], "");
    }
    assert_eq!(told(2), (vec![4, 5, 6], Some((3, 3)), false, 6));
    world.control().reset().unwrap();
    assert_eq!(told(6), (vec![], None, true, 0));
    world.call("GET /nowhere", &[], "");
    assert_eq!(told(6), (vec![1], None, true, 1));
}

#[test]
fn the_journal_is_read_over_http() {
    let server = start();
    let admin = "Host: localhost\r\n";
    server.ask(crate::support::DELETE);
    server.call("GET", "/nowhere", admin);
    let get = |path: &str| server.call("GET", &format!("/__admin/sandboxes/default/{path}"), admin);
    assert_eq!(get("requests?status=4xx").json()["count"], 1);
    let entry = get("requests/1").json();
    assert_eq!(entry["operation"], "deleteOrganization");
    assert_eq!(entry["explanation"]["effect"].as_str().unwrap()[..8], *"delete `");
    assert_eq!(get("requests/unmatched").json()["requests"][0]["id"], 2);
    assert_eq!(get("requests.har").json()["log"]["entries"].as_array().unwrap().len(), 2);
    for (path, status) in [
        ("requests/99", 404),
        ("requests/x", 400),
        ("requests?nonsense=1", 400),
        ("requests?limit=x", 400),
        ("requests/1/2", 404),
    ] {
        assert_eq!(get(path).status, status, "{path}");
    }
    let plan = r#"{"method":"DELETE","path":"/partoo/org/42"}"#;
    let plan = server.ask(&format!(
        "POST /__admin/sandboxes/default/plan HTTP/1.1\r\n{admin}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{plan}",
        plan.len()
    ));
    assert!(plan.text().starts_with(r#"{"counts":{}"#), "{}", plan.text());
    assert_eq!(server.call("DELETE", "/__admin/sandboxes/default/requests", admin).status, 204);
    assert_eq!(get("requests").json()["count"], 0);
}

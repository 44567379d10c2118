//! Velt: deleting organizations, erasing users, how far an erasure is, and the calls around these.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tombstone::Tombstone;
use tombstone::embedded::Sandbox;

use super::row::{Call, D, E, I, Row, row};
use super::run::{changes, emulator, handle, hold, noon, records};
use super::{gone, not_emulated};

const ORGANIZATIONS: &str = "docs.velt.dev, Delete Organizations";
const USERS: &str = "docs.velt.dev, Delete All User Data";
const STATUS: &str = "docs.velt.dev, Get Delete User Data Status";
const SDK: &str = "pypi.org/project/velt-py 0.3.0, models/gdpr.py";
const CALLABLE: &str = "github.com/firebase/firebase-functions, src/common/providers/https.ts";
const WORKSPACE: &str = "docs.velt.dev, Get Workspace";
const APPROVAL: &str = "docs.velt.dev, Approval Engine Setup";
const SKILLS: &str = "github.com/velt-js/velt-plugin-cursor, which is wrong here";
const TOKENS: &str = "docs.velt.dev, Get Auth Tokens";
const WEBHOOKS: &str = "docs.velt.dev, Webhooks (pairs of ids)";
const EMULATED: &str = "`POST /v2/users/delete`, `POST /v2/users/add`, `POST /v2/users/get`, \
     `POST /v2/organizations/update`, `POST /v1/users/delete` and 20 others";

const DELETE: &str = "/velt/v1/organizations/delete";
const ERASE: &str = "/velt/v2/users/data/delete";
const PROGRESS: &str = "/velt/v2/users/data/delete/status";

/// What is in `yourOrganizationId1`.
pub(super) const FIRST: &[(&str, &str)] = &[
    ("organizations", "yourOrganizationId1"),
    ("folders", "yo-launch yo-launch-copy"),
    ("documents", "yo-landing-page yo-budget"),
    ("locations", "yo-landing-hero yo-landing-pricing"),
    (
        "members",
        "yourOrganizationId1,yourUserId1 yourOrganizationId1,yourUserId2 yourOrganizationId1,maya \
         yourOrganizationId1,tom",
    ),
    ("grants", "grant-1 grant-2 grant-3"),
    (
        "contacts",
        "yourOrganizationId1,yourUserId1 yourOrganizationId1,yourUserId2 yourOrganizationId1,maya \
         yourOrganizationId1,tom",
    ),
    ("comments", "822004 822011 822019 830127"),
    ("reactions", "reaction-1 reaction-2 reaction-3"),
    ("recordings", "recording-1"),
    ("notifications", "notification-1 notification-2 notification-3 notification-4"),
];

/// What is in `cedar-health`.
const CEDAR: &[(&str, &str)] = &[
    ("organizations", "cedar-health"),
    ("folders", "ch-policies"),
    ("documents", "ch-handbook"),
    ("members", "cedar-health,ines"),
    ("comments", "402958"),
];

fn call(target: &str, body: impl AsRef<[u8]>) -> Call {
    Call::new("POST", target)
        .header("x-velt-api-key", "velt-sandbox-key")
        .header("x-velt-auth-token", "velt-sandbox-token")
        .header("content-type", "application/json")
        .body(body)
}

fn post(target: &str, data: &Value) -> Call {
    call(target, json!({ "data": data }).to_string())
}

pub(super) fn delete(ids: &[&str]) -> Call {
    post(DELETE, &json!({ "organizationIds": ids }))
}

pub(super) fn erase(users: &[&str]) -> Call {
    post(ERASE, &json!({ "userIds": users }))
}

pub(super) fn erase_in(users: &[&str], organizations: &[&str]) -> Call {
    post(ERASE, &json!({ "userIds": users, "organizationIds": organizations }))
}

pub(super) fn user_data(user: &str, organization: &str, token: Option<&str>) -> Call {
    let mut data = json!({ "organizationId": organization, "userId": user });
    if let Some(token) = token {
        data["pageToken"] = json!(token);
    }
    at("/v2/users/data/get", &data)
}

pub(super) fn progress(job: &str) -> Call {
    post(PROGRESS, &json!({ "jobId": job }))
}

/// The same call to the path as it is documented, without the sandbox's prefix.
fn unprefixed(call: Call) -> Call {
    Call { target: call.target.replacen("/velt", "", 1), ..call }
}

/// The same call by the workspace that has no organizations.
pub(super) fn by_another_workspace(call: Call) -> Call {
    call.with("x-velt-api-key", "velt-other-key").with("x-velt-auth-token", "velt-other-token")
}

/// The report on each organization: its id, Velt's own id of it, and whether it was there.
fn deleted(report: &[(&str, &str, bool)]) -> Value {
    let entry = |(id, own, existed): &(&str, &str, bool)| {
        let message = if *existed { "Deleted Successfully" } else { "Organization does not exist" };
        ((*id).to_owned(), json!({ "success": existed, "id": own, "message": message }))
    };
    let data: serde_json::Map<_, _> = report.iter().map(entry).collect();
    let message = "Organization(s) deleted successfully.";
    json!({ "result": { "status": "success", "message": message, "data": data } })
}

fn started(tasks: usize) -> Value {
    json!({
        "status": "success",
        "message": "Data deletion process has been initiated.",
        "data": { "jobId": "$jobId", "tasksCount": tasks },
        "statusCode": 202
    })
}

fn invalid(message: &str) -> Value {
    json!({ "error": { "message": message, "status": "INVALID_ARGUMENT" } })
}

fn denied(message: &str) -> Value {
    json!({ "error": { "message": message, "status": "PERMISSION_DENIED" } })
}

const FIRST_ID: &str = "2bed116c35117c1a1cf8f3e28947aa0e";
const SECOND_ID: &str = "7d2859c41a49b8fcc9e935ebb5db5429";
const CEDAR_ID: &str = "02f86566209280e73017573c5db8eeba";

#[test]
fn velt_deletes_organizations_as_documented() {
    let both = [("yourOrganizationId1", FIRST_ID, true), ("yourOrganizationId2", SECOND_ID, false)];
    // As the page prints it, layout included.
    let pasted = r#"{
  "data": {
    "organizationIds": [
      "yourOrganizationId1",
      "yourOrganizationId2"
    ]
  }
}"#;
    let one = || delete(&["yourOrganizationId1"]);
    let none = || delete(&["yourOrganizationId2"]);
    let twice = || delete(&["yourOrganizationId1", "yourOrganizationId1"]);
    let two = || delete(&["cedar-health", "yourOrganizationId1"]);
    let rows = [
        // The page answers with one id for both, which is the MD5 of neither, and its JSON has a brace too many.
        row("the page's example, but for ids and braces", D(ORGANIZATIONS), call(DELETE, pasted))
            .answers(200, deleted(&both))
            .changes(gone(FIRST)),
        row("one that exists", D(ORGANIZATIONS), one())
            .answers(200, deleted(&both[..1]))
            .changes(gone(FIRST)),
        row("two that exist", D(ORGANIZATIONS), two())
            .answers(200, deleted(&[("cedar-health", CEDAR_ID, true), both[0]]))
            .changes([gone(CEDAR), gone(FIRST)].concat()),
        row("none of them exists", I(ORGANIZATIONS), none()).answers(200, deleted(&both[1..])),
        row("deleted a second time", I(ORGANIZATIONS), one())
            .after(one())
            .answers(200, deleted(&[("yourOrganizationId1", FIRST_ID, false)])),
        row("the same id twice in the list", I(ORGANIZATIONS), twice())
            .answers(200, deleted(&both[..1]))
            .changes(gone(FIRST)),
        row("an organization of another workspace", I(ORGANIZATIONS), by_another_workspace(one()))
            .answers(200, deleted(&[("yourOrganizationId1", FIRST_ID, false)])),
        row("by the documented path alone", D(ORGANIZATIONS), unprefixed(none()))
            .answers(200, deleted(&both[1..])),
        row("by the documented host", D(ORGANIZATIONS), {
            unprefixed(none()).header("host", "api.velt.dev")
        })
        .answers(200, deleted(&both[1..])),
        row("a second token of the same key", E(TOKENS), {
            none().with("x-velt-auth-token", "velt-sandbox-token-2")
        })
        .answers(200, deleted(&both[1..])),
        row("other members in `data` are not looked at", I(ORGANIZATIONS), {
            post(DELETE, &json!({ "organizationIds": ["yourOrganizationId2"], "more": 1 }))
        })
        .answers(200, deleted(&both[1..])),
    ];
    hold("velt", &rows);
}

#[test]
fn velt_identifies_organizations_by_md5() {
    let samples = [
        ("velt-sample-app", "392580a690394bfadd823101f2b05513", false),
        ("crdt-array-demo-org1", "9eab9b808921fa1c682be3516bb49ab3", false),
    ];
    let odd = [
        ("{{ 7 * 7 }}", "390e4798d4d9fd40fb385a7269dca8ff", false),
        ("café", "07117fe4a1ebd544965dc19573183da2", false),
    ];
    let ids = |report: &[(&'static str, _, _)]| delete(&[report[0].0, report[1].0]);
    let rows = [
        row("the id in the answer is the MD5 of the client's", E(WEBHOOKS), ids(&samples))
            .answers(200, deleted(&samples)),
        row("ids are text and nothing more", I(ORGANIZATIONS), ids(&odd))
            .answers(200, deleted(&odd)),
    ];
    hold("velt", &rows);
}

#[test]
fn velt_refuses_lists_of_organizations_that_are_none() {
    hold("velt", &protocol(&delete(&["yourOrganizationId1"])));
    let list = |value: Value| post(DELETE, &json!({ "organizationIds": value }));
    let rows = [
        row("`data` is not an object", I(ORGANIZATIONS), post(DELETE, &json!([])))
            .answers(400, invalid("data must be an object.")),
        row("`data` is null", I(CALLABLE), post(DELETE, &Value::Null))
            .answers(400, invalid("data must be an object.")),
        row("no list", I(ORGANIZATIONS), post(DELETE, &json!({})))
            .answers(400, invalid("organizationIds is required.")),
        row("the list is text", I(ORGANIZATIONS), list(json!("yourOrganizationId1")))
            .answers(400, invalid("organizationIds must be an array of strings.")),
        row("an empty list", I(ORGANIZATIONS), list(json!([])))
            .answers(400, invalid("organizationIds must not be empty.")),
        row("a number in the list", I(ORGANIZATIONS), list(json!(["yourOrganizationId1", 7])))
            .answers(400, invalid("organizationIds[1] must be a string.")),
        row("an empty id in the list", I(ORGANIZATIONS), list(json!(["", "yourOrganizationId1"])))
            .answers(400, invalid("organizationIds[0] must not be empty.")),
    ];
    hold("velt", &rows);
}

/// What all three calls have in common; `good` is one that would be carried out.
fn protocol(good: &Call) -> Vec<Row> {
    [credentials(good), callable(good)].concat()
}

fn credentials(good: &Call) -> Vec<Row> {
    let with = |name, value| good.clone().with(name, value);
    let keyless = good.clone().without("x-velt-api-key");
    let tokenless = good.clone().without("x-velt-auth-token");
    let neither = keyless.clone().without("x-velt-auth-token");
    let no_key = invalid("API key not found in headers.");
    let no_token = invalid("Auth token is required");
    let bad_key = denied("Invalid API key.");
    let bad_token = denied("Invalid auth token.");
    let empty = tokenless.clone().body(r#"{"data":{}}"#);
    vec![
        row("no x-velt-auth-token", I(APPROVAL), tokenless).answers(400, no_token.clone()),
        row("no x-velt-api-key", I(WORKSPACE), keyless.clone()).answers(400, no_key.clone()),
        row("neither of the two", I(WORKSPACE), neither).answers(400, no_key),
        row("an unknown key", I(WORKSPACE), with("x-velt-api-key", "nobodys"))
            .answers(403, bad_key),
        row("an unknown token", I(APPROVAL), with("x-velt-auth-token", "nobodys"))
            .answers(403, bad_token.clone()),
        row("another key's token", I(APPROVAL), with("x-velt-auth-token", "velt-other-token"))
            .answers(403, bad_token.clone()),
        row("another key", I(APPROVAL), with("x-velt-api-key", "velt-other-key"))
            .answers(403, bad_token),
        row("fields are judged after them", I(CALLABLE), empty).answers(400, no_token),
        row("the envelope is judged before them", I(CALLABLE), keyless.body("{}"))
            .answers(400, invalid("Bad Request")),
    ]
}

fn callable(good: &Call) -> Vec<Row> {
    let bad_request =
        |situation, call| row(situation, I(CALLABLE), call).answers(400, invalid("Bad Request"));
    let body = |body: &str| good.clone().body(body);
    let by = |method| good.clone().by(method);
    let bytes = good.clone().body(b"{\"data\":\"\xff\"}");
    let bare = body(r#"{"organizationIds":["yourOrganizationId1"]}"#);
    let mut extra: Value = serde_json::from_slice(&good.body).unwrap();
    extra["more"] = json!(1);
    let untyped = good.clone().without("content-type");
    let form = good.clone().with("content-type", "application/x-www-form-urlencoded");
    let elsewhere = Call { target: "/velt/v1/organizations/remove".into(), ..good.clone() };
    let not_found = json!({ "error": { "message": "Not Found", "status": "NOT_FOUND" } });
    let page = "https://app.example.com";
    let preflight = Call::new("OPTIONS", &good.target)
        .header("origin", page)
        .header("access-control-request-method", "POST");
    vec![
        bad_request("malformed JSON", body(r#"{"data":"#)),
        bad_request("bytes that are not UTF-8", bytes),
        bad_request("no body", body("")),
        bad_request("a body that is null", body("null")),
        bad_request("a body that is a list", body("[]")),
        bad_request("no `data`", bare),
        bad_request("a member beside `data`", body(&extra.to_string())),
        bad_request("no Content-Type", untyped),
        bad_request("another Content-Type", form),
        bad_request("GET", by("GET")).without_header("allow"),
        bad_request("PUT", by("PUT")).without_header("allow"),
        bad_request("DELETE", by("DELETE")).without_header("allow"),
        row("OPTIONS", I(CALLABLE), Call::new("OPTIONS", &good.target))
            .answers_without_body(204)
            .with_header("allow", "POST, OPTIONS"),
        row("a preflight", I(CALLABLE), preflight)
            .answers_without_body(204)
            .with_header("access-control-allow-origin", page),
        row("an unknown path", I(CALLABLE), elsewhere).answers(404, not_found),
    ]
}

#[test]
fn velt_takes_what_only_looks_different() {
    let same = |call: Call| {
        let body = deleted(&[("yourOrganizationId2", SECOND_ID, false)]);
        row("the same call in another guise", I(CALLABLE), call).answers(200, body)
    };
    let good = delete(&["yourOrganizationId2"]);
    let shouted = good
        .clone()
        .without("x-velt-api-key")
        .without("x-velt-auth-token")
        .header("X-Velt-API-Key", "velt-sandbox-key")
        .header("X-VELT-AUTH-TOKEN", "velt-sandbox-token");
    let rows = [
        same(shouted),
        same(good.clone().with("content-type", "application/json; charset=utf-8")),
        same(good.with("content-type", "Application/JSON")),
    ];
    hold("velt", &rows);
}

#[test]
fn velt_starts_erasures_as_documented() {
    let accepted = |situation, source, call, tasks| {
        row(situation, source, call).answers(202, started(tasks)).changes(["+ erasure_jobs"])
    };
    let pasted = r#"{
  "data": {
    "userIds": [
      "yourUserId1",
      "yourUserId2"
    ],
    "organizationIds": [
      "yourOrganizationId1",
      "yourOrganizationId2"
    ]
  }
}"#;
    let two = || erase(&["yourUserId1", "yourUserId2"]);
    let one = || erase(&["yourUserId1"]);
    let cedar = |organizations: &[&str]| erase_in(&["yourUserId1"], organizations);
    let many: Vec<String> = (0..31).map(|number| format!("user-{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let rows = [
        // The page answers this call with five tasks, which its two organizations cannot be.
        accepted("the page's example, but for its count", D(USERS), call(ERASE, pasted), 2),
        accepted("everywhere: five tasks for five organizations", E(SDK), two(), 5),
        accepted("one organization", E(SDK), cedar(&["cedar-health"]), 1),
        accepted("one listed twice", I(SDK), cedar(&["cedar-health", "cedar-health"]), 1),
        accepted("unknown organizations count as listed", I(USERS), cedar(&["no", "none"]), 2),
        accepted("an unknown user", I(USERS), erase(&["nobody"]), 5),
        accepted("repeated, it is another job", I(USERS), one(), 5).after(one()),
        accepted("more than thirty users", E(SDK), erase(&many), 5),
        accepted("by the documented path alone", D(USERS), unprefixed(one()), 5),
        accepted("where there are no organizations", I(SDK), by_another_workspace(one()), 0),
    ];
    hold("velt", &rows);
    hold("velt", &protocol(&one()));
}

#[test]
fn velt_refuses_erasures_that_name_no_scope() {
    let refused = |situation, data: Value, message: &str| {
        row(situation, I(USERS), post(ERASE, &data)).answers(400, invalid(message))
    };
    let users = |users: Value| json!({ "userIds": users });
    let scope = |scope: Value| json!({ "userIds": ["yourUserId1"], "organizationIds": scope });
    let many: Vec<String> = (0..2_001).map(|number| format!("org-{number}")).collect();
    let not_users = "userIds must be an array of strings.";
    let not_scope = "organizationIds must be an array of strings.";
    let too_many = "organizationIds must have at most 2000 items.";
    let skill = json!({ "organizationId": "cedar-health", "userId": "ines" });
    let elsewhere = Call { target: "/velt/v2/users/update".into(), ..erase(&["yourUserId1"]) };
    let rows = [
        refused("no users", json!({}), "userIds is required."),
        refused("an empty list of users", users(json!([])), "userIds must not be empty."),
        refused("users as text", users(json!("yourUserId1")), not_users),
        refused("a number among users", users(json!([1])), "userIds[0] must be a string."),
        refused("an empty user id", users(json!([""])), "userIds[0] must not be empty."),
        refused("organizations as text", scope(json!("cedar-health")), not_scope),
        refused("a null in it", scope(json!([null])), "organizationIds[0] must be a string."),
        refused("an empty scope", scope(json!([])), "organizationIds must not be empty."),
        refused("a null scope", scope(Value::Null), not_scope),
        refused("more than the sandbox takes", scope(json!(many)), too_many),
        row("as in the vendor's skills for agents", I(SKILLS), post(ERASE, &skill))
            .answers(400, invalid("userIds is required.")),
        not_emulated(elsewhere, EMULATED),
    ];
    hold("velt", &rows);
}

#[test]
fn velt_tells_how_far_an_erasure_is_as_documented() {
    let not_found = json!({ "error": { "message": "Job not found.", "status": "NOT_FOUND" } });
    let done = json!({ "result": {
        "status": "success",
        "message": "Data fetched successfully.",
        "data": { "isDeleteCompleted": true, "tasksLeft": 0, "lastTaskCompletedTime": 1_748_972_106_739_i64 }
    } });
    let stranger = by_another_workspace(progress("dsQuvPmIynANgPLLEhCm"));
    let rows = [
        row("the page's example", D(STATUS), progress("dsQuvPmIynANgPLLEhCm")).answers(200, done),
        row("an unknown job", I(STATUS), progress("aJobThatNobodyBegan0"))
            .answers(404, not_found.clone()),
        row("a job of another workspace", I(STATUS), stranger).answers(404, not_found),
        row("no job", I(STATUS), post(PROGRESS, &json!({})))
            .answers(400, invalid("jobId is required.")),
        row("an empty job", I(STATUS), progress(""))
            .answers(400, invalid("jobId must not be empty.")),
        row("a job that is a number", I(STATUS), post(PROGRESS, &json!({ "jobId": 7 })))
            .answers(400, invalid("jobId must be a string.")),
    ];
    hold("velt", &rows);
    hold("velt", &protocol(&progress("dsQuvPmIynANgPLLEhCm")));
}

const ADDING: &str = "docs.velt.dev, Add Organizations; Add Users";
const READING: &str = "docs.velt.dev, Get Organizations; Get Users; Get Documents; Get Folders";
const FOLDERS: &str = "docs.velt.dev, Delete Folder";

fn at(path: &str, data: &Value) -> Call {
    post(&format!("/velt{path}"), data)
}

fn success(message: &str, data: &Value) -> Value {
    json!({ "result": { "status": "success", "message": message, "data": data } })
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn velt_refuses_the_calls_around_its_deletions() {
    let organization = "yourOrganizationId1";
    let many: Vec<String> = (0..31).map(|number| format!("o{number}")).collect();
    let refused = |situation, path: &str, data: Value, message: &str| {
        row(situation, I(READING), at(path, &data)).answers(400, invalid(message))
    };
    let not_found =
        |message: &str| json!({ "error": { "message": message, "status": "NOT_FOUND" } });
    let added = |level: &str| json!({ "organizationId": organization, level: "nowhere", "users": [{ "userId": "uma" }] });
    let rows = [
        refused(
            "no organizations",
            "/v1/organizations/add",
            json!({}),
            "organizations is required.",
        ),
        refused(
            "an organization without an id",
            "/v2/organizations/add",
            json!({ "organizations": [{}] }),
            "organizations[0].organizationId is required.",
        ),
        refused(
            "more ids than Velt takes",
            "/v1/organizations/get",
            json!({ "organizationIds": many }),
            "organizationIds must have at most 30 items.",
        ),
        refused(
            "a token that is none",
            "/v2/organizations/get",
            json!({ "pageToken": "x" }),
            "Invalid page token.",
        ),
        refused(
            "a token that was never given",
            "/v2/users/data/get",
            json!({ "organizationId": organization, "userId": "maya", "pageToken": "50" }),
            "Invalid page token.",
        ),
        refused(
            "no users",
            "/v1/users/add",
            json!({ "organizationId": "acme", "users": [] }),
            "users must not be empty.",
        ),
        row("to a document that is not", I(ADDING), at("/v1/users/add", &added("documentId")))
            .answers(404, not_found("Document does not exist")),
        row("to a folder that is not", I(ADDING), at("/v2/users/add", &added("folderId")))
            .answers(404, not_found("Folder not found.")),
        row(
            "a folder that is not",
            D(FOLDERS),
            at(
                "/v2/organizations/folders/delete",
                &json!({ "organizationId": organization, "folderId": "nowhere" }),
            ),
        )
        .answers(404, json!({ "error": { "code": "not-found", "message": "Folder not found." } })),
        row(
            "another workspace sees nothing",
            I(READING),
            by_another_workspace(at("/v1/users/get", &json!({ "organizationId": organization }))),
        )
        .answers(200, success("User(s) retrieved successfully.", &json!([]))),
    ];
    hold("velt", &rows);
}

#[test]
#[expect(clippy::too_many_lines, reason = "one walk, told whole")]
fn a_velt_organization_comes_is_seen_changes_and_goes_with_all_it_has() {
    let emulator = emulator(noon());
    let ask = |path: &str, data: Value| {
        let answer = handle(&emulator, &at(path, &data), noon());
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        let mut body = answer.json();
        body["result"]["data"].take()
    };
    let acme = || json!({ "organizationId": "acme" });
    let before = records(&emulator);

    let fields = json!({ "organizationId": "acme", "organizationName": "Acme", "city": "Lyon" });
    ask("/v2/organizations/add", json!({ "organizations": [fields] }));
    let seen = ask("/v2/organizations/get", json!({ "organizationIds": ["acme"] }));
    let expected =
        json!([{ "city": "Lyon", "id": "acme", "organizationName": "Acme", "disabled": false }]);
    assert_eq!(seen, expected);
    let changed = json!({ "organizationId": "acme", "organizationName": "Acme 2", "size": 3 });
    ask("/v1/organizations/update", json!({ "organizations": [changed] }));
    let seen = ask("/v1/organizations/get", json!({ "organizationIds": ["acme"] }));
    assert_eq!(
        (&seen[0]["organizationName"], &seen[0]["city"], &seen[0]["size"]),
        (&json!("Acme 2"), &json!("Lyon"), &json!(3))
    );

    let uma = json!({ "userId": "uma", "name": "Uma User", "email": "uma@example.com" });
    ask("/v2/users/add", json!({ "organizationId": "acme", "users": [uma] }));
    ask(
        "/v2/users/add",
        json!({ "organizationId": "acme", "users": [{ "userId": "uma", "color": "red" }] }),
    );
    let vic = json!({ "organizationId": "acme", "documentId": "plan", "createDocument": true, "users": [{ "userId": "vic" }] });
    ask("/v2/users/add", vic);
    let users = ask("/v2/users/get", acme());
    assert_eq!(
        users,
        json!([{ "userId": "uma", "name": "Uma User", "email": "uma@example.com", "initial": "U", "color": "red", "accessRole": "editor" }])
    );
    let all = ask("/v2/users/get", json!({ "organizationId": "acme", "allDocuments": true }));
    assert_eq!(all, json!([{ "userId": "vic", "accessRole": "editor" }]));
    assert_eq!(ask("/v1/organizations/documents/get", acme())[0]["documentName"], "plan");

    let gone = ask(
        "/v2/users/delete",
        json!({ "organizationId": "acme", "userIds": ["uma", "vic", "nobody"] }),
    );
    let told: Vec<_> =
        ["uma", "vic", "nobody"].iter().map(|id| gone[id]["success"] == true).collect();
    assert_eq!(told, [true, true, false]);
    assert_eq!(ask("/v2/users/get", acme()), json!([]));

    ask("/v2/organizations/delete", json!({ "organizationIds": ["acme"] }));
    assert_eq!(ask("/v1/organizations/get", json!({ "organizationIds": ["acme"] })), json!([]));
    for path in
        ["/v1/users/get", "/v1/organizations/documents/get", "/v1/organizations/folders/get"]
    {
        assert_eq!(ask(path, acme()), json!([]), "{path}");
    }
    assert_eq!(changes("velt", &before, &records(&emulator), noon()), Vec::<String>::new());
}

#[test]
fn velt_pages_through_organizations() {
    let emulator = emulator(noon());
    let (mut ids, mut token) = (Vec::new(), Value::Null);
    loop {
        let mut data = json!({ "pageSize": 2 });
        if !token.is_null() {
            data["pageToken"] = token;
        }
        let body = handle(&emulator, &at("/v2/organizations/get", &data), noon()).json();
        let page = body["result"]["data"].as_array().unwrap().clone();
        ids.extend(page.iter().map(|one| one["id"].as_str().unwrap().to_owned()));
        token = body["result"]["nextPageToken"].clone();
        if token.is_null() {
            break;
        }
    }
    assert_eq!(
        ids,
        [
            "bluebird-labs",
            "cedar-health",
            "harbor-press",
            "northwind-studio",
            "yourOrganizationId1"
        ]
    );
}

/// The answer of a sandbox to a call's headers and body at this path.
fn ask(sandbox: &Sandbox, path: &str, call: Call) -> Value {
    let mut request = http::Request::post(format!("{}{path}", sandbox.url_of("velt")));
    for (name, value) in &call.headers {
        request = request.header(*name, value);
    }
    let answer = sandbox.call(request.body(call.body).unwrap());
    serde_json::from_slice(answer.body().as_ref()).unwrap()
}

#[test]
fn velt_pages_through_all_that_it_has_of_a_user() {
    let tombstone = Tombstone::builder().in_process().unwrap();
    let sandbox = tombstone.sandbox("pages").unwrap();
    let reactions = sandbox.records("velt", "reactions");
    for number in 0..150 {
        let reaction = json!({
            "organization_id": "yourOrganizationId1", "document_id": "yo-budget", "user_id": "tom", "icon": "x"
        });
        reactions.put(format!("more-{number}"), reaction).unwrap();
    }
    for version in ["v1", "v2"] {
        let (mut counts, mut ids, mut token) = (Vec::new(), BTreeSet::new(), None::<String>);
        while counts.len() < 3 {
            let call = user_data("tom", "yourOrganizationId1", token.as_deref());
            let body = ask(&sandbox, &format!("/{version}/users/data/get"), call);
            assert!(body["result"].is_object(), "{body}");
            let data = &body["result"]["data"];
            let length = |name: &str| data[name].as_array().unwrap().len();
            counts.push(["comments", "reactions", "recordings", "notifications"].map(length));
            let reactions = data["reactions"].as_array().unwrap().iter();
            ids.extend(reactions.map(|one| one["annotationId"].as_str().unwrap().to_owned()));
            token = body["result"]["nextPageToken"].as_str().map(str::to_owned);
            if token.is_none() {
                break;
            }
        }
        assert_eq!(counts, [[2, 100, 0, 2], [0, 51, 0, 0]]);
        assert_eq!(ids.len(), 151, "no page has what another has");
    }
}

#[test]
fn velt_shows_folders_so_deep_as_is_asked_for() {
    let tombstone = Tombstone::builder().in_process().unwrap();
    let sandbox = tombstone.sandbox("deep").unwrap();
    let folders = sandbox.records("velt", "folders");
    for level in 0..20 {
        let parent = (level > 0).then(|| format!("f{}", level - 1));
        let folder = json!({ "parent_folder_id": parent, "folder_name": "F" });
        folders.put(format!("northwind-studio,f{level}"), folder).unwrap();
    }
    for (depth, shown) in [(json!(null), 1), (json!(1), 1), (json!(5), 5), (json!(1_000_000), 14)] {
        let mut data = json!({ "organizationId": "northwind-studio", "folderId": "f0" });
        if !depth.is_null() {
            data["maxDepth"] = depth;
        }
        let mut body = ask(&sandbox, "/v2/organizations/folders/get", at("", &data));
        let mut folder = body["result"]["data"][0].take();
        let mut ancestors = vec![json!("root")];
        while folder["subFolders"].is_array() {
            assert_eq!(folder["ancestors"], json!(ancestors));
            ancestors.push(folder["folderId"].clone());
            folder = folder["subFolders"][0].take();
        }
        assert_eq!(folder["folderId"], format!("f{shown}"), "{body}");
    }
}

#[test]
fn velt_has_ids_of_documents_and_folders_in_each_organization() {
    let emulator = emulator(noon());
    let ask = |path: &str, data: Value| {
        let answer = handle(&emulator, &at(path, &data), noon());
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        let mut body = answer.json();
        body["result"]["data"].take()
    };
    let before = records(&emulator);
    let users = json!([{ "userId": "uma" }]);
    ask(
        "/v2/users/add",
        json!({ "organizationId": "acme", "documentId": "yo-budget", "createDocument": true, "users": users }),
    );
    ask(
        "/v2/users/add",
        json!({ "organizationId": "acme", "folderId": "yo-launch", "createFolder": true, "users": users }),
    );
    let acme = || json!({ "organizationId": "acme" });
    assert_eq!(ask("/v1/organizations/documents/get", acme())[0]["documentName"], "yo-budget");
    assert_eq!(ask("/v1/organizations/folders/get", acme())[0]["folderName"], "yo-launch");
    let users = ask(
        "/v2/users/get",
        json!({ "organizationId": "yourOrganizationId1", "documentId": "yo-budget" }),
    );
    assert_eq!(users, json!([]), "nobody is let into another's document");

    let of_acme = json!({ "organizationId": "acme", "documentIds": ["yo-budget"] });
    let deleted = ask("/v2/organizations/documents/delete", of_acme);
    assert_eq!(deleted["yo-budget"]["id"], "4230694233644875");
    let folder = json!({ "organizationId": "acme", "folderId": "yo-launch" });
    ask("/v2/organizations/folders/delete", folder);
    assert_eq!(ask("/v1/organizations/documents/get", acme()), json!([]));
    assert_eq!(ask("/v1/organizations/folders/get", acme()), json!([]));
    ask("/v1/organizations/delete", json!({ "organizationIds": ["acme"] }));
    assert_eq!(changes("velt", &before, &records(&emulator), noon()), Vec::<String>::new());
}

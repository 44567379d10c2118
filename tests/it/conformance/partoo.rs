//! Partoo: deleting an organization, by force where something is linked to it, and the calls around that.

use serde_json::{Value, json};

use super::row::{Call, D, E, I, row};
use super::run::{emulator, handle, hold, noon, records};
use super::{gone, not_emulated};

const PAGE: &str = "developers.partoo.co, Delete organization";
const OLDER: &str = "github.com/PartooHub/developers-website, OpenAPI of May 2021";
const ERRORS: &str = "developers.partoo.co, API fundamentals: errors";
const EMULATED: &str = "`GET /user/{user_id}`, `DELETE /user/{user_id}`, `GET /user/search`, \
     `GET /business/{business_id}`, `DELETE /business/{business_id}` and 7 others";

/// What goes with organization 42; its groups and keys are not named by the page.
const MARTIN: &[(&str, &str)] = &[
    ("organizations", "42"),
    ("groups", "310 311"),
    (
        "users",
        "5309c3a237bbc544d8e26737 5309c3a237bbc544d8e26738 5309c3a237bbc544d8e26739 \
         5309c3a237bbc544d8e2673a",
    ),
    ("businesses", "5409c35a97bbc544d8e26737 5409c35a97bbc544d8e26738 5409c35a97bbc544d8e26739"),
    ("api_keys", "3247"),
];

pub(super) fn delete(org: &str, key: &str) -> Call {
    at(&format!("/partoo/org/{org}"), key)
}

fn at(target: &str, key: &str) -> Call {
    Call::new("DELETE", target).header("x-APIKey", key)
}

/// By the key that may.
fn of(org: &str) -> Call {
    delete(org, "partoo-provider-write")
}

fn with_body(org: &str, body: impl AsRef<[u8]>) -> Call {
    of(org).header("content-type", "application/json").body(body)
}

fn done(org: u64) -> Value {
    json!({ "status": "success", "org_id": org })
}

fn wrong(json: &Value) -> Value {
    json!({ "errors": { "json": json } })
}

fn linked(businesses: u64, users: u64) -> Value {
    wrong(&json!({
        "businesses_count": businesses,
        "users_count": users,
        "description": "Organization still has businesses or users, please send force=true to force deletion."
    }))
}

#[test]
fn partoo_deletes_an_organization_as_documented() {
    let empty = |situation, source, call| {
        row(situation, source, call).answers(200, done(43)).changes(["- organizations/43"])
    };
    let write = "partoo-provider-write";
    let rows = [
        empty("an empty organization", D(PAGE), of("43")),
        empty(
            "by the production server's address",
            D(PAGE),
            at("/v2/org/43", write).header("host", "api.partoo.co"),
        ),
        empty(
            "by the sandbox server's address",
            D(PAGE),
            at("/v2/org/43", write).header("host", "api.sandbox.partoo.co"),
        ),
        empty("by the documented path alone", D(PAGE), at("/v2/org/43", write)),
        empty("under the prefix with the base path", D(PAGE), at("/partoo/v2/org/43", write)),
        empty(
            "the header in small letters",
            D("RFC 9110, section 5.1"),
            Call::new("DELETE", "/partoo/org/43").header("x-apikey", write),
        ),
        empty("force where nothing is linked", D(PAGE), of("43?force=true")),
        row("groups alone do not keep it", I(PAGE), of("45"))
            .answers(200, done(45))
            .changes(gone(&[("organizations", "45"), ("groups", "313")])),
    ];
    hold("partoo", &rows);
}

#[test]
fn partoo_deletes_what_is_linked_by_force() {
    let forced = |situation, source, call| {
        row(situation, source, call).answers(200, done(42)).changes(gone(MARTIN))
    };
    let rows = [
        forced("force", D(PAGE), of("42?force=true")),
        forced("force as the prose writes it, in the query", I(PAGE), of("42?force=True")),
        forced("force as a digit", I(PAGE), of("42?force=1")),
        forced(
            "the page's prose: force=\"True\" in the body",
            D(PAGE),
            with_body("42", r#"{"force":"True"}"#),
        ),
        forced("force as a boolean in the body", I(PAGE), with_body("42", r#"{"force":true}"#)),
        forced(
            "the query wins over a body that says no",
            I(PAGE),
            with_body("42?force=true", r#"{"force":"False"}"#),
        ),
        forced(
            "the Content-Type of a DELETE is not looked at",
            E(ERRORS),
            of("42").header("content-type", "text/plain").body(r#"{"force":"True"}"#),
        ),
        forced("a body without Content-Type", E(ERRORS), of("42").body(r#"{"force":"True"}"#)),
    ];
    hold("partoo", &rows);
}

#[test]
fn partoo_refuses_as_documented() {
    let has_linked =
        |situation, source, call| row(situation, source, call).answers(400, linked(3, 4));
    let not_a_bool = |situation, call| {
        row(situation, I(OLDER), call).answers(400, wrong(&json!({ "force": "must be a bool" })))
    };
    let not_an_integer = |situation, call| {
        let body = wrong(&json!({ "org_id": "must be an integer" }));
        row(situation, I(OLDER), call).answers(400, body)
    };
    let malformed =
        |situation, call| row(situation, E(ERRORS), call).answers(400, wrong(&json!({})));
    let rows = [
        has_linked("businesses and users are linked", D(PAGE), of("42")),
        has_linked("force is false", D(PAGE), of("42?force=false")),
        has_linked(
            "force is \"False\", which is no reason to delete",
            I(PAGE),
            of("42?force=False"),
        ),
        has_linked("force is 0", I(PAGE), of("42?force=0")),
        has_linked("the older form says no", E(OLDER), with_body("42", r#"{"force":"False"}"#)),
        has_linked(
            "the query wins over a body that says yes",
            I(PAGE),
            with_body("42?force=false", r#"{"force":"True"}"#),
        ),
        has_linked("a body without force", I(PAGE), with_body("42", "{}")),
        row("one user is enough", D(PAGE), of("1")).answers(400, linked(0, 1)),
        not_a_bool("force is a word", of("42?force=maybe")),
        not_a_bool("force is a number", of("42?force=7")),
        not_a_bool("force is empty", of("42?force=")),
        not_a_bool("force is a word in the body", with_body("42", r#"{"force":"maybe"}"#)),
        not_a_bool("force is a number in the body", with_body("42", r#"{"force":7}"#)),
        not_a_bool("force is a fraction in the body", with_body("42", r#"{"force":1.5}"#)),
        not_a_bool("force is null in the body", with_body("42", r#"{"force":null}"#)),
        not_an_integer("the id is a word", of("boulangerie")),
        not_an_integer("the id is a fraction", of("42.5")),
        not_an_integer(
            "the id is judged before the role",
            delete("boulangerie", "partoo-org-admin"),
        ),
        malformed("malformed JSON", with_body("42", r#"{"force""#)),
        malformed("a body that is a list", with_body("42", "[]")),
    ];
    hold("partoo", &rows);
}

#[test]
fn partoo_lets_in_whom_it_documents() {
    let unauthenticated = |situation, call| {
        let body = json!({ "errors": { "authentication": "User not authenticated" } });
        row(situation, D(PAGE), call).answers(401, body)
    };
    let forbidden = |situation, source, call| {
        let body = json!({ "errors": { "authorization": "Operation not allowed" } });
        row(situation, source, call).answers(403, body)
    };
    let not_found = |situation, source, call| {
        row(situation, source, call).answers(404, wrong(&json!("Resource not found")))
    };
    let rows = [
        unauthenticated("no key", of("43").without("x-APIKey")),
        unauthenticated("an unknown key", delete("43", "nobodys")),
        unauthenticated("a revoked key", delete("43", "partoo-revoked")),
        unauthenticated("an expired key", delete("43", "partoo-expired")),
        unauthenticated("the key is judged before the id", delete("boulangerie", "nobodys")),
        forbidden("a key that may only read", D(PAGE), delete("43", "partoo-provider-read")),
        forbidden(
            "an ORG_ADMIN, of the own organization",
            E(OLDER),
            delete("42", "partoo-org-admin"),
        ),
        forbidden("an ORG_ADMIN, of another", E(OLDER), delete("43", "partoo-org-admin")),
        forbidden("force does not help", E(OLDER), delete("42?force=true", "partoo-org-admin")),
        forbidden(
            "the role is judged before the organization",
            I(OLDER),
            delete("999", "partoo-org-admin"),
        ),
        forbidden("an organization of another provider", I(PAGE), of("44")),
        forbidden("by force neither", I(PAGE), of("44?force=true")),
        not_found("an unknown organization", D(PAGE), of("999")),
        not_found("deleted a second time", I(PAGE), of("43")).after(of("43")),
        not_found("deleted by force a second time", I(PAGE), of("42?force=true"))
            .after(of("42?force=true")),
        unauthenticated(
            "a key of a user who went with the organization",
            delete("43", "partoo-org-admin"),
        )
        .after(of("42?force=true")),
    ];
    hold("partoo", &rows);
}

#[test]
fn partoo_words_unknown_routes() {
    let not_found = wrong(&json!("Resource not found"));
    let rows = [
        row("an unknown path", I(PAGE), at("/partoo/organization/42", "partoo-provider-write"))
            .answers(404, not_found.clone()),
        row("no credentials are asked for", I(PAGE), Call::new("DELETE", "/partoo/organization"))
            .answers(404, not_found),
        row("another method", I(PAGE), of("42").by("PUT"))
            .answers(405, wrong(&json!("Method not allowed")))
            .with_header("allow", "GET, HEAD, POST, DELETE, OPTIONS"),
        not_emulated(at("/partoo/user/me", "partoo-provider-write").by("GET"), EMULATED),
    ];
    hold("partoo", &rows);
}

const WRITE: &str = "partoo-provider-write";
const READ: &str = "partoo-provider-read";
const ADMIN: &str = "partoo-org-admin";

fn get(path: &str, key: &str) -> Call {
    at(&format!("/partoo{path}"), key).by("GET")
}

fn post(path: &str, key: &str, body: &Value) -> Call {
    let call = at(&format!("/partoo{path}"), key).by("POST");
    call.header("content-type", "application/json").body(body.to_string())
}

fn lune(id: u64) -> Value {
    json!({
        "org_id": id, "name": "Épicerie Lune", "alias": "epicerie_lune", "provider": "partoo",
        "type": "small_medium_business", "features": [], "org_features": [],
        "last_org_api_call": null, "max_businesses": 5
    })
}

fn martin() -> Value {
    json!({
        "org_id": 42, "name": "Boulangerie Martin", "alias": "boulangerie_martin",
        "provider": "partoo", "type": "enterprise",
        "features": ["presence_management", "review_management"],
        "org_features": ["presence_management", "review_management"],
        "last_org_api_call": "05-11-2021", "max_businesses": 10
    })
}

fn paul() -> Value {
    json!({
        "id": "5309c3a237bbc544d8e26739", "org_id": 42, "first_name": "Paul",
        "last_name": "Dumas", "email": "paul@example.com", "lang": "fr",
        "business_ids": ["5409c35a97bbc544d8e26737", "5409c35a97bbc544d8e26738"],
        "group_id": null, "accesses": [], "role": "BUSINESS_MANAGER", "provider": "partoo",
        "status": "active", "disabled": false, "created_at": 1_627_776_000
    })
}

fn foch() -> Value {
    json!({
        "id": "5409c35a97bbc544d8e26738", "created": 1_601_000_000.0,
        "modified": 1_601_000_000.0, "code": "CS-69006", "status": "closed", "org_id": 42,
        "group_id": 310, "groups": [310], "name": "Boulangerie Martin Foch", "city": "Lyon",
        "zipcode": "69006", "country": "FR"
    })
}

/// The last page of a list that has `count` entries in all.
fn page(number: u64, count: usize, name: &str, entries: &Value) -> Value {
    json!({ "page": number, "max_page": number, "count": count, name: entries })
}

#[test]
fn partoo_reads_creates_and_changes_as_documented() {
    let created = json!({ "name": "Épicerie Lune", "max_businesses": 5 });
    let taken = json!({ "name": "Garage Lenoir" });
    let named = |id, alias: &str| json!({ "status": "success", "org_id": id, "alias": alias, "max_businesses": null });
    let old_key = json!({
        "id": 3248, "label": "Old back office", "user_id": "5309c3a237bbc544d8e20001",
        "user_name": "Camille Roux", "user_role": "PROVIDER", "user_type": "user",
        "disabled": true, "expiration_date": null, "ip_whitelist": []
    });
    let changed = |id: u64| json!({ "org_id": id, "status": "success" });
    let rows = [
        row("an organization", D(PAGE), get("/org/42", READ)).answers(200, martin()),
        row("whatever an ORG_ADMIN asks for is the own one", D(PAGE), get("/org/44", ADMIN))
            .answers(200, martin()),
        row("a name gives the alias", E(OLDER), post("/org", WRITE, &created))
            .answers(200, json!({ "status": "success", "org_id": 46, "alias": "epicerie_lune", "max_businesses": 5 }))
            .changes(["+ organizations"]),
        row("a taken alias gets a number", E(OLDER), post("/org", WRITE, &taken))
            .answers(200, named(46, "garage_lenoir_2"))
            .changes(["+ organizations"]),
        row("and the next", E(OLDER), post("/org", WRITE, &taken))
            .after(post("/org", WRITE, &taken))
            .answers(200, named(47, "garage_lenoir_3"))
            .changes(["+ organizations"]),
        row("a name without a letter that an alias may have", I(PAGE), post("/org", WRITE, &json!({ "name": "東京" })))
            .answers(200, named(46, "org"))
            .changes(["+ organizations"]),
        row("what is sent changes", D(PAGE), post("/org/42", ADMIN, &json!({ "name": "Martin" })))
            .answers(200, changed(42))
            .changes([r#"~ organizations/42 {"name":"Martin"}"#]),
        row("no limit any more", D(PAGE), post("/org/43", WRITE, &json!({ "max_businesses": null })))
            .answers(200, changed(43))
            .changes([r#"~ organizations/43 {"max_businesses":null}"#]),
        row("a user", D(PAGE), get("/user/5309c3a237bbc544d8e26739", ADMIN)).answers(200, paul()),
        row("a user is deleted", D(PAGE), at("/partoo/user/5309c3a237bbc544d8e26739", ADMIN))
            .answers(200, json!({ "id": "5309c3a237bbc544d8e26739", "status": "success" }))
            .changes(["- users/5309c3a237bbc544d8e26739"]),
        row("a business by its code", D(PAGE), get("/business/c-CS-69006", ADMIN))
            .answers(200, foch()),
        row("a business is deleted", E(OLDER), at("/partoo/business/5409c35a97bbc544d8e26739", WRITE))
            .answers(200, json!({ "id": "5409c35a97bbc544d8e26739", "status": "success" }))
            .changes([
                "- businesses/5409c35a97bbc544d8e26739",
                r#"~ users/5309c3a237bbc544d8e2673a {"business_ids":[]}"#,
            ]),
        row("keys that are revoked", D(PAGE), get("/api_keys?status=disabled", WRITE))
            .answers(200, page(1, 1, "api_keys", &json!([old_key]))),
        row("nobody's keys are a bot's", D(PAGE), get("/api_keys?type=bot", WRITE))
            .answers(200, page(1, 0, "api_keys", &json!([]))),
    ];
    hold("partoo", &rows);
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn partoo_finds_what_is_searched_for() {
    let answer = emulator(noon());
    let found = |path: &str, key: &str| {
        let answer = handle(&answer, &get(path, key), noon());
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        let body = answer.json();
        let (_, entries) = body.as_object().unwrap().iter().next_back().unwrap();
        let id = |entry: &Value| match entry.get("org_id").filter(|_| entry.get("id").is_none()) {
            Some(id) => id.to_string(),
            None => entry["id"]
                .to_string()
                .trim_matches('"')
                .replace("5309c3a237bbc544d8e2", "u")
                .replace("5409c35a97bbc544d8e2", "b"),
        };
        let ids: Vec<String> = entries.as_array().unwrap().iter().map(id).collect();
        format!("{}/{} of {}: {}", body["page"], body["max_page"], body["count"], ids.join(" "))
    };
    let calls = [
        ("/org/search", READ, "1/1 of 4: 1 42 43 45"),
        ("/org/search?per_page=2&page=2", READ, "2/2 of 4: 43 45"),
        ("/org/search?per_page=2&page=-1", READ, "1/2 of 4: 1 42"),
        ("/org/search?per_page=2&page=9", READ, "9/2 of 4: "),
        ("/org/search?query=MARTIN", READ, "1/1 of 1: 42"),
        ("/org/search?query=4", READ, "1/1 of 3: 42 43 45"),
        ("/org/search?alias=garage_lenoir", READ, "1/1 of 1: 43"),
        ("/org/search?org_id=43", READ, "1/1 of 1: 43"),
        ("/org/search?org_id=43", ADMIN, "1/1 of 1: 42"),
        ("/user/search", READ, "1/1 of 5: u0001 u6737 u6738 u6739 u673a"),
        ("/user/search", ADMIN, "1/1 of 4: u6737 u6738 u6739 u673a"),
        ("/user/search?query=ines", ADMIN, "1/1 of 1: u6738"),
        ("/user/search?query=in%C3%88s%20gar", ADMIN, "1/1 of 1: u6738"),
        ("/user/search?email=PAUL@example.com", READ, "1/1 of 1: u6739"),
        ("/user/search?last_name=mar", READ, "1/1 of 0: "),
        ("/user/search?last_name=Mar", READ, "1/1 of 1: u6737"),
        ("/user/search?role=PROVIDER,ORG_ADMIN", READ, "1/1 of 2: u0001 u6737"),
        ("/user/search?role=BUSINESS_MANAGER&order_by=-last_name", READ, "1/1 of 2: u673a u6739"),
        ("/user/search?status=invited", READ, "1/1 of 1: u673a"),
        ("/user/search?business_id=5409c35a97bbc544d8e26737", READ, "1/1 of 1: u6739"),
        ("/user/search?group_id=310", READ, "1/1 of 1: u6738"),
        ("/business/search", READ, "1/1 of 3: b6737 b6738 b6739"),
        ("/business/search?status=open&city=Lyon", ADMIN, "1/1 of 1: b6737"),
        ("/business/search?query=bellecour", ADMIN, "1/1 of 1: b6737"),
        ("/business/search?name=FOCH", ADMIN, "1/1 of 1: b6738"),
        ("/business/search?code__in=CS-69006,CS-75011", ADMIN, "1/1 of 2: b6738 b6739"),
        ("/business/search?business__in=5409c35a97bbc544d8e26738", ADMIN, "1/1 of 1: b6738"),
        ("/business/search?modified__gte=1601000000", ADMIN, "1/1 of 2: b6738 b6739"),
        ("/api_keys", WRITE, "1/1 of 5: 3245 3246 3247 3248 3249"),
        ("/api_keys?status=active", WRITE, "1/1 of 3: 3245 3246 3247"),
        ("/api_keys?status=expired", WRITE, "1/1 of 1: 3249"),
        ("/api_keys?status=inactive", WRITE, "1/1 of 2: 3248 3249"),
        ("/api_keys?search_text=report", WRITE, "1/1 of 1: 3246"),
        ("/api_keys?search_text=partoo-org-admin", WRITE, "1/1 of 1: 3247"),
        ("/api_keys", ADMIN, "1/1 of 1: 3247"),
    ];
    for (path, key, expected) in calls {
        assert_eq!(found(path, key), expected, "{path} {key}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn partoo_refuses_the_calls_around_a_deletion() {
    let wrong_value = |field: &str, text: &str| wrong(&json!({ field: text }));
    let forbidden = json!({ "errors": { "authorization": "Operation not allowed" } });
    let not_found = wrong(&json!("Resource not found"));
    let user = "/user/5309c3a237bbc544d8e26739";
    let refused = |situation, source, call: Call, status, body: &Value| {
        row(situation, source, call).answers(status, body.clone())
    };
    let rows = [
        refused(
            "no key",
            D(PAGE),
            get("/org/search", READ).without("x-APIKey"),
            401,
            &json!({ "errors": { "authentication": "User not authenticated" } }),
        ),
        refused(
            "a READ key creates",
            I(PAGE),
            post("/org", READ, &json!({ "name": "A" })),
            403,
            &forbidden,
        ),
        refused(
            "an ORG_ADMIN creates",
            E(OLDER),
            post("/org", ADMIN, &json!({ "name": "A" })),
            403,
            &forbidden,
        ),
        refused("of another provider", I(PAGE), get("/org/44", READ), 403, &forbidden),
        refused(
            "a search for one of another provider",
            I(PAGE),
            get("/org/search?org_id=44", READ),
            403,
            &forbidden,
        ),
        refused("an unknown organization", D(PAGE), get("/org/999", READ), 404, &not_found),
        refused(
            "an id that is a word",
            I(OLDER),
            get("/org/x", READ),
            400,
            &wrong_value("org_id", "must be an integer"),
        ),
        refused(
            "a page that is a word",
            I(OLDER),
            get("/org/search?page=x", READ),
            400,
            &wrong_value("page", "must be an integer"),
        ),
        refused(
            "too many a page",
            I(OLDER),
            get("/user/search?per_page=101", READ),
            400,
            &wrong_value("per_page", "is an incorrect value"),
        ),
        refused(
            "an unknown order",
            I(OLDER),
            get("/user/search?order_by=lang", READ),
            400,
            &wrong_value("order_by", "is an incorrect value"),
        ),
        refused(
            "an unknown status",
            I(OLDER),
            get("/api_keys?status=lost", READ),
            400,
            &wrong_value("status", "is an incorrect value"),
        ),
        refused(
            "no name",
            I(OLDER),
            post("/org", WRITE, &json!({})),
            400,
            &wrong_value("name", "is required"),
        ),
        refused(
            "an alias of other letters",
            I(OLDER),
            post("/org", WRITE, &json!({ "name": "A", "alias": "A b" })),
            400,
            &wrong_value("alias", "is an incorrect value"),
        ),
        refused(
            "a taken alias",
            I(PAGE),
            post("/org/42", WRITE, &json!({ "alias": "garage_lenoir" })),
            400,
            &wrong_value("alias", "already exists"),
        ),
        refused(
            "a READ key changes",
            I(PAGE),
            post("/org/42", READ, &json!({ "name": "A" })),
            403,
            &forbidden,
        ),
        refused(
            "an ORG_ADMIN sets the limit",
            I(PAGE),
            post("/org/42", ADMIN, &json!({ "max_businesses": 3 })),
            403,
            &forbidden,
        ),
        refused(
            "malformed JSON",
            E(ERRORS),
            post("/org", WRITE, &json!({})).body("{"),
            400,
            &wrong(&json!({})),
        ),
        refused(
            "a body that is not said to be JSON",
            D(ERRORS),
            post("/org/42", WRITE, &json!({})).with("content-type", "text/plain"),
            415,
            &wrong(&json!("Unsupported media type. Please use application/json")),
        ),
        refused(
            "an unknown user",
            D(PAGE),
            get("/user/5309c3a237bbc544d8e20000", READ),
            404,
            &not_found,
        ),
        refused(
            "a user of another provider",
            I(PAGE),
            get("/user/5309c3a237bbc544d8e30001", READ),
            403,
            &forbidden,
        ),
        refused(
            "a READ key deletes a user",
            I(PAGE),
            at(&format!("/partoo{user}"), READ),
            403,
            &forbidden,
        ),
        refused("an unknown business", D(PAGE), get("/business/c-NO", ADMIN), 404, &not_found),
        refused(
            "a code is no id to a PROVIDER",
            D(PAGE),
            get("/business/c-CS-69006", READ),
            404,
            &not_found,
        ),
        refused(
            "a business of another organization",
            I(PAGE),
            get("/business/5409c35a97bbc544d8e30001", ADMIN),
            403,
            &forbidden,
        ),
        refused(
            "a READ key deletes a business",
            I(PAGE),
            at("/partoo/business/5409c35a97bbc544d8e26739", READ),
            403,
            &forbidden,
        ),
    ];
    hold("partoo", &rows);
}

#[test]
fn a_partoo_organization_comes_is_seen_changes_and_goes_with_all_it_has() {
    let emulator = emulator(noon());
    let ask = |call: Call, status: u16| {
        let answer = handle(&emulator, &call, noon());
        assert_eq!(answer.status, status, "{}: {}", call.target, answer.body);
        answer.json()
    };
    ask(post("/org", WRITE, &json!({ "name": "Épicerie Lune", "max_businesses": 5 })), 200);
    assert_eq!(ask(get("/org/search?query=lune", READ), 200)["orgs"], json!([lune(46)]));
    assert_eq!(ask(get("/org/search", READ), 200)["count"], 5);
    ask(post("/org/46", WRITE, &json!({ "name": "Lune", "alias": "lune" })), 200);
    let read = ask(get("/org/46", READ), 200);
    assert_eq!((&read["name"], &read["alias"]), (&json!("Lune"), &json!("lune")));
    ask(of("46"), 200);
    ask(get("/org/46", READ), 404);
    assert_eq!(ask(get("/org/search?query=lune", READ), 200)["count"], 0);

    ask(at("/partoo/user/5309c3a237bbc544d8e26739", WRITE), 200);
    assert_eq!(ask(get("/user/search?query=paul", READ), 200)["count"], 0);
    ask(at("/partoo/business/c-CS-75011", ADMIN), 200);
    assert_eq!(ask(get("/business/search", READ), 200)["count"], 2);
    let lea = ask(get("/user/5309c3a237bbc544d8e2673a", READ), 200);
    assert_eq!(lea["business_ids"], json!([]));

    let before = records(&emulator);
    ask(of("42?force=true"), 200);
    for path in ["/org/search?org_id=42", "/user/search?org_id=42", "/business/search?org_id=42"] {
        assert_eq!(ask(get(path, READ), 200)["count"], 0, "{path}");
    }
    assert_eq!(ask(get("/api_keys?search_text=partoo-org-admin", READ), 200)["count"], 0);
    ask(get("/org/search", ADMIN), 401);
    let after = records(&emulator);
    let others = |place: &&String| {
        place.starts_with("partoo/") && before[*place].get("org_id") != Some(&json!(42))
    };
    let left: Vec<_> =
        before.keys().filter(others).filter(|place| !after.contains_key(*place)).collect();
    assert_eq!(left, ["partoo/api_keys/3247", "partoo/organizations/42"]);
    assert!(after.contains_key("partoo/businesses/5409c35a97bbc544d8e30001"), "Ottica Bellini's");
}

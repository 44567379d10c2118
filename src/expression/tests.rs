//! What expressions and templates mean, said in tables.

use std::fmt::Write;
use std::sync::Arc;

use expect_test::{Expect, expect};
use minijinja::value::{Enumerator, Kwargs, Object, ObjectRepr, from_args};
use minijinja::{Error, State};
use proptest::prelude::*;
use serde_json::json;

use super::*;

/// A table as the store's will be: read by key, asked by method, not gone through.
#[derive(Debug)]
struct Table(Vec<serde_json::Value>);

impl Table {
    fn record(&self, key: &Value) -> Option<Value> {
        self.0.iter().find(|record| from_json(&record["id"]) == *key).map(from_json)
    }
}

impl Object for Table {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.record(key)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        Ok(match method {
            "all" => self.0.iter().map(from_json).collect(),
            "find" => {
                let (id, rest): (Value, Kwargs) = from_args(args)?;
                let status: Option<String> = rest.get("status")?;
                let record = self.record(&id).filter(|record| {
                    let given = record.get_attr("status").unwrap_or_default();
                    status.is_none_or(|status| given.as_str() == Some(&status))
                });
                record.unwrap_or_default()
            }
            _ => {
                let (rest,): (Kwargs,) = from_args(args)?;
                let slug: String = rest.get("slug")?;
                let found = self.0.iter().find(|record| record["slug"] == slug.as_str());
                found.map(from_json).unwrap_or_default()
            }
        })
    }
}

fn scope() -> Value {
    let organizations = Table(vec![
        json!({ "id": "a", "slug": "acme", "status": "active", "size": 3, "owner": { "name": "Ann" } }),
        json!({ "id": "b", "slug": "beta", "status": "closed", "size": null }),
        json!({ "id": 7, "slug": "seven", "status": "active", "size": 12 }),
    ]);
    Value::from_object(std::collections::BTreeMap::from([
        ("organizations", Value::from_object(organizations)),
        ("organization", Value::from(())),
        (
            "body",
            from_json_shared(Arc::new(json!({
                "ids": ["b", "x", "a", "b"], "text": "Ab c", "nothing": null, "empty": "",
                "yes": "True", "no": "False", "n": 5, "big": 18_446_744_073_709_551_615_u64,
                "half": 2.5, "when": "2026-11-22T08:30:00Z", "deep": { "list": [1, { "x": 2 }] },
                "mixed": ["b", "B", null, 10, 9, "a", true],
                "lines": [{ "k": "u", "v": 2 }, { "k": "w" }, { "k": "u", "v": 1 }],
            }))),
        ),
        ("now", Value::from("2026-11-22T08:30:00.000Z")),
        (
            "violations",
            from_json(&json!([
                { "field": "force", "message": "must be a bool" },
                { "field": "", "message": "no JSON" },
                { "field": "force", "message": "second" },
            ])),
        ),
    ]))
}

fn evaluated(source: &str) -> String {
    match Expression::compile(source) {
        Err(mistake) => format!("MISTAKE {mistake}"),
        Ok(expression) => {
            let said = |outcome: Result<Value, Failure>| match outcome {
                Ok(value) => to_json(&value).to_string(),
                Err(failure) => format!("FAILURE {}", failure.reason),
            };
            said(expression.eval(&scope()))
        }
    }
}

#[track_caller]
fn gives(table: &Expect) {
    every_line(table, evaluated);
}

/// Compares a table of lines `source  ->  outcome`; it names its own sources.
#[track_caller]
fn every_line(table: &Expect, outcome: impl Fn(&str) -> String) {
    let sources = table.data().lines().map(|line| line.split("->").next().unwrap_or_default());
    let sources: Vec<&str> = sources.map(str::trim).collect();
    let lines: Vec<String> = sources
        .iter()
        .filter(|source| !source.is_empty())
        .map(|source| {
            format!(
                "{source}  ->  {}
",
                outcome(source)
            )
        })
        .collect();
    table.assert_eq(&lines.concat());
}

struct Scope;

impl ScopeNames for Scope {
    fn name(&self, name: &str) -> Option<Type> {
        Some(match name {
            "organization" => Type::Record("organizations".into()),
            "organizations" => Type::Table("organizations".into()),
            "users" => Type::Table("users".into()),
            "principal" => Type::Record("users".into()),
            "body" => Type::Any,
            "ids" => Type::List(Box::new(Type::Scalar)),
            "path" => Type::fields([("id".to_owned(), Type::Scalar)]),
            "now" => Type::Scalar,
            _ => return None,
        })
    }

    fn names(&self) -> Vec<String> {
        ["organization", "organizations", "users", "principal", "body", "ids", "path", "now"]
            .map(str::to_owned)
            .to_vec()
    }

    fn property(&self, record: &str, property: &str) -> Option<Type> {
        Some(match (record, property) {
            ("organizations", "id" | "slug" | "owner_id" | "status")
            | ("users", "id" | "role" | "token") => Type::Scalar,
            ("organizations", "owner") => Type::Record("users".into()),
            ("organizations", "users") => Type::List(Box::new(Type::Record("users".into()))),
            ("users", "organization") => Type::Record("organizations".into()),
            _ => return None,
        })
    }

    fn properties(&self, record: &str) -> Vec<String> {
        let properties: &[&str] = match record {
            "organizations" => &["id", "slug", "owner_id", "status", "owner", "users"],
            _ => &["id", "role", "token", "organization"],
        };
        properties.iter().map(|&property| property.to_owned()).collect()
    }
}

fn checked(source: &str) -> String {
    match Expression::compile(source) {
        Err(mistake) => format!("MISTAKE {mistake}"),
        Ok(expression) => {
            let (known, mistakes) = expression.check(&Scope);
            let mistakes: Vec<String> = mistakes.iter().map(Mistake::to_string).collect();
            if mistakes.is_empty() { format!("{known:?}") } else { mistakes.join("; ") }
        }
    }
}

#[track_caller]
fn checks(table: &Expect) {
    every_line(table, checked);
}

#[test]
fn what_is_absent_is_none_and_reading_on_gives_none() {
    gives(&expect![[r#"
            organization  ->  null
            organization.owner.name  ->  null
            organization is none  ->  true
            organization is not none  ->  false
            body.missing  ->  null
            body.missing.more['x'][0]  ->  null
            body.missing is none  ->  true
            body.nothing.more is none  ->  true
            body.text.more is none  ->  true
            body.n is none  ->  false
            organizations['zz'] is none  ->  true
            organizations['zz'].owner.name  ->  null
            organizations.get(slug='zz').id is none  ->  true
            body.missing is defined  ->  false
            body.ids[99]  ->  null
            body.ids[-1]  ->  "b"
            1 if false  ->  null
            body.missing or 'else'  ->  "else"
            not organization  ->  true
            undeclared  ->  FAILURE name `undeclared` is not declared
        "#]]);
}

#[test]
fn none_equals_none_only_and_has_no_order() {
    gives(&expect![[r#"
        body.missing == body.nothing  ->  true
        body.missing != body.nothing  ->  false
        body.missing == 'x'  ->  false
        body.nothing != 'x'  ->  true
        body.missing == body.n  ->  false
        body.nothing < 1  ->  false
        body.missing > 0  ->  false
        body.missing <= body.missing  ->  false
        body.missing in body.ids  ->  false
        body.n in body.missing  ->  false
        body.n not in body.nothing  ->  true
        'x' in body.nothing  ->  false
        body.nothing in 'None'  ->  false
        body.nothing in body.mixed  ->  true
        body.missing + 1  ->  FAILURE `+` is for numbers, not none and a number
        body.missing ~ 'x'  ->  "x"
        body.nothing ~ true ~ 1 ~ [1]  ->  "true1[1]"
        body.missing[:2]  ->  []
        body.missing[0]  ->  null
        -body.missing  ->  FAILURE a number is needed, not none
        organizations.get(slug='acme').size > 2  ->  true
        organizations.get(slug='beta').size > 2  ->  false
    "#]]);
}

#[test]
fn filters_take_none_for_an_empty_list_and_keep_it_as_a_value() {
    let mut table = String::new();
    let mut by_outcome = std::collections::BTreeMap::<String, Vec<&str>>::new();
    for filter in language::FILTERS {
        let arguments = match filter.name {
            "replace" => "('a', 'b')",
            "selectattr" | "rejectattr" => "('id', 'eq', 1)",
            "map" | "groupby" => "(attribute='id')",
            "lookup" => "(organizations)",
            "with" | "without" => "(none)",
            "date" => "('%Y')",
            "later" | "earlier" => "(days(1))",
            "default" => "('d')",
            _ => "",
        };
        let filter = filter.name;
        let none = evaluated(&format!("none | {filter}{arguments}"));
        let absent = evaluated(&format!("body.missing | {filter}{arguments}"));
        assert_eq!(none, absent, "{filter}");
        by_outcome.entry(none).or_default().push(filter);
    }
    for (outcome, filters) in by_outcome {
        writeln!(table, "{outcome}: {}", filters.join(" ")).unwrap();
    }
    expect![[r#"
        "": join
        "d": default
        "null": tojson
        0: length count sum
        []: split list unique sort reverse select reject selectattr rejectattr with without map groupby items lookup
        false: bool
        null: lower upper capitalize trim replace string unaccented slug md5 sha256 cyrb53 int float abs round first last min max view link_header epoch epoch_ms date later earlier
        {}: by_field
    "#]]
    .assert_eq(&table);
}

#[test]
fn operators_and_filters_do_not_surprise() {
    gives(&expect![[r#"
            body.yes | bool  ->  true
            body.no | bool  ->  false
            body.text | bool  ->  FAILURE `Ab c` is neither true nor false
            body.no | string | lower in ['true', '1']  ->  false
            true | string  ->  "true"
            'Épicerie Inès, ȧ' | unaccented  ->  "Epicerie Ines, a"
            'Épicerie Inès' | unaccented | slug is ascii  ->  true
            ['Łódź', 'Œuvre', '東京', '한국'] | map('unaccented') | list  ->  ["Łodz","Œuvre","東京","한국"]
            '東京' is ascii or 3 is ascii or none is ascii  ->  false
            body.deep | string  ->  "{\"list\":[1,{\"x\":2}]}"
            [1, 'a', none] | string  ->  "[1,\"a\",null]"
            ['B', 'a', 'b', 'B'] | unique  ->  ["B","a","b"]
            body.mixed | sort  ->  [null,true,9,10,"B","a","b"]
            body.mixed | sort(reverse=true) | first  ->  "b"
        "#]]);
}

#[test]
fn filters_over_lists_mind_case_and_absence() {
    gives(&expect![[r#"
            body.lines | sort(attribute='v') | map(attribute='v')  ->  [null,1,2]
            body.lines | sum(attribute='v')  ->  3
            body.lines | max(attribute='v')  ->  {"k":"u","v":2}
            body.lines | map(attribute='v', default=0)  ->  [2,0,1]
            body.lines | map(attribute='k') | unique | join(', ')  ->  "u, w"
            body.lines | groupby('k') | map(attribute='list') | map('length')  ->  [2,1]
            body.lines | selectattr('v') | list  ->  [{"k":"u","v":2},{"k":"u","v":1}]
            body.lines | rejectattr('v', 'gt', 1) | length  ->  2
            body.ids | select('in', ['a', 'x']) | list  ->  ["x","a"]
            body.text | list  ->  FAILURE a list is needed, not a text
            body.text | length  ->  4
            body.text | first  ->  FAILURE a list is needed, not a text
            body.deep | items  ->  [["list",[1,{"x":2}]]]
            organizations | list  ->  FAILURE a list is needed, not a table
            organizations | length  ->  FAILURE a list is needed, not a table
        "#]]);
}

#[test]
fn arithmetic_keeps_integers_and_refuses_text() {
    gives(&expect![[r#"
        'x' * 3  ->  FAILURE `*` is for numbers, not a text and a number
        3 * 4  ->  12
        2 * 1.5  ->  3.0
        9223372036854775807 * 2  ->  18446744073709551614
        1 + 2 - 4  ->  -1
        7 / 2  ->  3.5
        7 // 2  ->  3
        7 % 0  ->  FAILURE division by zero
        1 / 0  ->  FAILURE division by zero
        '5' + 1  ->  FAILURE `+` is for numbers, not a text and a number
        'a' < 1  ->  FAILURE a text and a number have no order
        'a' < 'b'  ->  true
        1 < 1.5  ->  true
        [1] + [2]  ->  [1,2]
        (1, 2) == [1, 2]  ->  true
        body.ids[:2]  ->  ["b","x"]
        body.ids[1:][0]  ->  "x"
        'abc'[1:]  ->  "bc"
        body.big  ->  18446744073709551615
        body.n | int + 1  ->  6
        '12' | int  ->  12
        'x' | int  ->  FAILURE `x` cannot be read as an integer
        'x' | int(default=0)  ->  0
        body.half | round  ->  2.0
        2.675 | round(2)  ->  2.67
        'a,b' | split(',')  ->  ["a","b"]
        'aXbX' | replace('X', '-')  ->  "a-b-"
        'it''s'  ->  "its"
        {'a': {'b': 1}}  ->  {"a":{"b":1}}
        {'a': {'b': 1}}.a.b  ->  1
        body.deep.list[1].x  ->  2
        body.deep.list.1.x  ->  2
        body.deep == {'list': [1, {'x': 2}]}  ->  true
        body.text is startingwith('Ab')  ->  true
        4 is odd  ->  false
        body.n if body.n > 4 else 0  ->  5
    "#]]);
}

#[test]
fn tables_are_asked_and_not_gone_through() {
    gives(&expect![[r#"
            organizations['a'].owner.name  ->  "Ann"
            organizations[7].slug  ->  "seven"
            organizations[body.ids[0]].slug  ->  "beta"
            organizations.get(slug='acme').id  ->  "a"
            organizations.find('a', status='closed')  ->  null
            organizations.all() | map(attribute='id')  ->  ["a","b",7]
            'a' in organizations  ->  true
            'zz' in organizations  ->  false
            body.ids | lookup(organizations) | map(attribute='id')  ->  ["b","a","b"]
            body.ids | unique | lookup(organizations, status='active') | map(attribute='id')  ->  ["a"]
            'a' | lookup(organizations) | length  ->  1
            body.missing | lookup(organizations)  ->  []
            body.ids | lookup(body.n)  ->  FAILURE number has no method named find
        "#]]);
}

#[test]
fn times_move_by_durations() {
    gives(&expect![[r#"
            now - days(3)  ->  "2026-11-19T08:30:00.000Z"
            now + hours(1)  ->  "2026-11-22T09:30:00.000Z"
            now + (days(1) + hours(2))  ->  "2026-11-23T10:30:00.000Z"
            hours(1) + now  ->  "2026-11-22T09:30:00.000Z"
            now - days(1) - minutes(30)  ->  "2026-11-21T08:00:00.000Z"
            now + 2 * days(1)  ->  "2026-11-24T08:30:00.000Z"
            body.when - weeks(1)  ->  "2026-11-15T08:30:00.000Z"
            body.missing - weeks(1)  ->  null
            body.text + days(1)  ->  FAILURE `Ab c` is not a time as RFC 3339 writes it
            now | later('10s')  ->  "2026-11-22T08:30:10.000Z"
            now | earlier('90m')  ->  "2026-11-22T07:00:00.000Z"
            now | later(1500)  ->  "2026-11-22T08:30:01.500Z"
            now | later('soon')  ->  FAILURE `soon` is not a duration
            now | epoch  ->  1795336200
            now | epoch_ms  ->  1795336200000
            now | date('%Y-%m-%d')  ->  "2026-11-22"
            now | date('%!')  ->  FAILURE `%!` is not a date format: strftime formatting failed: found unrecognized specifier directive `!`
            body.text | epoch  ->  FAILURE `Ab c` is not a time as RFC 3339 writes it
            days(0.5)  ->  43200000
            days(1) - now  ->  MISTAKE a time cannot be taken from a duration (write the time first, as in `now - days(1)`)
            now + days(99999999999999999)  ->  "9999-12-30T22:00:00.999Z"
            (now - days(1)) < now  ->  true
        "#]]);
}

#[test]
fn hashes_are_what_other_programs_make_of_a_text() {
    gives(&expect![[r#"
            '' | md5  ->  "d41d8cd98f00b204e9800998ecf8427e"
            'tombstone' | md5  ->  "dba875f17715ae8c86f4a7924eb00842"
            'é' | sha256  ->  "4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c"
            7 | md5  ->  "8f14e45fceea167a5a36dedd4bea2543"
            [1] | md5  ->  FAILURE a text is needed, not a list
            '' | cyrb53  ->  3338908027751811
            '12-4-24' | cyrb53  ->  1856907974154638
            'é😀' | cyrb53  ->  402108947828814
        "#]]);
}

#[test]
fn violations_become_an_object_by_field() {
    gives(&expect![[r#"
        violations | by_field  ->  {"force":"must be a bool"}
        violations[1:2] | by_field  ->  {}
    "#]]);
}

#[test]
fn links_become_a_header_by_their_relation() {
    gives(&expect![[r#"
        {'previous': '/a', 'next': '/b?c=<d>', 'last': none} | link_header  ->  "</a>; rel=\"prev\", </b?c=%3Cd%3E>; rel=\"next\""
        {} | link_header  ->  null
        {'a "b': '/'} | link_header  ->  FAILURE `a "b` is not a relation of links
        ['/a'] | link_header  ->  FAILURE an object of addresses is needed, not a list
    "#]]);
}

#[test]
fn what_cannot_be_meant_is_a_mistake_at_compilation() {
    gives(&expect![[r"
        a b  ->  MISTAKE `a b` cannot be read: unexpected input after expression, at column 3
        a = 1  ->  MISTAKE `a = 1` cannot be read: unexpected input after expression, at column 3 (equality is `==`)
        a ==  ->  MISTAKE `a ==` cannot be read: unexpected end of input, expected expression, at column 3
        (a  ->  MISTAKE `(a` cannot be read: unexpected end of input, expected `)`, at column 2
        'open  ->  MISTAKE `'open` cannot be read: unexpected end of string, at column 6
        a | lowr  ->  MISTAKE filter `lowr` is not known (did you mean `lower`?)
        a | map('lowr')  ->  MISTAKE filter `lowr` is not known (did you mean `lower`?)
        a | selectattr('x', 'equals', 1)  ->  MISTAKE test `equals` is not known (did you mean `equalto`?)
        a | selectattr('x', 'eq')  ->  MISTAKE test `eq` takes 1 argument, not 0
        a is emty  ->  MISTAKE test `emty` is not known
        a is eq  ->  MISTAKE test `eq` takes 1 argument, not 0
        dys(3)  ->  MISTAKE function `dys` is not known (did you mean `days`?)
        days()  ->  MISTAKE function `days` takes one number
        organizations.al()  ->  MISTAKE method `al` is not known (did you mean `all`?)
        a[0](1)  ->  MISTAKE only functions and methods can be called
        a | sort(atribute='x')  ->  MISTAKE filter `sort` has no argument `atribute` (did you mean `attribute`?)
        a | replace('x')  ->  MISTAKE filter `replace` takes 2 arguments without a name, not 1
        a | map  ->  MISTAKE filter `map` has no argument (name a property, as in `map(attribute='id')`)
        a | map(b)  ->  MISTAKE filter `map` needs the name of a filter or test in quotes
        a | groupby  ->  MISTAKE filter `groupby` has no argument
        a | lookup(*b)  ->  MISTAKE `*` and `**` before an argument are not offered
        1 < a < 3  ->  MISTAKE comparisons in a row are not offered (write `a < b and b < c`)
        a[::2]  ->  MISTAKE a slice has no step (turn a list with `| reverse`)
        a | times_(2)  ->  MISTAKE filter `times_` is not known (did you mean `items`?)
        range(3)  ->  MISTAKE function `range` is not known
        {% if %}  ->  MISTAKE `{% if %}` cannot be read: unexpected `%`, at column 2
    "]]);
    let deep = format!("{}1{}", "(".repeat(60), ")".repeat(60));
    let long = "a".repeat(EXPRESSION_BYTES_MAX + 1);
    let signs = "-".repeat(EXPRESSION_BYTES_MAX - 1) + "1";
    let chain = "a+".repeat(1000) + "a";
    let table: Vec<String> =
        [deep, long, signs, chain].iter().map(|source| evaluated(source)).collect();
    expect![[r"
        1
        MISTAKE the expression is longer than 4096 bytes (split it with `let`)
        MISTAKE the expression is nested too deeply (split it with `let`)
        MISTAKE the expression is nested too deeply (split it with `let`)"]]
    .assert_eq(&table.join("\n"));
}

#[test]
fn expressions_of_real_behavior_files_compile() {
    for source in [
        "credential.workspace_id != credentials.ApiKey.id",
        "failure.reason == 'missing' and failure.scheme == 'ApiKey'",
        "violations | selectattr('keyword', 'in', ['parse', 'media_type']) | list or violations | selectattr('pointer', 'eq', '') | list",
        "violations[0].message",
        "body.data.organizationIds | unique | list",
        "body.data.userIds[:30]",
        "(body.data.organizationIds or organizations.all() | map(attribute='id')) | unique | list",
        "'Deleted' if id in organizations else 'Organization does not exist'",
        "outcome.job.tasks | length",
        "job.last_task_at | epoch_ms",
        "args.users | lookup(members, organization_id=args.organization)",
        "record.canceled_at or now",
        "organizations[path.id | lower]",
        "query.force if query.force is not none else body.force",
        "given | string | lower in ['true', '1']",
        "organization.users | length + organization.businesses | length",
        "principal.role != 'PROVIDER' or credential.access != 'WRITE'",
        "linked > 0 and not force",
        "organizations[path.organizationId | lower] or organizations.get(slug=path.organizationId)",
        "collaborators.get(organization_id=organization.id, user_id=principal.id).role",
        "organization.subscriptions | selectattr('status', 'eq', 'active') | rejectattr('endedAt') | list",
        "role not in ['owner', 'admin']",
    ] {
        assert!(Expression::compile(source).is_ok(), "{source}");
    }
}

#[test]
fn the_longest_expression_is_taken() {
    let source = format!("'{}'", "a".repeat(EXPRESSION_BYTES_MAX - 2));
    assert!(Expression::compile(&source).is_ok());
}

#[test]
fn the_check_knows_names_and_properties() {
    checks(&expect![[r#"
        organizaton.id  ->  name `organizaton` is not declared (did you mean `organization`?)
        organization.owner_idd  ->  a record of `organizations` has no property `owner_idd` (did you mean `owner_id`?)
        organization.owner.rol  ->  a record of `users` has no property `rol` (did you mean `role`?)
        organization.owner.role  ->  Scalar
        organization['slugg']  ->  a record of `organizations` has no property `slugg` (did you mean `slug`?)
        organizations[path.id].slugg  ->  a record of `organizations` has no property `slugg` (did you mean `slug`?)
        organizations[path.id]  ->  Record("organizations")
        organizations.get(slug=path.id)  ->  Record("organizations")
        organizations.get(slgu=path.id).id  ->  a record of `organizations` has no property `slgu` (did you mean `slug`?)
        organizations.find(path.id).idd  ->  a record of `organizations` has no property `idd` (did you mean `id`?)
        organizations.all()  ->  List(Record("organizations"))
        organizations.all  ->  method `all` of table `organizations` is not called (write `.all(…)`)
        organizations.id  ->  table `organizations` has no property `id` (pick a record first, as in `organizations[…].id`)
        ids | lookup(organizations)  ->  List(Record("organizations"))
        (ids | lookup(organizations))[0].idd  ->  a record of `organizations` has no property `idd` (did you mean `id`?)
        ids | lookup(users, rol='x')  ->  a record of `users` has no property `rol` (did you mean `role`?)
        ids | lookup(ids)  ->  filter `lookup` looks into what is not a table (name a resource, as in `ids | lookup(users)`)
        ids | lookup(body.x) | map(attribute='whatever')  ->  List(Any)
        organization.users | map(attribute='idd')  ->  a record of `users` has no property `idd` (did you mean `id`?)
        organization.users | map(attribute='organization.slugg')  ->  a record of `organizations` has no property `slugg` (did you mean `slug`?)
        organization.users | map(attribute='id')  ->  List(Scalar)
        organization.users | selectattr('statuss', 'eq', 1)  ->  a record of `users` has no property `statuss`
        organization.users | sort(attribute='idd')  ->  a record of `users` has no property `idd` (did you mean `id`?)
        organization.users | groupby('rol')  ->  a record of `users` has no property `rol` (did you mean `role`?)
        (organization.users | groupby('role'))[0].list[0].tokn  ->  a record of `users` has no property `tokn` (did you mean `token`?)
    "#]]);
}

#[test]
fn the_check_follows_lists_and_choices() {
    checks(&expect![[r"
        organization.users[0].rolle  ->  a record of `users` has no property `rolle` (did you mean `role`?)
        (organization.users | first).rolle  ->  a record of `users` has no property `rolle` (did you mean `role`?)
        (organization.users | unique | sort(attribute='id') | reverse | last).rolle  ->  a record of `users` has no property `rolle` (did you mean `role`?)
        organization.users[:2] | rejectattr('rolle')  ->  a record of `users` has no property `rolle` (did you mean `role`?)
        organization.users.role  ->  a list has no property `role` (read it of each element with `| map(attribute='role')`)
        (organization or organizations[path.id]).slugg  ->  a record of `organizations` has no property `slugg` (did you mean `slug`?)
        (organization if path.id else none).slugg  ->  a record of `organizations` has no property `slugg` (did you mean `slug`?)
        (organization if path.id else principal).slugg  ->  Any
        (organization | default(none)).slugg  ->  a record of `organizations` has no property `slugg` (did you mean `slug`?)
        path.idd  ->  there is no property `idd` (did you mean `id`?)
        path.id.x  ->  a text, number or boolean has no property `x`
        {'a': organization}.a.idd  ->  a record of `organizations` has no property `idd` (did you mean `id`?)
        [organization][0].idd  ->  a record of `organizations` has no property `idd` (did you mean `id`?)
        organizations | map(attribute='id')  ->  table `organizations` is not a list (its records are `organizations.all()`)
        organizations | map(attribute='idd')  ->  table `organizations` is not a list (its records are `organizations.all()`); a record of `organizations` has no property `idd` (did you mean `id`?)
        organizations | length  ->  table `organizations` is not a list (its records are `organizations.all()`)
        organizations[:2]  ->  table `organizations` is not a list (its records are `organizations.all()`)
        organization | list  ->  filter `list` needs a list, not one record of `organizations`
        organization | lower  ->  filter `lower` is applied to a record of `organizations`
        ids | lower  ->  filter `lower` is applied to a list (apply it to each element with `| map('lower')`)
        path.id | unique  ->  filter `unique` needs a list, not one value
        path.id in organizations  ->  Scalar
        path.id in organization  ->  a record of `organizations` is not a list (look into one of its lists)
        organization == none  ->  none is compared with `==` (write `is none`)
        none != organization  ->  none is compared with `!=` (write `is not none`)
        organization.find(1)  ->  method `find` is called on what is not a table (only tables have methods)
        body.anything.at.all | map(attribute='x')  ->  List(Any)
        body.x.idd or principal.role  ->  Any
        principal.role == 'X' and ids | length > 2  ->  Scalar
        now - days(1)  ->  Scalar
    "]]);
}

fn rendered(template: &serde_json::Value) -> String {
    match Template::compile(template) {
        Err(mistakes) => mistakes
            .iter()
            .map(|mistake| format!("MISTAKE {} {mistake}", mistake.pointer))
            .collect::<Vec<_>>()
            .join("\n  "),
        Ok(template) => match template.render(&scope()) {
            Ok(value) => value.to_string(),
            Err(failure) => format!("FAILURE {failure}"),
        },
    }
}

#[track_caller]
fn renders(templates: &[serde_json::Value], expected: &Expect) {
    let table: Vec<String> = templates
        .iter()
        .map(|template| format!("{template}\n  {}\n", rendered(template)))
        .collect();
    expected.assert_eq(&table.concat());
}

#[test]
fn templates_render_typed_values_and_texts() {
    renders(
        &[
            json!({ "z": 1, "a": [true, null, "plain"] }),
            json!("{{ body.n }}"),
            json!(" {{ body.n }}"),
            json!("{{ body.ids }}"),
            json!("{{ body.missing }}"),
            json!("[{{ body.missing }}] {{ true }} {{ body.ids }} {{ body.deep }}"),
            json!({ "n": "{{ body.big }}", "{{ body.text }}": { "x": "{{ body.half }}" } }),
            json!(["{{ body.n }}", 1, { "x": "{{ organizations['a'] }}" }]),
            json!("{{ '{{' }} and {{ '}}' }}"),
            json!("{{ {'a': {'b': 1}}}}"),
            json!("a } b }} c { d"),
            json!("{{ organizations }}"),
            json!("{{ body.text | int }}"),
        ],
        &expect![[r#"
            {"z":1,"a":[true,null,"plain"]}
              {"z":1,"a":[true,null,"plain"]}
            "{{ body.n }}"
              5
            " {{ body.n }}"
              " 5"
            "{{ body.ids }}"
              ["b","x","a","b"]
            "{{ body.missing }}"
              null
            "[{{ body.missing }}] {{ true }} {{ body.ids }} {{ body.deep }}"
              "[] true [\"b\",\"x\",\"a\",\"b\"] {\"list\":[1,{\"x\":2}]}"
            {"n":"{{ body.big }}","{{ body.text }}":{"x":"{{ body.half }}"}}
              {"n":18446744073709551615,"Ab c":{"x":2.5}}
            ["{{ body.n }}",1,{"x":"{{ organizations['a'] }}"}]
              [5,1,{"x":{"id":"a","slug":"acme","status":"active","size":3,"owner":{"name":"Ann"}}}]
            "{{ '{{' }} and {{ '}}' }}"
              "{{ and }}"
            "{{ {'a': {'b': 1}}}}"
              {"a":{"b":1}}
            "a } b }} c { d"
              "a } b }} c { d"
            "{{ organizations }}"
              FAILURE `organizations`: a table is not a value
            "{{ body.text | int }}"
              FAILURE `body.text | int`: `Ab c` cannot be read as an integer
        "#]],
    );
}

#[test]
fn templates_repeat_over_lists() {
    renders(
        &[
            json!({ "$for": "id in body.ids", "{{ id }}": { "found": "{{ id in organizations }}" } }),
            json!({ "$for": "id in body.ids | unique", "$value": "{{ id | upper }}" }),
            json!({ "$for": "o in organizations.all()", "$value": { "$for": "c in [1, 2]", "{{ o.id }}{{ c }}": "{{ o.size }}" } }),
            json!({ "$for": "x in body.missing", "$value": 1 }),
            json!({ "$for": "x in body.missing", "{{ x }}": 1 }),
            json!({ "$for": "x in body.n", "$value": 1 }),
            json!({ "$for": "body in [1]", "$value": "{{ body }} {{ now }}" }),
        ],
        &expect![[r#"
            {"$for":"id in body.ids","{{ id }}":{"found":"{{ id in organizations }}"}}
              {"b":{"found":true},"x":{"found":false},"a":{"found":true}}
            {"$for":"id in body.ids | unique","$value":"{{ id | upper }}"}
              ["B","X","A"]
            {"$for":"o in organizations.all()","$value":{"$for":"c in [1, 2]","{{ o.id }}{{ c }}":"{{ o.size }}"}}
              [{"a1":3,"a2":3},{"b1":null,"b2":null},{"71":12,"72":12}]
            {"$for":"x in body.missing","$value":1}
              []
            {"$for":"x in body.missing","{{ x }}":1}
              {}
            {"$for":"x in body.n","$value":1}
              FAILURE `body.n`: `$for` needs a list, not a number
            {"$for":"body in [1]","$value":"{{ body }} {{ now }}"}
              ["1 2026-11-22T08:30:00.000Z"]
        "#]],
    );
}

#[test]
fn mistakes_in_templates_say_where() {
    renders(
        &[
            json!({ "a": { "b/c": ["{{ x | lowr }}", "{{ open"] }, "d": "{% if x %}" }),
            json!({ "{{ x y }}": "{# c #}" }),
            json!("{{- x }}"),
            json!({ "$for": "ids", "$value": 1 }),
            json!({ "$for": "a b in ids", "$value": 1 }),
            json!({ "$for": "x in ids |", "$value": "{{ x |" }),
            json!({ "$for": "x in ids" }),
            json!({ "$for": "x in ids", "a": 1, "b": 2 }),
            json!({ "$value": 1 }),
            json!({ "$for": 3, "$value": 1 }),
        ],
        &expect![[r#"
            {"a":{"b/c":["{{ x | lowr }}","{{ open"]},"d":"{% if x %}"}
              MISTAKE /a/b~1c/0 filter `lowr` is not known (did you mean `lower`?)
              MISTAKE /a/b~1c/1 `{{` is not closed by `}}` (write a literal `{{` as `{{ '{{' }}`)
              MISTAKE /d there are no statements (`{%`) in a template (write a literal `{%` as `{{ '{%' }}`)
            {"{{ x y }}":"{# c #}"}
              MISTAKE /{{ x y }} `x y` cannot be read: unexpected input after expression, at column 4
              MISTAKE /{{ x y }} there are no comments (`{#`) in a template (write a literal `{#` as `{{ '{#' }}`)
            "{{- x }}"
              MISTAKE  `{{-` has no meaning here (write `{{ …` with a space after it)
            {"$for":"ids","$value":1}
              MISTAKE /$for this is not of the form `name in list` (write it as `id in ids`)
            {"$for":"a b in ids","$value":1}
              MISTAKE /$for this is not of the form `name in list` (write it as `id in ids`)
            {"$for":"x in ids |","$value":"{{ x |"}
              MISTAKE /$for `ids |` cannot be read: unexpected end of input, expected identifier, at column 5
              MISTAKE /$value `{{` is not closed by `}}` (write a literal `{{` as `{{ '{{' }}`)
            {"$for":"x in ids"}
              MISTAKE  `$for` has 0 entries beside it (give it one entry, or `$value` for a list)
            {"$for":"x in ids","a":1,"b":2}
              MISTAKE  `$for` has 2 entries beside it (give it one entry, or `$value` for a list)
            {"$value":1}
              MISTAKE /$value `$value` stands without `$for` (add `$for: name in list` beside it)
            {"$for":3,"$value":1}
              MISTAKE /$for this is not of the form `name in list` (write it as `id in ids`)
        "#]],
    );
}

#[test]
fn the_check_goes_through_templates() {
    let template = json!({
        "a": ["{{ organization.idd }}", "{{ organizations }}"],
        "loop": { "$for": "user in organization.users", "{{ user.id }}": "{{ user.rol }} {{ usr }}" },
        "table": { "$for": "o in organizations", "$value": "{{ o }}" },
        "literal": 1,
    });
    let mistakes = Template::compile(&template).unwrap().check(&Scope);
    let lines: Vec<String> =
        mistakes.iter().map(|mistake| format!("{} {mistake}", mistake.pointer)).collect();
    expect![[r"
        /a/0 a record of `organizations` has no property `idd` (did you mean `id`?)
        /a/1 table `organizations` is not a value (its records are `organizations.all()`)
        /loop/{{ user.id }} a record of `users` has no property `rol` (did you mean `role`?)
        /loop/{{ user.id }} name `usr` is not declared (did you mean `user`?)
        /table/$for `$for` needs a list, not table `organizations` (its records are `organizations.all()`)"]].assert_eq(&lines.join("\n"));
}

#[test]
fn a_template_without_expressions_is_its_own_value() {
    let value = json!({ "a": [1, { "b": null }] });
    assert_eq!(Template::compile(&value).unwrap().literal(), Some(&value));
    assert_eq!(Template::compile(&json!("{{ 1 }}")).unwrap().literal(), None);
}

#[test]
fn what_is_rendered_is_bounded() {
    let thousand = format!("[{}]", "1,".repeat(700));
    let inner =
        json!({ "$for": format!("y in {thousand}"), "$value": "{{ 'a long text of its own' }}" });
    let outer = json!({ "$for": format!("x in {thousand}"), "$value": inner });
    let twice = json!({ "$for": format!("z in {thousand}"), "$value": outer });
    expect!["FAILURE `template`: the answer grows beyond 33554432 bytes"]
        .assert_eq(&rendered(&twice));
}

#[test]
fn an_object_that_leads_back_to_itself_ends() {
    #[derive(Debug)]
    struct Endless;
    impl Object for Endless {
        fn get_value(self: &Arc<Self>, _: &Value) -> Option<Value> {
            Some(Value::from_object(Self))
        }
        fn enumerate(self: &Arc<Self>) -> Enumerator {
            Enumerator::Str(&["again"])
        }
    }
    assert!(to_json(&Value::from_object(Endless)).is_object());
}

#[test]
fn json_comes_back_as_it_went() {
    for value in [
        json!(null),
        json!([true, false]),
        json!({ "z": [1, -1, 1.5, 9_007_199_254_740_993_i64], "a": { "x": "y" } }),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(1.0),
        json!([[], {}]),
    ] {
        assert_eq!(to_json(&from_json(&value)).to_string(), value.to_string());
        let shared = from_json_shared(Arc::new(value.clone()));
        assert_eq!(to_json(&shared).to_string(), value.to_string());
    }
}

#[test]
fn an_evaluation_takes_so_many_steps_and_no_more() {
    let many: Vec<i64> = (0..3_000).collect();
    let scope = Value::from_pairs([("many", from_json(&json!(many)))]);
    let expression = Expression::compile("many | reject('in', many) | list").unwrap();
    let failure = expression.eval(&scope).unwrap_err();
    assert_eq!(failure.reason, "takes too many steps");
    // The next one has steps of its own.
    let expression = Expression::compile("many | select('in', many[:3]) | list").unwrap();
    assert_eq!(to_json(&expression.eval(&scope).unwrap()), json!([0, 1, 2]));
}

#[test]
fn failures_say_the_expression() {
    let expression = Expression::compile(" body.text + 1 ").unwrap();
    let failure = expression.eval(&scope()).unwrap_err();
    expect!["`body.text + 1`: `+` is for numbers, not a text and a number"]
        .assert_eq(&failure.to_string());
    assert!(Expression::compile("body.n > 4").unwrap().holds(&scope()).unwrap());
}

proptest! {
    #[test]
    fn no_source_makes_compile_check_or_eval_panic(source in "[a-z0-9'\"{}()\\[\\]|.,:+*/%~<>=! -]{0,40}|\\PC{0,30}") {
        if let Ok(expression) = Expression::compile(&source) {
            let _ = expression.check(&Scope);
            let _ = expression.eval(&scope());
        }
        let _ = Template::compile(&json!({ source.as_str(): source })).map(|template| {
            let _ = template.check(&Scope);
            template.render(&scope())
        });
    }

    #[test]
    fn no_words_make_compile_check_or_eval_panic(
        words in proptest::collection::vec(proptest::sample::select(vec![
            "body", ".ids", ".n", ".missing", "organizations", ".all()", "[0]", "[", "]", "(", ")",
            "|", "first", "last", "sort", "map", "('length')", "unique", "days(1)", "+", "-", "*",
            "~", "/", "%", "//", "**", "<", "==", "!=", "in", "not", "and", "or", "if", "else", "is",
            "none", "odd", "'a'", "1", "0", "99999999999999999999", "-1", ":", ",", "now", "date", "('%Y')",
            "round", "(2)", "abs", "int", "{", "}", "true", "eq", "lt",
        ]), 0..14)
    ) {
        if let Ok(expression) = Expression::compile(&words.join(" ")) {
            let _ = expression.check(&Scope);
            let _ = expression.eval(&scope());
        }
    }
}

#[test]
fn a_template_leaves_out_what_is_absent_and_a_patch_removes_it() {
    let template = serde_json::json!({
        "a": "{{ body.missing }}",
        "b": "{{ body.empty }}",
        "c": "{{ body.missing or none }}",
        "d": "{{ body.missing | lower }}",
        "e": "{{ 1 if body.missing }}",
        "f": "-{{ body.missing }}-",
        "g": ["{{ body.missing }}", "{{ body.empty }}", 1],
        "h": { "$for": "x in body.list", "$value": "{{ x.y }}" },
        "i": { "$for": "x in body.list", "k{{ x.z }}": "{{ x.y }}" },
    });
    let template = Template::compile(&template).unwrap();
    let body = serde_json::json!({
        "empty": null,
        "list": [{ "y": 1, "z": 1 }, { "z": 2 }, { "y": null, "z": 3 }],
    });
    let scope = Value::from_pairs([("body", from_json(&body))]);
    let rendered = serde_json::json!({
        "b": null, "c": null, "f": "--", "g": [null, 1], "h": [1, null], "i": { "k1": 1, "k3": null },
    });
    assert_eq!(template.render(&scope).unwrap(), rendered);
    let patch = template.render_patch(&scope).unwrap();
    assert_eq!((&patch["a"], patch.get("a").is_some()), (&serde_json::Value::Null, true));
    let root = Template::compile(&serde_json::json!("{{ body.missing }}")).unwrap();
    assert_eq!(root.render(&scope).unwrap(), serde_json::Value::Null);
}

#[test]
fn the_language_page_names_every_word() {
    let page = include_str!("../../docs/behavior-language.md");
    let filters = language::FILTERS.iter().map(|filter| format!("| {}", filter.name));
    let tests = language::TESTS.iter().map(|test| test.name.to_owned());
    let durations = language::DURATIONS.iter().map(|(name, _)| (*name).to_owned());
    let mut missing: Vec<String> = filters.chain(tests).chain(durations).collect();
    missing.retain(|word| !page.contains(word.as_str()));
    assert!(missing.is_empty(), "{missing:?}");
}

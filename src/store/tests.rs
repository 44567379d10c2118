//! Tests of the whole store: situations by hand, and properties over any sequence of changes.
//!
//! Must not know how planning and committing work inside; only the indexes are looked at from within.

use std::convert::Infallible;
use std::ops::Bound;
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::table::{PLACE_BYTES, RecordTable};
use super::*;
use crate::clock::Timestamp;

const USERS: usize = 0;
const ORGANIZATIONS: usize = 1;
const MEMBERS: usize = 2;
const POSTS: usize = 3;
const SUBSCRIPTIONS: usize = 4;
const BILLS: usize = 5;

fn relation(name: &str, target: usize, by: &[&str], on_delete: OnDelete) -> Relation {
    let by = by.iter().map(|text| PropertyPath::parse(text).unwrap()).collect();
    Relation {
        name: name.into(),
        inverse: None,
        target,
        by,
        on_delete,
        optional: false,
        unlinks_by_removal: false,
    }
}

fn resource(
    name: &str,
    key: &[&str],
    unique: &[&[&str]],
    relations: Vec<Relation>,
) -> ResourceModel {
    let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    let counter = Counter::new("number", &owned(&["org_id"]), false);
    let counters: Vec<Counter> = (name == "subscriptions").then_some(counter).into_iter().collect();
    ResourceModel {
        ordered: counters.iter().map(Counter::indexed).collect(),
        counters,
        name: name.into(),
        key: owned(key),
        unique: unique.iter().map(|names| owned(names)).collect(),
        relations,
        due: (name == "posts").then(|| "due_at".to_owned()),
        remembers_deleted: name == "subscriptions",
    }
}

/// All kinds of `on_delete`, composite keys, lists with and without `[]`, self references.
#[expect(clippy::too_many_lines, reason = "a table: one relation of each kind")]
fn model() -> Arc<Model> {
    use OnDelete::{Cascade, Keep, Restrict, Unlink, Update};
    let organization = |on_delete| relation("organization", ORGANIZATIONS, &["org_id"], on_delete);
    let author = Relation {
        optional: true,
        ..relation("author", MEMBERS, &["org_id", "author_id"], Cascade)
    };
    Arc::new(Model {
        resources: vec![
            resource(
                "users",
                &["id"],
                &[&["email"]],
                vec![relation("chief", USERS, &["chief_id"], Unlink)],
            ),
            resource(
                "organizations",
                &["id"],
                &[&["slug"]],
                vec![
                    relation("owner", USERS, &["owner_id"], Restrict),
                    relation("parent", ORGANIZATIONS, &["parent_id"], Cascade),
                ],
            ),
            resource(
                "members",
                &["org_id", "user_id"],
                &[&["org_id", "seat"]],
                vec![organization(Cascade), relation("user", USERS, &["user_id"], Cascade)],
            ),
            resource(
                "posts",
                &["id"],
                &[],
                vec![
                    organization(Cascade),
                    author,
                    relation("mentioned", MEMBERS, &["org_id", "mentions[].user_id"], Unlink),
                    relation("editor", MEMBERS, &["org_id", "editor_id"], Unlink),
                    relation("reviewers", USERS, &["reviewer_ids"], Unlink),
                ],
            ),
            resource(
                "subscriptions",
                &["id"],
                &[],
                vec![organization(Update), relation("payer", USERS, &["payer_id"], Update)],
            ),
            resource(
                "bills",
                &["id"],
                &[],
                vec![organization(Keep), relation("watchers", USERS, &["watcher_ids"], Keep)],
            ),
        ],
    })
}

fn fields(value: Value) -> Map<String, Value> {
    let Value::Object(fields) = value else { panic!("not an object: {value}") };
    fields
}

fn store(records: Vec<(usize, Value)>) -> Store {
    Store::build(model(), records.into_iter().map(|(resource, value)| (resource, fields(value))))
        .unwrap()
}

#[expect(clippy::unnecessary_wraps, reason = "an update may fail, this one does not")]
fn cancel(_: usize, _: usize, _: &Record) -> Result<Map<String, Value>, Infallible> {
    Ok(fields(json!({ "status": "canceled" })))
}

/// Deletes and gives back what changed, in order.
fn delete(store: &mut Store, resource: usize, key: impl Into<Key>) -> Vec<Change> {
    delete_traced(store, resource, key).0
}

fn delete_traced(store: &mut Store, resource: usize, key: impl Into<Key>) -> (Vec<Change>, Traces) {
    let changes = store.plan_delete(&[(resource, key.into())], &mut cancel).unwrap();
    let traces = store.commit(&changes).unwrap();
    sound(store);
    (changes, traces)
}

fn insert(store: &mut Store, resource: usize, value: Value) {
    let changes = store.plan_insert(resource, fields(value)).unwrap();
    store.commit(&changes).unwrap();
    sound(store);
}

fn read(store: &Store, resource: usize, key: impl Into<Key>) -> Value {
    store
        .get(resource, &key.into())
        .map_or(Value::Null, |record| Value::Object(record.fields().into_owned()))
}

fn shown(store: &Store, changes: &[Change]) -> String {
    let lines: Vec<String> = changes
        .iter()
        .map(|Change { resource, key, after, .. }| {
            let sign = if after.is_some() { '~' } else { '-' };
            format!("{sign} {} {key}", store.model().resources[*resource].name)
        })
        .collect();
    lines.join("\n")
}

/// Every live reference leads somewhere, and the indexes are those that the records make from scratch.
fn sound(store: &Store) {
    let model = store.model();
    for (resource, of_resource) in model.resources.iter().enumerate() {
        let mut rebuilt = RecordTable::new(of_resource);
        for (key, record) in store.iter(resource) {
            for (number, relation) in of_resource.relations.iter().enumerate() {
                for target in record.references(number) {
                    assert!(
                        store.get(relation.target, target).is_some(),
                        "`{}` of `{key}` of `{}` dangles",
                        relation.name,
                        of_resource.name
                    );
                }
            }
            let (key, after) = (key.clone(), Some(Arc::clone(record)));
            let change = Change { resource, key, before: None, after };
            rebuilt.apply(&change, &mut |_| {});
        }
        for (place, number) in &store.world[resource].gone {
            assert!(*number > 0);
            rebuilt.set_gone(place, Some(*number));
        }
        rebuilt.bytes += store.world[resource].history.deleted.len() * PLACE_BYTES;
        // A number that was a key and is none any more is known all the same.
        assert!(rebuilt.last_number <= store.last_number(resource));
        rebuilt.last_number = store.last_number(resource);
        assert_eq!(*store.world[resource], rebuilt, "indexes of `{}`", of_resource.name);
        let valued =
            |number| store.iter(resource).filter(move |entry| entry.1.unique(number).is_some());
        for (number, index) in rebuilt.unique.iter().enumerate() {
            assert_eq!(index.len(), valued(number).count(), "unique values are shared");
        }
    }
}

fn small_world() -> Store {
    store(vec![
        (USERS, json!({ "id": 1, "email": "a" })),
        (USERS, json!({ "id": 2, "chief_id": 1 })),
        (ORGANIZATIONS, json!({ "id": "acme", "slug": "acme", "owner_id": 1 })),
        (ORGANIZATIONS, json!({ "id": "sub", "parent_id": "acme", "owner_id": 1 })),
        (MEMBERS, json!({ "org_id": "acme", "user_id": 1 })),
        (MEMBERS, json!({ "org_id": "acme", "user_id": 2 })),
        (
            POSTS,
            json!({ "id": 1, "org_id": "acme", "author_id": 1, "editor_id": 2, "due_at": 20,
                    "mentions": [{ "user_id": 2, "at": 4 }, { "user_id": 1 }], "reviewer_ids": [2, 1] }),
        ),
        (POSTS, json!({ "id": 2, "org_id": "acme", "author_id": 2, "due_at": 10 })),
        (SUBSCRIPTIONS, json!({ "id": 1, "org_id": "acme", "payer_id": 2 })),
        (BILLS, json!({ "id": 1, "org_id": "acme", "watcher_ids": [1, 2] })),
    ])
}

fn member(organization: &str, user: i64) -> Key {
    Key::new(vec![organization.into(), user.into()])
}

#[test]
fn a_deletion_takes_its_dependents_and_changes_the_rest() {
    let mut store = small_world();
    let before = store.clone();
    let (changes, traces) = delete_traced(&mut store, ORGANIZATIONS, "acme");
    expect_test::expect![[r#"
        - organizations acme
        - organizations sub
        - members acme,1
        - members acme,2
        - posts 1
        - posts 2
        ~ subscriptions 1
        ~ bills 1"#]]
    .assert_eq(&shown(&store, &changes));
    assert_eq!(
        read(&store, SUBSCRIPTIONS, 1),
        json!({ "id": 1, "org_id": "acme", "payer_id": 2, "status": "canceled" })
    );
    assert_eq!(read(&store, BILLS, 1), json!({ "id": 1, "org_id": "acme", "watcher_ids": [1, 2] }));
    assert_eq!(before.len(ORGANIZATIONS), 2);
    store.revert(&changes, &traces).unwrap();
    assert_eq!(store.world, before.world);
}

#[test]
fn erasing_a_member_takes_the_mentions_of_it_out_of_the_posts_of_others() {
    let mut store = small_world();
    let changes = delete(&mut store, MEMBERS, member("acme", 2));
    expect_test::expect![[r#"
        - members acme,2
        - posts 2
        ~ posts 1"#]]
    .assert_eq(&shown(&store, &changes));
    assert_eq!(
        read(&store, POSTS, 1),
        json!({ "id": 1, "org_id": "acme", "author_id": 1, "editor_id": null, "due_at": 20,
                "mentions": [{ "user_id": 1 }], "reviewer_ids": [2, 1] })
    );
}

#[test]
fn a_record_that_loses_several_references_changes_once() {
    let mut store = small_world();
    let changes = delete(&mut store, USERS, 2);
    expect_test::expect![[r#"
        - users 2
        - members acme,2
        - posts 2
        ~ posts 1
        ~ subscriptions 1
        ~ bills 1"#]]
    .assert_eq(&shown(&store, &changes));
    assert_eq!(
        read(&store, POSTS, 1),
        json!({ "id": 1, "org_id": "acme", "author_id": 1, "editor_id": null, "due_at": 20,
                "mentions": [{ "user_id": 1 }], "reviewer_ids": [1] })
    );
}

#[test]
fn what_was_kept_is_not_adopted_by_a_record_that_comes_later() {
    let mut store = small_world();
    delete(&mut store, USERS, 2);
    let bill = store.get(BILLS, &1.into()).unwrap().clone();
    assert_eq!(store.targets(BILLS, 1, &bill).len(), 1);
    insert(&mut store, USERS, json!({ "id": 2 }));
    let bill = store.get(BILLS, &1.into()).unwrap().clone();
    assert_eq!(store.targets(BILLS, 1, &bill).len(), 1);
    assert_eq!(store.referrers(BILLS, 1, &2.into()).count(), 0);
    assert!(bill.is_detached(1, &2.into()));

    // Saying it anew, after having said something else, is a reference like any other.
    for watchers in [json!([1]), json!([1, 2])] {
        let changes = store
            .plan_update(BILLS, &1.into(), fields(json!({ "watcher_ids": watchers })))
            .unwrap();
        store.commit(&changes).unwrap();
    }
    sound(&store);
    assert_eq!(store.referrers(BILLS, 1, &2.into()).count(), 1);
}

#[test]
fn a_restricting_record_refuses_the_deletion_unless_it_goes_too() {
    let mut store = small_world();
    let refused = store.plan_delete(&[(USERS, 1.into())], &mut cancel).unwrap_err();
    expect_test::expect![
        "record `1` of `users` stays while record `acme` of `organizations` refers to it by `owner`"
    ]
    .assert_eq(&refused.to_string());
    let both = [(USERS, 1.into()), (ORGANIZATIONS, "acme".into())];
    let changes = store.plan_delete(&both, &mut cancel).unwrap();
    store.commit(&changes).unwrap();
    sound(&store);
    assert_eq!(store.len(ORGANIZATIONS), 0);
}

#[test]
fn records_that_refer_to_each_other_or_to_themselves_go_together() {
    let mut store = store(vec![
        (ORGANIZATIONS, json!({ "id": "a", "parent_id": "b" })),
        (ORGANIZATIONS, json!({ "id": "b", "parent_id": "a" })),
        (ORGANIZATIONS, json!({ "id": "c", "parent_id": "c" })),
        (USERS, json!({ "id": 1, "chief_id": 1 })),
    ]);
    assert_eq!(delete(&mut store, ORGANIZATIONS, "a").len(), 2);
    assert_eq!(delete(&mut store, ORGANIZATIONS, "c").len(), 1);
    assert_eq!(delete(&mut store, USERS, 1).len(), 1);
    assert!(store.is_empty());
}

#[test]
fn an_optional_reference_that_leads_nowhere_reads_as_none_for_good() {
    let mut store = small_world();
    insert(&mut store, POSTS, json!({ "id": 3, "org_id": "sub", "author_id": 2 }));
    let author_of = |store: &Store| {
        let post = store.get(POSTS, &3.into()).unwrap().clone();
        store.target(POSTS, 1, &post).map(|(key, _)| key.clone())
    };
    assert_eq!(author_of(&store), None);
    insert(&mut store, MEMBERS, json!({ "org_id": "sub", "user_id": 2 }));
    assert_eq!(author_of(&store), None);
    let changes = store.plan_update(POSTS, &3.into(), fields(json!({ "org_id": "acme" }))).unwrap();
    store.commit(&changes).unwrap();
    assert_eq!(author_of(&store), Some(member("acme", 2)));
}

#[test]
fn what_is_not_there_is_passed_over_by_a_deletion() {
    let store = small_world();
    let twice = [(USERS, 9.into()), (POSTS, 1.into()), (POSTS, 1.into())];
    assert_eq!(store.plan_delete(&twice, &mut cancel).unwrap().len(), 1);
}

#[test]
fn an_update_that_cannot_be_said_refuses_the_deletion() {
    let store = small_world();
    let refused = store.plan_delete(&[(ORGANIZATIONS, "acme".into())], &mut |_, _, _| Err("no"));
    assert_eq!(refused, Err(DeleteRefused::Update("no")));
    let broken = store.plan_delete(&[(ORGANIZATIONS, "acme".into())], &mut |_, _, _| {
        Ok::<_, Infallible>(fields(json!({ "payer_id": 9 })))
    });
    expect_test::expect!["`payer` of record `1` of `subscriptions` refers to record `9` of `users`, which does not exist: add that record, or leave the reference out"].assert_eq(&broken.unwrap_err().to_string());
}

#[test]
fn records_are_found_by_key_by_unique_value_and_by_what_they_refer_to() {
    let store = small_world();
    assert_eq!(store.find(ORGANIZATIONS, 0, &"acme".into()).unwrap().0, &"acme".into());
    assert_eq!(store.find(ORGANIZATIONS, 0, &"globex".into()), None);
    assert_eq!(store.find_key(USERS, "2"), Some(&2.into()));
    assert_eq!(store.find_key(MEMBERS, "acme,2"), Some(&member("acme", 2)));
    assert_eq!(store.find_key(MEMBERS, "acme"), None);
    let posts: Vec<&Key> = store.referrers(POSTS, 0, &"acme".into()).map(|(key, _)| key).collect();
    assert_eq!(posts, [&1.into(), &2.into()]);
    let after: Vec<&Key> =
        store.iter_from(POSTS, Bound::Excluded(&1.into())).map(|(key, _)| key).collect();
    assert_eq!(after, [&2.into()]);
    assert_eq!(store.iter(USERS).len(), store.len(USERS));
}

#[test]
fn what_falls_due_comes_in_order() {
    let mut store = small_world();
    assert_eq!(store.next_due(), Some((Timestamp(10), POSTS, &2.into())));
    let due: Vec<i64> = store.due_before(POSTS, Timestamp(20)).map(|(due, _)| due.0).collect();
    assert_eq!(due, [10, 20]);
    assert_eq!(store.due_before(POSTS, Timestamp(9)).count(), 0);
    let changes = store.plan_update(POSTS, &2.into(), fields(json!({ "due_at": null }))).unwrap();
    store.commit(&changes).unwrap();
    assert_eq!(store.next_due(), Some((Timestamp(20), POSTS, &1.into())));
}

#[test]
fn unique_values_may_be_exchanged_in_one_plan() {
    let mut store = store(vec![
        (USERS, json!({ "id": 1, "email": "a" })),
        (USERS, json!({ "id": 2, "email": "b" })),
    ]);
    let set = |key: i64, email: &str| Edit::Update {
        resource: USERS,
        key: key.into(),
        properties: fields(json!({ "email": email })),
    };
    let changes = store.plan(vec![set(1, "b"), set(2, "a")]).unwrap();
    store.commit(&changes).unwrap();
    sound(&store);
    assert_eq!(store.find(USERS, 0, &"a".into()).unwrap().0, &2.into());
    assert!(store.plan(vec![set(1, "c"), set(2, "c")]).is_err());
    assert_eq!(store.plan(vec![set(1, "b")]), Ok(vec![]));
}

#[test]
fn what_cannot_be_written_is_refused_with_the_reason() {
    let store = small_world();
    let insert = |resource, value| store.plan_insert(resource, fields(value)).unwrap_err();
    let update =
        |resource, key: Key, value| store.plan_update(resource, &key, fields(value)).unwrap_err();
    let user = json!({ "id": 9 });
    let twice = vec![
        Edit::Insert { resource: USERS, fields: fields(user.clone()) },
        Edit::Insert { resource: USERS, fields: fields(user) },
    ];
    let refused = [
        insert(USERS, json!({})),
        insert(USERS, json!({ "id": 1.5 })),
        insert(USERS, json!({ "id": 1 })),
        insert(USERS, json!({ "id": 3, "email": "a" })),
        insert(USERS, json!({ "id": 3, "email": ["a"] })),
        insert(USERS, json!({ "id": 3, "chief_id": "1" })),
        insert(USERS, json!({ "id": 3, "chief_id": {} })),
        insert(POSTS, json!({ "id": 3, "due_at": "tomorrow" })),
        update(USERS, 3.into(), json!({})),
        update(USERS, 2.into(), json!({ "id": 3 })),
        update(POSTS, 1.into(), json!({ "mentions": [{ "user_id": 7 }] })),
        store.plan(twice).unwrap_err(),
    ];
    let refused: Vec<String> = refused.iter().map(ToString::to_string).collect();
    expect_test::expect![[r#"
        a record of `users` has no `id`: its key needs it
        `id` of a record of `users` cannot be a key: make it a text or an integer
        `users` has a record `1` already: give this one another key
        record `3` of `users` has the same `email` as record `1`: it must be unique
        `email` of record `3` of `users` must be unique, so make it a text or an integer
        `chief` of record `3` of `users` refers to record `1` of `users`, which does not exist: there the key is a number, write it without quotes
        `chief` of record `3` of `users` holds no key: make it a text or an integer
        `due_at` of record `3` of `posts` is not a timestamp: use milliseconds since 1970, or null
        `users` has no record `3`
        record `2` of `users` would change its key: leave the key as it is
        `mentioned` of record `1` of `posts` refers to record `acme,7` of `members`, which does not exist: add that record, or leave the reference out
        `users` has a record `9` already: give this one another key"#]].assert_eq(&refused.join("\n"));
}

#[test]
fn a_commit_that_does_not_fit_the_state_changes_nothing() {
    let mut store = small_world();
    let gone = store.plan_delete(&[(MEMBERS, member("acme", 2))], &mut cancel).unwrap();
    let post = json!({ "id": 3, "org_id": "acme", "editor_id": 2 });
    let new_post = store.plan_insert(POSTS, fields(post)).unwrap();
    let mut conflicts = Vec::new();
    let mut refuse = |store: &mut Store, changes: &[Change], reverted: bool| {
        let before = store.clone();
        let none = Traces::default();
        let made =
            if reverted { store.revert(changes, &none) } else { store.commit(changes).map(|_| ()) };
        conflicts.push(made.unwrap_err().to_string());
        assert_eq!(store.world, before.world);
    };

    let mut of_other = store.clone();
    of_other.commit(&new_post).unwrap();
    refuse(&mut of_other, &new_post, false);
    refuse(&mut of_other, &gone, false);
    store.commit(&gone).unwrap();
    refuse(&mut store, &gone, false);
    refuse(&mut store, &new_post, false);
    insert(&mut store, MEMBERS, json!({ "org_id": "acme", "user_id": 2 }));
    refuse(&mut store, &gone, true);
    refuse(&mut store, &[new_post.clone(), new_post].concat(), false);
    expect_test::expect![[r#"
        record `3` of `posts` has changed since: look at it again, then retry
        record `acme,2` of `members` cannot go: record `3` of `posts` refers to it by `editor`
        record `acme,2` of `members` has changed since: look at it again, then retry
        `editor` of record `3` of `posts` refers to record `acme,2` of `members`, which does not exist: add that record, or leave the reference out
        record `acme,2` of `members` has changed since: look at it again, then retry
        record `3` of `posts` would change twice at once: make it one change"#]].assert_eq(&conflicts.join("\n"));
}

#[test]
fn changes_whose_outcome_was_read_are_made_as_others_are() {
    let staged = |store: &Store| {
        let user = json!({ "id": 9, "email": "nine@example.com" });
        let changes = store.plan_insert(USERS, fields(user)).unwrap();
        Arc::new(Staged::new(store.clone(), changes.into()))
    };
    let mut plain = small_world();
    let (changes, before) = (staged(&plain), plain.clone());
    plain.commit(changes.changes()).unwrap();
    let mut read = before.clone();
    let changes = staged(&read);
    assert_eq!(changes.after().unwrap().world, plain.world);
    let made = Arc::clone(changes.changes());
    let traces = read.commit_staged(changes).unwrap();
    assert_eq!(read.world, plain.world);
    read.revert(&made, &traces).unwrap();
    assert_eq!(read.world, before.world);
    // What came between is kept, and what does not fit any more is refused.
    let late = staged(&before);
    late.after().unwrap();
    let mut moved = before.clone();
    delete(&mut moved, POSTS, 1);
    moved.commit_staged(late).unwrap();
    assert!(moved.get(POSTS, &1.into()).is_none() && moved.get(USERS, &9.into()).is_some());
    let twice = staged(&before);
    twice.after().unwrap();
    assert!(plain.commit_staged(twice).is_err());
}

#[test]
fn loading_finds_every_problem_and_its_record() {
    let records = vec![
        (POSTS, json!({ "id": 1, "org_id": "late", "mentions": [{ "user_id": 1 }] })),
        (ORGANIZATIONS, json!({ "id": "late", "slug": "x", "owner_id": 8 })),
        (USERS, json!({ "id": 1, "email": "a" })),
        (USERS, json!({ "id": 1, "email": "b" })),
        (USERS, json!({ "id": 2, "email": "a" })),
        (USERS, json!({ "email": "c" })),
        (USERS, json!({ "id": 3, "chief_id": 2 })),
    ];
    let records = records.into_iter().map(|(resource, value)| (resource, fields(value)));
    let problems = Store::build(model(), records).unwrap_err();
    let shown: Vec<String> =
        problems.iter().map(|(position, error)| format!("{position}: {error}")).collect();
    expect_test::expect![[r#"
        0: `mentioned` of record `1` of `posts` refers to record `late,1` of `members`, which does not exist: add that record, or leave the reference out
        1: `owner` of record `late` of `organizations` refers to record `8` of `users`, which does not exist: add that record, or leave the reference out
        3: `users` has a record `1` already: give this one another key
        4: record `2` of `users` has the same `email` as record `1`: it must be unique
        5: a record of `users` has no `id`: its key needs it"#]].assert_eq(&shown.join("\n"));
}

#[test]
fn loading_makes_what_inserting_one_by_one_makes() {
    let users = |range: std::ops::Range<i64>| {
        range.map(|id| (USERS, json!({ "id": id, "chief_id": id / 2 })))
    };
    let loaded = store(users(0..1000).collect());
    let mut inserted = store(users(0..1).collect());
    for (resource, value) in users(1..1000) {
        let changes = inserted.plan_insert(resource, fields(value)).unwrap();
        inserted.commit(&changes).unwrap();
    }
    sound(&loaded);
    assert_eq!(loaded.world, inserted.world);
}

#[test]
fn a_model_that_cannot_work_is_told_so() {
    let broken = Model {
        resources: vec![
            resource(
                "members",
                &["org_id", "user_id"],
                &[&[]],
                vec![
                    relation("user", 1, &["user_id"], OnDelete::Unlink),
                    relation("lists", 0, &["a[]", "b[]"], OnDelete::Keep),
                    relation("short", 0, &["a"], OnDelete::Keep),
                    relation("nowhere", 7, &["a"], OnDelete::Keep),
                ],
            ),
            resource("users", &["id"], &[], vec![]),
            resource("keyless", &[], &[], vec![]),
        ],
    };
    let misfits: Vec<String> = broken.check().iter().map(ToString::to_string).collect();
    expect_test::expect![[r#"
        `unique` of resource `members` has an entry without properties: name one
        relation `user` of `members` would unlink `user_id`, which is part of the record's own key: use `cascade`, or another property
        relation `lists` of `members` goes through more than one list: keep one `[]`
        relation `short` of `members` has 1 in `by`, but the key of `members` is `org_id, user_id`: name one property for each part of it
        relation `nowhere` of `members` leads to no resource
        resource `keyless` has no key: name its property"#]].assert_eq(&misfits.join("\n"));
    assert_eq!(model().check(), []);
}

/// One step of a random session; the numbers choose records and values among few, so that steps meet.
#[derive(Clone, Debug)]
struct Step {
    kind: u8,
    resource: usize,
    numbers: [u8; 8],
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (0..9u8, 0..6usize, any::<[u8; 8]>());
    let step = step.prop_map(|(kind, resource, numbers)| Step { kind, resource, numbers });
    prop::collection::vec(step, 1..60)
}

fn some_fields(resource: usize, numbers: [u8; 8]) -> Map<String, Value> {
    let id = |place: usize| i64::from(numbers[place] % 4);
    let user = |place: usize| if numbers[place] >= 180 { Value::Null } else { json!(id(place)) };
    let organization = |place: usize| json!(format!("organization {}", id(place)));
    let listed = |from: usize| json!([user(from), user(from + 1)]);
    fields(match resource {
        USERS => json!({ "id": id(0), "email": user(1), "chief_id": user(2) }),
        ORGANIZATIONS => json!({
            "id": organization(0), "slug": user(1), "owner_id": user(2),
            "parent_id": if numbers[3] > 120 { Value::Null } else { organization(3) },
        }),
        MEMBERS => json!({ "org_id": organization(0), "user_id": id(1), "seat": user(2) }),
        POSTS => json!({
            "id": id(0), "org_id": organization(1), "author_id": user(2), "editor_id": user(3),
            "mentions": [{ "user_id": user(4) }, { "user_id": user(5) }, {}],
            "reviewer_ids": listed(6), "due_at": user(5),
        }),
        SUBSCRIPTIONS => json!({
            "id": id(0), "org_id": organization(1), "payer_id": user(2), "number": 1 + id(4) + id(5),
        }),
        _ => json!({ "id": id(0), "org_id": organization(1), "watcher_ids": listed(2) }),
    })
}

/// A record that is there, mostly.
fn some_key(store: &Store, resource: usize, number: u8) -> Key {
    let keys: Vec<&Key> = store.iter(resource).map(|(key, _)| key).collect();
    keys.get(usize::from(number) % (keys.len() + 1)).map_or(Key::from(77), |&key| key.clone())
}

fn plan(store: &Store, step: &Step) -> Option<Vec<Change>> {
    let Step { kind, resource, numbers } = *step;
    match kind {
        0..=4 => store.plan_insert(resource, some_fields(resource, numbers)).ok(),
        5 | 6 => {
            let key = some_key(store, resource, numbers[7]);
            let mut properties = some_fields(resource, numbers);
            for part in &store.model().resources[resource].key {
                properties.shift_remove(part);
            }
            store.plan_update(resource, &key, properties).ok()
        }
        _ => {
            let other = usize::from(numbers[2]) % 6;
            let targets = [
                (resource, some_key(store, resource, numbers[0])),
                (other, some_key(store, other, numbers[1])),
            ];
            let count = 1 + usize::from(numbers[3] % 2);
            let mut update = |_: usize, _: usize, _: &Record| {
                Ok::<_, Infallible>(some_fields(USERS, numbers).into_iter().skip(1).collect())
            };
            store.plan_delete(&targets[..count], &mut update).ok()
        }
    }
}

fn copied(store: &Store) -> Vec<(usize, Key, Record)> {
    (0..store.model().resources.len())
        .flat_map(|resource| {
            store
                .iter(resource)
                .map(move |(key, record)| (resource, key.clone(), Record::clone(record)))
        })
        .collect()
}

proptest! {
    #[test]
    fn any_sequence_of_changes_leaves_every_reference_leading_somewhere(steps in steps()) {
        let mut store = Store::new(model());
        for step in &steps {
            let Some(changes) = plan(&store, step) else { continue };
            store.commit(&changes).unwrap();
            sound(&store);
            for Change { resource, key, after, .. } in &changes {
                prop_assert_eq!(store.get(*resource, key), after.as_ref());
            }
        }
    }

    #[test]
    fn a_fork_that_changes_never_shows_in_the_original(steps in steps()) {
        let mut store = Store::new(model());
        for step in &steps {
            let fork = store.clone();
            let copy = copied(&store);
            let Some(changes) = plan(&store, step) else { continue };
            store.commit(&changes).unwrap();
            prop_assert_eq!(copied(&fork), copy);
            sound(&fork);
        }
    }

    #[test]
    fn what_changed_since_a_fork_is_what_both_do_not_share(steps in steps(), kept in 0..10usize) {
        let mut store = Store::new(model());
        let mut fork = store.clone();
        for (number, step) in steps.iter().enumerate() {
            if number == kept {
                fork = store.clone();
            }
            let Some(changes) = plan(&store, step) else { continue };
            store.commit(&changes).unwrap();
        }
        for resource in 0..store.model().resources.len() {
            let mut keys: Vec<&Key> =
                store.iter(resource).chain(fork.iter(resource)).map(|(key, _)| key).collect();
            keys.sort_unstable();
            keys.dedup();
            let both = keys.into_iter().map(|key| Difference {
                key,
                before: fork.get(resource, key),
                after: store.get(resource, key),
            });
            let expected: Vec<_> = both.filter(|both| both.before != both.after).collect();
            let found: Vec<_> = store.changes_since(&fork, resource).collect();
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn reverting_restores_exactly(steps in steps()) {
        let mut store = Store::new(model());
        let mut past = Vec::new();
        for step in &steps {
            let Some(changes) = plan(&store, step) else { continue };
            let before = store.clone();
            let traces = store.commit(&changes).unwrap();
            past.push((before, changes, traces));
        }
        let known = |store: &Store| {
            let tables = store.world.iter().map(|table| &table.history);
            tables.map(|history| (history.deleted.clone(), history.commits)).collect::<Vec<_>>()
        };
        for (before, changes, traces) in past.iter().rev() {
            store.revert(changes, traces).unwrap();
            sound(&store);
            prop_assert_eq!(&store.world, &before.world);
            prop_assert_eq!(known(&store), known(before));
        }
    }

    #[test]
    fn changes_out_of_their_time_are_refused_whole_or_fit(steps in steps()) {
        let mut store = Store::new(model());
        let mut past: Vec<(Vec<Change>, Traces)> = Vec::new();
        for step in &steps {
            if let Some((old, traces)) = past.get(usize::from(step.numbers[6]) % (past.len() + 1)) {
                let before = store.clone();
                let made = match step.numbers[5] % 2 {
                    0 => store.revert(old, traces),
                    _ => store.commit(old).map(|_| ()),
                };
                if made.is_err() {
                    prop_assert_eq!(&store.world, &before.world);
                }
                sound(&store);
            }
            if let Some(changes) = plan(&store, step) {
                let traces = store.commit(&changes).unwrap();
                past.push((changes, traces));
            }
        }
    }
}

#[test]
fn the_highest_number_stays_known_until_its_record_never_was() {
    let mut store = Store::new(model());
    let user = |id: i64| {
        let Value::Object(fields) = json!({ "id": id }) else { unreachable!() };
        fields
    };
    let made = store.plan_insert(USERS, user(5)).unwrap();
    let traces_of_made = store.commit(&made).unwrap();
    let insert = |id| Edit::Insert { resource: USERS, fields: user(id) };
    let two = store.plan(vec![insert(9), insert(7)]).unwrap();
    let traces_of_two = store.commit(&two).unwrap();
    assert_eq!((store.last_number(USERS), store.highest_number(USERS)), (9, 9));
    let gone =
        store.plan_delete(&[(USERS, 9.into())], &mut |_, _, _| Ok::<_, Infallible>(Map::new()));
    let gone = gone.unwrap();
    let traces = store.commit(&gone).unwrap();
    assert_eq!((store.last_number(USERS), store.highest_number(USERS)), (9, 7));
    store.revert(&gone, &traces).unwrap();
    store.revert(&two, &traces_of_two).unwrap();
    assert_eq!((store.last_number(USERS), store.highest_number(USERS)), (5, 5));
    store.revert(&made, &traces_of_made).unwrap();
    assert_eq!(store.last_number(USERS), 0);
}

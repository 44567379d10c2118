//! What a deletion takes along, as a tree, before and after; and what hangs on a record.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tombstone::catalog::Sources;
use tombstone::control::{Control, EffectNode, JournalQuery};
use tombstone::emulator::{Emulator, EmulatorOptions};
use tombstone::journal::Back;

use crate::harness::{NOON, frozen, partoo, world_of};
use crate::support::Folder;

/// One line a node: indented by its depth, its count, its resource, how it changed, along which relation.
fn lines(nodes: &[EffectNode], depth: usize) -> Vec<String> {
    let line = |node: &EffectNode| {
        let relation = node.relation.as_deref().unwrap_or("-");
        let (kind, count, resource) = (node.kind.as_str(), node.count, &node.resource);
        let own = format!("{}{count} {resource} {kind} by {relation}", "  ".repeat(depth));
        std::iter::once(own).chain(lines(&node.children, depth + 1)).collect::<Vec<_>>()
    };
    nodes.iter().flat_map(line).collect()
}

const OF_42: [&str; 5] = [
    "1 organizations deleted by -",
    "  2 groups deleted by organization",
    "  4 users deleted by organization",
    "    1 api_keys deleted by user",
    "  3 businesses deleted by organization",
];

#[test]
fn the_plan_of_a_deletion_and_what_then_happens_are_the_same_tree() {
    let emulator = frozen();
    let control = Control::new(&emulator, "default", NOON).unwrap();
    let key = ["42".to_owned()];
    let planned = control.plan_record_deletion("partoo", "organizations", &key).unwrap();
    assert_eq!(lines(&planned.tree, 0), OF_42);
    assert_eq!((planned.refused, planned.changes.len(), planned.changes_left_off), (None, 11, 0));
    let call = partoo("42?force=true");
    let request = serde_json::from_value(json!({
        "method": call.method.as_str(), "path": call.target,
        "headers": call.headers.iter().cloned().collect::<BTreeMap<_, _>>(),
    }));
    assert_eq!(lines(&control.plan(&request.unwrap()).unwrap().tree, 0), OF_42);
    assert!(
        control.requests(&JournalQuery::default()).unwrap().requests.is_empty(),
        "nothing happened"
    );
    control.delete_record("partoo", "organizations", &key).unwrap();
    let entry = control.request(1).unwrap();
    assert_eq!(lines(&entry.tree.unwrap(), 0), OF_42);
    assert_eq!((control.sandbox().unwrap().undoable, control.sandbox().unwrap().redoable), (1, 0));
    let undone = control.undo(Back::Steps(1)).unwrap();
    let back = control.request(undone.id).unwrap().tree.unwrap();
    assert_eq!(lines(&back, 0)[0], "1 organizations created by -");
    assert_eq!(lines(&back, 0).len(), 5);
    assert_eq!((control.sandbox().unwrap().undoable, control.sandbox().unwrap().redoable), (0, 1));
}

#[test]
fn what_hangs_on_a_record_is_told_by_relation() {
    let emulator = frozen();
    let control = Control::new(&emulator, "default", NOON).unwrap();
    let of = |resource: &str, key: &str| {
        let told = control.references("partoo", resource, &[key.to_owned()]).unwrap();
        serde_json::to_value(told).unwrap()
    };
    let organization = of("organizations", "42");
    assert_eq!(organization["refers_to"], json!([]));
    let by = |nth: usize| {
        let one = &organization["referred_by"][nth];
        (
            one["resource"].as_str().unwrap(),
            one["count"].as_u64().unwrap(),
            one["on_delete"].as_str().unwrap(),
        )
    };
    assert_eq!(
        [by(0), by(1), by(2)],
        [("groups", 2, "cascade"), ("users", 4, "cascade"), ("businesses", 3, "cascade")]
    );
    assert_eq!(of("groups", "310")["refers_to"][0]["keys"], json!(["42"]));
    let missing = control.references("partoo", "organizations", &["x".to_owned()]).unwrap_err();
    assert_eq!(missing.into_response().status(), 404);
}

const CONTRACT: &str = "
openapi: 3.0.3
info: {title: Chain, version: '1'}
paths: {/nodes: {get: {operationId: listNodes, responses: {'200': {description: all}}}}}
";

const BEHAVIOR: &str = "
tombstone: 1
resources:
  nodes:
    key: id
    belongs_to: { parent: { resource: nodes, by: parent_id, on_delete: cascade, optional: true } }
    schema: { type: object, properties: { id: { type: string }, parent_id: { type: [string, 'null'] } } }
operations:
  listNodes: { rules: [{ respond: 200 }] }
";

fn chain(records: &[Value]) -> Emulator {
    let folder = Folder::new("chain");
    folder.write("specs/chain/openapi.yaml", CONTRACT);
    folder.write("specs/chain/behavior.yaml", BEHAVIOR);
    let fixtures = json!({ "tombstone": 1, "records": { "nodes": records } });
    folder.write("fixtures/chain/default.yaml", &fixtures.to_string());
    let sources = Sources {
        specs: Some(folder.path.join("specs")),
        fixtures: Some(folder.path.join("fixtures")),
        built_in: false,
        ..Sources::default()
    };
    world_of(&sources, &EmulatorOptions::default())
}

#[test]
fn a_long_chain_is_a_tree_of_bounded_depth_and_a_circle_has_an_end() {
    let long = (0..500).map(|n: usize| {
        let parent = n.checked_sub(1).map(|parent| format!("n{parent}"));
        json!({ "id": format!("n{n}"), "parent_id": parent })
    });
    let emulator = chain(&long.collect::<Vec<_>>());
    let control = Control::new(&emulator, "default", NOON).unwrap();
    let planned = control.plan_record_deletion("chain", "nodes", &["n0".to_owned()]).unwrap();
    let told = lines(&planned.tree, 0);
    assert!(told.len() <= 26, "{told:#?}");
    assert_eq!(planned.counts.values().flat_map(|of| of.values()).sum::<usize>(), 500);
    let circle = ["a", "b", "c"].iter().zip(["c", "a", "b"]);
    let circle = circle.map(|(id, parent)| json!({ "id": id, "parent_id": parent }));
    let emulator = chain(&circle.collect::<Vec<_>>());
    let control = Control::new(&emulator, "default", NOON).unwrap();
    let planned = control.plan_record_deletion("chain", "nodes", &["a".to_owned()]).unwrap();
    assert_eq!(planned.tree.iter().map(|node| node.count).sum::<usize>(), 1);
    assert_eq!(lines(&planned.tree, 0).len(), 3);
}

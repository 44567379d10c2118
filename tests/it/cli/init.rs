//! `tombstone init`: files that say what is inferred.

use super::*;

const STORE: &str = include_str!("../../documents/petstore.yaml");

/// A folder with the pet store, and what `init` says of it.
fn begun(name: &str, document: &str) -> (Folder, String, Option<i32>) {
    let folder = Folder::new(name);
    folder.write(document, STORE);
    let (text, code) = init(&folder, document);
    (folder, text, code)
}

fn init(folder: &Folder, document: &str) -> (String, Option<i32>) {
    let output = Command::new(env!("CARGO_BIN_EXE_tombstone"))
        .args(["init", document])
        .current_dir(&folder.path)
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (String::from_utf8(text).unwrap(), output.status.code())
}

#[test]
fn what_is_inferred_is_written_beside_the_document() {
    let (folder, text, code) = begun("init-beside", "openapi.yaml");
    expect![[r#"
        behavior.yaml: 1 resource, 4 of 4 operations remember, 1 to decide
        openapi.fixtures.yaml: 3 records
        next: tombstone serve openapi.yaml
    "#]]
    .assert_eq(&text);
    assert_eq!(code, Some(0));
    let read = |file: &str| std::fs::read_to_string(folder.path.join(file)).unwrap();
    expect![[r#"
        # How Petstore behaves, as far as its contract tells.
        # Each operation says in `inferred` what it is supposed to do and why. Take that line away where you have looked at
        # it: the rules then answer all by themselves.
        #
        # decide: who may call. The contract has `Key`, and every credential passes. Keep them in records to know callers:
        #   security: { Key: { find: users, by: token } }
        tombstone: 1

        resources:
          pets:
            key: id
            schema: { properties: { id: { type: integer, format: int64, minimum: 1, maximum: 9223372036854775807 } } }
            views: { default: { only: [id, name, status, tags, born_at] } }

        operations:
          # GET /pets
          listPets:
            inferred: lists `pets` (`id` has the name of the parameter)
            list: { of: pets, page: { size: query.limit }, filter: { status: query.status } }
            rules:
              - { respond: 200, body: '{{ list.items | view }}' }

          # POST /pets
          addPet:
            inferred: creates one of `pets` (`id` has the name of the parameter)
            rules:
              - create: pets
                with: { $merge: '{{ body or {} }}' }
                respond: 201
                body: '{{ made.pets | view }}'
                headers: { Location: 'pets/{{ made.pets.id }}' }
            failures: { conflict: { respond: 422, body: { code: 422, message: '{{ conflict.message }}' } } }

          # GET /pets/{id}
          getPet:
            inferred: reads one of `pets` (`id` has the name of the parameter)
            let: { pet: 'pets[path.id]' }
            rules:
              - { when: pet is none, respond: 404, body: { code: 404, message: 'there is no pet `{{ path.id }}`' } }
              - { respond: 200, body: '{{ pet | view }}' }

          # DELETE /pets/{id}
          dropPet:
            inferred: deletes one of `pets` (`id` has the name of the parameter)
            let: { pet: 'pets[path.id]' }
            rules:
              - { when: pet is none, respond: 404, body: { code: 404, message: 'there is no pet `{{ path.id }}`' } }
              - { delete: pet, respond: 204 }
    "#]].assert_eq(&read("behavior.yaml"));
    assert!(read("openapi.fixtures.yaml").contains("records:\n  pets:\n    - "));
}

#[test]
fn nothing_is_overwritten() {
    let (folder, _, code) = begun("init-twice", "shop.yaml");
    assert_eq!(code, Some(0));
    let own = folder.path.join("shop.behavior.yaml");
    std::fs::write(&own, "mine").unwrap();
    let (text, code) = init(&folder, "shop.yaml");
    expect![[r#"
        tombstone: nothing is overwritten: move `shop.behavior.yaml` and `shop.fixtures.yaml` away first
    "#]].assert_eq(&text);
    assert_eq!((code, std::fs::read_to_string(own).unwrap()), (Some(1), "mine".to_owned()));
}

#[test]
fn a_file_that_would_be_read_in_its_place_is_in_the_way() {
    let folder = Folder::new("init-hidden");
    folder.write("openapi.yaml", STORE);
    folder.write("openapi.behavior.yaml", "tombstone: 1");
    let (text, code) = init(&folder, "openapi.yaml");
    expect![[r#"
        tombstone: nothing is overwritten: move `openapi.behavior.yaml` away first
    "#]]
    .assert_eq(&text);
    assert_eq!((code, folder.path.join("behavior.yaml").exists()), (Some(1), false));
}

#[test]
fn what_is_written_is_sound_and_says_what_is_inferred() {
    let (folder, ..) = begun("init-sound", "shop.yaml");
    let check = Command::new(env!("CARGO_BIN_EXE_tombstone"))
        .args(["check", "shop.yaml", "--built-in", "off"])
        .current_dir(&folder.path)
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8(check.stdout).unwrap(),
        "1 provider can be served; 0 errors and 0 warnings\n"
    );
    let routes = |document: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_tombstone"))
            .args(["routes", "--json", document, "--built-in", "off"])
            .current_dir(&folder.path)
            .output()
            .unwrap();
        let routes: Value = serde_json::from_slice(&output.stdout).unwrap();
        let operations = routes["providers"][0]["operations"].as_array().unwrap().clone();
        operations.into_iter().map(|one| one["inferred"].clone()).collect::<Vec<_>>()
    };
    folder.write("alone/shop.yaml", STORE);
    let written = routes("shop.yaml");
    assert_eq!(written.len(), 4);
    assert_eq!(written, routes("alone/shop.yaml"));
}

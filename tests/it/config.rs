//! Options: from flags, the environment and the file, and which goes before which.

#![expect(clippy::too_many_lines, reason = "snapshots are long")]

use std::fs;
use std::path::Path;

use clap::{Args, Command, FromArgMatches};
use expect_test::{Expect, expect, expect_file};
use tombstone::behavior::format::schema_of;
use tombstone::config::{Config, Gathered, GivenOptions, TlsConfig, WrongUsage, gather};

use crate::cli::{program, run, run_with, serve_with, shop};
use crate::support::Folder;

/// Every key that there is, each with another value than its default.
const EVERYTHING: &str = "\
tombstone: 1
port: 0
host: '::1'
cors: off
body_bytes: 16MiB
log_format: json
documented: { dynamic: on, errors: on, fill_properties: off, ignore_examples: on }
seed: 7
built_in: off
watch: on
overlays: [mend.yaml]
stateless: on
seed_records: 7
stateless_for: [listReports]
specs: specs
fixtures: ../fixtures
fixture_set: crowded
providers: [shop, till]
settings: { shop: { grace: 1m, limit: 3 }, till: { open: true } }
clock: { start: '2030-01-31T08:00:00Z', rate: 0.5 }
sandboxes: { max: 5, idle: 10m, bytes: 16MiB }
state: { file: state.json, interval: 1m }
faults: [{ operation: deleteShop, answer: { status: 503 } }]
journal: { entries: 0, bytes: 512KiB, out: /tmp/journal.json }
tls: { enabled: true, cert_out: ca.pem }
admin: { token: secret, open: true, hosts: [a.test], page: page }
print_json: on
ready_file: ready.json
";

fn flags(words: &[&str]) -> GivenOptions {
    let command = GivenOptions::augment_args(Command::new("flags")).no_binary_name(true);
    GivenOptions::from_arg_matches(&command.try_get_matches_from(words).unwrap()).unwrap()
}

/// What these three give together.
fn gathered(words: &[&str], variables: &[(&str, &str)], file: Option<&Path>) -> Gathered {
    let variables =
        variables.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    gather(flags(words), file, &variables).unwrap()
}

fn resolved(words: &[&str], variables: &[(&str, &str)], file: Option<&Path>) -> Config {
    let Gathered { given, findings, .. } = gathered(words, variables, file);
    assert!(findings.is_empty(), "{findings:?}");
    Config::resolve(given).unwrap()
}

fn file_of(name: &str, text: &str) -> Folder {
    let folder = Folder::new(name);
    folder.write("etc/tombstone.yaml", text);
    folder
}

fn check_file(name: &str, text: &str, expected: Expect) {
    let folder = file_of(name, text);
    let path = folder.path.join("etc/tombstone.yaml");
    let Gathered { mut findings, .. } = gathered(&[], &[], Some(&path));
    findings.sort_by_key(|finding| finding.line);
    let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
    expected.assert_eq(&lines.join("\n").replace(&folder.path.display().to_string(), "DIR"));
}

#[test]
fn the_schema_that_editors_use_is_that_of_the_type() {
    expect_file!["../../specs/tombstone.schema.json"]
        .assert_eq(&format!("{:#}\n", schema_of::<GivenOptions>()));
}

#[test]
fn the_file_gives_every_option() {
    let folder = file_of("config-everything", EVERYTHING);
    let config = resolved(&[], &[], Some(&folder.path.join("etc/tombstone.yaml")));
    let text = format!("{config:#?}").replace(&folder.path.display().to_string(), "DIR");
    expect![[r#"
        Config {
            port: 0,
            host: "::1",
            log_format: Json,
            seed: 7,
            cors: false,
            body_bytes_max: 16777216,
            sources: Sources {
                documents: [],
                built_in: false,
                specs: Some(
                    "DIR/etc/specs",
                ),
                fixtures: Some(
                    "DIR/etc/../fixtures",
                ),
                fixture_set: "crowded",
                only: [
                    "shop",
                    "till",
                ],
                settings: [
                    Setting {
                        provider: "shop",
                        name: "grace",
                        value: String("1m"),
                    },
                    Setting {
                        provider: "shop",
                        name: "limit",
                        value: Number(3),
                    },
                    Setting {
                        provider: "till",
                        name: "open",
                        value: Bool(true),
                    },
                ],
                overlays: [
                    "DIR/etc/mend.yaml",
                ],
                vet: false,
                inference: None,
            },
            watch: true,
            clock: ClockStart {
                at: Some(
                    Timestamp(
                        1896076800000,
                    ),
                ),
                frozen: false,
                rate: 0.5,
            },
            sandboxes: SandboxConfig {
                count_max: 5,
                idle: 600s,
                bytes_max: 16777216,
            },
            state: Some(
                StateConfig {
                    file: "DIR/etc/state.json",
                    interval: 60s,
                },
            ),
            faults: [
                FaultFormat {
                    provider: None,
                    operation: Some(
                        "deleteShop",
                    ),
                    method: None,
                    path: None,
                    headers: {},
                    probability: None,
                    after: None,
                    times: None,
                    delay: None,
                    answer: Some(
                        FaultAnswerFormat {
                            status: 503,
                            headers: {},
                            body: None,
                            example: None,
                        },
                    ),
                    connection: None,
                    commit: None,
                },
            ],
            journal: JournalConfig {
                entries_max: 0,
                bytes_max: 524288,
                out: Some(
                    "/tmp/journal.json",
                ),
            },
            tls: Some(
                SelfSigned {
                    cert_out: Some(
                        "DIR/etc/ca.pem",
                    ),
                },
            ),
            admin: AdminConfig {
                token: Some(
                    Secret(…),
                ),
                is_open: true,
                hosts: [
                    "a.test",
                ],
                page: Some(
                    "DIR/etc/page",
                ),
            },
            documented: RenderOptions {
                dynamic: true,
                errors: true,
                fill_properties: false,
                ignore_examples: true,
            },
            print_json: true,
            ready_file: Some(
                "DIR/etc/ready.json",
            ),
        }"#]]
    .assert_eq(&text);
}

#[test]
fn flags_and_variables_give_what_the_file_gives() {
    let folder = file_of("config-same", EVERYTHING);
    let of_file = resolved(&[], &[], Some(&folder.path.join("etc/tombstone.yaml")));
    let inside = |path: &str| folder.path.join("etc").join(path).display().to_string();
    let options = [
        ("port", "0"),
        ("host", "::1"),
        ("cors", "off"),
        ("body-bytes", "16MiB"),
        ("log-format", "json"),
        ("dynamic", "on"),
        ("errors", "on"),
        ("fill-properties", "off"),
        ("ignore-examples", "on"),
        ("seed", "7"),
        ("built-in", "off"),
        ("watch", "on"),
        ("overlay", &inside("mend.yaml")),
        ("stateless", "on"),
        ("seed-records", "7"),
        ("stateless-for", "listReports"),
        ("specs", &inside("specs")),
        ("fixtures", &inside("../fixtures")),
        ("fixture-set", "crowded"),
        ("provider", "shop, till"),
        ("set", "shop.grace=1m,shop.limit=3,till.open=true"),
        ("clock-start", "2030-01-31T08:00:00Z"),
        ("clock-rate", "0.5"),
        ("sandboxes-max", "5"),
        ("sandbox-idle", "10m"),
        ("sandbox-bytes", "16MiB"),
        ("state", &inside("state.json")),
        ("state-interval", "1m"),
        ("fault", "operation=deleteShop,status=503"),
        ("journal-entries", "0"),
        ("journal-bytes", "512KiB"),
        ("journal-out", "/tmp/journal.json"),
        ("tls", "on"),
        ("tls-cert-out", &inside("ca.pem")),
        ("admin-token", "secret"),
        ("admin-open", "on"),
        ("admin-host", "a.test"),
        ("admin-page", &inside("page")),
        ("print-json", "on"),
        ("ready-file", &inside("ready.json")),
    ];
    let variables = options.map(|(flag, value)| {
        (format!("TOMBSTONE_{}", flag.to_uppercase().replace('-', "_")), value)
    });
    let variables: Vec<(&str, &str)> =
        variables.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    assert_eq!(resolved(&[], &variables, None), of_file);
    let words = options.iter().flat_map(|(flag, value)| {
        // Commas are for the environment; a flag is repeated.
        let is_list = ["provider", "set"].contains(flag);
        let values: Vec<&str> = if is_list { value.split(',').collect() } else { vec![*value] };
        values.into_iter().map(move |value| format!("--{flag}={}", value.trim()))
    });
    let words: Vec<String> = words.collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    assert_eq!(resolved(&words, &[], None), of_file);
    let named = options.map(|(flag, _)| flag);
    let command = GivenOptions::augment_args(Command::new("flags"));
    let mut flags = command.get_arguments().filter_map(clap::Arg::get_long);
    let left = flags.find(|flag| {
        !named.contains(flag) && !["clock-frozen", "tls-cert", "tls-key"].contains(flag)
    });
    assert_eq!(left, None, "an option that this test does not know");
}

#[test]
fn flags_go_before_variables_and_variables_before_the_file() {
    let folder = file_of(
        "config-order",
        "\
tombstone: 1
port: 1
host: file
seed: 1
providers: [file]
settings: { shop: { a: file, b: file, c: file } }
admin: { open: true }
clock: { frozen: true }
",
    );
    let file = folder.path.join("etc/tombstone.yaml");
    let variables = [
        ("TOMBSTONE_PORT", "2"),
        ("PORT", "3"),
        ("HOST", "common"),
        ("TOMBSTONE_PROVIDER", "variable"),
        ("TOMBSTONE_SET", "shop.a=variable,shop.b=variable"),
        ("TOMBSTONE_ADMIN_OPEN", "false"),
    ];
    let words = ["--seed", "4", "--set", "shop.a=flag", "--clock-frozen=off"];
    let config = resolved(&words, &variables, Some(&file));
    assert_eq!((config.port, config.host.as_str(), config.seed), (2, "common", 4));
    assert_eq!(config.sources.only, ["variable"]);
    assert!(!config.admin.is_open && !config.clock.frozen);
    let settings = config.sources.settings.iter();
    let settings: Vec<String> =
        settings.map(|setting| format!("{}={}", setting.name, setting.value)).collect();
    assert_eq!(settings, [r#"c="file""#, r#"b="variable""#, r#"a="flag""#]);
    assert_eq!(resolved(&["-p", "9"], &variables, Some(&file)).port, 9);
    assert_eq!(resolved(&[], &[], Some(&file)).port, 1);
}

#[test]
fn the_defaults_are_those_that_help_tells() {
    let nothing = resolved(&[], &[], None);
    let mut told = 0;
    let command = GivenOptions::augment_args(Command::new("flags"));
    for arg in command.get_arguments() {
        let help = arg.get_help().unwrap().to_string();
        let Some((_, default)) = help.split_once("[default: ") else { continue };
        // It says how often, and needs to know where.
        let state = if arg.get_long() == Some("state-interval") { &["--state=a"][..] } else { &[] };
        let word = format!("--{}={}", arg.get_long().unwrap(), default.trim_end_matches(']'));
        let expected = if state.is_empty() { nothing.clone() } else { resolved(state, &[], None) };
        assert_eq!(resolved(&[&[word.as_str()], state].concat(), &[], None), expected, "{word}");
        told += 1;
    }
    assert_eq!(told, 17);
}

#[test]
fn all_that_is_wrong_with_the_file_is_told_with_its_line() {
    check_file(
        "config-wrong",
        "\
port: 99999
hots: 0.0.0.0
sede: 3
cors: perhaps
log_format: xml
providers: shop
settings: { shop: 1m }
clock:
  start: tomorrow
  rate: 0
  frozn: true
sandboxes: { max: 0, idle: soon }
state:
  interval: 0s
journal:
  bytes: 64 MBit
  entries: -1
admin:
  token: ''
  hosts: [1, a, 2]
tls: true
faults:
- drop
- { operation: deleteShop, answer: { status: 99 } }
- { opration: deleteShop, delay: soon, connection: reset }
",
        expect![[r#"
            DIR/etc/tombstone.yaml:1: error: `port` is greater than the maximum of 65535
            DIR/etc/tombstone.yaml:1: error: `tombstone` is missing (begin the file with `tombstone: 1`)
            DIR/etc/tombstone.yaml:2: error: `hots` is not known here (did you mean `host`?)
            DIR/etc/tombstone.yaml:3: error: `sede` is not known here (did you mean `seed`?)
            DIR/etc/tombstone.yaml:4: error: `cors` is not one of "on", "off" or 3 other candidates
            DIR/etc/tombstone.yaml:5: error: `log_format` is not one of "human", "json" or 2 other candidates
            DIR/etc/tombstone.yaml:6: error: `providers` is not of type "array"
            DIR/etc/tombstone.yaml:7: error: `shop` is not of type "object"
            DIR/etc/tombstone.yaml:9: error: `tomorrow` is not a point in time: write it like `2030-01-31T08:00:00Z`
            DIR/etc/tombstone.yaml:10: error: `rate` is less than or equal to the minimum of 0
            DIR/etc/tombstone.yaml:11: error: `frozn` is not known here (did you mean `frozen`?)
            DIR/etc/tombstone.yaml:12: error: `max` is less than the minimum of 1
            DIR/etc/tombstone.yaml:12: error: `soon` is not a time span: write it like `500ms`, `30s`, `10m` or `24h`
            DIR/etc/tombstone.yaml:14: error: `0s` is not a time span: write it like `500ms`, `30s`, `10m` or `24h`
            DIR/etc/tombstone.yaml:16: error: `64 MBit` is not a size: write it like `65536`, `512KiB`, `64MiB` or `2GiB`
            DIR/etc/tombstone.yaml:17: error: `entries` is less than the minimum of 0
            DIR/etc/tombstone.yaml:19: error: `token` is shorter than 1 character
            DIR/etc/tombstone.yaml:20: error: this value is not of type "string"
            DIR/etc/tombstone.yaml:20: error: this value is not of type "string"
            DIR/etc/tombstone.yaml:21: error: `tls` is not of type "object"
            DIR/etc/tombstone.yaml:23: error: a fault is an object (as in `{"operation": "deleteShop", "answer": {"status": 503}}`)
            DIR/etc/tombstone.yaml:24: error: `status` is 99 (write a number from 200 to 599)
            DIR/etc/tombstone.yaml:25: error: `opration` is not known here (did you mean `operation`? known are `provider`, `operation`, `method`, `path`, `headers`, `probability`, `after`, `times`, `delay`, `answer`, `connection`, `commit`)"#]],
    );
    check_file(
        "config-version",
        "tombstone: 2\n",
        expect!["DIR/etc/tombstone.yaml:1: error: `tombstone` is greater than the maximum of 1"],
    );
    check_file("config-empty", "", expect!["DIR/etc/tombstone.yaml: error: is empty"]);
    check_file(
        "config-text",
        "just text\n",
        expect![[r#"DIR/etc/tombstone.yaml:1: error: this value is not of type "object""#]],
    );
    check_file(
        "config-twice",
        "tombstone: 1\nport: 1\nport: 2\n",
        expect![
            "DIR/etc/tombstone.yaml:3: error: key `port` is there twice (remove or rename one of them)"
        ],
    );
}

#[test]
fn what_cannot_go_together_is_told_at_once() {
    let problems = |words: &[&str]| match Config::resolve(flags(words)) {
        Ok(_) => String::new(),
        Err(WrongUsage(problems)) => problems.join("\n"),
    };
    expect![[r#"
        `--ready-file` and `--journal-out` name the same file: each needs its own
        a clock with `--clock-frozen` does not move, so it has no `--clock-rate`: leave one of them out
        `--state-interval` says how often, and nothing says where: name the file with `--state`
        `--tls-cert-out` writes a made-up certificate, and `--tls-cert` gives one: leave one of them out
        `--tls-cert` has no private key: name it with `--tls-key`"#]].assert_eq(&problems(&[
        "--tls-cert=a",
        "--tls-cert-out=b",
        "--clock-frozen",
        "--clock-rate=2",
        "--state-interval=1m",
        "--journal-out=c",
        "--ready-file=c",
    ]));
    expect!["`--tls-key` has no certificate: name it with `--tls-cert`"]
        .assert_eq(&problems(&["--tls-key=a"]));
    expect!["`--tls-cert-out` has no certificate to write: add `--tls`"]
        .assert_eq(&problems(&["--tls-cert-out=a"]));
    assert_eq!(problems(&["--tls=off", "--tls-cert=a"]), "");
    let tls = |words: &[&str]| Config::resolve(flags(words)).unwrap().tls;
    let files = TlsConfig::Files { cert: "a".into(), key: "b".into() };
    assert_eq!(tls(&["--tls-cert=a", "--tls-key=b"]), Some(files));
    assert_eq!(tls(&["--tls"]), Some(TlsConfig::SelfSigned { cert_out: None }));
    assert_eq!(tls(&[]), None);
}

#[test]
fn values_that_cannot_be_read_are_wrong_usage() {
    for (word, expected) in [
        (
            "--journal-bytes=64 MBit",
            expect![
                "error: invalid value '64 MBit' for '--journal-bytes <SIZE>': `64 MBit` is not a size: write it like `65536`, `512KiB`, `64MiB` or `2GiB`"
            ],
        ),
        (
            "--journal-bytes=99999999999GiB",
            expect![
                "error: invalid value '99999999999GiB' for '--journal-bytes <SIZE>': `99999999999GiB` is not a size: write it like `65536`, `512KiB`, `64MiB` or `2GiB`"
            ],
        ),
        (
            "--sandbox-idle=soon",
            expect![
                "error: invalid value 'soon' for '--sandbox-idle <DURATION>': `soon` is not a time span: write it like `500ms`, `30s`, `10m` or `24h`"
            ],
        ),
        (
            "--clock-start=tomorrow",
            expect![
                "error: invalid value 'tomorrow' for '--clock-start <TIME>': `tomorrow` is not a point in time: write it like `2030-01-31T08:00:00Z`"
            ],
        ),
        (
            "--clock-rate=0",
            expect![
                "error: invalid value '0' for '--clock-rate <N>': `0` is not a rate: write a number above 0 and up to 1000000, such as `60`"
            ],
        ),
        (
            "--fault=status=99,opration=a",
            expect![
                "error: invalid value 'status=99,opration=a' for '--fault <SPEC>': `opration` is not known here (did you mean `operation`? known are `provider`, `operation`, `method`, `path`, `header.NAME`, `probability`, `after`, `times`, `delay`, `status`, `answer-header.NAME`, `example`, `connection`, `commit`, `body`)"
            ],
        ),
        (
            "--sandboxes-max=0",
            expect![
                "error: invalid value '0' for '--sandboxes-max <N>': 0 is not in 1..=4294967295"
            ],
        ),
        (
            "--set=grace=1m",
            expect![
                "error: invalid value 'grace=1m' for '--set <PROVIDER.SETTING=VALUE>': write it as `<provider>.<setting>=<value>`"
            ],
        ),
    ] {
        let ended = run(&[word]);
        assert_eq!((ended.code, ended.out.as_str()), (2, ""));
        expected.assert_eq(ended.err.split("\n\n").next().unwrap());
    }
    let mut command = program(&["routes"]);
    command.env("PORT", "http").env("TOMBSTONE_CORS", "perhaps").env("TOMBSTONE_ADMIN_TOKEN", "");
    let ended = run_with(command);
    assert_eq!((ended.code, ended.out.as_str()), (2, ""));
    expect![[r#"
        tombstone: `PORT`: invalid value 'http' for '--port <PORT>': invalid digit found in string
        tombstone: `TOMBSTONE_CORS`: invalid value 'perhaps' for '--cors <on|off>' [possible values: on, off]
        tombstone: `TOMBSTONE_ADMIN_TOKEN`: invalid value '' for '--admin-token <TOKEN>': a secret that is empty protects nothing
    "#]].assert_eq(&ended.err);
}

#[test]
fn a_variable_that_is_none_of_ours_is_told() {
    let variables = [("TOMBSTONE_PROT", "1"), ("TOMBSTONE_URL", "x"), ("TOMBSTONES", "x")];
    expect![
        "there is no option for the variable `TOMBSTONE_PROT` (did you mean `TOMBSTONE_PORT`?)"
    ]
    .assert_eq(&gathered(&[], &variables, None).warnings.join("\n"));
    let mut command = program(&["routes", "--provider", "partoo"]);
    command.env("TOMBSTONE_PROT", "1");
    let ended = run_with(command);
    assert_eq!(ended.code, 0);
    expect![[r#"
        tombstone: warning: there is no option for the variable `TOMBSTONE_PROT` (did you mean `TOMBSTONE_PORT`?)
    "#]].assert_eq(&ended.err);
}

/// The README's example, in full.
#[test]
fn the_example_of_the_readme_is_right() {
    let readme = include_str!("../../README.md");
    let (_, rest) = readme
        .split_once("```yaml\n# yaml-language-server: $schema=<path to>/specs/tombstone")
        .unwrap();
    let (example, _) = rest.split_once("```").unwrap();
    let folder = file_of("config-readme", example.split_once('\n').unwrap().1);
    let config = resolved(&[], &[], Some(&folder.path.join("etc/tombstone.yaml")));
    assert_eq!((config.port, config.journal.bytes_max), (8080, 16 << 20));
    assert!(config.clock.frozen && config.print_json);
}

/// The shop with a configuration file that names its files.
fn configured(name: &str, more: &str) -> Folder {
    let folder = shop(name);
    let file = "tombstone: 1\nspecs: specs\nfixtures: fixtures\nproviders: [shop]\nport: 0\n";
    folder.write("tombstone.yaml", &format!("{file}{more}"));
    folder
}

#[test]
fn the_file_is_found_where_the_program_runs_or_by_its_name() {
    let folder = configured("config-found", "");
    let mut command = program(&[] as &[&str]);
    command.current_dir(&folder.path);
    assert_eq!(serve_with(command).admin("Host: localhost\r\n"), 200);
    let path = folder.path.join("tombstone.yaml");
    assert!(run(&["routes", "--config", path.to_str().unwrap()]).out.starts_with("shop: Shop API"));
    let mut command = program(&["routes"]);
    command.env("TOMBSTONE_CONFIG", &path);
    assert!(run_with(command).out.starts_with("shop: Shop API"));
    run(&["routes", "--config", "/nowhere/a.yaml"]).check(&expect![[r#"
        tombstone: /nowhere/a.yaml: error: cannot read the file: No such file or directory (os error 2)
        tombstone: 1 error in the configuration file: mend it first
        exit 1
    "#]]);
}

#[test]
fn check_reads_the_file_and_takes_the_sources_from_it() {
    let folder = configured("config-check", "tls: { cert: a }\n");
    let check = |folder: &Folder, args: &[&str]| {
        let mut command = program(&[&["check"], args].concat());
        command.current_dir(&folder.path);
        run_with(command)
    };
    check(&folder, &[]).check(&expect![[r#"
        tombstone.yaml: error: `--tls-cert` has no private key: name it with `--tls-key`
        1 provider can be served; 1 error and 0 warnings
        exit 1
    "#]]);
    check(&folder, &["--format", "github"]).check(&expect![[r#"
        ::error file=tombstone.yaml,title=tombstone check::`--tls-cert` has no private key: name it with `--tls-key`
        exit 1
    "#]]);
    let folder = configured("config-check-keys", "prot: 1\n");
    folder.write("specs/shop/behavior.yaml", "tombstone: 1\noperatoins: {}\n");
    check(&folder, &[]).check(&expect![[r#"
        specs/shop/behavior.yaml:2: error: `operatoins` is not known here (did you mean `operations`?)
        tombstone.yaml:6: error: `prot` is not known here (did you mean `port`?)
        0 providers can be served; 2 errors and 0 warnings
        exit 1
    "#]]);
    check(&folder, &["--format", "github"]).check(&expect![[r#"
        ::error file=specs/shop/behavior.yaml,line=2,title=tombstone check::`operatoins` is not known here (did you mean `operations`?)
        ::error file=tombstone.yaml,line=6,title=tombstone check::`prot` is not known here (did you mean `port`?)
        exit 1
    "#]]);
    check(&folder, &["--format", "json"]).check(&expect![[r#"
        {
          "providers": 0,
          "errors": 2,
          "warnings": 0,
          "findings": [
            {
              "severity": "error",
              "file": "specs/shop/behavior.yaml",
              "line": 2,
              "pointer": "/operatoins",
              "message": "`operatoins` is not known here",
              "hint": "did you mean `operations`?",
              "count": 1,
              "also": []
            },
            {
              "severity": "error",
              "file": "tombstone.yaml",
              "line": 6,
              "pointer": "/prot",
              "message": "`prot` is not known here",
              "hint": "did you mean `port`?",
              "count": 1,
              "also": []
            }
          ]
        }
        exit 1
    "#]]);
}

#[test]
fn nothing_is_served_while_something_is_wrong_with_the_file() {
    let folder = configured("config-refused", "prot: 1\nclock: { rate: fast }\n");
    let mut command = program(&[] as &[&str]);
    command.current_dir(&folder.path);
    run_with(command).check(&expect![[r#"
        tombstone: tombstone.yaml:6: error: `prot` is not known here (did you mean `port`?)
        tombstone: tombstone.yaml:7: error: `rate` is not of types "null", "number"
        tombstone: 2 errors in the configuration file: mend it first
        exit 1
    "#]]);
}

#[test]
fn a_fault_of_what_there_is_not_is_refused_wherever_it_stands() {
    let in_file = "faults:\n- { operation: deleteCrat, answer: { status: 503 } }\n- { provider: shpo, delay: 1s }\n";
    let folder = configured("config-faults", in_file);
    let run_in = |folder: &Folder, words: &[&str], variables: &[(&str, &str)]| {
        let mut command = program(words);
        command.current_dir(&folder.path).envs(variables.iter().copied());
        run_with(command)
    };
    run_in(&folder, &["check"], &[]).check(&expect![[r#"
        tombstone.yaml:7: error: there is no operation `deleteCrat` (did you mean `deleteCart`?)
        tombstone.yaml:8: error: there is no provider `shpo` (did you mean `shop`?)
        1 provider can be served; 2 errors and 0 warnings
        exit 1
    "#]]);
    run_in(&folder, &[], &[]).check(&expect![[r#"
        tombstone: a fault cannot be: there is no operation `deleteCrat` (did you mean `deleteCart`?)
        tombstone: a fault cannot be: there is no provider `shpo` (did you mean `shop`?)
        exit 2
    "#]]);
    let folder = configured("config-faults-elsewhere", "");
    let flag = ["--fault", "operation=removeCart,status=503"];
    run_in(&folder, &flag, &[]).check(&expect![[r#"
        tombstone: a fault cannot be: there is no operation `removeCart` (did you mean `createCart`?)
        exit 2
    "#]]);
    let variable = [("TOMBSTONE_FAULT", "provider=shop,operation=createCar,status=503")];
    run_in(&folder, &[], &variable).check(&expect![[r#"
        tombstone: a fault cannot be: there is no operation `createCar` (did you mean `createCart`?)
        exit 2
    "#]]);
}

#[test]
fn a_setting_of_what_there_is_not_is_refused() {
    let folder = shop("config-setting");
    let contract = format!("shop={}", folder.path.join("specs/shop/openapi.yaml").display());
    let told = |setting| {
        let mut ran = run(&["check", "--built-in", "off", "--set", setting, &contract]);
        ran.out = ran.out.replace(&folder.path.display().to_string(), "DIR");
        ran
    };
    fs::remove_file(folder.path.join("specs/shop/behavior.yaml")).unwrap();
    told("shop.grace=1m").check(&expect![[r#"
        DIR/specs/shop/openapi.yaml: error: there is no setting `grace` to change
        0 providers can be served; 1 error and 0 warnings
        exit 1
    "#]]);
    told("shpo.grace=1m").check(&expect![[r#"
        tombstone: there is no provider `shpo` (did you mean `shop`?)
        exit 1
    "#]]);
}

#[test]
fn a_warning_alone_is_no_failure_in_any_form() {
    let folder = shop("check-warning");
    fs::remove_file(folder.path.join("fixtures/shop/default.yaml")).unwrap();
    let specs = folder.path.join("specs");
    for form in ["human", "json", "github"] {
        let words = ["check", "--built-in", "off", "--specs", specs.to_str().unwrap()];
        let ran = run(&[&words[..], &["--format", form]].concat());
        assert!(ran.out.contains("has no fixtures"), "{}", ran.out);
        assert_eq!(ran.code, 0, "{form}: {}", ran.out);
    }
}

#[test]
fn a_document_has_one_name_however_it_is_named() {
    let folder = shop("check-names");
    let named = |path: &str| {
        let path = folder.path.join(path);
        let out = run(&["routes", "--built-in", "off", path.to_str().unwrap()]).out;
        out.split_once(':').map(|(name, _)| name.to_owned()).unwrap_or_default()
    };
    let found = ["specs/shop/openapi.yaml", "specs/shop", "specs"].map(named);
    assert_eq!(found, ["shop", "shop", "shop"]);
}

#[test]
fn what_is_served_follows_the_options() {
    let folder = configured(
        "config-followed",
        "\
clock: { start: '2030-01-31T08:00:00Z', frozen: true }
faults: [{ operation: deleteCart, times: 1, answer: { status: 404 } }]
sandboxes: { max: 1 }
",
    );
    let mut command = program(&[] as &[&str]);
    command.current_dir(&folder.path);
    let server = serve_with(command);
    let local = "Host: localhost\r\n";
    let clock = server.call("GET", "/__admin/sandboxes/default/clock", local).json();
    assert_eq!(clock["now"], "2030-01-31T08:00:00.000Z", "{clock}");
    let key = "Host: localhost\r\nX-Key: it's a key\r\n";
    let delete = || server.call("DELETE", "/shop/carts/a%2fb%20c", key).status;
    assert_eq!([delete(), delete(), delete()], [404, 204, 404], "the fault struck once");
    let of =
        |sandbox: &str| server.call("DELETE", &format!("/@{sandbox}/shop/carts/x"), local).status;
    assert_eq!(of("first"), 404, "the fault is in each sandbox");
    assert_ne!(of("second"), 404, "there is room for one sandbox");
}

//! Wrong usage, help, and the messages of failed starts.

use std::fs;

use super::*;

/// Which files are read: what all verbs that read them have.
const SOURCES: &str = r#"      --specs <DIR>                   More providers, DIR/PROVIDER/openapi.yaml and behavior.yaml;
                                      one with a built-in name goes before it [$TOMBSTONE_SPECS]
      --fixtures <DIR>                More records, DIR/PROVIDER/SET.yaml; a set goes before the
                                      built-in one of its name [$TOMBSTONE_FIXTURES]
      --fixture-set <NAME>            The records to start from; a provider without this set starts
                                      from `default` [default: default] [$TOMBSTONE_FIXTURE_SET]
      --built-in <on|off>             Whether the built-in providers are served too [default: on]
                                      [$TOMBSTONE_BUILT_IN]
      --provider <NAME>               Only this provider (repeatable) [$TOMBSTONE_PROVIDER]
      --overlay <FILE>                An overlay (version 1.0) to apply to each document that is
                                      given by itself (repeatable, in this order)
                                      [$TOMBSTONE_OVERLAY]
      --set <PROVIDER.SETTING=VALUE>  Another value for a setting of a behavior file, such as
                                      shop.grace=1m (repeatable) [$TOMBSTONE_SET]
      --config <FILE>                 Options in a file; `tombstone.yaml` in the working directory
                                      if it is there, unless given [$TOMBSTONE_CONFIG]
  [DOCUMENT]...                       Documents to serve too: files, folders of them, or - for
                                      standard input; NAME=PATH names the provider
"#;

/// What is inferred: what verbs have that answer nothing.
const STATELESS: &str = r#"      --stateless[=<on|off>]  Remember nothing of documents without a behavior file: the contract
                              alone answers [$TOMBSTONE_STATELESS]
      --seed-records <N>      How many records are made up of each resource of such a document,
                              unless it has examples [default: 3] [$TOMBSTONE_SEED_RECORDS]
      --stateless-for <NAME>  Infer nothing of this operation or resource: the contract alone
                              answers (repeatable) [$TOMBSTONE_STATELESS_FOR]
"#;

/// The help of a verb, with the options that several have named only.
fn help(args: &[&str]) -> Ended {
    let ended = run(args);
    let out = ended.out.replace(SOURCES, "(SOURCES)\n").replace(STATELESS, "(STATELESS)\n");
    Ended { out, ..ended }
}

#[test]
fn help_says_what_there_is() {
    run(&["--help"]).check(&expect![[r#"
        Practise the API calls you can't take back.

        A sandbox for APIs with destructive endpoints: it loads an API's OpenAPI document, a behavior file
        and fixture records, and answers as the real service would. Without a command, it serves.

        Usage: tombstone [OPTIONS OF SERVE]
               tombstone <COMMAND> [OPTIONS]

        Commands:
          serve     Answer requests (the same as no command)
          mock      Answer by documents alone, with the flags of `prism mock`
          init      Write the behavior file and the records that are inferred from a document, to go on from
          check     Report everything that is wrong with the files of providers and tombstone.yaml
          examples  Print calls of every operation to paste, for a server with the same arguments
          routes    List each operation: where it answers, which responses it can give and what gives them
          wait      Wait until a server answers, and print its URL
          reset     Put a sandbox of a running server, or all, back to the start
          coverage  Tell which operations, responses and rules of a running server have been exercised
          verify    Hold a running server's calls and records against a file of expectations
          log       Show what happened in a sandbox of a running server; -f goes on with what happens
          plan      Tell what a call would be answered and change; nothing changes
          undo      Take back the last step of a sandbox, or several, or all since an entry
          redo      Do again what was undone
          advance   Move the clock of a sandbox forward, and run the jobs that come due
          fault     List, add and remove faults of a sandbox: what goes wrong on purpose
          save      Save all that a sandbox is to a file, with the credentials in it
          restore   Have a sandbox be as a saved file says; its journal begins anew
          help      Print this message or the help of the given subcommand(s)

        Options:
          -h, --help     Print help
          -V, --version  Print version

        Examples:
          tombstone                            serve the built-in APIs on http://127.0.0.1:4010
          tombstone -p 0 --provider NAME       one of them, on a free port
          tombstone mock openapi.yaml          any OpenAPI document, as Prism would
          tombstone log -f                     what happens, a line for each call
          tombstone check --specs my-apis      what is wrong with files of your own
          tombstone serve --help               all options of serving
          tombstone completions bash           what a shell needs to complete this; tombstone man
        exit 0
    "#]]);
    help(&["serve", "--help"]).check(&expect![[r#"
        Answer requests (the same as no command)

        Usage: tombstone serve [OPTIONS] [DOCUMENT]...

        Options:
          -h, --help  Print help

        Serving:
          -p, --port <PORT>                   The port to listen on; 0 picks a free one and prints it
                                              [default: 4010] [$TOMBSTONE_PORT, $PORT]
              --host <ADDRESS>                The address to listen on; 0.0.0.0 is every one of this machine
                                              [default: 127.0.0.1] [$TOMBSTONE_HOST, $HOST]
              --cors <on|off>                 Whether web pages of any origin may call and read the answers
                                              [default: on] [$TOMBSTONE_CORS]
              --body-bytes <SIZE>             How large the body of a request may be, decoded; past it the
                                              answer is 413 [default: 10MiB] [$TOMBSTONE_BODY_BYTES]
              --log-format <human|json|none>  One line for each request on standard error: for people, as
                                              JSON, or none [default: human] [$TOMBSTONE_LOG_FORMAT]

        Files:
              --watch[=<on|off>]              Take up changes of files while it serves; state stays where it
                                              still fits [$TOMBSTONE_WATCH]
        (SOURCES)

        Operations without a behavior file:
              --stateless[=<on|off>]        Remember nothing of documents without a behavior file: the
                                            contract alone answers [$TOMBSTONE_STATELESS]
              --seed-records <N>            How many records are made up of each resource of such a
                                            document, unless it has examples [default: 3]
                                            [$TOMBSTONE_SEED_RECORDS]
              --stateless-for <NAME>        Infer nothing of this operation or resource: the contract alone
                                            answers (repeatable) [$TOMBSTONE_STATELESS_FOR]
              --dynamic[=<on|off>]          Make bodies up from their schemas, anew for each request,
                                            instead of sending examples [$TOMBSTONE_DYNAMIC]
              --errors[=<on|off>]           Answer 500 instead of a documented example that does not fit its
                                            schema [$TOMBSTONE_ERRORS]
              --fill-properties <on|off>    Whether properties that are not required are made up too
                                            [default: on] [$TOMBSTONE_FILL_PROPERTIES]
              --ignore-examples[=<on|off>]  Pass over the examples of media types
                                            [$TOMBSTONE_IGNORE_EXAMPLES]

        Sandboxes and time:
              --seed <N>                   What made-up ids follow from: the same seed and the same calls
                                           give the same ids [default: 0] [$TOMBSTONE_SEED]
              --clock-start <TIME>         Where the virtual clock begins, such as 2030-01-31T08:00:00Z;
                                           now, unless given [$TOMBSTONE_CLOCK_START]
              --clock-frozen[=<on|off>]    The virtual clock moves only when it is told to
                                           [$TOMBSTONE_CLOCK_FROZEN]
              --clock-rate <N>             How many seconds pass on the virtual clock in one second
                                           [default: 1] [$TOMBSTONE_CLOCK_RATE]
              --sandboxes-max <N>          How many sandboxes there may be at once [default: 10000]
                                           [$TOMBSTONE_SANDBOXES_MAX]
              --sandbox-idle <DURATION>    A sandbox that nobody has called for so long is let go [default:
                                           1h] [$TOMBSTONE_SANDBOX_IDLE]
              --sandbox-bytes <SIZE>       How many bytes the records of one sandbox may take, beside those
                                           it began with [default: 256MiB] [$TOMBSTONE_SANDBOX_BYTES]
              --state <FILE>               Where all sandboxes are kept over a restart; in memory only,
                                           unless given [$TOMBSTONE_STATE]
              --state-interval <DURATION>  How often that file is written if something has changed, beside
                                           at the end [default: 30s] [$TOMBSTONE_STATE_INTERVAL]

        Faults:
              --fault <SPEC>  A fault that each sandbox begins with, such as operation=deleteShop,status=503
                              (repeatable) [$TOMBSTONE_FAULT]

        Journal:
              --journal-entries <N>   How many entries each sandbox's journal keeps [default: 1000]
                                      [$TOMBSTONE_JOURNAL_ENTRIES]
              --journal-bytes <SIZE>  How many bytes all journals together keep [default: 64MiB]
                                      [$TOMBSTONE_JOURNAL_BYTES]
              --journal-out <FILE>    Where all journals are written when it ends [$TOMBSTONE_JOURNAL_OUT]

        TLS:
              --tls[=<on|off>]       Serve HTTPS, with a certificate that is made up at start unless there
                                     is --tls-cert [$TOMBSTONE_TLS]
              --tls-cert <FILE>      Serve HTTPS with this certificate, and those up to its root (PEM)
                                     [$TOMBSTONE_TLS_CERT]
              --tls-key <FILE>       The certificate's private key (PEM) [$TOMBSTONE_TLS_KEY]
              --tls-cert-out <FILE>  Where to write the made-up certificate, for clients that are to trust
                                     it [$TOMBSTONE_TLS_CERT_OUT]

        Admin API:
              --admin-token <TOKEN>    What callers must present as `Authorization: Bearer TOKEN`
                                       [$TOMBSTONE_ADMIN_TOKEN]
              --admin-open[=<on|off>]  Answer everyone who can connect, also where --host lets others in and
                                       there is no token [$TOMBSTONE_ADMIN_OPEN]
              --admin-host <NAME>      One more name of this server in `Host`, beside localhost and the
                                       address (repeatable) [$TOMBSTONE_ADMIN_HOST]

        For machines:
              --print-json[=<on|off>]  One line of JSON on standard output when it listens, instead of the
                                       banner [$TOMBSTONE_PRINT_JSON]
              --ready-file <FILE>      The same line in a file, which is there while it listens
                                       [$TOMBSTONE_READY_FILE]

        Each option can also stand in the environment, as the variable in brackets (lists with commas
        between their items, faults with semicolons), and in tombstone.yaml. Flags go before the
        environment, and the environment before the file.

        Exit codes: 0 it was told to stop, 1 it could not serve, 2 wrong usage
        exit 0
    "#]]);
    help(&["check", "--help"]).check(&expect![[r#"
        Report everything that is wrong with the files of providers and tombstone.yaml

        Usage: tombstone check [OPTIONS] [DOCUMENT]...

        Options:
              --format <FORMAT>  Report it for people, as annotations of a GitHub workflow, or as JSON
                                 [default: human] [possible values: human, github, json]
          -h, --help             Print help

        Files:
        (SOURCES)

        Operations without a behavior file:
        (STATELESS)

        Exit codes: 0 no error (there may be warnings), 1 errors, 2 wrong usage
        exit 0
    "#]]);
    help(&["routes", "-h"]).check(&expect![[r#"
        List each operation: where it answers, which responses it can give and what gives them

        Usage: tombstone routes [OPTIONS] [DOCUMENT]...

        Options:
              --json  As JSON, for programs
          -h, --help  Print help

        Files:
        (SOURCES)

        Operations without a behavior file:
        (STATELESS)
        exit 0
    "#]]);
}

#[test]
fn the_version_is_that_of_the_package() {
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(run(&["-V"]).text(), format!("tombstone {version}\nexit 0\n"));
    let told = run(&["--version"]).text();
    assert!(told.starts_with(&format!("tombstone {version} (commit ")), "{told}");
    assert!(told.contains(std::env::consts::ARCH), "{told}");
}

#[test]
fn shells_and_man_know_what_help_tells() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = run(&["completions", shell]).text();
        for word in ["mock", "seed-records", "verboseLevel", "ready-file"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    let page = run(&["man"]).text();
    let parts = [
        ".SH NAME\ntombstone \\- Practise the API calls you can\\*(Aqt take back\n",
        "TOMBSTONE_PORT",
    ];
    for part in parts {
        assert!(page.contains(part), "{part}: {page}");
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    assert_eq!(run(&["man", "--out", path]).text(), "exit 0\n");
    for verb in ["", "-mock", "-fault-add"] {
        let page = fs::read_to_string(folder.path().join(format!("tombstone{verb}.1"))).unwrap();
        assert!(page.contains(".SH SYNOPSIS"), "{page}");
    }
    assert!(
        run(&["man", "--out", "no/such/folder"])
            .text()
            .contains("cannot write to `no/such/folder`")
    );
}

#[test]
fn wrong_usage_says_what_is_wrong() {
    for (args, expected) in [
        (
            &["--nope"][..],
            expect![[r#"
                    error: unexpected argument '--nope' found

                      tip: to pass '--nope' as a value, use '-- --nope'

                    Usage: tombstone [OPTIONS OF SERVE]
                           tombstone <COMMAND> [OPTIONS]

                    For more information, try '--help'.
                    exit 2
                "#]],
        ),
        (
            &["destroy"],
            expect![[r#"
                    tombstone: there is no file `destroy`: name an OpenAPI document, a folder of them, or `-`
                    exit 2
                "#]],
        ),
        (
            &["-p", "99999"],
            expect![[r#"
                error: invalid value '99999' for '--port <PORT>': 99999 is not in 0..=65535

                For more information, try '--help'.
                exit 2
            "#]],
        ),
        (
            &["--log-format", "xml"],
            expect![[r#"
                error: invalid value 'xml' for '--log-format <human|json|none>'
                  [possible values: human, json, none]

                For more information, try '--help'.
                exit 2
            "#]],
        ),
        (
            &["--cors", "perhaps"],
            expect![[r#"
                error: invalid value 'perhaps' for '--cors <on|off>'
                  [possible values: on, off]

                For more information, try '--help'.
                exit 2
            "#]],
        ),
        (
            &["--admin-token", ""],
            expect![[r#"
                error: invalid value '' for '--admin-token <TOKEN>': a secret that is empty protects nothing

                For more information, try '--help'.
                exit 2
            "#]],
        ),
        (
            &["check", "--port", "1"],
            expect![[r#"
                    error: unexpected argument '--port' found

                      tip: a similar argument exists: '--format'

                    Usage: tombstone check --format <FORMAT> [DOCUMENT]...

                    For more information, try '--help'.
                    exit 2
                "#]],
        ),
    ] {
        run(args).check(&expected);
    }
}

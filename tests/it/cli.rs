//! The program as it is run: what it prints, how it ends, what its options do.

#![expect(clippy::too_many_lines, reason = "snapshots are long")]

use std::fmt::Write;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::sync::mpsc::Receiver;
use std::thread;

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use crate::support::{Answer, Client, DELETE, Folder, PATIENCE, POST, POST_BODY};

/// A provider with a call for each kind of word that a shell could read otherwise.
pub(crate) const CONTRACT: &str = r#"openapi: 3.1.0
info: { title: Shop API, version: '1' }
servers: [{ url: 'https://api.shop.example/v3' }]
components:
  securitySchemes: { key: { type: apiKey, in: header, name: X-Key } }
security: [{ key: [] }]
paths:
  /carts/{id}:
    delete:
      operationId: deleteCart
      parameters: [{ name: id, in: path, required: true, schema: { type: string } }]
      responses:
        '204': { description: The cart is gone. There is no body. }
        '400': { description: Not an id }
        '401': { description: Who are you?, x-inferred: the page has no 401 and the introduction speaks of keys that are refused }
        '404': { description: No such cart. }
  /carts:
    post:
      operationId: createCart
      requestBody:
        required: true
        content: { application/json: { schema: { type: object, required: [name], properties: { name: { type: string } } } } }
      responses:
        '200':
          description: The cart
          content: { application/json: { schema: { type: object } } }
        '400': { description: Not a cart }
        '401': { description: Who are you? }
"#;

pub(crate) const BEHAVIOR: &str = r#"tombstone: 1
resources:
  keys: { key: id, unique: [token] }
  carts: { key: id }
security:
  key: { find: keys, by: token }
failures:
  unauthenticated: { respond: 401 }
  invalid_request: { respond: 400 }
operations:
  deleteCart:
    let: { cart: 'carts[path.id]' }
    rules:
      - when: cart is none
        respond: 404
      - delete: cart
        respond: 204
  createCart:
    rules:
      - respond: 200
        body: { name: '{{ body.name }}' }
"#;

pub(crate) const FIXTURES: &str = r#"tombstone: 1
records:
  keys: [{ id: 1, token: it's a key }]
  carts: [{ id: a/b c }]
calls:
  - { operation: deleteCart, shows: the cart goes, expect: 204, credentials: { key: it's a key }, path: { id: a/b c } }
  - { operation: deleteCart, shows: it is gone, expect: 404, credentials: { key: it's a key }, path: { id: a/b c } }
  - { operation: deleteCart, shows: nobody asks, expect: 401, path: { id: a/b c } }
  - operation: createCart
    shows: quotes are quoted
    expect: 200
    credentials: { key: it's a key }
    body: { name: "it's $HOME, `x` and \"é\" \\ !" }
  - { operation: createCart, shows: a name is required, expect: 400, credentials: { key: it's a key }, body: {} }
"#;

pub(crate) fn shop(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder.write("specs/shop/openapi.yaml", CONTRACT);
    folder.write("specs/shop/behavior.yaml", BEHAVIOR);
    folder.write("fixtures/shop/default.yaml", FIXTURES);
    folder
}

/// Arguments that name the shop's files and leave the built-in providers out.
pub(crate) fn of_shop(folder: &Folder) -> Vec<String> {
    let path = folder.path.display();
    [
        "--specs",
        &format!("{path}/specs"),
        "--fixtures",
        &format!("{path}/fixtures"),
        "--provider",
        "shop",
    ]
    .map(str::to_owned)
    .to_vec()
}

pub(crate) fn program(args: &[impl AsRef<str>]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tombstone"));
    command.args(args.iter().map(AsRef::as_ref)).env_clear();
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Everything that comes, once it has ended.
pub(crate) fn collect(mut from: impl Read + Send + 'static) -> Receiver<String> {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let mut text = String::new();
        let _ = from.read_to_string(&mut text);
        let _ = tell.send(text);
    });
    told
}

/// A process that does not outlive the test.
pub(crate) struct Process(pub(crate) Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Process {
    pub(crate) fn code(&mut self) -> i32 {
        self.0.wait().unwrap().code().unwrap()
    }
}

/// What a run that ends by itself prints and ends with.
pub(crate) fn run(args: &[impl AsRef<str>]) -> Ended {
    run_with(program(args))
}

pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

pub(crate) fn run_with(mut command: Command) -> Ended {
    let mut process = Process(command.spawn().unwrap());
    let out = collect(process.0.stdout.take().unwrap());
    let err = collect(process.0.stderr.take().unwrap());
    let out = out.recv_timeout(PATIENCE).expect("it goes on running");
    let err = err.recv_timeout(PATIENCE).expect("it goes on running");
    Ended { code: process.code(), out, err }
}

impl Ended {
    pub(crate) fn check(&self, expected: &Expect) {
        expected.assert_eq(&self.text());
    }

    pub(crate) fn check_in(&self, folder: &Folder, expected: &Expect) {
        expected.assert_eq(&self.text().replace(&folder.path.display().to_string(), "DIR"));
    }

    pub(crate) fn text(&self) -> String {
        format!("{}{}exit {}\n", self.out, self.err, self.code)
    }
}

/// A server in a process of its own.
pub(crate) struct Served {
    pub(crate) process: Process,
    pub(crate) address: SocketAddr,
    pub(crate) banner: String,
    pub(crate) err: Receiver<String>,
    pub(crate) rest: Receiver<String>,
}

/// Serves on a free port.
pub(crate) fn serve(args: &[impl AsRef<str>]) -> Served {
    let args: Vec<&str> = ["-p", "0"].into_iter().chain(args.iter().map(AsRef::as_ref)).collect();
    serve_with(program(&args))
}

pub(crate) fn serve_with(mut command: Command) -> Served {
    let mut process = Process(command.spawn().unwrap());
    let err = collect(process.0.stderr.take().unwrap());
    let out = process.0.stdout.take().unwrap();
    let (tell, told) = mpsc::channel();
    let (tell_rest, rest) = mpsc::channel();
    thread::spawn(move || {
        let mut out = BufReader::new(out);
        let mut banner = String::new();
        while out.read_line(&mut banner).unwrap() > 0 && !banner.contains(" is listening on ") {}
        tell.send(banner).unwrap();
        let mut rest = String::new();
        let _ = out.read_to_string(&mut rest);
        let _ = tell_rest.send(rest);
    });
    let banner = told.recv_timeout(PATIENCE).expect("it says that it listens");
    let Some((_, address)) =
        banner.rsplit_once("listening on http").and_then(|(_, origin)| origin.split_once("://"))
    else {
        panic!("{banner}{}", err.recv_timeout(PATIENCE).unwrap_or_default());
    };
    let address = address.split([',', ' ']).next().unwrap().parse().unwrap();
    Served { process, address, banner, err, rest }
}

impl Served {
    pub(crate) fn connect(&self) -> Client {
        Client::connect(self.address)
    }

    pub(crate) fn ask(&self, request: impl AsRef<[u8]>) -> Answer {
        let mut client = self.connect();
        client.send(request);
        client.answer()
    }

    pub(crate) fn call(&self, method: &str, target: &str, fields: &str) -> Answer {
        self.ask(format!("{method} {target} HTTP/1.1\r\n{fields}\r\n"))
    }

    /// The status of an admin call with these fields.
    pub(crate) fn admin(&self, fields: &str) -> u16 {
        self.call("GET", "/__admin/health", fields).status
    }

    pub(crate) fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.process.0.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Waits for the end: the exit code, and standard error. Nothing is printed after the banner.
    pub(crate) fn ended(mut self) -> (i32, String) {
        let err = self.err.recv_timeout(PATIENCE).expect("it goes on running");
        assert_eq!(self.rest.recv_timeout(PATIENCE).unwrap(), "");
        (self.process.code(), err)
    }

    /// Ends it; what it printed to standard error.
    pub(crate) fn stop(self) -> String {
        self.signal("TERM");
        let (code, err) = self.ended();
        assert_eq!(code, 0, "{err}");
        err
    }

    /// The banner, whatever the port is.
    pub(crate) fn banner(&self) -> String {
        self.banner.replace(&format!(":{}", self.address.port()), ":PORT")
    }
}

mod usage {
    use super::*;

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
              check     Report everything that is wrong with the files of providers and tombstone.yaml
              routes    List each operation: where it answers, which responses it can give and what gives them
              wait      Wait until a server answers, and print its URL
              reset     Put a sandbox of a running server, or all, back to the start
              coverage  Tell which operations, responses and rules of a running server have been exercised
              verify    Hold a running server's calls and records against a file of expectations
              help      Print this message or the help of the given subcommand(s)

            Options:
              -h, --help     Print help
              -V, --version  Print version

            Examples:
              tombstone                            serve the built-in APIs on http://127.0.0.1:4010
              tombstone -p 0 --provider NAME       one of them, on a free port
              tombstone mock openapi.yaml          any OpenAPI document, as Prism would
              tombstone check --specs my-apis      what is wrong with files of your own
              tombstone serve --help               all options of serving
            exit 0
        "#]]);
        run(&["serve", "--help"]).check(&expect![[r#"
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
                  --specs <DIR>                   More providers, DIR/PROVIDER/openapi.yaml and behavior.yaml;
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

            Operations without a behavior file:
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
        run(&["check", "--help"]).check(&expect![[r#"
            Report everything that is wrong with the files of providers and tombstone.yaml

            Usage: tombstone check [OPTIONS] [DOCUMENT]...

            Options:
                  --format <FORMAT>  Report it for people, as annotations of a GitHub workflow, or as JSON
                                     [default: human] [possible values: human, github, json]
              -h, --help             Print help

            Files:
                  --specs <DIR>                   More providers, DIR/PROVIDER/openapi.yaml and behavior.yaml;
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

            Exit codes: 0 no error (there may be warnings), 1 errors, 2 wrong usage
            exit 0
        "#]]);
        run(&["routes", "-h"]).check(&expect![[r#"
            List each operation: where it answers, which responses it can give and what gives them

            Usage: tombstone routes [OPTIONS] [DOCUMENT]...

            Options:
                  --json  As JSON, for programs
              -h, --help  Print help

            Files:
                  --specs <DIR>                   More providers, DIR/PROVIDER/openapi.yaml and behavior.yaml;
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
            exit 0
        "#]]);
    }

    #[test]
    fn the_version_is_that_of_the_package() {
        let ended = run(&["--version"]);
        assert_eq!(ended.text(), format!("tombstone {}\nexit 0\n", env!("CARGO_PKG_VERSION")));
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
}

mod files {
    use super::*;

    #[test]
    fn nothing_is_wrong_with_the_built_in_files() {
        run(&["check"]).check(&expect![[r#"
            4 providers can be served; 0 errors and 0 warnings
            exit 0
        "#]]);
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let folder = shop("check");
        folder.write(
            "specs/shop/behavior.yaml",
            &BEHAVIOR
                .replace("carts[path.id]", "cart[path.id]")
                .replace("respond: 204", "respond: 205"),
        );
        folder.write("specs/kiosk/openapi.yaml", CONTRACT);
        folder.write("specs/kiosk/behavior.yaml", &BEHAVIOR.replace("{ key: id }", "{ kye: id }"));
        folder.write("fixtures/shop/default.yaml", &FIXTURES.replace("deleteCart", "dropCart"));
        folder.write("specs/till/openapi.yaml", "openapi: 3.1.0\npaths: [\n");
        folder.write("specs/vault/openapi.yaml", CONTRACT);
        let path = folder.path.display().to_string();
        let args = [
            "check",
            "--specs",
            &format!("{path}/specs"),
            "--fixtures",
            &format!("{path}/fixtures"),
        ];
        run(&args).check_in(&folder, &expect![[r#"
            DIR/fixtures/shop/default.yaml:6: error: the contract has no operation `dropCart` [3 times, also at line 7, line 8]
            DIR/specs/kiosk/behavior.yaml:4: error: `kye` is not known here
            DIR/specs/kiosk/behavior.yaml:4: error: `key` is missing
            DIR/specs/kiosk/openapi.yaml: warning: `kiosk` has no fixtures, and starts without a record
            DIR/specs/shop/behavior.yaml:12: error: `cart` is defined by way of itself (break the circle)
            DIR/specs/shop/behavior.yaml:17: error: `deleteCart` documents no response 205 (`deleteCart` documents 204, 400, 401, 404)
            DIR/specs/till/openapi.yaml:2: error: cannot be read: unclosed bracket '['
            DIR/specs/vault/behavior.yaml: warning: there is no behavior file: the contract alone answers (write it beside the contract to have it remember)
            1 provider can be served, beside 4 built in; 6 errors and 2 warnings
            exit 1
        "#]]);
    }

    #[test]
    fn a_document_stands_in_nobodys_way_by_its_name() {
        let folder = Folder::new("names");
        // As a path of a built-in API begins, and as one of the other begins.
        folder.write("organizations.yaml", CONTRACT);
        folder.write("carts.yaml", &CONTRACT.replace("/carts", "/tills"));
        let path = |name: &str| folder.path.join(name).display().to_string();
        let [first, second] = ["organizations.yaml", "carts.yaml"].map(path);
        run(&["check", &first, &second]).check_in(&folder, &expect![[r#"
            DIR/organizations.yaml:3: warning: the host `api.shop.example` is that of `carts` already, and leads there
            2 providers can be served, beside 4 built in; 0 errors and 1 warning
            exit 0
        "#]]);
        let ended = run(&["check", &format!("organizations={first}")]);
        ended.check_in(&folder, &expect![[r#"
            DIR/organizations.yaml: error: no provider can be named `organizations` beside the path `/organizations/{id}`: both begin with `/organizations` (rename its folder, or write `NAME=` before the path of its document)
            1 provider can be served, beside 4 built in; 1 error and 0 warnings
            exit 1
        "#]]);
    }

    /// Text that clears the screen, turns what follows around and makes a line that is a command to a CI system.
    const HOSTILE: &str = r"x\r\n::error::x\e[2J\u202E\x9b1m";

    #[test]
    fn whatever_the_files_say_a_line_is_one_line_and_steers_no_terminal() {
        let folder = shop("hostile");
        let quoted = format!("\"{HOSTILE}\"");
        let contract = CONTRACT
            .replace("Shop API", &quoted)
            .replace("deleteCart", &quoted)
            .replace("No such cart.", &quoted);
        assert_eq!(contract.matches("::error::").count(), 3);
        folder.write("specs/shop/openapi.yaml", &contract);
        folder.write("specs/shop/behavior.yaml", &BEHAVIOR.replace("deleteCart", &quoted));
        let fixtures = FIXTURES.replace("deleteCart", &quoted).replace("it is gone", &quoted);
        folder.write("fixtures/shop/default.yaml", &fixtures);
        folder.write("specs/till/openapi.yaml", &format!("openapi: \"{HOSTILE}\"\npaths: {{}}\n"));
        folder.write("specs/vault/openapi.yaml", CONTRACT);
        let broken = BEHAVIOR.replace("carts[path.id]", &format!("carts['{HOSTILE}'"));
        folder.write("specs/vault/behavior.yaml", &broken);
        let path = folder.path.display().to_string();
        let sources =
            ["--specs", &format!("{path}/specs"), "--fixtures", &format!("{path}/fixtures")];
        let whole = format!("{path}/specs/shop/openapi.yaml");
        for command in
            [&["check"][..], &["check", "--format", "json"], &["routes"], &["routes", "--json"]]
        {
            let ended = run(&[command, &sources].concat());
            is_harmless(&ended.text());
            assert!(ended.text().contains("::error::x"), "{command:?}");
        }
        is_harmless(&serve(&sources).banner);
        is_harmless(&serve_with(program(&["mock", &whole, "-p", "0"])).banner);
    }

    fn is_harmless(text: &str) {
        for line in text.lines() {
            assert!(!line.trim_start().starts_with("::"), "{line:?}");
            let steers = |c: char| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c);
            assert!(!line.contains(steers), "{line:?}");
        }
        assert!(!text.contains('\r'), "{text:?}");
    }

    #[test]
    fn files_that_are_not_there_are_missed() {
        let folder = Folder::new("empty");
        let empty = folder.path.display().to_string();
        for (args, expected) in [
            (
                &["check", "--provider", "parto"][..],
                expect![[r#"
                tombstone: there is no provider `parto` (did you mean `partoo`?)
                exit 1
            "#]],
            ),
            (
                &["routes", "--provider", "zzz"],
                expect![[r#"
                tombstone: there is no provider `zzz` (there are applivery, partoo, timbrix, velt)
                exit 1
            "#]],
            ),
            (
                &["serve", "--fixture-set", "crowded"],
                expect![[r#"
                tombstone: no provider has a fixture set `crowded`: a set is a file `crowded.yaml` in the provider's folder of fixtures
                exit 1
            "#]],
            ),
            (
                &["--specs", "/nowhere/at/all"],
                expect![[r#"
                tombstone: cannot read `/nowhere/at/all`: No such file or directory (os error 2)
                exit 1
            "#]],
            ),
            (
                &["--fixtures", "/nowhere/at/all"],
                expect![[r#"
                tombstone: cannot read `/nowhere/at/all`: No such file or directory (os error 2)
                exit 1
            "#]],
            ),
            (
                &["check", "--specs", &empty],
                expect![[r#"
                tombstone: `DIR` has no provider: it is to hold one folder each, with `openapi.yaml` and `behavior.yaml`
                exit 1
            "#]],
            ),
        ] {
            run(args).check_in(&folder, &expected);
        }
    }

    #[test]
    fn serving_tells_of_what_it_cannot_serve_and_serves_the_rest() {
        let folder = shop("partly");
        folder.write("specs/till/openapi.yaml", CONTRACT);
        let mut many = String::from("tombstone: 1\nresources:\n");
        for number in 0..20 {
            writeln!(many, "  r{number}: {{ k{number}: id }}").unwrap();
        }
        folder.write("specs/till/behavior.yaml", &format!("{many}operations: {{}}\n"));
        let path = folder.path.display().to_string();
        let specs = format!("{path}/specs");
        let fixtures = format!("{path}/fixtures");
        let args = ["--specs", &specs, "--fixtures", &fixtures, "--log-format", "none"];
        let server = serve(&args);
        assert_eq!(
            server
                .call("DELETE", "/shop/carts/x", "Host: localhost\r\nX-Key: it's a key\r\n")
                .status,
            404
        );
        let calls = [("/till/carts/x", "localhost"), ("/carts/x", "till.localhost")];
        for (target, host) in calls {
            let told = server.call("DELETE", target, &format!("Host: {host}\r\n"));
            assert_eq!((told.status, &told.json()["title"]), (404, &json!("provider not served")));
            let first = told.json()["problems"][0].as_str().unwrap().replace(&path, "DIR");
            assert_eq!(first, "DIR/specs/till/behavior.yaml:3: error: `k0` is not known here");
        }
        let health = server.call("GET", "/__admin/health", "Host: localhost\r\n").json();
        let told = (&health["status"], &health["unserved"][0]["provider"]);
        assert_eq!(told, (&json!("degraded"), &json!("till")));
        let problems = health["unserved"][0]["problems"].as_array().unwrap();
        assert_eq!(problems.last().unwrap(), "and 16 more (`tombstone check` shows all)");
        assert_eq!(server.ask(DELETE).status, 200, "the built-in ones are there");
        let err = server.stop().replace(&path, "DIR");
        expect![[r#"
            tombstone: DIR/specs/till/behavior.yaml:3: error: `k0` is not known here
            tombstone: DIR/specs/till/behavior.yaml:3: error: `key` is missing [20 times, also at line 4, line 5, line 6, …]
            tombstone: DIR/specs/till/behavior.yaml:4: error: `k1` is not known here
            tombstone: DIR/specs/till/behavior.yaml:5: error: `k2` is not known here
            tombstone: DIR/specs/till/behavior.yaml:6: error: `k3` is not known here
            tombstone: DIR/specs/till/behavior.yaml:7: error: `k4` is not known here
            tombstone: DIR/specs/till/behavior.yaml:8: error: `k5` is not known here
            tombstone: DIR/specs/till/behavior.yaml:9: error: `k6` is not known here
            tombstone: DIR/specs/till/behavior.yaml:10: error: `k7` is not known here
            tombstone: DIR/specs/till/behavior.yaml:11: error: `k8` is not known here
            tombstone: 21 errors and 1 warning in the files, 12 of them not shown; a provider with an error is not served (`tombstone check` shows all)
            tombstone: `till` is not served: DIR/specs/till/behavior.yaml:3: error: `k0` is not known here (and more: `tombstone check` shows all)
        "#]].assert_eq(&err);
        let asked_for = [&args[..], &["--provider", "till", "--provider", "shop"]].concat();
        let ended = run(&asked_for);
        assert_eq!((ended.code, ended.out.as_str()), (1, ""));
        expect!["tombstone: `till` cannot be served: mend what is named above"]
            .assert_eq(ended.err.lines().last().unwrap());
    }
}

mod routes {
    use super::*;

    #[test]
    fn people_read_where_and_what_each_operation_answers() {
        let folder = shop("routes");
        let args = [vec!["routes".to_owned()], of_shop(&folder)].concat();
        run(&args).check_in(&folder, &expect![[r#"
            shop: Shop API
              also without /shop under the host names api.shop.example, shop.localhost

              DELETE /carts/{id}  deleteCart
                at /shop/carts/{id}
                   /shop/v3/carts/{id}
                   /v3/carts/{id}
                204     documented  The cart is gone.
                                    by deleteCart rule 2, DIR/specs/shop/behavior.yaml:16
                400     documented  Not an id
                                    by invalid_request of deleteCart, DIR/specs/shop/behavior.yaml:9
                401     inferred    Who are you?
                                    why: the page has no 401 and the introduction speaks of keys that are
                                    refused
                                    by unauthenticated of deleteCart, DIR/specs/shop/behavior.yaml:8
                404     documented  No such cart.
                                    by deleteCart rule 1, DIR/specs/shop/behavior.yaml:14

              POST /carts  createCart
                at /shop/carts
                   /shop/v3/carts
                   /v3/carts
                200     documented  The cart
                                    by createCart rule 1, DIR/specs/shop/behavior.yaml:20
                400     documented  Not a cart
                                    by invalid_request of createCart, DIR/specs/shop/behavior.yaml:9
                401     documented  Who are you?
                                    by unauthenticated of createCart, DIR/specs/shop/behavior.yaml:8

            exit 0
        "#]]);
    }

    #[test]
    fn programs_read_the_same_as_json() {
        let folder = shop("routes-json");
        let args = [vec!["routes".to_owned(), "--json".to_owned()], of_shop(&folder)].concat();
        let ended = run(&args);
        assert_eq!((ended.code, ended.err.as_str()), (0, ""));
        let mut listed: Value = serde_json::from_str(&ended.out).unwrap();
        let operation = listed["providers"][0]["operations"][0].take();
        let text = format!("{operation:#}").replace(&folder.path.display().to_string(), "DIR");
        expect![[r#"
            {
              "id": "deleteCart",
              "method": "DELETE",
              "path": "/carts/{id}",
              "mounted_at": [
                "/shop/carts/{id}",
                "/shop/v3/carts/{id}",
                "/v3/carts/{id}"
              ],
              "responses": [
                {
                  "status": "204",
                  "description": "The cart is gone. There is no body.",
                  "inferred": null,
                  "unreachable": null,
                  "given_by": [
                    {
                      "rule": "deleteCart rule 2, DIR/specs/shop/behavior.yaml:16",
                      "inferred": false
                    }
                  ]
                },
                {
                  "status": "400",
                  "description": "Not an id",
                  "inferred": null,
                  "unreachable": null,
                  "given_by": [
                    {
                      "rule": "invalid_request of deleteCart, DIR/specs/shop/behavior.yaml:9",
                      "inferred": false
                    }
                  ]
                },
                {
                  "status": "401",
                  "description": "Who are you?",
                  "inferred": "the page has no 401 and the introduction speaks of keys that are refused",
                  "unreachable": null,
                  "given_by": [
                    {
                      "rule": "unauthenticated of deleteCart, DIR/specs/shop/behavior.yaml:8",
                      "inferred": false
                    }
                  ]
                },
                {
                  "status": "404",
                  "description": "No such cart.",
                  "inferred": null,
                  "unreachable": null,
                  "given_by": [
                    {
                      "rule": "deleteCart rule 1, DIR/specs/shop/behavior.yaml:14",
                      "inferred": false
                    }
                  ]
                }
              ]
            }"#]].assert_eq(&text);
        let all: Value = serde_json::from_str(&run(&["routes", "--json"]).out).unwrap();
        let names: Vec<&Value> =
            all["providers"].as_array().unwrap().iter().map(|provider| &provider["name"]).collect();
        assert_eq!(names, ["applivery", "partoo", "timbrix", "velt"]);
    }
}

mod banner {
    use super::*;

    #[test]
    fn it_shows_each_provider_with_calls_to_paste() {
        let folder = shop("banner");
        let server = serve(&of_shop(&folder));
        expect![[r#"
            Shop API
              http://127.0.0.1:PORT/shop
              also under the host names api.shop.example, shop.localhost

              DELETE /carts/{id}
                # 204 the cart goes
                curl -i -X DELETE http://127.0.0.1:PORT/shop/carts/a%2Fb%20c -H 'X-Key: it'\''s a key'
                # 404 it is gone
                curl -i -X DELETE http://127.0.0.1:PORT/shop/carts/a%2Fb%20c -H 'X-Key: it'\''s a key'
                # 401 nobody asks
                curl -i -X DELETE http://127.0.0.1:PORT/shop/carts/a%2Fb%20c

              POST /carts
                # 200 quotes are quoted
                curl -i http://127.0.0.1:PORT/shop/carts -H 'X-Key: it'\''s a key' \
                  -H 'Content-Type: application/json' -d '{"name":"it'\''s $HOME, `x` and \"é\" \\ !"}'
                # 400 a name is required
                curl -i http://127.0.0.1:PORT/shop/carts -H 'X-Key: it'\''s a key' \
                  -H 'Content-Type: application/json' -d '{}'

            Admin API
                # which records there are
                curl -s http://127.0.0.1:PORT/__admin/sandboxes/default/resources
                # what was asked, and why it was answered so
                curl -s http://127.0.0.1:PORT/__admin/sandboxes/default/requests
                # the last change undone
                curl -s -X POST http://127.0.0.1:PORT/__admin/sandboxes/default/undo
                # everything back to the start
                curl -s -X POST http://127.0.0.1:PORT/__admin/reset
                # all that it can do
                curl -s http://127.0.0.1:PORT/__admin/openapi.json

              A sandbox for each test: put /@NAME before any path, or send `Tombstone-Sandbox: NAME`.

            tombstone 0.1.0 is listening on http://127.0.0.1:PORT (Ctrl-C ends it)
        "#]].assert_eq(&server.banner());
        assert_eq!(server.stop(), "", "a server that was not asked anything says nothing");
    }

    #[test]
    fn lines_are_not_too_wide() {
        let server = serve(&["--provider", "velt", "--provider", "applivery"]);
        for line in server.banner().lines() {
            assert!(line.chars().count() <= 120, "{line}");
        }
    }

    /// The commands in a banner, each with the status that it promises.
    fn commands(banner: &str) -> Vec<(u16, String)> {
        let mut commands = Vec::new();
        let mut lines = banner.lines();
        let mut promised = 0;
        while let Some(line) = lines.next() {
            let line = line.trim_start();
            if let Some(comment) = line.strip_prefix("# ") {
                promised = comment.split(' ').next().unwrap().parse().unwrap_or(0);
            } else if line.starts_with("curl") {
                let mut command = line.to_owned();
                while command.ends_with('\\') {
                    command.push('\n');
                    command.push_str(lines.next().unwrap());
                }
                commands.push((promised, command));
            }
        }
        commands
    }

    fn shell(script: &str) -> Vec<u8> {
        let ended = Command::new("sh").args(["-c", script]).stdin(Stdio::null()).output().unwrap();
        assert!(ended.status.success(), "{script}: {}", String::from_utf8_lossy(&ended.stderr));
        ended.stdout
    }

    /// What curl sends for a command's words.
    fn request(command: &str) -> String {
        let words = shell(&format!("curl() {{ printf '%s\\0' \"$@\"; }}\n{command}"));
        let words = String::from_utf8(words).unwrap();
        let mut words = words.split_terminator('\0');
        let (mut method, mut target, mut fields, mut body) = (None, "", String::new(), None);
        while let Some(word) = words.next() {
            match word {
                "-i" | "-s" => {}
                "-X" => method = words.next(),
                "-H" => write!(fields, "{}\r\n", words.next().unwrap()).unwrap(),
                "-d" => body = words.next(),
                url => target = &url[url.match_indices('/').nth(2).unwrap().0..],
            }
        }
        let method = method.unwrap_or(if body.is_some() { "POST" } else { "GET" });
        let body = body.unwrap_or_default();
        format!(
            "{method} {target} HTTP/1.1\r\nHost: localhost\r\n{fields}Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }

    fn check_promises(server: &Served, calls_min: usize) {
        let commands = commands(&server.banner);
        let (calls, admin): (Vec<_>, Vec<_>) =
            commands.into_iter().partition(|(promised, _)| *promised > 0);
        assert!(calls.len() >= calls_min);
        let [resources, requests, undo, reset, document] = admin.as_slice() else {
            panic!("{admin:?}");
        };
        for (promised, command) in &calls {
            assert_eq!(server.ask(request(command)).status, *promised, "{command}");
        }
        if Command::new("curl").arg("--version").output().is_err() {
            return;
        }
        let json = |(_, command): &(u16, String)| -> Value {
            serde_json::from_slice(&shell(command)).unwrap()
        };
        assert!(json(resources)["resources"].is_array());
        assert_eq!(json(requests)["count"], calls.len());
        assert!(json(undo)["entries"].is_array());
        assert!(json(document)["openapi"].as_str().unwrap().starts_with("3.1."));
        assert_eq!(json(reset)["status"], "reset");
        for (promised, command) in &calls {
            let answer = String::from_utf8(shell(&format!("{command} -s --max-time 10"))).unwrap();
            let status = answer.split(' ').nth(1).unwrap();
            assert_eq!(status, promised.to_string(), "{command}\n{answer}");
        }
    }

    #[test]
    fn pasted_calls_answer_as_promised() {
        let folder = shop("pasted");
        check_promises(&serve(&of_shop(&folder)), 5);
    }

    #[test]
    fn pasted_calls_of_the_built_in_providers_answer_as_promised() {
        check_promises(&serve(&["--log-format", "none"]), 0);
    }
}

mod ending {
    use super::*;

    #[test]
    fn a_taken_port_is_told_with_what_to_do() {
        let server = serve(&["--provider", "partoo"]);
        let port = server.address.port().to_string();
        let ended = run(&["--provider", "partoo", "-p", &port]);
        expect![[r#"
            tombstone: port PORT of `127.0.0.1` is taken: stop the program that listens there, or choose another with `--port` (`--port 0` picks a free one)
            exit 1
        "#]].assert_eq(&ended.text().replace(&port, "PORT"));
    }

    #[test]
    fn a_signal_ends_it_after_what_has_begun() {
        for signal in ["INT", "TERM"] {
            let server = serve(&["--log-format", "json"]);
            let mut waiting = server.connect();
            waiting.send(format!(
                "{POST}Expect: 100-continue\r\nContent-Length: {}\r\n\r\n",
                POST_BODY.len()
            ));
            assert_eq!(waiting.head().status, 100);
            let mut idle = server.connect();
            idle.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
            assert_eq!(idle.answer().status, 404);
            server.signal(signal);
            assert!(idle.ended(), "it has seen the signal");
            waiting.send(POST_BODY);
            assert_eq!(waiting.answer().status, 200, "{signal}");
            let (code, log) = server.ended();
            assert_eq!((code, log.lines().count()), (0, 2), "{signal}: {log}");
        }
    }
}

mod options {
    use super::*;

    const LOCAL: &str = "Host: localhost\r\n";
    const KEY: &str = "Host: localhost\r\nX-Key: it's a key\r\nContent-Length: 0\r\n";

    fn asked(name: &str, format: &str) -> String {
        let folder = shop(name);
        let format = ["--log-format", format].map(str::to_owned).to_vec();
        let server = serve(&[of_shop(&folder), format].concat());
        let statuses = [
            server.call("DELETE", "/v3/carts/a%2fb%20c", KEY).status,
            server.call("DELETE", "/shop/carts/x?force=true&token=secret", KEY).status,
            server.call("POST", "/shop/carts", KEY).status,
            server.call("GET", "/nowhere", LOCAL).status,
            server.admin(LOCAL),
        ];
        assert_eq!(statuses, [204, 404, 400, 404, 200]);
        server.stop().replace(&folder.path.display().to_string(), "DIR")
    }

    #[test]
    fn log_lines_for_programs_are_json() {
        let log = asked("log-json", "json");
        let mut text = String::new();
        for line in log.lines() {
            let mut line: Value = serde_json::from_str(line).unwrap();
            assert!(line["took_ms"].take().is_f64());
            assert!(line["time"].take().as_str().unwrap().ends_with('Z'));
            writeln!(text, "{line}").unwrap();
        }
        expect![[r#"
            {"time":null,"method":"DELETE","path":"/v3/carts/a%2fb%20c","status":204,"provider":"shop","operation":"deleteCart","sandbox":"default","rule":"deleteCart rule 2, DIR/specs/shop/behavior.yaml:16","changes":[{"resource":"carts","deleted":1}],"took_ms":null}
            {"time":null,"method":"DELETE","path":"/shop/carts/x","query":"force=true&token=[REDACTED]","status":404,"provider":"shop","operation":"deleteCart","sandbox":"default","rule":"deleteCart rule 1, DIR/specs/shop/behavior.yaml:14","took_ms":null}
            {"time":null,"method":"POST","path":"/shop/carts","status":400,"provider":"shop","operation":"createCart","sandbox":"default","rule":"invalid_request of createCart, DIR/specs/shop/behavior.yaml:9","violations":[{"in":"body","pointer":"","field":"","keyword":"body_required","expected":null,"text":"must not be empty"}],"took_ms":null}
            {"time":null,"method":"GET","path":"/nowhere","status":404,"provider":"shop","sandbox":"default","stage":"unknown route","took_ms":null}
            {"time":null,"method":"GET","path":"/__admin/health","status":200,"stage":"admin","took_ms":null}
        "#]].assert_eq(&text);
    }

    #[test]
    fn log_lines_for_people_say_what_happened() {
        let log = asked("log-human", "human");
        let mut text = String::new();
        for line in log.lines() {
            let (time, rest) = line.split_once(' ').unwrap();
            assert_eq!(time.len(), "12:00:00".len(), "{line}");
            let (rest, took) = rest.rsplit_once("  ").unwrap();
            assert!(took.ends_with(" ms"), "{line}");
            writeln!(text, "{rest}").unwrap();
        }
        expect![[r#"
            204 DELETE /v3/carts/a%2fb%20c  deleteCart rule 2, DIR/specs/shop/behavior.yaml:16  -1 carts
            404 DELETE /shop/carts/x?force=true&token=[REDACTED]  deleteCart rule 1, DIR/specs/shop/behavior.yaml:14
            400 POST /shop/carts  invalid_request of createCart, DIR/specs/shop/behavior.yaml:9  (body: must not be empty)
            404 GET /nowhere  unknown route
            200 GET /__admin/health  admin
        "#]].assert_eq(&text);
        assert_eq!(asked("log-none", "none"), "");
    }

    #[test]
    fn the_environment_gives_port_and_address_and_flags_go_before_it() {
        let mut command = program(&["--provider", "partoo"]);
        command.env("PORT", "0").env("HOST", "0.0.0.0");
        let server = serve_with(command);
        assert!(server.banner.contains("on all addresses"));
        assert_ne!(server.address.port(), 4010);
        drop(server);
        let mut command = program(&["--provider", "partoo", "-p", "0", "--host", "127.0.0.1"]);
        command.env("PORT", "1").env("HOST", "192.0.2.1");
        assert!(!serve_with(command).banner.contains("on all addresses"));
        let mut command = program(&["--provider", "partoo"]);
        command.env("PORT", "http");
        run_with(command).check(&expect![[r#"
            tombstone: `PORT`: invalid value 'http' for '--port <PORT>': invalid digit found in string
            exit 2
        "#]]);
    }

    /// The part of the banner that speaks of the admin API.
    fn of_admin(server: &Served) -> String {
        let banner = server.banner();
        banner[banner.find("Admin API").unwrap()..].to_owned()
    }

    #[test]
    fn beyond_this_machine_the_admin_api_is_closed_and_the_banner_says_so() {
        let server = serve(&["--provider", "partoo", "--host", "0.0.0.0"]);
        assert_eq!(server.admin(LOCAL), 403);
        assert_eq!(server.ask(DELETE).status, 200);
        expect![[r#"
            Admin API
              closed, because others can connect to this address: give it a token with --admin-token, or open it
              to everyone with --admin-open

            tombstone 0.1.0 is listening on http://127.0.0.1:PORT, on all addresses (Ctrl-C ends it)
        "#]].assert_eq(&of_admin(&server));
    }

    #[test]
    fn the_admin_api_opens_to_everyone_or_to_the_token() {
        let open = serve(&["--provider", "partoo", "--host", "0.0.0.0", "--admin-open"]);
        assert_eq!(open.admin(LOCAL), 200);
        let guarded =
            serve(&["--provider", "partoo", "--host", "0.0.0.0", "--admin-token", "se cret"]);
        assert_eq!(guarded.admin(LOCAL), 401);
        assert_eq!(guarded.admin("Host: localhost\r\nAuthorization: Bearer se cret\r\n"), 200);
        expect![[r#"
            Admin API
                # which records there are
                curl -s http://127.0.0.1:PORT/__admin/sandboxes/default/resources -H 'Authorization: Bearer <TOKEN>'
                # what was asked, and why it was answered so
                curl -s http://127.0.0.1:PORT/__admin/sandboxes/default/requests -H 'Authorization: Bearer <TOKEN>'
                # the last change undone
                curl -s -X POST http://127.0.0.1:PORT/__admin/sandboxes/default/undo -H 'Authorization: Bearer <TOKEN>'
                # everything back to the start
                curl -s -X POST http://127.0.0.1:PORT/__admin/reset -H 'Authorization: Bearer <TOKEN>'
                # all that it can do
                curl -s http://127.0.0.1:PORT/__admin/openapi.json -H 'Authorization: Bearer <TOKEN>'

              A sandbox for each test: put /@NAME before any path, or send `Tombstone-Sandbox: NAME`.

            tombstone 0.1.0 is listening on http://127.0.0.1:PORT, on all addresses (Ctrl-C ends it)
        "#]].assert_eq(&of_admin(&guarded));
        let mut command = program(&["--provider", "partoo", "-p", "0"]);
        command.env("TOMBSTONE_ADMIN_TOKEN", "secret");
        assert_eq!(serve_with(command).admin(LOCAL), 401);
    }

    #[test]
    fn the_admin_api_answers_on_names_that_are_given() {
        let server =
            serve(&["--provider", "partoo", "--admin-host", "a.test", "--admin-host", "b.test"]);
        let status = |host| server.admin(&format!("Host: {host}\r\n"));
        assert_eq!(["a.test", "b.test:80", "c.test"].map(status), [200, 200, 421]);
    }

    #[test]
    fn only_the_named_providers_are_served() {
        let server = serve(&["--provider", "timbrix", "--provider", "partoo"]);
        let found = server.call("GET", "/nowhere", LOCAL).json();
        assert_eq!(found["providers"], json!(["partoo", "timbrix"]));
    }

    #[test]
    fn without_cors_no_page_is_allowed() {
        let allowed = |switch| {
            let server = serve(&["--provider", "partoo", "--cors", switch]);
            server
                .call("GET", "/nowhere", "Host: localhost\r\nOrigin: https://a.example\r\n")
                .field("access-control-allow-origin")
        };
        assert_eq!((allowed("on").as_deref(), allowed("off")), (Some("https://a.example"), None));
    }

    #[test]
    fn the_seed_decides_made_up_ids() {
        let body = r#"{"data":{"userIds":["yourUserId1"]}}"#;
        let request = format!("{POST}Content-Length: {}\r\n\r\n{body}", body.len())
            .replace("/v1/organizations/delete", "/v2/users/data/delete");
        let job = |seed: &str| {
            let answer = serve(&["--provider", "velt", "--seed", seed]).ask(&request);
            assert_eq!(answer.status, 202);
            answer.json()["data"]["jobId"].as_str().unwrap().to_owned()
        };
        assert_eq!(job("7"), job("7"));
        assert_ne!(job("7"), job("8"));
    }

    #[test]
    fn a_fixture_set_replaces_the_records() {
        let folder = shop("sets");
        folder.write("fixtures/shop/empty.yaml", "tombstone: 1\nrecords: {}\n");
        let args =
            [of_shop(&folder), vec!["--fixture-set".to_owned(), "empty".to_owned()]].concat();
        let listed = serve(&args)
            .call("GET", "/__admin/sandboxes/default/resources/shop/carts", LOCAL)
            .json();
        assert_eq!(listed["count"], 0);
        let listed = serve(&of_shop(&folder))
            .call("GET", "/__admin/sandboxes/default/resources/shop/carts", LOCAL)
            .json();
        assert_eq!(listed["count"], 1);
    }
}

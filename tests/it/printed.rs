//! The calls that `tombstone examples` prints, pasted into a shell as they stand: each answers as its document has it for
//! a call that is right.
//!
//! Over the documents of `tests/documents`, those written for it below, and of the folder that `TOMBSTONE_DOCUMENTS`
//! names. Without `curl` there is nothing to try.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tombstone::catalog::read_document;
use tombstone::openapi::{Contract, Operation};

use super::contracts::documents;

/// Problems of one document that are told.
const TOLD_MAX: usize = 20;

/// What is put in place of `curl` to have the status on a line of its own, and nothing else.
const CURL: &str = "curl -s -o /dev/null -w '%{http_code}\\n' --max-time 60";

/// What makes a call hard to write down: each in an operation of its own.
const HARD: &str = r##"
openapi: 3.1.0
info: {title: Hard to print, version: '1'}
paths:
  /headers/ignored:
    post:
      parameters:
        - {name: Accept, in: header, required: true, schema: {type: string}}
        - {name: Content-Type, in: header, required: true, schema: {type: string}}
        - {name: Authorization, in: header, required: true, schema: {type: string}}
      requestBody: {required: true, content: {application/json: {schema: {type: object}}}}
      responses: {'200': {description: ok, content: {application/json: {schema: {type: object}}}}}
  /headers/of-transport:
    put:
      parameters:
        - {name: Host, in: header, required: true, schema: {type: string}}
        - {name: Content-Length, in: header, required: true, schema: {type: integer}}
        - {name: Transfer-Encoding, in: header, schema: {type: string}}
      requestBody: {required: true, content: {text/plain: {schema: {const: 'four'}}}}
      responses: {'204': {description: ok}}
  /headers/empty:
    get:
      parameters:
        - {name: X-Empty, in: header, required: true, schema: {const: ''}}
        - {name: X-Key, in: header, required: true, schema: {const: parameter}}
      security: [{key: []}]
      responses: {'204': {description: ok}}
  /cookies:
    get:
      parameters:
        - {name: a, in: cookie, required: true, schema: {const: 'x y;"z"'}}
      responses: {'204': {description: ok}}
  "/brackets[1]/{id}/it's!/{id}":
    delete:
      parameters:
        - {name: id, in: path, required: true, schema: {const: "[a]{b}'$HOME' !! é"}}
        - {name: "f[x]", in: query, required: true, schema: {type: array, items: {const: '{a,b}[1-3]'}, minItems: 2}}
      responses: {'204': {description: ok}}
  /dots/{id}/x:
    get:
      parameters: [{name: id, in: path, required: true, schema: {const: '..'}}]
      responses: {'204': {description: ok}}
  /bodies/quotes:
    post:
      requestBody: {required: true, content: {application/json: {schema: {const: "it's \"$HOME\" `x` !! \\ é 100% \n"}}}}
      responses: {'204': {description: ok}}
  /bodies/at:
    post:
      requestBody: {required: true, content: {text/plain: {schema: {const: '@/etc/passwd'}}}}
      responses: {'204': {description: ok}}
  /bodies/lines:
    post:
      requestBody: {required: true, content: {text/plain: {schema: {const: "-a\r\n\tb\\n\x01 %s 'c'"}}}}
      responses: {'204': {description: ok}}
  /bodies/parts:
    post:
      requestBody: {required: true, content: {multipart/form-data: {schema: {type: object, required: [a, b], properties: {a: {const: "x'y"}, b: {type: integer}}}}}}
      responses: {'204': {description: ok}}
  /bodies/form:
    post:
      requestBody:
        required: true
        content:
          application/x-www-form-urlencoded:
            schema: {type: object, required: [a], properties: {a: {type: object, properties: {b: {type: string}}}}}
            encoding: {a: {style: deepObject, explode: true}}
      responses: {'204': {description: ok}}
  /bodies/form-with-map:
    post:
      requestBody:
        required: true
        content:
          application/x-www-form-urlencoded:
            schema: {type: object, required: [a], properties: {a: {type: object, additionalProperties: {type: string}}}}
            encoding: {a: {style: deepObject, explode: true}}
      responses: {'204': {description: ok}}
  /bodies/of-get:
    get:
      requestBody: {required: true, content: {application/json: {schema: {type: object}}}}
      responses: {'204': {description: ok}}
  /bodies/long:
    post:
      requestBody: {required: true, content: {text/plain: {schema: {type: string, minLength: 2000}}}}
      responses: {'204': {description: ok}}
  /bodies/optional-and-long:
    put:
      requestBody: {content: {application/json: {schema: {type: object, properties: {a: {type: string, minLength: 2000}}}}}}
      responses: {'204': {description: ok}}
  /#Action=Run:
    post:
      parameters: [{name: Action, in: query, required: true, schema: {type: string}}]
      responses: {'204': {description: ok}}
  /#X-Target=a.B:
    post:
      parameters: [{name: x-target, in: header, required: true, schema: {type: string}}]
      responses: {'204': {description: ok}}
  /found?owner={owner}&all:
    get: {responses: {'204': {description: ok}}}
components:
  securitySchemes:
    key: {type: apiKey, in: header, name: x-key}
"##;

#[test]
fn printed_calls_answer_as_their_document_has_it() {
    if Command::new("curl").arg("--version").stdout(Stdio::null()).status().is_err() {
        println!("there is no curl: printed calls are not tried");
        return;
    }
    let mut wrong = String::new();
    let mut report = String::new();
    for file in documents() {
        try_document(&file, &mut report, &mut wrong);
    }
    println!("{report}");
    assert_eq!(wrong, "");
}

#[test]
fn what_is_hard_to_write_down_is_printed_so_that_it_works() {
    if Command::new("curl").arg("--version").stdout(Stdio::null()).status().is_err() {
        return;
    }
    let file = std::env::temp_dir().join(format!("tombstone-hard-{}.yaml", std::process::id()));
    std::fs::write(&file, HARD).unwrap();
    let (mut report, mut wrong) = (String::new(), String::new());
    try_document(&file, &mut report, &mut wrong);
    // Large documents get short calls.
    let mut many = HARD.to_owned();
    let at = many.find("components:").unwrap();
    let others: String = (0..60).fold(String::new(), |mut text, number| {
        let _ = writeln!(
            text,
            "  /other/{number}:\n    get: {{responses: {{'204': {{description: ok}}}}}}"
        );
        text
    });
    many.insert_str(at, &others);
    std::fs::write(&file, many).unwrap();
    try_document(&file, &mut report, &mut wrong);
    std::fs::remove_file(&file).unwrap();
    assert_eq!(wrong, "");
    assert!(report.contains("18 calls, 0 without"), "{report}");
    assert!(report.contains("78 calls, 0 without"), "{report}");
}

/// Makes every call that is printed for a document.
fn try_document(file: &Path, report: &mut String, wrong: &mut String) {
    let name = file.display();
    let mut findings = Vec::new();
    let (Some(document), _) = read_document(file, &[], &mut findings) else { return };
    let Some(contract) = Contract::load(&document, &mut findings) else { return };
    let server = Server::of(file);
    let (calls, without): (Vec<_>, Vec<_>) =
        contract.operations.iter().zip(&server.lines).partition(|(_, line)| line.contains("curl "));
    assert_eq!(contract.operations.len(), server.lines.len(), "{name}: a line for each operation");
    let statuses = run(calls.iter().map(|(_, line)| line.as_str()));
    assert_eq!(statuses.len(), calls.len(), "{name}: an answer to each call");
    let problems: Vec<String> = calls
        .iter()
        .zip(statuses)
        .filter(|((operation, line), status)| {
            !is_right(operation, *status) && !is_impossible(operation, line)
        })
        .map(|((_, line), status)| format!("{status}: {line}"))
        .collect();
    let _ = writeln!(
        report,
        "{name}: {} calls, {} without: {:?}",
        calls.len(),
        without.len(),
        without.first().map(|(_, line)| line)
    );
    for problem in problems.iter().take(TOLD_MAX) {
        let problem: String = problem.chars().take(600).collect();
        let _ = writeln!(wrong, "{name}: {problem}");
    }
    if problems.len() > TOLD_MAX {
        let _ = writeln!(wrong, "{name}: and {} more", problems.len() - TOLD_MAX);
    }
}

/// A success or a redirection; where an operation documents none, what it documents.
fn is_right(operation: &Operation, status: u16) -> bool {
    let succeeds = operation.responses.keys().any(|key| key.starts_with(['2', '3']));
    match status {
        200..=399 => true,
        status => !succeeds && operation.response(status).is_some(),
    }
}

/// Whether it is the document that has no answer to a call: nothing but what comes before an answer, or what goes on
/// without end.
fn is_impossible(operation: &Operation, line: &str) -> bool {
    if operation.responses.keys().all(|key| key.starts_with('1')) {
        return true;
    }
    let output = Command::new("sh").arg("-c").arg(line).output().unwrap();
    let answer = String::from_utf8_lossy(&output.stdout);
    answer.contains("SCHEMA_TOO_COMPLEX") && answer.contains("without end")
}

/// The statuses of calls, each as a shell makes it.
fn run<'l>(lines: impl Iterator<Item = &'l str>) -> Vec<u16> {
    let script = lines.fold(String::new(), |mut script, line| {
        // The words of the call come after those that are ours, so that a quoted one is never touched.
        let at = line.find("curl -").unwrap();
        let _ = writeln!(script, "{}{CURL}{}", &line[..at], &line[at + "curl".len()..]);
        script
    });
    let mut shell =
        Command::new("sh").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = shell.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(script.as_bytes()));
    let output = shell.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let statuses = String::from_utf8(output.stdout).unwrap();
    statuses.lines().map(|status| status.parse().unwrap()).collect()
}

/// A server that says what can be called; dropped, it ends.
struct Server {
    child: Child,
    lines: Vec<String>,
}

impl Server {
    fn of(file: &Path) -> Self {
        let program = || Command::new(env!("CARGO_BIN_EXE_tombstone"));
        let mut child = program()
            .args(["mock", "--stateless", "--port", "0", "--verboseLevel", "warn"])
            .arg(file)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let printed = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let last = printed.take(10).find(|line| line.contains(" is listening on ")).unwrap();
        let (_, rest) = last.split_once("127.0.0.1:").unwrap();
        let port = rest.split(' ').next().unwrap();
        let shown = program()
            .args(["examples", "--stateless", "--built-in", "off", "--port", port])
            .arg(file)
            .output()
            .unwrap();
        let shown = String::from_utf8(shown.stdout).unwrap();
        let (operations, _) = shown.split_once("\nAdmin API\n").unwrap();
        // Each has its name and its call, below the name of the API and where that is.
        let calls = operations.lines().skip(3).filter(|line| line.starts_with("    "));
        Self { child, lines: calls.map(|line| line.trim().to_owned()).collect() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

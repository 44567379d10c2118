//! Reports in the form that CI systems read: `JUnit` XML, as described at <https://github.com/testmoapp/junitxml>.
//!
//! Must not know what is reported.

use std::io;

use quick_xml::Writer;
use quick_xml::events::BytesText;

use crate::printable::printable;

/// Cases of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct JunitSuite {
    pub(super) name: String,
    pub(super) cases: Vec<JunitCase>,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct JunitCase {
    /// What it belongs to.
    pub(super) class: String,
    pub(super) name: String,
    pub(super) outcome: CaseResult,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum CaseResult {
    Passed,
    /// It does not count, for this reason.
    Skipped(String),
    /// It is not as it should be: in a line, and in full.
    Failed(String, Vec<String>),
}

/// The report of these suites.
pub(super) fn report(suites: &[JunitSuite]) -> String {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    write(&mut writer, suites).expect("writing into memory does not fail");
    let text = String::from_utf8(writer.into_inner()).expect("text was written");
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{text}\n")
}

fn write(writer: &mut Writer<Vec<u8>>, suites: &[JunitSuite]) -> io::Result<()> {
    let root = writer.create_element("testsuites").with_attribute(("name", "tombstone"));
    root.write_inner_content(|writer| {
        for suite in suites {
            let count = |is: fn(&CaseResult) -> bool| {
                suite.cases.iter().filter(|case| is(&case.outcome)).count().to_string()
            };
            let failures = count(|outcome| matches!(outcome, CaseResult::Failed(..)));
            let skipped = count(|outcome| matches!(outcome, CaseResult::Skipped(_)));
            writer
                .create_element("testsuite")
                .with_attribute(("name", legal(&suite.name).as_str()))
                .with_attribute(("tests", count(|_| true).as_str()))
                .with_attribute(("failures", failures.as_str()))
                .with_attribute(("skipped", skipped.as_str()))
                .write_inner_content(|writer| {
                    suite.cases.iter().try_for_each(|case| write_case(writer, case))
                })?;
        }
        Ok(())
    })?;
    Ok(())
}

fn write_case(writer: &mut Writer<Vec<u8>>, case: &JunitCase) -> io::Result<()> {
    let element = writer
        .create_element("testcase")
        .with_attribute(("classname", legal(&case.class).as_str()))
        .with_attribute(("name", legal(&case.name).as_str()));
    match &case.outcome {
        CaseResult::Passed => element.write_empty(),
        CaseResult::Skipped(reason) => element.write_inner_content(|writer| {
            let skipped = writer.create_element("skipped");
            skipped.with_attribute(("message", legal(reason).as_str())).write_empty()?;
            Ok(())
        }),
        CaseResult::Failed(line, all) => element.write_inner_content(|writer| {
            let failure = writer.create_element("failure");
            let failure = failure.with_attribute(("message", legal(line).as_str()));
            let all: Vec<_> = all.iter().map(|line| legal(line)).collect();
            failure.write_text_content(BytesText::new(&all.join("\n")))?;
            Ok(())
        }),
    }?;
    Ok(())
}

/// One line of the characters that XML 1.0 has (section 2.2). It must not become two: a CI system that reads what is
/// printed could take the second for a command.
fn legal(text: &str) -> String {
    printable(text).replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_the_text_is_the_report_is_xml() {
        let outcomes = [
            CaseResult::Passed,
            CaseResult::Skipped("<never> \"given\"".to_owned()),
            CaseResult::Failed(
                "a & b".to_owned(),
                vec!["found: ]]>\u{0}\n<x>".to_owned(), "::error::".to_owned()],
            ),
        ];
        let cases = outcomes.map(|outcome| JunitCase {
            class: "shop".to_owned(),
            name: "DELETE /a?b=<c>&d".to_owned(),
            outcome,
        });
        let suite = JunitSuite { name: "it's".to_owned(), cases: cases.to_vec() };
        expect_test::expect![[r#"
            <?xml version="1.0" encoding="UTF-8"?>
            <testsuites name="tombstone">
              <testsuite name="it&apos;s" tests="3" failures="1" skipped="1">
                <testcase classname="shop" name="DELETE /a?b=&lt;c&gt;&amp;d"/>
                <testcase classname="shop" name="DELETE /a?b=&lt;c&gt;&amp;d">
                  <skipped message="&lt;never&gt; &quot;given&quot;"/>
                </testcase>
                <testcase classname="shop" name="DELETE /a?b=&lt;c&gt;&amp;d">
                  <failure message="a &amp; b">found: ]]&gt;\u{0}\u{a}&lt;x&gt;
            ::error::</failure>
                </testcase>
              </testsuite>
            </testsuites>
        "#]]
        .assert_eq(&report(&[suite]));
    }
}

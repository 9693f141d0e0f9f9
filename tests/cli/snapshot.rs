//! Snapshots of every format, word for word: a made-up report, a purge plan, the page of a rule, and the help of every
//! command.
//!
//! A snapshot test fails if a single byte differs; CONTRIBUTING says how to accept an intended change.

use std::io::{self, Write};

use insta::{Settings, assert_snapshot};
use keysweep::detect::Detector;
use keysweep::finding::{PurgePlan, Report, Server};
use keysweep::output::mask::Mask;
use keysweep::output::view::{Values, View};
use keysweep::output::{Detail, Format, OutputOptions, PageFormat, PageOptions, json, purge as page, render, style};
use keysweep::remediation::purge::{self, Needs, Situation, WorkTree};
use keysweep::rule_set::RuleSet;

use crate::fixture;
use crate::help::commands;
use crate::support::{ENTRA, Repo, must};

const FORMATS: [(&str, Format); 11] = [
    ("human", Format::Page(PageFormat::Human)),
    ("json", Format::Page(PageFormat::Json)),
    ("jsonl", Format::Page(PageFormat::Jsonl)),
    ("markdown", Format::Page(PageFormat::Markdown)),
    ("html", Format::Page(PageFormat::Html)),
    ("sarif", Format::Sarif),
    ("github", Format::Github),
    ("azure", Format::Azure),
    ("gitlab", Format::Gitlab),
    ("junit", Format::Junit),
    ("csv", Format::Csv),
];
const PAGES: [(&str, PageFormat); 3] =
    [("human", PageFormat::Human), ("json", PageFormat::Json), ("markdown", PageFormat::Markdown)];

/// Compares a text with the snapshot of that name, independently of the names of the test and the expression.
fn compare(name: &str, text: &str) {
    let mut settings = Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| assert_snapshot!(name, text));
}

/// Returns the output without colours, and without style sheet, script and their hashes, which are files of their own.
fn written(write: &dyn Fn(&mut dyn Write) -> io::Result<()>) -> String {
    style::set(false);
    let mut bytes = Vec::new();
    must(write(&mut bytes), "write to memory");
    let text = must(String::from_utf8(bytes), "read what was written");
    [("<style>", "</style>"), ("<script>", "</script>"), ("'sha256-", "'; script"), ("script-src 'sha256-", "'; base")]
        .iter()
        .fold(text, |text, (open, close)| {
            let parts = text.split_once(open).and_then(|(before, rest)| Some((before, rest.split_once(close)?.1)));
            parts.map_or(text.clone(), |(before, behind)| format!("{before}{open}{close}{behind}"))
        })
}

/// Returns the view of a report, with a version and a rules hash that no release changes.
fn view(report: &Report, mask: &Mask) -> View {
    let mut view = View { version: "1.2.3".into(), ..View::new(report, Values::Masked(mask)) };
    view.source.rules = "0123456789abcdef".to_owned();
    view
}

#[test]
fn a_report_is_the_same_in_every_format() {
    let (report, detector) = (fixture::report(), Detector::new(RuleSet::builtin()));
    let view = view(&report, &Mask::new(Some(&detector), Some(&report)));
    for (name, format) in FORMATS {
        let options = OutputOptions { format, show_secrets: false, detail: Detail::Full, width: None };
        compare(&format!("report.{name}"), &written(&|out| render(&view, options, out)));
    }
}

#[test]
fn a_report_round_trips() {
    let (report, detector) = (fixture::report(), Detector::new(RuleSet::builtin()));
    let view = view(&report, &Mask::new(Some(&detector), Some(&report)));
    let text = written(&|out| json::document(&view, out));
    let again: View = must(serde_json::from_str(&text), "read the report back");
    assert_eq!(written(&|out| json::document(&again, out)), text);
    // This is the path taken after the texts were masked once more: through a map, whose names are sorted.
    let sorted: serde_json::Value = must(serde_json::from_str(&text), "read the report as a map");
    let again: View = must(serde_json::from_value(sorted), "read the report back from a map");
    assert_eq!(written(&|out| json::document(&again, out)), text);
}

#[test]
fn a_report_with_a_value_from_another_version_is_rejected() {
    let (report, detector) = (fixture::report(), Detector::new(RuleSet::builtin()));
    let text = written(&|out| json::document(&view(&report, &Mask::new(Some(&detector), Some(&report))), out));
    let words =
        ["history", "published", "symlink", "revoke", "findings", "too-large", "stash", "void", "decoded", "new"];
    for word in words {
        let other = text.replacen(&format!("\"{word}\""), "\"unheard-of\"", 1);
        assert_ne!(other, text, "{word}");
        assert!(serde_json::from_str::<View>(&other).is_err(), "{word}");
    }
}

#[test]
fn an_all_clear_and_a_doubtful_one_are_the_same_in_every_format() {
    let detector = Detector::new(RuleSet::builtin());
    let unknown = Report { findings: Vec::new(), ..fixture::report() };
    let clean = Report { gaps: Vec::new(), notes: Vec::new(), ..unknown.clone() };
    for (verdict, report) in [("unknown", unknown), ("clean", clean)] {
        let view = view(&report, &Mask::new(Some(&detector), Some(&report)));
        let all = FORMATS.map(|(name, format)| {
            let options = OutputOptions { format, show_secrets: false, detail: Detail::Quiet, width: None };
            format!("=== {name}\n{}", written(&|out| render(&view, options, out)))
        });
        compare(&format!("report.{verdict}"), &all.concat());
    }
}

/// Returns a plan for the findings of the made-up report, for a repository that was pushed to two servers.
fn plan(report: &Report) -> PurgePlan {
    let plan = purge::plan(&Situation {
        findings: &report.findings,
        traced: &report.findings,
        needs: Needs {
            contents: ["archive.zip".into()].into(),
            paths: true,
            refs: true,
            messages: 1,
            ..Needs::default()
        },
        root: "/srv/made up".into(),
        is_bare: false,
        work_trees: vec![WorkTree { folder: "/srv/side".into(), is_there: true }],
        folder: "/srv/made up/.git/keysweep".into(),
        is_own_folder: true,
        remotes: vec![("origin".into(), Server::GitHub), ("backup".into(), Server::Own)],
        surroundings: keysweep::remediation::Surroundings::default(),
    });
    PurgePlan { files: vec![("/srv/made up/.git/keysweep/expressions.txt".into(), "the values")], ..plan }
}

#[test]
fn a_plan_to_purge_is_the_same_in_every_format() {
    let (report, detector) = (fixture::report(), Detector::new(RuleSet::builtin()));
    let (plan, mask) = (plan(&report), Mask::new(Some(&detector), Some(&report)));
    for (name, format) in PAGES {
        let options = PageOptions { format, width: None };
        let text = written(&|out| page::render(&plan, &report, options, &mask, out));
        compare(&format!("purge-plan.{name}"), &text);
    }
}

#[test]
fn the_page_of_a_rule_stays_the_same() {
    for format in ["human", "json"] {
        let run = Repo::folder().keysweep(&["explain", ENTRA, "--format", format]).expect_code(0);
        compare(&format!("explain-rule.{format}"), &run.out());
    }
}

#[test]
fn the_help_of_every_command_stays_the_same() {
    let repo = Repo::folder();
    let page = |(command, _): (Vec<String>, clap::Command)| {
        let args: Vec<&str> = command.iter().map(String::as_str).chain(["--help"]).collect();
        let text = repo.tool(&args).env("COLUMNS", "100").run().expect_code(0).out();
        format!("=== keysweep {}\n{text}\n", args.join(" "))
    };
    let pages: String = commands().into_iter().map(page).collect();
    // A build that can ask providers describes `live` differently.
    let able = "Ask providers whether reported secrets still work";
    compare("help", &pages.replace("Ask providers whether secrets still work (not in this build)", able));
}

//! Checks `rules.toml` and compiles it into constants; a bad rule fails the build with its id and the reason.

use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::PathBuf;
use std::process::ExitCode;

use rule::compile::{Compiled, Known, compile};
use rule::file::RuleFile;
use rule::live::{Ask, Body, Identifier, Live, Reading, Request, Reveal, Source, Term};
use rule::{ByteSet, Field, Keyword, List, Matcher, Remediation, Rule, Step, Str};

#[expect(
    dead_code,
    unreachable_pub,
    reason = "the build script needs the compiler of rules, not all that the program does with them"
)]
#[path = "src/rule/mod.rs"]
mod rule;

/// The folders with the sources that decide what a sweep finds.
const SWEEP: [&str; 8] =
    ["src/attribution", "src/detect", "src/git", "src/image", "src/rule", "src/scan", "src/source", "src/text"];

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=rules.toml");
    println!("cargo::rerun-if-changed=build.rs");
    for folder in SWEEP {
        println!("cargo::rerun-if-changed={folder}");
    }
    match generate() {
        Ok(()) => ExitCode::SUCCESS,
        Err(reasons) => {
            for reason in reasons {
                println!("cargo::error=rules.toml: {reason}");
            }
            ExitCode::FAILURE
        }
    }
}

fn generate() -> Result<(), Vec<String>> {
    let one = |e: String| vec![e];
    println!("cargo::rustc-env=KEYSWEEP_SWEEP={:016x}", sweep().map_err(|e| one(e.to_string()))?);
    let text = std::fs::read_to_string("rules.toml").map_err(|e| one(e.to_string()))?;
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    println!("cargo::rustc-env=KEYSWEEP_RULES={:016x}", hasher.finish());
    let file: RuleFile = toml::from_str(&text).map_err(|e| one(e.to_string().replace('\n', " ")))?;
    let compiled =
        compile(&file, &Known::default()).map_err(|flaws| flaws.iter().map(ToString::to_string).collect::<Vec<_>>())?;
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or_else(|| one("cargo sets OUT_DIR".into()))?);
    std::fs::write(out.join("rules.rs"), constants(&compiled)).map_err(|e| one(e.to_string()))
}

/// Returns a hash of the sources that decide what a sweep finds: the results of one version don't apply to another.
fn sweep() -> std::io::Result<u64> {
    let mut hasher = DefaultHasher::new();
    let mut folders = SWEEP.map(PathBuf::from).to_vec();
    while let Some(folder) = folders.pop() {
        let mut paths = std::fs::read_dir(folder)?.map(|e| e.map(|e| e.path())).collect::<Result<Vec<_>, _>>()?;
        paths.sort();
        for path in paths {
            if path.is_dir() {
                folders.push(path);
            } else {
                (&path, std::fs::read(&path)?).hash(&mut hasher);
            }
        }
    }
    Ok(hasher.finish())
}

/// Returns the text of a module with `RULES`, `REMEDIATIONS`, `FIELDS` and `LIVE`.
fn constants(compiled: &Compiled) -> String {
    let mut out = String::from(
        "use crate::rule::{Boundary, ByteSet, Case, Check, CheckUse, Confidence, Field, Keyword, Matcher, OnFail, Reach, Remediation, Rule, Severity, Step};\nuse crate::rule::live::{Ask, Body, Identifier, Live, Method, Reading, Request, Reveal, Says, Signature, Source, Term};\nuse std::borrow::Cow;\n",
    );
    section(&mut out, "Rules compiled from `rules.toml`.", "RULES", "Rule", compiled.rules.iter().map(rule));
    section(
        &mut out,
        "Remediations compiled from `rules.toml`.",
        "REMEDIATIONS",
        "Remediation",
        compiled.remediations.iter().map(remediation),
    );
    section(&mut out, "Fields compiled from `rules.toml`.", "FIELDS", "Field", compiled.fields.iter().map(field));
    section(&mut out, "Requests compiled from `rules.toml`.", "LIVE", "Live", compiled.live.iter().map(live));
    out
}

fn section(out: &mut String, doc: &str, name: &str, kind: &str, items: impl Iterator<Item = String>) {
    let _ = writeln!(out, "/// {doc}\npub(super) static {name}: &[{kind}] = &[");
    for item in items {
        let _ = writeln!(out, "    {item},");
    }
    out.push_str("];\n");
}

fn text(value: &Str) -> String {
    format!("Cow::Borrowed({:?})", &**value)
}

fn list<T: Clone>(values: &List<T>, one: impl Fn(&T) -> String) -> String {
    let items: Vec<String> = values.iter().map(one).collect();
    format!("Cow::Borrowed(&[{}])", items.join(", "))
}

fn rule(rule: &Rule) -> String {
    format!(
        "Rule {{ id: {}, name: {}, provider: {}, severity: Severity::{:?}, confidence: Confidence::{:?}, keywords: {}, \
         matcher: {}, files: {}, place: {}, settles: {}, boundary: Boundary::{:?}, checks: {}, statistics: {}, placeholders: {}, companions: {}, \
         identifies: {}, remediation: {}, prefix: {}, needle: {}, tail: {}, in_line: {}, unmistakable: {}, reach: Reach {{ before: {}, after: {} }}, \
         references: {} }}",
        text(&rule.id),
        text(&rule.name),
        text(&rule.provider),
        rule.severity,
        rule.confidence,
        list(&rule.keywords, keyword),
        matcher(&rule.matcher),
        list(&rule.files, text),
        rule.place,
        rule.settles,
        rule.boundary,
        list(&rule.checks, |c| format!(
            "CheckUse {{ check: {}, on_fail: OnFail::{:?} }}",
            c.check.to_source(),
            c.on_fail
        )),
        rule.statistics,
        list(&rule.placeholders, |digest| format!("{digest:?}")),
        list(&rule.companions, text),
        text(&rule.identifies),
        text(&rule.remediation),
        text(&rule.prefix),
        text(&rule.needle),
        text(&rule.tail),
        rule.in_line,
        rule.unmistakable,
        rule.reach.before,
        rule.reach.after,
        list(&rule.references, text),
    )
}

fn keyword(keyword: &Keyword) -> String {
    let sets = |sets| list(sets, |set: &ByteSet| format!("{set:?}"));
    format!(
        "Keyword {{ text: {}, case: Case::{:?}, probe: {}, offset: {:?}, before: {}, after: {} }}",
        text(&keyword.text),
        keyword.case,
        keyword.probe,
        keyword.offset,
        sets(&keyword.before),
        sets(&keyword.after),
    )
}

fn matcher(matcher: &Matcher) -> String {
    match matcher {
        Matcher::Around { pattern } => format!("Matcher::Around {{ pattern: {} }}", text(pattern)),
        Matcher::After { pattern, within } => {
            format!("Matcher::After {{ pattern: {}, within: {within} }}", text(pattern))
        }
        Matcher::Whole { pattern } => format!("Matcher::Whole {{ pattern: {} }}", text(pattern)),
        Matcher::Assignment => "Matcher::Assignment".to_owned(),
    }
}

fn remediation(r: &Remediation) -> String {
    format!(
        "Remediation {{ id: {}, impact: {}, revoke: {}, rotate: {}, checked: {}, verify: {}, audit: {}, prevent: {}, federate: {}, workflow: {}, caution: {}, docs: {} }}",
        text(&r.id),
        text(&r.impact),
        list(&r.revoke, step),
        list(&r.rotate, step),
        text(&r.checked),
        step(&r.verify),
        step(&r.audit),
        text(&r.prevent),
        list(&r.federate, step),
        list(&r.workflow, text),
        text(&r.caution),
        text(&r.docs),
    )
}

fn step(step: &Step) -> String {
    format!("Step {{ action: {}, run: {} }}", text(&step.action), text(&step.run))
}

fn field(field: &Field) -> String {
    format!(
        "Field {{ name: {}, hint: {}, patterns: {}, shown: {}, check: {} }}",
        text(&field.name),
        text(&field.hint),
        list(&field.patterns, text),
        field.shown,
        field.check.as_ref().map_or_else(|| "None".to_owned(), |check| format!("Some({})", check.to_source()))
    )
}

fn live(live: &Live) -> String {
    let ask = match &live.ask {
        Ask::Never(why) => format!("Ask::Never({})", text(why)),
        Ask::Request(asked) => format!("Ask::Request({})", request(asked)),
    };
    format!(
        "Live {{ id: {}, rules: {}, ask: {ask}, by_hand: {} }}",
        text(&live.id),
        list(&live.rules, text),
        text(&live.by_hand),
    )
}

fn request(request: &Request) -> String {
    let body = match &request.body {
        Body::Empty => "Body::Empty".to_owned(),
        Body::Form(form) => format!("Body::Form({})", text(form)),
        Body::Json(json) => format!("Body::Json({})", text(json)),
        Body::Text(words) => format!("Body::Text({})", text(words)),
    };
    let signature = request.signature.map_or("None".to_owned(), |made| format!("Some(Signature::{made:?})"));
    let user = request.basic_user.as_ref().map_or("None".to_owned(), |user| format!("Some({})", text(user)));
    format!(
        "Request {{ method: Method::{:?}, host: {}, path: {}, headers: {}, basic_user: {user}, body: {body}, signature: {signature}, \
         needs: {}, unless: {}, readings: {}, reveals: {}, elsewhere: {} }}",
        request.method,
        text(&request.host),
        text(&request.path),
        list(&request.headers, |(name, value)| format!("({}, {})", text(name), text(value))),
        list(&request.needs, identifier),
        list(&request.unless, identifier),
        list(&request.readings, reading),
        list(&request.reveals, reveal),
        text(&request.elsewhere),
    )
}

fn identifier(Identifier { field, form }: &Identifier) -> String {
    format!("Identifier {{ field: {}, form: {} }}", text(field), text(form))
}

fn reading(Reading { says, status, terms }: &Reading) -> String {
    let term = |term: &Term| match term {
        Term::Json(path, values) => format!("Term::Json({}, {})", text(path), list(values, text)),
        Term::Text(words) => format!("Term::Text({})", text(words)),
    };
    format!("Reading {{ says: Says::{says:?}, status: {status}, terms: {} }}", list(terms, term))
}

fn reveal(Reveal { name, source }: &Reveal) -> String {
    let source = match source {
        Source::Json(path) => format!("Source::Json({})", text(path)),
        Source::Header(header) => format!("Source::Header({})", text(header)),
        Source::Xml(element) => format!("Source::Xml({})", text(element)),
    };
    format!("Reveal {{ name: {}, source: {source} }}", text(name))
}

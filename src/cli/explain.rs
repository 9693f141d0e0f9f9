//! `explain RULE`: what a rule looks for, what the secret opens, and what to do. `explain ID`: everything about a
//! finding of the last report. `explain FILE:LINE`: why a line is reported or not.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use bstr::ByteSlice as _;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::args::Common;
use super::exit::ExitStatus;
use super::report_store::{self, Stored};
use super::resolve::Settings;
use super::session::{NOTHING_IS_KNOWN, ReportWhen, Session};
use super::{clock, shell, withhold};
use crate::detect::context::expiry;
use crate::detect::context::path;
use crate::detect::trace::{Look, Outcome};
use crate::detect::{Detection, Detector, Rejection};
use crate::finding::{Command, Evidence, Fact, Finding, Report, Scope, StepKind};
use crate::fs::bounded;
use crate::git::Repo;
use crate::output;
use crate::output::mask::Mask;
use crate::output::page::{self, Block};
use crate::output::rules::{self, RuleView};
use crate::output::view::{FindingView, StepView, Values, View};
use crate::output::words;
use crate::remediation::{by_hand, fill};
use crate::rule::{Matcher, OnFail, Rule, Step};
use crate::rule_set::{Meant, RuleSet, SelectError};
use crate::source::files::{self, IgnoreFiles};
use crate::text::encoding::as_text;
use crate::text::{Span, escape};

/// Runs the command.
///
/// # Errors
/// Fails if there is no such rule, finding or line.
pub fn run(common: &Common, what: &str) -> anyhow::Result<ExitStatus> {
    let session = Session::on_files(&Common { rules: Vec::new(), ..common.clone() })?;
    let rules = session.rules();
    if let Some(rule) = rules.rule(what).or_else(|| rules.rule(&what.to_lowercase())) {
        let view = safe(&rule_view(rule, rules), &Mask::off())?;
        return show(&session.settings, &view.name, &rules::rule(&view), &view);
    }
    if let Some((file, line)) = place(what) {
        return explain_line(&session, &file, line);
    }
    let found = is_id(what).then(|| find(&session, what));
    if let Some(Ok(explained)) = &found {
        return show(&session.settings, &explained.finding.name, &explained.page(), explained);
    }
    // Only the text of the error is needed: an unknown id selects nothing.
    let error = rules.clone().select(&[escape(what.as_bytes())], &[]).map_or_else(|e| e, |_| SelectError::Empty);
    let is_rule = matches!(&error, SelectError::Unknown { meant, .. } if *meant != Meant::None);
    let why = match found.and_then(Result::err) {
        // A word that rules are about wasn't meant as the id of a finding.
        Some(Missing::Nowhere(_)) if is_rule => String::new(),
        Some(Missing::Nowhere(why) | Missing::Ambiguous(why)) => format!("{why}; "),
        None => String::new(),
    };
    anyhow::bail!("{why}{error}\n'keysweep rules list WORD' searches the rules");
}

/// Writes a page in the requested format.
fn show(settings: &Settings, title: &str, page: &[Block], data: &impl Serialize) -> anyhow::Result<ExitStatus> {
    let options = settings.page()?;
    let file = settings.output_file.as_deref();
    shell::results(file, &mut |out| output::write(title, page, data, options, out))?;
    shell::written(file, "the explanation");
    Ok(ExitStatus::Clean)
}

/// Returns the file and the line of a `FILE:LINE`; `None` if the text is something else.
fn place(what: &str) -> Option<(PathBuf, usize)> {
    let (file, line) = what.rsplit_once(':')?;
    Some((PathBuf::from(file), line.parse().ok().filter(|line| *line > 0)?))
}

/// Explains the matches of every rule on a line, with the verdict on each.
fn explain_line(session: &Session, file: &Path, line: usize) -> anyhow::Result<ExitStatus> {
    let shown = escape(withhold(&file.to_string_lossy()).as_bytes());
    let bytes = bounded::read_named(file, bounded::MAX_NAMED).with_context(|| format!("reading '{shown}'"))?;
    let text = as_text(&bytes);
    let Some(span) = line_span(&text, line) else {
        anyhow::bail!("'{shown}' has no line {line}: it has {}", words::plural(text.lines().count(), "line"));
    };
    let (detector, settings) = (session.detector(), &session.settings);
    let looks = detector.trace(&text, span);
    let here = detector.scan_file(&text).into_iter().filter(|d| d.span.overlaps(span));
    let reported: Vec<Detection> = here.map(|detection| expiry::apply(settings.scan.now, detection)).collect();
    let mut explained = BTreeSet::new();
    let mut says = Vec::new();
    for look in &looks {
        let verdict = verdict(look, &reported, file, session);
        if explained.insert((look.rule, verdict.clone())) {
            says.push(LineView { rule: session.rules().rules[look.rule].id.to_string(), says: verdict });
        }
    }
    says.extend(switched_off(session, &text, span));
    let report = scanned(session, file);
    says.extend(reported_with_key(&looks, &report, session.rules()));
    says.extend(allowed(session, &report, line));
    let place = format!("{shown}:{line}");
    let rows = says.iter().map(|one| (one.rule.clone(), one.says.clone())).collect();
    show(settings, &place, &rules::line(&place, rows), &says)
}

/// Returns the findings that disabled built-in rules would report on a line.
fn switched_off(session: &Session, text: &[u8], line: Span) -> Vec<LineView> {
    if session.rules().is_builtin() {
        return Vec::new();
    }
    let builtin = Detector::new(RuleSet::builtin());
    let rules: BTreeSet<String> = builtin
        .scan(text)
        .iter()
        .filter(|detection| detection.span.overlaps(line))
        .map(|detection| builtin.rule(detection).id.to_string())
        .filter(|id| session.rules().rule(id).is_none())
        .collect();
    let says = |rule| LineView { rule, says: "not reported: the configuration disables this rule".to_owned() };
    rules.into_iter().map(says).collect()
}

/// Returns the report of a scan of the file.
fn scanned(session: &Session, file: &Path) -> Report {
    let scope = Scope { command: Command::Explain, subject: String::new() };
    session.scan(ReportWhen::Always, |scan| {
        scan.listed(files::list(&[file.to_owned()], None, IgnoreFiles::Obeyed), scope, NOTHING_IS_KNOWN)
    })
}

/// Returns the matches of a line that are not findings of their own, because they are the name of a key that is
/// reported.
fn reported_with_key(looks: &[Look], report: &Report, rules: &RuleSet) -> Vec<LineView> {
    let all = || report.all();
    let explained = looks.iter().filter_map(|look| {
        let Outcome::Accepted(found) = &look.outcome else { return None };
        let value = String::from_utf8_lossy(found.secret.reveal());
        let is_name = |finding: &&Finding| finding.facts.iter().any(|fact| fact.value == value);
        let key = all().find(is_name).filter(|_| all().all(|finding| finding.secret != found.secret))?;
        let says = format!("reported with {}, whose key it names: not a finding of its own", key.rule);
        Some((rules.rules[look.rule].id.to_string(), says))
    });
    let explained: BTreeSet<(String, String)> = explained.collect();
    explained.into_iter().map(|(rule, says)| LineView { rule, says }).collect()
}

/// Returns the entries and comments that allow the findings of a line, and whether they are valid.
fn allowed(session: &Session, report: &Report, line: usize) -> Vec<LineView> {
    let view = View::new(report, Values::Masked(&session.mask(Some(report))));
    let is_here =
        |finding: &&FindingView| finding.occurrences.iter().any(|place| (place.line..=place.end_line).contains(&line));
    let here = view.all().filter(is_here);
    here.filter_map(|one| Some(LineView { rule: one.rule.clone(), says: words::suppression(one)? })).collect()
}

/// The verdict of a rule on a line.
#[derive(Debug, Serialize)]
struct LineView {
    rule: String,
    says: String,
}

/// Returns the span of a line, counted from 1.
fn line_span(text: &[u8], line: usize) -> Option<Span> {
    let mut start = 0;
    for (at, bytes) in text.lines_with_terminator().enumerate() {
        if at + 1 == line {
            return Some(Span::new(start, start + bytes.trim_end_with(|end| end == '\n').len()));
        }
        start += bytes.len();
    }
    None
}

fn verdict(look: &Look, reported: &[Detection], file: &Path, session: &Session) -> String {
    let keyword = escape(&look.keyword);
    let layers = if look.layers.is_empty() { String::new() } else { format!(" in {}", look.layers.join(" in ")) };
    match &look.outcome {
        Outcome::NoMatch => {
            format!("no match: the line contains '{keyword}'{layers}, but nothing near it matches the rule's pattern")
        }
        Outcome::Dropped(Rejection::Doubts(ledger)) => {
            format!(
                "dropped: there is a value near '{keyword}'{layers}, but the evidence is too weak: {}",
                ledger.words()
            )
        }
        Outcome::Dropped(why) => format!("dropped: the value near '{keyword}'{layers} is rejected: {}", why.as_str()),
        Outcome::Accepted(found) => {
            let (rules, options) = (session.rules(), &session.settings.scan);
            let rule = &rules.rules[found.rule];
            let value = found.secret.preview(&rule.prefix);
            let winner = reported.iter().find(|other| other.secret == found.secret && other.rule == found.rule);
            let Some(found) = winner else {
                return match reported.first().map(|other| &*rules.rules[other.rule].id) {
                    Some(other) => {
                        format!("matches {value}{layers}, but {other}, which is more specific, reports it")
                    }
                    None => {
                        format!(
                            "dropped: {value}{layers} is altered or a sample, according to the rule that knows its format"
                        )
                    }
                };
            };
            let found = match path::apply(file.as_os_str().as_encoded_bytes(), found.clone()) {
                Ok(found) => found,
                Err(why) => return format!("dropped: {value}{layers} is rejected in this file: {why}"),
            };
            let (severity, confidence) = (found.severity, found.confidence);
            let because = if found.ledger.is_unused() { String::new() } else { format!(": {}", found.ledger.words()) };
            let says = format!(
                "{value}{layers}, severity {}{}, confidence {}{because}",
                severity.as_str(),
                expired(&found),
                confidence.as_str()
            );
            if severity < options.min_severity || confidence < options.min_confidence {
                format!("below the threshold: {says}")
            } else {
                format!("reported: {says}")
            }
        }
    }
}

/// Returns the reason why the severity is lower than usual for this kind of secret, in brackets; empty if it isn't.
fn expired(found: &Detection) -> String {
    let end = found.evidence.iter().find_map(|evidence| match evidence {
        Evidence::Expired(end) => Some(end),
        _ => None,
    });
    end.map(|end| format!(" (expired on {end})")).unwrap_or_default()
}

/// Returns the page of a rule.
fn rule_view(rule: &Rule, rules: &RuleSet) -> RuleView {
    let remediation = rules.remediation(&rule.remediation);
    let words = |text: &str| fill::words(text, &rule.provider, &[], rules);
    let said = |pick: fn(&crate::rule::Remediation) -> &str| remediation.map(|r| words(pick(r))).unwrap_or_default();
    let place = match rule.files.join(", ") {
        names if names.is_empty() => "anywhere".to_owned(),
        names => format!("in files named {names}"),
    };
    let (form, found) = match &rule.matcher {
        Matcher::Around { pattern } => (Some(pattern), format!("{place}; its format identifies it")),
        Matcher::Whole { pattern } => (Some(pattern), format!("{place}, as the whole file")),
        Matcher::After { pattern, within } => {
            (Some(pattern), format!("at most {within} bytes after one of the keywords, on its line or the next"))
        }
        Matcher::Assignment => (None, "as the value of a name that contains one of the keywords".to_owned()),
    };
    let check = |used: &crate::rule::CheckUse| {
        let effect = match used.on_fail {
            OnFail::Drop => "it is not reported",
            OnFail::Low => "the confidence is low",
            OnFail::Medium => "the confidence is medium",
        };
        format!("{} (if it fails, {effect})", used.check.name())
    };
    let docs = remediation.map(|r| r.docs.to_string()).filter(|docs| !docs.is_empty());
    let links: BTreeSet<String> = docs.into_iter().chain(rule.references.iter().map(ToString::to_string)).collect();
    RuleView {
        id: rule.id.to_string(),
        name: rule.name.to_string(),
        provider: rule.provider.to_string(),
        severity: rule.severity,
        confidence: rule.confidence,
        form: form.map(ToString::to_string),
        found,
        keywords: rule.keywords.iter().map(|keyword| keyword.text.to_string()).collect(),
        checks: rule.checks.iter().map(check).collect(),
        companions: rule.companions.iter().map(ToString::to_string).collect(),
        impact: said(|r| &r.impact),
        caution: said(|r| &r.caution),
        steps: revocation(rule, rules, &[]),
        verify: said(|r| &r.verify.action),
        verify_command: said(|r| &r.verify.run),
        by_hand: rules
            .live(&rule.id)
            .map(|live| fill::command(&by_hand::command(live), &[], rules).0)
            .unwrap_or_default(),
        never_asked: rules.live(&rule.id).map(by_hand::never).unwrap_or_default(),
        audit: said(|r| &r.audit.action),
        audit_command: said(|r| &r.audit.run),
        prevent: said(|r| &r.prevent),
        links: links.into_iter().collect(),
    }
}

/// Returns the steps that revoke and rotate a secret of a rule, with the facts of one filled in.
fn revocation(rule: &Rule, rules: &RuleSet, facts: &[Fact]) -> Vec<StepView> {
    let Some(remediation) = rules.remediation(&rule.remediation) else { return Vec::new() };
    let view = |kind: StepKind, step: &Step| {
        let (command, missing) = fill::command(&step.run, facts, rules);
        let missing: BTreeMap<String, String> = missing.into_iter().map(|fact| (fact.field, fact.value)).collect();
        let title = fill::words(&step.action, &rule.provider, &[facts.to_vec()], rules);
        StepView { kind, title, command, lines: String::new(), missing, link: String::new() }
    };
    let revoke = remediation.revoke.iter().map(|step| view(StepKind::Revoke, step));
    revoke.chain(remediation.rotate.iter().map(|step| view(StepKind::Rotate, step))).collect()
}

/// Returns the steps to take if the value was shared, for a finding whose own plan doesn't revoke it.
fn if_shared(finding: &FindingView, rules: &RuleSet) -> Vec<StepView> {
    let revokes = |step: &StepView| step.kind == StepKind::Rotate;
    let Some(rule) = rules.rule(&finding.rule).filter(|_| !finding.plan.iter().any(revokes)) else { return Vec::new() };
    let facts = finding.facts.iter().map(|(field, value)| Fact { field: field.clone(), value: value.clone() });
    revocation(rule, rules, &facts.collect::<Vec<_>>())
}

/// A finding of a stored report, with the time and the commit of that report.
#[derive(Debug, Serialize, Deserialize)]
struct Explanation {
    command: String,
    made_at: String,
    age: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    head_then: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    head_now: Option<String>,
    finding: FindingView,
    /// The steps to take if the value was shared, if the finding's plan doesn't have them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    if_shared: Vec<StepView>,
}

impl Explanation {
    fn page(&self) -> Vec<Block> {
        let mut said =
            vec![format!("from the report of 'keysweep {}' at {}, {} old", self.command, self.made_at, self.age)];
        if self.head_then != self.head_now {
            let name =
                |head: &Option<String>| head.as_deref().map_or("unborn", |id| id.get(..12).unwrap_or(id)).to_owned();
            let (then, now) = (name(&self.head_then), name(&self.head_now));
            said.push(format!("HEAD was {then} then and is {now} now: the following may be out of date"));
        }
        let mut page = page::finding(&self.finding, said);
        if !self.if_shared.is_empty() {
            let title = "If the value was shared elsewhere, or in doubt";
            page.extend([Block::Heading(3, vec![page::text(title)]), page::checklist(&self.if_shared)]);
        }
        page
    }
}

/// Returns `true` if the text may be the id of a finding, or the start of one.
fn is_id(text: &str) -> bool {
    (1..=10).contains(&text.len()) && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'2'..=b'7'))
}

/// The reason why there is no finding to show, as a sentence.
enum Missing {
    /// No report has a finding whose id starts like this.
    Nowhere(String),
    /// Several findings have such an id.
    Ambiguous(String),
}

/// Returns the finding of the last reports whose id starts like this.
fn find(session: &Session, id: &str) -> Result<Explanation, Missing> {
    let nowhere = |why: String| Err(Missing::Nowhere(why));
    let Ok(repo) = Repo::open(Path::new(".")) else {
        return nowhere(format!("this is not a git repository, so no report here has a finding '{id}'"));
    };
    let stored = report_store::stored(&repo);
    if stored.is_empty() {
        return nowhere(format!(
            "no report of this repository is stored, so none has a finding '{id}' ('keysweep history' stores one, unless the repository is read-only)"
        ));
    }
    let all = stored.iter().flat_map(|one| one.report.all().map(move |finding| (one, finding)));
    let mut found: Vec<(&Stored, &FindingView)> = Vec::new();
    for (one, finding) in all.filter(|(_, finding)| finding.id.starts_with(id)) {
        // The newest report comes first, and its version of a finding is kept.
        if !found.iter().any(|(_, have)| have.id == finding.id) {
            found.push((one, finding));
        }
    }
    match found.as_slice() {
        [(one, finding)] => {
            explained(session, one, finding, &repo).map_err(|error| Missing::Nowhere(format!("{error:#}")))
        }
        [] => nowhere(format!("the last reports of this repository have no finding whose id starts with '{id}'")),
        several => {
            let ids: Vec<String> = several.iter().map(|(_, one)| format!("{} ({})", one.id, one.rule)).collect();
            Err(Missing::Ambiguous(format!("the ids of {} findings start with '{id}': {}", ids.len(), ids.join(", "))))
        }
    }
}

fn explained(session: &Session, stored: &Stored, finding: &FindingView, repo: &Repo) -> anyhow::Result<Explanation> {
    let explained = Explanation {
        command: stored.report.command.as_str().to_owned(),
        made_at: stored.report.made_at.clone().unwrap_or_default(),
        age: age(clock::now().saturating_sub(stored.made)),
        head_then: stored.report.head.clone(),
        head_now: repo.head().map(|head| head.to_string()),
        finding: finding.clone(),
        if_shared: if_shared(finding, session.rules()),
    };
    safe(&explained, &session.mask(None).and_shown(finding.facts.iter()))
}

/// Returns the same data with all texts masked and escaped.
pub(super) fn safe<T: Serialize + DeserializeOwned>(data: &T, mask: &Mask) -> anyhow::Result<T> {
    let mut value = serde_json::to_value(data)?;
    make_safe(&mut value, mask);
    Ok(serde_json::from_value(value)?)
}

/// Masks and escapes all texts.
fn make_safe(value: &mut Value, mask: &Mask) {
    match value {
        Value::String(text) => *text = escape(&mask.bytes(text.as_bytes())),
        Value::Array(list) => list.iter_mut().for_each(|one| make_safe(one, mask)),
        Value::Object(map) => {
            for (name, mut one) in std::mem::take(map) {
                match &mut one {
                    // A step may have several commands, one per line.
                    Value::String(commands) if name == "command" => *commands = mask.lines(commands),
                    other => make_safe(other, mask),
                }
                map.insert(escape(&mask.bytes(name.as_bytes())), one);
            }
        }
        _ => {}
    }
}

fn age(seconds: u64) -> String {
    let (count, unit) = match seconds {
        0..120 => (seconds, "second"),
        120..7_200 => (seconds / 60, "minute"),
        7_200..172_800 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    words::plural(usize::try_from(count).unwrap_or(usize::MAX), unit)
}

//! `hook run agent`: checks for secrets in what a coding agent is about to do or was given.
//!
//! An action that is about to happen is stopped if it contains a secret or could not be checked, in the way that the
//! agent honours. The result of a tool is masked if the agent accepts a replacement. An event that needs no check gets
//! an empty answer.

use crate::cli::args::{AgentName, Common};
use crate::cli::exit::ExitStatus;
use crate::cli::session::{NOTHING_IS_KNOWN, ReportWhen, Session};
use crate::cli::{shell, withhold};
use crate::finding::{Command, Gap, GapKind, Occurrence, Report, Scope};
use crate::fs::bounded::{self, Links, Refused};
use crate::hook::agent::{Agent, Answer, Call, Ending, Read, Reads, Stage, Text};
use crate::output::mask::beginning;
use crate::output::view::{FindingView, Values, View};
use crate::output::words;
use crate::source::{Listing, files};

/// Reads one call from standard input and answers it.
///
/// # Errors
/// Fails if the call can't be understood; that stops the agent, too.
pub(super) fn run(common: &Common, agent: Option<AgentName>, guard: bool) -> anyhow::Result<ExitStatus> {
    let sent = shell::whole_input("what the agent sends")?;
    let call = Call::parse(&sent, agent.map(named))?;
    let (answer, why) = match call.stage() {
        // Nothing is read or checked here, so nothing can fail.
        Stage::Passing => passed(&call),
        Stage::Unknown => refused(&call, &withhold(&not_known(&call))),
        // A call that can't be checked must not pass; how it is refused depends on the agent.
        Stage::Before | Stage::After => checked(common, &call, guard).unwrap_or_else(|error| {
            let why = format!("keysweep: this could not be checked for secrets: {error:#}");
            refused(&call, &withhold(&why))
        }),
    };
    give(&answer, &why)
}

/// An answer, and the reason for it.
type Reasoned = (Answer, String);

/// Checks the texts of a call, and the files that it would read.
fn checked(common: &Common, call: &Call, guard: bool) -> anyhow::Result<Reasoned> {
    let (old, new): (Vec<Text>, Vec<Text>) = call.texts().into_iter().partition(|text| text.is_old);
    let session = Session::on_proposed_texts(common)?;
    if (guard || session.settings.guards_hooks)
        && let Some(bypass) = call.bypass()
    {
        return Ok(refused(call, &withhold(&gone_past(&bypass))));
    }
    let report = |listing| {
        let scope = Scope { command: Command::Files, subject: "what an agent sent".to_owned() };
        session.scan(ReportWhen::NotEmpty, |scan| scan.listed(listing, scope, NOTHING_IS_KNOWN))
    };
    let before = report(listing(old)).findings;
    let reads = call.reads();
    let mut listed = listing(new);
    list_reads(&reads, session.settings.scan.max_file_size, &mut listed);
    let mut report = report(listed);
    report.findings.retain(|finding| !before.iter().any(|old| old.secret == finding.secret));
    leave_other_lines(&reads, &mut report);
    if report.findings.is_empty() && report.gaps.is_empty() {
        return Ok(passed(call));
    }
    let mask = session.mask(Some(&report));
    let why = withhold(&why(&View::new(&report, Values::Masked(&mask)), call.is_result()));
    if !report.gaps.is_empty() {
        return Ok(refused(call, &why));
    }
    let masked = call.masked(&|text| mask.labelled(text, &report), &why);
    let answer = masked.unwrap_or_else(|| call.refused(&why));
    Ok((answer, why))
}

fn passed(call: &Call) -> Reasoned {
    (call.passed(), String::new())
}

/// Refuses a call, keeping from the agent everything that can be kept from it.
fn refused(call: &Call, why: &str) -> Reasoned {
    (call.withheld(why).unwrap_or_else(|| call.refused(why)), why.to_owned())
}

fn not_known(call: &Call) -> String {
    format!(
        "keysweep: stopped, because this version does not know the event '{}' of {}: remove it from the agent's hooks, or install a newer keysweep",
        call.event(),
        call.agent().name()
    )
}

fn gone_past(how: &str) -> String {
    format!(
        "keysweep: stopped, because {how}. Do not bypass the checks of commits and pushes: fix what they report, and if a finding is wrong, ask the person you work for to allow it"
    )
}

fn give(answer: &Answer, why: &str) -> anyhow::Result<ExitStatus> {
    if let Some(object) = &answer.object {
        shell::results(None, &mut |out| writeln!(out, "{object}"))?;
    }
    Ok(match answer.ending {
        Ending::Zero => ExitStatus::Clean,
        Ending::Two => {
            shell::say(why);
            ExitStatus::Denied
        }
    })
}

fn listing(texts: Vec<Text>) -> Listing {
    let items = texts.into_iter().flat_map(|text| files::stream(&text.name, text.text.into_bytes()).items);
    Listing { items: items.collect(), ..Listing::default() }
}

/// Adds the files that are about to be read. A file that doesn't exist or can't be read isn't readable for the agent
/// either.
fn list_reads(reads: &Reads, limit: u64, listing: &mut Listing) {
    for read in &reads.files {
        let name = read.path.to_string_lossy();
        match bounded::read(&read.path, limit, Links::Followed) {
            Ok(bytes) => listing.items.extend(files::stream(&name, bytes).items),
            Err(Refused::TooLarge(_)) => listing.gaps.push(too_large(
                &name,
                format!(
                    "it has more than {limit} bytes, too many to check before it is read; read a part of it with another program"
                ),
            )),
            Err(_) => {}
        }
    }
    let many = "with it, more files are named than can be checked before they are read; name fewer".to_owned();
    listing.gaps.extend(reads.too_many.iter().map(|name| too_large(name, many.clone())));
}

fn too_large(name: &str, why: String) -> Gap {
    Gap { what: name.into(), kind: GapKind::TooLarge, why }
}

/// Drops the findings on lines of a file that the agent did not ask for. A key that begins before these lines but
/// reaches into them is kept.
fn leave_other_lines(reads: &Reads, report: &mut Report) {
    let is_read = |occurrence: &Occurrence| {
        let name = occurrence.path.to_string();
        let mut of_file = reads.files.iter().filter(|read| read.path.to_string_lossy() == name).peekable();
        let (start, end) = (occurrence.start.line, occurrence.end.line);
        let is_within = |read: &Read| read.lines.is_none_or(|(first, last)| start <= last && first <= end);
        of_file.peek().is_none() || of_file.any(is_within)
    };
    for finding in &mut report.findings {
        finding.occurrences.retain(is_read);
    }
    report.findings.retain(|finding| !finding.occurrences.is_empty());
}

pub(super) fn named(agent: AgentName) -> Agent {
    match agent {
        AgentName::Claude => Agent::Claude,
        AgentName::Codex => Agent::Codex,
        AgentName::Gemini => Agent::Gemini,
        AgentName::Cursor => Agent::Cursor,
        AgentName::Copilot => Agent::Copilot,
        AgentName::Vscode => Agent::VsCode,
        AgentName::Windsurf => Agent::Windsurf,
        AgentName::Cline => Agent::Cline,
        AgentName::Antigravity => Agent::Antigravity,
        AgentName::Vibe => Agent::Vibe,
        AgentName::Opencode => Agent::OpenCode,
    }
}

/// Returns the reason, for the agent and for whoever watches it.
fn why(view: &View, is_result: bool) -> String {
    let mut lines = vec![match (view.findings.is_empty(), is_result) {
        (true, false) => "keysweep: not everything could be checked for secrets, so this was stopped:".to_owned(),
        (true, true) => "keysweep: not all of the output of the tool could be checked for secrets:".to_owned(),
        (false, false) => "keysweep: stopped, because this contains secrets:".to_owned(),
        (false, true) => "keysweep: the output of the tool contains secrets:".to_owned(),
    }];
    lines.extend(view.findings.iter().map(finding));
    lines.extend(view.gaps.iter().map(|gap| format!("- {}: {}", gap.what, gap.why)));
    if !view.findings.is_empty() {
        lines.push(
            "Leave the values out: refer to an environment variable or a secret store by name, and do not read, split or encode a secret to bypass this check."
                .to_owned(),
        );
    }
    lines.join("\n")
}

fn finding(finding: &FindingView) -> String {
    let place = finding.occurrences.first();
    let place = place.map(|place| format!(" in {}", words::place(place))).unwrap_or_default();
    format!("- {} ({}, {}){place}", finding.name, finding.rule, beginning(&finding.id))
}

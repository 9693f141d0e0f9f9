//! `hook run agent`: what a coding agent is about to do or was given, checked for secrets.
//!
//! Exit code 2 is what stops an agent, so it is used for a secret as for what could not be told. What a tool gave back is
//! masked where the agent takes a replacement.

use crate::cli::args::Common;
use crate::cli::exit::ExitStatus;
use crate::cli::session::{NOTHING_IS_KNOWN, ReportWhen, Session};
use crate::cli::{shell, withhold};
use crate::finding::{Command, Scope};
use crate::hook::agent::{Call, Text};
use crate::output::mask::Mask;
use crate::output::view::{FindingView, Values, View};
use crate::output::words;
use crate::source::{Listing, files};

/// Reads one call from standard input and answers it.
///
/// # Errors
/// When it is none, or cannot be checked; that stops the agent, too.
pub(super) fn run(common: &Common) -> anyhow::Result<ExitStatus> {
    let sent = shell::whole_input("what the agent sends")?;
    let Some(call) = Call::parse(&sent) else {
        anyhow::bail!(
            "standard input is no JSON object with a 'hook_event_name', as coding agents send it, so nobody can tell what this is; it was stopped"
        );
    };
    let (old, new): (Vec<Text>, Vec<Text>) = call.texts().into_iter().partition(|text| text.is_old);
    let session = Session::on_proposed_texts(common)?;
    let report = |texts| {
        let scope = Scope { command: Command::Files, subject: "what an agent sent".to_owned() };
        session.scan(ReportWhen::NotEmpty, |scan| scan.listed(listing(texts), scope, NOTHING_IS_KNOWN))
    };
    let before = report(old).findings;
    let mut report = report(new);
    report.findings.retain(|finding| !before.iter().any(|old| old.secret == finding.secret));
    let mask = session.mask(Some(&report));
    answer(&call, &View::new(&report, Values::Masked(&mask)), &mask)
}

fn listing(texts: Vec<Text>) -> Listing {
    let items = texts.into_iter().flat_map(|text| files::stream(&text.name, text.text.into_bytes()).items);
    Listing { items: items.collect(), ..Listing::default() }
}

fn answer(call: &Call, view: &View, mask: &Mask<'_>) -> anyhow::Result<ExitStatus> {
    if view.findings.is_empty() && view.gaps.is_empty() {
        return Ok(ExitStatus::Clean);
    }
    let whole = view.gaps.is_empty();
    let why = why(view, call.is_result());
    if let Some(masked) = call.masked(&|text| mask.text(text), &why).filter(|_| whole) {
        shell::results(None, &mut |out| writeln!(out, "{masked}"))?;
        return Ok(ExitStatus::Clean);
    }
    if let Some(denial) = call.denial(&why) {
        shell::results(None, &mut |out| writeln!(out, "{denial}"))?;
    }
    shell::say(&withhold(&why));
    Ok(ExitStatus::Denied)
}

/// For the agent, and for who watches it.
fn why(view: &View, is_result: bool) -> String {
    let mut lines = vec![match (view.findings.is_empty(), is_result) {
        (true, _) => "keysweep: not everything could be checked for secrets, so this was stopped:".to_owned(),
        (false, false) => "keysweep: stopped, because this holds secrets:".to_owned(),
        (false, true) => "keysweep: what the tool gave back holds secrets:".to_owned(),
    }];
    lines.extend(view.findings.iter().map(finding));
    lines.extend(view.gaps.iter().map(|gap| format!("- {}: {}", gap.what, gap.why)));
    if !view.findings.is_empty() {
        lines.push(
            "Leave the values out: refer to an environment variable or a secret store by name, and do not read, split or encode a secret to get past this."
                .to_owned(),
        );
    }
    lines.join("\n")
}

fn finding(finding: &FindingView) -> String {
    let place = finding.occurrences.first();
    let place = place.map(|place| format!(" in {}", words::place(place))).unwrap_or_default();
    format!("- {} ({}){place}", finding.name, finding.rule)
}

//! The words that describe the facts of a finding, in every format.

use super::view::{
    ContextView, EvidenceView, ExposureView, FindingView, OccurrenceView, RemoteView, RetentionView, SignView, Summary,
    SuppressedBy, SuppressionStatus, SuppressionView, View,
};
use crate::finding::{
    AgentPlace, Command, ContentKind, Doubt, Host, ImageName, ImagePlace, InTheEnd, Origin, Retainer, SignKind, Stage,
    Verdict,
};
use crate::rule::{Confidence, Severity};

/// The remark on a command that shows a place.
pub const SHOW: &str = "This shows the place, with the secret itself";

/// The most refs that a sentence names.
const MOST_REFS: usize = 5;

/// Returns `1 secret` or `2 secrets`.
pub fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// Returns the first characters of an id.
pub fn short(id: &str) -> &str {
    id.get(..12).unwrap_or(id)
}

/// Cuts a text to at most `most` characters.
pub fn cut(words: &str, most: usize) -> String {
    words.chars().take(most).collect()
}

/// Returns the day of an RFC 3339 time.
pub fn day(time: &str) -> &str {
    time.get(..10).unwrap_or(time)
}

/// Returns how to see everything that a report for people leaves out. A hook can't be given options, so there it is a
/// separate command.
pub fn way_to_all(view: &View) -> &'static str {
    match view.command {
        Command::Staged => "'keysweep staged --full' lists all",
        Command::Range if !view.before_push.is_empty() => "'keysweep history --full' lists all",
        _ => "--full lists all",
    }
}

/// Returns the verdict of a report in a few words.
pub fn verdict(summary: &Summary) -> String {
    match summary.verdict {
        Verdict::Clean if summary.sought > 0 => format!("gone: {} searched for", plural(summary.sought, "value")),
        Verdict::Clean => {
            let accepted = match summary.suppressed {
                0 => String::new(),
                1 => " apart from an accepted one".to_owned(),
                count => format!(" apart from {count} accepted ones"),
            };
            format!("no secrets{}{accepted}", qualified(summary))
        }
        Verdict::Unknown => "incomplete scan".to_owned(),
        Verdict::Findings if summary.sought > 0 => {
            format!("{} of {} still", summary.findings, plural(summary.sought, "value"))
        }
        Verdict::Findings => plural(summary.findings, "secret"),
    }
}

/// Returns the thresholds of the reported secrets, for use after the word "secrets"; empty if no others were found.
pub fn qualified(summary: &Summary) -> String {
    let held = &summary.held_back;
    let confidence = (held.unsure() > 0).then(|| match held.min_confidence {
        Confidence::High => "high confidence".to_owned(),
        least => format!("{} confidence or more", least.as_str()),
    });
    let severity = (held.less_severe > 0).then(|| match held.min_severity {
        Severity::Critical => "critical severity".to_owned(),
        least => format!("{} severity or more", least.as_str()),
    });
    let parts: Vec<String> = confidence.into_iter().chain(severity).collect();
    if parts.is_empty() { String::new() } else { format!(" of {}", parts.join(" and ")) }
}

/// Returns the words after the verdict about secrets below the thresholds; empty if there are none.
pub fn held_back(summary: &Summary) -> String {
    let held = &summary.held_back;
    let ones = |count: usize| if count == 1 { "one" } else { "ones" };
    let confidence = match (held.medium, held.low) {
        (_, 0) => "medium",
        (0, _) => "low",
        (_, _) => "medium or low",
    };
    let unsure = held.unsure();
    let possible = format!("{unsure} possible {} of {confidence} confidence", ones(unsure));
    let minor = format!("{} less severe {}", held.less_severe, ones(held.less_severe));
    match (unsure, held.less_severe) {
        (0, 0) => String::new(),
        (_, 0) => format!("; {possible} not shown (--min-confidence low)"),
        (0, _) => format!("; {minor} not shown (--min-severity low)"),
        (_, _) => format!("; {possible} and {minor} not shown (--min-confidence low --min-severity low)"),
    }
}

/// Returns the verdict of a report in one line, without the amount of content read.
pub fn headline(summary: &Summary, scope: &str) -> String {
    let of = if summary.verdict == Verdict::Unknown { "of" } else { "in" };
    format!("{} {of} {scope}{}", verdict(summary), held_back(summary))
}

/// Returns the verdict of a report that is written to a file, with what the user has to know without opening it.
pub fn status(view: &View) -> String {
    let summary = &view.summary;
    let of = if summary.verdict == Verdict::Unknown { "of" } else { "in" };
    let gaps = view.gaps.len();
    let gaps = if gaps == 0 { String::new() } else { format!("; {} not read", plural(gaps, "part")) };
    let (verdict, counts) = (verdict(summary), by_severity(&view.findings));
    format!("{verdict}{counts} {of} {}{}{gaps}", view.scope, held_back(summary))
}

/// Returns the number of findings of each severity, for use after the total; empty if there are none.
pub fn by_severity(findings: &[FindingView]) -> String {
    let count = |severity| (findings.iter().filter(|one| one.severity == severity).count(), severity);
    let counts = [Severity::Critical, Severity::High, Severity::Medium, Severity::Low].map(count);
    let some: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, severity)| format!("{count} {}", severity.as_str()))
        .collect();
    if some.is_empty() { String::new() } else { format!(" ({})", some.join(", ")) }
}

/// Returns the verdict of a report with the amount of content that it is based on.
pub fn outcome(view: &View) -> String {
    format!("{}{}: {}", verdict(&view.summary), held_back(&view.summary), read(view))
}

/// Returns the amount of content read.
pub fn read(view: &View) -> String {
    let summary = &view.summary;
    let is_silent = view.gaps.is_empty() && view.findings.is_empty();
    if summary.blobs + summary.commits + summary.trees + summary.cached == 0 && is_silent {
        return nothing_read(view.command).to_owned();
    }
    // Messages about to be committed are not counted.
    if summary.blobs + summary.commits + summary.trees + summary.cached == 0 && view.gaps.is_empty() {
        return "all of it was read".to_owned();
    }
    let is_proof = view.command == Command::Verify;
    let mut parts = vec![plural(summary.blobs, unit(view.command))];
    if summary.commits > 0 {
        parts.push(plural(summary.commits, "commit"));
    }
    if is_proof {
        parts.extend([plural(summary.trees, "tree"), plural(summary.tags, "tag")]);
    }
    let last = parts.pop().unwrap_or_default();
    let parts = if parts.is_empty() { last } else { format!("{} and {last}", parts.join(", ")) };
    let known = match summary.cached {
        0 => String::new(),
        count => format!("; {} known from the cache", plural(count, "object")),
    };
    format!("{parts} read, {}{known}", bytes(summary.bytes))
}

/// Returns the reason why nothing was read although nothing failed.
fn nothing_read(command: Command) -> &'static str {
    match command {
        Command::Staged => "nothing is staged",
        Command::Range => "it contains no commits",
        Command::History
        | Command::Files
        | Command::Image
        | Command::Context
        | Command::Agents
        | Command::Explain
        | Command::Verify
        | Command::PurgePlan
        | Command::Baseline => "there was nothing to read",
    }
}

/// Returns the name for contents; a sweep reads each blob once, however many files have it.
fn unit(command: Command) -> &'static str {
    match command {
        Command::History | Command::Verify => "blob",
        Command::Staged
        | Command::Range
        | Command::Files
        | Command::Image
        | Command::Context
        | Command::Agents
        | Command::Explain
        | Command::PurgePlan
        | Command::Baseline => "file",
    }
}

fn bytes(count: u64) -> String {
    match count {
        1 => "1 byte".to_owned(),
        0..1_000 => format!("{count} bytes"),
        1_000..1_000_000 => format!("{:.1} kB", count as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", count as f64 / 1e6),
        _ => format!("{:.1} GB", count as f64 / 1e9),
    }
}

/// Returns the remarks on secrets that were found and aren't shown.
pub fn asides(view: &View) -> Vec<String> {
    let summary = &view.summary;
    let old = (summary.old > 0).then(|| {
        format!("{} from before, not reported again (keysweep history lists them)", plural(summary.old, "secret"))
    });
    let is_excluded = |one: &&FindingView| one.suppression.as_ref().is_some_and(|one| one.by == SuppressedBy::Exclude);
    let excluded = view.suppressed.iter().filter(is_excluded).count();
    let left_out = (excluded > 0).then(|| {
        format!("{} below excluded paths not counted (without --exclude they count)", plural(excluded, "secret"))
    });
    let accepted = summary.suppressed.saturating_sub(excluded);
    let allowed = (accepted > 0).then(|| {
        format!(
            "{} accepted and not counted{} (--no-allow reports them)",
            plural(accepted, "secret"),
            accepted_by(&view.suppressed)
        )
    });
    old.into_iter().chain(allowed).chain(left_out).collect()
}

/// Returns the number of findings that each kind of suppression accepts, for use after the total.
fn accepted_by(findings: &[FindingView]) -> String {
    let count = |by: SuppressedBy| {
        findings.iter().filter(|one| one.suppression.as_ref().is_some_and(|suppression| suppression.by == by)).count()
    };
    let places = [
        (SuppressedBy::Baseline, "in the baseline"),
        (SuppressedBy::Config, "by the configuration"),
        (SuppressedBy::Comment, "by comment"),
    ];
    let counts = places.map(|(by, place)| (count(by), place));
    let listed: Vec<String> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, place)| format!("{count} {place}")).collect();
    if listed.is_empty() { String::new() } else { format!(": {}", listed.join(", ")) }
}

/// Returns a sentence on the suppression of a finding, and on why the finding still counts if it does.
pub fn suppression(finding: &FindingView) -> Option<String> {
    let SuppressionView { by, line, reason, flaw, status } = finding.suppression.as_ref()?;
    let line = line.map(|line| format!(" at line {line}")).unwrap_or_default();
    let by = match by {
        SuppressedBy::Comment => format!("a comment{line}"),
        SuppressedBy::Config => format!("an entry{line} of the configuration"),
        SuppressedBy::Baseline => "the baseline".to_owned(),
        SuppressedBy::Exclude => "the command line".to_owned(),
    };
    let reason = if reason.is_empty() { String::new() } else { format!(" ({reason})") };
    Some(match status {
        SuppressionStatus::Accepted => format!("allowed by {by}{reason}"),
        SuppressionStatus::NeedsApproval => {
            format!("{by} would allow it{reason}, but is part of the same change and needs approval")
        }
        SuppressionStatus::Void => {
            let flaw = flaw.as_deref().unwrap_or("it is not valid");
            format!("{by} would allow it{reason}, but {flaw}")
        }
    })
}

/// Returns `true` if the change itself adds a suppression for the finding, so that somebody else has to agree.
pub fn is_waiting(finding: &FindingView) -> bool {
    finding.suppression.as_ref().is_some_and(|one| one.status == SuppressionStatus::NeedsApproval)
}

/// Returns the reason why findings count that only the change itself allows.
pub fn waiting(view: &View, count: usize) -> String {
    let (these, it) = match (count, view.findings.len()) {
        (1, 1) => ("This secret is".to_owned(), "it counts"),
        (1, _) => ("1 of these secrets is".to_owned(), "it counts"),
        (count, _) => (format!("{count} of these secrets are"), "they count"),
    };
    let trusted = if view.before_push.is_empty() { "; '--trust-head' accepts that now" } else { "" };
    format!("{these} allowed only by the change itself, so {it} until a reviewer has merged it{trusted}.")
}

/// Returns the stage of a secret, and the refs that reach it.
pub fn stage_and_refs(finding: &FindingView) -> String {
    let exposure = &finding.exposure;
    let named = exposure.refs.iter().take(MOST_REFS).map(String::as_str).collect::<Vec<_>>().join(", ");
    let refs = match exposure.ref_count {
        0 => String::new(),
        count if count > MOST_REFS => format!(", reached from {named} and {} more", count - MOST_REFS),
        _ => format!(", reached from {named}"),
    };
    let head = match exposure.in_the_end {
        _ if exposure.in_head == Some(true) => "; still in HEAD",
        Some(InTheEnd::Deleted) => "; a later commit deleted it, but the history still has it",
        Some(InTheEnd::Held) | None => "",
    };
    format!("{}{head}{refs}", stage_sentence(finding))
}

/// Returns the stage of a secret as a full sentence, for places where the stage's word doesn't precede it.
pub fn stage_sentence(finding: &FindingView) -> String {
    let clause = stage_clause(finding);
    match finding.stage {
        Stage::Unknown | Stage::Published => format!("{}: {clause}", finding.stage.as_str()),
        // The clauses of these stages already name them.
        Stage::Leftover | Stage::Uncommitted | Stage::Unreachable | Stage::LocalOnly | Stage::HistoryOnly => clause,
    }
}

/// Returns the stage of a secret as a clause, to follow the stage's word.
pub fn stage_clause(finding: &FindingView) -> String {
    let clause = match finding.stage {
        Stage::Uncommitted if finding.occurrences.iter().all(|place| place.kind.is_outside_objects()) => {
            "in no commit, but in git's own files"
        }
        Stage::Leftover => "never committed; only leftovers in this clone contain it",
        Stage::Uncommitted => "in no commit yet",
        Stage::LocalOnly => "committed; no sign of a push (no remote-tracking branch has it)",
        Stage::HistoryOnly => "in older commits only; no sign of a push (no remote-tracking branch has it)",
        Stage::Unreachable => "not reachable from a branch or tag (only in a reflog or leftovers)",
        Stage::Unknown => return doubt(finding.exposure.doubt),
        Stage::Published => return sign(finding.exposure.sign.as_ref()),
    };
    clause.to_owned()
}

/// Returns the general meaning of a stage.
pub fn stage_meaning(stage: Stage) -> &'static str {
    match stage {
        Stage::Leftover => "in no commit, only in objects that a stopped commit left in this clone",
        Stage::Uncommitted => "in no commit: staged, in plain files, or in git's own files",
        Stage::Unreachable => "not reachable from a branch or tag, but git has not cleaned it up yet",
        Stage::LocalOnly => "at the tip of a branch or tag of this clone, with no sign of a push",
        Stage::HistoryOnly => "in older commits of this clone only, with no sign of a push",
        Stage::Unknown => "in commits that others may have, as far as this clone shows: treat it as published",
        Stage::Published => "in a commit that was on a server: others may have it, so only revoking it helps",
    }
}

/// Returns the evidence that the secret was on a server.
fn sign(sign: Option<&SignView>) -> String {
    let Some(SignView { kind, name, remote }) = sign else { return "a remote-tracking branch has it".to_owned() };
    match (kind, remote) {
        (SignKind::Tracking, _) => format!("a remote-tracking branch has it ({name})"),
        (SignKind::Mirrored, Some(remote)) => format!("{name} has it, which is fetched from {remote}"),
        (SignKind::Mirrored, None) => format!("{name} has it, which is fetched from a remote"),
        (SignKind::Served, _) => format!("{name} has it, and only a server creates such refs"),
        (SignKind::Fetched, _) => format!("{name} has it: it was fetched from elsewhere"),
    }
}

/// Returns the reason why it is unknown whether the secret was on a server.
fn doubt(doubt: Option<Doubt>) -> String {
    let open = match doubt {
        Some(Doubt::Bare) => "others may have it, because a bare repository may be the server itself",
        Some(Doubt::Untraced) => {
            "others may have it, because there is a remote, and no ref here shows what was pushed to it"
        }
        Some(Doubt::UnreadRefs) => "others may have it, because some refs of this clone cannot be read",
        Some(Doubt::Image) => "an image does not say whether it was pushed, or who pulled it",
        None => "it is not known whether it was pushed",
    };
    format!("{open}; treat it as published")
}

/// Returns the commit of a place, and whether a later commit removed the secret.
pub fn commit(finding: &FindingView, place: usize) -> Option<String> {
    let place = finding.occurrences.get(place)?;
    let commit = short(place.commit.as_deref()?);
    Some(match was_deleted(&finding.exposure) {
        true => format!(
            "It is in commit {commit}, still in the history although a later commit deleted it; deleting is not enough"
        ),
        false => format!("It is in commit {commit}"),
    })
}

/// Returns `true` if a later commit deleted the secret.
fn was_deleted(exposure: &ExposureView) -> bool {
    exposure.removed.is_some() || exposure.in_the_end == Some(InTheEnd::Deleted)
}

/// Returns when it was introduced, and by whom.
pub fn entered(exposure: &ExposureView) -> Option<String> {
    let commit = exposure.first_commit.as_deref()?;
    let (time, author) = (exposure.first_seen.as_deref()?, exposure.first_author.as_deref()?);
    Some(format!("{} in commit {} by {author}", day(time), short(commit)))
}

/// Returns when it was removed from HEAD, or when a commit last held it.
pub fn left(exposure: &ExposureView) -> Option<String> {
    if let Some(event) = &exposure.removed {
        return Some(format!("removed {} in commit {} by {}", day(&event.time), short(&event.commit), event.author));
    }
    let event = exposure.last.as_ref()?;
    Some(match exposure.in_head {
        Some(true) => "HEAD still contains it".to_owned(),
        Some(false) | None => format!("last contained in commit {} of {}", short(&event.commit), day(&event.time)),
    })
}

/// Returns one sentence on when it was introduced and removed.
pub fn life(exposure: &ExposureView) -> Option<String> {
    let held = match exposure.held_in {
        0 => String::new(),
        1 => "; 1 commit contains it".to_owned(),
        count => format!("; {count} commits contain it"),
    };
    let left = left(exposure).map(|left| format!("; {left}")).unwrap_or_default();
    Some(format!("added {}{held}{left}", entered(exposure)?))
}

/// Returns the number of refs that reach it, by kind.
pub fn kinds(exposure: &ExposureView) -> String {
    let kinds = [
        (exposure.branches, "local branch", "local branches"),
        (exposure.tags, "tag", "tags"),
        (exposure.remote_branches, "remote-tracking branch", "remote-tracking branches"),
        (exposure.stashes, "stash", "stashes"),
        (exposure.other_refs, "other ref", "other refs"),
    ];
    let some = kinds.iter().filter(|(count, ..)| *count > 0);
    some.map(|(count, one, many)| format!("{count} {}", if *count == 1 { one } else { many }))
        .collect::<Vec<_>>()
        .join(", ")
}

/// Returns a sentence on who could have pulled it from a remote.
pub fn pulled(remote: &RemoteView) -> String {
    let host = match remote.host {
        Host::Public => "a public host: it is not known offline whether this repository is public there",
        Host::Private => "this machine or a private network: anyone who can read it there",
        Host::Unknown if remote.url.is_none() => "no remote of that name is configured any more",
        Host::Unknown => "it is not known offline who can read it there",
    };
    match &remote.url {
        Some(url) => format!("{}, {url} ({host})", remote.name),
        None => format!("{} ({host})", remote.name),
    }
}

/// Returns a sentence on authors who introduced it from an unusual address.
pub fn outside(exposure: &ExposureView) -> Option<String> {
    (!exposure.outside_authors.is_empty())
        .then(|| format!("from an address that is unusual here: {}", exposure.outside_authors.join(", ")))
}

/// Returns the location of a place.
pub fn place(occurrence: &OccurrenceView) -> String {
    let image = occurrence.image.as_deref().map(image).unwrap_or_default();
    let agent = occurrence.agent.map(agent).unwrap_or_default();
    format!("{}{image}{agent}", own_place(occurrence))
}

/// Returns the agent and the purpose of a file, for use after its path.
fn agent(place: AgentPlace) -> String {
    format!(" ({}, {})", place.agent.name(), place.kind.as_str())
}

/// Returns the location of a place without its image.
pub fn own_place(occurrence: &OccurrenceView) -> String {
    let OccurrenceView { path, line, column, .. } = occurrence;
    let at = format!("{line}:{column}");
    let commit = occurrence.commit.as_deref().map(|id| format!(" in commit {}", short(id))).unwrap_or_default();
    let time = occurrence.author_time.as_deref().map(|time| format!(" ({})", day(time))).unwrap_or_default();
    let blob = occurrence.blob.as_deref().map(short).unwrap_or_default();
    match occurrence.kind {
        ContentKind::ArchiveMember if occurrence.member.as_ref() == Some(path) => {
            format!("{path}:{at} in the archive that is blob {blob}, in no commit")
        }
        ContentKind::File if path.is_empty() => format!("blob {blob}:{at}, in no commit"),
        ContentKind::Symlink => format!("{path} (the link's target){commit}{time}"),
        ContentKind::FileName => format!("{path} (the file's name){commit}{time}"),
        ContentKind::CommitMessage => format!("message of commit {}, line {line}{time}", short(path)),
        ContentKind::TagMessage => format!("message of tag object {}, line {line}", short(path)),
        ContentKind::Note => format!("note {}, line {line}{commit}{time}", short(path)),
        ContentKind::Author => format!("author or committer of {}{time}", short(path)),
        ContentKind::RefName => format!("{path} (the ref's name)"),
        ContentKind::Config => format!("{path}:{at} (git's configuration)"),
        ContentKind::Hook => format!("{path}:{at} (a hook)"),
        ContentKind::Reflog => format!("{path}:{at} (a reflog)"),
        ContentKind::GitFile => format!("{path}:{at} (a file of git's own)"),
        ContentKind::ImageMetadata => format!("{path} (the image's metadata)"),
        ContentKind::File | ContentKind::ArchiveMember => format!("{path}:{at}{commit}{time}"),
    }
}

/// Returns the line that a secret is in.
pub fn line(context: &ContextView) -> String {
    let ContextView { before, value, after } = context;
    format!("{before}{value}{after}")
}

/// Returns the line that a secret is in, cut to at most `most` characters around the value.
pub fn line_within(context: &ContextView, most: usize) -> String {
    let ContextView { before, value, after } = context;
    let count = |text: &str| text.chars().count();
    let room = most.saturating_sub(count(value));
    let (left, right) = (count(before), count(after));
    if left + right <= room {
        return line(context);
    }
    let left_room = left.min((room / 2).max(room.saturating_sub(right)));
    let right_room = room - left_room;
    let nearest = |most: usize| before.chars().skip(left + 1 - most).collect::<String>();
    let before = match left_room {
        0 => String::new(),
        most if left > most => format!("…{}", nearest(most)),
        _ => before.clone(),
    };
    let after = match right_room {
        0 => String::new(),
        most if right > most => format!("{}…", cut(after, most - 1)),
        _ => after.clone(),
    };
    format!("{before}{value}{after}")
}

/// Returns the image and layer of a place, and who can see it, for use after its path.
pub fn image(place: &ImagePlace) -> String {
    let layer = place.layer.as_ref().map(|layer| {
        let step = if layer.step.is_empty() { String::new() } else { format!(" ({})", layer.step) };
        format!("layer {} of {}{step}", layer.number, layer.total)
    });
    let images = place.images.iter().map(ImageName::label).collect::<Vec<_>>().join(", ");
    let at = match (layer, images.is_empty()) {
        (Some(layer), true) => layer,
        (Some(layer), false) => format!("{layer} of {images}"),
        (None, _) => images,
    };
    let at = if at.is_empty() { at } else { format!(" in {at}") };
    let origin = match place.origin {
        Origin::Own => "",
        Origin::Base => ", which comes from the base image: fix it there",
    };
    format!("{at}{origin}; {}", place.visibility.sentence())
}

/// Returns what keeps a place, if that was asked for.
pub fn retention(occurrence: &OccurrenceView) -> Option<String> {
    let retainers: Vec<String> = occurrence.held.iter().map(retainer).collect();
    (!retainers.is_empty()).then(|| format!("still there: {}", retainers.join("; ")))
}

fn retainer(RetentionView { by, name }: &RetentionView) -> String {
    match by {
        Retainer::Ref => format!("{name} reaches it"),
        Retainer::ServerRef => format!("{name}, which was fetched from a server, reaches it"),
        Retainer::MoreRefs => format!("{name} more refs reach it"),
        Retainer::Head => format!("{name}, which is detached, reaches it"),
        Retainer::Index => "the index contains it".to_owned(),
        Retainer::OtherIndex => format!("the index of the work tree {name} contains it"),
        Retainer::Stash => "a stash contains it".to_owned(),
        Retainer::Reflog => format!("the reflog of {name} contains it"),
        Retainer::Table => format!("it was deleted, but {name} still contains it"),
        Retainer::Unread => "a ref that cannot be read may reach it".to_owned(),
        Retainer::Leftover => "nothing reaches it, but git has not cleaned it up yet".to_owned(),
        Retainer::KeptPack => format!("a pack in {name} that git does not clean up contains it"),
        Retainer::Alternate => format!("it is borrowed from {name}"),
        Retainer::File => "nothing removes it automatically".to_owned(),
    }
}

/// Returns the reasons to believe a finding, in one line.
pub fn reasons(finding: &FindingView) -> String {
    let mut reasons: Vec<String> = finding.evidence.iter().filter_map(reason).collect();
    let facts: Vec<String> = finding.facts.iter().map(|(field, value)| format!("{field} {value}")).collect();
    if !facts.is_empty() {
        reasons.push(format!("found with it: {}", facts.join(", ")));
    }
    if let Some(owner) = finding.facts.get("aws_canary") {
        reasons.push(format!("a decoy of {owner}: any use of it raises an alert"));
    }
    format!("{} confidence: {}", finding.confidence.as_str(), reasons.join("; "))
}

fn reason(evidence: &EvidenceView) -> Option<String> {
    Some(match evidence {
        EvidenceView::Format => "it has the format that its issuer documents".to_owned(),
        EvidenceView::Check(check) => format!("its built-in check passes ({check})"),
        EvidenceView::Doubt(doubt) => format!("its built-in check fails ({doubt})"),
        EvidenceView::Expired(end) => format!("expired on {end}"),
        EvidenceView::Named(name) => format!("it is the value of '{name}'"),
        EvidenceView::After(keyword) => format!("it comes shortly after '{keyword}'"),
        EvidenceView::Entropy(_) => return None,
        EvidenceView::Decoded(encoding) => format!("inside {encoding}"),
        EvidenceView::Companions(count) => format!("{} of the same credential nearby", plural(*count, "identifier")),
        EvidenceView::Weak(what) | EvidenceView::Path(what) => what.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_line_keeps_its_value_and_nearest_context() {
        let context = |before: &str, after: &str| ContextView {
            before: before.to_owned(),
            value: "‹40 characters›".to_owned(),
            after: after.to_owned(),
        };
        let short = context("KEY=", " # why");
        assert_eq!(line_within(&short, 25), "KEY=‹40 characters› # why");
        assert_eq!(line_within(&short, 21), "…Y=‹40 characters› #…");
        for (before, after) in
            [("a".repeat(90), "b".repeat(90)), (String::new(), "b".repeat(90)), ("a".repeat(90), "b".into())]
        {
            for most in 17..100 {
                let line = line_within(&context(&before, &after), most);
                assert!(line.contains("‹40 characters›"), "{line}");
                assert!(line.chars().count() <= most, "{most}: {line}");
            }
        }
    }
}

//! Reads a report line by line and within bounds, since anyone may have written it.
//!
//! An error in a report is a flaw of that report and does not stop the inventory. A report that shows values is refused
//! as a whole.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::Path;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::record::{Arrival, MOST_OWNERS, MOST_PLACES, Record};
use super::row::{Place, Said};
use crate::finding::{Access, Command, ContentKind, Stage, SubjectKind, Verdict, subject};
use crate::fs::bounded;
use crate::rule::{Confidence, Severity};
use crate::text::time;

/// The most bytes of a line.
const MAX_LINE: u64 = 64 << 20;
/// The most bytes of a report that is one document.
const MAX_DOCUMENT: u64 = 512 << 20;
/// The most bytes of a name.
const MAX_NAME: usize = 4096;
/// The number of seconds that the clock of another machine may be ahead.
const MAX_AHEAD: i64 = 600;
/// The version of the schema that is understood.
const SCHEMA: u32 = 1;

/// The header of a report, and whether the report can be trusted.
#[derive(Debug, Clone, Default)]
pub(super) struct Report {
    pub(super) source: Source,
    /// The reason why it doesn't describe everything that was scanned; `None` if it does.
    pub(super) flaw: Option<Flaw>,
}

impl Report {
    /// Returns the names of the repositories that the report is about.
    pub(super) fn names(&self) -> &[String] {
        match self.source.kind {
            SubjectKind::Network if !self.source.members.is_empty() => &self.source.members,
            SubjectKind::Network | SubjectKind::Single => self.source.name.as_slice(),
        }
    }

    /// Returns the name of the remote that a single repository comes from.
    pub(super) fn remote(&self) -> Option<&str> {
        self.source.remote.as_deref().filter(|_| self.source.kind == SubjectKind::Single)
    }

    /// Returns the same report, but refused if it is dated after `now`: such a report would outlast every later one.
    pub(super) fn dated(mut self, now: u64) -> Self {
        let latest = i64::try_from(now).unwrap_or(i64::MAX).saturating_add(MAX_AHEAD);
        if self.source.made_at.as_deref().and_then(time::seconds).is_some_and(|seconds| seconds > latest) {
            const WHY: &str =
                "the report was refused: it is dated in the future; set the clock right and make it again";
            self.flaw = Some(Flaw::Refused(WHY.to_owned()));
        }
        self
    }
}

/// The flaws that a report can have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Flaw {
    /// Part of the subject was not read; the findings are valid.
    Incomplete(String),
    /// Nothing in the report may be used.
    Refused(String),
}

/// The kind of file that was read.
pub(super) enum Reading {
    Report(Box<Report>),
    /// The file is an inventory, which merging produces.
    Inventory,
}

/// The subject of the scan.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Source {
    #[serde(default)]
    schema: Option<u32>,
    #[serde(default)]
    pub(super) command: Option<Command>,
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    host: Option<String>,
    #[serde(default)]
    pub(super) remote: Option<String>,
    #[serde(default)]
    pub(super) visibility: Option<Access>,
    #[serde(default)]
    pub(super) branch: Option<String>,
    #[serde(default)]
    pub(super) kind: SubjectKind,
    #[serde(default)]
    pub(super) members: Vec<String>,
    /// The root commits, the oldest first.
    #[serde(default)]
    pub(super) roots: Vec<String>,
    #[serde(default)]
    pub(super) rules: String,
    #[serde(default)]
    pub(super) made_at: Option<String>,
}

impl Source {
    /// Returns `true` if the command reads everything that its subject holds. Files of a repository are not all of it,
    /// since there are other branches and earlier commits.
    pub(super) fn covers_all(&self) -> bool {
        let is_repository = self.host.is_some() || self.branch.is_some() || !self.roots.is_empty();
        match self.command {
            Some(Command::History | Command::Image) => true,
            Some(Command::Files | Command::Context | Command::Agents) => !is_repository,
            _ => false,
        }
    }
}

#[derive(Deserialize)]
struct Finding {
    id: String,
    rule: String,
    name: String,
    severity: Severity,
    confidence: Confidence,
    #[serde(default)]
    secret: Option<IgnoredAny>,
    stage: Stage,
    exposure: Exposure,
    occurrences: Vec<Occurrence>,
    #[serde(default)]
    suppression: Option<Suppression>,
    #[serde(default)]
    asked: Option<Said>,
}

#[derive(Deserialize)]
struct Exposure {
    in_head: Option<bool>,
    #[serde(default)]
    first_commit: Option<String>,
    #[serde(default)]
    first_seen: Option<String>,
    #[serde(default)]
    first_author: Option<String>,
    #[serde(default)]
    remotes: Vec<Remote>,
}

#[derive(Deserialize)]
struct Remote {
    name: String,
    #[serde(default)]
    url: Option<String>,
}

#[derive(Deserialize)]
struct Occurrence {
    kind: ContentKind,
    path: String,
    line: usize,
    #[serde(default)]
    commit: Option<String>,
    #[serde(default)]
    owners: Vec<String>,
}

#[derive(Deserialize)]
struct Suppression {
    status: SuppressionStatus,
}

#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum SuppressionStatus {
    Accepted,
    NeedsApproval,
    Void,
}

#[derive(Deserialize)]
struct Gap {
    what: String,
    why: String,
}

#[derive(Deserialize)]
struct Counts {
    #[serde(default)]
    verdict: Option<Verdict>,
    gaps: usize,
    findings: usize,
    #[serde(default)]
    suppressed: usize,
}

impl Counts {
    /// Returns the verdict that follows from the counts.
    fn implied(&self) -> Verdict {
        match (self.findings, self.gaps) {
            (0, 0) => Verdict::Clean,
            (0, _) => Verdict::Unknown,
            _ => Verdict::Findings,
        }
    }
}

#[derive(Deserialize)]
struct Kind {
    #[serde(rename = "type", default)]
    kind: Option<String>,
}

/// A report that is one document.
#[derive(Deserialize)]
struct Document {
    #[serde(flatten)]
    outer: Outer,
    source: Option<Source>,
    findings: Vec<Finding>,
    #[serde(default)]
    suppressed: Vec<Finding>,
    #[serde(default)]
    gaps: Vec<Gap>,
    summary: Counts,
}

#[derive(Deserialize)]
struct Outer {
    schema: u32,
    command: Command,
    #[serde(default)]
    made_at: Option<String>,
}

/// The receiver of the findings.
pub(super) type Sink<'s> = dyn FnMut(Record) -> io::Result<()> + 's;

/// Reads the report with this index.
///
/// # Errors
/// Fails if a finding can't be stored. An unreadable report is not an error but a flaw of the report.
pub(super) fn read(path: &Path, number: u32, sink: &mut Sink<'_>) -> io::Result<Reading> {
    let mut reader =
        Reader { report: Report::default(), number, sink, gaps: Vec::new(), findings: 0, has_source: false };
    let end = match open(path) {
        Ok(file) => reader.all(path, file)?,
        Err(why) => End::flaw(format!("the report cannot be read: {why}")),
    };
    let Reader { mut report, gaps, .. } = reader;
    let flaw = match end {
        End::Inventory => return Ok(Reading::Inventory),
        End::Flaw(flaw) => Some(flaw),
        End::Summary => None,
    };
    let source = &mut report.source;
    // Many folders have the same name, so a subject without a name of its own gets that of its report.
    let file = || path.display().to_string();
    let name = bounded_name(source.name.take().filter(|name| !name.is_empty()).unwrap_or_else(file));
    report.flaw = flaw.or_else(|| {
        let first = gaps.first()?;
        // If a repository could not be read at all, the gap has the repository's name, too.
        let first = first.strip_prefix(&*name).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(first);
        Some(Flaw::Incomplete(format!("{} not read: {first}", parts(gaps.len()))))
    });
    report.source.name = Some(name);
    report.source.remote = report.source.remote.take().map(bounded_name);
    Ok(Reading::Report(Box::new(report)))
}

/// The end of a report.
enum End {
    /// The report ends with a summary, as it should.
    Summary,
    /// The report has a flaw.
    Flaw(Flaw),
    /// The file is not a report but an inventory.
    Inventory,
}

impl End {
    /// Returns a flaw that leaves the findings read so far valid.
    fn flaw(why: impl Into<String>) -> Self {
        Self::Flaw(Flaw::Incomplete(why.into()))
    }
}

fn parts(count: usize) -> String {
    if count == 1 { "1 part was".to_owned() } else { format!("{count} parts were") }
}

fn plural(findings: usize) -> String {
    if findings == 1 { "1 finding".to_owned() } else { format!("{findings} findings") }
}

fn bounded_name(mut name: String) -> String {
    name.truncate(name.floor_char_boundary(MAX_NAME));
    name
}

/// Opens a report. Anything but a regular file is refused, since opening a device or a pipe could wait forever.
fn open(path: &Path) -> Result<BufReader<File>, String> {
    let told = |error: io::Error| error.to_string();
    let kind = bounded::kind(path.metadata().map_err(told)?.file_type());
    if kind != bounded::Kind::File {
        return Err(format!("it is {}", kind.describe()));
    }
    Ok(BufReader::with_capacity(1 << 20, File::open(path).map_err(told)?))
}

struct Reader<'s, 'k> {
    report: Report,
    number: u32,
    sink: &'s mut Sink<'k>,
    gaps: Vec<String>,
    findings: usize,
    has_source: bool,
}

impl Reader<'_, '_> {
    /// Reads the whole report.
    fn all(&mut self, path: &Path, mut file: BufReader<File>) -> io::Result<End> {
        let mut line = Vec::new();
        let mut number = 0;
        loop {
            number += 1;
            let damaged = |what: &str| Ok(End::flaw(format!("the report is damaged in line {number}: {what}")));
            line.clear();
            match (&mut file).take(MAX_LINE + 1).read_until(b'\n', &mut line) {
                Err(error) => return Ok(End::flaw(format!("the report cannot be read: {error}"))),
                Ok(0) => return Ok(End::flaw("the report is cut off: it has no summary")),
                Ok(_) if line.len() as u64 > MAX_LINE => return damaged("it is too long"),
                Ok(_) => {}
            }
            let kind = kind_of(&line);
            match kind.as_deref() {
                None if number == 1 => return self.document(path),
                Some("inventory") if number == 1 => return inventory(file),
                _ => {}
            }
            match self.line(kind.as_deref(), &line)? {
                Line::Read => {}
                Line::Last(End::Summary) if !file.fill_buf().is_ok_and(<[u8]>::is_empty) => {
                    return Ok(End::flaw(
                        "the report goes on after its summary, so it is several in one file, or damaged",
                    ));
                }
                Line::Last(end) => return Ok(end),
                Line::Damaged(what) => return damaged(&what),
            }
        }
    }

    fn line(&mut self, kind: Option<&str>, line: &[u8]) -> io::Result<Line> {
        let read = match kind {
            Some("finding") => match serde_json::from_slice(line) {
                Ok(finding) => return self.finding(finding),
                Err(error) => Err(error),
            },
            Some("source") => serde_json::from_slice(line).map(|source| self.source(source)),
            Some("gap") => serde_json::from_slice(line).map(|gap| {
                self.gap(gap);
                Line::Read
            }),
            Some("summary") => serde_json::from_slice(line).map(|counts| Line::Last(self.concluded(&counts))),
            Some("note") => Ok(Line::Read),
            Some(_) | None => return Ok(Line::Damaged("it is not a line of a report".to_owned())),
        };
        Ok(read.unwrap_or_else(|error: serde_json::Error| Line::Damaged(told(&error))))
    }

    fn source(&mut self, source: Source) -> Line {
        if source.schema != Some(SCHEMA) {
            return Line::Last(other_schema());
        }
        if self.has_source {
            return Line::Damaged("another report begins".to_owned());
        }
        self.has_source = true;
        self.report.source = source;
        Line::Read
    }

    fn document(&mut self, path: &Path) -> io::Result<End> {
        let bytes = match bounded::read(path, MAX_DOCUMENT, bounded::Links::Followed) {
            Ok(bytes) => bytes,
            Err(refused) => return Ok(End::flaw(format!("the report cannot be read: {refused}"))),
        };
        let document: Document = match serde_json::from_slice(&bytes) {
            Ok(document) => document,
            Err(error) => return Ok(End::flaw(format!("it is not a report: {}", told(&error)))),
        };
        let Outer { schema, command, made_at } = document.outer;
        self.has_source = document.source.is_some();
        let source = document.source.unwrap_or_default();
        self.report.source = Source { command: Some(command), made_at, ..source };
        if schema != SCHEMA {
            return Ok(other_schema());
        }
        for finding in document.findings.into_iter().chain(document.suppressed) {
            match self.finding(finding)? {
                Line::Read => {}
                Line::Last(end) => return Ok(end),
                Line::Damaged(what) => return Ok(End::flaw(format!("the report is damaged: {what}"))),
            }
        }
        document.gaps.into_iter().for_each(|gap| self.gap(gap));
        Ok(self.concluded(&document.summary))
    }

    fn gap(&mut self, gap: Gap) {
        /// The most strings kept; further ones are counted as equal.
        const MOST: usize = 100_000;
        if self.gaps.len() < MOST {
            let is_first = self.gaps.is_empty();
            // The reason may name the object itself.
            let words =
                || if gap.why.contains(&gap.what) { gap.why.clone() } else { format!("{}: {}", gap.what, gap.why) };
            self.gaps.push(if is_first { bounded_name(words()) } else { String::new() });
        }
    }

    /// Returns the end that follows from this summary, which may count gaps and findings that no line has named.
    fn concluded(&self, counts: &Counts) -> End {
        let told = counts.findings.saturating_add(counts.suppressed);
        if !self.has_source {
            End::flaw("the report is cut off: it does not say what was scanned")
        } else if told != self.findings {
            End::flaw(format!("the report is damaged: it has {}, and its summary counts {told}", plural(self.findings)))
        } else if counts.verdict.is_some_and(|verdict| verdict != counts.implied()) {
            End::flaw("the report is damaged: its verdict contradicts the counts in its summary")
        } else if counts.gaps > 0 && self.gaps.is_empty() {
            End::flaw(format!("{} not read", parts(counts.gaps)))
        } else {
            End::Summary
        }
    }

    fn finding(&mut self, finding: Finding) -> io::Result<Line> {
        if finding.secret.is_some() {
            const WHY: &str = "the report shows values, so nothing of it was used: delete it, and make it again without --show-secrets";
            return Ok(Line::Last(End::Flaw(Flaw::Refused(WHY.to_owned()))));
        }
        if finding.id.is_empty()
            || finding.id.len() > 64
            || !finding.id.bytes().all(|byte| byte.is_ascii_alphanumeric())
        {
            return Ok(Line::Damaged("a finding has no id".to_owned()));
        }
        self.findings += 1;
        let record = self.record(finding);
        (self.sink)(record)?;
        Ok(Line::Read)
    }

    fn record(&self, finding: Finding) -> Record {
        let Exposure { in_head, first_commit, first_seen, first_author, remotes } = finding.exposure;
        let first = first_seen.zip(first_commit);
        let place_count = finding.occurrences.len();
        let owners: BTreeSet<&String> = finding.occurrences.iter().flat_map(|place| &place.owners).collect();
        let owners = owners.into_iter().take(MOST_OWNERS).cloned().map(bounded_name).collect();
        let places = finding.occurrences.into_iter().take(MOST_PLACES);
        let forks = match self.report.source.kind {
            SubjectKind::Single => Vec::new(),
            SubjectKind::Network => remotes.into_iter().map(fork).collect(),
        };
        Record {
            id: finding.id,
            report: self.number,
            rule: finding.rule,
            name: finding.name,
            severity: finding.severity,
            confidence: finding.confidence,
            stage: finding.stage,
            allowed: finding.suppression.is_some_and(|one| one.status == SuppressionStatus::Accepted),
            in_head: in_head == Some(true),
            first: first.map(|(time, commit)| Arrival { time, commit, author: first_author }),
            places: places
                .map(|Occurrence { kind, path, line, commit, .. }| Place { kind, path, line, commit })
                .collect(),
            place_count,
            owners,
            forks,
            asked: finding.asked.filter(|asked| asked.word.is_settled() && time::seconds(&asked.at).is_some()),
        }
    }
}

/// Reads the rest of an inventory. A report in the same file would otherwise be passed over without a word.
fn inventory(mut file: BufReader<File>) -> io::Result<End> {
    let mut line = Vec::new();
    loop {
        line.clear();
        if (&mut file).take(MAX_LINE).read_until(b'\n', &mut line)? == 0 {
            return Ok(End::Inventory);
        }
        if !matches!(kind_of(&line).as_deref(), Some("repository" | "secret" | "summary")) {
            return Ok(End::flaw("the file begins as an inventory and goes on as something else, so it is damaged"));
        }
    }
}

/// Returns the name of the repository that a remote refers to.
fn fork(remote: Remote) -> String {
    remote.url.map_or(remote.name, |url| subject::name_of_url(&url).0)
}

/// The result of reading a line.
enum Line {
    Read,
    /// The line is the last one that counts.
    Last(End),
    Damaged(String),
}

/// Returns the kind of a line; `None` if it isn't an object of a report.
pub(super) fn kind_of(line: &[u8]) -> Option<String> {
    const FINDING: &[u8] = b"{\"type\":\"finding\"";
    if line.starts_with(FINDING) {
        return Some("finding".to_owned());
    }
    serde_json::from_slice::<Kind>(line).ok().and_then(|kind| kind.kind)
}

fn other_schema() -> End {
    End::flaw("the report has another schema: make it with this version")
}

/// Returns the flaw without quoting the text, which the parser's message would repeat.
fn told(error: &serde_json::Error) -> String {
    match error.classify() {
        serde_json::error::Category::Eof => "it is cut off".to_owned(),
        _ => format!("column {} cannot be read", error.column()),
    }
}

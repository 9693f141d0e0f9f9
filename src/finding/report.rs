//! The result of a scan: the only input of every renderer.

use bstr::BString;
use serde::{Deserialize, Serialize};

use super::{Advice, CodeOwners, Finding, Plan, PlanStep, Subject};
use crate::rule::{Confidence, Severity};

/// Everything that a scan found.
#[derive(Debug, Clone)]
pub struct Report {
    /// The command and the subject of the scan.
    pub scope: Scope,
    /// Findings at or above the thresholds, worst first.
    pub findings: Vec<Finding>,
    /// The plans for the findings: one for each kind and stage, in the order of their first findings.
    pub plans: Vec<Plan>,
    /// The general advice of the rules of the findings.
    pub advice: Vec<Advice>,
    /// The steps for all findings at once, if they stop a commit.
    pub before_commit: Vec<PlanStep>,
    /// The steps for all findings at once, if they stop a push.
    pub before_push: Vec<PlanStep>,
    /// The lists of files that steps refer to.
    pub lists: Vec<FileList>,
    /// The repository that the commands are for, if they would not reach it from the current folder.
    pub run_in: Option<BString>,
    /// Findings at or above the thresholds that were allowed.
    pub suppressed: Vec<Finding>,
    /// The parts of the scope that were not read.
    pub gaps: Vec<Gap>,
    /// Notes on the coverage that are not gaps.
    pub notes: Vec<Note>,
    /// The amount of content read.
    pub stats: Stats,
    /// The name of the repository's folder, if there is a repository.
    pub repository: Option<BString>,
    /// The subject of the scan, by a name that is the same in other reports.
    pub subject: Subject,
    /// The owners of paths, as the repository itself names them.
    pub code_owners: CodeOwners,
    /// The first few root commits, oldest first; empty unless the whole history was read.
    pub roots: Vec<String>,
    /// The time of the report, RFC 3339.
    pub made_at: Option<String>,
    /// The commit that HEAD named at that time.
    pub head: Option<String>,
}

/// A list of files that is too long for a command; git reads it from a file in its folder for the work tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileList {
    /// The name of the file that holds the list.
    pub name: String,
    /// The paths of the files, from the root.
    pub paths: Vec<BString>,
}

impl FileList {
    /// The folder inside git's folder in which keysweep keeps its files.
    pub const FOLDER: &str = "keysweep";

    /// Returns the options that make git read a list by its name, in whatever folder the command is run.
    pub fn options(name: &str) -> String {
        let folder = Self::FOLDER;
        format!("--pathspec-file-nul --pathspec-from-file \"$(git rev-parse --git-path {folder}/{name})\"")
    }

    /// Returns the list in the form that git reads.
    pub fn content(&self) -> Vec<u8> {
        self.paths.iter().flat_map(|path| [b":(top,literal)", path.as_slice(), b"\0"].concat()).collect()
    }
}

/// The command and the subject of a scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The command that was run.
    pub command: Command,
    /// The subject, such as a range or a folder.
    pub subject: String,
}

/// A command that scans. Hooks run one of these, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    /// Scans the changes of the next commit.
    Staged,
    /// Scans the changes in the commits of a range.
    Range,
    /// Scans everything that a clone stores.
    History,
    /// Scans files and folders.
    Files,
    /// Scans a container image.
    Image,
    /// Scans the context of an image build.
    Context,
    /// Scans the files of coding agents.
    Agents,
    /// Explains one file, line by line.
    Explain,
    /// Scans everything that a clone stores for values that should be gone.
    Verify,
    /// Scans everything that a clone stores to plan a purge.
    PurgePlan,
    /// Scans everything that a clone stores to write a baseline.
    Baseline,
}

impl Command {
    /// Returns the word used in every output, which is also the command's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Staged => "staged",
            Self::Range => "range",
            Self::History => "history",
            Self::Files => "files",
            Self::Image => "image",
            Self::Context => "context",
            Self::Agents => "agents",
            Self::Explain => "explain",
            Self::Verify => "verify",
            Self::PurgePlan => "purge-plan",
            Self::Baseline => "baseline",
        }
    }

    /// Returns `true` if git knows how far a secret got; it knows nothing of files and images.
    pub fn asks_git(self) -> bool {
        match self {
            Self::Files | Self::Image | Self::Context | Self::Agents => false,
            Self::Staged
            | Self::Range
            | Self::History
            | Self::Explain
            | Self::Verify
            | Self::PurgePlan
            | Self::Baseline => true,
        }
    }
}

/// The verdict of a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The whole scope was read, and nothing was found.
    Clean,
    /// Something was found, whether or not the whole scope was read.
    Findings,
    /// Nothing was found, but part of the scope was not read.
    Unknown,
}

impl Verdict {
    /// Returns the word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Findings => "findings",
            Self::Unknown => "unknown",
        }
    }
}

impl Report {
    /// Returns a report without findings, gaps or notes.
    pub fn empty(scope: Scope) -> Self {
        Self {
            scope,
            findings: Vec::new(),
            plans: Vec::new(),
            advice: Vec::new(),
            before_commit: Vec::new(),
            before_push: Vec::new(),
            lists: Vec::new(),
            run_in: None,
            suppressed: Vec::new(),
            gaps: Vec::new(),
            notes: Vec::new(),
            stats: Stats::default(),
            repository: None,
            subject: Subject::default(),
            roots: Vec::new(),
            code_owners: CodeOwners::default(),
            made_at: None,
            head: None,
        }
    }

    /// Returns the findings, followed by those that are allowed.
    pub fn all(&self) -> impl Iterator<Item = &Finding> + Clone {
        self.findings.iter().chain(&self.suppressed)
    }

    /// Returns the verdict, which no format and no option changes.
    pub fn verdict(&self) -> Verdict {
        if !self.findings.is_empty() {
            Verdict::Findings
        } else if self.gaps.is_empty() {
            Verdict::Clean
        } else {
            Verdict::Unknown
        }
    }
}

/// A part of the scope that was not read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// The part that was not read: a path or an object, with how it is reached.
    pub what: BString,
    /// The kind of reason why it was not read.
    pub kind: GapKind,
    /// The cause as a sentence, with the remedy.
    pub why: String,
}

/// The kinds of reasons why a part was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GapKind {
    /// The object is not in this clone.
    Missing,
    /// The object or file cannot be decoded.
    Corrupt,
    /// The object or file is larger than the limit.
    TooLarge,
    /// The file can't be opened.
    Unreadable,
    /// The history ends before the range does.
    Shallow,
    /// A Git LFS object that is not in this clone, under `--strict`.
    LfsAbsent,
}

impl GapKind {
    /// Returns the word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Corrupt => "corrupt",
            Self::TooLarge => "too-large",
            Self::Unreadable => "unreadable",
            Self::Shallow => "shallow",
            Self::LfsAbsent => "lfs-absent",
        }
    }
}

/// A remark on the coverage that is not a gap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note(pub String);

/// The amount of content read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stats {
    /// The number of commits whose messages were read.
    pub commits: usize,
    /// The number of annotated tags whose messages were read.
    pub tags: usize,
    /// The number of trees whose entry names were read.
    pub trees: usize,
    /// The number of blobs or files read.
    pub blobs: usize,
    /// The number of bytes in these blobs or files.
    pub bytes: u64,
    /// The number of objects that an earlier sweep with the same rules found clean.
    pub cached: usize,
    /// The number of secrets that were found but don't reach the thresholds.
    pub held_back: HeldBack,
    /// The number of values searched for, if the scan searched for given values.
    pub sought: usize,
    /// The number of secrets that existed before and that this change does not add.
    pub old: usize,
    /// The time from start to report, in milliseconds.
    pub elapsed_ms: u128,
}

/// The number of secrets that don't reach the thresholds, counted before suppressions apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldBack {
    /// The least confidence that is reported.
    pub min_confidence: Confidence,
    /// The least severity that is reported.
    pub min_severity: Severity,
    /// The number of secrets of low confidence.
    pub low: usize,
    /// The number of secrets of medium confidence, if only high is reported.
    pub medium: usize,
    /// The number of secrets whose confidence is high enough but whose severity isn't.
    pub less_severe: usize,
}

impl Default for HeldBack {
    fn default() -> Self {
        Self::new(Confidence::Low, Severity::Low)
    }
}

impl HeldBack {
    /// Returns counts of zero for these thresholds.
    pub fn new(min_confidence: Confidence, min_severity: Severity) -> Self {
        Self { min_confidence, min_severity, low: 0, medium: 0, less_severe: 0 }
    }

    /// Returns `true` if a secret doesn't reach the thresholds.
    pub fn holds(&self, confidence: Confidence, severity: Severity) -> bool {
        confidence < self.min_confidence || severity < self.min_severity
    }

    /// Counts a secret that doesn't reach the thresholds.
    pub fn count(&mut self, confidence: Confidence, severity: Severity) {
        match confidence {
            Confidence::Low if confidence < self.min_confidence => self.low += 1,
            Confidence::Medium if confidence < self.min_confidence => self.medium += 1,
            _ if severity < self.min_severity => self.less_severe += 1,
            _ => {}
        }
    }

    /// Returns the number of secrets whose confidence is too low.
    pub fn unsure(&self) -> usize {
        self.low + self.medium
    }

    /// Returns the number of secrets held back.
    pub fn total(&self) -> usize {
        self.unsure() + self.less_severe
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn held_back_findings_are_counted_once_by_the_unmet_threshold() {
        use Confidence::{High, Low, Medium};
        let mut held = HeldBack::new(High, Severity::High);
        let all = [
            (Low, Severity::Low),
            (Low, Severity::Critical),
            (Medium, Severity::High),
            (High, Severity::Medium),
            (High, Severity::High),
            (High, Severity::Critical),
        ];
        all.iter().for_each(|(confidence, severity)| held.count(*confidence, *severity));
        let holds = all.map(|(confidence, severity)| held.holds(confidence, severity));
        assert_eq!(holds, [true, true, true, true, false, false]);
        assert_eq!((held.low, held.medium, held.less_severe, held.total()), (2, 1, 1, 4));
        assert!(!HeldBack::default().holds(Low, Severity::Low));
    }
}

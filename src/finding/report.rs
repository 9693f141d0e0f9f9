//! The result of a scan: the only input of every renderer.

use bstr::BString;
use serde::{Deserialize, Serialize};

use super::{Advice, CodeOwners, Finding, Plan, PlanStep, Subject};
use crate::rule::{Confidence, Severity};

/// Everything a scan found out.
#[derive(Debug, Clone)]
pub struct Report {
    /// The scope.
    pub scope: Scope,
    /// Findings at or above the thresholds, worst first.
    pub findings: Vec<Finding>,
    /// The steps for the findings: one plan for each kind that got equally far, in the order of their first findings.
    pub plans: Vec<Plan>,
    /// The general advice of the rules of the findings.
    pub advice: Vec<Advice>,
    /// The steps for all of them at once, where they stop a commit.
    pub before_commit: Vec<PlanStep>,
    /// The same, where they stop a push.
    pub before_push: Vec<PlanStep>,
    /// Files that the steps name by lists.
    pub lists: Vec<FileList>,
    /// The repository that the commands are for, if they would not reach it from where the scan was started.
    pub run_in: Option<BString>,
    /// Findings at or above the thresholds that somebody allowed.
    pub suppressed: Vec<Finding>,
    /// Parts of the scope that were not read.
    pub gaps: Vec<Gap>,
    /// Notes about the coverage, though it is no gap.
    pub notes: Vec<Note>,
    /// How much was read.
    pub stats: Stats,
    /// The name of the repository's folder, if there is one.
    pub repository: Option<BString>,
    /// The subject of the scan, as other reports would call it.
    pub subject: Subject,
    /// The owners of paths, by the repository's own account.
    pub code_owners: CodeOwners,
    /// Commits without a parent, the oldest first: a few of them, and none unless all of the history was read.
    pub roots: Vec<String>,
    /// When it was made, RFC 3339.
    pub made_at: Option<String>,
    /// The commit that HEAD named then.
    pub head: Option<String>,
}

/// Files that are too many to be named in a command: they are in a file of git's folder for the work tree, from which git reads
/// them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileList {
    /// The name of that file.
    pub name: String,
    /// The files, by their paths from the root.
    pub paths: Vec<BString>,
}

impl FileList {
    /// The folder in git's own that the program keeps its files in.
    pub const FOLDER: &str = "keysweep";

    /// The options that give git a list by its name, wherever the command is run.
    pub fn options(name: &str) -> String {
        let folder = Self::FOLDER;
        format!("--pathspec-file-nul --pathspec-from-file \"$(git rev-parse --git-path {folder}/{name})\"")
    }

    /// The list as git reads it.
    pub fn content(&self) -> Vec<u8> {
        self.paths.iter().flat_map(|path| [b":(top,literal)", path.as_slice(), b"\0"].concat()).collect()
    }
}

/// The scope of a scan, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The command that was run.
    pub command: Command,
    /// The subject: a range, a folder.
    pub subject: String,
}

/// A command that scans. Hooks and agents run one of these, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    /// The changes of the next commit.
    Staged,
    /// The changes of the commits of a range.
    Range,
    /// Everything that a clone stores.
    History,
    /// Files and folders.
    Files,
    /// A container image.
    Image,
    /// The context of an image build.
    Context,
    /// The files of coding agents.
    Agents,
    /// One file, for what its lines are reported for.
    Explain,
    /// Everything that a clone stores, for values that should be gone.
    Verify,
    /// The same, for a plan to purge it.
    PurgePlan,
    /// The same, next to a baseline.
    Baseline,
}

impl Command {
    /// The word used in every output, which is also what is typed.
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

    /// `true` if git is asked how far a secret got: of files and images it knows nothing.
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
    /// All of the scope was read; nothing was found.
    Clean,
    /// Something was found.
    Findings,
    /// Nothing was found, but a part of the scope was not read.
    Unknown,
}

impl Verdict {
    /// The word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Findings => "findings",
            Self::Unknown => "unknown",
        }
    }
}

impl Report {
    /// A report with nothing in it.
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

    /// The findings, and behind them those that are allowed.
    pub fn all(&self) -> impl Iterator<Item = &Finding> + Clone {
        self.findings.iter().chain(&self.suppressed)
    }

    /// The verdict, which no format and no option changes.
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
    /// The part: a path or an object, with how it is reached.
    pub what: BString,
    /// Why it was not read.
    pub kind: GapKind,
    /// The cause in words, with the remedy.
    pub why: String,
}

/// Why a part was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GapKind {
    /// The object is not in this clone.
    Missing,
    /// The object or file cannot be decoded.
    Corrupt,
    /// It is larger than the limit.
    TooLarge,
    /// It cannot be opened.
    Unreadable,
    /// History ends before the range does.
    Shallow,
    /// A Git LFS object that is not in this clone, under `--strict`.
    LfsAbsent,
}

impl GapKind {
    /// The word used in every output.
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

/// Something about the coverage that is not a gap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note(pub String);

/// How much was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stats {
    /// Commits whose messages were read.
    pub commits: usize,
    /// Annotated tags whose messages were read.
    pub tags: usize,
    /// Trees whose entry names were read.
    pub trees: usize,
    /// Blobs or files read.
    pub blobs: usize,
    /// Bytes of those.
    pub bytes: u64,
    /// Objects that an earlier sweep with the same rules found to be clean.
    pub cached: usize,
    /// Secrets that were found and do not reach the thresholds.
    pub held_back: HeldBack,
    /// Values that were looked for, if values were.
    pub sought: usize,
    /// Secrets that were there already and that this change does not add.
    pub old: usize,
    /// Milliseconds from start to report.
    pub elapsed_ms: u128,
}

/// How many secrets were found that do not reach the thresholds, before anybody is asked which of them are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldBack {
    /// The least confidence that is reported.
    pub min_confidence: Confidence,
    /// The least severity that is.
    pub min_severity: Severity,
    /// Those of low confidence.
    pub low: usize,
    /// Those of medium confidence, where only high is reported.
    pub medium: usize,
    /// Those that are sure enough, but not severe enough.
    pub less_severe: usize,
}

impl Default for HeldBack {
    fn default() -> Self {
        Self::new(Confidence::Low, Severity::Low)
    }
}

impl HeldBack {
    /// Nothing so far, with these thresholds.
    pub fn new(min_confidence: Confidence, min_severity: Severity) -> Self {
        Self { min_confidence, min_severity, low: 0, medium: 0, less_severe: 0 }
    }

    /// `true` if a secret does not reach the thresholds.
    pub fn holds(&self, confidence: Confidence, severity: Severity) -> bool {
        confidence < self.min_confidence || severity < self.min_severity
    }

    /// Counts a secret that does not.
    pub fn count(&mut self, confidence: Confidence, severity: Severity) {
        match confidence {
            Confidence::Low if confidence < self.min_confidence => self.low += 1,
            Confidence::Medium if confidence < self.min_confidence => self.medium += 1,
            _ if severity < self.min_severity => self.less_severe += 1,
            _ => {}
        }
    }

    /// Those that are not sure enough.
    pub fn unsure(&self) -> usize {
        self.low + self.medium
    }

    /// All of them.
    pub fn total(&self) -> usize {
        self.unsure() + self.less_severe
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_back_is_counted_once_and_by_what_it_lacks() {
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

//! The choice of the configuration, the entries and the baseline: those of the work tree or, for a range, those of the
//! commit that it starts from, so that no change decides about itself.

use std::path::{Path, PathBuf};

use bstr::{BString, ByteSlice as _};

use super::args::Common;
use super::clock;
use crate::config::ConfigFile;
use crate::config::file::{self, BASELINE, NAME};
use crate::finding::{Gap, GapKind, Note, Report};
use crate::fs::bounded::{self, MAX_SIZE};
use crate::git::object::{self, Mode, Unread};
use crate::git::{ObjectId, Repo};
use crate::suppress::{Baseline, Comments, Entry, Policy, Suppressions};
use crate::text::escape;
use crate::text::time::rfc3339;

/// The policy in force, and the remarks on it.
#[derive(Debug, Default)]
pub struct InForce {
    /// The configuration.
    pub config: ConfigFile,
    /// The policy that decides about findings.
    pub policy: Policy,
    /// The changes that the range makes to the policy and that could not be read.
    pub gaps: Vec<Gap>,
    /// The changes that the range makes to the policy.
    pub notes: Vec<Note>,
}

/// Reads the policy from the files at a root folder.
///
/// # Errors
/// Fails if the configuration or the baseline can't be used.
pub fn of_folder(common: &Common, root: Option<&Path>) -> anyhow::Result<InForce> {
    let config = config(common.config.as_deref(), root)?;
    let baseline = baseline(common.baseline.as_deref(), root)?;
    let accepted = Suppressions { entries: config.allowed()?, baseline };
    let policy = policy(common, &config, accepted, Comments::Honoured)?;
    Ok(InForce { config, policy, ..InForce::default() })
}

/// Reads the configuration that is named, which must exist, or else the one at the root, if there is one.
fn config(named: Option<&Path>, root: Option<&Path>) -> anyhow::Result<ConfigFile> {
    let found = found(named, root, NAME)?;
    Ok(found.map(|(path, text)| ConfigFile::parse(&text, &path)).transpose()?.unwrap_or_default())
}

/// Reads the baseline that is named, which must exist, or else the one at the root, if there is one.
fn baseline(named: Option<&Path>, root: Option<&Path>) -> anyhow::Result<Baseline> {
    let found = found(named, root, BASELINE)?;
    Ok(found.map(|(path, text)| file::baseline(&text, &path)).transpose()?.unwrap_or_default())
}

/// Returns the path and the text of a file that is named, or of one at the root. Anybody who can write to the
/// repository may have put it there.
fn found(named: Option<&Path>, root: Option<&Path>, name: &str) -> anyhow::Result<Option<(PathBuf, String)>> {
    let (path, text) = match (named, root) {
        (Some(path), root) => {
            let root = root.unwrap_or(Path::new("."));
            (path.to_owned(), bounded::text_named(path, root, MAX_SIZE).map(Some))
        }
        (None, Some(root)) => {
            let path = root.join(name);
            let read = bounded::read_within(root, &path);
            (path, read.and_then(|bytes| bytes.map(bounded::text).transpose()))
        }
        (None, None) => return Ok(None),
    };
    let shown = escape(path.as_os_str().as_encoded_bytes());
    let text = text.map_err(|why| anyhow::anyhow!("cannot read '{shown}': {why}\nnothing was scanned"))?;
    Ok(text.map(|text| (path, text)))
}

/// Reads the policy of a repository: that of its work tree, or of HEAD if it has none.
///
/// # Errors
/// Fails if the configuration or the baseline can't be used.
pub fn of_repository(common: &Common, repo: &Repo) -> anyhow::Result<InForce> {
    match (repo.workdir(), repo.head()) {
        (None, Some(head)) => of_commit(common, repo, head),
        (root, _) => of_folder(common, root.as_deref()),
    }
}

/// Reads the policy of a commit.
///
/// # Errors
/// Fails if its configuration or baseline can't be used.
pub fn of_commit(common: &Common, repo: &Repo, commit: ObjectId) -> anyhow::Result<InForce> {
    let at = At { repo, commit };
    if let Some(gap) = at.unread(common) {
        return Ok(InForce { gaps: vec![gap], ..of_folder(common, None)? });
    }
    let (config, accepted) = at.named_or(common)?;
    let policy = policy(common, &config, accepted, Comments::Honoured)?;
    Ok(InForce { config, policy, ..InForce::default() })
}

/// Reads only the files that the command line names: if the base of a change is not available, nobody can have agreed
/// to anything.
///
/// # Errors
/// Fails if the files that it names can't be used.
pub fn of_nothing(common: &Common) -> anyhow::Result<InForce> {
    Ok(of_folder(common, None)?.proposing())
}

/// Reads the policy of HEAD on a server, which is not yet the pushed commit.
///
/// # Errors
/// Fails if its configuration or baseline can't be used.
pub fn of_server(common: &Common, repo: &Repo) -> anyhow::Result<InForce> {
    match repo.head() {
        Some(head) => Ok(of_commit(common, repo, head)?.proposing()),
        None => of_nothing(common),
    }
}

impl InForce {
    /// Returns the same policy for content whose comments are part of the change that is judged: they count as
    /// proposed.
    #[must_use]
    pub fn proposing(mut self) -> Self {
        if self.policy.comments == Comments::Honoured {
            self.policy.comments = Comments::Proposed;
        }
        self
    }
}

/// Reads the policy of the base of a range, and what its head adds to it.
///
/// # Errors
/// Fails if the configuration or the baseline of the base can't be used.
pub fn of_range(common: &Common, repo: &Repo, base: ObjectId, head: ObjectId) -> anyhow::Result<InForce> {
    let (before, after) = (At { repo, commit: base }, At { repo, commit: head });
    if let Some(gap) = before.unread(common) {
        return Ok(InForce { gaps: vec![gap], ..of_nothing(common)? });
    }
    let (config, accepted) = before.named_or(common)?;
    let mut policy = policy(common, &config, accepted, Comments::Proposed)?;
    let (mut gaps, mut notes) = (Vec::new(), Vec::new());
    if !common.no_allow {
        let changes =
            |text: &str| Note(format!("needs approval: the range adds {text}, which takes effect once it is merged"));
        match after.added(&policy.accepted) {
            Ok(proposed) => {
                notes.extend(proposed.entries.iter().map(|entry| changes(&describe(entry))));
                let lines = proposed.baseline.len();
                let count = if lines == 1 { "1 line".to_owned() } else { format!("{lines} lines") };
                notes.extend((lines > 0).then(|| changes(&format!("{count} to {BASELINE}"))));
                policy.proposed = proposed;
            }
            Err(error) => gaps.push(Gap {
                what: BString::from(format!("what {NAME} and {BASELINE} of the head allow")),
                kind: GapKind::Unreadable,
                why: error.to_string(),
            }),
        }
        if common.config.is_none() && before.text(NAME)? != after.text(NAME).unwrap_or_default() {
            notes.push(Note(format!("the range changes {NAME}; the version at its base was used")));
        }
    }
    Ok(InForce { config, policy, gaps, notes })
}

fn policy(
    common: &Common,
    config: &ConfigFile,
    mut accepted: Suppressions,
    comments: Comments,
) -> anyhow::Result<Policy> {
    let today = rfc3339(clock::now()).and_then(|time| time.get(..10).map(str::to_owned)).unwrap_or_default();
    if common.no_allow {
        return Ok(Policy::strict());
    }
    for pattern in &common.exclude {
        let named = |why: String| anyhow::anyhow!("--exclude: {}", escape(why.as_bytes()));
        accepted.entries.push(Entry::excluding(pattern).map_err(named)?);
    }
    let proposed = Suppressions::default();
    Ok(Policy { accepted, proposed, comments, foreign: config.foreign_comments.clone(), today })
}

/// The policy files at a commit.
struct At<'r> {
    repo: &'r Repo,
    commit: ObjectId,
}

impl At<'_> {
    /// Returns the files that the command line names, or else those of the commit.
    fn named_or(&self, common: &Common) -> anyhow::Result<(ConfigFile, Suppressions)> {
        let config = match &common.config {
            Some(path) => config(Some(path), self.repo.workdir().as_deref())?,
            None => self.config()?,
        };
        let baseline = match &common.baseline {
            Some(path) => baseline(Some(path), self.repo.workdir().as_deref())?,
            None => self.baseline()?,
        };
        let entries = config.allowed()?;
        Ok((config, Suppressions { entries, baseline }))
    }

    /// Returns the name of a file for messages.
    fn path(&self, name: &str) -> PathBuf {
        PathBuf::from(format!("{}:{name}", self.commit.to_hex_with_len(12)))
    }

    /// Returns the bytes of a file at the root; none if there is no such file.
    fn bytes(&self, name: &str) -> Result<Vec<u8>, Unread> {
        let local = self.repo.local();
        let tree = object::tree_of(&local, self.commit)?;
        let entry = object::entry_at(&local, tree, name.as_bytes().as_bstr())?;
        let entry = entry.filter(|entry| entry.mode == Mode::File);
        entry.map_or_else(|| Ok(Vec::new()), |entry| object::load(&local, entry.id, MAX_SIZE).map(|(_, bytes)| bytes))
    }

    /// Returns the text of a file at the root; empty if there is none.
    fn text(&self, name: &str) -> anyhow::Result<String> {
        let bytes = self
            .bytes(name)
            .map_err(|unread| anyhow::anyhow!("cannot read '{}': {}", self.path(name).display(), unread.why))?;
        String::from_utf8(bytes).map_err(|_| anyhow::anyhow!("'{}' is not UTF-8", self.path(name).display()))
    }

    /// Returns the gap of a file whose object is damaged or missing, so that it isn't known what it allows or asks for.
    /// Nothing is allowed then; the rest of the scan does not depend on it.
    fn unread(&self, common: &Common) -> Option<Gap> {
        let wanted = [(NAME, common.config.is_none()), (BASELINE, common.baseline.is_none())];
        let files = wanted.into_iter().filter_map(|(name, is_read)| is_read.then_some(name));
        files.filter_map(|name| Some((name, self.bytes(name).err()?))).next().map(|(name, unread)| Gap {
            what: BString::from(self.path(name).display().to_string()),
            kind: unread.kind,
            why: format!("{}, so no configuration and no baseline was used", unread.why),
        })
    }

    fn config(&self) -> anyhow::Result<ConfigFile> {
        Ok(ConfigFile::parse(&self.text(NAME)?, &self.path(NAME))?)
    }

    fn baseline(&self) -> anyhow::Result<Baseline> {
        Ok(file::baseline(&self.text(BASELINE)?, &self.path(BASELINE))?)
    }

    /// Returns the entries that this commit has and `accepted` lacks.
    fn added(&self, accepted: &Suppressions) -> anyhow::Result<Suppressions> {
        let config = self.config()?;
        config.rules()?;
        let mut entries = config.allowed()?;
        entries.retain(|entry| !accepted.entries.iter().any(|known| known.def == entry.def));
        Ok(Suppressions { entries, baseline: self.baseline()?.without(&accepted.baseline) })
    }
}

/// Describes an entry in words.
fn describe(entry: &Entry) -> String {
    let def = &entry.def;
    let parts = [("id", &def.id), ("rule", &def.rule), ("path", &def.path), ("value", &def.value)];
    let parts: Vec<String> =
        parts.iter().filter_map(|(name, value)| Some(format!("{name} {}", value.as_ref()?))).collect();
    let line = entry.line.map(|line| format!(" at line {line}")).unwrap_or_default();
    format!("the entry{line} of {NAME} ({}: {})", parts.join(", "), def.reason)
}

/// Notes the entries that have expired and, after a complete sweep with the configured thresholds, those that no longer
/// allow anything.
pub fn note_stale_entries(policy: &Policy, common: &Common, report: &mut Report) {
    let over = policy.expired().map(|entry| Note(format!("{} has expired; remove it or extend it", describe(entry))));
    report.notes.extend(over);
    let is_narrow = common.min_severity.is_some() || common.min_confidence.is_some() || !common.rules.is_empty();
    if is_narrow || !report.gaps.is_empty() {
        return;
    }
    let unused = policy.unused(report.findings.iter().chain(&report.suppressed));
    let unused = unused.filter(|entry| entry.line.is_some());
    report.notes.extend(
        unused.map(|entry| Note(format!("{} allows nothing that this sweep found; remove it", describe(entry)))),
    );
}

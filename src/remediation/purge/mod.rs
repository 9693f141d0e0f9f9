//! The plan to take secrets out of a history, and out of every copy of it: which commands, in which order, and what they do
//! not reach.
//!
//! Revoking comes first, for no rewrite calls a value back. What was pushed is rewritten in a fresh clone and proved clean
//! there before anything is forced on a server; what was not is rewritten where it lies. No command holds a value: those stand
//! in files that only their owner can read. The commands are meant to be run as they are printed, so all that comes from the
//! repository is quoted.

mod beyond;
mod clones;

use std::collections::{BTreeMap, BTreeSet};

use bstr::{BStr, BString, ByteSlice as _};

use super::git::leftovers;
use super::step::quoted;
use super::{git_dir, retained};
use crate::finding::purge::{Handling, On, Phase, Subject};
use crate::finding::{ContentKind, Finding, PurgePlan, PurgeStep, Server, Stage, StepKind};

/// Replaced in contents and messages.
pub const EXPRESSIONS: &str = "expressions.txt";
/// Contents that go as a whole.
pub const CONTENTS: &str = "contents.txt";
/// Replaced in paths.
pub const PATHS: &str = "paths.txt";
/// Replaced in names of refs.
pub const REFS: &str = "refs.py";
/// The values in names of refs, one a line.
pub const NEEDLES: &str = "refs.txt";
/// Replaced in names of people.
pub const NAMES: &str = "names.py";
/// Replaced in their addresses.
pub const EMAILS: &str = "emails.py";

/// Bytes below which a value may stand in other text by chance.
pub const SHORT: usize = 8;

/// Paths named in a step, at most.
const MOST: usize = 8;

/// All that a plan depends on.
#[derive(Debug)]
pub struct Situation<'a> {
    /// The findings, each with what to do about it alone.
    pub findings: &'a [Finding],
    /// The same secrets with every place that holds the value, and all refs that reach it.
    pub traced: &'a [Finding],
    /// What is more to do than to replace text.
    pub needs: Needs,
    /// The repository's root; its folder, if it is bare.
    pub root: BString,
    /// Whether it has no work tree.
    pub is_bare: bool,
    /// Where the files of the plan lie.
    pub folder: BString,
    /// Whether nothing else lies there.
    pub is_own_folder: bool,
    /// The remotes that are configured.
    pub remotes: Vec<(BString, Server)>,
    /// All refs, with the ids of what they lead to.
    pub refs: BTreeMap<BString, String>,
    /// The branch that is checked out, by its full name.
    pub branch: Option<BString>,
}

/// What a rewrite needs besides the replacement of text.
#[derive(Debug, Default)]
pub struct Needs {
    /// Paths of contents that go as a whole.
    pub contents: BTreeSet<BString>,
    /// Whether a path holds a value.
    pub paths: bool,
    /// Whether the name of a ref does.
    pub refs: bool,
    /// Whether the name or address of a person does.
    pub people: bool,
    /// Values so short that other text may hold them by chance.
    pub short: usize,
    /// Whether the content of a Git LFS object does.
    pub lfs: bool,
    /// Messages in which a value is left in a form that no replacement reaches.
    pub messages: usize,
}

/// The plan.
pub fn plan(at: &Situation<'_>) -> PurgePlan {
    let subjects: Vec<Subject> = at.findings.iter().map(|finding| at.subject(finding)).collect();
    let mut plan = Plan { at, steps: Vec::new() };
    if !subjects.is_empty() {
        let has = |handling| subjects.iter().any(|subject| subject.handling == handling);
        plan.revoke(&subjects);
        plan.local(&subjects);
        if has(Handling::Remote) || has(Handling::InPlace) {
            plan.prepare();
        }
        if has(Handling::InPlace) {
            plan.in_place(&subjects);
        }
        if has(Handling::Remote) {
            (1..).zip(&at.remotes).for_each(|(number, (name, host))| plan.remote(number, name.as_ref(), *host));
            clones::steps(&mut plan);
        }
        plan.finish();
    }
    let refs: BTreeSet<&String> = at.traced.iter().flat_map(|finding| &finding.exposure.refs).collect();
    let has_remote = subjects.iter().any(|subject| subject.handling == Handling::Remote);
    PurgePlan {
        steps: plan.steps,
        refs: refs.into_iter().cloned().collect(),
        beyond: if has_remote { beyond::all(at) } else { Vec::new() },
        subjects,
        files: Vec::new(),
    }
}

impl Situation<'_> {
    fn subject(&self, finding: &Finding) -> Subject {
        let traced = self.traced.iter().find(|traced| traced.secret == finding.secret).unwrap_or(finding);
        Subject {
            id: finding.id.to_string(),
            rule: finding.rule.to_string(),
            name: finding.name.to_string(),
            stage: traced.exposure.stage,
            handling: self.handling(traced),
        }
    }

    /// How far it got decides; a tag leaves no trace of having been pushed, so it is taken to have been.
    fn handling(&self, finding: &Finding) -> Handling {
        let is_tagged = finding.occurrences.iter().any(|occurrence| {
            let is_tag = occurrence.kind == ContentKind::RefName && occurrence.path.starts_with(b"refs/tags/");
            is_tag || occurrence.kind == ContentKind::TagMessage
        });
        let has_remote = !self.remotes.is_empty();
        match finding.exposure.stage {
            Stage::Published if has_remote => Handling::Remote,
            Stage::LocalOnly | Stage::HistoryOnly if has_remote && (self.is_bare || is_tagged) => Handling::Remote,
            Stage::Published | Stage::HistoryOnly => Handling::InPlace,
            Stage::LocalOnly if self.is_bare => Handling::InPlace,
            Stage::LocalOnly | Stage::Unreachable | Stage::Uncommitted => Handling::Local,
        }
    }

    /// Whether a name holds a value, so that it cannot be printed.
    fn is_secret(&self, name: &[u8]) -> bool {
        self.findings.iter().any(|finding| name.contains_str(finding.secret.reveal()))
    }

    /// A file or folder of the plan, as a word of a shell.
    fn file(&self, name: &str) -> String {
        quoted(BString::from(format!("{}/{name}", self.folder)).as_ref())
    }

    /// git in the repository that the plan is for.
    fn git(&self, arguments: &str) -> String {
        format!("git -C {} {arguments}", quoted(self.root.as_ref()))
    }

    /// What git filter-repo is called with.
    fn options(&self) -> String {
        let expressions = self.file(EXPRESSIONS);
        let mut options =
            format!("--sensitive-data-removal --replace-text {expressions} --replace-message {expressions}");
        let more = [
            (!self.needs.contents.is_empty(), "--strip-blobs-with-ids", CONTENTS),
            (self.needs.paths, "--paths-from-file", PATHS),
            (self.needs.people, "--name-callback", NAMES),
            (self.needs.people, "--email-callback", EMAILS),
            (self.needs.refs, "--refname-callback", REFS),
        ];
        for (_, option, file) in more.into_iter().filter(|(needed, ..)| *needed) {
            options.push_str(&format!(" {option} {}", self.file(file)));
        }
        options
    }
}

/// A plan that is being made.
struct Plan<'p> {
    at: &'p Situation<'p>,
    steps: Vec<PurgeStep>,
}

impl Plan<'_> {
    fn step(&mut self, phase: Phase, title: &str, command: &str) {
        self.on(On::Here, phase, title, command);
    }

    fn on(&mut self, on: On, phase: Phase, title: &str, command: &str) {
        self.steps.push(PurgeStep { phase, on, title: title.to_owned(), command: command.to_owned() });
    }

    /// One step for each kind of secret.
    fn revoke(&mut self, subjects: &[Subject]) {
        let mut told = BTreeSet::new();
        for subject in subjects.iter().filter(|subject| subject.handling != Handling::Local) {
            if told.insert(&subject.rule) {
                let title = format!(
                    "Make the value useless before anything else: no rewrite calls it back from those who have it. How to revoke a {}:",
                    subject.name
                );
                self.step(Phase::Revoke, &title, &format!("keysweep explain {}", subject.rule));
            }
        }
    }

    /// What the findings that were never pushed say themselves.
    fn local(&mut self, subjects: &[Subject]) {
        let local = self.at.findings.iter().zip(subjects).filter(|(_, subject)| subject.handling == Handling::Local);
        let steps = local.flat_map(|(finding, _)| &finding.plan);
        for step in steps.filter(|step| matches!(step.kind, StepKind::Remove | StepKind::Purge)) {
            self.once(Phase::Local, &step.title, &step.command);
        }
    }

    /// Out of the files beside the objects, for what is rewritten: those are no part of a history.
    fn beside(&mut self, phase: Phase) {
        let at = self.at;
        let common = at.git("rev-parse --path-format=absolute --git-common-dir");
        for finding in at.traced.iter().filter(|finding| at.handling(finding) != Handling::Local) {
            let steps = git_dir::disposable(finding).into_iter().chain(git_dir::steps(&git_dir::lasting(finding)));
            for step in steps {
                self.once(phase, &step.title, &step.command.replace("git rev-parse --git-common-dir", &common));
            }
        }
    }

    /// A step, unless it is there already.
    fn once(&mut self, phase: Phase, title: &str, command: &str) {
        if !self.steps.iter().any(|step| step.title == title && step.command == command) {
            self.step(phase, title, command);
        }
    }

    fn prepare(&mut self) {
        self.step(
            Phase::Prepare,
            "git filter-repo 2.47 or newer does the rewriting ('pip install git-filter-repo', or a package of your system)",
            "git filter-repo --version",
        );
        let needs = &self.at.needs;
        if !needs.contents.is_empty() {
            let mut paths: Vec<String> =
                needs.contents.iter().filter(|path| !path.is_empty()).map(|path| path.to_string()).collect();
            let more = paths.len().saturating_sub(MOST);
            paths.truncate(MOST);
            if more > 0 {
                paths.push(format!("{more} more"));
            }
            let title = format!(
                "Text cannot be replaced in archives, binary files, other encodings and Git LFS objects: of these files the versions that hold a value are removed as a whole, so keep clean ones at hand to put back: {}",
                paths.join(", ")
            );
            self.step(Phase::Prepare, &title, "");
        }
        if needs.short > 0 {
            let title = format!(
                "{} of the values have fewer than {SHORT} bytes, and each is replaced wherever it stands, in words and numbers, too: look into the file of expressions, and take out what would do more harm than a revoked value",
                needs.short
            );
            self.step(Phase::Prepare, &title, "");
        }
        if needs.messages > 0 {
            let title = format!(
                "In {} messages a value stands in a form that no replacement reaches: reword those commits by hand ('git rebase -i', 'reword') in the clone that is made below, before it is pushed",
                needs.messages
            );
            self.step(Phase::Prepare, &title, "");
        }
    }

    /// A history that was not pushed, or a repository without a remote.
    fn in_place(&mut self, subjects: &[Subject]) {
        let at = self.at;
        let is_here = |finding: &&Finding| {
            let mut same = at.findings.iter().zip(subjects).filter(|(own, _)| own.secret == finding.secret);
            same.any(|(_, subject)| subject.handling == Handling::InPlace)
        };
        let traced: Vec<&Finding> = at.traced.iter().filter(is_here).collect();
        let is_rewritten =
            |name: &&String| ["refs/heads/", "refs/tags/", "refs/notes/"].iter().any(|start| name.starts_with(start));
        let refs: BTreeSet<&String> = traced.iter().flat_map(|f| &f.exposure.refs).filter(is_rewritten).collect();
        let hidden = refs.iter().any(|name| at.is_secret(name.as_bytes()));
        let filter = at.git(&format!("filter-repo --force {}", at.options()));
        if at.is_bare || hidden {
            self.step(
                Phase::Rewrite,
                "Rewrite the whole repository where it lies, after a backup that you delete later: all ids from the first commit that held a value on change, signatures are dropped, reflogs and old objects are deleted",
                &format!("{filter} --no-fetch"),
            );
        } else if !refs.is_empty() {
            let names: Vec<String> = refs.iter().map(|name| quoted(name.as_bytes().as_bstr())).collect();
            // A remote-tracking ref does not hold it: what that reaches keeps its ids.
            let pushed = at.git("for-each-ref --format='^%(refname)' refs/remotes");
            self.step(
                Phase::Rewrite,
                "Rewrite the branches and tags that reach it, where they lie: what was pushed keeps its ids. Commit what you have changed before",
                &format!(
                    "{} && {filter} --no-fetch --refs {} $({pushed})",
                    at.git("diff --quiet HEAD --"),
                    names.join(" ")
                ),
            );
        }
        for step in traced.iter().flat_map(|finding| retained::steps(finding)) {
            let is_stash = step.command.starts_with("git stash");
            if is_stash {
                self.once(Phase::Rewrite, &step.title, &at.git("stash clear"));
            }
        }
        self.beside(Phase::Rewrite);
        self.clean(Phase::Rewrite);
    }

    /// Reflogs and leftovers of the repository, and what git filter-repo noted about it.
    fn clean(&mut self, phase: Phase) {
        let title = leftovers().into_iter().map(|step| step.title).collect::<String>();
        let command =
            format!("{} && {}", self.at.git("reflog expire --expire=now --all"), self.at.git("gc --quiet --prune=now"));
        self.step(phase, &title, &command);
    }

    /// A remote: rewritten in a clone of its own, proved there, and pushed.
    fn remote(&mut self, number: usize, name: &BStr, host: Server) {
        let at = self.at;
        let (mirror, noted) = (at.file(&format!("mirror-{number}.git")), at.file(&format!("rewritten-{number}")));
        let root = quoted(at.root.as_ref());
        let url = format!("\"$(git remote get-url -- {})\"", quoted(name));
        let clone = |into: &str| format!("(cd {root} && git clone --quiet --mirror --no-local -- {url} {into})");
        let shown = quoted(name);
        self.step(
            Phase::Prepare,
            &format!("Ask all who push to {shown} to stop, and merge or close open pull requests: their commits change. Lift what forbids a forced push (protected branches, push rules)"),
            "",
        );
        self.step(
            Phase::Prepare,
            &format!("Clone all refs of {shown} afresh: branches, tags, notes, pull requests"),
            &clone(&mirror),
        );
        self.step(
            Phase::Rewrite,
            "Rewrite all of them. All ids from the first commit that held a value on change, signatures are dropped, tags move. Nothing of this reaches the server yet",
            &format!("git -C {mirror} filter-repo {} && mv {mirror}/filter-repo {noted}", at.options()),
        );
        let expressions = at.file(EXPRESSIONS);
        self.step(
            Phase::Check,
            "Prove that the values are gone from that clone. If one is left, the remote has what your clone does not: fetch, and make the plan anew",
            &format!("keysweep verify --expressions {expressions} {mirror}"),
        );
        self.step(
            Phase::Push,
            &format!("Force the rewritten refs on {shown}, each only if it is still what was cloned: if one is refused as stale, somebody has pushed, and you start again from the clone. refs/pull/* and the like belong to the server and are left out"),
            &push(&mirror, &noted),
        );
        if at.needs.refs {
            self.step(
                Phase::Push,
                "Push the branches and tags under their new names. A default branch has to be changed on the server before its old name can go",
                &format!("git -C {mirror} -c remote.origin.mirror=false push --quiet origin 'refs/heads/*:refs/heads/*' 'refs/tags/*:refs/tags/*'"),
            );
        }
        let check = at.file(&format!("check-{number}.git"));
        self.step(
            Phase::Check,
            "Clone it once more and prove that the server gives out no value any more. What this still finds, mostly below refs/pull or refs/merge-requests, only the server's operator can remove",
            &format!("{} && keysweep verify --expressions {expressions} {check}", clone(&check)),
        );
        beyond::server(self, host, &noted);
    }

    /// The clone that the plan was made in, and the files of the plan.
    fn finish(&mut self) {
        let at = self.at;
        let (root, expressions) = (quoted(at.root.as_ref()), at.file(EXPRESSIONS));
        self.step(
            Phase::Check,
            "Prove that the values are gone from this clone, too; what keeps one is named",
            &format!("keysweep verify --expressions {expressions} {root}"),
        );
        let command = if at.is_own_folder {
            format!("rm -rf {}", quoted(at.folder.as_ref()))
        } else {
            let mut names: Vec<String> =
                [EXPRESSIONS, CONTENTS, PATHS, REFS, NEEDLES, NAMES, EMAILS].map(str::to_owned).to_vec();
            for number in 1..=at.remotes.len() {
                names.extend([
                    format!("mirror-{number}.git"),
                    format!("rewritten-{number}"),
                    format!("check-{number}.git"),
                ]);
            }
            format!("rm -rf {}", names.iter().map(|name| at.file(name)).collect::<Vec<_>>().join(" "))
        };
        self.step(Phase::Finish, "Delete the files of this plan: they hold the values", &command);
    }
}

/// Pushes what git filter-repo noted as changed: each ref with what it was before as a lease, or its deletion.
fn push(mirror: &str, noted: &str) -> String {
    let leases = r#"NR > 1 && $1 != $2 && $3 ~ /^refs\/(heads|tags|notes)\// { print "--force-with-lease=" $3 ":" $1; print ($2 ~ /^0+$/ ? "" : $3) ":" $3 }"#;
    format!(
        "awk '{leases}' {noted}/ref-map | tr '\\n' '\\0' | xargs -0 -n 200 git -C {mirror} -c remote.origin.mirror=false push --quiet origin"
    )
}

//! The steps of a plan to purge a history, phase by phase.

use std::collections::BTreeSet;

use bstr::ByteSlice as _;

use crate::finding::purge::{Consent, Handling, On, Phase, Subject, Trace};
use crate::finding::{Finding, PlanStep, PurgeStep, Stage, StepKind};
use crate::remediation::git::{self, leftovers};
use crate::remediation::step::quoted;
use crate::remediation::{self, git_dir, metadata, retained};

use super::situation::{CONTENTS, EMAILS, EXPRESSIONS, NAMES, NEEDLES, PATHS, PROGRESS, REFS, SHORT, Situation};

/// The most paths that are named in a step.
const MOST: usize = 8;
/// A note that warns the reader of the advice that git filter-repo prints at its end, because it contradicts the plan.
pub(super) const OWN_ADVICE: &str = "git filter-repo ends with its own next steps, such as 'git push --force --mirror origin'; ignore them, because they would overwrite everything that others have pushed";

/// The prefixes of the refs that are rewritten in a clone.
pub(super) const REWRITTEN: &str = "refs/heads refs/tags refs/notes";

/// Returns `true` if a ref is rewritten in a clone.
pub(super) fn is_rewritten(name: &[u8]) -> bool {
    REWRITTEN.split(' ').any(|kind| name.strip_prefix(kind.as_bytes()).is_some_and(|rest| rest.starts_with(b"/")))
}

/// A plan under construction.
pub(super) struct Plan<'p> {
    pub(super) at: &'p Situation<'p>,
    pub(super) steps: Vec<PurgeStep>,
}

impl Plan<'_> {
    /// Adds a step whose command runs here and can be undone.
    pub(super) fn step(&mut self, phase: Phase, title: &str, command: &str) {
        self.push(phase, title, command, Consent::None);
    }

    /// Adds a step whose command runs here and can't be undone.
    pub(super) fn confirm(&mut self, phase: Phase, title: &str, command: &str) {
        self.push(phase, title, command, Consent::Confirm);
    }

    /// Adds a step that the user has to do by hand; its command only shows more about it.
    pub(super) fn by_hand(&mut self, phase: Phase, title: &str, command: &str) {
        self.push(phase, title, command, Consent::ByHand);
    }

    /// Adds a step for whoever has another copy.
    pub(super) fn elsewhere(&mut self, on: On, phase: Phase, title: &str, command: &str) {
        self.by_hand(phase, title, command);
        if let Some(step) = self.steps.last_mut() {
            step.on = on;
        }
    }

    fn push(&mut self, phase: Phase, title: &str, command: &str, consent: Consent) {
        let (title, command, trace) = (title.to_owned(), command.to_owned(), Trace::Output);
        self.steps.push(PurgeStep { phase, on: On::Here, title, command, consent, trace });
    }

    /// Sets where the effect of the last step can be seen.
    pub(super) fn seen_in(&mut self, trace: Trace) {
        if let Some(step) = self.steps.last_mut() {
            step.trace = trace;
        }
    }

    /// Returns the root of the repository that the plan is made in, as a word of a shell.
    pub(super) fn root(&self) -> String {
        quoted(self.at.root.as_ref())
    }

    /// Adds one step for each kind of secret.
    pub(super) fn revoke(&mut self, subjects: &[Subject]) {
        let mut revoked_rules = BTreeSet::new();
        let revoked = || subjects.iter().filter(|subject| subject.handling != Handling::Local);
        for subject in revoked() {
            if revoked_rules.insert(&subject.rule) {
                let first = match revoked_rules.len() {
                    1 => "Revoke the value before anything else: no rewrite takes it back from those who have it",
                    _ => "Revoke this value as well",
                };
                let more = match revoked().filter(|other| other.rule == subject.rule).count() - 1 {
                    0 => String::new(),
                    more => format!("; the same for the {more} more with their ids"),
                };
                let title = format!("{first}. This command prints how ({}{more}):", subject.name);
                let command = format!("(cd {} && keysweep explain {})", self.root(), subject.id);
                self.by_hand(Phase::Revoke, &title, &command);
            }
        }
    }

    /// Adds the steps that remove findings that were never pushed: one set of steps for all of those in commits,
    /// because each rewrite changes the ids that another one would name, and the steps of each other finding's own
    /// plan.
    pub(super) fn local(&mut self, subjects: &[Subject]) {
        let local = self.at.findings.iter().zip(subjects).filter(|(_, subject)| subject.handling == Handling::Local);
        let (committed, others): (Vec<&Finding>, Vec<&Finding>) =
            local.map(|(finding, _)| finding).partition(|finding| {
                matches!(finding.exposure.stage, Stage::LocalOnly | Stage::HistoryOnly)
                    && !remediation::is_stashed(finding)
            });
        let is_older = committed.iter().any(|finding| finding.exposure.stage == Stage::HistoryOnly);
        let together = remediation::subject::Subject::of(&committed);
        let steps = match (committed.is_empty(), is_older) {
            (true, _) => Vec::new(),
            (false, true) => git::older(&together),
            (false, false) => git::local(&together, &self.at.surroundings),
        };
        let own = others.iter().flat_map(|finding| &finding.plan);
        let all = own.chain(&steps).filter(|step| matches!(step.kind, StepKind::Remove | StepKind::Purge));
        // Objects are cleaned up once, after everything else that keeps them is gone.
        let (cleaning, others): (Vec<&PlanStep>, Vec<&PlanStep>) = all.partition(|step| is_cleaning(step));
        let most = cleaning.iter().find(|step| step.command == git::LEFTOVERS).or(cleaning.first());
        for step in others.iter().chain(most) {
            self.within(Phase::Local, step);
        }
        self.tags(&together);
    }

    /// Adds a step from the plan for a finding, to be run at the root.
    fn within(&mut self, phase: Phase, step: &PlanStep) {
        let lines = step.command.replace('\n', " && ");
        let command = match lines.is_empty() {
            true => lines,
            false => format!("(cd {} && {lines})", quoted(self.at.root.as_ref())),
        };
        self.once(phase, &step.title, &command, Consent::Attend);
    }

    /// Adds the steps that unstage files before a history is rewritten: staged files would be in the way, and a rewrite
    /// doesn't reach them.
    pub(super) fn unstage(&mut self, subjects: &[Subject]) {
        let all = self.at.findings.iter().zip(subjects);
        let staged: Vec<&Finding> = all
            .filter(|(finding, _)| finding.exposure.stage == Stage::Uncommitted)
            .map(|(finding, _)| finding)
            .collect();
        let staged = remediation::subject::Subject::of(&staged);
        let steps =
            match (staged.only(|place| !place.kind.is_outside_objects()).occurrences.is_empty(), self.at.is_bare) {
                (true, _) => Vec::new(),
                (false, true) => vec![git_dir::index()],
                (false, false) => git::unstage(&staged, &self.at.surroundings),
            };
        steps.iter().for_each(|step| self.within(Phase::Prepare, step));
        let local = self.at.findings.iter().zip(subjects).filter(|(_, subject)| subject.handling == Handling::Local);
        self.tags(&remediation::subject::Subject::of(&local.map(|(finding, _)| finding).collect::<Vec<_>>()));
    }

    /// Adds the steps for tags that no remote is known to have. Unlike a branch, a tag leaves no trace here of having
    /// been pushed.
    fn tags(&mut self, subject: &remediation::subject::Subject<'_>) {
        let at = self.at;
        let Some(name) = metadata::tag(subject) else { return };
        for (remote, _) in &at.remotes {
            let remote = quoted(remote.as_ref());
            self.once(
                Phase::Local,
                &format!(
                    "This clone does not show whether the tag {name} was pushed. If this command prints a line, it was: revoke the value, and delete the tag there ('git push {remote} --delete {name}')"
                ),
                &at.git(&format!("ls-remote -- {remote} refs/tags/{name}")),
                Consent::Attend,
            );
        }
    }

    /// Adds the steps that remove rewritten values from the files next to the objects, because these files are not part
    /// of a history.
    pub(super) fn clean_git_dir(&mut self, phase: Phase) {
        let at = self.at;
        let common = at.git("rev-parse --path-format=absolute --git-common-dir");
        for finding in at.traced {
            let subject = remediation::subject::Subject::of(&[finding]);
            let steps = git_dir::disposable(&subject).into_iter().chain(git_dir::steps(&git_dir::lasting(&subject)));
            for step in steps {
                let command = step.command.replace("git rev-parse --git-common-dir", &common);
                self.once(phase, &step.title, &command, Consent::Confirm);
            }
        }
    }

    /// Adds a step, unless the plan already contains it.
    pub(super) fn once(&mut self, phase: Phase, title: &str, command: &str, consent: Consent) {
        if !self.steps.iter().any(|step| step.title == title && step.command == command) {
            let consent = if command.is_empty() { Consent::ByHand } else { consent };
            self.push(phase, title, command, consent);
        }
    }

    pub(super) fn prepare(&mut self) {
        self.step(
            Phase::Prepare,
            "git filter-repo 2.47 or newer rewrites the history ('pip install git-filter-repo', or a package of your system). Its --version prints a hash; it is new enough if it has the option that this prints",
            "git filter-repo -h | grep -e --sensitive-data-removal",
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
                "Text cannot be replaced in archives, binary files, other encodings and Git LFS objects: the versions of these files that contain a value are removed as a whole, so keep clean ones ready to restore: {}",
                paths.join(", ")
            );
            self.by_hand(Phase::Prepare, &title, "");
        }
        if needs.short > 0 {
            let title = format!(
                "{} of the values have fewer than {SHORT} bytes, and each is replaced wherever it occurs, even inside words and numbers: check the file of expressions, and remove values whose replacement would do more harm than a revoked value",
                needs.short
            );
            self.by_hand(Phase::Prepare, &title, "");
        }
        if needs.messages > 0 {
            let title = format!(
                "In {} messages a value is encoded in a form that no replacement matches: reword those commits by hand ('git rebase -i', 'reword') in the clone that is made below, before you push it",
                needs.messages
            );
            self.by_hand(Phase::Prepare, &title, "");
        }
    }

    /// Adds the checks that come before any change: uncommitted work would be in the way of the rewrite of this clone,
    /// which comes last.
    pub(super) fn committed(&mut self) {
        let at = self.at;
        if !at.is_bare {
            self.step(
                Phase::Prepare,
                "This fails if there are staged or uncommitted changes, which the rewrite would lose: commit them before you go on, on a separate branch if they are not ready. Do not stash them, because a stash keeps the old history. Files that git does not track stay as they are. It also fails if no branch is checked out, because only branches are rewritten: 'git switch' to one, or create one.",
                &at.is_ready(),
            );
        }
        for tree in &at.work_trees {
            let folder = quoted(tree.folder.as_ref());
            if tree.is_there {
                self.step(
                    Phase::Prepare,
                    &format!("The same for the work tree {folder}, which shares the branches of this repository: commit what is staged or changed there; if it is on no branch, 'git -C {folder} switch -c <name>' creates one, and then create this plan again. Or, if nobody needs it, remove it: 'git worktree remove {folder}'"),
                    &tree.is_ready(),
                );
            } else {
                self.confirm(
                    Phase::Prepare,
                    &format!("The folder of the work tree {folder} is gone; this forgets it, with what was staged there. If it is on a disk that is not attached, attach it and create this plan again"),
                    &at.git("worktree prune"),
                );
            }
        }
    }

    /// Adds the steps for the other work trees after their branches are rewritten: each still has the old files, in its
    /// index as well.
    pub(super) fn work_trees(&mut self, phase: Phase) {
        for tree in self.at.work_trees.iter().filter(|tree| tree.is_there) {
            let folder = quoted(tree.folder.as_ref());
            self.confirm(
                phase,
                &format!("The work tree {folder} still has the old files, and its index the values: set both to its rewritten branch. Before the rewrite nothing was staged or changed there"),
                &tree.git("reset --quiet --hard"),
            );
            self.seen_in(Trace::Repository(folder));
        }
    }

    /// Adds the steps for a history that was not pushed, or a repository without a remote.
    pub(super) fn in_place(&mut self) {
        let at = self.at;
        let traced: Vec<&Finding> = at.traced.iter().collect();
        let refs = traced.iter().flat_map(|f| &f.exposure.refs);
        let refs: BTreeSet<&String> = refs.filter(|name| is_rewritten(name.as_bytes())).collect();
        let hidden = refs.iter().any(|name| at.is_secret(name.as_bytes()));
        let filter = at.git(&format!("filter-repo --force {}", at.options()));
        if at.is_bare || hidden {
            self.confirm(
                Phase::Rewrite,
                &format!("Rewrite the whole repository in place, after a backup that you delete later: all ids change from the first commit that contained a value, signatures are dropped, and reflogs and old objects are deleted. {OWN_ADVICE}"),
                &format!("{filter} --no-fetch"),
            );
            self.seen_in(Trace::Repository(self.root()));
        } else if !refs.is_empty() {
            let names: Vec<String> = refs.iter().map(|name| quoted(name.as_bytes().as_bstr())).collect();
            // No remote-tracking ref reaches the value, so the commits that they reach keep their ids.
            let pushed = at.git("for-each-ref --format='^%(refname)' refs/remotes");
            self.confirm(
                Phase::Rewrite,
                &format!("Rewrite the branches and tags that reach it, in place: commits that were pushed keep their ids. Commit your changes before. {OWN_ADVICE}"),
                &format!(
                    "{} && {filter} --no-fetch --refs {} $({pushed})",
                    at.is_committed(),
                    names.join(" ")
                ),
            );
            self.seen_in(Trace::Repository(self.root()));
        }
        for step in traced.iter().flat_map(|finding| retained::steps(finding)) {
            let is_stash = step.command.starts_with("git stash");
            if is_stash {
                self.once(Phase::Rewrite, &step.title, &at.git("stash clear"), Consent::Confirm);
            }
        }
        self.work_trees(Phase::Rewrite);
        self.clean_git_dir(Phase::Rewrite);
        self.clean(Phase::Rewrite);
    }

    /// Adds the step that removes reflogs and leftovers of the repository.
    pub(super) fn clean(&mut self, phase: Phase) {
        let title = leftovers().into_iter().map(|step| step.title).collect::<String>();
        let commands = ["reflog expire --expire=now --all", "pack-refs --all", "gc --quiet --prune=now"];
        let command = commands.map(|command| self.at.git(command)).join(" && ");
        self.confirm(phase, &title, &command);
        self.seen_in(Trace::Repository(self.root()));
    }

    /// Adds the steps that check the clone in which the plan was made, and delete the files of the plan.
    pub(super) fn finish(&mut self) {
        let at = self.at;
        let (root, expressions) = (quoted(at.root.as_ref()), at.file(EXPRESSIONS));
        self.step(
            Phase::Check,
            "Check that the values are gone from this clone too; the refs and files that still contain one are listed",
            &format!("keysweep verify --expressions {expressions} {root}"),
        );
        let command = if at.is_own_folder {
            format!("rm -rf {}", quoted(at.folder.as_ref()))
        } else {
            let names: Vec<String> = files(at.remotes.len()).iter().map(|name| at.file(name)).collect();
            format!("rm -rf {}", names.join(" "))
        };
        self.confirm(Phase::Finish, "Delete the files of this plan: they contain the values", &command);
    }
}

/// Returns `true` if a step removes unreachable objects.
fn is_cleaning(step: &PlanStep) -> bool {
    step.command == git::LEFTOVERS || step.command == git_dir::COLLECT
}

/// Returns the names of all files and folders that a plan for this many remotes creates.
pub fn files(remotes: usize) -> Vec<String> {
    let mut names: Vec<String> =
        [EXPRESSIONS, CONTENTS, PATHS, REFS, NEEDLES, NAMES, EMAILS, PROGRESS].map(str::to_owned).to_vec();
    for number in 1..=remotes {
        names.extend([mirror(number), noted(number), check(number)]);
    }
    names
}

/// Returns the name of the clone in which a remote's history is rewritten.
pub(super) fn mirror(number: usize) -> String {
    format!("mirror-{number}.git")
}

/// Returns the name of the folder with the notes of git filter-repo.
pub(super) fn noted(number: usize) -> String {
    format!("rewritten-{number}")
}

/// Returns the name of the clone that checks a remote after the push.
pub(super) fn check(number: usize) -> String {
    format!("check-{number}.git")
}

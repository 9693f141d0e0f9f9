//! Turns a finding into an ordered plan: what to do first depends on the kind of secret *and* on how far it got.
//!
//! The steps for a kind of secret come from `rules.toml`; this module orders them, adds the steps that git needs and
//! fills in identifiers found near the secret. A command never holds a secret.

pub mod agent;
pub mod by_hand;
pub mod compose;
pub mod expressions;
pub mod fill;
pub mod git;
pub mod git_dir;
pub mod image;
pub mod metadata;
pub mod purge;
pub mod registry;
pub mod retained;
pub mod show;
pub mod step;
pub mod subject;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bstr::BString;

use crate::finding::{Advice, Fact, Finding, Fingerprint, Plan, PlanStep, Stage, StepKind};
use crate::rule::{Remediation, Rule, Step};
use crate::rule_set::RuleSet;

use subject::Subject;

/// The name of the fact that marks a key as a decoy.
const CANARY: &str = "aws_canary";

/// The facts about the repository that a plan depends on.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// `true` if there is no commit yet, so that unstaging works differently.
    pub unborn: bool,
    /// `true` if the next commit concludes a merge.
    pub merging: bool,
    /// `true` if there is no git at all, only plain files.
    pub no_git: bool,
    /// The build context of an image, if one was scanned.
    pub build: Option<image::BuildContext>,
    /// The files of coding agents, if they were scanned.
    pub agents: Option<agent::AgentsFiles>,
    /// The git operation that is waiting for the result of the scan.
    pub stops: Stops,
    /// `true` if there is no work tree, so that no command may need one.
    pub bare: bool,
    /// `true` if keysweep runs in a folder below the work tree's root; paths in commands are then written relative to
    /// the root.
    pub subfolder: bool,
    /// The path of the repository, if commands run from the reader's folder would not reach it.
    pub run_in: Option<BString>,
    /// The commit at HEAD.
    pub head: Option<String>,
    /// The files of unpushed commits that HEAD has under the same path and with the same values.
    pub at_head: BTreeSet<BString>,
    /// The files in `at_head` that also have staged changes.
    pub staged_too: BTreeSet<BString>,
    /// The files with findings that are staged in other work trees, by the folder of each work tree.
    pub staged_in: BTreeMap<BString, BTreeSet<BString>>,
    /// The files in `staged_in` that are not staged here.
    pub only_there: BTreeSet<BString>,
    /// The old path of each staged file that was renamed.
    pub renamed: BTreeMap<BString, BString>,
    /// The staged deletions that may be the old names of new files with findings.
    pub deleted: Vec<BString>,
    /// The owner and name of the repository on GitHub.
    pub slug: Option<(String, String)>,
    /// The path and text of each GitHub Actions workflow at HEAD.
    pub workflows: Vec<(BString, Vec<u8>)>,
}

/// The git operation that a hook stops.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Stops {
    /// Nothing is stopped.
    #[default]
    Nothing,
    /// A commit that doesn't have its message yet.
    Commit(MadeOf),
    /// A commit whose message holds a secret.
    Message(Message),
    /// A push, whose new commits have not left this clone yet.
    Push,
}

/// The message of a commit that was stopped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Message {
    /// The file that git keeps the message in: a name in git's folder, or a path elsewhere.
    pub file: MessageFile,
    /// The source of the commit's content.
    pub made_of: MadeOf,
    /// `true` if a diff that isn't part of the message follows it ('git commit --verbose').
    pub has_diff: bool,
    /// `true` if some of its lines look like comments but aren't.
    pub has_marks: bool,
    /// `true` if it is the message of a merge, a cherry-pick or a revert, which 'git commit' concludes and nothing can
    /// amend.
    pub is_concluding: bool,
}

/// The source of a commit's content. Files that the commit command stages itself are no longer staged after it was
/// stopped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MadeOf {
    /// The staged changes.
    #[default]
    Index,
    /// The staged and the unstaged changes ('git commit --all' and the like).
    Changes,
    /// Some files only ('git commit FILES').
    Files,
}

/// The location of a commit message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageFile {
    /// A name in the folder that git keeps for the work tree.
    OfGit(BString),
    /// A path elsewhere.
    Other(BString),
}

impl Default for MessageFile {
    fn default() -> Self {
        Self::OfGit("COMMIT_EDITMSG".into())
    }
}

/// Returns one plan for each group of findings with the same rule and the same exposure, in the order of the findings.
/// If there are several plans for one rule, the first one says how to revoke its secrets.
pub fn plans(findings: &[Finding], rules: &RuleSet, surroundings: &Surroundings) -> Vec<Plan> {
    let kind = |finding: &Finding| {
        let alone = git_dir::alone(&Subject::of(&[finding]));
        let exposure = &finding.exposure;
        let place = (is_stashed(finding), is_elsewhere(finding), image::kind(&finding.occurrences));
        // A value that may have been published is handled like one that was.
        let stage = if exposure.stage == Stage::Unknown { Stage::Published } else { exposure.stage };
        let files = surroundings.agents.as_ref().map(|files| files.kinds(&finding.occurrences));
        (finding.rule.clone(), stage, alone, exposure.commits == 0, place, files)
    };
    let mut kinds: Vec<(_, Vec<&Finding>)> = Vec::new();
    let mut known: HashMap<_, usize> = HashMap::new();
    for finding in findings {
        let kind = kind(finding);
        let at = *known.entry(kind.clone()).or_insert(kinds.len());
        match kinds.get_mut(at) {
            Some((_, same)) => same.push(finding),
            None => kinds.push((kind, vec![finding])),
        }
    }
    let mut unpushed = Unpushed::new(findings, surroundings);
    let mut revoked_rules: HashMap<&str, &Fingerprint> = HashMap::new();
    let mut images: Vec<Vec<PlanStep>> = Vec::new();
    let mut plans = Vec::new();
    for (_, same) in &kinds {
        let Some(first) = same.first() else { continue };
        let revoking = revoked_rules.get(&*first.rule).map_or(Revoking::Here, |id| Revoking::Before(id));
        if has_revocation(first) {
            revoked_rules.entry(&first.rule).or_insert(&first.id);
        }
        let findings = same.iter().map(|finding| finding.id.clone()).collect();
        let subject = Subject::of(same);
        let mut steps = steps(&subject, rules, surroundings, revoking, &mut unpushed);
        image::say_once(&mut steps, &subject, &mut images);
        plans.push(Plan { findings, steps });
    }
    plans
}

/// The plan of a report that says how to revoke the secrets of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Revoking<'f> {
    /// This plan.
    Here,
    /// An earlier plan for other secrets of the same kind, this one among them.
    Before(&'f Fingerprint),
}

/// The secrets that a rebase of the checked-out branch takes out. One rebase takes out those of all plans: it changes the
/// ids that another plan would name, and the clean-up after it deletes the old commits.
struct Unpushed<'f> {
    subject: Subject<'f>,
    /// `true` if HEAD still holds each of them.
    are_local: bool,
    /// `true` once a plan has the steps.
    is_planned: bool,
}

impl<'f> Unpushed<'f> {
    fn new(findings: impl IntoIterator<Item = &'f Finding>, surroundings: &Surroundings) -> Self {
        let is_rebased = |one: &&Finding| {
            matches!(one.exposure.stage, Stage::LocalOnly | Stage::HistoryOnly)
                && !surroundings.bare
                && !is_stashed(one)
                && !is_elsewhere(one)
        };
        let rebased: Vec<&Finding> = findings.into_iter().filter(is_rebased).collect();
        let are_local = rebased.iter().all(|one| one.exposure.stage == Stage::LocalOnly);
        Self { subject: Subject::of(&rebased), are_local, is_planned: false }
    }

    /// Returns the steps that take the secrets of a plan out of commits that were not pushed.
    fn taken_out(&mut self, subject: &Subject<'_>, surroundings: &Surroundings) -> Vec<PlanStep> {
        let Some(first) = subject.findings().first() else { return Vec::new() };
        if surroundings.stops == Stops::Push {
            let is_local = first.exposure.stage == Stage::LocalOnly;
            return if is_local { git::local(subject, surroundings) } else { git::older(subject) };
        }
        if !surroundings.bare && is_stashed(first) {
            return git::stashed();
        }
        if surroundings.bare || is_elsewhere(first) {
            return git::rewritten(subject);
        }
        self.steps(surroundings)
    }

    /// Returns the steps for all of them, or, in later plans, a reference to these steps.
    fn steps(&mut self, surroundings: &Surroundings) -> Vec<PlanStep> {
        if std::mem::replace(&mut self.is_planned, true) {
            let title =
                "The rebase in a plan before this one takes this value out as well: one is enough for all values";
            return vec![step::step(StepKind::Purge, title, String::new())];
        }
        if self.are_local { git::local(&self.subject, surroundings) } else { git::older(&self.subject) }
    }
}

/// Returns `true` if the plan for a finding says how to revoke the secret.
fn has_revocation(finding: &Finding) -> bool {
    match finding.exposure.stage {
        Stage::Published | Stage::Unknown | Stage::LocalOnly | Stage::HistoryOnly => true,
        Stage::Unreachable => finding.exposure.commits > 0,
        Stage::Uncommitted | Stage::Leftover => false,
    }
}

/// Returns the steps after which a commit passes that all of these findings stop.
pub fn before_commit(findings: &[Finding], surroundings: &Surroundings) -> Vec<PlanStep> {
    let all: Vec<&Finding> = findings.iter().collect();
    let subject = Subject::of(&all);
    match &surroundings.stops {
        Stops::Message(message) => git::message(message),
        Stops::Nothing | Stops::Commit(_) | Stops::Push => git::unstage(&subject, surroundings),
    }
}

/// Returns the steps after which a push passes that all of these findings stop: they take the values out of its
/// commits. Secrets that a server already has are to be revoked; they don't stop the push.
pub fn before_push(findings: &[Finding], surroundings: &Surroundings) -> Vec<PlanStep> {
    let is_held_back = |one: &&Finding| matches!(one.exposure.stage, Stage::LocalOnly | Stage::HistoryOnly);
    git::before_push(&Subject::of(&findings.iter().filter(is_held_back).collect::<Vec<_>>()), surroundings)
}

/// Returns the ordered steps for a finding.
pub fn plan(finding: &Finding, rules: &RuleSet, surroundings: &Surroundings) -> Vec<PlanStep> {
    let mut unpushed = Unpushed::new([finding], surroundings);
    steps(&Subject::of(&[finding]), rules, surroundings, Revoking::Here, &mut unpushed)
}

/// Returns the advice for a leaked secret of each rule that has findings, wherever the secret is.
pub fn general<'f>(findings: impl Iterator<Item = &'f Finding>, rules: &RuleSet) -> Vec<Advice> {
    let ids: BTreeSet<&str> = findings.map(|finding| &*finding.rule).collect();
    let advice = |id: &str| {
        let rule = rules.rule(id)?;
        let kind = Kind::of(rule, rules, vec![Vec::new()], Vec::new())?;
        Some(Advice { rule: rule.id.clone(), steps: [kind.revoke(), kind.after()].concat() })
    };
    ids.into_iter().filter_map(advice).collect()
}

/// Returns the ordered steps for findings of one rule with the same exposure.
fn steps(
    subject: &Subject<'_>,
    rules: &RuleSet,
    surroundings: &Surroundings,
    revoking: Revoking<'_>,
    unpushed: &mut Unpushed<'_>,
) -> Vec<PlanStep> {
    let Some(first) = subject.findings().first() else { return Vec::new() };
    let Some(rule) = rules.rule(&first.rule) else { return Vec::new() };
    let Some(remediation) = rules.remediation(&rule.remediation) else { return Vec::new() };
    let facts = subject.findings().iter().map(|finding| facts(finding, surroundings)).collect();
    let Some(kind) = Kind::of(rule, rules, facts, users(remediation, surroundings)) else { return Vec::new() };
    if let Some(steps) = without_git(subject, &kind, surroundings) {
        return steps;
    }
    let git_dir_steps = git_dir::steps(subject);
    match first.exposure.stage {
        Stage::Uncommitted if surroundings.no_git => {
            [kind.replace(), kind.only_if_left(), kind.revoke(), kind.after()].concat()
        }
        Stage::Uncommitted => {
            let index = if git_dir::alone(subject) {
                Vec::new()
            } else if surroundings.bare {
                vec![git_dir::index()]
            } else {
                git::unstage(subject, surroundings)
            };
            [index, git_dir_steps, git_dir::reflogs(subject), kind.only_if_shared(), kind.prevent()].concat()
        }
        Stage::LocalOnly | Stage::HistoryOnly => {
            let out = unpushed.taken_out(subject, surroundings);
            match surroundings.stops {
                Stops::Push => [out, git_dir_steps, kind.only_if_shared()],
                _ if surroundings.bare => [kind.in_doubt(revoking), out, git_dir_steps],
                _ => [out, git_dir_steps, kind.in_doubt(revoking)],
            }
            .concat()
        }
        Stage::Leftover => [git_dir::never_committed(subject), kind.only_if_shared()].concat(),
        Stage::Unreachable if first.exposure.commits == 0 => {
            [git::leftovers(), git_dir_steps, kind.only_if_shared(), kind.prevent()].concat()
        }
        Stage::Unreachable => match revoking {
            Revoking::Before(_) => [kind.in_doubt(revoking), git::leftovers(), git_dir_steps].concat(),
            Revoking::Here => {
                [kind.only_if_doubt(), kind.revoke(), git::leftovers(), git_dir_steps, kind.after()].concat()
            }
        },
        Stage::Unknown if image::is_in_image(subject) => match revoking {
            Revoking::Before(id) => [vec![kind.revoked_before(id)], image::steps(subject)].concat(),
            Revoking::Here => [kind.revoke(), image::steps(subject), kind.after()].concat(),
        },
        Stage::Unknown | Stage::Published => {
            [kind.revoke(), kind.after(), git::published(subject), git_dir_steps].concat()
        }
    }
}

/// Returns the steps for a build context, or for files of coding agents; `None` if neither was scanned.
fn without_git(subject: &Subject<'_>, kind: &Kind<'_>, surroundings: &Surroundings) -> Option<Vec<PlanStep>> {
    if let Some(build) = &surroundings.build {
        return Some([image::context(subject, build), kind.only_if_built(), kind.revoke(), kind.after()].concat());
    }
    let files = surroundings.agents.as_ref()?;
    Some([kind.revoke(), agent::steps(subject, files), kind.after()].concat())
}

/// Returns `true` if only a stash reaches the secret.
fn is_stashed(finding: &Finding) -> bool {
    let kinds = finding.exposure.kinds;
    kinds.stashes > 0 && kinds.branches + kinds.tags + kinds.remotes == 0
}

/// Returns `true` if the secret is in files of commits that a rewrite of the checked-out branch alone does not, or not
/// all, reach.
fn is_elsewhere(finding: &Finding) -> bool {
    let exposure = &finding.exposure;
    let is_reached = exposure.ref_count > 0 && !Subject::of(&[finding]).by_commit().is_empty();
    let has_head = exposure.refs.iter().any(|name| name == "HEAD");
    let is_in_other_tree = exposure.refs.iter().any(|name| name.starts_with("HEAD of "));
    let is_reached_elsewhere = exposure.kinds.branches > 1 || exposure.kinds.tags > 0 || is_in_other_tree;
    is_reached && !is_stashed(finding) && (is_reached_elsewhere || !has_head)
}

/// Returns the identifiers found near the secret, and those of the repository itself.
fn facts(finding: &Finding, surroundings: &Surroundings) -> Vec<Fact> {
    let mut facts = finding.facts.clone();
    let named = |field: &str| finding.facts.iter().any(|fact| fact.field == field);
    if let (Some((owner, repo)), false) = (&surroundings.slug, named("owner") || named("repo")) {
        for (field, value) in [("owner", owner), ("repo", repo)] {
            facts.push(Fact { field: field.to_owned(), value: value.clone() });
        }
    }
    facts
}

/// Returns the paths of the workflows that sign in with a secret of this kind.
fn users(remediation: &Remediation, surroundings: &Surroundings) -> Vec<String> {
    let signs =
        |text: &[u8]| remediation.workflow.iter().any(|mark| memchr::memmem::find(text, mark.as_bytes()).is_some());
    surroundings.workflows.iter().filter(|(_, text)| signs(text)).map(|(path, _)| path.to_string()).collect()
}

/// The steps for one kind of secret, filled in.
struct Kind<'a> {
    rule: &'a Rule,
    remediation: &'a Remediation,
    link: String,
    /// The facts of each finding.
    facts: Vec<Vec<Fact>>,
    /// The paths of the workflows that sign in with such a secret.
    workflows: Vec<String>,
    rules: &'a RuleSet,
}

impl<'a> Kind<'a> {
    /// Collects the advice on a kind of secret; returns `None` if the rule has no remediation.
    fn of(rule: &'a Rule, rules: &'a RuleSet, facts: Vec<Vec<Fact>>, workflows: Vec<String>) -> Option<Self> {
        let remediation = rules.remediation(&rule.remediation)?;
        let link = if remediation.docs.is_empty() { rule.references.first() } else { Some(&remediation.docs) };
        let link = link.map_or_else(String::new, ToString::to_string);
        Some(Self { rule, remediation, link, facts, workflows, rules })
    }

    /// Returns the steps that revoke the secret, then rotate it: after a leak, a time in which old and new are both
    /// valid does harm. A warning comes last, because it isn't a step.
    fn revoke(&self) -> Vec<PlanStep> {
        let mut steps: Vec<PlanStep> = Vec::new();
        for (kind, list) in [(StepKind::Revoke, &self.remediation.revoke), (StepKind::Rotate, &self.remediation.rotate)]
        {
            steps.extend(list.iter().map(|step| self.step(kind, step)));
        }
        if let Some(first) = steps.first_mut() {
            first.link.clone_from(&self.link);
            let mut caution = |words: &str| {
                let end = if first.title.ends_with('.') { "" } else { "." };
                first.title.push_str(&format!("{end} Caution: {words}"));
            };
            if !self.remediation.caution.is_empty() {
                caution(&self.text(&self.remediation.caution));
            }
            if self.facts.iter().flatten().any(|fact| fact.field == CANARY) {
                caution(
                    "The account is known for decoys, so somebody planted this key to learn who uses it: find out who that was before you do anything with it, and use it nowhere",
                );
            }
        }
        steps
    }

    fn after(&self) -> Vec<PlanStep> {
        let checks = vec![
            self.step(StepKind::Verify, &self.remediation.verify),
            self.step(StepKind::Audit, &self.remediation.audit),
        ];
        [checks, self.prevent()].concat()
    }

    fn prevent(&self) -> Vec<PlanStep> {
        let better = vec![self.titled(StepKind::Prevent, &self.remediation.prevent)];
        [better, self.federate()].concat()
    }

    /// Returns the steps with which the workflows that use the secret can do without it.
    fn federate(&self) -> Vec<PlanStep> {
        if self.workflows.is_empty() {
            return Vec::new();
        }
        let title =
            format!("These workflows sign in with it, and can sign in without a secret: {}", self.workflows.join(", "));
        let steps = self.remediation.federate.iter().map(|step| self.step(StepKind::Prevent, step));
        [text_step(StepKind::Prevent, &title)].into_iter().chain(steps).collect()
    }

    fn replace(&self) -> Vec<PlanStep> {
        vec![text_step(
            StepKind::Remove,
            "Remove the value from the file, and read it from the environment or a secret store instead",
        )]
    }

    fn only_if_shared(&self) -> Vec<PlanStep> {
        vec![self.explained(
            "Nothing has to be revoked, unless the value was also shared elsewhere (chat, ticket, log, another repository). In that case, this command prints the steps",
        )]
    }

    /// Returns the step whose command prints the general steps of the rule.
    fn explained(&self, title: &str) -> PlanStep {
        let command = format!("keysweep explain {}", self.rule.id);
        PlanStep { link: self.link.clone(), ..step::step(StepKind::Revoke, title, command) }
    }

    /// Returns the step for a file that may have been copied anywhere.
    fn only_if_left(&self) -> Vec<PlanStep> {
        vec![text_step(
            StepKind::Revoke,
            "If the file was ever committed, sent or uploaded, treat the value as leaked and revoke it; otherwise nothing else has to be done",
        )]
    }

    /// Returns the step for a build context from which an image may have been built and pushed.
    fn only_if_built(&self) -> Vec<PlanStep> {
        vec![text_step(
            StepKind::Revoke,
            "If the file was ever committed and pushed, or an image with it was ever built and pushed, treat the value as leaked and revoke it; 'keysweep history' scans a repository, and 'keysweep image' an image. Otherwise nothing else has to be done",
        )]
    }

    fn only_if_doubt(&self) -> Vec<PlanStep> {
        vec![text_step(
            StepKind::Revoke,
            "If in doubt, treat it as leaked, and revoke it with the next steps: this clone shows no sign of a push, but that is not proof, because other clones, deleted branches and backups leave no trace here",
        )]
    }

    /// Returns the steps for a secret with no sign of a push.
    fn in_doubt(&self, revoking: Revoking<'_>) -> Vec<PlanStep> {
        match revoking {
            Revoking::Here => [self.only_if_doubt(), self.revoke(), self.after()].concat(),
            Revoking::Before(id) => vec![self.explained(&format!(
                "In doubt treat it as leaked, and revoke it, too, as the plan for {id} above says for others of its kind: there is no sign of a push from this clone, which is not proof. These are the steps in general"
            ))],
        }
    }

    /// Returns the step for a secret that others may have, if an earlier plan says how its kind is revoked.
    fn revoked_before(&self, id: &Fingerprint) -> PlanStep {
        self.explained(&format!(
            "Revoke it, too, as the plan for {id} above says for others of its kind. These are the steps in general"
        ))
    }

    fn step(&self, kind: StepKind, step: &Step) -> PlanStep {
        let (command, missing) = fill::commands(&step.run, &self.facts, self.rules);
        PlanStep { missing, ..step::step(kind, &self.text(&step.action), command) }
    }

    fn titled(&self, kind: StepKind, text: &str) -> PlanStep {
        text_step(kind, &self.text(text))
    }

    fn text(&self, text: &str) -> String {
        fill::words(text, &self.rule.provider, &self.facts, self.rules)
    }
}

fn text_step(kind: StepKind, title: &str) -> PlanStep {
    step::step(kind, title, String::new())
}

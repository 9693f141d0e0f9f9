//! The plan to remove secrets from a history, and from every copy of it: the commands, their order, and the copies that
//! they do not reach.
//!
//! Revoking comes first, because no rewrite calls a value back. Pushed history is rewritten in a fresh clone and proved
//! clean there before anything is forced on a server; unpushed history is rewritten in place. No command holds a value:
//! the values are in files that only their owner can read. The commands are meant to be run as they are printed, so
//! everything that comes from the repository is quoted.

mod beyond;
mod clones;

mod remote;
mod situation;
mod steps;

pub use situation::{
    CONTENTS, EMAILS, EXPRESSIONS, NAMES, NEEDLES, Needs, PATHS, PROGRESS, REFS, SHORT, Situation, WorkTree,
};
pub use steps::files;

use std::collections::BTreeSet;

use crate::finding::PurgePlan;
use crate::finding::purge::{Handling, Places, Subject};

/// Makes the plan.
pub fn plan(at: &Situation<'_>) -> PurgePlan {
    let subjects: Vec<Subject> = at.findings.iter().map(|finding| at.subject(finding)).collect();
    let mut plan = steps::Plan { at, steps: Vec::new() };
    if !subjects.is_empty() {
        let has = |handling| subjects.iter().any(|subject| subject.handling == handling);
        plan.revoke(&subjects);
        if has(Handling::Remote) || has(Handling::InPlace) {
            plan.unstage(&subjects);
            plan.committed();
            plan.prepare();
        } else {
            plan.local(&subjects);
        }
        // Secrets that were never pushed are in refs and leftovers that a rewrite of this clone deals with, too.
        if has(Handling::Remote) {
            (1..).zip(&at.remotes).for_each(|(number, (name, host))| plan.remote(number, name.as_ref(), *host));
            clones::steps(&mut plan);
        } else if has(Handling::InPlace) {
            plan.in_place();
        }
        plan.finish();
    }
    let refs: BTreeSet<&String> = at.traced.iter().flat_map(|finding| &finding.exposure.refs).collect();
    let has_remote = subjects.iter().any(|subject| subject.handling == Handling::Remote);
    let places = Places { root: plan.root(), values: at.file(EXPRESSIONS), progress: at.file(PROGRESS) };
    PurgePlan {
        places,
        steps: plan.steps,
        refs: refs.into_iter().cloned().collect(),
        beyond: if has_remote { beyond::all(at) } else { Vec::new() },
        subjects,
        files: Vec::new(),
    }
}

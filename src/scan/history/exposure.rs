//! Determines how far a secret found by a sweep got.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::staged::Staged;
use crate::attribution::Attribution;
use crate::attribution::tree_index::Target;
use crate::finding::{ContentKind, Exposure, Stage};
use crate::git::ObjectId;
use crate::scan::sighting::Sighting;

/// The exposure for each set of commits and targets, kept because one file may contain many secrets.
pub(super) type Known = BTreeMap<(BTreeSet<ObjectId>, BTreeSet<Target>), Exposure>;

/// Returns how far a secret got, given all its sightings.
pub(super) fn of(group: &[Sighting], attribution: &Attribution<'_>, staged: &Staged, known: &mut Known) -> Exposure {
    let commits: BTreeSet<ObjectId> = group.iter().filter_map(|s| s.commit).collect();
    let targets: BTreeSet<Target> = group.iter().filter_map(Sighting::found_as).collect();
    if let (true, Some(tag)) = (commits.is_empty(), group.iter().find_map(|s| s.tag)) {
        let exposure = attribution.tag_exposure(tag);
        return attribution.as_known(exposure);
    }
    let mut exposure = match known.entry((commits, targets)) {
        Entry::Occupied(known) => known.get().clone(),
        Entry::Vacant(new) => {
            let (commits, targets) = new.key();
            let exposure = attribution.exposure(commits, targets);
            new.insert(exposure).clone()
        }
    };
    let named = group.iter().filter(|s| s.occurrence.kind == ContentKind::RefName);
    let named: Vec<String> = named.map(|s| s.occurrence.path.to_string()).collect();
    let sign = attribution.sign(&named);
    exposure.stage = stage(group, exposure.stage, staged, sign.is_some());
    exposure.sign = exposure.sign.or(sign);
    attribution.as_known(exposure)
}

/// Returns the exposure in a clone that lacks nothing: a secret that is in no commit there was in no commit that the
/// clone ever had.
pub(super) fn or_leftover(group: &[Sighting], exposure: Exposure) -> Exposure {
    let is_nowhere = matches!(exposure.stage, Stage::Unreachable | Stage::Uncommitted);
    let stage = if is_nowhere && group.iter().all(Sighting::is_left) { Stage::Leftover } else { exposure.stage };
    Exposure { stage, ..exposure }
}

/// Returns how far a secret got, given how far the commits that added it got, and whether a name that contains it
/// was on a server: places outside of commits can tell more by themselves.
fn stage(group: &[Sighting], of_commits: Stage, staged: &Staged, is_name_served: bool) -> Stage {
    let mut objects = group.iter().filter(|s| !s.occurrence.kind.is_outside_objects()).peekable();
    if objects.peek().is_none() {
        stage_outside_objects(group)
    } else if objects.all(|s| s.occurrence.kind == ContentKind::RefName) {
        if is_name_served { Stage::Published } else { Stage::LocalOnly }
    } else if group.iter().all(|s| s.commit.is_none()) && group.iter().any(|s| s.is_staged(staged)) {
        Stage::Uncommitted
    } else {
        of_commits
    }
}

/// Returns the stage of a secret in the files next to the objects. A reflog records past states, and a commit whose
/// message it repeats may have been published; the other files are only in this clone.
fn stage_outside_objects(group: &[Sighting]) -> Stage {
    if group.iter().any(|s| s.occurrence.kind == ContentKind::Reflog) { Stage::Unreachable } else { Stage::Uncommitted }
}

#[cfg(test)]
mod tests {
    use super::super::staged::{IndexOf, StagedAt};
    use super::*;

    fn id(n: u8) -> ObjectId {
        ObjectId::from_bytes_or_panic(&[n; 20])
    }

    fn at(kind: ContentKind, path: &str) -> Sighting {
        let mut one = Sighting::sample("a-secret");
        one.occurrence.kind = kind;
        one.occurrence.path = path.into();
        one
    }

    #[test]
    fn content_outside_commits_is_staged_by_its_location() {
        use ContentKind::{Config, File, FileName, RefName, Reflog};
        let staged =
            Staged::from([(id(1), StagedAt { path: "a.env".into(), indexes: BTreeSet::from([IndexOf::ThisTree]) })]);
        let blob = |n| Sighting { blob: Some(id(n)), ..at(File, "a.env") };
        let committed = |n| Sighting { commit: Some(id(9)), ..blob(n) };
        for (group, expected) in [
            (vec![blob(1)], Stage::Uncommitted),
            (vec![blob(2)], Stage::Unreachable),
            (vec![committed(1)], Stage::Unreachable),
            (vec![blob(1), committed(2)], Stage::Unreachable),
            (vec![at(FileName, "a.env")], Stage::Uncommitted),
            (vec![at(FileName, "b.env")], Stage::Unreachable),
            (vec![at(RefName, "refs/heads/a")], Stage::LocalOnly),
            (vec![at(RefName, "refs/heads/a"), at(RefName, "refs/remotes/o/a")], Stage::Published),
            (vec![at(RefName, "refs/remotes/o/a"), blob(2)], Stage::Unreachable),
            (vec![at(Reflog, "logs/HEAD")], Stage::Unreachable),
            (vec![at(Config, "config"), at(Reflog, "logs/HEAD")], Stage::Unreachable),
            (vec![at(Config, "config")], Stage::Uncommitted),
            (vec![at(Config, "config"), at(RefName, "refs/heads/a")], Stage::LocalOnly),
        ] {
            // This test asks about no commits, so they got nowhere.
            let shown: Vec<String> = group.iter().map(|one| one.occurrence.path.to_string()).collect();
            let is_served = shown.iter().any(|path| path.starts_with("refs/remotes/"));
            assert_eq!(stage(&group, Stage::Unreachable, &staged, is_served), expected, "{shown:?}");
        }
        assert_eq!(stage(&[blob(1), committed(2)], Stage::Published, &staged, false), Stage::Published);
    }
}

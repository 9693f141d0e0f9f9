//! How far a secret got that a sweep found.

use std::collections::BTreeSet;

use super::attributed::Staged;
use crate::attribution::Attribution;
use crate::attribution::tree_index::Target;
use crate::finding::{ContentKind, Exposure, Stage};
use crate::git::ObjectId;
use crate::scan::sighting::Sighting;

/// How far a secret got, given all its sightings.
pub(super) fn of(group: &[Sighting], attribution: &mut Attribution<'_>, staged: &Staged) -> Exposure {
    let commits: BTreeSet<ObjectId> = group.iter().filter_map(|s| s.commit).collect();
    let targets: BTreeSet<Target> = group.iter().filter_map(Sighting::found_as).collect();
    if let (true, Some(tag)) = (commits.is_empty(), group.iter().find_map(|s| s.tag)) {
        return attribution.tag_exposure(tag);
    }
    let mut exposure = attribution.exposure(&commits, &targets);
    if commits.is_empty() && group.iter().any(|s| s.is_staged(staged)) {
        exposure.stage = Stage::Uncommitted;
    }
    let mut objects = group.iter().filter(|s| !s.occurrence.kind.beside_objects()).peekable();
    if objects.peek().is_none() {
        exposure.stage = stage_beside(group);
    } else if objects.all(|s| s.occurrence.kind == ContentKind::RefName) {
        exposure.stage = ref_stage(group);
    }
    exposure
}

/// A remote-tracking name was pushed or fetched; any other name is local.
fn ref_stage(group: &[Sighting]) -> Stage {
    if group.iter().any(|s| s.occurrence.path.starts_with(b"refs/remotes/")) {
        Stage::Published
    } else {
        Stage::LocalOnly
    }
}

/// A reflog tells of what was once there, and a commit whose message it repeats may have got out; the other files beside the
/// objects are nobody's but this clone's.
fn stage_beside(group: &[Sighting]) -> Stage {
    if group.iter().any(|s| s.occurrence.kind == ContentKind::Reflog) { Stage::Unreachable } else { Stage::Uncommitted }
}

//! The copies that a forced push does not reach: the server's own copies, forks, caches, and whom to ask about each.

use super::situation::Situation;
use super::steps::Plan;
use crate::finding::Server;
use crate::finding::purge::{On, Phase};

/// Adds the steps on the server of a remote; `noted` is the folder with the notes of git filter-repo about the rewrite.
pub(super) fn server(plan: &mut Plan<'_>, host: Server, noted: &str) {
    match host {
        Server::GitHub => plan.by_hand(
            Phase::Server,
            "Ask GitHub Support (https://support.github.com) to remove the old objects, cached views and pull-request refs; until then every old id can be opened. They ask for the owner and name of the repository, the first changed commits and the number of affected pull requests, which this command prints, and whether Git LFS objects were orphaned",
            &format!(
                "cat {noted}/first-changed-commits && awk '/^refs\\/pull\\/.*\\/head$/ {{ count++ }} END {{ print count + 0, \"pull requests\" }}' {noted}/changed-refs"
            ),
        ),
        Server::GitLab => plan.by_hand(
            Phase::Server,
            "As owner of the project, open Settings > Repository > Repository maintenance and choose Remove blobs or Redact text. Then open Settings > General > Advanced and choose Run housekeeping and, half an hour later, Prune unreachable objects. Merge-request refs, diffs and pipelines keep old commits until then; a project that is part of a fork network has to leave it first",
            "",
        ),
        Server::Service => plan.by_hand(
            Phase::Server,
            "Ask the server's operator to expire its reflogs and to remove unreachable objects and pull-request refs: until then every old id can be fetched. If that is not possible, create a new repository from the rewritten clone and delete the old one",
            "",
        ),
        Server::Own => plan.elsewhere(
            On::Server,
            Phase::Server,
            "Run this in the repository on the server: until its old objects are removed, anyone who knows an old id can fetch them",
            "git reflog expire --expire=now --all && git pack-refs --all && git gc --quiet --prune=now",
        ),
    }
}

/// Returns the copies that no step reaches.
pub(super) fn all(at: &Situation<'_>) -> Vec<String> {
    let has = |host| at.remotes.iter().any(|(_, one)| *one == host);
    let mut beyond = Vec::new();
    if has(Server::GitHub) {
        beyond.push("forks share their objects with this repository: ask each owner to delete or rewrite theirs; events and public archives of GitHub keep commit ids for good");
    }
    if has(Server::GitLab) {
        beyond.push("forks of the project: ask each owner to delete or rewrite theirs");
    }
    if at.needs.lfs {
        beyond.push("Git LFS objects stay on the LFS server: its operator, or on GitHub the support, has to delete them; in clones they lie in .git/lfs/objects");
    }
    beyond.extend([
        "every other clone, of people and of machines (build servers, deployments, mirrors, backups): ask who has one",
        "logs, artifacts and caches of builds, releases and source archives, packages and container images built from an old commit: delete them and build again",
        "issues, reviews, chat, mail and patches that quote it; search indexes and editors' caches: edit or delete what you can find",
        "everyone who has read it: only revoking helps against that",
    ]);
    beyond.into_iter().map(str::to_owned).collect()
}

//! The steps for one remote: pushing the rewritten history, and dealing with what its server keeps all the same.

use bstr::{BStr, BString};

use crate::finding::Server;
use crate::finding::purge::{Phase, Trace};
use crate::remediation::step::quoted;

use super::beyond;
use super::situation::EXPRESSIONS;
use super::steps::{self, OWN_ADVICE, Plan};

impl Plan<'_> {
    /// Adds the steps for a remote, whose history is rewritten in a separate clone, proved clean there, and pushed.
    pub(super) fn remote(&mut self, number: usize, name: &BStr, host: Server) {
        let at = self.at;
        let (mirror, noted) = (at.file(&steps::mirror(number)), at.file(&steps::noted(number)));
        let root = self.root();
        let url = self.url(number, name);
        let clone = |into: &str| format!("(cd {root} && git clone --quiet --mirror --no-local -- {url} {into})");
        let shown = quoted(name);
        self.by_hand(
            Phase::Prepare,
            &format!("Ask everyone who pushes to {shown} to stop, and merge or close open pull requests: their commits change. Allow forced pushes (protected branches, push rules)"),
            "",
        );
        self.step(
            Phase::Prepare,
            &format!("Make a fresh clone of all refs of {shown}: branches, tags, notes, pull requests"),
            &format!("rm -rf {mirror} {noted} && {}", clone(&mirror)),
        );
        self.seen_in(Trace::Repository(mirror.clone()));
        self.step(
            Phase::Rewrite,
            &format!("Rewrite all of them. All ids change from the first commit that contained a value, signatures are dropped, and tags move. Nothing of this reaches the server yet. {OWN_ADVICE}"),
            &format!("git -C {mirror} filter-repo {} && mv {mirror}/filter-repo {noted}", at.options()),
        );
        self.seen_in(Trace::Repository(mirror.clone()));
        let expressions = at.file(EXPRESSIONS);
        self.step(
            Phase::Check,
            "Prove that the values are gone from that clone. If one is left, the remote has objects that your clone lacks: fetch, and create the plan again",
            &format!("keysweep verify --expressions {expressions} {mirror}"),
        );
        self.confirm(
            Phase::Push,
            &format!("Force-push the rewritten refs to {shown}, each only if it has not changed since the clone: if one is rejected as stale, somebody has pushed, and you have to start again from the clone. Refs such as refs/pull/* belong to the server and are left out"),
            &push(&mirror, &noted),
        );
        self.seen_in(Trace::Remote(mirror.clone()));
        if at.needs.refs {
            self.confirm(
                Phase::Push,
                "Push the branches and tags under their new names. Change the default branch on the server before you delete its old name",
                &format!("git -C {mirror} -c remote.origin.mirror=false push --quiet origin 'refs/heads/*:refs/heads/*' 'refs/tags/*:refs/tags/*'"),
            );
            self.seen_in(Trace::Remote(mirror.clone()));
        }
        let check = at.file(&steps::check(number));
        self.step(
            Phase::Check,
            "Clone it once more and check that the server no longer serves any of the values. Only the server's operator can remove values that this still finds, mostly below refs/pull or refs/merge-requests",
            &format!("rm -rf {check} && {} && keysweep verify --expressions {expressions} {check}", clone(&check)),
        );
        beyond::server(self, host, &noted);
    }

    /// Returns the push URL, as a word of a shell: a remote can be pushed to several places.
    fn url(&self, number: usize, name: &BStr) -> String {
        let all = &self.at.remotes;
        let same = |places: &[(BString, Server)]| places.iter().filter(|(one, _)| one == name).count();
        let place = same(&all[..number.min(all.len())]);
        let pick = if same(all) > 1 { format!(" | sed -n {place}p") } else { String::new() };
        let which = if same(all) > 1 { "--push --all" } else { "--push" };
        format!("\"$(git remote get-url {which} -- {}{pick})\"", quoted(name))
    }
}

/// Returns the command that pushes the refs that git filter-repo noted as changed, each with its former value as a
/// lease, or deletes them.
fn push(mirror: &str, noted: &str) -> String {
    let leases = r#"NR > 1 && $1 != $2 && $3 ~ /^refs\/(heads|tags|notes)\// { print "--force-with-lease=" $3 ":" $1; print ($2 ~ /^0+$/ ? "" : $3) ":" $3 }"#;
    format!(
        "awk '{leases}' {noted}/ref-map | tr '\\n' '\\0' | xargs -0 -r -n 200 git -C {mirror} -c remote.origin.mirror=false push --quiet origin"
    )
}

//! The steps for one remote: pushing what was rewritten, and what its server keeps all the same.

use bstr::{BStr, BString};

use crate::finding::Server;
use crate::finding::purge::{Phase, Trace};
use crate::remediation::step::quoted;

use super::beyond;
use super::situation::EXPRESSIONS;
use super::steps::{self, OWN_ADVICE, Plan};

impl Plan<'_> {
    /// A remote: rewritten in a clone of its own, proved there, and pushed.
    pub(super) fn remote(&mut self, number: usize, name: &BStr, host: Server) {
        let at = self.at;
        let (mirror, noted) = (at.file(&steps::mirror(number)), at.file(&steps::noted(number)));
        let root = self.root();
        let url = self.url(number, name);
        let clone = |into: &str| format!("(cd {root} && git clone --quiet --mirror --no-local -- {url} {into})");
        let shown = quoted(name);
        self.by_hand(
            Phase::Prepare,
            &format!("Ask all who push to {shown} to stop, and merge or close open pull requests: their commits change. Lift what forbids a forced push (protected branches, push rules)"),
            "",
        );
        self.step(
            Phase::Prepare,
            &format!("Clone all refs of {shown} afresh: branches, tags, notes, pull requests"),
            &format!("rm -rf {mirror} {noted} && {}", clone(&mirror)),
        );
        self.seen_in(Trace::Repository(mirror.clone()));
        self.step(
            Phase::Rewrite,
            &format!("Rewrite all of them. All ids from the first commit that held a value on change, signatures are dropped, tags move. Nothing of this reaches the server yet. {OWN_ADVICE}"),
            &format!("git -C {mirror} filter-repo {} && mv {mirror}/filter-repo {noted}", at.options()),
        );
        self.seen_in(Trace::Repository(mirror.clone()));
        let expressions = at.file(EXPRESSIONS);
        self.step(
            Phase::Check,
            "Prove that the values are gone from that clone. If one is left, the remote has what your clone does not: fetch, and make the plan anew",
            &format!("keysweep verify --expressions {expressions} {mirror}"),
        );
        self.confirm(
            Phase::Push,
            &format!("Force the rewritten refs on {shown}, each only if it is still what was cloned: if one is refused as stale, somebody has pushed, and you start again from the clone. refs/pull/* and the like belong to the server and are left out"),
            &push(&mirror, &noted),
        );
        self.seen_in(Trace::Remote(mirror.clone()));
        if at.needs.refs {
            self.confirm(
                Phase::Push,
                "Push the branches and tags under their new names. A default branch has to be changed on the server before its old name can go",
                &format!("git -C {mirror} -c remote.origin.mirror=false push --quiet origin 'refs/heads/*:refs/heads/*' 'refs/tags/*:refs/tags/*'"),
            );
            self.seen_in(Trace::Remote(mirror.clone()));
        }
        let check = at.file(&steps::check(number));
        self.step(
            Phase::Check,
            "Clone it once more and prove that the server gives out no value any more. What this still finds, mostly below refs/pull or refs/merge-requests, only the server's operator can remove",
            &format!("rm -rf {check} && {} && keysweep verify --expressions {expressions} {check}", clone(&check)),
        );
        beyond::server(self, host, &noted);
    }

    /// What is pushed to, as a word of a shell: a remote can be pushed to several places.
    fn url(&self, number: usize, name: &BStr) -> String {
        let all = &self.at.remotes;
        let same = |places: &[(BString, Server)]| places.iter().filter(|(one, _)| one == name).count();
        let place = same(&all[..number.min(all.len())]);
        let pick = if same(all) > 1 { format!(" | sed -n {place}p") } else { String::new() };
        let which = if same(all) > 1 { "--push --all" } else { "--push" };
        format!("\"$(git remote get-url {which} -- {}{pick})\"", quoted(name))
    }
}

/// Pushes what git filter-repo noted as changed: each ref with what it was before as a lease, or its deletion.
fn push(mirror: &str, noted: &str) -> String {
    let leases = r#"NR > 1 && $1 != $2 && $3 ~ /^refs\/(heads|tags|notes)\// { print "--force-with-lease=" $3 ":" $1; print ($2 ~ /^0+$/ ? "" : $3) ":" $3 }"#;
    format!(
        "awk '{leases}' {noted}/ref-map | tr '\\n' '\\0' | xargs -0 -r -n 200 git -C {mirror} -c remote.origin.mirror=false push --quiet origin"
    )
}

//! Where the refs of a clone lead.

use super::{ObjectId, Repo, object, repo};

/// A ref, and every object on the way from it: tags, then a commit, tree or blob.
#[derive(Debug, Clone)]
pub struct Tip {
    /// The full name of the ref, or what stands for a HEAD.
    pub name: String,
    /// The objects, nearest first.
    pub chain: Vec<ObjectId>,
}

impl Tip {
    /// The last of them.
    pub fn end(&self) -> Option<ObjectId> {
        self.chain.last().copied()
    }
}

/// All refs and the HEADs of all work trees, with the objects they lead to, by name.
pub fn tips(repository: &Repo, local: &repo::Local, is_commit: impl Fn(&ObjectId) -> bool) -> Vec<Tip> {
    let mut tips: Vec<Tip> = Vec::new();
    let chain = |id: ObjectId| if is_commit(&id) { vec![id] } else { chain(local, id) };
    let mut add = |name: String, id: Option<ObjectId>| {
        tips.extend(id.map(|id| Tip { name, chain: chain(id) }));
    };
    add("HEAD".to_owned(), local.head_id().ok().map(gix::Id::detach));
    for (name, head) in repository.other_heads() {
        add(name, Some(head));
    }
    if let Ok(platform) = local.references()
        && let Ok(all) = platform.all()
    {
        for mut reference in all.flatten() {
            let name = reference.name().as_bstr().to_string();
            let direct = reference.target().try_id().map(ToOwned::to_owned);
            add(name, direct.or_else(|| reference.peel_to_id().ok().map(gix::Id::detach)));
        }
    }
    tips.sort_by(|a, b| a.name.cmp(&b.name));
    tips
}

/// An object, and what it leads to if it is a tag.
fn chain(local: &repo::Local, id: ObjectId) -> Vec<ObjectId> {
    const LONGEST: usize = 16;
    let mut chain = vec![id];
    let mut at = id;
    while chain.len() < LONGEST {
        match object::load(local, at, u64::MAX) {
            Ok((object::Kind::Tag, data)) => match object::tag_target(&data, local) {
                Some(target) => {
                    chain.push(target);
                    at = target;
                }
                None => break,
            },
            _ => break,
        }
    }
    chain
}

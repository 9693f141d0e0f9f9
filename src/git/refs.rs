//! The objects that the refs of a clone lead to.

use super::ref_store::Refs;
use super::{ObjectId, Repo, object, repo};

/// A ref, and every object on its way: tags, then a commit, tree or blob.
#[derive(Debug, Clone)]
pub struct Tip {
    /// The full name of the ref, or a label for a HEAD.
    pub name: String,
    /// The objects, nearest to the ref first.
    pub chain: Vec<ObjectId>,
}

impl Tip {
    /// Returns the last of the objects.
    pub fn end(&self) -> Option<ObjectId> {
        self.chain.last().copied()
    }
}

/// All refs and the HEADs of all work trees, unless they can't be read.
#[derive(Debug, Default)]
pub struct Tips {
    /// The tips, sorted by name.
    pub tips: Vec<Tip>,
    /// `true` if the list is complete, so that an object that no tip leads to is unreachable.
    pub are_all: bool,
}

/// Follows all refs in a list, and the HEADs of all work trees.
pub fn tips(repository: &Repo, local: &repo::Local, all: &Refs, is_commit: impl Fn(&ObjectId) -> bool) -> Tips {
    let mut tips: Vec<Tip> = Vec::new();
    let chain = |id: ObjectId| if is_commit(&id) { vec![id] } else { chain(local, id) };
    let mut add = |name: String, id: Option<ObjectId>| {
        tips.extend(id.map(|id| Tip { name, chain: chain(id) }));
    };
    let mut are_all = true;
    let heads = std::iter::once(("HEAD".to_owned(), repository.checked_out())).chain(repository.other_heads());
    for (name, head) in heads {
        are_all &= head.is_ok();
        add(name, head.ok().and_then(|head| head.commit));
    }
    for reference in &all.refs {
        add(reference.name.to_string(), reference.end);
    }
    tips.sort_by(|a, b| a.name.cmp(&b.name));
    Tips { tips, are_all: are_all && all.gaps.is_empty() }
}

/// Returns an object and, if it is a tag, the objects that it leads to.
fn chain(local: &repo::Local, id: ObjectId) -> Vec<ObjectId> {
    const LONGEST: usize = 16;
    let mut chain = vec![id];
    let mut at = id;
    while chain.len() < LONGEST {
        match object::load(local, at, object::MAX_STRUCTURE) {
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

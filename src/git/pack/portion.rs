//! The portion of a pack that a walk visits: all of it, the selected objects, or nothing, if so few are wanted that
//! they are better read one by one.

use super::plan::{Need, Plan};
use crate::git::object::Kind;

/// The most objects that are read one by one instead of by a walk, and the number of objects that the pack must have
/// for each of them. A plan reads the header of every object in the pack.
const FEW: (usize, usize) = (1024, 64);

/// A pack, and the objects wanted from it.
#[derive(Clone)]
pub struct Portion<'p> {
    plan: &'p Plan,
    wanted: Wanted,
}

/// The selection of objects in a pack.
#[derive(Clone)]
enum Wanted {
    /// Every object.
    All,
    /// The treatment of each object, by place.
    Needs(Vec<Need>),
    /// The positions in the index of the wanted objects, which no walk visits.
    Few(Vec<u32>),
}

impl<'p> Portion<'p> {
    /// Selects all of a pack.
    pub fn all(plan: &'p Plan) -> Self {
        Self { plan, wanted: Wanted::All }
    }

    /// Selects the objects that are `wanted`, by position in the index; others are read only if a delta needs them.
    pub fn select(plan: &'p Plan, wanted: impl Fn(u32) -> bool + Sync) -> Self {
        let needs = plan.forest().needs(wanted);
        Self { plan, wanted: needs.map_or(Wanted::All, Wanted::Needs) }
    }

    /// Selects the same objects, but if only a few are wanted, a walk visits none of them.
    pub fn pick(plan: &'p Plan, wanted: impl Fn(u32) -> bool + Sync) -> Self {
        let most = FEW.0.min(plan.count() as usize / FEW.1);
        let few: Vec<u32> = (0..plan.count()).filter(|entry| wanted(*entry)).take(most + 1).collect();
        if few.len() > most { Self::select(plan, wanted) } else { Self { plan, wanted: Wanted::Few(few) } }
    }

    /// Returns the plan of the pack.
    pub(super) fn plan(&self) -> &'p Plan {
        self.plan
    }

    /// Returns the positions in the index of wanted objects that a walk doesn't reach.
    pub fn unwalked(&self) -> Vec<u32> {
        let lost = || self.plan.forest().lost().iter().copied();
        match &self.wanted {
            Wanted::Few(few) => few.clone(),
            _ => lost().filter(|place| self.is_wanted(*place)).map(|place| self.plan.entry(place)).collect(),
        }
    }

    /// Returns the places of the whole objects of these kinds with something wanted in their delta trees.
    pub(super) fn roots(&self, kinds: &[Kind]) -> Vec<u32> {
        match &self.wanted {
            Wanted::Few(_) => Vec::new(),
            _ => self.plan.forest().roots(kinds).filter(|place| !self.is_idle(*place)).collect(),
        }
    }

    /// Returns `true` if an object is to be visited.
    pub(super) fn is_wanted(&self, place: u32) -> bool {
        self.need(place) == Need::Visit
    }

    /// Returns `true` if nothing in an object's delta tree is wanted, including itself.
    pub(super) fn is_idle(&self, place: u32) -> bool {
        self.need(place) == Need::Nothing
    }

    fn need(&self, place: u32) -> Need {
        match &self.wanted {
            Wanted::All => Need::Visit,
            Wanted::Needs(needs) => needs[place as usize],
            Wanted::Few(_) => Need::Nothing,
        }
    }
}

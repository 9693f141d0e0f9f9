//! The portion of a pack that a walk visits: all of it, what is selected, or nothing because so little is wanted that it is
//! better read object by object.

use super::plan::{Need, Plan};
use crate::git::object::Kind;

/// Objects that are read one by one rather than by a walk, at most; and how many there must be for each of them. A plan
/// looks at every object of the pack.
const FEW: (usize, usize) = (1024, 64);

/// A pack, and what is wanted of it.
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
    /// By place.
    Needs(Vec<Need>),
    /// No walk comes to these: their positions in the index.
    Few(Vec<u32>),
}

impl<'p> Portion<'p> {
    /// All of a pack.
    pub fn all(plan: &'p Plan) -> Self {
        Self { plan, wanted: Wanted::All }
    }

    /// Selects the objects that are `wanted`, by position in the index; the rest is read only as far as deltas need it.
    pub fn select(plan: &'p Plan, wanted: impl Fn(u32) -> bool + Sync) -> Self {
        let needs = plan.forest().needs(wanted);
        Self { plan, wanted: needs.map_or(Wanted::All, Wanted::Needs) }
    }

    /// The same, but if little is wanted a walk comes to none of it.
    pub fn pick(plan: &'p Plan, wanted: impl Fn(u32) -> bool + Sync) -> Self {
        let most = FEW.0.min(plan.count() as usize / FEW.1);
        let few: Vec<u32> = (0..plan.count()).filter(|entry| wanted(*entry)).take(most + 1).collect();
        if few.len() > most { Self::select(plan, wanted) } else { Self { plan, wanted: Wanted::Few(few) } }
    }

    /// The pack.
    pub(super) fn plan(&self) -> &'p Plan {
        self.plan
    }

    /// Positions in the index of wanted objects that a walk does not come to.
    pub fn unwalked(&self) -> Vec<u32> {
        let lost = || self.plan.forest().lost().iter().copied();
        match &self.wanted {
            Wanted::Few(few) => few.clone(),
            _ => lost().filter(|place| self.is_wanted(*place)).map(|place| self.plan.entry(place)).collect(),
        }
    }

    /// Places of the whole objects of these kinds from which something wanted hangs.
    pub(super) fn roots(&self, kinds: &[Kind]) -> Vec<u32> {
        match &self.wanted {
            Wanted::Few(_) => Vec::new(),
            _ => self.plan.forest().roots(kinds).filter(|place| !self.is_idle(*place)).collect(),
        }
    }

    /// `true` if an object is to be visited.
    pub(super) fn is_wanted(&self, place: u32) -> bool {
        self.need(place) == Need::Visit
    }

    /// `true` if nothing that hangs from an object, itself included, is wanted.
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

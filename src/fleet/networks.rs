//! Networks of forks: repositories that begin with the same commit, or that were swept as one.

use std::collections::BTreeMap;

use super::report::{Flaw, Report};

/// The networks of all repositories, of which most are alone.
#[derive(Debug, Default)]
pub(super) struct Networks {
    /// The number of a repository by its name.
    numbers: BTreeMap<String, usize>,
    /// For each, one of its network that comes before it, or itself.
    before: Vec<usize>,
    /// The first name of each network of several repositories, by the number that its repositories lead to.
    names: BTreeMap<usize, String>,
}

impl Networks {
    /// The networks that reports tell of.
    pub(super) fn new<'r>(reports: impl Iterator<Item = &'r Report>) -> Self {
        let mut networks = Self::default();
        let mut by_root: BTreeMap<&str, usize> = BTreeMap::new();
        for report in reports {
            let mut together: Vec<usize> = report.names().iter().map(|name| networks.number(name)).collect();
            // Later roots came with what was merged in, as a library that others have too.
            if let Some((root, first)) = report.source.roots.first().zip(together.first())
                && !matches!(report.flaw, Some(Flaw::Refused(_)))
            {
                together.push(*by_root.entry(root).or_insert(*first));
            }
            together.windows(2).for_each(|two| networks.unite(two[0], two[1]));
        }
        let mut names: BTreeMap<usize, Vec<&String>> = BTreeMap::new();
        for (name, number) in &networks.numbers {
            names.entry(networks.end(*number)).or_default().push(name);
        }
        let several = names.into_iter().filter(|(_, names)| names.len() > 1);
        networks.names = several.map(|(end, names)| (end, names[0].clone())).collect();
        networks
    }

    /// The number of the network of a repository.
    pub(super) fn of(&self, name: &str) -> Option<usize> {
        self.numbers.get(name).map(|number| self.end(*number))
    }

    /// The name of the network of a repository, if there are others in it.
    pub(super) fn name_of(&self, name: &str) -> Option<&str> {
        self.names.get(&self.of(name)?).map(String::as_str)
    }

    fn number(&mut self, name: &str) -> usize {
        let next = self.before.len();
        let number = *self.numbers.entry(name.to_owned()).or_insert(next);
        if number == next {
            self.before.push(next);
        }
        number
    }

    fn end(&self, mut number: usize) -> usize {
        while self.before[number] != number {
            number = self.before[number];
        }
        number
    }

    fn unite(&mut self, one: usize, other: usize) {
        let (one, other) = (self.end(one), self.end(other));
        // What leads from each of them leads to the end at once, so ways stay short.
        self.before[one.max(other)] = one.min(other);
    }
}

//! Networks of forks: repositories that begin with the same commit, or that were swept together as one.

use std::collections::BTreeMap;

use super::report::{Flaw, Report};

/// The networks of all repositories; most repositories are alone in theirs.
#[derive(Debug, Default)]
pub(super) struct Networks {
    /// The number of each repository, by its name.
    numbers: BTreeMap<String, usize>,
    /// For each repository, the number of an earlier one of its network, or its own.
    before: Vec<usize>,
    /// The first name in each network of several repositories, by the number to which its repositories lead.
    names: BTreeMap<usize, String>,
}

impl Networks {
    /// Finds the networks that the reports describe.
    pub(super) fn new<'r>(reports: impl Iterator<Item = &'r Report>) -> Self {
        let mut networks = Self::default();
        let mut by_root: BTreeMap<&str, usize> = BTreeMap::new();
        for report in reports {
            let mut together: Vec<usize> = report.names().iter().map(|name| networks.number(name)).collect();
            // Later roots came with merged histories, such as a library that other repositories share.
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

    /// Returns the number of a repository's network.
    pub(super) fn of(&self, name: &str) -> Option<usize> {
        self.numbers.get(name).map(|number| self.end(*number))
    }

    /// Returns the name of a repository's network, if there are other repositories in it.
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
        // The end of one chain is linked directly to the end of the other, so chains stay short.
        self.before[one.max(other)] = one.min(other);
    }
}

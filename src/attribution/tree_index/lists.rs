//! Lists by number in one contiguous block of memory.

/// A list for each number, stored one after the other.
#[derive(Debug, Default)]
pub(super) struct Lists<T> {
    starts: Vec<usize>,
    all: Vec<T>,
}

impl<T: Copy> Lists<T> {
    /// Builds the lists from pairs of a number below `count` and an element of its list.
    pub(super) fn new(count: usize, pairs: Vec<(u32, T)>) -> Self {
        let mut starts = vec![0; count + 1];
        pairs.iter().for_each(|(number, _)| starts[*number as usize + 1] += 1);
        (1..starts.len()).for_each(|at| starts[at] += starts[at - 1]);
        let mut next = starts.clone();
        let mut all: Vec<T> = pairs.iter().map(|(_, one)| *one).collect();
        for (number, one) in pairs {
            let at = &mut next[number as usize];
            all[*at] = one;
            *at += 1;
        }
        Self { starts, all }
    }

    /// Returns the list of a number; empty if there are no pairs for it.
    pub(super) fn of(&self, number: u32) -> &[T] {
        match self.starts.get(number as usize..) {
            Some([from, to, ..]) => &self.all[*from..*to],
            _ => &[],
        }
    }
}

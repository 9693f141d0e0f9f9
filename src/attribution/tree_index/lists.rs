//! Lists by number that lie in one piece of memory.

/// A list for each number, one behind the other.
#[derive(Debug, Default)]
pub(super) struct Lists<T> {
    starts: Vec<usize>,
    all: Vec<T>,
}

impl<T: Copy> Lists<T> {
    /// From pairs of a number below `count` and what belongs to its list.
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

    /// The list of a number, which is empty for one that there are no pairs of.
    pub(super) fn of(&self, number: u32) -> &[T] {
        match self.starts.get(number as usize..) {
            Some([from, to, ..]) => &self.all[*from..*to],
            _ => &[],
        }
    }
}

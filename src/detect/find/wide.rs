//! Expressions without the upper bounds that make them large: one that counts to some thousand takes milliseconds to build, one
//! that only counts from a number on takes none.

use regex_syntax::hir::{Capture, Hir, HirKind, Repetition};

/// A bound from which on it is left out.
const MANY: u32 = 256;

/// Returns an expression with the large upper bounds of its repetitions left out, and the length of the longest match that is sure to
/// be one of the expression as well; `None` if it has no such bound.
///
/// Each way to match the expression is one to match the other, and they are tried in the same order. What is repeated is never
/// empty, so a match that is not longer than the least of the bounds keeps to all of them, and is the one that the expression has.
pub(super) fn widened(hir: Hir) -> Option<(Hir, usize)> {
    let mut least = None;
    let hir = without_bounds(hir, &mut least);
    Some((hir, usize::try_from(least?).ok()?))
}

fn without_bounds(hir: Hir, least: &mut Option<u32>) -> Hir {
    let all =
        |list: Vec<Hir>, least: &mut Option<u32>| list.into_iter().map(|one| without_bounds(one, least)).collect();
    match hir.into_kind() {
        HirKind::Repetition(Repetition { min, max, greedy, sub }) => {
            let is_empty = sub.properties().minimum_len().is_none_or(|length| length == 0);
            let left_out = max.filter(|max| *max > MANY && !is_empty);
            *least = left_out.map(|max| least.map_or(max, |least| least.min(max))).or(*least);
            let max = if left_out.is_some() { None } else { max };
            Hir::repetition(Repetition { min, max, greedy, sub: Box::new(without_bounds(*sub, least)) })
        }
        HirKind::Capture(Capture { index, name, sub }) => {
            Hir::capture(Capture { index, name, sub: Box::new(without_bounds(*sub, least)) })
        }
        HirKind::Concat(list) => Hir::concat(all(list, least)),
        HirKind::Alternation(list) => Hir::alternation(all(list, least)),
        HirKind::Literal(literal) => Hir::literal(literal.0),
        HirKind::Class(class) => Hir::class(class),
        HirKind::Look(look) => Hir::look(look),
        HirKind::Empty => Hir::empty(),
    }
}

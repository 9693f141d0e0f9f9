//! Expressions without the upper bounds that make them large: an expression that counts to some thousand takes
//! milliseconds to build, one with only a lower bound takes no time.

use regex_syntax::hir::{Capture, Hir, HirKind, Repetition};

/// The limit for upper bounds of repetitions: a bound above it is left out.
const MANY: u32 = 256;

/// Returns an expression with the large upper bounds of its repetitions left out, and the length up to which a match of
/// it is certainly also a match of the original expression; `None` if the expression has no such bound.
///
/// Each way to match the original expression also matches the other one, and both try the ways in the same order. A
/// repeated part is never empty, so a match no longer than the least of the bounds keeps to all of them, and is the
/// match of the original.
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

//! Tests the figures of `benches/accuracy` with made-up labels and places.

#[path = "../benches/accuracy/score.rs"]
mod score;

use keysweep::rule::Confidence;
use score::{Label, Labels, Place, Score, Truth};

fn label(path: &str, lines: (usize, usize), secret: bool) -> Label {
    Label { path: path.to_owned(), start: lines.0, end: lines.1, secret: Some(secret) }
}

fn place(path: &str, line: usize) -> Place {
    Place { path: path.to_owned(), line, rule: "made-up".to_owned(), confidence: Confidence::Medium }
}

#[test]
fn every_spot_and_every_unlabelled_line_counts_once() {
    let labels = [
        label("a", (1, 1), true),
        // The same lines are labelled twice; one of the labels says that there is a secret.
        label("a", (4, 9), false),
        label("a", (4, 9), true),
        label("a", (20, 20), false),
        label("a", (19, 30), false),
        label("b", (1, 1), true),
        Label { secret: None, ..label("b", (3, 9), true) },
        label("b", (5, 5), false),
    ];
    let labels = Labels::new(&labels);
    let places = [
        place("a", 5),
        place("a", 9),
        place("a", 20),
        place("a", 20),
        place("a", 40),
        place("a", 40),
        place("a", 41),
        place("c", 1),
        place("b", 4),
        place("b", 5),
    ];
    let score = labels.score(places.iter());
    let missed = vec![label("a", (1, 1), true), label("b", (1, 1), true)];
    assert_eq!(score, Score { found: 1, missed, labelled_wrong: 2, unlabelled: 3 });
    let near = |value: f64, wanted: f64| assert!((value - wanted).abs() < 1e-9, "{value} for {wanted}");
    near(score.recall(), 1.0 / 3.0);
    near(score.labelled_precision(), 1.0 / 3.0);
    near(score.precision(), 1.0 / 6.0);
    near(score.f1(), 2.0 / 9.0);
    let truths = [place("a", 4), place("a", 25), place("a", 31), place("b", 9)].map(|one| labels.truth(&one));
    assert_eq!(truths, [Truth::Secret, Truth::None, Truth::Unknown, Truth::Left]);
}

#[test]
fn without_reports_every_score_is_zero() {
    let labels = [label("a", (1, 1), true)];
    let score = Labels::new(&labels).score([].iter());
    assert_eq!((score.recall(), score.precision(), score.f1()), (0.0, 0.0, 0.0));
}

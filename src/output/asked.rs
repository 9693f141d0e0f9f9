//! The answers of providers about secrets, in words.

use std::collections::BTreeMap;

use super::view::{AskedView, FindingView};
use super::words::plural;
use crate::finding::{Asked, Liveness};

/// Returns a provider's answer about a secret, and whether the answer is old; `None` if no provider was asked.
pub fn of(finding: &FindingView) -> Option<String> {
    let AskedView { word, at, host, why, reveals, days, is_old } = finding.asked.as_ref()?;
    let proof = if *word == Liveness::Dead { "proved dead" } else { word.as_str() };
    let by = if host.is_empty() { String::new() } else { format!(", as {host} said") };
    let why = if why.is_empty() { String::new() } else { format!(" ({why})") };
    let revealed = if reveals.is_empty() { String::new() } else { format!(", {}", named(reveals)) };
    let age = match (is_old, days) {
        (false, _) => String::new(),
        (true, days) => format!(
            "; that is {} old: 'keysweep live {}' asks again",
            plural(usize::try_from(*days).unwrap_or(usize::MAX), "day"),
            finding.id
        ),
    };
    Some(format!("{proof}{by} at {at}{why}{revealed}{age}"))
}

/// Returns what a provider said of a secret in one word, if that settles whether it works: `live`, `restricted` or
/// `dead`.
pub fn settled(finding: &FindingView) -> Option<Liveness> {
    let word = finding.asked.as_ref()?.word;
    word.is_settled().then_some(word)
}

/// Returns `true` if a provider has accepted the secret.
pub fn works(finding: &FindingView) -> bool {
    settled(finding).is_some_and(Liveness::works)
}

/// Returns a provider's answer in one line.
pub fn answer_line(asked: &Asked) -> String {
    let said = if asked.why.is_empty() { named(&asked.reveals) } else { asked.why.clone() };
    if said.is_empty() { asked.host.clone() } else { format!("{}: {said}", asked.host) }
}

fn named(reveals: &BTreeMap<String, String>) -> String {
    reveals.iter().map(|(name, value)| format!("{name} {value}")).collect::<Vec<_>>().join(", ")
}

//! An inventory as a page: the repositories that were not read, then the secrets, worst first, each with its
//! repositories.

use std::cmp::{Ordering, Reverse};

use crate::finding::Verdict;
use crate::fleet::{Account, Holding, Repository, Row, State, Summary};
use crate::output::page;
use crate::output::page::{
    Block, Card, Facet, Index, Inline, Line, Sight, Tone, code, severity, text, tone, untrusted,
};
use crate::output::words::plural;

/// The most unread repositories, and repositories of one secret, that a page lists.
const MOST_UNREAD: usize = 500;
const MOST_HOLDINGS: usize = 50;
/// The most that a terminal page lists.
const FEW: usize = 20;

/// A row in the order of a page, worst first.
pub(super) struct Rank(pub(super) Row);

impl Rank {
    fn key(&self) -> impl Ord + '_ {
        let Row { state, severity, public, repositories, id, change, .. } = &self.0;
        // Nobody has seen that a secret of an unread repository is gone.
        let is_pending = |state| matches!(state, State::Open | State::NotRead);
        let state = if is_pending(*state) { State::Open } else { *state };
        (Reverse((state, self.0.works(), *severity, *public, self.0.is_outside(), *change, *repositories)), id)
    }
}

impl Ord for Rank {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl PartialOrd for Rank {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Rank {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Rank {}

/// Returns the page for a terminal: a table.
pub(super) fn brief(summary: &Summary, repositories: &[Repository], rows: &[Row], all: usize) -> Vec<Block> {
    let mut page = beginning(summary, repositories, FEW);
    if !rows.is_empty() {
        let heads = vec!["Severity", "Id", "Secret", "State", "Repositories"];
        page.push(Block::Table(heads, rows.iter().map(brief_row).collect()));
    }
    page.extend(rest(rows.len(), all));
    page
}

fn brief_row(row: &Row) -> Vec<Line> {
    let names = row.holdings.iter().take(2).map(|one| one.repository.as_str()).collect::<Vec<_>>().join(", ");
    let more = row.repositories.saturating_sub(2);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let state = vec![text(state(row))];
    vec![
        vec![severity(row.severity)],
        vec![code(&*row.id)],
        vec![untrusted(&*row.name)],
        state,
        vec![untrusted(names + &more)],
    ]
}

/// Returns the page for a browser or an issue: a table to choose from, and every detail of each secret.
pub(super) fn whole(summary: &Summary, repositories: &[Repository], rows: &[Row], all: usize) -> Vec<Block> {
    let mut page = vec![Block::Heading(1, vec![text("Secrets in many repositories")])];
    page.extend(beginning(summary, repositories, MOST_UNREAD));
    if !rows.is_empty() {
        let heads = vec!["Severity", "Secret", "State", "Stage", "Repositories", "Owner"];
        page.push(Block::Heading(2, vec![text("Secrets")]));
        page.push(Block::Index(Index { heads, rows: rows.iter().map(index_row).collect() }));
        page.push(Block::Section(rows.iter().map(|row| Block::Card(card(row))).collect()));
    }
    page.extend(rest(rows.len(), all));
    page
}

fn beginning(summary: &Summary, repositories: &[Repository], most: usize) -> Vec<Block> {
    let tone = match summary.verdict {
        Verdict::Clean => Tone::Good,
        Verdict::Unknown => Tone::Unsure,
        Verdict::Findings => Tone::Bad,
    };
    let mut page = vec![Block::Verdict(tone, verdict(summary))];
    let unread: Vec<&Repository> = repositories.iter().filter(|one| !one.is_read).collect();
    if !unread.is_empty() {
        page.push(Block::Heading(2, vec![text("Not read")]));
        let row = |one: &&Repository| {
            vec![
                vec![code(&*one.name)],
                vec![code(one.owner.as_deref().unwrap_or_default())],
                vec![untrusted(&*one.why)],
            ]
        };
        let rows = unread.iter().take(most).map(row).collect();
        page.push(Block::Table(vec!["Repository", "Owner", "Why"], rows));
        if unread.len() > most {
            page.push(lines(vec![format!("{} more were not read; CSV and JSON Lines have all", unread.len() - most)]));
        }
    }
    page.push(lines(sentences(summary)));
    page
}

/// Returns the verdict as a sentence.
pub fn verdict(summary: &Summary) -> String {
    let open = plural(summary.open, "open secret");
    match summary.verdict {
        Verdict::Clean if summary.repositories == 1 => {
            "clean: the repository was read, and no secret is open".to_owned()
        }
        Verdict::Clean => format!("clean: all of {} were read, and no secret is open", count(summary)),
        Verdict::Findings if summary.repositories == 1 => format!("{open} in 1 repository, which was read"),
        Verdict::Findings => format!("{open} in {}, all of which were read", count(summary)),
        Verdict::Unknown => {
            let were = if summary.unread == 1 { "was" } else { "were" };
            let unread = format!("{} of {} {were} not read, or not completely", summary.unread, count(summary));
            format!("unknown: {unread}; {open} in the rest")
        }
    }
}

fn count(summary: &Summary) -> String {
    if summary.repositories == 1 { "1 repository".to_owned() } else { format!("{} repositories", summary.repositories) }
}

fn sentences(summary: &Summary) -> Vec<String> {
    let unread = summary.changes.map_or(0, |changes| changes.not_read);
    let unread = if unread > 0 { format!(" and {unread} not read again") } else { String::new() };
    let mut sentences = vec![format!(
        "{} open{unread}: {} public, {} in accounts of others, {} in a default branch; {} allowed",
        summary.open, summary.public, summary.outside, summary.in_default_branch, summary.allowed
    )];
    if let Some(changes) = summary.changes {
        sentences.push(format!(
            "since the earlier inventory: {} new, {} newly public, {} moved, {} gone, {} whose repositories were not read again",
            changes.new, changes.newly_public, changes.moved, changes.gone, changes.not_read
        ));
    }
    if summary.rule_sets > 1 {
        sentences.push(format!("the reports were made with {} different sets of rules", summary.rule_sets));
    }
    sentences
}

fn lines(sentences: Vec<String>) -> Block {
    Block::Lines(sentences.into_iter().map(|words| vec![text(words)]).collect())
}

fn rest(shown: usize, all: usize) -> Option<Block> {
    (all > shown).then(|| lines(vec![format!("CSV and JSON Lines have {} more", plural(all - shown, "secret"))]))
}

fn state(row: &Row) -> String {
    let change = row.change.map(|change| change.as_str()).filter(|change| !["same", "gone"].contains(change));
    let public = row.public.then_some("public");
    let outside = row.is_outside().then_some("outside");
    let asked = row.asked.as_ref().map(|asked| asked.word.as_str());
    let words: Vec<&str> = [Some(row.state.as_str()), asked, change, public, outside].into_iter().flatten().collect();
    words.join(", ")
}

fn index_row(row: &Row) -> page::Row {
    let is_in_head = if row.holdings.iter().any(|one| one.default_branch.is_some()) { "yes" } else { "no" };
    let facets = vec![
        (Facet::Severity, row.severity.as_str().to_owned()),
        (Facet::Stage, row.stage.as_str().to_owned()),
        (Facet::Head, is_in_head.to_owned()),
        (Facet::Rule, row.rule.clone()),
    ];
    let mut owners: Vec<&str> = row.holdings.iter().filter_map(|one| one.owner.as_deref()).collect();
    owners.sort_unstable();
    owners.dedup();
    let cells = vec![
        vec![severity(row.severity)],
        vec![Inline::Goto(row.id.clone(), row.name.clone())],
        vec![text(state(row))],
        vec![text(row.stage.as_str())],
        vec![text(row.repositories.to_string())],
        vec![untrusted(owners.join(", "))],
    ];
    page::Row { id: row.id.clone(), facets, cells }
}

fn card(row: &Row) -> Card {
    let mut facts: Vec<(&'static str, Vec<Line>)> =
        vec![("Rule", vec![vec![code(&*row.rule)]]), ("State", vec![vec![text(state(row))]])];
    if let Some(first) = &row.first {
        let author = first.author.as_deref().map(|author| format!(" by {author}")).unwrap_or_default();
        facts.push((
            "First leak",
            vec![vec![
                text(format!("{} in ", first.time)),
                code(&*first.repository),
                text(", commit "),
                code(&*first.commit),
                untrusted(author),
            ]],
        ));
    }
    if let Some(asked) = &row.asked {
        facts.push(("Asked", vec![vec![text(format!("{} at {}", asked.word.as_str(), asked.at))]]));
    }
    if (1..row.repositories).contains(&row.networks) {
        facts.push(("Networks of forks", vec![vec![text(row.networks.to_string())]]));
    }
    let outside: Vec<Line> = row.outside().take(MOST_HOLDINGS).map(|one| vec![code(&*one.repository)]).collect();
    if !outside.is_empty() {
        facts.push(("In accounts of others", outside));
    }
    let heads = vec!["Repository", "Owner", "Stage", "Default branch", "Places"];
    let holdings = row.holdings.iter().take(MOST_HOLDINGS).map(holding_row).collect();
    let mut blocks = vec![Block::Facts(facts), Block::Table(heads, holdings)];
    if row.repositories > MOST_HOLDINGS {
        blocks.push(lines(vec![format!("{} more repositories contain it", row.repositories - MOST_HOLDINGS)]));
    }
    let tone = if matches!(row.state, State::Open | State::NotRead) { tone(row.severity) } else { Tone::Plain };
    let place = vec![text(format!("in {} repositories", row.repositories))];
    Card { tone, id: row.id.clone(), title: vec![untrusted(&*row.name)], place, sight: Sight::Folded, blocks }
}

fn holding_row(one: &Holding) -> Vec<Line> {
    let mut repository = vec![code(&*one.repository)];
    let visibility = one.visibility.map(|who| who.as_str());
    let account = Some(one.account).filter(|account| *account != Account::Own).map(Account::as_str);
    let words: Vec<&str> = [visibility, account, one.allowed.then_some("allowed")].into_iter().flatten().collect();
    if !words.is_empty() {
        repository.push(text(format!(" ({})", words.join(", "))));
    }
    let more = one.place_count.saturating_sub(one.places.len());
    let places = one.places.iter().map(|place| {
        let commit = place.commit.as_deref().map(|commit| format!(" in {commit:.10}")).unwrap_or_default();
        format!("{}:{}{commit}", place.path, place.line)
    });
    let places = places.collect::<Vec<_>>().join("; ");
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    vec![
        repository,
        vec![untrusted(one.owner.clone().unwrap_or_default())],
        vec![text(one.stage.as_str())],
        vec![untrusted(one.default_branch.clone().unwrap_or_default())],
        vec![untrusted(places + &more)],
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: &str, severity: &str, state: &str) -> Rank {
        let row = serde_json::json!({
            "id": id, "rule": "r", "name": "n", "severity": severity, "confidence": "high", "state": state,
            "stage": "published", "public": true, "repositories": 1, "holdings": [],
        });
        Rank(serde_json::from_value(row).unwrap())
    }

    #[test]
    fn a_secret_of_an_unread_repository_ranks_like_an_open_one() {
        let mut rows = [
            row("a", "critical", "gone"),
            row("b", "critical", "allowed"),
            row("c", "low", "open"),
            row("d", "critical", "not-read"),
        ];
        rows.sort();
        assert_eq!(rows.each_ref().map(|Rank(row)| row.id.as_str()), ["d", "c", "b", "a"]);
    }
}

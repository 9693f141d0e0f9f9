//! An inventory for spreadsheets, with a row for each repository that holds a secret. Unread repositories and the
//! verdict have rows too.

use std::io::{self, Write};

use super::page;
use crate::fleet::{Holding, Repository, Row, Summary};
use crate::output::csv::field;

const COLUMNS: [&str; 25] = [
    "type",
    "id",
    "rule",
    "name",
    "severity",
    "confidence",
    "state",
    "change",
    "public",
    "repository",
    "owner",
    "account",
    "visibility",
    "stage",
    "default_branch",
    "allowed",
    "places",
    "path",
    "line",
    "commit",
    "first_time",
    "first_author",
    "first_repository",
    "details",
    "asked",
];

/// Writes the column heads and the unread repositories.
pub(super) fn head(repositories: &[Repository], out: &mut dyn Write) -> io::Result<()> {
    write(&COLUMNS.map(str::to_owned), out)?;
    for one in repositories.iter().filter(|one| !one.is_read) {
        let mut cells = empty("unread");
        set(&mut cells, "repository", &one.name);
        set(&mut cells, "owner", one.owner.as_deref().unwrap_or_default());
        set(&mut cells, "account", one.account.as_str());
        set(&mut cells, "details", &one.why);
        write(&cells, out)?;
    }
    Ok(())
}

/// Writes a secret.
pub(super) fn row(row: &Row, out: &mut dyn Write) -> io::Result<()> {
    row.holdings.iter().try_for_each(|one| write(&cells(row, one), out))
}

/// Writes the verdict and the totals.
pub(super) fn end(summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    let mut cells = empty("summary");
    set(&mut cells, "state", summary.verdict.as_str());
    set(&mut cells, "details", &page::verdict(summary));
    write(&cells, out)
}

fn cells(row: &Row, one: &Holding) -> Vec<String> {
    let place = one.places.first();
    let first = row.first.as_ref();
    let text_of = |text: Option<&str>| text.unwrap_or_default().to_owned();
    vec![
        "secret".to_owned(),
        row.id.clone(),
        row.rule.clone(),
        row.name.clone(),
        row.severity.as_str().to_owned(),
        row.confidence.as_str().to_owned(),
        row.state.as_str().to_owned(),
        text_of(row.change.map(|change| change.as_str())),
        row.public.to_string(),
        one.repository.clone(),
        text_of(one.owner.as_deref()),
        one.account.as_str().to_owned(),
        text_of(one.visibility.map(|who| who.as_str())),
        one.stage.as_str().to_owned(),
        text_of(one.default_branch.as_deref()),
        one.allowed.to_string(),
        one.place_count.to_string(),
        text_of(place.map(|place| place.path.as_str())),
        place.map(|place| place.line.to_string()).unwrap_or_default(),
        text_of(place.and_then(|place| place.commit.as_deref())),
        text_of(first.map(|first| first.time.as_str())),
        text_of(first.and_then(|first| first.author.as_deref())),
        text_of(first.map(|first| first.repository.as_str())),
        String::new(),
        text_of(row.asked.as_ref().map(|asked| asked.word.as_str())),
    ]
}

fn empty(kind: &str) -> Vec<String> {
    let mut cells = vec![String::new(); COLUMNS.len()];
    set(&mut cells, "type", kind);
    cells
}

fn set(cells: &mut [String], column: &str, text: &str) {
    for (cell, _) in cells.iter_mut().zip(COLUMNS).filter(|(_, name)| *name == column) {
        text.clone_into(cell);
    }
}

fn write(cells: &[String], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", cells.iter().map(|cell| field(cell)).collect::<Vec<_>>().join(","))
}

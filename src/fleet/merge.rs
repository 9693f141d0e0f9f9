//! Merges reports into the rows of an inventory.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;

use super::networks::Networks;
use super::owners::{Known, Owners};
use super::record::{MOST_PLACES, Record};
use super::report::{self, Flaw, Reading, Report};
use super::row::{Changes, First, Holding, Repository, Row, Said, State, Summary};
use super::since::{self, Earlier};
use super::sorter::{Sorted, Sorter};
use crate::finding::Command;
use crate::text::time;

/// The most repositories that a row lists.
const MOST_HOLDINGS: usize = 10_000;

/// The options of an inventory.
#[derive(Debug, Default)]
pub struct Options {
    /// The owners of repositories.
    pub owners: Owners,
    /// The repositories that must have a report.
    pub expected: Vec<String>,
    /// The earlier inventory to compare with.
    pub earlier: Option<Earlier>,
    /// The current time, in seconds since 1970; a report can't be newer.
    pub now: u64,
}

/// The reports that were read.
#[derive(Debug)]
pub struct Inventory {
    /// The repositories of the reports: unread ones first, then by name.
    pub repositories: Vec<Repository>,
    /// The entries of the owners' list that fit no repository.
    pub unmatched: Vec<String>,
    reports: Vec<Report>,
    /// A flag for each report, set if it counts: of several reports that one command made of one repository, only the
    /// last does.
    counts: Vec<bool>,
    sorted: Sorted,
    /// The known facts about each repository.
    known: BTreeMap<String, Known>,
    networks: Networks,
    options: Options,
}

impl Inventory {
    /// Reads reports.
    ///
    /// # Errors
    /// Fails if the data read can't be stored.
    pub fn gather(files: &[PathBuf], options: Options) -> io::Result<Self> {
        let mut sorter = Sorter::default();
        let mut reports = Vec::new();
        for file in files {
            let number = u32::try_from(reports.len()).map_err(|_| io::Error::other("there are too many reports"))?;
            match report::read(file, number, &mut |record| sorter.push(record))? {
                Reading::Report(report) => reports.push(report.dated(options.now)),
                Reading::Inventory => {}
            }
        }
        let counts = newest(&reports);
        let networks =
            Networks::new(reports.iter().zip(&counts).filter(|(_, counts)| **counts).map(|(report, _)| report));
        let (repositories, known) = repositories(&reports, &counts, &options, &networks);
        let remotes = reports.iter().filter_map(|report| report.source.remote.as_deref());
        let names: Vec<&str> = repositories.iter().map(|one| one.name.as_str()).chain(remotes).collect();
        let unmatched = options.owners.unmatched(&names);
        Ok(Self { repositories, unmatched, reports, counts, sorted: sorter.sorted()?, known, networks, options })
    }

    /// Makes the rows in the order of their ids, and returns the summary.
    ///
    /// # Errors
    /// Fails if `each` does, or if data put aside can't be read.
    pub fn rows(mut self, each: &mut dyn FnMut(Row) -> io::Result<()>) -> io::Result<Summary> {
        let counted = || self.reports.iter().zip(&self.counts).filter(|(_, counts)| **counts);
        let rules: BTreeSet<&str> =
            counted().map(|(report, _)| report.source.rules.as_str()).filter(|rules| !rules.is_empty()).collect();
        let read: BTreeSet<String> =
            self.repositories.iter().filter(|one| one.is_read).map(|one| one.name.clone()).collect();
        let all = self.repositories.len();
        let mut summary = Summary::start(all, all - read.len(), rules.len());
        let mut earlier = self.options.earlier.take();
        summary.changes = earlier.as_ref().map(|_| Changes::default());
        let is_read = |name: &str| read.contains(name);
        let mut give = |row: Row| {
            summary.count(&row);
            each(row)
        };
        loop {
            let before = earlier.as_ref().and_then(Earlier::peek);
            let is_old_first = match (before, self.sorted.peek()) {
                (None, None) => break,
                (Some(before), Some(now)) => before < now,
                (before, _) => before.is_some(),
            };
            if is_old_first {
                let row = earlier.as_mut().map_or(Ok(None), Earlier::next)?;
                row.and_then(|row| since::absent(row, &is_read)).map_or(Ok(()), &mut give)?;
                continue;
            }
            let is_same = before == self.sorted.peek();
            let before = if is_same { earlier.as_mut().map_or(Ok(None), Earlier::next)? } else { None };
            match self.row()? {
                Some(row) => {
                    let change = earlier.as_ref().map(|_| since::change(&row, before.as_ref(), &is_read));
                    give(Row { change, ..row })?;
                }
                None => before.and_then(|row| since::absent(row, &is_read)).map_or(Ok(()), &mut give)?,
            }
        }
        Ok(summary)
    }

    /// Returns the row of the next id; `None` if no report that counts has it.
    fn row(&mut self) -> io::Result<Option<Row>> {
        let id = self.sorted.peek().map(str::to_owned);
        let mut gathered: Option<Gathered> = None;
        while self.sorted.peek().is_some() && self.sorted.peek() == id.as_deref() {
            let Some(record) = self.sorted.next()? else { break };
            let at = record.report as usize;
            if self.counts[at] && !matches!(self.reports[at].flaw, Some(Flaw::Refused(_))) {
                let gathered = gathered.get_or_insert_with(|| Gathered::new(&record));
                gathered.add(record, &self.reports[at], &self.known, &self.networks);
            }
        }
        Ok(gathered.map(Gathered::row))
    }
}

/// The merged records of one secret.
struct Gathered {
    best: Record,
    holdings: BTreeMap<String, Holding>,
    more: usize,
    networks: BTreeSet<usize>,
    /// The earliest arrival, with the sort key that decides between several.
    first: Option<((i64, bool, String), First)>,
}

impl Gathered {
    fn new(record: &Record) -> Self {
        let best = Record { places: Vec::new(), owners: Vec::new(), forks: Vec::new(), first: None, ..record.clone() };
        Self { best, holdings: BTreeMap::new(), more: 0, networks: BTreeSet::new(), first: None }
    }

    fn add(&mut self, record: Record, report: &Report, known: &BTreeMap<String, Known>, networks: &Networks) {
        let whole = report.source.name.clone().unwrap_or_default();
        let best = &mut self.best;
        best.severity = best.severity.max(record.severity);
        best.confidence = best.confidence.max(record.confidence);
        best.stage = best.stage.max(record.stage);
        let at = |asked: &Option<Said>| asked.as_ref().and_then(|asked| time::seconds(&asked.at));
        if at(&record.asked) > at(&best.asked) {
            best.asked.clone_from(&record.asked);
        }
        let names = if record.forks.is_empty() { std::slice::from_ref(&whole) } else { &record.forks[..] };
        let is_others = |name: &String| known.get(name).is_some_and(|known| known.account != super::Account::Own);
        // A network lists the original before its forks.
        if let Some((arrival, name)) = record.first.as_ref().zip(names.iter().min_by_key(|name| is_others(name))) {
            let rank = (time::seconds(&arrival.time).unwrap_or(i64::MAX), is_others(name), name.clone());
            if self.first.as_ref().is_none_or(|(before, _)| rank < *before) {
                let (time, commit, author) = (arrival.time.clone(), arrival.commit.clone(), arrival.author.clone());
                self.first = Some((rank, First { time, commit, author, repository: name.clone() }));
            }
        }
        for name in names {
            self.networks.extend(networks.of(name));
            let holding = holding(name, &record, report, known.get(name));
            let has_room = self.holdings.len() < MOST_HOLDINGS;
            match self.holdings.get_mut(name) {
                Some(before) => combine(before, holding),
                None if has_room => {
                    self.holdings.insert(name.clone(), holding);
                }
                None => self.more += 1,
            }
        }
    }

    fn row(self) -> Row {
        let Self { best, holdings, more, networks, first } = self;
        let repositories = holdings.len() + more;
        let holdings: Vec<Holding> = holdings.into_values().collect();
        let is_allowed = holdings.iter().all(|one| one.allowed);
        Row {
            state: if is_allowed { State::Allowed } else { State::Open },
            change: None,
            public: holdings.iter().any(Holding::is_public),
            first: first.map(|(_, first)| first),
            asked: best.asked,
            repositories,
            networks: networks.len(),
            holdings,
            id: best.id,
            rule: best.rule,
            name: best.name,
            severity: best.severity,
            confidence: best.confidence,
            stage: best.stage,
        }
    }
}

fn holding(name: &str, record: &Record, report: &Report, known: Option<&Known>) -> Holding {
    let Known { owner, account, visibility } = known.cloned().unwrap_or_default();
    // HEAD of a network is the one of the repository that the network is named after.
    let is_of_head = record.forks.is_empty() || report.source.name.as_deref() == Some(name);
    let branch = report.source.branch.as_deref().unwrap_or("HEAD");
    let branch = branch.strip_prefix("refs/heads/").unwrap_or(branch).to_owned();
    Holding {
        repository: name.to_owned(),
        owner: owner.or_else(|| (!record.owners.is_empty()).then(|| record.owners.join(", "))),
        account,
        visibility: visibility.or(report.source.visibility),
        stage: record.stage,
        allowed: record.allowed,
        default_branch: (record.in_head && is_of_head).then_some(branch),
        places: record.places.clone(),
        place_count: record.place_count,
    }
}

/// Adds the data of another report on the same repository. The secret is allowed only if it is allowed everywhere.
fn combine(one: &mut Holding, other: Holding) {
    one.stage = one.stage.max(other.stage);
    one.allowed &= other.allowed;
    one.default_branch = one.default_branch.take().or(other.default_branch);
    one.visibility = one.visibility.max(other.visibility);
    one.owner = one.owner.take().or(other.owner);
    let new: Vec<_> = other.places.into_iter().filter(|place| !one.places.contains(place)).collect();
    one.place_count = (one.places.len() + new.len()).max(one.place_count).max(other.place_count);
    one.places.extend(new.into_iter().take(MOST_PLACES.saturating_sub(one.places.len())));
}

/// Returns a flag for each report, set if it counts: of several sweeps of one repository or image, only the last does.
/// If several of them have the same time, nothing tells which is the last, so they all count.
fn newest(reports: &[Report]) -> Vec<bool> {
    let time = |report: &Report| report.source.made_at.as_deref().and_then(time::seconds);
    // Every range has a report of its own. A refused report has no content and must not replace one that has; both
    // count, and the repository counts as not read.
    let is_sweep = |report: &Report| {
        matches!(report.source.command, Some(Command::History | Command::Image))
            && !matches!(report.flaw, Some(Flaw::Refused(_)))
    };
    let mut last: BTreeMap<(Option<&str>, Option<Command>), Option<i64>> = BTreeMap::new();
    for report in reports.iter().filter(|report| is_sweep(report)) {
        let latest = last.entry((report.source.name.as_deref(), report.source.command)).or_default();
        *latest = time(report).max(*latest);
    }
    let is_last =
        |report: &Report| last.get(&(report.source.name.as_deref(), report.source.command)) == Some(&time(report));
    reports.iter().map(|report| !is_sweep(report) || is_last(report)).collect()
}

/// Returns the repositories of the reports, those that were not read first, and the known facts about each by its name.
fn repositories(
    reports: &[Report],
    counts: &[bool],
    options: &Options,
    networks: &Networks,
) -> (Vec<Repository>, BTreeMap<String, Known>) {
    let mut all: BTreeMap<String, Repository> = BTreeMap::new();
    let mut known: BTreeMap<String, Known> = BTreeMap::new();
    let mut repository = |name: &str, remote: Option<&str>| {
        let facts = options.owners.of(name, remote);
        known.insert(name.to_owned(), facts.clone());
        let Known { owner, account, visibility } = facts;
        let network = networks.name_of(name).map(str::to_owned);
        let (name, why, commands) = (name.to_owned(), String::new(), Vec::new());
        Repository { name, is_read: false, why, commands, owner, account, visibility, network }
    };
    for (report, _) in reports.iter().zip(counts).filter(|(_, counts)| **counts) {
        let source = &report.source;
        for name in report.names() {
            let one = all.entry(name.clone()).or_insert_with_key(|name| repository(name, report.remote()));
            one.visibility = one.visibility.or(source.visibility);
            one.commands.extend(source.command);
            one.is_read |= source.covers_all();
            if let Some(Flaw::Incomplete(why) | Flaw::Refused(why)) = &report.flaw {
                one.why.clone_from(why);
            }
        }
    }
    for one in all.values_mut() {
        if one.why.is_empty() && !one.is_read {
            let part = if one.commands.iter().all(|one| *one == Command::Range) { "ranges" } else { "parts" };
            one.why = format!("only {part} of it were read; a report of 'keysweep history' covers all of it");
        }
        one.is_read = one.why.is_empty();
    }
    let before = options.earlier.iter().flat_map(|earlier| &earlier.repositories);
    let missed = options.expected.iter().map(|name| (name, "there is no report of it"));
    let missed = missed.chain(before.map(|name| (name, "there is no report of it, and the earlier inventory has it")));
    for (name, why) in missed {
        if !all.contains_key(name) {
            let missed = Repository { why: why.to_owned(), ..repository(name, None) };
            all.insert(name.clone(), missed);
        }
    }
    let mut all: Vec<Repository> = all.into_values().collect();
    all.iter_mut().for_each(|one| {
        one.commands.sort();
        one.commands.dedup();
    });
    all.sort_by_key(|one| one.is_read);
    (all, known)
}

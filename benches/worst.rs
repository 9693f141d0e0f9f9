//! Measures hostile and awkward texts: files that look full of secrets, and the texts that each rule is slowest at.
//!
//! The files are staged one by one, and the time of the hook is compared with that of git, which writes out the same
//! blob. With the environment variable `KEYSWEEP_BENCH_PEER`, another command is run in the same places.
//!
//! For every rule, texts are made of what takes it longest: its keywords alone, or followed by blanks or value
//! characters; its examples whole, up to the token, or without the token's last character. Each text is a single line,
//! or many. All of them are scanned at two sizes. The slowest rules, and those whose time grows fastest, are scanned
//! again at one, four and ten megabytes, with the line and column of each detection. If a byte takes much longer in the
//! largest text than in the smallest, a scan isn't linear, and the benchmark fails. If rule ids are given as arguments,
//! all texts of those rules are scanned in this way, and nothing else.

#![expect(clippy::print_stdout, reason = "a table is what it is run for")]

#[path = "support/awkward.rs"]
mod awkward;
#[path = "support/git.rs"]
mod git;

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use git::git;
use keysweep::detect::Detector;
use keysweep::proof::template::Generator;
use keysweep::rule::file::{RuleDef, RuleFile};
use keysweep::rule_set::RuleSet;
use keysweep::text::LineIndex;

/// The sizes at which every text is scanned.
const SCREEN: [usize; 2] = [16 << 10, 128 << 10];
/// The sizes at which the worst texts are scanned.
const CLOSER: [usize; 3] = [1 << 20, 4 << 20, 10 << 20];
/// The numbers of rules in the table: the slowest, and those whose time grows fastest.
const SLOWEST: usize = 20;
const STEEPEST: usize = 10;
/// The most that the time of a byte may grow from the smallest text to the largest; sorting and full caches have some
/// cost.
const LINEAR: f64 = 1.5;
/// The most keywords and examples that are tried for each rule.
const TRIED: usize = 3;
/// The number of runs, the shortest of which counts. No more are started after the first of these times, or after the
/// second while all texts are tried.
const RUNS: usize = 5;
const ENOUGH: Duration = Duration::from_millis(500);
const SCREENED: Duration = Duration::from_millis(5);
/// The processor time that each of the closer measurements takes.
const MEASURED: Duration = Duration::from_millis(200);
/// The number of times that a text which doesn't seem linear is measured again, because other load on the machine can
/// disturb a measurement.
const AGAIN: usize = 3;

fn main() -> anyhow::Result<()> {
    // Cargo adds an option of its own, which is skipped.
    let named: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    if named.is_empty() {
        files()?;
    }
    rules(&Detector::new(RuleSet::builtin()), &named)
}

/// Measures the hook on files without secrets.
fn files() -> anyhow::Result<()> {
    let peer = std::env::var("KEYSWEEP_BENCH_PEER").unwrap_or_default();
    println!(
        "| file | bytes | keysweep staged | MB/s | git cat-file | ratio | {peer} |\n|---|--:|--:|--:|--:|--:|--:|"
    );
    for (name, text) in awkward::files() {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().context("a file is in a folder")?)?;
        fs::write(&path, &text)?;
        git(folder.path(), &["init", "--quiet"], Stdio::null())?;
        git(folder.path(), &["add", "."], Stdio::null())?;
        let hook = timed(folder.path(), &[env!("CARGO_BIN_EXE_keysweep"), "staged", "--quiet"])?;
        let floor = timed(folder.path(), &["git", "cat-file", "blob", &format!(":{name}")])?;
        let other: Vec<&str> = peer.split_whitespace().collect();
        let other = if other.is_empty() { String::new() } else { format!("{:.1?}", timed(folder.path(), &other)?.0) };
        ensure!(hook.1, "the hook was to pass {name}");
        println!(
            "| {name} | {} | {:.1?} | {:.0} | {:.1?} | {:.1} | {other} |",
            text.len(),
            hook.0,
            text.len() as f64 / 1e6 / hook.0.as_secs_f64(),
            floor.0,
            hook.0.as_secs_f64() / floor.0.as_secs_f64(),
        );
    }
    println!();
    Ok(())
}

/// Returns the time of a command in a folder, and whether it succeeded.
fn timed(folder: &Path, command: &[&str]) -> anyhow::Result<(Duration, bool)> {
    let (program, arguments) = command.split_first().context("no command")?;
    let mut process = Command::new(program);
    process.current_dir(folder).args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    let passed = process.status().with_context(|| format!("starting {program}"))?.success();
    Ok((best(ENOUGH, || usize::from(process.status().is_ok())), passed))
}

/// A text that a rule finds hard, and the speed at which it is scanned.
struct Trial<'r> {
    rule: &'r str,
    what: &'static str,
    unit: String,
    /// The nanoseconds per byte at each size.
    times: Vec<f64>,
}

impl Trial<'_> {
    /// Returns how much longer a byte takes in the largest text than in the smallest.
    fn growth(&self) -> f64 {
        self.last() / self.times.first().copied().unwrap_or(f64::NAN)
    }

    fn last(&self) -> f64 {
        self.times.last().copied().unwrap_or(f64::NAN)
    }

    fn measure(&mut self, sizes: &[usize], time: impl Fn(&str) -> f64) {
        let text = |size: &usize| self.unit.repeat(size.div_ceil(self.unit.len()));
        let times = sizes.iter().map(|size| time(&text(size))).collect();
        let before = std::mem::replace(&mut self.times, times);
        self.times.iter_mut().zip(before).for_each(|(time, before)| *time = time.min(before));
    }
}

fn rules(detector: &Detector, named: &[String]) -> anyhow::Result<()> {
    let mut file: RuleFile = toml::from_str(include_str!("../rules.toml"))?;
    file.rules.retain(|def| named.is_empty() || named.contains(&def.id));
    let mut trials = Vec::new();
    for def in &file.rules {
        for (what, unit) in units(def)? {
            let mut trial = Trial { rule: &def.id, what, unit, times: Vec::new() };
            trial.measure(&SCREEN, |text| nanoseconds(detector, text));
            trials.push(trial);
        }
    }
    println!("{} texts of {} rules, {} kB each", trials.len(), file.rules.len(), SCREEN[1] >> 10);
    for limit in [0.5, 1.0, 2.0, 5.0, 10.0, 20.0] {
        let slower = trials.iter().filter(|trial| speed(trial.last()) < limit).count();
        println!("slower than {limit} MB/s: {slower} texts");
    }
    println!("\n| rule | text | MB/s at 1 MB | at 4 MB | at 10 MB | growth |\n|---|---|--:|--:|--:|--:|");
    let mut bent = Vec::new();
    let closer = if named.is_empty() { worst(trials) } else { trials };
    for mut trial in closer {
        trial.times.clear();
        for _ in 0..AGAIN {
            trial.measure(&CLOSER, |text| nanoseconds_busy(detector, text));
            if trial.growth() <= LINEAR {
                break;
            }
        }
        let speeds: Vec<String> = trial.times.iter().map(|time| format!("{:.1}", speed(*time))).collect();
        println!("| {} | {} | {} | {:.2} |", trial.rule, trial.what, speeds.join(" | "), trial.growth());
        if trial.growth() > LINEAR {
            bent.push(trial.rule.to_owned());
        }
    }
    ensure!(bent.is_empty(), "the time is not linear in the size of the text: {}", bent.join(", "));
    println!("\nall linear");
    Ok(())
}

/// Returns the slowest rules, each with its slowest text, and those whose time grows fastest.
fn worst(mut trials: Vec<Trial>) -> Vec<Trial> {
    let mut chosen = Vec::new();
    trials.sort_by(|a, b| a.last().total_cmp(&b.last()));
    take(&mut trials, SLOWEST, &mut chosen);
    trials.sort_by(|a, b| a.growth().total_cmp(&b.growth()));
    take(&mut trials, SLOWEST + STEEPEST, &mut chosen);
    chosen
}

/// Moves texts from the end of a list, one of each rule, until there are this many.
fn take<'r>(trials: &mut Vec<Trial<'r>>, count: usize, chosen: &mut Vec<Trial<'r>>) {
    while chosen.len() < count {
        let Some(trial) = trials.pop() else { break };
        if !chosen.iter().any(|other| other.rule == trial.rule) {
            chosen.push(trial);
        }
    }
}

/// Returns the units that are repeated to make the texts of a rule.
fn units(def: &RuleDef) -> anyhow::Result<Vec<(&'static str, String)>> {
    let mut units = Vec::new();
    for keyword in def.keywords.iter().take(TRIED) {
        units.push(("keyword", keyword.clone()));
        units.push(("keyword and blanks", format!("{keyword}{}", " ".repeat(100))));
        units.push(("keyword on a line", format!("{keyword} = \n")));
        let value = Generator::new(1).expand("<base62:1500>", None)?;
        units.push(("keyword and value characters", format!("{keyword}=\"{value}")));
    }
    for (seed, example) in (0..).zip(def.examples.iter().take(TRIED)) {
        let (text, token) = Generator::new(seed).expand_with_token(example, def.token.as_deref())?;
        units.push(("example on one line", format!("{} ", text.replace('\n', " "))));
        let Some(token) = token.filter(|token| token.is_ascii()) else { continue };
        let cut = &token[..token.len().saturating_sub(1)];
        let before = text.split(token.as_str()).next().unwrap_or_default();
        units.push(("token without its end", cut.to_owned()));
        units.push(("example up to the token", before.to_owned()));
        units.push(("example without the token's end", format!("{} ", text.replace(&token, cut).replace('\n', " "))));
    }
    units.retain(|(_, unit)| !unit.is_empty());
    Ok(units)
}

/// Returns the nanoseconds per byte for scanning a text.
fn nanoseconds(detector: &Detector, text: &str) -> f64 {
    best(SCREENED, || places(detector, black_box(text.as_bytes()))).as_secs_f64() * 1e9 / text.len() as f64
}

/// Returns the same without the time that other load on the machine takes: a long scan doesn't find a quiet moment as a
/// short one does.
fn nanoseconds_busy(detector: &Detector, text: &str) -> f64 {
    let begun = Instant::now();
    let (before, mut taken, mut bytes) = (busy(begun), Duration::ZERO, 0);
    while taken < MEASURED {
        black_box(places(detector, black_box(text.as_bytes())));
        bytes += text.len();
        taken = busy(begun).saturating_sub(before);
    }
    taken.as_secs_f64() * 1e9 / bytes as f64
}

/// Returns how long this thread has used a processor, to a few milliseconds; if the system doesn't say, the time since
/// `begun`.
fn busy(begun: Instant) -> Duration {
    let told = fs::read_to_string("/proc/thread-self/schedstat").ok();
    let told = told.and_then(|text| text.split(' ').next()?.parse().ok());
    told.map_or_else(|| begun.elapsed(), Duration::from_nanos)
}

/// Does what a scan does with a text before it reports: finds the detections, and the line and column of each.
fn places(detector: &Detector, text: &[u8]) -> usize {
    let found = detector.scan(text);
    let lines = LineIndex::new(text);
    found.iter().map(|detection| lines.place(text, detection.span.start).column).fold(0, usize::max)
}

/// Returns the time of the shortest of several runs.
fn best(enough: Duration, mut run: impl FnMut() -> usize) -> Duration {
    let (start, mut shortest) = (Instant::now(), Duration::MAX);
    for _ in 0..RUNS {
        let once = Instant::now();
        black_box(run());
        shortest = shortest.min(once.elapsed());
        if start.elapsed() > enough {
            break;
        }
    }
    shortest
}

/// Returns the speed in megabytes per second.
fn speed(nanoseconds: f64) -> f64 {
    1e3 / nanoseconds
}

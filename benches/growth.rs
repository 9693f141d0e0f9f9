//! Measures how the time of a sweep grows: with the number of versions, with the size of files that change as little as
//! before, and with the number of files that contain one secret. The last measurement fails if the time grows faster
//! than the number to the power of 1.2.
//!
//! The histories are made with git, in a temporary folder, and swept one by one. Nothing is downloaded. *Inserted* is
//! what git stores without copying it from another blob: whole blobs, and what deltas insert between the parts that
//! they copy from their base. *Floor* is a walk that decodes the same objects and scans nothing. Times are medians of
//! several runs on one thread, so that other load on a machine with two cores matters less.

#![expect(clippy::print_stdout, reason = "a table is what it is run for")]

#[path = "support/git.rs"]
mod git;
mod support;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use git::git;
use keysweep::config::ScanOptions;
use keysweep::detect::Detector;
use keysweep::finding::{Command, Report, Scope};
use keysweep::git::Repo;
use keysweep::git::store::Store;
use keysweep::proof::template::Generator;
use keysweep::remediation::Surroundings;
use keysweep::rule_set::RuleSet;
use keysweep::scan::{Lazy, Progress, Scan};
use keysweep::source::history;
use support::{Lines, floor};

/// The number of files in each history.
const FILES: usize = 8;
/// The number of files that a commit changes.
const TOUCHED: usize = 3;
/// The number of lines that change in each file.
const CHANGED: usize = 3;
/// The number of sweeps for each line of the table.
const RUNS: usize = 7;

/// For the history that becomes longer: the commits of each step, the number of steps, and the bytes of a file.
const LONGER: (usize, usize, usize) = (200, 10, 40_000);
/// For the histories whose files become larger: the number of commits, and the bytes of a file in each history.
const LARGER: (usize, [usize; 5]) = (600, [10_000, 20_000, 40_000, 80_000, 160_000]);

/// The numbers of commits in the histories where each commit adds a file with the same secret.
const PLACES: [usize; 4] = [1000, 2000, 4000, 8000];
/// The largest exponent with which the time may grow with the number of files.
const STEEPEST: f64 = 1.2;

fn main() -> anyhow::Result<()> {
    let detector = Detector::new(RuleSet::builtin());
    // Cargo adds an option of its own, so only this argument is looked for.
    if std::env::args().skip(1).any(|argument| argument == "places") {
        return places(&detector);
    }
    println!("| file | commits | blobs | stored | inserted | floor | sweep | sweep a MB inserted |");
    println!("|--:|--:|--:|--:|--:|--:|--:|--:|");
    let (step, steps, size) = LONGER;
    let mut growing = Growing::new(size)?;
    for _ in 0..steps {
        growing.grow(step)?;
        growing.measure(&detector)?;
    }
    let (commits, sizes) = LARGER;
    for size in sizes {
        let mut growing = Growing::new(size)?;
        growing.grow(commits)?;
        growing.measure(&detector)?;
    }
    places(&detector)
}

/// Sweeps histories in which each commit adds one more file with the same secret.
fn places(detector: &Detector) -> anyhow::Result<()> {
    let token = Generator::new(1).expand("glpat-<base62:20>", None)?;
    println!("\n| files with one secret | where | sweep |\n|--:|---|--:|");
    let paths: [(&str, fn(usize) -> String); 2] = [
        ("in one folder", |number| format!("file{number}")),
        ("each in its own", |number| format!("folder{number}/file")),
    ];
    for (place, path) in paths {
        let mut times = Vec::new();
        for count in PLACES {
            let folder = tempfile::tempdir()?;
            git(folder.path(), &["init", "--quiet", "--bare", "--initial-branch=main"], Stdio::null())?;
            let stream = folder.path().join("stream");
            let mut out = BufWriter::new(File::create(&stream)?);
            for number in 0..count {
                let text = format!("# file {number}\nTOKEN={token}\n");
                let path = path(number);
                writeln!(
                    out,
                    "commit refs/heads/main\ncommitter A U Thor <author@example.com> {} +0000",
                    1_700_000_000 + number
                )?;
                writeln!(out, "data 0\nM 100644 inline {path}\ndata {}\n{text}", text.len())?;
            }
            out.into_inner()?.sync_all()?;
            git(folder.path(), &["fast-import", "--quiet"], File::open(&stream)?)?;
            git(folder.path(), &["repack", "-adfq"], Stdio::null())?;
            let swept = sweep(folder.path(), detector, |report| {
                ensure!(
                    report.findings.iter().map(|one| one.occurrences.len()).eq([count]),
                    "not all places were found"
                );
                Ok(())
            })?;
            println!("| {count} | {place} | {:.0} ms |", swept.as_secs_f64() * 1e3);
            times.push(swept.as_secs_f64());
        }
        let (first, last) = times.first().zip(times.last()).context("nothing was measured")?;
        let power = (last / first).ln() / (PLACES[PLACES.len() - 1] as f64 / PLACES[0] as f64).ln();
        println!("| | {place} | to the power of {power:.2} |");
        ensure!(power <= STEEPEST, "the time grows too fast");
    }
    Ok(())
}

/// Returns the time of a sweep on one thread, and checks its report.
fn sweep(
    folder: &Path,
    detector: &Detector,
    check: impl Fn(&Report) -> anyhow::Result<()>,
) -> anyhow::Result<Duration> {
    let repo = Repo::open(folder)?;
    let options = ScanOptions { threads: 1, ..ScanOptions::default() };
    let (progress, surroundings) = (Progress::default(), Lazy::new(Box::new(Surroundings::default)));
    let scan = Scan { detector, options: &options, repo: Some(&repo), surroundings, progress: &progress };
    median(|| {
        let scope = Scope { command: Command::History, subject: String::new() };
        check(&scan.history(&repo, history::list(&repo)?, scope))
    })
}

/// A history that grows.
struct Growing {
    folder: tempfile::TempDir,
    lines: Lines,
    /// The size of a file in bytes.
    size: usize,
    files: Vec<Vec<String>>,
    commits: usize,
}

impl Growing {
    fn new(size: usize) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        git(folder.path(), &["init", "--quiet", "--bare", "--initial-branch=main"], Stdio::null())?;
        let mut lines = Lines::new(3);
        let files = [(); FILES].map(|()| {
            let text = lines.text(size);
            String::from_utf8_lossy(&text).split_inclusive('\n').map(str::to_owned).collect()
        });
        Ok(Self { folder, lines, size, files: files.into(), commits: 0 })
    }

    /// Adds commits, each with a few lines changed in a few files, and repacks.
    fn grow(&mut self, commits: usize) -> anyhow::Result<()> {
        let stream = self.folder.path().join("stream");
        let mut out = BufWriter::new(File::create(&stream)?);
        let before = self.commits;
        for at in 0..commits {
            self.commit(&mut out, at == 0 && before > 0)?;
        }
        out.into_inner()?.sync_all()?;
        git(self.folder.path(), &["fast-import", "--quiet"], File::open(&stream)?)?;
        std::fs::remove_file(&stream)?;
        git(self.folder.path(), &["repack", "-adfq", "--depth=50", "--window=10"], Stdio::null())
    }

    /// Writes a commit. The first one of a stream has to say that it continues the branch.
    fn commit(&mut self, out: &mut impl Write, goes_on: bool) -> anyhow::Result<()> {
        let mut touched: Vec<usize> = (0..FILES).collect();
        while self.commits > 0 && touched.len() > TOUCHED {
            touched.swap_remove(self.lines.below(touched.len()));
        }
        self.commits += 1;
        let time = 1_700_000_000 + self.commits * 60;
        let message = format!("Change number {}\n", self.commits);
        writeln!(out, "commit refs/heads/main\ncommitter A U Thor <author@example.com> {time} +0000")?;
        writeln!(out, "data {}\n{message}", message.len())?;
        if goes_on {
            writeln!(out, "from refs/heads/main^0")?;
        }
        for file in touched {
            for _ in 0..CHANGED {
                let at = self.lines.below(self.files[file].len());
                self.files[file][at] = self.lines.line();
            }
            let text = self.files[file].concat();
            writeln!(out, "M 100644 inline src/file{file}.rs\ndata {}\n{text}", text.len())?;
        }
        Ok(())
    }

    /// Sweeps the history and prints a line of the table.
    fn measure(&self, detector: &Detector) -> anyhow::Result<()> {
        let repo = Repo::open(self.folder.path())?;
        let options = ScanOptions { threads: 1, ..ScanOptions::default() };
        let store = Store::open(&repo)?;
        let volume = floor(&store, options.max_file_size, options.threads);
        let decoded = median(|| {
            floor(&store, options.max_file_size, options.threads);
            Ok(())
        })?;
        let swept = sweep(self.folder.path(), detector, |report| {
            ensure!(report.findings.is_empty() && report.gaps.is_empty(), "the history was to be clean");
            Ok(())
        })?;
        let megabytes = |bytes: u64| bytes as f64 / 1e6;
        println!(
            "| {} kB | {} | {} | {:.0} MB | {:.2} MB | {:.0} ms | {:.0} ms | {:.0} ms |",
            self.size / 1000,
            volume.commits,
            volume.blobs,
            megabytes(volume.stored),
            megabytes(volume.inserted),
            decoded.as_secs_f64() * 1e3,
            swept.as_secs_f64() * 1e3,
            swept.as_secs_f64() * 1e3 / megabytes(volume.inserted),
        );
        Ok(())
    }
}

/// Returns the median time of several runs.
fn median(mut run: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<Duration> {
    let mut times = Vec::new();
    for _ in 0..RUNS {
        let start = Instant::now();
        run()?;
        times.push(start.elapsed());
    }
    times.sort();
    Ok(times[RUNS / 2])
}

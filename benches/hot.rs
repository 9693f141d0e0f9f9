//! Benchmarks of the hot paths: the passes over text, the judgement, an edit, and a sweep of a repository with its
//! parts.
//!
//! `KEYSWEEP_BENCH_REPO` names the repository; without it, this project's own is used. The figure to watch is the ratio
//! of the time of `history/sweep` to that of `history/floor`: the floor decodes the same packs and scans nothing. Loose
//! objects are swept but aren't part of the floor, so pack the repository first (`git gc`).

mod support;

use std::collections::BTreeSet;
use std::hint::black_box;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use criterion::{Criterion, Throughput};
use keysweep::attribution::tree_index::{Search, Target};
use keysweep::config::ScanOptions;
use keysweep::detect::find::prefilter::Prefilter;
use keysweep::detect::{Detector, Room, decode};
use keysweep::finding::{Command, Report, Scope};
use keysweep::git::object::Kind;
use keysweep::git::pack::{Base, Object, Visitor, walk};
use keysweep::git::store::Store;
use keysweep::git::{ObjectId, Repo};
use keysweep::proof::template::Generator;
use keysweep::remediation::Surroundings;
use keysweep::rule::file::RuleFile;
use keysweep::rule_set::RuleSet;
use keysweep::scan::{Lazy, Progress, Scan};
use keysweep::source::history;
use keysweep::text::{Edits, Span};
use support::{Lines, floor};

/// The size in bytes of the texts that are scanned.
const TEXT: usize = 256 << 10;
/// The size in bytes of the text that is edited.
const EDITED: usize = 100_000;

fn main() -> anyhow::Result<()> {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(5))
        .sample_size(20)
        .configure_from_args();
    let detector = Detector::new(RuleSet::builtin());
    text(&mut criterion, &detector);
    judge(&mut criterion, &detector)?;
    edit(&mut criterion, &detector);
    repository(&mut criterion, &detector)?;
    criterion.final_summary();
    Ok(())
}

/// Measures every pass over text without secrets: ordinary text, and text made of keywords only.
fn text(criterion: &mut Criterion, detector: &Detector) {
    let rules = RuleSet::builtin();
    let prefilter = Prefilter::new(&rules.rules);
    let mut words = rules.rules.iter().flat_map(|rule| rule.keywords.iter()).map(|keyword| &*keyword.text).cycle();
    let mut dense = Vec::new();
    while dense.len() < TEXT {
        dense.extend(words.next().into_iter().flat_map(str::bytes).chain([b'\n']));
    }
    let mut group = criterion.benchmark_group("text");
    for (name, text) in [("plain", Lines::new(1).text(TEXT)), ("dense", dense)] {
        let whole = Span::new(0, text.len());
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(format!("keywords/{name}"), |bencher| {
            bencher.iter(|| prefilter.each_anchor(black_box(&text), whole, |anchor| _ = black_box(anchor)));
        });
        group.bench_function(format!("runs/{name}"), |bencher| {
            bencher.iter(|| decode::each_run(black_box(&text), whole, &Room::default(), &mut |run| _ = black_box(run)));
        });
        group.bench_function(format!("hits/{name}"), |bencher| bencher.iter(|| detector.hits(black_box(&text))));
    }
    group.finish();
}

/// Measures the judgement of each example of each rule, every one of which is found, by itself.
fn judge(criterion: &mut Criterion, detector: &Detector) -> anyhow::Result<()> {
    let rules: RuleFile = toml::from_str(include_str!("../rules.toml"))?;
    let mut examples = Vec::new();
    for def in &rules.rules {
        for (seed, example) in (0..).zip(&def.examples) {
            examples.push(Generator::new(seed).expand(example, def.token.as_deref())?);
        }
    }
    let mut group = criterion.benchmark_group("judge");
    group.throughput(Throughput::Elements(examples.len() as u64));
    group.bench_function("examples", |bencher| {
        bencher
            .iter(|| examples.iter().map(|example| detector.scan(black_box(example.as_bytes())).len()).sum::<usize>());
    });
    group.finish();
    Ok(())
}

/// Measures the replacement of one line of source text: judged as an edit, and as a separate text.
fn edit(criterion: &mut Criterion, detector: &Detector) {
    let mut lines = Lines::new(2);
    let base = lines.text(EDITED);
    let line = lines.line();
    let starts: Vec<usize> = (0..).zip(&base).filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).collect();
    let (from, to) = (starts[starts.len() / 2], starts[starts.len() / 2 + 1]);
    let text = [&base[..from], line.as_bytes(), &base[to..]].concat();
    let mut edits = Edits::default();
    edits.clear(base.len());
    edits.push(from, Some(0));
    edits.push(line.len(), None);
    edits.push(base.len() - to, Some(to));
    let before = detector.hits(&base);
    let mut group = criterion.benchmark_group("edit");
    group.bench_function("after", |bencher| bencher.iter(|| detector.after_edit(black_box(&text), &before, &edits)));
    group.bench_function("whole", |bencher| bencher.iter(|| detector.hits(black_box(&text))));
    group.finish();
}

/// Measures a sweep and its parts.
fn repository(criterion: &mut Criterion, detector: &Detector) -> anyhow::Result<()> {
    let path = std::env::var_os("KEYSWEEP_BENCH_REPO").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    let repo = Repo::open(&path).with_context(|| format!("opening {}", path.display()))?;
    let options = ScanOptions::default();
    let (limit, threads) = (options.max_file_size, options.threads);
    let store = Store::open(&repo)?;
    let wanted = Target::Object(some_blob(&store, limit).context("no pack of the repository has a blob")?);
    let mut group = criterion.benchmark_group("history");
    group.sample_size(10);
    group.bench_function("open", |bencher| bencher.iter(|| history::list(&repo).map(|objects| objects.store.count())));
    group.bench_function("floor", |bencher| bencher.iter(|| floor(&store, limit, threads)));
    group.bench_function("sweep", |bencher| bencher.iter(|| sweep(&repo, detector, &options)));
    group.bench_function("holders", |bencher| {
        bencher.iter(|| {
            let search = Search::new(&BTreeSet::from([wanted.clone()]));
            let everything = store.everything();
            let records = search.read(&everything, threads);
            search.conclude(&repo, &everything, records)
        });
    });
    group.finish();
    Ok(())
}

/// Runs what `keysweep history` does between its start and its output.
fn sweep(repo: &Repo, detector: &Detector, options: &ScanOptions) -> anyhow::Result<Report> {
    let progress = Progress::default();
    let surroundings = Lazy::new(Box::new(Surroundings::default));
    let scan = Scan { detector, options, repo: Some(repo), surroundings, progress: &progress };
    let scope = Scope { command: Command::History, subject: String::new() };
    Ok(scan.history(repo, history::list(repo)?, scope))
}

/// Returns the blob with the lowest id.
fn some_blob(store: &Store, limit: u64) -> Option<ObjectId> {
    struct Lowest(Option<ObjectId>);
    impl Visitor for Lowest {
        type State = ();

        fn visit(&mut self, object: &Object<'_>, _: Option<Base<'_, ()>>) {
            self.0 = self.0.into_iter().chain([object.id()]).min();
        }
    }
    let (found, _) = walk(store.everything().portions(), &[Kind::Blob], limit, 1, || Lowest(None));
    found.into_iter().find_map(|lowest| lowest.0)
}

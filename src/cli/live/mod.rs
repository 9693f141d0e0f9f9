//! `live`: asks providers whether secrets of the last reports still work, and only after the user agrees.
//!
//! It reads the values again from the repository, makes the requests, lists them, and sends them after consent. Rules
//! and hosts are the built-in ones and those of the user's own configuration; the configuration of the repository does
//! not count.

mod own;
mod page;
mod question;
mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;

use super::args::{Common, LiveArgs, Wanted};
use super::exit::ExitStatus;
use super::explain::safe;
use super::report_store::Stored;
use super::session::Session;
use super::{asked, policy, report_store, shell};
use crate::finding::{Asked, Liveness, Report};
use crate::fs::bounded;
use crate::git::Repo;
use crate::live::Hosts;
use crate::live::ask;
use crate::live::client::Client;
use crate::output;
use crate::output::view::{FindingView, SCHEMA};
use crate::text::escape;

use page::{LiveView, RequestView};
use question::Question;

/// The conditions for sending requests.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    /// `true` if the user has agreed already.
    pub(super) yes: bool,
    /// `true` if nothing is sent.
    pub(super) dry_run: bool,
    /// The most requests that are sent.
    pub(super) most: usize,
    /// The time limit of a request in seconds; the default if absent.
    pub(super) patience: Option<u64>,
}

/// Runs the command.
///
/// # Errors
/// Fails if there is no such finding, the user's configuration can't be used, or the user didn't agree.
pub(super) fn run(common: &Common, args: &LiveArgs) -> anyhow::Result<ExitStatus> {
    let repo = Repo::at(None)?;
    let stored = report_store::stored(&repo);
    let ids = wanted(&stored, args)?;
    if ids.is_empty() {
        shell::say("keysweep: the last reports of this repository have no finding, so there is nothing to ask about");
        return Ok(ExitStatus::Clean);
    }
    let terms = Terms { yes: args.yes, dry_run: args.dry_run, most: args.max_requests, patience: args.timeout };
    about(common, &repo, &stored, Sought { ids, given: None }, &terms)
}

/// Runs `verify --revoked`: asks about secrets that should be invalid.
///
/// # Errors
/// Fails for the same reasons as `run`.
pub(super) fn revoked(common: &Common, path: Option<&Path>, wanted: &Wanted, yes: bool) -> anyhow::Result<ExitStatus> {
    let repo = Repo::at(path)?;
    let ids = wanted.revoked.iter().cloned().collect();
    let given = wanted.stdin.then(|| shell::whole_input("values")).transpose()?;
    let terms = Terms { yes, dry_run: false, most: wanted.revoked.len(), patience: None };
    about(common, &repo, &report_store::stored(&repo), Sought { ids, given }, &terms)
}

/// The secrets to ask about.
struct Sought {
    /// The ids of their findings.
    ids: BTreeSet<String>,
    /// A text with their values, one on each line, if they are not to be read from the repository.
    given: Option<Vec<u8>>,
}

/// Returns the ids of the findings to ask about.
fn wanted(stored: &[Stored], args: &LiveArgs) -> anyhow::Result<BTreeSet<String>> {
    let all: Vec<&FindingView> = stored.iter().flat_map(|one| &one.report.findings).collect();
    let of_rule = |one: &FindingView| args.only.is_empty() || args.only.contains(&one.rule);
    let mut ids = BTreeSet::new();
    for id in &args.ids {
        let meant: BTreeSet<&String> =
            all.iter().map(|one| &one.id).filter(|full| full.starts_with(id.as_str())).collect();
        match meant.into_iter().collect::<Vec<_>>().as_slice() {
            [one] => _ = ids.insert((*one).clone()),
            [] => anyhow::bail!(
                "the last reports of this repository have no finding '{0}': run 'keysweep history' for a new one; if this \
                 clone no longer has the value, 'keysweep verify --revoked {0} --stdin' takes it from standard input",
                escape(id.as_bytes())
            ),
            several => anyhow::bail!("the ids of {} findings start with '{id}'", several.len()),
        }
    }
    if args.all {
        ids.extend(all.iter().filter(|one| of_rule(one)).map(|one| one.id.clone()));
        anyhow::ensure!(!stored.is_empty(), "this repository has no report yet: run 'keysweep history' first");
        anyhow::ensure!(
            !ids.is_empty() || args.only.is_empty(),
            "the last reports of this repository have no finding of the rules that --only names"
        );
    }
    Ok(ids)
}

fn about(common: &Common, repo: &Repo, stored: &[Stored], sought: Sought, terms: &Terms) -> anyhow::Result<ExitStatus> {
    let common = Common { config: own::config(common, repo)?, ..common.clone() };
    let in_force = policy::of_nothing(&common).context("nothing was sent")?;
    let named = in_force.config.live_hosts.clone();
    let session = Session::with(&common, repo, in_force)?.unfiltered();
    // Whatever keeps the answers from being written has to be known before anything is sent.
    session.settings.page()?;
    shell::can_write(session.settings.output_file.as_deref())?;
    let rules = session.rules();
    let hosts =
        Hosts::new(&named, rules).map_err(|why| anyhow::anyhow!("'live_hosts' in your configuration: {why}"))?;
    let Sought { ids, given } = sought;
    let report = match given {
        Some(text) => values::given(&session, &ids, &text)?,
        None => values::read(&session, repo, stored, &ids)?,
    };
    let mut requests = Vec::new();
    let questions: Vec<Question<'_>> =
        report.findings.iter().map(|finding| Question::new(finding, rules, &hosts, &mut requests)).collect();
    let count = requests.len().min(terms.most);
    let requested = page::listed(&questions, &requests[..count]);
    let mut view = LiveView { schema: SCHEMA, requests: requested, ..LiveView::default() };
    if count < requests.len() {
        view.remarks.push(format!("{count} of {} requests: --max-requests raises the limit", requests.len()));
    }
    view.lost(&ids, &report);
    if !requests.is_empty() && !terms.dry_run {
        consent(&session, &view.requests, terms, (count, requests.len()))?;
        let client = client(terms)?;
        let outcomes = ask::all(&client, &requests, terms.most);
        view.add(&questions, &outcomes);
        let known = view.asked.iter().filter(|one| one.asked.word != Liveness::NotAsked);
        let known: BTreeMap<String, Asked> = known.map(|one| (one.id.clone(), one.asked.clone())).collect();
        if asked::add(repo, safe(&known, &session.mask(Some(&report)))?).is_err() {
            view.remarks.push("the answers could not be stored: the repository is read-only".to_owned());
        }
    } else {
        view.add(&questions, &[]);
    }
    written(&session, &report, &view, terms)
}

/// Lists what would be sent, and asks the user to agree.
fn consent(session: &Session, listed: &[RequestView], terms: &Terms, counts: (usize, usize)) -> anyhow::Result<()> {
    let text = page::preview(&safe(&listed.to_vec(), &session.mask(None))?, counts);
    shell::say(&text);
    if terms.yes {
        return Ok(());
    }
    anyhow::ensure!(
        shell::is_typed() && shell::is_watched(),
        "nothing was sent: without a terminal, --yes is needed to agree"
    );
    anyhow::ensure!(shell::agreed("Send them? Type 'yes': ")?, "nothing was sent");
    Ok(())
}

fn client(terms: &Terms) -> anyhow::Result<Client> {
    let file = std::env::var_os("SSL_CERT_FILE").filter(|file| !file.is_empty());
    let pem = file.map(|file| bounded::read_named(Path::new(&file), bounded::MAX_NAMED)).transpose();
    let pem = pem.context("reading the certificates that SSL_CERT_FILE names")?;
    let made = Client::new(pem.as_deref(), terms.patience.map(Duration::from_secs));
    made.map_err(|why| anyhow::anyhow!("the file that SSL_CERT_FILE names: {why}"))
}

fn written(session: &Session, report: &Report, view: &LiveView, terms: &Terms) -> anyhow::Result<ExitStatus> {
    let view = safe(view, &session.mask(Some(report)))?;
    let options = session.settings.page()?;
    let title = "Asked of providers";
    let page = if terms.dry_run { view.plan() } else { view.page() };
    let file = session.settings.output_file.as_deref();
    shell::results(file, &mut |out| output::write(title, &page, &view, options, out))?;
    let what = if terms.dry_run { "the list of requests" } else { "the answer of each provider" };
    shell::written(file, what);
    if terms.dry_run {
        return Ok(ExitStatus::Clean);
    }
    let has = |words: &[Liveness]| view.asked.iter().any(|one| words.contains(&one.asked.word));
    Ok(match () {
        () if has(&[Liveness::Live, Liveness::Restricted]) => ExitStatus::Findings,
        () if has(&[Liveness::Unknown, Liveness::NotAsked]) => ExitStatus::Unknown,
        () => ExitStatus::Clean,
    })
}

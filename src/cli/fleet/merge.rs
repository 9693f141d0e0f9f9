//! `fleet merge FILE|DIR…`: merges many reports into one inventory.

use std::path::Path;

use anyhow::Context as _;

use super::list;
use crate::cli::args::{FleetFormatArg, MergeArgs};
use crate::cli::clock;
use crate::cli::exit::ExitStatus;
use crate::cli::{shell, withhold};
use crate::finding::Verdict;
use crate::fleet::{self, Earlier, Inventory, NoReports, Options, Owners};
use crate::fs::bounded;
use crate::output::fleet::{self as output, Format, Writer};
use crate::output::mask::Mask;

/// The largest list of owners, in bytes.
const MAX_OWNERS: u64 = 64 << 20;

/// Runs `fleet merge`.
///
/// # Errors
/// Fails if there is no report, a list can't be used, or the inventory can't be written.
pub(super) fn run(args: &MergeArgs) -> anyhow::Result<ExitStatus> {
    let files = fleet::files(&args.reports).context("looking for reports")?;
    anyhow::ensure!(!files.is_empty(), NoReports);
    let owners = args.owners.as_deref().map_or_else(|| Ok(Owners::default()), owners)?.and_foreign(&args.foreign);
    let expected = args.list.as_deref().map_or_else(|| Ok(Vec::new()), list::read)?;
    let expected = expected.into_iter().map(|one| one.name).collect();
    let earlier = args.since.as_deref().map(earlier).transpose()?;
    let inventory = Inventory::gather(&files, Options { owners, expected, earlier, now: clock::now() })
        .context("reading the reports")?;
    anyhow::ensure!(!inventory.repositories.is_empty(), NoReports);
    warn_of(&inventory.unmatched);
    write(args, inventory)
}

/// Names the entries of the owners' list that fit no repository: they may be misspelt.
fn warn_of(unmatched: &[String]) {
    const MOST: usize = 5;
    if unmatched.is_empty() {
        return;
    }
    let more = unmatched.len().saturating_sub(MOST);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let named = unmatched.iter().take(MOST).map(String::as_str).collect::<Vec<_>>().join(", ");
    shell::say(&withhold(&format!("keysweep: the list of owners has entries that fit no repository: {named}{more}")));
}

fn write(args: &MergeArgs, inventory: Inventory) -> anyhow::Result<ExitStatus> {
    let format = match args.format {
        FleetFormatArg::Human => Format::Human,
        FleetFormatArg::Html => Format::Html,
        FleetFormatArg::Markdown => Format::Markdown,
        FleetFormatArg::Csv => Format::Csv,
        FleetFormatArg::Jsonl => Format::Jsonl,
    };
    let width = shell::width(args.output.as_deref());
    let mask = Mask::new(None, None);
    let mut inventory = Some(inventory);
    let (mut verdict, mut words) = (Verdict::Unknown, String::new());
    shell::results(args.output.as_deref(), &mut |out| {
        let Some(inventory) = inventory.take() else { return Ok(()) };
        let mut writer = Writer::new(format, width, &mask, &inventory.repositories, out)?;
        let summary = inventory.rows(&mut |row| writer.row(row))?;
        (verdict, words) = (summary.verdict, output::verdict(&summary));
        writer.end(&summary)
    })?;
    shell::written(args.output.as_deref(), &format!("{words}; the inventory"));
    Ok(verdict.into())
}

fn owners(path: &Path) -> anyhow::Result<Owners> {
    let reading = || format!("reading the owners in '{}'", path.display());
    let text = bounded::text(bounded::read_named(path, MAX_OWNERS).with_context(reading)?).with_context(reading)?;
    let is_toml = path.extension().is_some_and(|end| end == "toml");
    if is_toml { Owners::from_toml(&text) } else { Owners::from_csv(&text) }.with_context(reading)
}

fn earlier(path: &Path) -> anyhow::Result<Earlier> {
    Earlier::open(path).with_context(|| format!("reading the earlier inventory '{}'", path.display()))
}

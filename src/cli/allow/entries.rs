//! Entries: those of the configuration, which are added after everything that is there, and those of the baseline.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::chosen::Chosen;
use super::comments::Change;
use super::refusal::shown;
use super::scene::Scene;
use crate::cli::args::Common;
use crate::cli::baseline::new_salt;
use crate::config::ConfigFile;
use crate::config::file::{self, BASELINE, NAME};
use crate::fs::bounded::{self, Links};
use crate::suppress::baseline::{Key, Remark};

/// Returns the findings that unexpired entries of the configuration name by their ids, with the lines of the entries.
///
/// # Errors
/// Fails if the file can't be used.
pub(super) fn named(common: &Common, root: &Path, today: &str) -> anyhow::Result<BTreeMap<String, usize>> {
    let (_, full, text) = old(common.config.as_deref(), root, NAME)?;
    let entries = ConfigFile::parse(&text, &full)?.allowed()?;
    let held = entries.into_iter().filter(|entry| !entry.is_over(today) && entry.def.path.is_none());
    Ok(held.filter_map(|entry| Some((entry.def.id.filter(|_| entry.def.value.is_none())?, entry.line?))).collect())
}

/// Returns the configuration with an entry added for each finding.
///
/// # Errors
/// Fails if the file can't be written to, or if it would no longer parse.
pub(super) fn config(common: &Common, root: &Path, chosen: &[&Chosen], reason: &str) -> anyhow::Result<Change> {
    let (path, full, old) = old(common.config.as_deref(), root, NAME)?;
    let end = if old.contains("\r\n") { "\r\n" } else { "\n" };
    let mut text = old.clone();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push_str(end);
    }
    let quoted = |words: &str| toml::Value::from(words).to_string();
    for one in chosen {
        let blank = if text.trim().is_empty() { "" } else { end };
        let lines = [
            "[[allow]]".to_owned(),
            format!("id = {}", quoted(&one.id)),
            format!("rule = {}", quoted(&one.rule)),
            format!("reason = {}", quoted(reason)),
        ];
        text.push_str(&format!("{blank}{}{end}", lines.join(end)));
    }
    // If the list of entries is written on one line, no more can be added at the end of the file.
    let parsed = ConfigFile::parse(&text, &full).and_then(|config| config.allowed());
    let before = ConfigFile::parse(&old, &full).and_then(|config| config.allowed()).map_or(0, |list| list.len());
    let fits = parsed.is_ok_and(|entries| entries.len() == before + chosen.len());
    anyhow::ensure!(
        fits,
        "no entry can be added at the end of '{}': write its list 'allow' as '[[allow]]' tables first",
        shown(path.as_ref())
    );
    Ok(Change { path, full, text })
}

/// Returns the baseline with each finding added.
///
/// # Errors
/// Fails if the file can't be used, or if a value is in nothing that was read.
pub(super) fn baseline(
    common: &Common,
    root: &Path,
    chosen: &[&Chosen],
    scene: &Scene,
    reason: &str,
) -> anyhow::Result<Change> {
    let (path, full, old) = old(common.baseline.as_deref(), root, BASELINE)?;
    let mut baseline = file::baseline(&old, &full)?;
    let salt = baseline.salt().map_or_else(new_salt, Ok)?;
    for one in chosen {
        let finding = scene.finding(&one.id).ok_or_else(|| {
            anyhow::anyhow!(
                "{} ({}) is only in older commits: 'keysweep baseline update --finding {}' sweeps them and adds it",
                one.id,
                one.rule,
                one.id
            )
        })?;
        let remark = Remark { rule: one.rule.clone(), text: reason.to_owned() };
        baseline.insert(Key::new(&finding.secret, finding.issued, salt), remark);
    }
    Ok(Change { path, full, text: baseline.to_string() })
}

/// Returns a file that is named or at the root: the path to show, the path to open, and the text.
fn old(named: Option<&Path>, root: &Path, name: &str) -> anyhow::Result<(bstr::BString, PathBuf, String)> {
    let full = named.map_or_else(|| root.join(name), Path::to_owned);
    let path = named.map_or_else(|| name.into(), |path| path.as_os_str().as_encoded_bytes().into());
    let is_link = full.symlink_metadata().is_ok_and(|meta| meta.is_symlink());
    anyhow::ensure!(
        !is_link,
        "'{}' is a symbolic link, which is not followed when writing; name the file itself",
        shown(bstr::BStr::new(&path))
    );
    let text = match full.exists() {
        true => bounded::read(&full, bounded::MAX_SIZE, Links::Followed).and_then(bounded::text),
        false => Ok(String::new()),
    };
    let text = text.map_err(|why| anyhow::anyhow!("cannot read '{}': {why}", shown(bstr::BStr::new(&path))))?;
    Ok((path, full, text))
}

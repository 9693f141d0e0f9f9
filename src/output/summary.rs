//! The summary of a GitHub Actions job: a report as Markdown, cut between findings, because GitHub shows nothing at all
//! of a summary over its limit.

use std::io::{self, Write};
use std::slice;

use super::Detail;
use super::markdown;
use super::page::{Block, Tone};
use super::report::{self, Section};
use super::view::View;
use super::words::plural;

/// The size limit of GitHub for one step, in bytes.
const LIMIT: usize = 1024 * 1024;
/// The bytes reserved for the remark on what is left out.
const RESERVE: usize = 1024;

/// Writes a summary to a file that already holds `used` bytes.
///
/// # Errors
/// Fails if `out` does.
pub fn write(view: &View, detail: Detail, used: usize, out: &mut dyn Write) -> io::Result<()> {
    let mut room = LIMIT.saturating_sub(RESERVE).saturating_sub(used);
    let mut put = |blocks: &[Block], out: &mut dyn Write| {
        let mut text = Vec::new();
        markdown::write(blocks, &mut text)?;
        let rest = room.checked_sub(text.len());
        room = rest.unwrap_or(room);
        if rest.is_some() { out.write_all(&text).map(|()| true) } else { io::Result::Ok(false) }
    };
    let report::Parts { top, sections, .. } = report::parts(view, detail, usize::MAX);
    let mut left_out = Vec::new();
    for block in &top {
        if !put(slice::from_ref(block), out)? {
            left_out = vec!["a table or list".to_owned()];
        }
    }
    let mut shown = 0;
    'sections: for Section { head, cards } in sections {
        // The plan of a kind precedes its first finding, and is useless without it.
        let mut before = head;
        for (count, card) in cards {
            before.push(card);
            if !put(&before, out)? {
                break 'sections;
            }
            before.clear();
            shown += count;
        }
    }
    let all = view.findings.len();
    if shown < all {
        left_out.push(format!("{} of {}", all - shown, plural(all, "secret")));
    }
    if left_out.is_empty() {
        return Ok(());
    }
    let words = format!(
        "Not shown here: {}. GitHub takes 1 MiB of a summary; --also json=FILE writes a report of everything.",
        left_out.join(", ")
    );
    markdown::write(&[Block::Verdict(Tone::Unsure, words)], out)
}

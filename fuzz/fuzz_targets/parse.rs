//! Parses texts that strangers write: configurations, baselines, files of other tools, comments, calls of agents.

#![no_main]

use std::path::Path;

use keysweep::config::{ConfigFile, file, import};
use keysweep::hook::agent::Call;
use keysweep::suppress::{Baseline, Tool, comment, foreign};
use keysweep::text::{LineIndex, Span, hostile};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    adjacent(bytes);
    agent(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    config(text);
    baseline(text);
    let _ = foreign::parse(text);
    imported(text);
});

/// Checks that an error names a line, and contains nothing that a terminal would act on.
fn said(error: &file::ConfigError) {
    let text = error.to_string();
    assert!(text.contains("line ") && !text.chars().any(|c| c != '\n' && hostile(c)), "{text:?}");
}

fn config(text: &str) {
    match ConfigFile::parse(text, Path::new("c.toml")) {
        Ok(config) => {
            let _ = config.rules().map_err(|error| said(&error));
            let _ = config.allowed().map_err(|error| said(&error));
        }
        Err(error) => said(&error),
    }
}

/// Checks that a baseline is written so that the same is read back.
fn baseline(text: &str) {
    let Ok(baseline) = Baseline::parse(text) else { return };
    assert!(baseline.is_empty() == baseline.salt().is_none());
    assert_eq!(Baseline::parse(&baseline.to_string()), Ok(baseline));
}

/// Checks that imported rules are a valid configuration.
fn imported(text: &str) {
    let Ok(import) = import::gitleaks(text) else { return };
    let config = ConfigFile::parse(&import.text, Path::new("c.toml")).expect("its rules parse");
    config.rules().expect("its rules compile");
}

/// Checks that a comment found next to a value is in the line that it names.
fn adjacent(bytes: &[u8]) {
    let [start, length, text @ ..] = bytes else { return };
    let start = usize::from(*start).min(text.len());
    let value = Span::new(start, (start + usize::from(*length % 64)).min(text.len()));
    let lines = LineIndex::new(text);
    let tools = [Tool::Gitleaks, Tool::Betterleaks, Tool::Trufflehog, Tool::DetectSecrets];
    let Some(found) = comment::adjacent(text, &lines, value, &tools) else { return };
    assert!(comment::count(text, &found) > 0);
    let mut places = text.windows(found.text.len()).enumerate().filter(|(_, window)| *window == found.text);
    assert!(places.any(|(at, _)| lines.place(text, at).line == found.line), "{found:?}");
}

/// Checks that no text of a result is left if all are masked. Words of the answer itself are shorter than the texts
/// that are checked.
fn agent(bytes: &[u8]) {
    let Ok(call) = Call::parse(bytes, None) else { return };
    let _ = (call.refused(""), call.passed());
    let texts = call.texts();
    let Some(masked) = call.masked(&|_| String::new(), "") else { return };
    assert!(call.is_result());
    let shown = masked.object.unwrap_or_default().to_string();
    let is_long = |text: &&str| text.len() > 32 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
    let left = texts.iter().map(|text| &*text.text).filter(is_long).find(|text| shown.contains(text));
    assert_eq!(left, None);
}

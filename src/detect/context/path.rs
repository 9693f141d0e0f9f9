//! What a file's name says about a detection in it. Decided after detection: a blob has many names.

use crate::detect::value::drawn::looks_drawn;
use crate::detect::{Detection, Form, decode};
use crate::finding::Evidence;
use crate::rule::Confidence;

/// What a path does to a detection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    Keep,
    /// Confidence falls to low; says why.
    Lower(&'static str),
    /// Severity falls by one step; says why.
    Lessen(&'static str),
    /// Not a secret there; says why.
    Reject(&'static str),
}

/// File names of generated lists of hashes.
const LOCK_FILES: [&str; 20] = [
    "package-lock.json",
    "npm-shrinkwrap.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "cargo.lock",
    "poetry.lock",
    "pipfile.lock",
    "uv.lock",
    "composer.lock",
    "gemfile.lock",
    "go.sum",
    "flake.lock",
    "deno.lock",
    "bun.lock",
    "podfile.lock",
    "mix.lock",
    "packages.lock.json",
    "gradle.lockfile",
    "verification-metadata.xml",
    "pubspec.lock",
];

/// Extensions of languages in which a string needs quotes: an unquoted value there is an expression.
const CODE: [&str; 48] = [
    "rs", "py", "js", "jsx", "ts", "tsx", "mjs", "cjs", "go", "java", "kt", "kts", "scala", "groovy", "c", "h", "cc",
    "cpp", "cxx", "hh", "hpp", "cs", "fs", "vb", "rb", "php", "swift", "m", "mm", "dart", "lua", "pl", "pm", "r", "jl",
    "ex", "exs", "erl", "hs", "ml", "clj", "nim", "zig", "sol", "vue", "svelte", "tf", "proto",
];

/// Folders and name parts of tests, samples and documentation.
const TEST_PARTS: [&str; 17] = [
    "test",
    "tests",
    "testing",
    "spec",
    "specs",
    "__tests__",
    "fixtures",
    "fixture",
    "testdata",
    "mock",
    "mocks",
    "example",
    "examples",
    "sample",
    "samples",
    "e2e",
    "testutil",
];

/// Folders of what other people wrote.
const VENDORED: [&str; 4] = ["vendor", "node_modules", "third_party", "pods"];

/// What `path` says about `detection`. Values of a fixed form keep their standing everywhere.
pub fn effect(path: &[u8], detection: &Detection) -> Effect {
    if detection.form == Form::Token {
        return Effect::Keep;
    }
    let path = String::from_utf8_lossy(path).to_ascii_lowercase();
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default();
    if LOCK_FILES.contains(&name) {
        return Effect::Reject("a lock file holds hashes");
    }
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    if detection.form == Form::Bare && CODE.contains(&extension) {
        return Effect::Reject("an unquoted value is an expression in this language");
    }
    let is_sample = is_test(&path) || is_template(name);
    match (looks_drawn_inside(detection.secret.reveal()), is_sample) {
        (false, true) => Effect::Lower("a test, sample or template"),
        (false, false) if is_vendored(&path) => Effect::Lower("made up, in code of others"),
        (true, true) if !is_recorded(&path, extension) => Effect::Lessen("in a test or sample: one step less severe"),
        _ => Effect::Keep,
    }
}

/// Applies the path to a detection; `None` if it does not stand there.
pub fn apply(path: &[u8], mut detection: Detection) -> Option<Detection> {
    match effect(path, &detection) {
        Effect::Keep => {}
        Effect::Reject(_) => return None,
        Effect::Lower(why) => {
            detection.confidence = Confidence::Low;
            detection.evidence.push(Evidence::Path(why));
        }
        Effect::Lessen(why) => {
            detection.severity = detection.severity.lowered();
            detection.evidence.push(Evidence::Path(why));
        }
    }
    Some(detection)
}

/// Whether a value looks drawn; of text in base64, the text.
fn looks_drawn_inside(value: &[u8]) -> bool {
    let inside = decode::base64_text(value);
    looks_drawn(value) && inside.is_none_or(|text| looks_drawn(&text))
}

/// Whether it is traffic that was recorded: what was drawn there was sent to somebody.
fn is_recorded(path: &str, extension: &str) -> bool {
    matches!(extension, "har" | "log") || has_folder(path, |folder| folder.ends_with("cassettes"))
}

fn is_vendored(path: &str) -> bool {
    has_folder(path, |folder| VENDORED.contains(&folder))
}

/// Whether the file lies in a folder of such a name.
fn has_folder(path: &str, is_it: impl Fn(&str) -> bool) -> bool {
    path.rsplit(['/', '\\']).skip(1).any(is_it)
}

fn is_test(path: &str) -> bool {
    let folder = |name: &str| path.starts_with(&format!("{name}/")) || path.contains(&format!("/{name}/"));
    folder("t") || path.split(['/', '\\', '.', '_', '-']).any(|part| TEST_PARTS.contains(&part))
}

fn is_template(name: &str) -> bool {
    [".example", ".sample", ".template", ".dist", ".tmpl", ".tpl", ".j2"].iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::Claim;
    use crate::finding::Secret;
    use crate::rule::Severity;
    use crate::text::Span;

    const MADE_UP: &str = "my-very-long-test-secret";

    /// A value that looks drawn, and is put together here so that no secret stands in the source.
    fn drawn() -> String {
        ["q8XvR2pLw9", "ZkT4mNc7Bd"].concat()
    }

    /// Confidence and severity of a value that is assigned in the file.
    fn at(path: &str, value: &str) -> (Confidence, Severity) {
        let detection = Detection {
            rule: 0,
            span: Span::new(0, value.len()),
            secret: Secret::new(value),
            confidence: Confidence::Medium,
            severity: Severity::High,
            evidence: Vec::new(),
            facts: Vec::new(),
            form: Form::Quoted,
            depth: 0,
            claim: Claim::Open,
        };
        let one = apply(path.as_bytes(), detection).unwrap();
        (one.confidence, one.severity)
    }

    #[test]
    fn a_test_lowers_what_was_made_up_and_lessens_what_was_drawn() {
        for path in ["tests/app.env", "spec/a.yml", ".env.example", "samples/a.json", "src/config_test.go"] {
            assert_eq!(at(path, MADE_UP), (Confidence::Low, Severity::High), "{path}");
            assert_eq!(at(path, &drawn()), (Confidence::Medium, Severity::Medium), "{path}");
        }
    }

    #[test]
    fn recorded_traffic_is_no_sample() {
        for path in ["cassettes/a.yml", "spec/vcr_cassettes/a.yml", "tests/a.har", "test/run.log"] {
            assert_eq!(at(path, &drawn()), (Confidence::Medium, Severity::High), "{path}");
        }
    }

    #[test]
    fn code_of_others_lowers_what_was_made_up() {
        for path in ["vendor/a.go", "web/node_modules/a/b.js", "third_party/a.py", "ios/Pods/a.m"] {
            assert_eq!(at(path, MADE_UP), (Confidence::Low, Severity::High), "{path}");
            assert_eq!(at(path, &drawn()), (Confidence::Medium, Severity::High), "{path}");
        }
        assert_eq!(at("vendor.json", MADE_UP), (Confidence::Medium, Severity::High));
    }
}

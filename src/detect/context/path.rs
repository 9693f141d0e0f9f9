//! What a file's name says about a detection in it. Decided after detection: a blob has many names.

use crate::detect::{Detection, Form};
use crate::rule::Confidence;

/// What a path does to a detection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    Keep,
    /// Confidence falls to low; says why.
    Lower(&'static str),
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
const TEST_PARTS: [&str; 18] = [
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
    "cassettes",
    "e2e",
    "testutil",
];

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
    if is_test(&path) || is_template(name) {
        return Effect::Lower("a test, sample or template");
    }
    Effect::Keep
}

/// Applies the path to a detection; `None` if it does not stand there.
pub fn apply(path: &[u8], mut detection: Detection) -> Option<Detection> {
    match effect(path, &detection) {
        Effect::Keep => {}
        Effect::Reject(_) => return None,
        Effect::Lower(why) => {
            detection.confidence = Confidence::Low;
            detection.evidence.push(crate::finding::Evidence::Path(why));
        }
    }
    Some(detection)
}

fn is_test(path: &str) -> bool {
    let folder = |name: &str| path.starts_with(&format!("{name}/")) || path.contains(&format!("/{name}/"));
    folder("t") || path.split(['/', '\\', '.', '_', '-']).any(|part| TEST_PARTS.contains(&part))
}

fn is_template(name: &str) -> bool {
    [".example", ".sample", ".template", ".dist", ".tmpl", ".tpl", ".j2"].iter().any(|end| name.ends_with(end))
}

//! The effect of a file's name on a detection in it. It is applied after detection, as a blob has many names.

use crate::detect::ledger::Mark;
use crate::detect::value::drawn::looks_drawn;
use crate::detect::value::wordlike;
use crate::detect::{Detection, Form};
use crate::finding::Evidence;
use crate::rule::{Confidence, Str};

/// The reason why a value is not a secret in a file.
pub type Why = &'static str;

/// The file names of generated lists of hashes.
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

/// The extensions of languages in which a string needs quotes, so an unquoted value there is an expression.
const CODE: [&str; 48] = [
    "rs", "py", "js", "jsx", "ts", "tsx", "mjs", "cjs", "go", "java", "kt", "kts", "scala", "groovy", "c", "h", "cc",
    "cpp", "cxx", "hh", "hpp", "cs", "fs", "vb", "rb", "php", "swift", "m", "mm", "dart", "lua", "pl", "pm", "r", "jl",
    "ex", "exs", "erl", "hs", "ml", "clj", "nim", "zig", "sol", "vue", "svelte", "tf", "proto",
];

/// The folders and name parts of tests, samples and documentation.
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

/// The folders of texts for people, in many languages.
const TRANSLATIONS: [&str; 6] = ["i18n", "l10n", "locale", "locales", "lang", "translations"];

/// The folders of third-party code.
const VENDORED: [&str; 4] = ["vendor", "node_modules", "third_party", "pods"];

/// The extensions of configurations and scripts, which use passwords that people choose.
const CONFIGURATION: [&str; 24] = [
    "env",
    "yml",
    "yaml",
    "json",
    "toml",
    "ini",
    "cfg",
    "conf",
    "cnf",
    "config",
    "properties",
    "xml",
    "plist",
    "tfvars",
    "tf",
    "sh",
    "bash",
    "zsh",
    "ps1",
    "psm1",
    "bat",
    "cmd",
    "dockerfile",
    "netrc",
];

/// The extensions of tables, which may hold the hashes of users' passwords.
const TABLES: [&str; 4] = ["sql", "csv", "tsv", "dump"];

/// Returns `true` if a path matches one of the names in `files`, or `files` is empty.
pub fn is_named(path: &[u8], files: &[Str]) -> bool {
    let path = String::from_utf8_lossy(path).to_ascii_lowercase();
    files.is_empty() || files.iter().any(|name| ends_with(&path, name))
}

/// Returns `true` if a path ends with the parts of a name; `!` comes before the member of an archive.
fn ends_with(path: &str, name: &str) -> bool {
    let mut parts = path.rsplit(['/', '\\', '!']);
    name.rsplit('/').all(|name| parts.next().is_some_and(|part| is_part(part, name)))
}

/// Returns `true` if a part of a path matches a part of a name, in which `*` stands for any bytes.
fn is_part(part: &str, name: &str) -> bool {
    match name.split_once('*') {
        Some((start, end)) => part.strip_prefix(start).is_some_and(|rest| rest.ends_with(end)),
        None => part == name,
    }
}

/// Applies the path to a detection and adds to its ledger. Values of a fixed form are unaffected everywhere, those
/// tied to certain file names only in files with these names. With an empty path, which isn't known yet, all
/// detections remain.
///
/// # Errors
/// Returns the reason why the value is rejected.
pub fn apply(path: &[u8], mut detection: Detection) -> Result<Detection, Why> {
    if !path.is_empty() && !is_named(path, &detection.files) {
        return Err("it is a secret only in files with other names");
    }
    if detection.form == Form::Token {
        return Ok(detection);
    }
    let path = String::from_utf8_lossy(path).to_ascii_lowercase();
    let name = file_name(&path);
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    if LOCK_FILES.contains(&name) {
        return Err("a lock file contains hashes");
    }
    if detection.form == Form::Bare && CODE.contains(&extension) {
        return Err("an unquoted value is an expression in this language");
    }
    if is_made_up(&path, name, extension) {
        detection = in_sample(detection);
    } else if has_folder(&path, |folder| TRANSLATIONS.contains(&folder)) {
        detection.ledger.add(Mark::Translation);
    } else if is_vendored(&path) {
        detection.ledger.add(Mark::Vendored);
        detection.evidence.push(Evidence::Path("third-party code"));
    } else if is_configuration(name, extension) {
        detection.ledger.add(Mark::Configuration);
    }
    if TABLES.contains(&extension)
        && detection.ledger.holds(Mark::Password)
        && is_as_long_as_a_hash(detection.secret.reveal())
    {
        detection.ledger.add(Mark::Digest);
    }
    if !detection.ledger.is_unused() {
        detection.confidence = detection.ledger.confidence().ok_or("the evidence is too weak in this file")?;
    }
    Ok(detection)
}

/// Returns `true` if the whole file is a test, a sample or a template.
pub fn is_sample(path: &[u8]) -> bool {
    let path = String::from_utf8_lossy(path).to_ascii_lowercase();
    is_test_or_template(&path, file_name(&path))
}

fn is_test_or_template(path: &str, name: &str) -> bool {
    is_test(path) || is_template(name)
}

/// Returns the last part of a path.
fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or_default()
}

/// Lowers the severity of a random value in a sample by one step; a value that a person may have made up gets a doubt.
fn in_sample(mut detection: Detection) -> Detection {
    let judged_by_name = !detection.ledger.is_unused();
    detection.ledger.add(Mark::Sample);
    detection.evidence.push(Evidence::Path("a test, sample or template"));
    let value = detection.secret.reveal();
    let drawn = if judged_by_name {
        detection.ledger.holds(Mark::Drawn) || detection.ledger.holds(Mark::Unreadable)
    } else {
        looks_drawn(value) || wordlike::is_unreadable(value)
    };
    if drawn {
        detection.severity = detection.severity.lowered();
    } else if !judged_by_name {
        detection.confidence = Confidence::Low;
    }
    detection
}

/// Returns `true` if the value has as many hexadecimal digits as MD5, SHA-1 or SHA-256 gives.
fn is_as_long_as_a_hash(value: &[u8]) -> bool {
    matches!(value.len(), 32 | 40 | 64) && value.iter().all(u8::is_ascii_hexdigit)
}

/// Returns `true` if the file is a test, a sample or a template; recorded traffic is none of them, as random values
/// there were really sent.
fn is_made_up(path: &str, name: &str, extension: &str) -> bool {
    is_test_or_template(path, name) && !is_recorded(path, extension)
}

fn is_configuration(name: &str, extension: &str) -> bool {
    CONFIGURATION.contains(&extension)
        || name.starts_with(".env")
        || name.starts_with("dockerfile")
        || (name.starts_with('.') && name.ends_with("rc"))
}

/// Returns `true` if the file is recorded traffic, in which random values were really sent.
fn is_recorded(path: &str, extension: &str) -> bool {
    matches!(extension, "har" | "log") || has_folder(path, |folder| folder.ends_with("cassettes"))
}

fn is_vendored(path: &str) -> bool {
    has_folder(path, |folder| VENDORED.contains(&folder))
}

/// Returns `true` if the file lies in a folder whose name fits.
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
    use crate::detect::ledger::Ledger;
    use crate::finding::Secret;
    use crate::rule::{List, Severity};
    use crate::text::Span;

    const CHOSEN: &[Mark] = &[Mark::Password, Mark::Chosen];
    const DRAWN: &[Mark] = &[Mark::Password, Mark::Drawn];

    /// Returns a detection with these marks.
    fn detection(marks: &[Mark]) -> Detection {
        let mut ledger = Ledger::new(Confidence::Medium);
        marks.iter().for_each(|mark| ledger.add(*mark));
        Detection {
            rule: 0,
            span: Span::new(0, 5),
            secret: Secret::new("value"),
            confidence: Confidence::Medium,
            severity: Severity::High,
            evidence: Vec::new(),
            facts: Vec::new(),
            form: Form::Quoted,
            depth: 0,
            claim: Claim::Open,
            ledger,
            files: List::default(),
        }
    }

    /// Returns the confidence and severity of such a value in a file.
    fn at(path: &str, marks: &[Mark]) -> Option<(Confidence, Severity)> {
        apply(path.as_bytes(), detection(marks)).ok().map(|one| (one.confidence, one.severity))
    }

    #[test]
    fn test_paths_lower_confidence_or_severity() {
        for path in ["tests/app.env", "spec/a.yml", ".env.example", "samples/a.json", "src/config_test.go"] {
            assert_eq!(at(path, CHOSEN), Some((Confidence::Low, Severity::High)), "{path}");
            assert_eq!(at(path, DRAWN), Some((Confidence::Medium, Severity::Medium)), "{path}");
        }
    }

    #[test]
    fn file_dependent_rules_apply_only_to_matching_files() {
        let files = ["master.key", "credentials/*.key", ".vault_pass*"].map(Str::Borrowed);
        let path_fits = |path: &str| is_named(path.as_bytes(), &files);
        for path in [
            "master.key",
            "config/Master.KEY",
            "app.zip!config/master.key",
            "C:\\app\\config\\credentials\\production.key",
            "credentials/.key",
            "ops/.vault_pass",
            ".vault_password.txt",
        ] {
            assert!(path_fits(path), "{path}");
        }
        for path in
            ["", "webmaster.key", "master.key.enc", "master.key/readme", "production.key", "credentials/a/b.key"]
        {
            assert!(!path_fits(path), "{path}");
        }
        let of_name = || Detection { files: files.to_vec().into(), form: Form::Token, ..detection(&[]) };
        assert!(apply(b"config/master.key", of_name()).is_ok());
        assert!(apply(b"config/other.key", of_name()).is_err());
        assert!(apply(b"", of_name()).is_ok(), "it may be called so still");
    }

    #[test]
    fn recorded_traffic_is_not_a_sample() {
        for path in ["cassettes/a.yml", "spec/vcr_cassettes/a.yml", "tests/a.har", "test/run.log"] {
            assert_eq!(at(path, DRAWN), Some((Confidence::Medium, Severity::High)), "{path}");
        }
    }

    #[test]
    fn third_party_code_lowers_the_confidence_of_chosen_values() {
        for path in ["vendor/a.go", "web/node_modules/a/b.js", "third_party/a.py", "ios/Pods/a.m"] {
            assert_eq!(at(path, CHOSEN), Some((Confidence::Low, Severity::High)), "{path}");
            assert_eq!(at(path, DRAWN), Some((Confidence::Medium, Severity::High)), "{path}");
        }
        assert_eq!(at("vendor.json", CHOSEN), Some((Confidence::Medium, Severity::High)));
    }

    #[test]
    fn weak_passwords_count_where_they_are_deployed() {
        let weak = [Mark::Password, Mark::Chosen, Mark::Weak];
        for (path, confidence) in [
            (".env.production", Confidence::Medium),
            ("deploy/values.yaml", Confidence::Medium),
            ("Dockerfile", Confidence::Medium),
            ("src/login.py", Confidence::Low),
            ("README.md", Confidence::Low),
        ] {
            assert_eq!(at(path, &weak), Some((confidence, Severity::High)), "{path}");
        }
    }

    #[test]
    fn applying_a_path_repeatedly_counts_once() {
        let once = apply(b"tests/a.env", detection(DRAWN)).unwrap();
        let twice = apply(b"tests/a.env", apply(b"", detection(DRAWN)).unwrap()).unwrap();
        assert_eq!((once.severity, once.ledger), (twice.severity, twice.ledger));
    }
}

//! The rules about which module may import which: the sources are compared with the layer table at the head of
//! `src/lib.rs`.
//!
//! The sources are read as text: comments and literals are blanked, then every path (`a::b::c`, with groups written
//! out) is looked at, in `use` declarations and in code alike. `super` is resolved relative to the module that it
//! appears in.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};

/// The paths that a module must not name in any file of its folder.
const FORBIDDEN: [(&str, &[&str]); 6] = [
    (
        "detect",
        &[
            "crate::source",
            "crate::git",
            "crate::attribution",
            "crate::fs",
            "crate::config",
            "crate::output",
            "crate::cli",
            "crate::scan",
            "crate::hook",
            "std::fs",
            "std::env",
            "std::time",
            "std::io",
            "gix",
        ],
    ),
    ("output", &["crate::git", "crate::source", "crate::config", "crate::scan"]),
    ("git", &["crate::detect", "crate::rule", "crate::rule_set", "crate::remediation", "crate::output"]),
    ("source", &["crate::detect", "crate::rule", "crate::rule_set", "crate::remediation", "crate::output"]),
    ("attribution", &["crate::detect", "crate::rule", "crate::rule_set", "crate::remediation", "crate::output"]),
    ("remediation", &["std::fs", "std::env"]),
];

/// The only file that may use the standard streams.
const SHELL: &str = "src/cli/shell.rs";

/// The module that tests within a module may import in addition to what the module itself may: the generator of
/// examples.
const FOR_TESTS: &str = "proof";

/// A path that a source file names, from its root: `crate`, `keysweep`, or another crate.
#[derive(Debug, Clone)]
struct Crossing {
    file: String,
    /// The top-level module that names the path; `main` and `lib` for the two roots.
    module: String,
    /// `true` if the path appears in a module of tests.
    in_tests: bool,
    path: Vec<String>,
}

impl Crossing {
    /// Returns `true` if the path of this crossing is `path` or below it.
    fn is_within(&self, path: &str) -> bool {
        let wanted: Vec<&str> = path.split("::").collect();
        self.path.len() >= wanted.len() && self.path.iter().zip(wanted).all(|(have, want)| have == want)
    }

    /// Returns the top-level module of this crate that the path names, if it names one.
    fn target(&self) -> Option<&str> {
        let local = ["crate", "keysweep"].contains(&self.path.first()?.as_str());
        if local { self.path.get(1).map(String::as_str) } else { None }
    }
}

impl Display for Crossing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.file, self.path.join("::"))
    }
}

// ---------------------------------------------------------------- the rules

#[test]
fn every_module_has_its_layer() {
    let (table, modules) = (layers(), modules());
    for module in &modules {
        assert!(table.contains_key(module), "{module} is missing in the table of src/lib.rs");
    }
    for named in table.keys() {
        assert!(modules.contains(named), "the table of src/lib.rs names {named}, which is no module");
    }
}

#[test]
fn imports_go_up_the_layers_only() {
    let table = layers();
    let goes_down = |crossing: &Crossing| {
        let own = table.get(&crossing.module);
        let target = crossing.target().and_then(|target| table.get(target));
        let for_tests = crossing.in_tests && crossing.target() == Some(FOR_TESTS);
        own.zip(target).is_some_and(|(own, target)| target > own) && !for_tests
    };
    refuse("a layer below is imported", goes_down);
}

#[test]
fn the_architecture_table_matches_the_code() {
    let table = imports();
    assert_eq!(table.len(), modules().len(), "ARCHITECTURE.md has another number of modules than src/lib.rs");
    let mut used: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for crossing in crossings().iter().filter(|crossing| !crossing.in_tests) {
        let target = crossing.target().filter(|target| table.contains_key(*target) && *target != crossing.module);
        if let (Some(target), true) = (target, table.contains_key(&crossing.module)) {
            used.entry(crossing.module.clone()).or_default().insert(target.to_owned());
        }
    }
    for (module, allowed) in table {
        let used = used.remove(&module).unwrap_or_default();
        assert_eq!(allowed, used, "what {module} imports is not what ARCHITECTURE.md says");
    }
}

/// No file imports another file that, directly or through others, imports it. Re-exports are followed: a name that a
/// module re-exports counts as an import of the file that defines it.
#[test]
fn no_files_import_each_other() {
    let files: BTreeMap<Vec<String>, String> = sources(&root().join("src"))
        .iter()
        .map(|path| path.strip_prefix(root()).unwrap_or(path).display().to_string())
        .map(|file| (module_path(&file), file))
        .collect();
    let doors: BTreeMap<Vec<String>, BTreeMap<String, Vec<String>>> =
        files.iter().map(|(module, file)| (module.clone(), given_on(module, &read(&root().join(file))))).collect();
    let mut imports: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for crossing in crossings().iter().filter(|crossing| !crossing.in_tests) {
        let Some(("crate", path)) = crossing.path.split_first().map(|(first, rest)| (first.as_str(), rest)) else {
            continue;
        };
        let target = &files[&holder(path, &files, &doors)];
        if *target != crossing.file {
            imports.entry(crossing.file.clone()).or_default().insert(target.clone());
        }
    }
    assert!(imports.len() > 100, "only {} files import others", imports.len());
    // A file that imports none of the files that are left isn't part of a cycle.
    let mut before = 0;
    while imports.len() != before {
        before = imports.len();
        let left: BTreeSet<String> = imports.keys().cloned().collect();
        imports.values_mut().for_each(|of| of.retain(|file| left.contains(file)));
        imports.retain(|_, of| !of.is_empty());
    }
    assert!(imports.is_empty(), "these files import each other, or what does: {imports:#?}");
}

/// Returns the names that a module re-exports with `pub use`, each with the module that defines it.
fn given_on(module: &[String], text: &str) -> BTreeMap<String, Vec<String>> {
    let code = blank(text);
    let statements = code.split(';').filter_map(|statement| statement.trim_start().strip_prefix("pub use "));
    let all = statements.flat_map(paths);
    all.filter_map(|path| {
        let (name, inside) = path.split_last()?;
        Some((name.clone(), [module, inside].concat()))
    })
    .collect()
}

/// Returns the module with a file of its own that a path leads to.
fn holder(
    path: &[String],
    files: &BTreeMap<Vec<String>, String>,
    doors: &BTreeMap<Vec<String>, BTreeMap<String, Vec<String>>>,
) -> Vec<String> {
    let lengths = (0..=path.len()).rev();
    let module = lengths.map(|length| path[..length].to_vec()).find(|module| files.contains_key(module));
    let module = module.unwrap_or_default();
    match path.get(module.len()).and_then(|name| doors[&module].get(name)) {
        Some(behind) if files.contains_key(behind) => holder(behind, files, doors),
        _ => module,
    }
}

#[test]
fn every_source_folder_is_in_the_architecture_document() {
    let map = read(&root().join("ARCHITECTURE.md"));
    let folders: BTreeSet<PathBuf> =
        sources(&root().join("src")).iter().filter_map(|path| Some(path.parent()?.to_path_buf())).collect();
    for folder in folders {
        let name = folder.strip_prefix(root()).unwrap_or(&folder).display().to_string();
        // A nested folder may be named in the row of its parent.
        let short = format!("`{}/`", folder.file_name().unwrap_or_default().to_string_lossy());
        let is_named = map.contains(&format!("`{name}`")) || map.contains(&short);
        assert!(name == "src" || is_named, "ARCHITECTURE.md does not name {name}");
    }
}

/// Only one module can open a connection, so that every command without it is offline.
#[test]
fn only_one_module_uses_the_network() {
    const NETWORK: [&str; 7] = [
        "std::net::TcpStream",
        "std::net::TcpListener",
        "std::net::UdpSocket",
        "std::net::ToSocketAddrs",
        "std::os::unix::net",
        "ureq",
        "rustls",
    ];
    refuse("the network is named", |crossing| {
        let is_sent = crossing.is_within("crate::live::client") || crossing.is_within("crate::live::ask");
        let is_asker = crossing.file.starts_with("src/cli/live/");
        crossing.module != "live" && (is_sent && !is_asker || NETWORK.iter().any(|path| crossing.is_within(path)))
    });
}

#[test]
fn no_module_uses_a_path_forbidden_to_it() {
    refuse("a forbidden path is named", |crossing| {
        let own = FORBIDDEN.iter().filter(|(module, _)| *module == crossing.module);
        own.flat_map(|(_, paths)| *paths).any(|path| crossing.is_within(path))
    });
}

#[test]
fn only_main_imports_the_command_line() {
    refuse("cli is imported", |crossing| {
        crossing.target() == Some("cli") && !["main", "cli"].contains(&crossing.module.as_str())
    });
}

#[test]
fn main_imports_nothing_but_the_command_line() {
    refuse("main reaches past cli", |crossing| {
        crossing.module == "main" && crossing.target().is_some_and(|target| target != "cli")
    });
}

#[test]
fn only_git_uses_gix() {
    refuse("gix is used", |crossing| crossing.is_within("gix") && crossing.module != "git");
}

#[test]
fn only_the_shell_uses_the_standard_streams() {
    let names_a_stream = |crossing: &Crossing| {
        let pairs = crossing.path.windows(2);
        pairs.into_iter().any(|pair| pair[0] == "io" && ["stdout", "stderr"].contains(&pair[1].as_str()))
    };
    refuse("a standard stream is named", |crossing| crossing.file != SHELL && names_a_stream(crossing));
}

/// An error's own text doesn't include that of its source, since a chain of errors shows the text of each and would
/// show the source twice.
#[test]
fn no_error_has_its_source_in_its_own_words() {
    let pattern = r"#\[error\([^\]]*\{(?:0|source)[:}][^\]]*\)\]\s*[A-Z]\w*\s*[({][^)}]*#\[(?:from|source)\]";
    let twice = regex::Regex::new(pattern).unwrap_or_else(|why| panic!("{why}"));
    assert!(twice.is_match("#[error(\"{0}; try again\")]\n    Io(#[from] io::Error),"));
    for path in sources(&root().join("src")) {
        let found = twice.find(&read(&path)).map(|found| found.as_str().to_owned());
        assert_eq!(found, None, "{}", path.display());
    }
}

/// The parser that these tests rely on sees every form of path.
#[test]
fn imports_are_recognised_in_every_syntax() {
    let text = "use crate::{a::B, c::{self, D}};\n// crate::comment\nfn f() { super::x(); \"crate::text\"; 'c'; gix::y }\n\
                #[cfg(test)]\nmod tests { use super::super::std::io::{self, stdout}; fn g<'a>() { crate::z!() } }\n";
    let seen: Vec<String> = crossings_of("src/top/inner.rs", text)
        .map(|crossing| format!("{}{}", if crossing.in_tests { "test " } else { "" }, crossing.path.join("::")))
        .collect();
    let expected = [
        "crate::a::B",
        "crate::c::self",
        "crate::c::D",
        "crate::top::x",
        "gix::y",
        "test crate::top::std::io::self",
        "test crate::top::std::io::stdout",
        "test crate::z",
    ];
    assert_eq!(seen, expected);
}

#[track_caller]
fn refuse(what: &str, wrong: impl Fn(&Crossing) -> bool) {
    let all = crossings();
    assert!(all.len() > 100, "the sources were not read: {} crossings", all.len());
    let wrong: Vec<String> = all.iter().filter(|crossing| wrong(crossing)).map(ToString::to_string).collect();
    assert!(wrong.is_empty(), "{what}:\n{}", wrong.join("\n"));
}

// ---------------------------------------------------------------- the table

/// Returns each module with the number of its line in the table; modules on the same line may import each other.
fn layers() -> BTreeMap<String, usize> {
    let text = read(&root().join("src/lib.rs"));
    let lines = text.lines().filter_map(|line| line.strip_prefix("//! - [`"));
    lines.enumerate().flat_map(|(layer, line)| names(line).map(move |name| (name, layer))).collect()
}

/// Returns each module with the modules that the table of ARCHITECTURE.md lets it import.
fn imports() -> BTreeMap<String, BTreeSet<String>> {
    let text = read(&root().join("ARCHITECTURE.md"));
    let table = text.split("## Layers").nth(1).unwrap_or_default();
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `")?.strip_suffix('|'));
    rows.filter_map(|row| {
        let (module, imports) = row.split_once("` |")?;
        let names = imports.split(',').map(|name| name.trim().trim_matches('`').to_owned());
        Some((module.to_owned(), names.filter(|name| !name.is_empty()).collect()))
    })
    .collect()
}

/// Returns the names before the colon, from a line such as "text`]: spans" or "rule`], [`rule_set`]: what".
fn names(line: &str) -> impl Iterator<Item = String> + '_ {
    let names = line.split_once("`]: ").map_or("", |(names, _)| names);
    names.split("`], [`").map(str::to_owned)
}

/// Returns the modules that src/lib.rs declares.
fn modules() -> Vec<String> {
    let text = read(&root().join("src/lib.rs"));
    let declared = text.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    declared.map(str::to_owned).collect()
}

// ---------------------------------------------------------------- the sources

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

/// Returns all source files below a folder, in order of their names.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|why| panic!("{}: {why}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let below = |path: PathBuf| if path.is_dir() { sources(&path) } else { vec![path] };
    let files = paths.into_iter().flat_map(below);
    files.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}

fn crossings() -> Vec<Crossing> {
    let name = |path: &Path| path.strip_prefix(root()).unwrap_or(path).display().to_string();
    let read = |path: PathBuf| crossings_of(&name(&path), &read(&path)).collect::<Vec<_>>();
    sources(&root().join("src")).into_iter().flat_map(read).collect()
}

fn crossings_of(file: &str, text: &str) -> impl Iterator<Item = Crossing> {
    let own = module_path(file);
    let module = own.first().cloned().unwrap_or_else(|| file.trim_start_matches("src/").replace(".rs", ""));
    let file = file.to_owned();
    let code = blank(text);
    // By convention, the tests of a file are in one module at its end.
    let (code, tests) = code.split_once("#[cfg(test)]\nmod ").unwrap_or((&code, ""));
    let of_code = paths(code).into_iter().filter_map(|path| Some((resolve(&own, path)?, false))).collect::<Vec<_>>();
    let within = [&own[..], &["tests".to_owned()]].concat();
    let of_tests = paths(tests).into_iter().filter_map(move |path| Some((resolve(&within, path)?, true)));
    let all = of_code.into_iter().chain(of_tests.collect::<Vec<_>>());
    all.map(move |(path, in_tests)| Crossing { file: file.clone(), module: module.clone(), in_tests, path })
}

/// Returns the module path of a file: `src/detect/check/mod.rs` is `detect::check`; the two roots have an empty path.
fn module_path(file: &str) -> Vec<String> {
    let inner = file.trim_start_matches("src/").trim_end_matches(".rs");
    let parts = inner.split('/').filter(|part| !["mod", "lib", "main"].contains(part));
    parts.map(str::to_owned).collect()
}

/// Resolves a path to one from the crate's root; returns `None` if it names something in the module itself.
fn resolve(own: &[String], path: Vec<String>) -> Option<Vec<String>> {
    let ups = path.iter().take_while(|part| *part == "super").count();
    if ups == 0 {
        return (path.len() > 1 && path[0] != "self").then_some(path);
    }
    let base = own.iter().take(own.len().saturating_sub(ups)).cloned();
    Some(["crate".to_owned()].into_iter().chain(base).chain(path.into_iter().skip(ups)).collect())
}

// ---------------------------------------------------------------- a parser of paths

/// Returns the code with a space in place of each comment and literal.
fn blank(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let skip = comment(rest).or_else(|| literal(rest));
        match skip {
            Some(_) => out.push(' '),
            None => out.push(first),
        }
        rest = &rest[skip.unwrap_or(first.len_utf8())..];
    }
    out
}

/// Returns the length of the comment that the text starts with.
fn comment(text: &str) -> Option<usize> {
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    let inner = text.strip_prefix("/*")?;
    Some(inner.find("*/").map_or(text.len(), |end| end + 4))
}

/// Returns the length of the string or character literal that the text starts with.
fn literal(text: &str) -> Option<usize> {
    let raw = text.trim_start_matches('r').trim_start_matches('#');
    if text.starts_with('r') && raw.starts_with('"') {
        let hashes = text.len() - raw.len() - 1;
        let end = format!("\"{}", "#".repeat(hashes));
        return raw[1..].find(&end).map(|at| text.len() - raw.len() + 1 + at + end.len());
    }
    match text.chars().next()? {
        '"' => Some(quoted(text, '"')),
        '\'' => character(text),
        _ => None,
    }
}

fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = true;
    for (at, next) in text.char_indices() {
        if next == quote && !escaped {
            return at + next.len_utf8();
        }
        escaped = next == '\\' && !escaped;
    }
    text.len()
}

/// Returns the length of a character literal such as `'a'` or `'\n'`; the lifetime `'a` isn't one.
fn character(text: &str) -> Option<usize> {
    let mut inner = text[1..].char_indices();
    let (_, first) = inner.next()?;
    if first == '\\' {
        return Some(quoted(text, '\''));
    }
    let (at, second) = inner.next()?;
    (second == '\'').then_some(at + 2)
}

/// Returns all paths in blanked code, with groups written out.
fn paths(code: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut rest = code;
    while !rest.is_empty() {
        let name = identifier(rest);
        if name.is_empty() {
            let next = rest.chars().next().map_or(1, char::len_utf8);
            rest = &rest[next..];
        } else {
            rest = path(rest, &[], &mut found);
        }
    }
    found
}

fn identifier(text: &str) -> &str {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    &text[..text.find(|c| !is_part(c)).unwrap_or(text.len())]
}

/// Reads one path that continues `prefix`; returns the text after it.
fn path<'t>(text: &'t str, prefix: &[String], found: &mut Vec<Vec<String>>) -> &'t str {
    let name = identifier(text);
    let here = [prefix, &[name.to_owned()]].concat();
    let after = &text[name.len()..];
    let Some(next) = after.strip_prefix("::") else {
        found.push(here);
        return after;
    };
    if let Some(inside) = next.strip_prefix('{') {
        return group(inside, &here, found);
    }
    if identifier(next).is_empty() {
        // This is `use a::*` or `collect::<T>()`.
        found.push(here);
        return next;
    }
    path(next, &here, found)
}

/// Reads the inside of `{…}` and the closing brace; returns the text after it.
fn group<'t>(inside: &'t str, prefix: &[String], found: &mut Vec<Vec<String>>) -> &'t str {
    let mut rest = inside;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',' || c == '*');
        if let Some(after) = rest.strip_prefix('}') {
            return after;
        }
        if identifier(rest).is_empty() {
            return rest;
        }
        rest = path(rest, prefix, found);
        rest = rest.trim_start();
        if let Some(alias) = rest.strip_prefix("as ") {
            rest = &alias.trim_start()[identifier(alias.trim_start()).len()..];
        }
    }
}

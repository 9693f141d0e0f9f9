//! The values that a compose file sets, line by line: the build arguments and variables of its services, and the
//! folders that it builds.
//!
//! The file is read by the indentation of its lines, as people and tools write it, and by brackets where it is in flow
//! style; anchors and aliases are not followed.

use super::flow::{self, Flow};
use crate::finding::{ComposeSetting, Visibility};

/// The values and builds that a compose file describes.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Compose {
    /// The values that the file sets.
    pub settings: Vec<ComposeSetting>,
    /// The folders that the file builds, each with its Dockerfile if one is named.
    pub builds: Vec<(String, Option<String>)>,
}

/// Returns the names under which compose looks for its file and for the override file.
pub fn names() -> impl Iterator<Item = String> {
    let stems = ["compose", "docker-compose", "compose.override", "docker-compose.override"];
    stems.into_iter().flat_map(|stem| ["yaml", "yml"].map(|end| format!("{stem}.{end}")))
}

/// Reads a compose file.
pub fn parse(text: &str) -> Compose {
    let mut compose = Compose::default();
    let mut parents: Vec<(usize, String)> = Vec::new();
    // The indentation of the setting that may continue on the next lines.
    let mut open: Option<usize> = None;
    // The number of the line after the last value in flow style, and the position of the current line.
    let (mut next, mut start) = (0, 0);
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let at = start;
        start += line.len();
        if number < next {
            continue;
        }
        let line = line.trim_end_matches(['\r', '\n']);
        let content = line.trim_start_matches(' ');
        let depth = line.len() - content.len();
        if content.trim().is_empty() || content.starts_with('#') {
            continue;
        }
        if open.is_some_and(|own| depth > own) {
            compose.settings.last_mut().into_iter().for_each(|last| last.lines.1 = number + 1);
            continue;
        }
        open = None;
        let item = content.strip_prefix("- ");
        // The items of a list may have the same indentation as the key that they belong to.
        parents.retain(|(own, _)| *own < depth || (item.is_some() && *own == depth));
        let (key, value) = match item {
            Some(item) => unquoted(item).split_once('=').unwrap_or((unquoted(item), "")),
            None => content.split_once(':').unwrap_or((content, "")),
        };
        let (key, value) = (unquoted(key), unquoted(value));
        let path: Vec<&str> = parents.iter().map(|(_, key)| &**key).collect();
        if let Some((flow, ends)) = flow_after(text, at, line).filter(|_| item.is_none()) {
            next = number + ends + 1;
            let path = if content.starts_with(BRACKETS) { path } else { [path, vec![key]].concat() };
            compose.flow(&path, &flow, number + 1);
            continue;
        }
        if let Some((service, visibility, name)) = setting(&path, key, value) {
            let (service, name) = (service.to_owned(), name.to_owned());
            compose.settings.push(ComposeSetting { lines: (number + 1, number + 1), service, name, visibility });
            open = Some(depth);
        } else {
            build(&path, key, value, &mut compose.builds);
            if item.is_none() {
                parents.push((depth, key.to_owned()));
            }
        }
    }
    compose
}

/// The signs that a value in flow style starts with.
const BRACKETS: [char; 2] = ['{', '['];

/// Returns the value in flow style that a line is or that its key has, and the number of line ends in it. The line starts
/// at a position of the text.
fn flow_after(text: &str, at: usize, line: &str) -> Option<(Flow, usize)> {
    let bare = line.trim_start();
    let value = if bare.starts_with(BRACKETS) { bare } else { bare.split_once(':')?.1.trim_start() };
    let is_flow = value.starts_with(BRACKETS);
    is_flow.then(|| flow::parse(&text[at + line.len() - value.len()..]))?
}

impl Compose {
    /// Adds the values in flow style below a path; `first` is the number of their first line.
    fn flow(&mut self, path: &[&str], flow: &Flow, first: usize) {
        match flow {
            Flow::Mapping(entries) => {
                if let [above @ .., "build"] = path {
                    build(above, "build", "", &mut self.builds);
                }
                for (key, value) in entries {
                    match value {
                        Flow::Scalar(text, lines) => self.scalar(path, key, text, (first + lines.0, first + lines.1)),
                        value => self.flow(&[path, &[key]].concat(), value, first),
                    }
                }
            }
            Flow::List(items) => {
                for item in items {
                    match item {
                        Flow::Scalar(text, lines) => {
                            let (key, value) = text.split_once('=').unwrap_or((text, ""));
                            self.scalar(path, key, value, (first + lines.0, first + lines.1));
                        }
                        item => self.flow(path, item, first),
                    }
                }
            }
            Flow::Scalar(..) => {}
        }
    }

    fn scalar(&mut self, path: &[&str], key: &str, value: &str, lines: (usize, usize)) {
        match setting(path, key, value) {
            Some((service, visibility, name)) => {
                let (service, name) = (service.to_owned(), name.to_owned());
                self.settings.push(ComposeSetting { lines, service, name, visibility });
            }
            None => build(path, key, value, &mut self.builds),
        }
    }
}

/// Returns the service, the visibility and the name of a value at a path. If a value in flow style can't be read, its
/// place is known, but no names.
fn setting<'t>(path: &[&'t str], key: &'t str, value: &str) -> Option<(&'t str, Visibility, &'t str)> {
    let is_flow = value.starts_with(['{', '[']);
    match (path, key) {
        (["services", service, "build", "args"], name) => Some((service, Visibility::BuildArgument, name)),
        (["services", service, "environment"], name) => Some((service, Visibility::Variable, name)),
        (["services", service, "build"], "args") if is_flow => Some((service, Visibility::BuildArgument, "")),
        (["services", service], "environment") if is_flow => Some((service, Visibility::Variable, "")),
        _ => None,
    }
}

/// Records the folder and the Dockerfile that a service builds.
fn build(path: &[&str], key: &str, value: &str, builds: &mut Vec<(String, Option<String>)>) {
    match (path, key) {
        (["services", _], "build") if value.is_empty() => builds.push((".".to_owned(), None)),
        (["services", _], "build") => builds.push((value.to_owned(), None)),
        (["services", _, "build"], "context") => {
            builds.last_mut().into_iter().for_each(|last| value.clone_into(&mut last.0));
        }
        (["services", _, "build"], "dockerfile") => {
            builds.last_mut().into_iter().for_each(|last| last.1 = Some(value.to_owned()));
        }
        _ => {}
    }
}

/// Returns a scalar without its quotes and without the comment after it.
fn unquoted(text: &str) -> &str {
    let text = text.trim();
    match text.chars().next() {
        Some(quote @ ('"' | '\'')) => text[1..].split(quote).next().unwrap_or_default(),
        _ => text.split(" #").next().unwrap_or_default().trim_end(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "name: x\nservices:\n  web:\n    build:\n      context: ./web # here\n      dockerfile: 'Dockerfile.web'\n      \
        args:\n        TOKEN: abc\n        KEY: |\n          one\n          two\n    environment:\n    - \"A=b\"\n    - C=d # why\n    \
        command: |\n      environment:\n        NOT: this\n  db:\n    build: db\n    environment: {P: q}\n    labels:\n      L: m\n  \
        list:\n    build:\n      args:\n        - N=1\n";

    #[test]
    fn compose_values_have_their_line_ranges() {
        let compose = parse(FILE);
        let settings: Vec<_> = compose
            .settings
            .iter()
            .map(|one| (one.lines, &*one.service, &*one.name, one.visibility.as_str()))
            .collect();
        let (argument, variable) = ("build-argument", "variable");
        assert_eq!(
            settings,
            [
                ((8, 8), "web", "TOKEN", argument),
                ((9, 11), "web", "KEY", argument),
                ((13, 13), "web", "A", variable),
                ((14, 14), "web", "C", variable),
                ((20, 20), "db", "P", variable),
                ((26, 26), "list", "N", argument),
            ]
        );
        let dockerfile = Some("Dockerfile.web".to_owned());
        assert_eq!(compose.builds, [("./web".to_owned(), dockerfile), ("db".to_owned(), None), (".".to_owned(), None)]);
    }

    #[test]
    fn any_text_is_parsed_to_its_end() {
        for text in
            ["", ":", "- ", "-", "services:\n  - a\n", "\"", "'\n\u{feff}:", "services:\n\tweb:\n", "a:\r\n  b: c\r\n"]
        {
            let _ = parse(text);
        }
        let windows = parse(&FILE.replace('\n', "\r\n"));
        assert_eq!(windows, parse(FILE));
    }
}

//! JSON with comments and trailing commas, changed in its own text: everything that isn't ours keeps its order, form
//! and comments.

use serde_json::Value;

/// The most levels of nesting in a text.
const MAX_DEPTH: usize = 64;

/// A value and its place in the text.
#[derive(Debug)]
struct Node {
    /// The offset at which the value begins, or the key before it.
    from: usize,
    start: usize,
    end: usize,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Object(Vec<(String, Node)>),
    Array(Vec<Node>),
    Other,
}

impl Node {
    fn member(&self, key: &str) -> Option<&Self> {
        match &self.kind {
            Kind::Object(members) => members.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    fn children(&self) -> Vec<&Self> {
        match &self.kind {
            Kind::Object(members) => members.iter().map(|(_, value)| value).collect(),
            Kind::Array(items) => items.iter().collect(),
            Kind::Other => Vec::new(),
        }
    }

    /// Returns the value as plain JSON.
    fn value(&self, text: &str) -> Value {
        match &self.kind {
            Kind::Object(members) => members.iter().map(|(key, value)| (key.clone(), value.value(text))).collect(),
            Kind::Array(items) => items.iter().map(|item| item.value(text)).collect(),
            Kind::Other => serde_json::from_str(&text[self.start..self.end]).unwrap_or_default(),
        }
    }
}

/// Returns the value of a text.
pub(super) fn read(text: &str) -> Option<Value> {
    Some(parse(text)?.value(text))
}

/// Returns the text with a value at the end of the list that these keys lead to; missing keys are added. `None` if the
/// text isn't JSON, or if something other than a list is there.
pub(super) fn push(text: &str, keys: &[&str], item: &Value) -> Option<String> {
    let root = parse(text)?;
    let mut node = &root;
    for (at, key) in keys.iter().enumerate() {
        let Kind::Object(_) = node.kind else { return None };
        match node.member(key) {
            Some(found) => node = found,
            None => {
                let wrapped = keys[at + 1..].iter().rev().fold(Value::Array(vec![item.clone()]), |inner, key| {
                    Value::Object([((*key).to_owned(), inner)].into_iter().collect())
                });
                return Some(inserted(text, node, Some(key), &wrapped));
            }
        }
    }
    matches!(node.kind, Kind::Array(_)).then(|| inserted(text, node, None, item))
}

/// Returns the text with a member, which replaces the one of that name or is added at the end.
pub(super) fn set(text: &str, key: &str, value: &Value) -> Option<String> {
    let text = removed(text, &|at, _| at == [key]).unwrap_or_else(|| text.to_owned());
    let root = parse(&text)?;
    matches!(root.kind, Kind::Object(_)).then(|| inserted(&text, &root, Some(key), value))
}

/// Returns the text without the values that `is_ours` selects by their keys and content, and without the containers
/// that become empty; `None` if there are no such values.
pub(super) fn removed(text: &str, is_ours: &dyn Fn(&[&str], &Value) -> bool) -> Option<String> {
    let mut text = text.to_owned();
    let mut is_changed = false;
    loop {
        let root = parse(&text)?;
        let Some(path) = find(&text, &root, &mut Vec::new(), is_ours) else { break };
        let next = cut(&text, &root, &path);
        text = next;
        is_changed = true;
    }
    is_changed.then_some(text)
}

/// Returns the positions that lead to the first value that is ours.
fn find<'n>(
    text: &str,
    node: &'n Node,
    keys: &mut Vec<&'n str>,
    is_ours: &dyn Fn(&[&str], &Value) -> bool,
) -> Option<Vec<usize>> {
    let names: Vec<&str> = match &node.kind {
        Kind::Object(members) => members.iter().map(|(key, _)| key.as_str()).collect(),
        _ => vec![""; node.children().len()],
    };
    for (at, (child, name)) in node.children().into_iter().zip(names).enumerate() {
        keys.push(name);
        let inner = if is_ours(keys, &child.value(text)) { Some(Vec::new()) } else { find(text, child, keys, is_ours) };
        keys.pop();
        if let Some(mut inner) = inner {
            inner.insert(0, at);
            return Some(inner);
        }
    }
    None
}

/// Returns the text without the value at these positions; a container that becomes empty is removed as well, except the
/// outermost.
fn cut(text: &str, root: &Node, path: &[usize]) -> String {
    let mut nodes = vec![root];
    for at in path {
        let next = nodes.last().and_then(|node| node.children().get(*at).copied());
        nodes.extend(next);
    }
    while nodes.len() > 2 && nodes[nodes.len() - 2].children().len() == 1 {
        nodes.pop();
    }
    let [.., parent, child] = nodes[..] else { return text.to_owned() };
    let mut text = text.to_owned();
    let before = text[..child.from].trim_end_matches([' ', '\t']).len();
    let before = text[..before].strip_suffix('\n').map_or(before, |rest| rest.trim_end_matches('\r').len());
    match comma_after(&text, child.end) {
        Some(comma) => text.replace_range(before..comma + 1, ""),
        None => {
            text.replace_range(before..child.end, "");
            let previous = parent.children().into_iter().rev().find(|other| other.end <= before);
            if let Some(comma) = previous.and_then(|previous| comma_after(&text, previous.end)) {
                text.replace_range(comma..comma + 1, "");
            }
        }
    }
    text
}

fn comma_after(text: &str, at: usize) -> Option<usize> {
    let at = Parser { text, at }.skipped();
    text[at..].starts_with(',').then_some(at)
}

/// Returns the text with a value at the end of a container.
fn inserted(text: &str, node: &Node, key: Option<&str>, value: &Value) -> String {
    let line = |at: usize| &text[text[..at].rfind('\n').map_or(0, |end| end + 1)..at];
    let indent = |at: usize| -> String { line(at).chars().take_while(|next| next.is_whitespace()).collect() };
    let last = node.children().last().map(|last| (last.from, last.end));
    let own_line = last.filter(|(from, _)| line(*from).trim().is_empty());
    let inner = own_line.map_or_else(|| indent(node.start) + "  ", |(from, _)| indent(from));
    let value = serde_json::to_string_pretty(value).unwrap_or_default().replace('\n', &format!("\n{inner}"));
    let entry = key.map_or_else(|| value.clone(), |key| format!("{}: {value}", Value::from(key)));
    let (at, entry) = match (last, own_line) {
        (None, _) => (node.start + 1, format!("\n{inner}{entry}\n{}", indent(node.start))),
        (Some((_, end)), Some(_)) => (end, format!(",\n{inner}{entry}")),
        (Some((_, end)), None) => (end, format!(", {entry}")),
    };
    let mut out = text.to_owned();
    if last.is_none() && text[at..node.end - 1].trim().is_empty() {
        out.replace_range(at..node.end - 1, &entry);
    } else {
        out.insert_str(at, &entry);
    }
    out
}

fn parse(text: &str) -> Option<Node> {
    let mut parser = Parser { text, at: if text.starts_with('\u{feff}') { 3 } else { 0 } };
    let node = parser.value(0)?;
    parser.skip();
    (parser.at == text.len()).then_some(node)
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
}

impl Parser<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn eat(&mut self, next: char) -> bool {
        let is_next = self.rest().starts_with(next);
        self.at += usize::from(is_next) * next.len_utf8();
        is_next
    }

    /// Skips white space and comments.
    fn skip(&mut self) {
        loop {
            let rest = self.rest();
            self.at += rest.len() - rest.trim_start().len();
            let rest = self.rest();
            let length = if rest.starts_with("//") {
                rest.find('\n').unwrap_or(rest.len())
            } else if rest.starts_with("/*") {
                rest.find("*/").map_or(rest.len(), |end| end + 2)
            } else {
                return;
            };
            self.at += length;
        }
    }

    fn skipped(mut self) -> usize {
        self.skip();
        self.at
    }

    fn value(&mut self, depth: usize) -> Option<Node> {
        self.skip();
        let start = self.at;
        let kind = match self.rest().chars().next().filter(|_| depth < MAX_DEPTH)? {
            '{' => Kind::Object(self.list('}', |parser| {
                parser.skip();
                let from = parser.at;
                let key = parser.string()?;
                parser.skip();
                let value = if parser.eat(':') { parser.value(depth + 1)? } else { return None };
                Some((key, Node { from, ..value }))
            })?),
            '[' => Kind::Array(self.list(']', |parser| parser.value(depth + 1))?),
            '"' => self.string().map(|_| Kind::Other)?,
            _ => {
                let rest = self.rest();
                let length = rest.find(|next: char| !next.is_ascii_alphanumeric() && !"+-.".contains(next));
                let word = &rest[..length.unwrap_or(rest.len())];
                serde_json::from_str::<Value>(word).ok()?;
                self.at += word.len();
                Kind::Other
            }
        };
        Some(Node { from: start, start, end: self.at, kind })
    }

    fn list<T>(&mut self, close: char, mut item: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.skip();
            if self.eat(close) {
                return Some(items);
            }
            items.push(item(self)?);
            self.skip();
            if !self.eat(',') {
                return self.eat(close).then_some(items);
            }
        }
    }

    fn string(&mut self) -> Option<String> {
        let rest = self.rest().strip_prefix('"')?;
        let mut is_escaped = false;
        let end = rest.find(|next| {
            let ends = next == '"' && !is_escaped;
            is_escaped = next == '\\' && !is_escaped;
            ends
        })?;
        let text = serde_json::from_str(&self.rest()[..end + 2]).ok()?;
        self.at += end + 2;
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const OURS: &dyn Fn(&[&str], &Value) -> bool = &|_, value| value["command"] == "ours";

    #[test]
    fn adding_and_removing_an_entry_restores_the_text() {
        for text in [
            "{\n  // mine\n  \"a\": [1, 2], /* and */\n  \"hooks\": {\n    \"Pre\": [\n      { \"command\": \"x\" } // first\n    ]\n  }\n}\n",
            "{\n    \"model\": \"x\",\n    \"hooks\": { \"Pre\": [{ \"command\": \"x\" }], },\n}\n",
            "{ \"a\": 1 }",
            "{\"hooks\":{\"Pre\":[{\"command\":\"x\"}]}}",
            "{\r\n  \"a\": \"\\\"}\"\r\n}\r\n",
        ] {
            let with = push(text, &["hooks", "Pre"], &json!({ "command": "ours" })).unwrap();
            let value = read(&with).unwrap();
            let list = value["hooks"]["Pre"].as_array().unwrap();
            assert_eq!(list.last().unwrap()["command"], "ours", "{with}");
            assert_eq!(removed(&with, OURS).unwrap().replace('\r', ""), text.replace('\r', ""), "{with}");
            assert_eq!(removed(text, OURS), None);
        }
    }

    #[test]
    fn a_leading_entry_is_removed_with_its_comma() {
        let text = "{\n  \"h\": [\n    { \"command\": \"ours\" },\n    { \"command\": \"x\" }\n  ]\n}";
        assert_eq!(removed(text, OURS).unwrap(), "{\n  \"h\": [\n    { \"command\": \"x\" }\n  ]\n}");
        assert_eq!(read(&removed("{\"h\":[{\"command\":\"ours\"}]}", OURS).unwrap()), Some(json!({})));
    }

    #[test]
    fn invalid_json_and_other_types_are_not_changed() {
        for text in ["", "{", "[1", "{\"hooks\": 1}", "{\"hooks\": {\"Pre\": {}}}", "{} x", "\"\\\""] {
            assert_eq!(push(text, &["hooks", "Pre"], &json!(1)), None, "{text}");
        }
        assert_eq!(push(&"[".repeat(1000), &["a"], &json!(1)), None);
    }
}

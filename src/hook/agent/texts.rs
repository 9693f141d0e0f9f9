//! The texts of a call that are to be checked, each by the name of its file or of the keys that lead to it.

use serde_json::Value;

/// A text in what was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The file it belongs to, or the keys that lead to it.
    pub name: String,
    /// The text.
    pub text: String,
    /// `true` if it only says what is there already and is about to go.
    pub is_old: bool,
}

/// Keys of a file's path.
pub(super) const PATHS: [&str; 6] = ["file_path", "filePath", "notebook_path", "absolute_path", "AbsolutePath", "path"];
/// Bytes of a name that are kept: every text below a long key or path bears it.
pub(super) const MAX_NAME: usize = 1024;
/// Keys of what an edit takes out.
const OLD: [&str; 4] = ["old_string", "old_str", "old_text", "oldText"];
/// The first line of a patch as Codex has it.
pub(super) const PATCH: &str = "*** Begin Patch";
/// The last.
const PATCH_END: &str = "*** End Patch";

/// The texts of what was sent, as they are found.
pub(super) struct Gathered {
    /// `true` if a tool gave them back: then nothing of them is old and none is taken apart, for the agent gets to see it
    /// all.
    is_result: bool,
    texts: Vec<Text>,
}

impl Gathered {
    /// All texts of a call.
    pub(super) fn of_call(sent: &Value) -> Vec<Text> {
        let mut gathered = Self { is_result: false, texts: Vec::new() };
        gathered.gather(sent, "", None);
        gathered.texts
    }

    /// All texts of what a tool gave back under a key.
    pub(super) fn of_result(result: &Value, key: &str) -> Vec<Text> {
        let mut gathered = Self { is_result: true, texts: Vec::new() };
        gathered.gather(result, key, None);
        gathered.texts
    }

    /// All texts below a value. An object that is about no file is also read whole: what a value is may be in its key.
    fn gather(&mut self, value: &Value, name: &str, file: Option<&str>) {
        match value {
            Value::String(text) => {
                let inner = unpacked(text);
                // A result is read as it stands, too: that is how it is masked.
                if self.is_result || inner.is_none() {
                    self.text(text, name, file);
                }
                if let Some(inner) = inner {
                    self.gather(&inner, name, file);
                }
            }
            Value::Array(values) => values.iter().for_each(|value| self.gather(value, name, file)),
            Value::Object(values) => {
                let own = PATHS.iter().find_map(|key| values.get(*key)?.as_str());
                let file = own.map(end).or(file);
                for (key, value) in values {
                    self.add(name, key.clone(), false);
                    let name = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
                    let name = end(&name);
                    // A path itself is no content of the file.
                    let file = file.filter(|_| !PATHS.contains(&key.as_str()));
                    self.gather(value, name, file);
                }
                let is_whole = file.is_none() && !name.is_empty();
                if is_whole && let Ok(text) = serde_json::to_string_pretty(value) {
                    self.add(name, text, false);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// A text; what a patch in it takes out is one of its own.
    fn text(&mut self, text: &str, key: &str, file: Option<&str>) {
        let name = file.unwrap_or(key);
        let is_old = OLD.contains(&key.rsplit('.').next().unwrap_or_default());
        if self.is_result {
            self.add(name, text.to_owned(), false);
        } else if is_old || !text.contains(PATCH) {
            self.add(name, text.to_owned(), is_old);
        } else {
            let (out, rest) = halves(text);
            self.add(name, out, true);
            self.add(name, rest, false);
        }
    }

    fn add(&mut self, name: &str, text: String, is_old: bool) {
        self.texts.push(Text { name: name.to_owned(), text, is_old });
    }
}

/// Returns the strings of a text that is JSON itself: some agents send the arguments of a tool so. A key in it makes its
/// value a secret as any other does, and its line breaks are not those of the text.
fn unpacked(text: &str) -> Option<Value> {
    let is_json = text.starts_with(['{', '[']) && text.ends_with(['}', ']']);
    is_json
        .then(|| serde_json::from_str(text).ok())
        .flatten()
        .filter(|inner: &Value| inner.is_object() || inner.is_array())
}

/// The end of a name, which says which kind of file it is or what the value is.
fn end(name: &str) -> &str {
    &name[name.ceil_char_boundary(name.len().saturating_sub(MAX_NAME))..]
}

/// Returns the lines that the patches in a text remove, and the rest: next to them a line may start with anything.
fn halves(text: &str) -> (String, String) {
    let mut in_patch = false;
    let (out, rest): (Vec<&str>, Vec<&str>) = text.split_inclusive('\n').partition(|line| {
        in_patch = if in_patch { !line.contains(PATCH_END) } else { line.contains(PATCH) };
        in_patch && line.starts_with('-')
    });
    (out.concat(), rest.concat())
}

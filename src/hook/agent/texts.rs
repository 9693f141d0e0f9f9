//! The texts of a call that must be checked, each with the name of its file or of the keys that lead to it.

use serde_json::Value;

/// A text in a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The file that it belongs to, or the keys that lead to it.
    pub name: String,
    /// The text.
    pub text: String,
    /// `true` if the text is there already and is about to be removed.
    pub is_old: bool,
}

/// The places in which agents put the tool's arguments.
pub(super) const ARGUMENTS: [&str; 7] =
    ["/tool_input", "/toolArgs", "/toolInput", "/preToolUse/parameters", "/toolCall/args", "/args", "/tool_info"];
/// The keys of a file's path.
pub(super) const PATHS: [&str; 6] = ["file_path", "filePath", "notebook_path", "absolute_path", "AbsolutePath", "path"];
/// The most bytes of a name that are kept: every text below a long key or path carries the name.
pub(super) const MAX_NAME: usize = 1024;
/// The keys of the text that an edit removes.
const OLD: [&str; 4] = ["old_string", "old_str", "old_text", "oldText"];
/// The first line of a patch in Codex's format.
pub(super) const PATCH: &str = "*** Begin Patch";
/// The last line of such a patch.
const PATCH_END: &str = "*** End Patch";
/// The beginning of the line that names the next file of a patch, and that of a file whose lines are changed.
const PATCH_FILE: &str = "*** ";
const PATCH_UPDATE: &str = "*** Update File: ";

/// Returns `true` if an agent puts the arguments of a tool under these keys.
fn is_arguments(keys: &str) -> bool {
    ARGUMENTS.iter().any(|at| at.split('/').skip(1).eq(keys.split('.')))
}

/// The form in which a call names what an edit of a file removes. Nothing else that is sent is about to disappear,
/// whatever it looks like: a prompt, a command or a message may have the same keys and the same lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Removal {
    /// The call removes nothing from a file.
    None,
    /// The text is under a key of its own, next to the path of the file.
    Key,
    /// The text is in the lines of a patch.
    Patch,
}

/// The texts of a call that are found so far.
pub(super) struct Gathered {
    /// `true` if a tool returned them: then none is old and none is split, because the agent sees all of it.
    is_result: bool,
    removal: Removal,
    texts: Vec<Text>,
}

impl Gathered {
    /// Returns all texts of a call.
    pub(super) fn of_call(sent: &Value, removal: Removal) -> Vec<Text> {
        let mut gathered = Self { is_result: false, removal, texts: Vec::new() };
        gathered.gather(sent, "", None);
        gathered.texts
    }

    /// Returns all texts of a tool's result under a key.
    pub(super) fn of_result(result: &Value, key: &str) -> Vec<Text> {
        let mut gathered = Self { is_result: true, removal: Removal::None, texts: Vec::new() };
        gathered.gather(result, key, None);
        gathered.texts
    }

    /// Adds all texts below a value. An object that isn't about a file is also added as a whole, because a key may show
    /// what its value is.
    fn gather(&mut self, value: &Value, name: &str, file: Option<&str>) {
        match value {
            Value::String(text) => {
                let inner = unpacked(text);
                // A result is also read as it is, because that is how it is masked.
                if self.is_result || inner.is_none() {
                    self.text(text, name, file);
                }
                if let Some(inner) = inner {
                    let removal = self.removal;
                    // Only the arguments themselves are parsed by the tool; JSON in them is a text of the file.
                    if !is_arguments(name) {
                        self.removal = Removal::None;
                    }
                    self.gather(&inner, name, file);
                    self.removal = removal;
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
                    // The path itself isn't content of the file.
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

    /// Adds a text; the lines that a patch removes become a text of their own.
    fn text(&mut self, text: &str, key: &str, file: Option<&str>) {
        let name = file.unwrap_or(key);
        match self.removal {
            Removal::Key => {
                let is_old = file.is_some() && OLD.contains(&key.rsplit('.').next().unwrap_or_default());
                self.add(name, text.to_owned(), is_old);
            }
            Removal::Patch if text.contains(PATCH) => {
                let (out, rest) = halves(text);
                self.add(name, out, true);
                self.add(name, rest, false);
            }
            Removal::Patch | Removal::None => self.add(name, text.to_owned(), false),
        }
    }

    fn add(&mut self, name: &str, text: String, is_old: bool) {
        self.texts.push(Text { name: name.to_owned(), text, is_old });
    }
}

/// Parses a text that is JSON itself, as some agents send the arguments of a tool. Then its keys show what the values
/// are, and its escaped line breaks are real ones.
fn unpacked(text: &str) -> Option<Value> {
    let is_json = text.starts_with(['{', '[']) && text.ends_with(['}', ']']);
    is_json
        .then(|| serde_json::from_str(text).ok())
        .flatten()
        .filter(|inner: &Value| inner.is_object() || inner.is_array())
}

/// Returns the end of a name, which shows the type of the file or what the value is.
fn end(name: &str) -> &str {
    &name[name.ceil_char_boundary(name.len().saturating_sub(MAX_NAME))..]
}

/// Returns the lines that the patches in a text remove from files, and the rest: elsewhere, a line may start with
/// anything.
fn halves(text: &str) -> (String, String) {
    let (mut in_patch, mut in_update) = (false, false);
    let (out, rest): (Vec<&str>, Vec<&str>) = text.split_inclusive('\n').partition(|line| {
        in_patch = if in_patch { !line.contains(PATCH_END) } else { line.contains(PATCH) };
        in_update = in_patch && if line.starts_with(PATCH_FILE) { line.starts_with(PATCH_UPDATE) } else { in_update };
        in_update && line.starts_with('-')
    });
    (out.concat(), rest.concat())
}

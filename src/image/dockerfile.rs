//! The instructions of a Dockerfile, and the files that they copy from the build context.
//!
//! All spellings of the Dockerfile reference are read: continued lines, the JSON form, heredocs, flags, another escape
//! character.

use super::dockerignore::cleaned;

/// An instruction that copies files of the context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copy {
    /// The instruction's line, counted from 1.
    pub line: usize,
    /// The instruction as written, on one line.
    pub text: String,
    /// The paths and patterns that it copies, relative to the context.
    sources: Vec<String>,
}

impl Copy {
    /// Returns `true` if the instruction copies a file of the context.
    pub fn takes(&self, path: &str) -> bool {
        self.sources.iter().any(|source| takes(source, path))
    }
}

/// Returns `true` if a source names a path or a folder above it. Each part of a pattern matches one part of the path.
fn takes(source: &str, path: &str) -> bool {
    if source == "." {
        return true;
    }
    let mut parts = path.split('/');
    source.split('/').all(|pattern| parts.next().is_some_and(|part| part_matches(pattern.as_bytes(), part.as_bytes())))
}

/// One element of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Element {
    /// Any number of characters.
    Many,
    /// Any character.
    Any,
    /// This byte.
    Byte(u8),
}

/// Returns the elements of a pattern of Go's `filepath.Match`; `None` if it is malformed. A class of characters counts
/// as any character, so that the pattern matches too much rather than too little.
fn elements(mut pattern: &[u8]) -> Option<Vec<Element>> {
    let mut elements = Vec::new();
    while let [first, rest @ ..] = pattern {
        let (element, behind) = match (first, rest) {
            (b'*', rest) => (Element::Many, rest),
            (b'?', rest) => (Element::Any, rest),
            (b'[', rest) => (Element::Any, &rest[rest.iter().position(|byte| *byte == b']')? + 1..]),
            (b'\\', [byte, rest @ ..]) | (byte, rest) => (Element::Byte(*byte), rest),
        };
        elements.push(element);
        pattern = behind;
    }
    Some(elements)
}

/// Returns `true` if a pattern matches one part of a path. Only the last `*` is ever retried, because a hostile pattern
/// may have many of them.
fn part_matches(pattern: &[u8], part: &[u8]) -> bool {
    let Some(pattern) = elements(pattern) else { return false };
    let (mut at, mut read) = (0, 0);
    let mut last_star = None;
    while read < part.len() {
        match pattern.get(at) {
            Some(Element::Many) => {
                last_star = Some((at, read));
                at += 1;
            }
            Some(Element::Any) => (at, read) = (at + 1, read + 1),
            Some(Element::Byte(byte)) if *byte == part[read] => (at, read) = (at + 1, read + 1),
            _ => {
                let Some((star, from)) = last_star else { return false };
                last_star = Some((star, from + 1));
                (at, read) = (star + 1, from + 1);
            }
        }
    }
    pattern[at..].iter().all(|element| *element == Element::Many)
}

/// An instruction, on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instruction {
    /// The instruction's first and last line, counted from 1, including heredocs.
    pub lines: (usize, usize),
    /// The whole instruction, with a blank in place of each line continuation.
    pub text: String,
}

impl Instruction {
    /// Returns the instruction's name, in upper case.
    pub fn keyword(&self) -> String {
        self.text.split_whitespace().next().unwrap_or_default().to_ascii_uppercase()
    }

    /// Returns the variables that `ARG` and `ENV` set.
    pub fn variables(&self) -> Vec<String> {
        let words = self.text.split_whitespace().skip(1);
        let name = |word: &str| word.split_once('=').map(|(name, _)| name.to_owned());
        let names: Vec<String> = words.clone().filter_map(name).collect();
        // In the old form of `ENV`, a blank separates name and value.
        if names.is_empty() { words.take(1).map(ToOwned::to_owned).collect() } else { names }
    }
}

/// Returns the instructions of a Dockerfile.
pub fn instructions(text: &str) -> Vec<Instruction> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let escape = if has_backtick(text) { '`' } else { '\\' };
    let mut instructions = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        if line.trim_start().starts_with('#') || line.trim().is_empty() {
            continue;
        }
        let mut last = number;
        let mut instruction = line.trim().to_owned();
        while let Some(start) = instruction.strip_suffix(escape) {
            let Some((number, next)) = lines.next() else { break };
            last = number;
            // A comment between two lines of an instruction isn't part of it.
            let next = if next.trim_start().starts_with('#') { "" } else { next.trim() };
            instruction =
                if next.is_empty() { format!("{start}{escape}") } else { format!("{} {next}", start.trim_end()) };
        }
        for word in heredocs(&instruction) {
            let end = lines.by_ref().find(|(_, line)| line.trim_start_matches('\t') == word);
            last = end.map_or(last, |(number, _)| number);
        }
        instructions.push(Instruction { lines: (number + 1, last + 1), text: instruction });
    }
    instructions
}

/// Returns the instructions that copy files of the context.
pub fn copies(instructions: &[Instruction]) -> Vec<Copy> {
    instructions.iter().filter_map(|instruction| copy(instruction.lines.0, &instruction.text)).collect()
}

/// Returns `true` if a directive at the top makes the backtick the escape character.
fn has_backtick(text: &str) -> bool {
    let directives = text.lines().map(str::trim).take_while(|line| line.starts_with('#'));
    let mut words = directives.filter_map(|line| line[1..].split_once('='));
    words.any(|(name, value)| name.trim().eq_ignore_ascii_case("escape") && value.trim() == "`")
}

/// Returns the words that end the heredocs of an instruction.
fn heredocs(instruction: &str) -> Vec<String> {
    let is_open = instruction
        .split_whitespace()
        .next()
        .is_some_and(|word| ["RUN", "COPY", "ADD"].iter().any(|known| word.eq_ignore_ascii_case(known)));
    let words = instruction.split("<<").skip(1).filter(|_| is_open);
    let word = |rest: &str| {
        let rest = rest.strip_prefix('-').unwrap_or(rest).trim_start_matches(['"', '\'']);
        rest.chars().take_while(|char| char.is_alphanumeric() || *char == '_').collect::<String>()
    };
    words.map(word).filter(|word| !word.is_empty()).collect()
}

fn copy(line: usize, instruction: &str) -> Option<Copy> {
    let (name, rest) = instruction.split_once(char::is_whitespace)?;
    if !["COPY", "ADD"].iter().any(|known| name.eq_ignore_ascii_case(known)) {
        return None;
    }
    let mut rest = rest.trim_start();
    while rest.starts_with("--") {
        let (flag, behind) = rest.split_once(char::is_whitespace)?;
        if flag.starts_with("--from=") {
            return None;
        }
        rest = behind.trim_start();
    }
    let mut words: Vec<String> = match serde_json::from_str(rest) {
        Ok(words) => words,
        Err(_) => rest.split_whitespace().map(|word| word.trim_matches('"').to_owned()).collect(),
    };
    words.pop();
    let is_local = |word: &String| !word.contains("://") && !word.starts_with("<<") && !word.starts_with("git@");
    let source = |word: String| {
        let path = cleaned(&word);
        path.trim_start_matches('/').trim_start_matches("../").to_owned()
    };
    let source = |word: String| Some(source(word)).filter(|path| !path.is_empty()).unwrap_or_else(|| ".".to_owned());
    let sources: Vec<String> = words.into_iter().filter(is_local).map(source).collect();
    (!sources.is_empty()).then(|| Copy { line, text: instruction.to_owned(), sources })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copy_instructions_are_read_in_every_spelling() {
        let file = "# syntax=docker/dockerfile:1\nFROM a AS b\nCOPY . /app\nADD --chown=1:1 conf/*.env [x]/ /etc/\n\
            COPY [\"with space\", \"/dst\"]\ncopy \\\n  # why\n  one \\\n  two /dst/\nCOPY --from=b /x /y\n\
            RUN <<EOF\nCOPY not this\nEOF\nCOPY <<-\"END\" /made\n\tCOPY nor this\n\tEND\nADD https://example.com/x /y\nCOPY last /\n";
        let copies = copies(&instructions(file));
        let lines: Vec<usize> = copies.iter().map(|copy| copy.line).collect();
        assert_eq!(lines, [3, 4, 5, 6, 18], "{copies:?}");
        assert_eq!(copies[3].text, "copy one two /dst/");
    }

    #[test]
    fn a_pattern_of_many_stars_is_matched_quickly() {
        let name = "a".repeat(250);
        for (pattern, expected) in [
            ("a*".repeat(60) + "b", false),
            ("a*".repeat(60), true),
            ("*".repeat(200) + "a", true),
            ("a*[bc".to_owned(), false),
            ("[ab]*?\\a".to_owned(), true),
        ] {
            assert_eq!(part_matches(pattern.as_bytes(), name.as_bytes()), expected, "{pattern}");
        }
        assert!(part_matches(b"\\*", b"*") && !part_matches(b"\\*", b"a"));
    }

    #[test]
    fn a_source_matches_files_and_folder_contents() {
        for (instruction, path, expected) in [
            ("COPY . /app", ".env", true),
            ("COPY ./ /app", "a/b/.env", true),
            ("COPY / /app", "a", true),
            ("COPY src /app", "src/.env", true),
            ("COPY src /app", "srcs/.env", false),
            ("COPY src/*.env /app", "src/a.env", true),
            ("COPY src/*.env /app", "src/sub/a.env", false),
            ("COPY s*c /app", "src/sub/a.env", true),
            ("COPY ../src /app", "src/a", true),
            ("COPY ?.env /app", "a.env", true),
            ("COPY [ab].env /app", "a.env", true),
            ("COPY a.env b.env /app/", "b.env", true),
            ("COPY a.env /app/", "b.env", false),
        ] {
            let copies = copies(&instructions(instruction));
            assert_eq!(copies.iter().any(|copy| copy.takes(path)), expected, "{instruction}: {path}");
        }
    }

    #[test]
    fn lines_and_variables_of_instructions_are_parsed() {
        let text = "FROM a\nENV A=1 \\\n  B=\"2\"\nENV C d\nRUN <<E\nx\nE\nARG D\nARG E=1\n";
        let instructions = instructions(text);
        let lines: Vec<(usize, usize)> = instructions.iter().map(|one| one.lines).collect();
        assert_eq!(lines, [(1, 1), (2, 3), (4, 4), (5, 7), (8, 8), (9, 9)]);
        let names: Vec<Vec<String>> = instructions.iter().map(Instruction::variables).collect();
        assert_eq!(
            (names[1].join(" "), names[2].join(" "), names[5].join(" ")),
            ("A B".into(), "C".into(), "E".into())
        );
    }

    #[test]
    fn the_escape_directive_is_respected() {
        let copies = copies(&instructions("# escape=`\nCOPY a `\n  b /dst\\\nCOPY c /\n"));
        assert_eq!(copies.len(), 2, "{copies:?}");
        assert!(copies[0].takes("b"));
    }
}

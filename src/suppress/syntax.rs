//! The syntax of comments in the languages of files, and the places where a comment changes nothing else.
//!
//! A comment that lands in a string, in a multi-line text or between two lines that belong together would change what
//! the file means. So if a place isn't clearly outside of all that, it gets no comment: an entry in the configuration
//! can be used instead.

use bstr::{BStr, ByteSlice as _};
use memchr::memmem;

use crate::text::{LineIndex, Span};

/// The most bytes of a line that gets its comment at the end; a longer one has it above.
const MAX_LINE: usize = 160;

/// A language, described by its comments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Language {
    /// The text that starts a comment.
    open: &'static str,
    /// The text that ends a comment, if it doesn't end with the line.
    close: &'static str,
    placement: Placement,
    texts: Texts,
}

/// The places where a comment may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Placement {
    /// After other text, or on a line of its own.
    Anywhere,
    /// Only on a line of its own: after a value it would be a part of it.
    Alone,
}

/// The syntax of texts that can't contain a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Texts {
    /// No text continues after a line end.
    OnOneLine,
    /// As in C and its descendants: strings between quotes and backticks, and comments between `/*` and `*/`.
    Braces,
    /// As with braces, between `<?php` and `?>`.
    Php,
    /// As in Python: strings end with their line, or are between triple quotes.
    Python,
    /// As in a shell: strings end at their closing quote, or are heredocs.
    Shell,
    /// As in SQL: strings in single quotes.
    Sql,
    /// As in YAML: text indented below `|` or `>`, and strings.
    Yaml,
    /// Tags and the texts between them.
    Markup,
    /// As in markup, with blocks of code as well.
    Markdown,
}

const fn language(open: &'static str, placement: Placement, texts: Texts) -> Language {
    Language { open, close: "", placement, texts }
}

const HASH_ALONE: Language = language("#", Placement::Alone, Texts::OnOneLine);
const SHELL: Language = language("#", Placement::Anywhere, Texts::Shell);
const BRACES: Language = language("//", Placement::Anywhere, Texts::Braces);
const MARKUP: Language = Language { open: "<!--", close: "-->", placement: Placement::Anywhere, texts: Texts::Markup };

/// The languages by the extensions of their files. JSON has no comments, and in JSX and templates the comment sign
/// depends on the place.
const BY_ENDING: [(Language, &[&str]); 13] = [
    (language("#", Placement::Anywhere, Texts::Python), &["py", "pyi", "pyw", "toml"]),
    (language("#", Placement::Anywhere, Texts::Yaml), &["yaml", "yml"]),
    (SHELL, &["sh", "bash", "zsh", "ksh", "fish", "rb", "pl", "pm", "tf", "tfvars", "hcl", "r", "ps1", "psm1"]),
    (HASH_ALONE, &["env", "properties", "conf", "cfg", "npmrc", "editorconfig", "service", "mk"]),
    (language(";", Placement::Alone, Texts::OnOneLine), &["ini"]),
    (
        BRACES,
        &[
            "c", "h", "cc", "cpp", "cxx", "hpp", "m", "mm", "cs", "java", "kt", "kts", "scala", "swift", "go", "rs",
            "dart", "js", "mjs", "cjs", "ts", "mts", "cts", "groovy", "gradle", "proto", "sol", "jsonc", "json5",
        ],
    ),
    (language("//", Placement::Anywhere, Texts::Php), &["php"]),
    (
        Language { open: "/*", close: "*/", placement: Placement::Anywhere, texts: Texts::Braces },
        &["css", "scss", "less"],
    ),
    (language("--", Placement::Anywhere, Texts::Sql), &["sql"]),
    (language("REM", Placement::Alone, Texts::OnOneLine), &["bat", "cmd"]),
    (MARKUP, &["html", "htm", "xhtml", "xml", "svg", "plist", "csproj", "props", "config"]),
    (Language { texts: Texts::Markdown, ..MARKUP }, &["md", "markdown"]),
    (language("'", Placement::Anywhere, Texts::OnOneLine), &["vb", "vbs", "bas"]),
];

/// The languages of files that have the same name in every project.
const BY_NAME: [(Language, &[&str]); 3] = [
    (HASH_ALONE, &["Dockerfile", "Containerfile", "Makefile", "GNUmakefile", ".npmrc", ".pypirc", ".gitconfig"]),
    (SHELL, &[".bashrc", ".bash_profile", ".zshrc", ".profile", "Gemfile", "Rakefile", "Vagrantfile"]),
    (BRACES, &["Jenkinsfile"]),
];

/// Returns the place for a comment that allows findings on some lines, and the whole text to insert there.
///
/// Returns `None` if the language is unknown or has no comments, or if the comment would be part of something else.
/// `words` is the text of the comment; `first` and `last` are lines counted from 1.
pub fn comment(path: &BStr, text: &[u8], (first, last): (usize, usize), words: &str) -> Option<(usize, String)> {
    let language = Language::of(path, text)?;
    if !language.close.is_empty() && (words.contains("--") || words.contains(language.close)) {
        return None;
    }
    let lines = LineIndex::new(text);
    let (start, end) = (lines.line(text, first)?, lines.line(text, last)?);
    let close = if language.close.is_empty() { String::new() } else { format!(" {}", language.close) };
    let comment = format!("{} {words}{close}", language.open);
    let is_short = first == last && start.end - start.start <= MAX_LINE;
    if is_short && language.placement == Placement::Anywhere && language.has_room_behind(text, end) {
        let blanks = if language.open == "#" { "  " } else { " " };
        return Some((end.end, format!("{blanks}{comment}")));
    }
    if !language.has_room_above(text, start) {
        return None;
    }
    let line = start.of(text);
    let indent = line.len() - line.trim_start().len();
    let indent = line[..indent].to_str().ok()?;
    Some((start.start, format!("{indent}{comment}{}", line_end(text, start))))
}

/// Returns the line end of a line, or that of the other lines if it is the last one.
fn line_end(text: &[u8], line: Span) -> &'static str {
    match (&text[line.end..], text[..line.start].as_bytes()) {
        ([b'\r', b'\n', ..], _) => "\r\n",
        ([b'\r', ..], _) => "\r",
        ([], before) if before.ends_with(b"\r\n") => "\r\n",
        ([], before) if before.ends_with(b"\r") => "\r",
        _ => "\n",
    }
}

impl Language {
    fn of(path: &BStr, text: &[u8]) -> Option<Self> {
        let name = path.rsplit(|b| *b == b'/').next().unwrap_or_default();
        let name = name.to_str().ok()?;
        let named = |list: &[(Self, &[&str])], word: &str| {
            list.iter().find(|(_, words)| words.contains(&word)).map(|(language, _)| *language)
        };
        let is_env = name == ".env" || name.starts_with(".env.");
        let by_name = named(&BY_NAME, name).or_else(|| is_env.then_some(HASH_ALONE));
        let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
        let by_ending = || named(&BY_ENDING, &ending?);
        // The first line of a script names the program that runs it.
        let is_script = |text: &[u8]| {
            let first = text.lines().next().unwrap_or_default();
            first.starts_with(b"#!") && ["sh", "ruby", "perl"].iter().any(|program| first.contains_str(program))
        };
        by_name.or_else(by_ending).or_else(|| is_script(text).then_some(SHELL))
    }

    /// Returns `true` if a comment can be at the end of a line.
    fn has_room_behind(self, text: &[u8], line: Span) -> bool {
        !goes_on(line.of(text)) && !self.is_within(text, line, line.end)
    }

    /// Returns `true` if a comment can be on a line of its own above a line.
    fn has_room_above(self, text: &[u8], line: Span) -> bool {
        let before = text[..line.start].lines().next_back().unwrap_or_default();
        // A declaration of the format, or of the program that runs the file, has to come first.
        let is_head = line.start == 0 && [&b"#!"[..], b"<?", b"\xef\xbb\xbf"].iter().any(|head| text.starts_with(head));
        !is_head && !goes_on(before) && !self.is_within(text, line, line.start)
    }

    /// Returns `true` if a comment at this place of a line would be part of a text that is open there.
    fn is_within(self, text: &[u8], line: Span, at: usize) -> bool {
        let before = &text[..at];
        match self.texts {
            Texts::OnOneLine => false,
            Texts::Braces | Texts::Python | Texts::Shell | Texts::Sql => self.is_open(before),
            Texts::Php => {
                let last = |mark: &[u8]| memmem::rfind(before, mark);
                last(b"<?") <= last(b"?>")
                    || memmem::find(&text[at..line.end.max(at)], b"?>").is_some()
                    || self.is_open(before)
            }
            Texts::Yaml => is_in_block(text, line) || self.is_open(before),
            Texts::Markup => is_in_tag(before),
            Texts::Markdown => is_in_tag(before) || is_in_code(text, line),
        }
    }

    /// Returns `true` if a multi-line string or comment is open at the end of a text.
    fn is_open(self, text: &[u8]) -> bool {
        let mut open = Open::Nothing;
        let mut at = 0;
        while at < text.len() {
            at += self.step(text, at, &mut open);
        }
        !matches!(open, Open::Nothing | Open::Comment | Open::Line(_))
    }

    /// Reads the token at a place, updates `open`, and returns the token's length in bytes.
    fn step(self, text: &[u8], at: usize, open: &mut Open) -> usize {
        let rest = &text[at..];
        match open {
            Open::Comment if matches!(rest[0], b'\n' | b'\r') => *open = Open::Nothing,
            Open::Comment => {}
            Open::Line(_) if matches!(rest[0], b'\n' | b'\r') => *open = Open::Nothing,
            Open::Line(_) | Open::Quote(_) if rest[0] == b'\\' && self.texts != Texts::Sql => return 2,
            Open::Line(quote) | Open::Quote(quote) if rest[0] == *quote => *open = Open::Nothing,
            Open::Line(_) | Open::Quote(_) => {}
            Open::Until(end) if rest.starts_with(end.as_slice()) => {
                let length = end.len();
                *open = Open::Nothing;
                return length;
            }
            Open::Until(_) => {}
            Open::Heredoc(word) => {
                let line = rest.lines().next().unwrap_or_default();
                let is_end = line.trim() == word.as_slice();
                let length = line.len().max(1);
                if is_end {
                    *open = Open::Nothing;
                }
                return length;
            }
            Open::Nothing => return self.opened(text, at, open),
        }
        1
    }

    /// Does the same where nothing is open.
    fn opened(self, text: &[u8], at: usize, open: &mut Open) -> usize {
        let rest = &text[at..];
        let has_triple = matches!(self.texts, Texts::Python | Texts::Braces);
        let triple = [b"\"\"\"", b"'''"].into_iter().find(|quotes| has_triple && rest.starts_with(*quotes));
        if let Some(quotes) = triple {
            *open = Open::Until(quotes.to_vec());
            return quotes.len();
        }
        if self.opens_comment(text, at) {
            *open = Open::Comment;
        } else if rest.starts_with(b"/*") && self.open != "#" {
            *open = Open::Until(b"*/".to_vec());
            return 2;
        } else if let Some(word) = heredoc(rest).filter(|_| matches!(self.texts, Texts::Shell | Texts::Php)) {
            // The rest of the line isn't part of the heredoc.
            let line = rest.find_byte(b'\n').unwrap_or(rest.len());
            *open = Open::Heredoc(word.to_vec());
            return line.max(1);
        } else if let Some(quote) = self.quote(text, at) {
            *open = quote;
        }
        1
    }

    fn opens_comment(self, text: &[u8], at: usize) -> bool {
        let sign = if self.open == "/*" { "//" } else { self.open };
        let is_free = self.open != "#" || at == 0 || text[at - 1].is_ascii_whitespace();
        is_free && text[at..].starts_with(sign.as_bytes())
    }

    /// Returns the string that starts at a place, if there is one.
    fn quote(self, text: &[u8], at: usize) -> Option<Open> {
        let sign = text[at];
        // A plain scalar may contain quotes; a quoted one begins with them.
        let before = text[..at].iter().rev().find(|b| !matches!(b, b' ' | b'\t'));
        let begins = before.is_none_or(|b| b":-[{,\n\r".contains(b));
        match (self.texts, sign) {
            (Texts::Yaml, b'"' | b'\'') => begins.then_some(Open::Quote(sign)),
            (Texts::Python, b'"' | b'\'') | (Texts::Braces, b'\'') => Some(Open::Line(sign)),
            (Texts::Braces, b'"' | b'`') | (Texts::Shell | Texts::Php, b'"' | b'\'') => Some(Open::Quote(sign)),
            (Texts::Sql, b'\'') => Some(Open::Quote(sign)),
            _ => None,
        }
    }
}

/// The string or comment that is open at a place of a program.
#[derive(Debug)]
enum Open {
    Nothing,
    /// A comment to the end of the line.
    Comment,
    /// A string that ends with its line at the latest.
    Line(u8),
    /// A string that ends at its closing quote.
    Quote(u8),
    /// A string or a comment that ends with these bytes.
    Until(Vec<u8>),
    /// A text that ends with a line that consists of this word.
    Heredoc(Vec<u8>),
}

/// Returns the word that ends the heredoc which starts here: `<<EOF`, `<<-'EOF'`, `<<~EOF`, `<<<EOF`.
fn heredoc(rest: &[u8]) -> Option<&[u8]> {
    let rest = rest.strip_prefix(b"<<")?;
    let word = rest.trim_start_with(|c| "<-~\"'\\".contains(c));
    let length = word.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    (length > 0 && word[0].is_ascii_uppercase()).then(|| &word[..length])
}

/// Returns `true` if the next line continues this one.
fn goes_on(line: &[u8]) -> bool {
    line.trim_end().ends_with(b"\\") || line.ends_with(b" ^") || line.ends_with(b" `")
}

/// Returns `true` if a line of YAML is part of a text that `|` or `>` opened.
fn is_in_block(text: &[u8], line: Span) -> bool {
    let indent = |line: &[u8]| line.len() - line.trim_start().len();
    let mut limit = indent(line.of(text));
    for above in text[..line.start].lines().rev().filter(|line| !line.trim().is_empty()) {
        if indent(above) >= limit {
            continue;
        }
        limit = indent(above);
        let words = above.trim_end().trim_end_with(|c| c == '+' || c == '-' || c.is_ascii_digit());
        if words.ends_with(b"|") || words.ends_with(b">") {
            return true;
        }
    }
    false
}

/// Returns `true` if a text of markup ends within a tag, a script or a literal section.
fn is_in_tag(text: &[u8]) -> bool {
    let last = |mark: &[u8]| memmem::rfind(text, mark);
    let pairs =
        [("<script", "</script"), ("<style", "</style"), ("<![CDATA[", "]]>"), ("<!--", "-->"), ("<pre", "</pre")];
    last(b"<") > last(b">") || pairs.iter().any(|(open, close)| last(open.as_bytes()) > last(close.as_bytes()))
}

/// Returns `true` if a line of Markdown is code, or a row of a table.
fn is_in_code(text: &[u8], line: Span) -> bool {
    let is_fence = |line: &&[u8]| [&b"```"[..], b"~~~"].iter().any(|fence| line.trim_start().starts_with(fence));
    let words = line.of(text);
    let is_code = words.starts_with(b"    ") || words.starts_with(b"\t") || words.trim_start().starts_with(b"|");
    is_code || text[..line.end].lines().filter(is_fence).count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the text with a comment for the line that holds `VALUE`.
    fn with_comment(path: &str, text: &str) -> Option<String> {
        let first = text[..text.find("VALUE").unwrap()].matches('\n').count() + 1;
        let last = text[..text.rfind("VALUE").unwrap()].matches('\n').count() + 1;
        let (at, comment) = comment(path.into(), text.as_bytes(), (first, last), "WORDS")?;
        Some(format!("{}{comment}{}", &text[..at], &text[at..]))
    }

    #[test]
    fn a_comment_uses_the_syntax_of_the_language() {
        for (path, text, expected) in [
            ("a.py", "x = 'VALUE'\r\ny = 1\r\n", "x = 'VALUE'  # WORDS\r\ny = 1\r\n"),
            ("a.py", "x = 'VALUE'", "x = 'VALUE'  # WORDS"),
            ("src/A.java", "  f(\"VALUE\");\n", "  f(\"VALUE\"); // WORDS\n"),
            ("a.yml", "a: VALUE # why\n", "a: VALUE # why  # WORDS\n"),
            (".env", "A=1\r\nTOKEN=VALUE\r\n", "A=1\r\n# WORDS\r\nTOKEN=VALUE\r\n"),
            (".env.local", "TOKEN=VALUE", "# WORDS\nTOKEN=VALUE"),
            ("app/Dockerfile", "FROM a\nENV A=VALUE\n", "FROM a\n# WORDS\nENV A=VALUE\n"),
            ("a.ini", "[a]\n\tb = VALUE\n", "[a]\n\t; WORDS\n\tb = VALUE\n"),
            ("a.sql", "SELECT 'VALUE';\n", "SELECT 'VALUE'; -- WORDS\n"),
            ("a.css", "a { b: VALUE }\n", "a { b: VALUE } /* WORDS */\n"),
            ("a.cmd", "set A=VALUE\r\n", "REM WORDS\r\nset A=VALUE\r\n"),
            ("a.xml", "<a>\n  <b>VALUE</b>\n</a>\n", "<a>\n  <b>VALUE</b> <!-- WORDS -->\n</a>\n"),
            ("a.php", "<?php\n$a = 'VALUE';\n", "<?php\n$a = 'VALUE'; // WORDS\n"),
            ("run", "#!/bin/sh\nA=VALUE\n", "#!/bin/sh\nA=VALUE  # WORDS\n"),
            (
                "a.rs",
                "fn f<'a>(x: &'a str) {\n    g(\"VALUE\");\n",
                "fn f<'a>(x: &'a str) {\n    g(\"VALUE\"); // WORDS\n",
            ),
            // A value of several lines has its comment above the first one.
            ("a.py", "x = \"\"\"VALUE\nVALUE\"\"\"\n", "# WORDS\nx = \"\"\"VALUE\nVALUE\"\"\"\n"),
            ("a.py", "# don't\nx = 'VALUE'\n", "# don't\nx = 'VALUE'  # WORDS\n"),
            ("a.sh", "cat <<EOF\nit's\nEOF\nA=VALUE\n", "cat <<EOF\nit's\nEOF\nA=VALUE  # WORDS\n"),
        ] {
            assert_eq!(with_comment(path, text).as_deref(), Some(expected), "{path}");
        }
        let long = format!("x = 'VALUE{}'", "x".repeat(MAX_LINE));
        assert_eq!(with_comment("a.py", &long), Some(format!("# WORDS\n{long}")));
    }

    #[test]
    fn no_comment_is_offered_where_it_would_become_part_of_the_content() {
        for (path, text) in [
            ("a.json", "{ \"a\": \"VALUE\" }\n"),
            ("a.bin", "VALUE"),
            ("a.py", "x = \"\"\"\nVALUE\n\"\"\"\n"),
            ("a.js", "x = `\nVALUE\n`\n"),
            ("a.c", "/*\nVALUE\n*/\n"),
            ("a.sh", "cat <<EOF\nVALUE\nEOF\n"),
            ("a.sh", "login \\\n  VALUE \\\n  more\n"),
            ("a.sh", "x='\nVALUE\n'\n"),
            ("a.yml", "run: |\n  one\n\n  two VALUE\n"),
            ("a.yml", "- >-\n  VALUE\n"),
            ("a.yml", "a: \"one\n  VALUE\"\nb: \"\n  VALUE\n  \"\n"),
            ("a.xml", "<a\n  b=\"VALUE\"\n  c=\"d\"/>\n"),
            ("a.xml", "<![CDATA[\nVALUE\n]]>\n"),
            ("a.html", "<script>\nx = 'VALUE'\n</script>\n"),
            ("a.md", "# A\n\n```sh\nlogin VALUE\n```\n"),
            ("a.md", "|a|VALUE|\n"),
            ("a.php", "<p>VALUE</p>\n"),
            ("a.sql", "INSERT '\nVALUE\n'"),
            ("Dockerfile", "RUN a \\\n  VALUE\n"),
        ] {
            assert_eq!(with_comment(path, text), None, "{path}: {text}");
        }
    }

    #[test]
    fn words_that_would_end_a_comment_are_refused() {
        let written = |path: &str, words| comment(path.into(), b"VALUE\n", (1, 1), words);
        assert_eq!(written("a.html", "one --> two"), None);
        assert_eq!(written("a.css", "one */ two"), None);
        assert!(written("a.py", "one --> two").is_some());
    }
}

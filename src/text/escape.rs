//! Untrusted text made safe to show: controls, direction marks and invisible characters become escapes, and so does
//! one character of whatever a workflow runner would take for a command.

/// Returns `true` if a character can move the cursor, reverse the direction of text or hide: it never reaches a
/// terminal unescaped.
pub fn hostile(c: char) -> bool {
    const INVISIBLE: [std::ops::RangeInclusive<char>; 8] = [
        '\u{200b}'..='\u{200f}',
        '\u{2028}'..='\u{202e}',
        '\u{2060}'..='\u{206f}',
        '\u{fff9}'..='\u{fffb}',
        '\u{e0000}'..='\u{e007f}',
        '\u{ad}'..='\u{ad}',
        '\u{61c}'..='\u{61c}',
        '\u{feff}'..='\u{feff}',
    ];
    c.is_control() || c == '\u{180e}' || INVISIBLE.iter().any(|range| range.contains(&c))
}

/// Returns the text on one line, with hostile characters and invalid bytes as `\x..` or `\u{..}`, and without any
/// command that a workflow runner would obey.
pub fn escape(text: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        chunk.valid().chars().for_each(|c| push(c, &mut out));
        for byte in chunk.invalid() {
            out.push_str(&format!("\\x{byte:02x}"));
        }
    }
    disarm(&out, |sign| format!("\\x{:02x}", u32::from(sign)))
}

/// Returns the text with each sign that makes a command in the log of a job replaced by `spell`, in the way that the
/// format of the text escapes a sign. GitHub Actions obeys `::name::` at the start of a line, after optional blanks,
/// and `##[name]` anywhere; Azure Pipelines obeys `##vso[area.event]` anywhere and formats the text after `##[name]`;
/// GitLab folds the text between `section_start:` and `section_end:`.
pub fn disarm(text: &str, spell: impl Fn(char) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    for at in armed(text) {
        out.push_str(&text[copied..at]);
        let sign = text[at..].chars().next();
        out.extend(sign.map(&spell));
        copied = at + sign.map_or(0, char::len_utf8);
    }
    out + &text[copied..]
}

/// Returns the positions of those signs, in order.
fn armed(text: &str) -> Vec<usize> {
    const SECTIONS: [&str; 2] = ["section_start:", "section_end:"];
    let mut places = Vec::new();
    let line = text.trim_start();
    if line.starts_with("::") {
        places.push(text.len() - line.len());
    }
    let mut from = 0;
    while let Some(at) = text[from..].find("##").map(|at| from + at) {
        let name = text[at..].trim_start_matches('#');
        from = text.len() - name.len();
        if name.trim_start_matches(|c: char| c.is_ascii_alphanumeric()).starts_with('[') {
            places.push(from - 1);
        }
    }
    let colons = SECTIONS.iter().flat_map(|word| text.match_indices(word).map(|(at, word)| at + word.len() - 1));
    places.extend(colons);
    places.sort_unstable();
    places
}

fn push(c: char, out: &mut String) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c if hostile(c) && c.is_ascii() => out.push_str(&format!("\\x{:02x}", u32::from(c))),
        c if hostile(c) => out.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
        c => out.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_characters_become_escapes() {
        assert_eq!(escape("a\x1b[31mb\u{202e}c\nd".as_bytes()), "a\\x1b[31mb\\u{202e}c\\nd");
        assert_eq!(escape(b"\xff\xfe"), "\\xff\\xfe");
        assert_eq!(escape("naïve 文件.txt".as_bytes()), "naïve 文件.txt");
    }

    #[test]
    fn ci_runner_commands_are_neutralised() {
        for (text, shown) in [
            ("::error::x", "\\x3a:error::x"),
            ("\u{2003} ::set-env name=a::b", "\u{2003} \\x3a:set-env name=a::b"),
            ("std::vec and a::b", "std::vec and a::b"),
            ("a ##[error]b ##[x", "a #\\x23[error]b #\\x23[x"),
            ("###[group]", "##\\x23[group]"),
            ("##VSO[task.x]", "#\\x23VSO[task.x]"),
            ("## heading [a] #[derive]", "## heading [a] #[derive]"),
            ("section_start:1:a\r\x1b[0Ksection_end:2:a", "section_start\\x3a1:a\\r\\x1b[0Ksection_end\\x3a2:a"),
        ] {
            assert_eq!(escape(text.as_bytes()), shown);
            assert_eq!(escape(shown.as_bytes()), shown, "once is enough");
        }
    }
}

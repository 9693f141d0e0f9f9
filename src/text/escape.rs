//! Untrusted text made safe to show: controls, direction marks and invisible characters become escapes, and what a runner of
//! workflows would take for a command is broken by one.

/// Whether a character can move the cursor, reverse the direction of text or hide: it never reaches a terminal raw.
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

/// The text on one line, with hostile characters and invalid bytes as `\x..` or `\u{..}`, and with no command in it that a
/// runner of workflows would obey.
pub fn escape(text: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        chunk.valid().chars().for_each(|c| push(c, &mut out));
        for byte in chunk.invalid() {
            out.push_str(&format!("\\x{byte:02x}"));
        }
    }
    disarm(&mut out);
    out
}

/// Breaks what is a command to those who read the log of a job. GitHub Actions obeys `::name::` at the start of a line, blanks
/// aside, and `##[name]` anywhere; Azure Pipelines obeys `##vso[area.event]` anywhere and shows what follows `##[name]` by it;
/// GitLab folds what stands between `section_start:` and `section_end:`.
fn disarm(text: &mut String) {
    const SECTIONS: [&str; 2] = ["section_start:", "section_end:"];
    if text.trim_start().starts_with("::") {
        let start = text.len() - text.trim_start().len();
        text.replace_range(start..=start, "\\x3a");
    }
    let mut from = 0;
    while let Some(at) = text[from..].find("##").map(|at| from + at) {
        let name = text[at..].trim_start_matches('#');
        let end = text.len() - name.len();
        if name.trim_start_matches(|c: char| c.is_ascii_alphanumeric()).starts_with('[') {
            text.replace_range(end - 1..end, "\\x23");
        }
        from = end;
    }
    for section in SECTIONS {
        if text.contains(section) {
            *text = text.replace(section, &section.replace(':', "\\x3a"));
        }
    }
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
    fn commands_of_runners_are_broken() {
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

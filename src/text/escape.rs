//! Untrusted text made safe to show: controls, direction marks and invisible characters become escapes.

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

/// The text on one line, with hostile characters and invalid bytes as `\x..` or `\u{..}`.
pub fn escape(text: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        chunk.valid().chars().for_each(|c| push(c, &mut out));
        for byte in chunk.invalid() {
            out.push_str(&format!("\\x{byte:02x}"));
        }
    }
    out
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
}

//! Patterns in which `*` matches any text, and every other character matches itself.

/// Returns `true` if a pattern matches all of a text. Each part between stars is searched for after the one before,
/// which is enough: if a later match led to success, so would the first.
pub fn fits_stars(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_matches_any_text() {
        for (pattern, text) in [
            ("*.json", "a.json"),
            ("opencode.json*", "opencode.jsonc"),
            ("*", "x"),
            ("*", ""),
            ("*.vscdb*", "state.vscdb-wal"),
            ("a*b*c", "abbc"),
            ("a", "a"),
        ] {
            assert!(fits_stars(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("*.json", "a.jsonl"), ("a", "b"), ("*.vscdb*", "vscdb"), ("a*a", "a"), ("", "a")] {
            assert!(!fits_stars(pattern, text), "{pattern} {text}");
        }
    }
}

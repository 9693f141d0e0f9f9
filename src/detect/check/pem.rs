//! Finds a PEM block (RFC 7468) and its body, however a source file wrote it.
//!
//! This module undoes escapes, indentation, quotes and concatenation; `key` and `pgp` interpret the body.

/// A block between `-----BEGIN label-----` and its END.
pub(super) struct Block {
    /// The label after BEGIN.
    pub(super) label: String,
    /// The lines of the body, cleaned; headers are left out.
    pub(super) lines: Vec<String>,
    /// Set if a header says that the body is encrypted.
    pub(super) encrypted: bool,
}

/// The words in the label of every private key; a block of parameters or a certificate may come first.
const PRIVATE: &str = "PRIVATE KEY";
/// Characters that join parts of strings; a part that consists only of them is code, not key.
const JOINERS: &[char] = &['+', '.', ',', ';', '(', ')', '&', '_', '\\', '[', ']'];
/// The marks that start a line of a comment or quotation.
const MARKERS: &[&str] = &["# ", "// ", "* ", "> ", "| ", "-- ", "; "];
const QUOTES: &[char] = &['"', '\'', '`'];

/// Returns the first private block of `text`, or the reason why there is none.
pub(super) fn find(text: &str) -> Result<Block, &'static str> {
    let text = unescape(text);
    let begins = text.split("-----BEGIN ").skip(1).filter_map(|rest| rest.split_once("-----"));
    let (label, _) = begins
        .clone()
        .find(|(label, _)| label.contains(PRIVATE))
        .or_else(|| begins.clone().next())
        .ok_or("no BEGIN line")?;
    if !label.contains(PRIVATE) {
        return Err("only a public part");
    }
    let (_, rest) = text.split_once(&format!("-----BEGIN {label}-----")).ok_or("no BEGIN line")?;
    let (inside, _) = rest.split_once(&format!("-----END {label}-----")).ok_or("cut off: no END line")?;
    let encrypted = inside.contains("ENCRYPTED") && inside.contains("Proc-Type");
    Ok(Block { label: label.to_owned(), lines: lines(inside), encrypted })
}

impl Block {
    /// Returns the base64 text of the body, without a checksum line.
    pub(super) fn body(&self) -> String {
        self.lines.iter().filter(|l| !is_checksum(l)).map(String::as_str).collect()
    }

    /// Returns the four characters of an `OpenPGP` checksum line.
    pub(super) fn checksum(&self) -> Option<&str> {
        self.lines.iter().find(|l| is_checksum(l)).and_then(|l| l.strip_prefix('='))
    }
}

fn is_checksum(line: &str) -> bool {
    line.len() == 5 && line.starts_with('=')
}

/// Turns `\n`, `\r`, `\t` in any depth of escaping into line breaks, and `\/`, `\"` and `\u002b` into their
/// characters. A backslash before anything else is a continued line.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        rest = after.trim_start_matches('\\');
        if let Some(tail) = rest.strip_prefix(['n', 'r', 't']) {
            out.push('\n');
            rest = tail;
        } else if let Some((character, tail)) = unicode(rest) {
            out.push(character);
            rest = tail;
        }
    }
    out + rest
}

/// Returns the character of `uXXXX`.
fn unicode(rest: &str) -> Option<(char, &str)> {
    let (digits, tail) = rest.strip_prefix('u')?.split_at_checked(4)?;
    let character = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32)?;
    Some((character, tail))
}

fn lines(inside: &str) -> Vec<String> {
    // A block flattened to one line has blanks for line breaks; those within a header must not split it.
    let flat = !inside.contains(['\n', '\r']);
    let flattened = if flat { inside.replace(": ", ":").replace(' ', "\n") } else { String::new() };
    let text = if flat { &flattened } else { inside };
    text.split(['\n', '\r']).map(clean).filter(|l| !l.is_empty() && !l.contains(':')).collect()
}

fn clean(line: &str) -> String {
    let line = line.trim();
    if line.contains(QUOTES) {
        return line.split(QUOTES).map(str::trim).filter(|p| !is_code(p)).collect();
    }
    let marker = MARKERS.iter().find(|m| line.starts_with(**m) || line == m.trim_end());
    marker.and_then(|m| line.strip_prefix(m.trim_end())).unwrap_or(line).trim().to_owned()
}

/// Returns `true` if a part between quotes is code that joins strings: operators, or words with blanks between.
fn is_code(piece: &str) -> bool {
    piece.contains(' ') || piece.chars().all(|c| JOINERS.contains(&c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(text: &str) -> String {
        find(text).map(|b| b.body()).unwrap_or_default()
    }

    #[test]
    fn every_form_gives_the_same_body() {
        let forms = [
            "-----BEGIN X PRIVATE KEY-----\nAAA+\nBB/=\n-----END X PRIVATE KEY-----",
            "-----BEGIN X PRIVATE KEY-----\r\nAAA+\r\nBB/=\r\n-----END X PRIVATE KEY-----",
            "-----BEGIN X PRIVATE KEY-----\\nAAA+\\nBB/=\\n-----END X PRIVATE KEY-----\\n",
            "-----BEGIN X PRIVATE KEY-----\\\\nAAA\\u002b\\\\nBB\\/=\\\\n-----END X PRIVATE KEY-----",
            "key: |\n    -----BEGIN X PRIVATE KEY-----\n    AAA+\n    BB/=\n    -----END X PRIVATE KEY-----",
            "\"-----BEGIN X PRIVATE KEY-----\\n\" +\n  \"AAA+\\n\" +\n  \"BB/=\\n\" +\n  \"-----END X PRIVATE KEY-----\"",
            "'-----BEGIN X PRIVATE KEY-----' . \"\\n\" . 'AAA+' . \"\\n\" . 'BB/=' . \"\\n\" . '-----END X PRIVATE KEY-----'",
            "s = '-----BEGIN X PRIVATE KEY-----\\n'\ns += 'AAA+\\n'\ns += 'BB/=\\n'\ns += '-----END X PRIVATE KEY-----'",
            "-----BEGIN X PRIVATE KEY----- AAA+ BB/= -----END X PRIVATE KEY-----",
            "# -----BEGIN X PRIVATE KEY-----\n# AAA+\n# BB/=\n# -----END X PRIVATE KEY-----",
            "-----BEGIN X PRIVATE KEY-----\\\nAAA+\\\nBB/=\\\n-----END X PRIVATE KEY-----",
            "-----BEGIN X PRIVATE KEY-----\nVersion: 1\n\nAAA+\nBB/=\n-----END X PRIVATE KEY-----",
        ];
        for form in forms {
            assert_eq!(body(form), "AAA+BB/=", "{form}");
        }
    }

    #[test]
    fn headers_and_checksums_are_recognised() {
        let block =
            find("-----BEGIN X PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n=abcd\n-----END X PRIVATE KEY-----")
                .unwrap();
        assert!(block.encrypted);
        assert_eq!((block.body().as_str(), block.checksum()), ("AAAA", Some("abcd")));
        assert!(
            find("-----BEGIN X PRIVATE KEY----- Proc-Type: 4,ENCRYPTED AAAA -----END X PRIVATE KEY-----")
                .unwrap()
                .encrypted
        );
    }

    #[test]
    fn parameters_before_a_key_are_skipped() {
        let text = "-----BEGIN EC PARAMETERS-----\nAAAA\n-----END EC PARAMETERS-----\n";
        let key = "-----BEGIN X PRIVATE KEY-----\nBBBB\n-----END X PRIVATE KEY-----";
        assert_eq!(body(&format!("{text}{key}")), "BBBB");
        assert_eq!(find(text).err(), Some("only a public part"));
    }

    #[test]
    fn truncated_blocks_are_refused() {
        assert_eq!(find("-----BEGIN X PRIVATE KEY-----\nAAAA").err(), Some("cut off: no END line"));
        assert_eq!(find("AAAA").err(), Some("no BEGIN line"));
        assert_eq!(
            find("-----BEGIN X PRIVATE KEY-----\nAAAA\n-----END Y PRIVATE KEY-----").err(),
            Some("cut off: no END line")
        );
    }
}

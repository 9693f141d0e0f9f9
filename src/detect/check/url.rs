//! Percent-encoding, and passwords in URLs.

use super::codec::decimal;
use super::{Outcome, password};

/// Decodes percent-encoding; text other than `%XX` is unchanged.
pub(super) fn decode(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, after @ ..] = rest {
        let escape = if *first == b'%' { after.first_chunk::<2>().and_then(hex_byte) } else { None };
        out.push(escape.unwrap_or(*first));
        rest = if escape.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    out
}

fn hex_byte(pair: &[u8; 2]) -> Option<u8> {
    data_encoding::HEXUPPER.decode(&pair.to_ascii_uppercase()).ok()?.first().copied()
}

/// Checks the password of a URL's user information: it must not be a placeholder, a fixed word of a protocol, or a
/// port.
///
/// Source: RFC 3986; `x-oauth-basic` and `x-access-token` are GitHub's placeholders next to a token in the user's
/// place.
pub(super) fn password(secret: &[u8]) -> Outcome {
    if matches!(secret, b"x-oauth-basic" | b"x-access-token") {
        return Outcome::Fail("a fixed word, not a secret");
    }
    if secret.len() <= 5 && decimal(secret).is_some_and(|port| port <= 65_535) {
        return Outcome::Weak { reason: "looks like a port", facts: Vec::new() };
    }
    // Judged both ways: `%s` and `%DB_PASS%` are templates as written, `%24%7BX%7D` is one when decoded.
    match password::plain(secret) {
        Outcome::Pass(_) if secret.contains(&b'%') => password::plain(&decode(secret)),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_undone_and_the_rest_kept() {
        assert_eq!(decode(b"a%2Bb%zz%4"), b"a+b%zz%4");
        assert_eq!(decode(b"%41%6a"), b"Aj");
    }

    #[test]
    fn encoded_placeholders_fail() {
        for text in ["%24%7BDB_PASS%7D", "%DB_PASS%", "x-oauth-basic", "pass", "%3Cpassword%3E"] {
            assert!(matches!(password(text.as_bytes()), Outcome::Fail(_)), "{text}");
        }
        assert!(matches!(password(b"8080"), Outcome::Weak { .. }));
        let passing = ["kV9%40", "tz-Lq2"].concat();
        assert!(matches!(password(passing.as_bytes()), Outcome::Pass(_)));
    }
}

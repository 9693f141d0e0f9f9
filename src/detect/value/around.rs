//! Surroundings which show that an assigned value gives access to nothing, whatever its shape.
//!
//! This module covers the places, and names that show in one word that the value is public. The value itself and the
//! other words of its name are judged elsewhere.

use super::shape;
use crate::text::Span;

/// The number of bytes before a keyword and after a value that are examined.
const NEAR: usize = 200;
/// The most bytes between a value and the start of the tag that contains it.
const MAX_TAG: usize = 800;

/// Returns the reason why a value with the name of a secret isn't one at its place; `keyword` is the part of the name
/// that led to it.
pub(crate) fn harmless(text: &[u8], keyword: Span, name: Span, value: Span) -> Option<&'static str> {
    let start = name.start.min(value.start);
    let ahead = keyword.start.saturating_sub(NEAR);
    let before = text.get(ahead..start).unwrap_or_default();
    let tag = text.get(ahead.max(value.start.saturating_sub(MAX_TAG))..value.start).unwrap_or_default();
    let after = text.get(value.end..(value.end + NEAR).min(text.len())).unwrap_or_default();
    if names_something_public(name.of(text)) {
        Some("public by its name")
    } else if is_id_of_request(name.of(text), value.of(text)) {
        Some("the id of a request")
    } else if is_in_sealed_block(before) {
        Some("in a block of encrypted values")
    } else if is_hidden_field(tag, after) {
        Some("a hidden field of a form, which the server creates for each page")
    } else if is_coordinate(text, name, value) {
        Some("the name of a package")
    } else if is_blank_to_fill_in(before, name, value, after) {
        Some("to be filled in")
    } else if is_of_beacon(before) {
        Some("the token of a page's analytics, which its visitors get")
    } else if is_of_signed_address(before, after) {
        Some("part of a signed address")
    } else if is_id_of_credential(text, name, value) {
        Some("the id of a stored credential")
    } else {
        None
    }
}

/// Returns `true` for names that show in one word, however it is written, that the value is public.
fn names_something_public(name: &[u8]) -> bool {
    const PUBLIC: [&[u8]; 5] = [b"sitekey", b"pubkey", b"publickey", b"indexnow", b"searchonlyapikey"];
    let letters: Vec<u8> = name.iter().filter(|b| b.is_ascii_alphabetic()).map(u8::to_ascii_lowercase).collect();
    let holds = |word: &[u8]| memchr::memmem::find(&letters, word).is_some();
    PUBLIC.iter().any(|word| holds(word)) || (holds(b"algoliasearch") && !holds(b"admin"))
}

/// Returns `true` for `Postman-Token: UUID`, which Postman generates for each request.
fn is_id_of_request(name: &[u8], value: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"postman-token") && shape::is_uuid(value)
}

/// Returns `true` if the innermost open brace belongs to a name such as `encrypted`.
fn is_in_sealed_block(before: &[u8]) -> bool {
    const NAMES: [&[u8]; 3] = [b"encrypted", b"encrypteddata", b"sealed"];
    let mut closed = 0_usize;
    let open = before.iter().rposition(|byte| match byte {
        b'}' => {
            closed += 1;
            false
        }
        b'{' if closed > 0 => {
            closed -= 1;
            false
        }
        byte => *byte == b'{',
    });
    let Some(open) = open else { return false };
    let letter = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
    let head = &before[..open];
    let end = head.iter().rposition(letter).map_or(0, |at| at + 1);
    let start = head[..end].iter().rposition(|b| !letter(b)).map_or(0, |at| at + 1);
    NAMES.contains(&head[start..end].to_ascii_lowercase().as_slice())
}

/// Returns `true` in `<input type="hidden" name="…token" value="…">`.
fn is_hidden_field(before: &[u8], after: &[u8]) -> bool {
    let Some(open) = before.iter().rposition(|b| matches!(b, b'<' | b'>')) else { return false };
    let rest = &before[open..];
    let hidden = |text: &[u8]| memchr::memmem::find(&text.to_ascii_lowercase(), b"hidden").is_some();
    let close = memchr::memchr(b'>', after).unwrap_or(0);
    rest.len() > 6 && rest[..6].eq_ignore_ascii_case(b"<input") && (hidden(rest) || hidden(&after[..close]))
}

/// Returns `true` for `io.jsonwebtoken:jjwt-jackson`: group and artifact of Maven.
fn is_coordinate(text: &[u8], name: Span, value: Span) -> bool {
    let gap = text.get(name.end..value.start);
    gap == Some(b":")
        && name.of(text).contains(&b'.')
        && value.of(text).contains(&b'-')
        && value.of(text).iter().all(|b| b.is_ascii_lowercase() || *b == b'-')
}

/// Returns `true` for `<token:what to put here>`: name and value in the same angle brackets, without quotes.
fn is_blank_to_fill_in(before: &[u8], name: Span, value: Span, after: &[u8]) -> bool {
    name.end < value.start && before.ends_with(b"<") && after.starts_with(b">")
}

/// Returns `true` in `data-cf-beacon='{"token": "…"}'` of Cloudflare's analytics and the like.
/// Source: <https://developers.cloudflare.com/web-analytics/get-started/>
fn is_of_beacon(before: &[u8]) -> bool {
    let tag = before.iter().rposition(|b| matches!(b, b'<' | b'>')).map_or(&b""[..], |open| &before[open..]);
    tag.starts_with(b"<script") && memchr::memmem::find(tag, b"-beacon=").is_some()
}

/// Returns `true` if the value is a parameter of a URL that also has a parameter for its expiry or for a download: it
/// is only good for that URL.
fn is_of_signed_address(before: &[u8], after: &[u8]) -> bool {
    const SIGNED: [&[u8]; 7] = [b"expires", b"expire", b"exp", b"oe", b"policy", b"alt", b"hdnts"];
    let inside = |b: &u8| b.is_ascii_graphic() && !matches!(b, b'"' | b'\'' | b'<' | b'>' | b'`' | b'(' | b')');
    let start = before.iter().rposition(|b| !inside(b)).map_or(0, |at| at + 1);
    let end = after.iter().position(|b| !inside(b)).unwrap_or(after.len());
    let address = &before[start..];
    let Some(query) = memchr::memchr(b'?', address).filter(|_| memchr::memmem::find(address, b"://").is_some()) else {
        return false;
    };
    let parameters = address[query + 1..].split(|b| *b == b'&').chain(after[..end].split(|b| *b == b'&').skip(1));
    parameters.filter_map(|one| Some(&one[..memchr::memchr(b'=', one)?])).any(|name| {
        let name = name.strip_prefix(b"amp;").unwrap_or(name).to_ascii_lowercase();
        SIGNED.contains(&name.as_slice())
    })
}

/// Returns `true` for `credentials('…')`, with which pipelines of Jenkins request a stored credential by its id.
fn is_id_of_credential(text: &[u8], name: Span, value: Span) -> bool {
    const CALL: [&[u8]; 2] = [b"credentials('", b"credentials(\""];
    let before = text.get(name.start.min(value.start)..value.start).unwrap_or_default();
    CALL.iter().any(|call| before.ends_with(call))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the reason for the value `VALUE`, whose name is the text between bars.
    fn reason(text: &str) -> Option<&'static str> {
        let plain = text.replace('|', "");
        let first = text.find('|').unwrap();
        let last = text.rfind('|').unwrap() - 1;
        let value = plain.find("VALUE").unwrap();
        let name = Span::new(first, last);
        harmless(plain.as_bytes(), name, name, Span::new(value, value + 5))
    }

    #[test]
    fn names_of_public_values_are_read_in_every_spelling() {
        for name in ["data-sitekey", "TURNSTILE_SITE_KEY", "sshPubKey", "INDEXNOW_KEY", "ALGOLIA_SEARCH_KEY"] {
            assert!(reason(&format!("|{name}|: VALUE")).is_some(), "{name}");
        }
        for name in ["api_key", "postman token", "ALGOLIA_SEARCH_ADMIN_KEY"] {
            assert!(reason(&format!("|{name}|: VALUE")).is_none(), "{name}");
        }
    }

    #[test]
    fn ids_of_requests_are_recognised() {
        let uuid = "0f3a91c2-77de-4b1a-9c0e-5d2b8e6f1a34";
        assert!(is_id_of_request(b"Postman-Token", uuid.as_bytes()));
        assert!(!is_id_of_request(b"Postman-Token", b"0f3a91c277de") && !is_id_of_request(b"token", uuid.as_bytes()));
    }

    #[test]
    fn blocks_of_encrypted_values_are_recognised() {
        assert!(reason(r#"{"a": {"b": 1}, "encrypted": {"user": "x", "|token|": "VALUE"}}"#).is_some());
        assert!(reason(r#"{"encrypted": {"user": "x"}, "|token|": "VALUE"}"#).is_none());
        assert!(reason(r#"{"hosts": {"|token|": "VALUE"}}"#).is_none());
    }

    #[test]
    fn hidden_form_fields_are_recognised() {
        assert!(reason(r#"<input type="hidden" name="|_token|" value="VALUE">"#).is_some());
        assert!(reason(r#"<input name="|_token|" value="VALUE" type=hidden>"#).is_some());
        assert!(reason(r#"<input name="|_token|" type="hidden" value="VALUE">"#).is_some());
        assert!(reason(r#"<input name="|_token|" value="VALUE"><p hidden>"#).is_none());
        assert!(reason(r#"<p hidden><input name="|_token|" value="VALUE">"#).is_none());
    }

    #[test]
    fn tokens_of_signed_urls_are_recognised() {
        assert!(reason("https://cdn.acme.io/a.mp4?|token|=VALUE&expires=1").is_some());
        assert!(reason("https://cdn.acme.io/a.png?alt=media&|token|=VALUE").is_some());
        assert!(reason("https://cdn.acme.io/a.jpg?oe=1&amp;|token|=VALUE").is_some());
        assert!(reason("https://api.acme.io/a?limit=1&|token|=VALUE").is_none());
        assert!(reason("https://api.acme.io/a?|token|=VALUE expires=1").is_none());
        assert!(reason("expires=1&|token|=VALUE").is_none());
    }

    #[test]
    fn ids_of_stored_credentials_are_recognised() {
        assert!(reason("API = |credentials|('VALUE')").is_some());
        assert!(reason("API = |credentials|: 'VALUE'").is_none());
    }
}

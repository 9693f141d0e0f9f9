//! Decides whether a value ends where an expression has found its end. The rest of a templated value is known only where
//! it is filled in, and its beginning alone is the name of something else.

use bstr::ByteSlice as _;

use crate::text::Span;

/// Returns `true` if the value of a name is the beginning of something longer.
pub(super) fn is_cut(text: &[u8], value: Span) -> bool {
    let (before, after) = (&text[..value.start], &text[value.end..]);
    // An address is whole without the port and the path that follow it.
    let is_address = value.of(text).contains(&b'.');
    let goes_on = match quote_at_end(before) {
        Some(quote) => !closes(after, quote) && !is_rest_of_address(after, is_address),
        None => match after {
            [b'/', ..] => !is_address && is_part(after.get(1)),
            [b'.' | b'-' | b'@' | b'+' | b'~', next @ ..] => is_part(next.first()) || is_template(next),
            [b'"' | b'\'' | b'`', next @ ..] => is_part(next.first()),
            _ => is_part(after.first()) || matches!(after, [b'(' | b'[', ..]) || is_template(after),
        },
    };
    goes_on || is_joined(after)
}

/// Returns `true` if a template or another string continues a value that an expression found by itself, or if it begins
/// behind one.
pub(super) fn is_templated(text: &[u8], whole: Span, value: Span) -> bool {
    let after = &text[value.end..];
    let is_open = value.end == whole.end && (is_template(after) || is_joined(after));
    let begins_inside = value.start == whole.start && text[..value.start].ends_with(b"}");
    is_open || begins_inside
}

/// Returns `true` if an expression begins that is replaced by a value: `${X}`, `{{ x }}`, `%s`, `<x>`, `#{x}`.
fn is_template(text: &[u8]) -> bool {
    match text {
        [b'$' | b'{' | b'%', ..] | [b'#', b'{', ..] => true,
        [b'<', next, ..] => *next != b'/',
        _ => false,
    }
}

/// Returns `true` if a string is joined with another one: `"a-" + b`, `"a-" . b`, `"a-" .. b`, `"a-" & b`.
fn is_joined(after: &[u8]) -> bool {
    let rest = without_blanks(unquoted(after));
    let is_string = rest.len() < after.len() || after.starts_with(b"+");
    let is_operator = |sign: &[u8]| rest.strip_prefix(sign).is_some_and(|rest| matches!(rest, [b' ' | b'\t', ..]));
    is_string && (rest.starts_with(b"+") || rest.starts_with(b"..") || is_operator(b".") || is_operator(b"&"))
}

/// Returns `true` if the quotation mark that opened the value follows it, escaped or not, possibly after a line end.
fn closes(after: &[u8], quote: u8) -> bool {
    let rest = [&b"\\n"[..], b"\\r\\n"].iter().find_map(|end| after.strip_prefix(*end)).unwrap_or(after);
    rest.trim_start_with(|c| c == '\\').starts_with(&[quote])
}

fn is_rest_of_address(after: &[u8], is_address: bool) -> bool {
    match after {
        [b':', next, ..] => next.is_ascii_digit(),
        [b'/', next @ ..] => is_address && !is_template(next),
        [b',' | b'?', ..] => is_address,
        _ => false,
    }
}

/// Returns `true` if a byte continues a word.
fn is_part(byte: Option<&u8>) -> bool {
    byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_' || !byte.is_ascii())
}

pub(super) fn quote_at_end(text: &[u8]) -> Option<u8> {
    text.last().copied().filter(|byte| b"\"'`".contains(byte))
}

pub(super) fn unquoted(text: &[u8]) -> &[u8] {
    match text {
        [b'"' | b'\'' | b'`', rest @ ..] => rest,
        _ => text,
    }
}

/// Returns a text without its leading blanks.
pub(super) fn without_blanks(text: &[u8]) -> &[u8] {
    let blanks = text.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    &text[blanks..]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(text: &str, value: &str) -> Span {
        let start = text.find(value).unwrap_or_else(|| panic!("no {value} in {text}"));
        Span::new(start, start + value.len())
    }

    #[test]
    fn the_beginning_of_a_templated_value_is_not_whole() {
        for text in [
            "user=svc-${ENV}",
            "user=\"svc-${var.env}-deploy\"",
            "user: svc-{{ env }}",
            "user=svc-%s",
            "user = \"svc-\" + env",
            "user = 'svc-' . $env",
            "user = \"svc-\" .. env",
            "user = \"svc-$(hostname)\"",
            "user=\"svc-;touch x\"",
            "user=\"svc-/svc\"",
            "user=svc-/svc",
            "user=svc-<env>",
            "user=\"svc-#{env}\"",
            "user = \"svc-é\"",
            "user=svc-.${ENV}",
            "user=\"svc- and more\"",
        ] {
            assert!(is_cut(text.as_bytes(), span(text, "svc-")), "{text}");
        }
        let text = "user = f\"svc\"";
        assert!(is_cut(text.as_bytes(), span(text, "f")));
    }

    #[test]
    fn a_value_with_its_end_is_whole() {
        for text in [
            "host=db.acme.io",
            "host=\"db.acme.io\",",
            "host=\"db.acme.io:5432\"",
            "host=https://db.acme.io/",
            "url=\"https://db.acme.io/orders\"",
            "\\\"host\\\":\\\"db.acme.io\\\"",
            "host = \"db.acme.io\\n\"",
            "Host=db.acme.io;User=x",
            "host=db.acme.io&x=y",
            "<host>db.acme.io</host>",
            "| host | db.acme.io |",
            "**host**: `db.acme.io`.",
            "It is at db.acme.io.",
            "'host=db.acme.io'",
            "let host = \"db.acme.io\".to_owned();",
            "cmd --host \"db.acme.io\" && next",
        ] {
            assert!(!is_cut(text.as_bytes(), span(text, "db.acme.io")), "{text}");
        }
    }

    #[test]
    fn an_address_with_a_template_is_not_whole() {
        for (text, value) in [
            ("p://u:p@db.${ENV}.acme.io/x", "db."),
            ("p://u:p@db-{{env}}.acme.io/x", "db-"),
            ("https://repo.$(env).io", "repo."),
            ("\"https://db-\" + env", "db-"),
            ("https://${env}-shop.jfrog.io", "-shop.jfrog.io"),
        ] {
            assert!(is_templated(text.as_bytes(), span(text, value), span(text, value)), "{text}");
        }
        let text = "https://db.acme.io/${X}";
        assert!(!is_templated(text.as_bytes(), span(text, "db.acme.io"), span(text, "db.acme.io")));
    }
}

//! Decides whether a name and the value that an expression has found after it belong together.
//!
//! The expressions are the same for every language, so they also match the arguments of a call, the fields of an object
//! and the header of a table. A wrong identifier in a command that revokes something is worse than none.

use bstr::ByteSlice as _;

use super::whole::{is_cut, quote_at_end, unquoted, without_blanks};
use crate::detect::value::name::Named;
use crate::text::Span;

/// A name, the bytes that separate it from its value, and the value, in a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pairing<'t> {
    pub(super) text: &'t [u8],
    pub(super) name: Span,
    /// The separator; empty if only a blank separates the two.
    pub(super) separator: Span,
    pub(super) value: Span,
}

impl<'t> Pairing<'t> {
    /// Returns `true` if the value belongs to the name, as far as the text around the secret shows. `is_field`
    /// recognises the names of other identifiers.
    pub(super) fn holds(&self, secret: Span, is_field: impl Fn(&[u8]) -> bool) -> bool {
        let value = self.value.of(self.text);
        let is_heading = || Named::of(value).is_some() || is_field(value);
        begins_a_name(self.text, self.name.start)
            && self.has_whole_value()
            && has_same_owner(self.text, self.name, secret)
            && match self.separator.of(self.text) {
                b"," => self.is_entry() && !is_heading(),
                b"|" => self.is_row() && !is_heading(),
                b">" => self.is_element(),
                b"(" => !self.is_expression(),
                b"" => true,
                _ => !(self.is_argument() && is_quoted(self.text, secret)),
            }
    }

    fn before_name(&self) -> &'t [u8] {
        &self.text[..self.name.start]
    }

    fn after_value(&self) -> &'t [u8] {
        &self.text[self.value.end..]
    }

    /// Returns `true` if the value is not the beginning of something longer, and not itself a name.
    fn has_whole_value(&self) -> bool {
        let rest = without_blanks(unquoted(self.after_value()));
        let is_name = match rest {
            [b'=', ..] => true,
            [b':', next, ..] => !next.is_ascii_digit(),
            _ => false,
        };
        !is_name && !is_cut(self.text, self.value)
    }

    /// Returns `true` for `("name", "value")` and `{"name", "value"}`, also with a number or a truth value in third
    /// place.
    fn is_entry(&self) -> bool {
        let (before, after) = (self.before_name(), self.after_value());
        let (Some(quote), true) = (quote_at_end(before), is_quoted(self.text, self.value)) else { return false };
        let opening = before_quote(before).trim_ascii_end();
        let rest = after.strip_prefix(&[quote]).unwrap_or_default().trim_ascii_start();
        let third = rest.strip_prefix(b",").unwrap_or(rest).trim_ascii_start();
        let word = third.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        let third = match &third[..word] {
            b"true" | b"false" | b"True" | b"False" => &third[word..],
            number if number.iter().all(u8::is_ascii_digit) => &third[word..],
            _ => rest,
        };
        let closing = third.trim_ascii_start();
        opening.ends_with(b"(") && closing.starts_with(b")") || opening.ends_with(b"{") && closing.starts_with(b"}")
    }

    /// Returns `true` for the first two cells of a row that is not the head of a table.
    fn is_row(&self) -> bool {
        let is_end = |byte: &u8| *byte == b'\n';
        let before = self.before_name();
        let line = before.iter().rposition(is_end).map_or(before, |at| &before[at + 1..]);
        let is_first = line.iter().all(|byte| b"|\t *`\"'_".contains(byte));
        let after = self.after_value();
        let next = after.iter().position(is_end).map_or(&b""[..], |at| after[at + 1..].trim_ascii_start());
        let ruler = next.iter().take_while(|byte| b"|-:+= \t".contains(byte));
        is_first && ruler.filter(|byte| b"-=".contains(byte)).count() < 3
    }

    /// Returns `true` if the name is inside a tag that is still open.
    fn is_element(&self) -> bool {
        const LONGEST: usize = 200;
        let before = self.before_name();
        let near = &before[before.len().saturating_sub(LONGEST)..];
        near.iter().rfind(|byte| b"<>\n".contains(byte)) == Some(&b'<')
    }

    /// Returns `true` if the value is a word without quotes, which is a variable in most languages.
    fn is_expression(&self) -> bool {
        let value = self.value.of(self.text);
        let is_word = value.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        is_word && !value.first().is_some_and(u8::is_ascii_digit) && !is_quoted(self.text, self.value)
    }

    /// Returns `true` if the value is a variable that is one of several, as in the arguments of a call.
    fn is_argument(&self) -> bool {
        let rest = without_blanks(self.after_value());
        self.is_expression() && matches!(rest.first(), Some(b',' | b')' | b';' | b'.'))
    }
}

/// Returns `true` if, in a list of entries with a key each (`name: X`, `value: Y`), the name is the value of the key
/// for names.
pub(super) fn is_named(text: &[u8], name: Span) -> bool {
    const KEYS: [&[u8]; 4] = [b"name", b"key", b"id", b"variable"];
    let before = before_quote(text[..name.start].trim_ascii_end()).trim_ascii_end();
    let is_apart = before.len() < name.start;
    match before.strip_suffix(b":").or_else(|| before.strip_suffix(b"=")).filter(|_| is_apart) {
        None => begins_a_name(text, name.start),
        Some(key) => {
            let key = before_quote(key.trim_ascii_end()).to_ascii_lowercase();
            KEYS.iter().any(|word| key.ends_with(word))
        }
    }
}

/// Returns `true` if a word, or a word of a compound, begins here: `host` doesn't begin a name in `localhost`.
fn begins_a_name(text: &[u8], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| text.get(before));
    let first = text.get(at).is_some_and(u8::is_ascii_uppercase);
    before.is_none_or(|byte| !byte.is_ascii_alphanumeric() || first && !byte.is_ascii_uppercase())
}

/// Returns `false` if the names show that the two belong to different things: `SMTP_HOST` and `DB_PASSWORD`.
fn has_same_owner(text: &[u8], name: Span, secret: Span) -> bool {
    let owner = |name: &[u8]| name.split(|byte| b"_.-".contains(byte)).next().unwrap_or_default().to_ascii_lowercase();
    let prefix = owner(word_before(&text[..name.start]));
    let of_secret = name_of(text, secret);
    let is_compound = of_secret.iter().any(|byte| b"_.-".contains(byte));
    prefix.is_empty() || !is_compound || owner(of_secret) == prefix
}

/// Returns the name that a secret is assigned to; empty if there is none.
pub(super) fn name_of(text: &[u8], secret: Span) -> &[u8] {
    let before = before_quote(text[..secret.start].trim_ascii_end()).trim_ascii_end();
    let before = before.strip_suffix(b"=").or_else(|| before.strip_suffix(b":"));
    before.map_or(b"", |before| word_before(before_quote(before.trim_ascii_end())))
}

/// Returns `true` if a part of a text contains this name as a whole word.
pub(super) fn names(part: &[u8], name: &[u8]) -> bool {
    let is_part = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(byte));
    let is_whole = |at: usize| !is_part(part[..at].last()) && !is_part(part.get(at + name.len()));
    !name.is_empty() && part.find_iter(name).any(is_whole)
}

/// Returns the letters, digits and separators at the end of a text.
pub(super) fn word_before(text: &[u8]) -> &[u8] {
    let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || b"_.-".contains(byte);
    let length = text.iter().rev().take_while(is_part).count();
    &text[text.len() - length..]
}

fn is_quoted(text: &[u8], value: Span) -> bool {
    quote_at_end(&text[..value.start]).is_some()
}

/// Returns a text without the quotation mark at its end.
fn before_quote(text: &[u8]) -> &[u8] {
    quote_at_end(text).map_or(text, |_| &text[..text.len() - 1])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns `true` if `owner` and `acme` belong together in a text.
    fn holds(text: &str) -> bool {
        let find = |word: &str| {
            let start = text.find(word).unwrap_or_else(|| panic!("no {word} in {text}"));
            Span::new(start, start + word.len())
        };
        let (name, value) = (find("owner"), find("acme"));
        let between = &text[name.end..value.start];
        let at = between.find([',', '|', '>', '(', ':', '=']).unwrap_or_else(|| panic!("no separator in {text}"));
        let separator = Span::new(name.end + at, name.end + at + 1);
        let secret = text.find("TOK").map_or(Span::new(0, 0), |at| Span::new(at, at + 3));
        let pairing = Pairing { text: text.as_bytes(), name, separator, value };
        pairing.holds(secret, |word| word == b"acmerepo")
    }

    #[test]
    fn a_name_and_its_value_belong_together() {
        for text in [
            "owner=acme",
            "owner: acme\n",
            "REPO_owner=acme\ntoken=TOK",
            "export GITHUB_owner=acme\nexport GITHUB_token=TOK",
            r#"{"owner":"acme","token":"TOK"}"#,
            r#"os.environ.setdefault("owner", "acme")"#,
            r#"setenv("owner", "acme", 1)"#,
            r#"map.put( 'owner' , 'acme' );"#,
            r#"{ "owner", "acme" },"#,
            "| owner | acme |\n| token | TOK |",
            "| owner | acme | who has it |",
            " owner    | acme\n",
            r#"<property name="owner">acme</property>"#,
            "<owner>acme</owner>",
            r#".owner("acme")"#,
            "client(owner='acme', token='TOK')",
            "owner: acme, token: TOK",
        ] {
            assert!(holds(text), "{text}");
        }
    }

    #[test]
    fn neighbours_that_are_no_name_and_value_do_not() {
        for text in [
            "fetch(owner, acme, 'TOK')",
            "fetch(owner, acme)",
            "  owner, acme,\n",
            r#"{"role":"owner","acme":"TOK"}"#,
            r#"{"role":"owner", "x":"acme"}"#.replace(r#""x":"#, "").as_str(),
            r#"["owner", "acme"]"#,
            r#"f("owner", "acme", "TOK")"#,
            r#"f("owner", acme)"#,
            "owner,acme,token\n",
            "| owner | acme |\n|---|---|\n",
            "| 1 | owner | acme |\n",
            "kind = owner | acme",
            "if owner > acme",
            "owner(acme)",
            "client(owner=acme, token='TOK')",
            "owner = acme()",
            "owner=acme_name",
            "owner: \n  acme: x",
            "owner=\nacme=x",
            "owner = \"acme and sons\"",
            "homeowner=acme",
            "SMTP_owner=acme\nDB_PASSWORD=TOK",
        ] {
            assert!(!holds(text), "{text}");
        }
        let pair = |value: &str| format!(r#"f("owner", "{value}")"#);
        assert!(holds(&pair("acme")) && !holds(&pair("acme").replace("acme\"", "acmerepo\"")));
    }

    #[test]
    fn a_part_names_only_whole_names() {
        assert_eq!(name_of(b"a: 1\nDB_PASSWORD = \"TOK\"", Span::new(20, 23)), b"DB_PASSWORD");
        assert_eq!(name_of(b"f(TOK)", Span::new(2, 5)), b"");
        assert!(names(b"user=a\ntoken=b", b"token") && names(br#"{"token":1}"#, b"token"));
        assert!(!names(b"my_token=b token_id=c", b"token") && !names(b"token", b""));
    }

    #[test]
    fn the_value_of_another_key_is_no_name() {
        let at = |text: &str| text.find("user").map(|at| Span::new(at, at + 4)).unwrap_or_default();
        for text in [
            r#"{"name": "user", "value": "x"}"#,
            r#"<add key="user" value="x"/>"#,
            r#"<add key="a:user" value="x"/>"#,
            r#""user": {"value": "x"}"#,
        ] {
            assert!(is_named(text.as_bytes(), at(text)), "{text}");
        }
        let role = r#"{"role": "user", "value": "x"}"#;
        assert!(!is_named(role.as_bytes(), at(role)));
    }
}

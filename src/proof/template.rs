//! The template language of a rule's examples: `ghp_<base62:30><seal:crc32-base62>`.
//!
//! Owns the grammar. An element is `<name>` or `<name:arguments>` with a known name; any other text in angle brackets
//! is kept, so that markup and placeholders such as `<your-token>` need no escaping. Elements that depend only on
//! their arguments are in `element`, check characters in `seal`.

use std::fmt;

use data_encoding::{BASE64, BASE64URL_NOPAD};

use super::element::{is_known, leaf};
use super::forge;
use super::random::Random;
use super::seal::{self, SealError};

/// The deepest nesting of templates.
const DEEPEST: u8 = 8;

/// The flaws that a template can have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TemplateError {
    /// `<seal:NAME>` names an unknown check.
    UnknownSeal(String),
    /// A seal follows text that lacks the form it is computed from.
    Unsealable(String),
    /// The arguments of an element are invalid.
    Arguments(String),
    /// `<token>` is used without a token template, or inside one.
    NoToken,
    /// Elements are nested too deeply.
    TooDeep,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownSeal(name) => {
                write!(f, "unknown seal `{name}`; the known ones are {}", seal::NAMES.join(", "))
            }
            Self::Unsealable(name) => write!(f, "the text before `<seal:{name}>` does not have the form that it seals"),
            Self::Arguments(element) => write!(f, "the arguments of `<{element}>` are not valid"),
            Self::NoToken => f.write_str("`<token>` needs a token template"),
            Self::TooDeep => f.write_str("elements are nested too deeply"),
        }
    }
}

impl std::error::Error for TemplateError {}

/// A generator that expands templates; the same seed and the same calls give the same texts.
pub struct Generator {
    random: Random,
}

/// The token of one expansion, made when it is first used.
enum Token<'t> {
    Absent,
    Template(&'t str),
    Made(String),
}

impl Generator {
    /// Returns a generator that starts from `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { random: Random::new(seed) }
    }

    /// Expands `template`; every `<token>` in it is the same expansion of `token`.
    ///
    /// # Errors
    /// Fails if an element is known but can't be expanded.
    pub fn expand(&mut self, template: &str, token: Option<&str>) -> Result<String, TemplateError> {
        self.expand_with_token(template, token).map(|(text, _)| text)
    }

    /// Expands like [`Self::expand`], and also returns the token if the template used it.
    ///
    /// # Errors
    /// Fails if an element is known but can't be expanded.
    pub fn expand_with_token(
        &mut self,
        template: &str,
        token: Option<&str>,
    ) -> Result<(String, Option<String>), TemplateError> {
        let mut token = token.map_or(Token::Absent, Token::Template);
        let text = self.render(template, &mut token, 0)?;
        match token {
            Token::Made(value) => Ok((text, Some(value))),
            _ => Ok((text, None)),
        }
    }

    fn render(&mut self, template: &str, token: &mut Token<'_>, depth: u8) -> Result<String, TemplateError> {
        if depth > DEEPEST {
            return Err(TemplateError::TooDeep);
        }
        let mut out = String::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('<') {
            out.push_str(before);
            rest = match element(after) {
                Some((inside, after)) => {
                    let text = self.element(inside, &out, token, depth)?;
                    out.push_str(&text);
                    after
                }
                None => {
                    out.push('<');
                    after
                }
            };
        }
        Ok(out + rest)
    }

    /// Returns the expansion of one element; `before` is the text that its template has produced so far.
    fn element(
        &mut self,
        inside: &str,
        before: &str,
        token: &mut Token<'_>,
        depth: u8,
    ) -> Result<String, TemplateError> {
        let (name, arguments) = inside.split_once(':').map_or((inside, None), |(n, a)| (n, Some(a)));
        match (name, arguments) {
            ("token", None) => self.token(token, depth),
            ("seal", Some(name)) => seal::check(name, before).map_err(|error| match error {
                SealError::Unknown => TemplateError::UnknownSeal(name.to_owned()),
                SealError::Unsealable => TemplateError::Unsealable(name.to_owned()),
            }),
            ("base64-of", Some(inner)) => Ok(BASE64.encode(self.render(inner, token, depth + 1)?.as_bytes())),
            ("base64url-of", Some(inner)) => {
                Ok(BASE64URL_NOPAD.encode(self.render(inner, token, depth + 1)?.as_bytes()))
            }
            ("json-of", Some(inner)) => Ok(escape(&self.render(inner, token, depth + 1)?)),
            ("jwt", Some(payload)) => {
                let payload = self.render(payload, token, depth + 1)?;
                Ok(forge::jwt(&mut self.random, Some(payload)))
            }
            _ => leaf(&mut self.random, name, arguments).ok_or_else(|| TemplateError::Arguments(inside.to_owned())),
        }
    }

    fn token(&mut self, token: &mut Token<'_>, depth: u8) -> Result<String, TemplateError> {
        let value = match token {
            Token::Absent => return Err(TemplateError::NoToken),
            Token::Made(value) => return Ok(value.clone()),
            Token::Template(template) => self.render(template, &mut Token::Absent, depth + 1)?,
        };
        *token = Token::Made(value.clone());
        Ok(value)
    }
}

/// Splits the text between `<` and its `>` from the rest; `None` if it isn't an element.
fn element(after: &str) -> Option<(&str, &str)> {
    let name = after.split([':', '>', '<']).next()?;
    if !is_known(name) {
        return None;
    }
    // The characters of `of` may be anything, including an opening bracket.
    let end = if name == "of" { after.find('>') } else { closing(after) }?;
    let (inside, rest) = after.split_at_checked(end)?;
    Some((inside, rest.strip_prefix('>')?))
}

/// Returns the position of the bracket that closes the one just before `after`.
fn closing(after: &str) -> Option<usize> {
    let mut open = 1_usize;
    let brackets = after.char_indices().filter(|(_, c)| matches!(c, '<' | '>'));
    for (at, bracket) in brackets {
        open = if bracket == '<' { open + 1 } else { open - 1 };
        if open == 0 {
            return Some(at);
        }
    }
    None
}

/// Escapes a text as in a JSON string, without the quotes around it.
fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expand(template: &str) -> Result<String, TemplateError> {
        Generator::new(7).expand(template, Some("k_<hex:8>"))
    }

    fn matches(template: &str, length: usize, allowed: fn(&u8) -> bool) {
        let text = expand(template).unwrap();
        assert!(text.len() == length && text.bytes().all(|b| allowed(&b)), "{template}: {text}");
    }

    #[test]
    fn runs_keep_to_their_alphabet_and_length() {
        matches("<base62:40>", 40, u8::is_ascii_alphanumeric);
        matches("<base58:40>", 40, |b| b.is_ascii_alphanumeric() && !b"0OIl".contains(b));
        matches("<hex:20>", 20, |b| b"0123456789abcdef".contains(b));
        matches("<HEX:20>", 20, |b| b"0123456789ABCDEF".contains(b));
        matches("<base36:9>", 9, |b| b.is_ascii_lowercase() || b.is_ascii_digit());
        matches("<BASE36:9>", 9, |b| b.is_ascii_uppercase() || b.is_ascii_digit());
        matches("<base32:16>", 16, |b| b.is_ascii_uppercase() || (b'2'..=b'7').contains(b));
        matches("<base32l:16>", 16, |b| b.is_ascii_lowercase() || (b'2'..=b'7').contains(b));
        matches("<digits:5><lower:5>", 10, |b| b.is_ascii_digit() || b.is_ascii_lowercase());
        matches("<upper:5><alpha:5>", 10, u8::is_ascii_alphabetic);
        matches("<unreserved:34>", 34, |b| b.is_ascii_alphanumeric() || b"_~.-".contains(b));
        matches("<of:AQ<w:6>", 6, |b| b"AQ<w".contains(b));
        matches("<base64:43><base64url:22>", 65, |b| b.is_ascii_alphanumeric() || b"+/-_".contains(b));
    }

    #[test]
    fn every_other_element_expands() {
        for element in
            ["uuid", "word", "token", "jwt", "pgp", "pypi", "discord", "vault-hvs", "azure-cask", "aws-id:ASIA"]
        {
            assert!(!expand(&format!("<{element}>")).unwrap().is_empty());
        }
        for kind in ["rsa", "ec", "pkcs8", "rsa-encrypted", "openssh", "openssh-encrypted"] {
            assert!(expand(&format!("<pem:{kind}>")).unwrap().starts_with("-----BEGIN "));
        }
        assert_eq!(expand("<azure-key:64:+ASt:Default0>").unwrap().len(), 88);
    }

    #[test]
    fn the_token_is_generated_once_and_returned() {
        let (text, token) = Generator::new(7).expand_with_token("<token> <token>", Some("k_<hex:8>")).unwrap();
        let token = token.unwrap();
        assert_eq!(text, format!("{token} {token}"));
        assert_eq!(Generator::new(7).expand_with_token("x", Some("k")), Ok(("x".to_owned(), None)));
    }

    #[test]
    fn nested_elements_are_expanded_first() {
        let text = expand("<base64-of:user:<base64url-of:<digits:3>>>").unwrap();
        let inner = String::from_utf8(BASE64.decode(text.as_bytes()).unwrap()).unwrap();
        let digits = BASE64URL_NOPAD.decode(inner.strip_prefix("user:").unwrap().as_bytes()).unwrap();
        assert!(digits.len() == 3 && digits.iter().all(u8::is_ascii_digit));
        assert_eq!(expand("<base64-of:<token>> <token>").map(|t| t.len()), Ok(16 + 1 + 10));
        assert_eq!(expand("<json-of:a\n\"b\">"), Ok("a\\n\\\"b\\\"".to_owned()));
        let token = expand(r#"<jwt:{"role":"service_role"}>"#).unwrap();
        assert!(token.contains(&BASE64URL_NOPAD.encode(br#"{"role":"service_role"}"#)));
    }

    #[test]
    fn other_brackets_are_kept() {
        for text in [
            "<your-token>",
            "<a href=\"x\">y</a>",
            "a < b",
            "x<<y",
            "<token",
            "<Vec<u8>>",
            "<token >",
            "\u{fc}<\u{fc}>",
        ] {
            assert_eq!(expand(text).as_deref(), Ok(text));
        }
        assert!(expand("<password><digits:3></password>").unwrap().len() == 24);
    }

    #[test]
    fn mistakes_are_errors() {
        assert_eq!(expand("<seal:nothing>"), Err(TemplateError::UnknownSeal("nothing".to_owned())));
        assert_eq!(expand("x<seal:entra>"), Err(TemplateError::Unsealable("entra".to_owned())));
        for element in
            ["hex:x", "hex:99999999", "hex", "of::3", "of:ab", "pem:x", "azure-key:1:a:b", "uuid:4", "aws-id:A"]
        {
            assert_eq!(expand(&format!("<{element}>")), Err(TemplateError::Arguments(element.to_owned())));
        }
        assert_eq!(Generator::new(1).expand("<token>", None), Err(TemplateError::NoToken));
        assert_eq!(Generator::new(1).expand("<token>", Some("<token>")), Err(TemplateError::NoToken));
        let deep = "<base64-of:".repeat(12) + &">".repeat(12);
        assert_eq!(expand(&deep), Err(TemplateError::TooDeep));
    }
}

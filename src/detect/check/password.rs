//! Values that people write instead of a password: templates, placeholders, masks, defaults.
//!
//! This module judges one value on its own. Whether it equals the user name, and whether the host is a local one,
//! depends on its surroundings and is decided elsewhere.

use std::sync::LazyLock;

use super::Outcome;
use crate::detect::value::{placeholder, wordlike};

/// Words that stand for a password. A value made only of them, with separators and a few digits, is a placeholder.
static FILLERS: LazyLock<Words> = LazyLock::new(|| {
    Words::new(
        "\
    a abc access account admin and api app auth bar baz change changed client database db default demo dev dummy \
    enter example fake false foo go goes here hidden hunter in insert invalid key login me my mysql new nil no \
    none null of old or pass passphrase passwd password placeholder postgres put pw pwd qwerty real \
    redacted redis removed replace root sample secret server set some something string super test testing the \
    this to todo token true undefined unset use user username value with your \
    home host on proxy store url word machine oauth personal sekret sekrit",
    )
});

/// Words that show a placeholder wherever they appear: they are too long to occur by chance.
static GIVEAWAYS: LazyLock<Words> = LazyLock::new(|| {
    Words::new(
        "\
    example placeholder changeme change_me change-me redacted replaceme replace_me replace-me insert_ insert- \
    your_ your- yourpass yoursecret notreal deadbeef xxxx **** .... \u{2022}\u{2022}\u{2022}",
    )
});

/// The default passwords of products: they work where nobody changed them, but are no secret.
static DEFAULTS: LazyLock<Words> =
    LazyLock::new(|| Words::new("admin guest minioadmin mysql postgres postgresql rabbitmq redis root test toor"));

/// Expressions that read the environment or a secret store, and the start of one that is cut off.
static REFERENCES: LazyLock<Words> = LazyLock::new(|| {
    Words::new(
        "\
    env. env( enc( keyvault process.env os.environ os.getenv getenv( import.meta system.getenv secrets. vars. var. {{ ${",
    )
});

/// A list of words, grouped by their first byte, as one value in a history may be checked in thousands of commits.
struct Words([Vec<&'static str>; 256]);

impl Words {
    /// Creates a list from the words of a text that blanks separate.
    fn new(list: &'static str) -> Self {
        let mut words = [const { Vec::new() }; 256];
        for word in list.split_ascii_whitespace() {
            words[usize::from(word.as_bytes()[0])].push(word);
        }
        Self(words)
    }

    fn with_first(&self, byte: u8) -> impl Iterator<Item = &'static str> {
        self.0[usize::from(byte)].iter().copied()
    }

    /// Returns `true` if a text starts with one of the words.
    fn start(&self, text: &[u8]) -> bool {
        text.first().is_some_and(|first| self.with_first(*first).any(|word| text.starts_with(word.as_bytes())))
    }

    /// Returns `true` if a text is one of the words.
    fn hold(&self, text: &str) -> bool {
        text.bytes().next().is_some_and(|first| self.with_first(first).any(|word| word == text))
    }

    /// Returns `true` if a text contains one of the words.
    fn are_in(&self, text: &str) -> bool {
        (0..text.len()).any(|at| self.start(&text.as_bytes()[at..]))
    }
}

/// Judges a value given as a password.
///
/// Source: the families of placeholders seen in public code; see the tests for one of each.
pub(super) fn plain(secret: &[u8]) -> Outcome {
    let text = String::from_utf8_lossy(secret).to_lowercase();
    let default = DEFAULTS.hold(&text);
    match objection(&text, secret) {
        Some(reason) => Outcome::Fail(reason),
        None if default => Outcome::Weak { reason: "a product's default password", facts: Vec::new() },
        None => Outcome::Pass(Vec::new()),
    }
}

/// Returns `true` if the value is a typical substitute for a password.
pub(crate) fn is_stand_in(secret: &[u8]) -> bool {
    let text = String::from_utf8_lossy(secret).to_lowercase();
    is_template(&text, secret) || is_uniform(&text) || is_placeholder(&text)
}

fn objection(text: &str, secret: &[u8]) -> Option<&'static str> {
    if text.chars().count() < 4 {
        return Some("too short");
    }
    if text.ends_with(':') {
        return Some("a label");
    }
    if is_template(text, secret) {
        return Some("a template or reference, filled in elsewhere");
    }
    if is_uniform(text) {
        return Some("one character repeated");
    }
    if placeholder::typed(text.as_bytes()) {
        return Some("a sequence");
    }
    is_placeholder(text).then_some("a placeholder")
}

/// Returns `true` for a value that is filled in when it is used: `${X}`, `{{ x }}`, `%s`, `$X`, `process.env.X`.
fn is_template(text: &str, secret: &[u8]) -> bool {
    placeholder::reference(secret) || REFERENCES.start(text.as_bytes()) || is_format(text)
}

/// Returns `true` for a short text that contains `%s`, `{}` or `%v`.
fn is_format(text: &str) -> bool {
    text.len() <= 8 && (text.contains("%s") || text.contains("{}") || text.contains("%v"))
}

fn is_uniform(text: &str) -> bool {
    let mut rest = text.chars();
    let first = rest.next();
    rest.all(|c| Some(c) == first)
}

fn is_placeholder(text: &str) -> bool {
    GIVEAWAYS.are_in(text) || names_a_secret(text) || is_filler(text) && !DEFAULTS.hold(text)
}

/// Returns `true` for a value that names the secret it replaces: `consumer_secret`, `the-admin-password`.
fn names_a_secret(text: &str) -> bool {
    const HEADS: [&str; 6] = ["secret", "password", "passwd", "passphrase", "token", "key"];
    let mut parts = text.split(['_', '-']).rev();
    parts.next().is_some_and(|last| HEADS.contains(&last))
        && parts.clone().next().is_some()
        && parts.all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphabetic()))
}

/// Returns `true` if the value can be cut into filler words, separators and at most four digits.
///
/// The search continues from every position that can be reached; values long enough to cost time are not cut at all.
fn is_filler(text: &str) -> bool {
    if text.len() > 64 || text.bytes().filter(u8::is_ascii_digit).count() > 4 {
        return false;
    }
    let mut reached = vec![0_usize];
    let mut next = 0;
    while let Some(at) = reached.get(next).copied() {
        let rest = text.get(at..).unwrap_or_default();
        for step in steps(rest) {
            if !reached.contains(&(at + step)) {
                reached.push(at + step);
            }
        }
        next += 1;
    }
    reached.contains(&text.len())
}

/// Returns the lengths of the fillers that `rest` starts with.
fn steps(rest: &str) -> impl Iterator<Item = usize> {
    let first = rest.bytes().next().unwrap_or_default();
    let spelled = Some(wordlike::letter(first)).filter(|letter| *letter != first);
    let words = [Some(first), spelled].into_iter().flatten().flat_map(|first| FILLERS.with_first(first));
    let fillers = words.filter(move |word| starts_with(rest, word)).map(str::len);
    let single = rest.starts_with(|c: char| c.is_ascii_digit() || "_-. !@#$*x".contains(c));
    fillers.chain(single.then_some(1))
}

/// Returns `true` if a text starts with a word; in a longer word signs may replace letters: `p@55w0rd`.
fn starts_with(text: &str, word: &str) -> bool {
    const LONG: usize = 6;
    let same = |(byte, known): (u8, u8)| byte == known || (word.len() >= LONG && wordlike::letter(byte) == known);
    text.len() >= word.len() && text.bytes().zip(word.bytes()).all(same)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fails(text: &str) -> bool {
        matches!(plain(text.as_bytes()), Outcome::Fail(_))
    }

    #[test]
    fn placeholders_fail() {
        let list = "password Password123 changeme xxx XXXXXXXX ******** passw0rd my-password your_password_here db_password \
            test1234 <your-password> some-example-value sekrit MACHINE-PASS personal-access-token asdfQWER1234 REDACTED YOUR_API_KEY insert-token-here mysecretpassword foobar aaaaaaaa null123 p4-example \
            consumer_secret the-billing-token pa55w0rd p@ssw0rd1 pa$$word s3cr3t";
        for text in list.split(' ') {
            assert!(fails(text), "{text}");
        }
    }

    #[test]
    fn templates_fail() {
        let list = "${DB_PASS} ${DB_PASS:-x} $DB_PASS $PASS $password $(cat,x) {{password}} {{.Values.x}} <password> %s %(pw)s %DB_PASS% @pw@ \
            #{pw} __PW__ ENC[AES256_GCM,x] vault:secret/x op://a/b process.env.PW os.environ['PW'] {password} [password] ((pw))";
        for text in list.split(' ') {
            assert!(fails(text), "{text}");
        }
    }

    #[test]
    fn short_values_fail() {
        assert!(fails("") && fails("abc") && fails("\u{e9}\u{e9}z") && !fails("k9!z"));
    }

    #[test]
    fn passwords_pass() {
        for text in [
            "kV9tz-Lq2",
            "Tr0ub4dor&3",
            "correct horse battery staple",
            "$uper9Hero",
            "S3cr3t!x7Q",
            "\u{fc}ber-Kaese-9",
            "p@ss/w&rd{7",
            "{k9!z&Q}",
            "kV9_tz-key",
            "Lq2-t0k3n-Zk",
            "m0leP4ss",
        ] {
            assert!(matches!(plain(text.as_bytes()), Outcome::Pass(_)), "{text}");
        }
    }

    #[test]
    fn default_passwords_lower_the_confidence() {
        assert!(matches!(plain(b"postgres"), Outcome::Weak { .. }));
        assert!(matches!(plain(b"Admin"), Outcome::Weak { .. }));
    }
}

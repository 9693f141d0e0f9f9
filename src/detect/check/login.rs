//! `user:password` in base64: HTTP Basic (RFC 7617), Docker's `auth`, npm's `_auth`.
//!
//! `password` decides which passwords are placeholders.

use super::codec::{base64, split_once};
use super::{Fact, Outcome, password};

/// Checks for a printable user and password; the user is reported unless it may itself be a token.
pub(super) fn basic(secret: &[u8]) -> Outcome {
    let decoded = base64(secret).and_then(|b| String::from_utf8(b).ok());
    let Some(text) = decoded.filter(|t| !t.chars().any(char::is_control)) else {
        return Outcome::Fail("not printable text in base64");
    };
    let Some((user, word)) = split_once(text.as_bytes(), b':') else {
        return Outcome::Fail("not user:password");
    };
    let facts = || name(user).map(|n| Fact::new("user", n)).into_iter().collect();
    match password::plain(word) {
        Outcome::Pass(_) => Outcome::Pass(facts()),
        Outcome::Weak { reason, .. } => Outcome::Weak { reason, facts: facts() },
        other => other,
    }
}

/// Returns the user's name. Some services take the API key as the user (Stripe, GitHub), so a long and mixed name is
/// not revealed.
fn name(user: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(user).ok().filter(|t| !t.is_empty())?;
    let has = |class: fn(&u8) -> bool| user.iter().any(class);
    let mixed = has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic);
    let token = user.len() >= 16 && mixed && !text.contains('@') || user.len() > 64;
    Some(text).filter(|_| !token)
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::BASE64;

    fn judged(text: &str) -> Outcome {
        basic(BASE64.encode(text.as_bytes()).as_bytes())
    }

    #[test]
    fn the_user_is_reported_unless_it_may_be_a_key() {
        assert_eq!(judged("deploy:kV9tz-Lq2:x"), Outcome::Pass(vec![Fact::new("user", "deploy")]));
        assert_eq!(judged(&format!("{}:kV9tz-Lq2", "a1B2".repeat(6))), Outcome::Pass(vec![]));
    }

    #[test]
    fn other_text_fails() {
        assert_eq!(judged("deploy:changeme"), judged("x:changeme"));
        assert!(matches!(judged("deploy:${PASS}"), Outcome::Fail(_)));
        assert!(matches!(judged("deploy:"), Outcome::Fail(_)));
        assert_eq!(judged("deploy"), Outcome::Fail("not user:password"));
        assert_eq!(judged("a\n:kV9tz-Lq2"), Outcome::Fail("not printable text in base64"));
        assert_eq!(basic(b"***"), Outcome::Fail("not printable text in base64"));
    }
}

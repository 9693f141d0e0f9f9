//! AWS unique ids: their alphabet and the account number inside.
//!
//! Secret access keys have no structure and are not judged here.

use data_encoding::BASE32;

use super::{Fact, Outcome};
use crate::detect::value::wordlike;

/// The prefixes of ids that contain their account (AWS documentation, "unique identifiers").
const PREFIXES: [&[u8]; 8] = [b"AKIA", b"ASIA", b"AROA", b"AIDA", b"AGPA", b"ABIA", b"ACCA", b"AIPA"];
/// Accounts whose keys are decoys, and their owners. Each is named on a public page or known from a published key: the
/// first from keys of the free service, the second from those printed by onappsec.com, the third from a list of marks
/// of decoys (0xCardinal, "covert canary detection").
const DECOYS: [(&str, &str); 3] =
    [("171436882533", "Thinkst"), ("595918472158", "Thinkst"), ("992382622183", "Thinkst")];

/// Returns the sixteen characters after the prefix of an id that belongs to `account`.
///
/// The first bit is set in ids issued today; `rest` fills the bits that the account leaves free.
pub(crate) fn account_id(account: u64, rest: &[u8; 10]) -> String {
    let [first, ..] = *rest;
    let head = 1 << 47 | account << 7 | u64::from(first & 0x7f);
    let mut bytes = *rest;
    for (to, from) in bytes.iter_mut().zip(head.to_be_bytes().into_iter().skip(2)) {
        *to = from;
    }
    BASE32.encode(&bytes)
}

/// Checks `<4 letters><16 of A-Z2-7>`. Source of the account decoding: published and confirmed on two ids of known
/// accounts.
pub(super) fn account(secret: &[u8]) -> Outcome {
    let body = PREFIXES.iter().find_map(|p| secret.strip_prefix(*p));
    let Some(bytes) = body.filter(|b| b.len() == 16).and_then(|b| BASE32.decode(b).ok()) else {
        return Outcome::Fail("not the alphabet or length of an AWS id");
    };
    if secret.ends_with(b"EXAMPLE") {
        return Outcome::Sample;
    }
    // One id in 28 has no digit, and hardly any of these reads like words.
    if !secret.iter().any(u8::is_ascii_digit) && wordlike::is_words(secret) {
        return Outcome::Fail("words in capitals");
    }
    let account = body.filter(|b| !is_old(b)).and_then(|_| decode(&bytes));
    Outcome::Pass(account.map(facts).unwrap_or_default())
}

/// Returns `true` for ids of the old form, which contain no account.
const fn is_old(body: &[u8]) -> bool {
    matches!(body, [b'I' | b'J', ..])
}

/// Returns the forty bits after the first one, which carries no information. Numbers of more than twelve digits are not
/// accounts.
fn decode(bytes: &[u8]) -> Option<u64> {
    let [a, b, c, d, e, f] = *bytes.first_chunk::<6>()?;
    let number = u64::from_be_bytes([0, 0, a, b, c, d, e, f]);
    Some((number & 0x7fff_ffff_ff80) >> 7).filter(|n| *n < 1_000_000_000_000)
}

fn facts(account: u64) -> Vec<Fact> {
    let account = format!("{account:012}");
    let decoy = DECOYS.iter().find(|(decoy, _)| *decoy == account).map(|(_, owner)| Fact::new("aws_canary", owner));
    std::iter::once(Fact::new("aws_account_id", account)).chain(decoy).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_account_is_recovered(number in 0_u64..1_000_000_000_000, rest in any::<[u8; 10]>()) {
            let id = format!("AKIA{}", account_id(number, &rest));
            prop_assume!(!id.ends_with("EXAMPLE") && id.bytes().any(|b| b.is_ascii_digit()) && DECOYS.iter().all(|(decoy, _)| format!("{number:012}") != *decoy));
            let expected = Outcome::Pass(vec![Fact::new("aws_account_id", format!("{number:012}"))]);
            prop_assert_eq!(account(id.as_bytes()), expected);
        }
    }

    #[test]
    fn canaries_are_recognised() {
        for (decoy, owner) in DECOYS {
            let id = format!("AKIA{}", account_id(decoy.parse().unwrap(), &[7; 10]));
            let expected = vec![Fact::new("aws_account_id", decoy), Fact::new("aws_canary", owner)];
            assert_eq!(account(id.as_bytes()), Outcome::Pass(expected));
        }
    }

    #[test]
    fn old_ids_pass_without_an_account() {
        let id = format!("AKIAI{}", "AB7CDEF".repeat(3).get(..15).unwrap());
        assert_eq!(account(id.as_bytes()), Outcome::Pass(vec![]));
    }

    #[test]
    fn foreign_digits_and_examples_fail() {
        assert!(matches!(account(format!("AKIA{}", "A8".repeat(8)).as_bytes()), Outcome::Fail(_)));
        let example = format!("AKIA{}EXAMPLE", "QRSTUV234");
        assert_eq!(account(example.as_bytes()), Outcome::Sample);
        assert!(matches!(account(b"AKIA"), Outcome::Fail(_)));
        let words = format!("AKIA{}{}", "CONFIGURATION", "KEY");
        assert_eq!(account(words.as_bytes()), Outcome::Fail("words in capitals"));
    }
}

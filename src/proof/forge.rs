//! Whole tokens of vendors whose parts depend on each other, generated for examples.
//!
//! Tokens are structurally right, and random in every part that would be secret. Private keys are in `keys`.

use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL_NOPAD};

use super::random::{Random, is_conspicuous};
use crate::detect::check::{aws, azure, base58, crc16};

/// Letters and digits.
pub(super) const BASE62: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/// The alphabet of base64, in order.
pub(super) const BASE64_STANDARD: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// The alphabet of base64 that is safe in URLs, in order.
pub(super) const BASE64_URL: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A time in 2026, so that examples don't depend on the day.
const NOW: u64 = 1_767_225_600;

const WORDS: [&str; 32] = [
    "harbor", "lantern", "meadow", "copper", "falcon", "willow", "granite", "ember", "cobalt", "juniper", "marble",
    "saffron", "tundra", "velvet", "walnut", "zephyr", "orchid", "pebble", "quartz", "ripple", "summit", "timber",
    "umbra", "violet", "breeze", "canyon", "drift", "fjord", "glacier", "hazel", "indigo", "kelp",
];

/// Returns a lower-case word.
pub(super) fn word(random: &mut Random) -> &'static str {
    random.pick(&WORDS)
}

/// Returns a version 4 UUID.
pub(super) fn uuid(random: &mut Random) -> String {
    let mut number = u128::from_be_bytes(random.array());
    number = number & !(0xF << 76) | 0x4 << 76;
    number = number & !(0x3 << 62) | 0x2 << 62;
    let text = format!("{number:032x}");
    let at = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    [at(0, 8), at(8, 12), at(12, 16), at(16, 20), at(20, 32)].join("-")
}

/// Returns a token with the given payload, or a generated one, and a signature of the length of HS256.
pub(super) fn jwt(random: &mut Random, payload: Option<String>) -> String {
    let own = || {
        let (issuer, subject) = (word(random), random.run(b"123456789", 10, b"123456789"));
        let (issued, expires) = (NOW + random.below(86_400), NOW + 31_536_000);
        format!(r#"{{"iss":"https://id.{issuer}.internal","sub":"{subject}","iat":{issued},"exp":{expires}}}"#)
    };
    let payload = payload.unwrap_or_else(own);
    let parts = [br#"{"alg":"HS256","typ":"JWT"}"#.as_slice(), payload.as_bytes(), &random.bytes(32)];
    parts.map(|part| BASE64URL_NOPAD.encode(part)).join(".")
}

/// Returns a macaroon for pypi.org, valid for all projects of its user.
pub(super) fn pypi(random: &mut Random) -> String {
    let packet = |kind: u8, bytes: &[u8]| [&[kind, u8::try_from(bytes.len()).unwrap_or(0)], bytes].concat();
    let id = uuid(random);
    let caveat = br#"{"version": 1, "permissions": "user"}"#;
    let sections = [packet(1, b"pypi.org"), packet(2, id.as_bytes()), vec![0], packet(2, caveat), vec![0, 0]].concat();
    let bytes = [vec![2], sections, packet(6, &random.bytes(32))].concat();
    format!("pypi-{}", BASE64URL_NOPAD.encode(&bytes))
}

/// Returns a bot id of 18 digits, a time of creation and a signature.
pub(super) fn discord(random: &mut Random) -> String {
    let id = format!("1{}", random.run(b"0123456789", 17, b"0123456789"));
    let seconds = u32::try_from(NOW - random.below(100_000_000)).unwrap_or(0);
    let parts = [id.as_bytes(), &seconds.to_be_bytes(), &random.bytes(28)];
    parts.map(|part| BASE64URL_NOPAD.encode(part)).join(".")
}

/// Returns the long form of a Vault service token: version, HMAC, and the inner token with its index.
pub(super) fn vault(random: &mut Random) -> String {
    let token = format!("hvs.{}", random.run(BASE62, 24, BASE62));
    let body = [&[0x0a, 28], token.as_bytes(), &[0x10, 0xdf, 0x3e, 0x18, 1]].concat();
    let length = u8::try_from(body.len()).unwrap_or(0);
    let bytes = [&[8, 1, 0x12, 32][..], &random.bytes(32), &[0x1a, length], &body].concat();
    format!("hvs.{}", BASE64URL_NOPAD.encode(&bytes))
}

/// Returns a key id of a random account, drawn again until it has a digit, as key ids do.
pub(super) fn aws_id(random: &mut Random, prefix: &str) -> String {
    let mut id = String::new();
    for _ in 0..32 {
        let account = 100_000_000_000 + random.below(900_000_000_000);
        id = format!("{prefix}{}", aws::account_id(account, &random.array()));
        let bytes = id.as_bytes();
        let plain = (1..=bytes.len()).all(|end| !is_conspicuous(bytes.get(..end).unwrap_or_default()));
        if plain && bytes.iter().any(u8::is_ascii_digit) {
            break;
        }
    }
    id
}

/// Returns an Azure identifiable key. Keys of 39 bytes consist of letters and digits, those of 40 are safe in URLs.
pub(super) fn azure_key(random: &mut Random, size: usize, mark: &str, seed: &str) -> Option<String> {
    let alphabet = if size == 39 { BASE62 } else { BASE64_STANDARD };
    for _ in 0..64 {
        let length = (size * 8).div_ceil(6);
        let text = random.run(alphabet, length, &canonical(alphabet, length));
        let key = azure::seal_key(&BASE64_NOPAD.decode(text.as_bytes()).ok()?, mark, seed)?;
        let marks = key.replacen(mark, "", 1).contains(['+', '/']);
        if size != 39 || !marks {
            return Some(if size == 40 { key.replace('+', "-").replace('/', "_") } else { key });
        }
    }
    None
}

/// Returns the characters that may end a base64 text of `length`: those that leave no stray bits.
pub(super) fn canonical(alphabet: &[u8], length: usize) -> Vec<u8> {
    let step = match length % 4 {
        2 => 16,
        3 => 4,
        _ => 1,
    };
    super::random::plain(&alphabet.iter().copied().step_by(step).collect::<Vec<_>>())
}

/// Returns a CASK key of Azure DevOps, allocated in a month of 2025.
pub(super) fn azure_cask(random: &mut Random) -> Option<String> {
    let (head, platform) = (random.run(BASE62, 52, BASE62), random.run(BASE62, 10, BASE62));
    let month = char::from(random.pick(b"ABCDEFGHIJKL"));
    let front = format!("{head}JQQJ99B{month}AC{platform}AAASAZDO");
    let check = azure::cask_check(&BASE64.decode(front.as_bytes()).ok()?);
    Some(format!("{front}{}", check.get(..4)?))
}

/// Returns a Bitcoin private key in wallet import format, for a compressed public key.
pub(super) fn wif(random: &mut Random) -> String {
    steady(random, |random| base58::seal(&[&[0x80], &random.bytes(32)[..], &[1]].concat()))
}

/// Returns the extended private key of a wallet, for the main network.
pub(super) fn xprv(random: &mut Random) -> String {
    const MAIN: &[u8] = &[0x04, 0x88, 0xad, 0xe4];
    steady(random, |random| {
        base58::seal(
            &[MAIN, &[3], &random.bytes(4), &[0x80, 0, 0, 0], &random.bytes(32), &[0], &random.bytes(32)].concat(),
        )
    })
}

/// Returns the seed of a NATS user (`SU`), account (`SA`) or operator (`SO`).
pub(super) fn nkey(random: &mut Random, kind: &str) -> Option<String> {
    const SEED: u8 = 18 << 3;
    let owner = match kind {
        "SU" => 20 << 3,
        "SA" => 0,
        "SO" => 14 << 3,
        _ => return None,
    };
    Some(steady(random, |random| crc16::seal(&[&[SEED | owner >> 5, owner << 3], &random.bytes(32)[..]].concat())))
}

/// Returns the secret seed of a Stellar account.
pub(super) fn stellar_seed(random: &mut Random) -> String {
    const SEED: u8 = 18 << 3;
    steady(random, |random| crc16::seal(&[&[SEED], &random.bytes(32)[..]].concat()))
}

/// Draws a text again until no part at its end is conspicuous.
fn steady(random: &mut Random, make: impl Fn(&mut Random) -> String) -> String {
    let mut text = make(random);
    for _ in 0..32 {
        if (1..=text.len()).all(|end| !is_conspicuous(text.as_bytes().get(..end).unwrap_or_default())) {
            break;
        }
        text = make(random);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::check::{Outcome, run};
    use crate::rule::check::Check;

    type Forge = fn(&mut Random) -> String;

    #[test]
    fn every_forged_token_passes_its_own_check() {
        let forges: [(&str, Forge); 7] = [
            ("uuid-v4", uuid),
            ("jwt", |r| jwt(r, None)),
            ("pypi-macaroon", pypi),
            ("discord-bot", discord),
            ("vault-hvs", vault),
            ("aws-account", |r| aws_id(r, "ASIA")),
            ("azure-cask", |r| azure_cask(r).unwrap()),
        ];
        for seed in 0..50 {
            for (check, forge) in forges {
                let token = forge(&mut Random::new(seed));
                let outcome = run(&Check::parse(check).unwrap(), token.as_bytes());
                assert!(matches!(outcome, Outcome::Pass(_)), "{check}: {token}: {outcome:?}");
            }
        }
    }

    #[test]
    fn azure_keys_have_the_vendors_shape() {
        let mut random = Random::new(3);
        for (size, length, at) in [(32, 44, 33), (39, 52, 42), (40, 56, 44), (64, 88, 76)] {
            let key = azure_key(&mut random, size, "AzXy", "Default0").unwrap();
            assert_eq!((key.len(), key.find("AzXy")), (length, Some(at)), "{key}");
        }
    }
}

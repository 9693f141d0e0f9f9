//! Elements of the template language that depend only on their arguments, and the names of all elements.
//!
//! Random runs are made in `random`, whole tokens in `forge` and `keys`.

use super::forge::{self, BASE62, BASE64_STANDARD, BASE64_URL};
use super::keys;
use super::random::{Random, plain};

const LOWER: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
const UPPER: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// The elements that produce a run of random characters: `<name:count>`.
const RUNS: [(&str, &[u8]); 15] = [
    ("base62", BASE62),
    ("base36", b"abcdefghijklmnopqrstuvwxyz0123456789"),
    ("BASE36", b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"),
    ("hex", b"0123456789abcdef"),
    ("HEX", b"0123456789ABCDEF"),
    ("digits", b"0123456789"),
    ("lower", LOWER),
    ("upper", UPPER),
    ("alpha", b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"),
    ("base32", b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
    ("base32l", b"abcdefghijklmnopqrstuvwxyz234567"),
    ("base58", b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"),
    ("base64", BASE64_STANDARD),
    ("base64url", BASE64_URL),
    ("unreserved", b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_~.-"),
];

/// The elements that produce anything else.
const OTHERS: [&str; 21] = [
    "of",
    "uuid",
    "word",
    "token",
    "base64-of",
    "base64url-of",
    "json-of",
    "seal",
    "azure-key",
    "azure-cask",
    "jwt",
    "pem",
    "pgp",
    "aws-id",
    "pypi",
    "discord",
    "vault-hvs",
    "wif",
    "xprv",
    "nkey",
    "stellar-seed",
];

/// The longest run; a longer one is a typing error.
const LONGEST_RUN: usize = 65_536;
/// Returns `true` if `<name>` or `<name:...>` is an element.
pub(super) fn is_known(name: &str) -> bool {
    OTHERS.contains(&name) || RUNS.iter().any(|(known, _)| *known == name)
}

/// Expands an element that depends only on its arguments.
pub(super) fn leaf(random: &mut Random, name: &str, arguments: Option<&str>) -> Option<String> {
    match (name, arguments) {
        ("uuid", None) => Some(forge::uuid(random)),
        ("word", None) => Some(forge::word(random).to_owned()),
        ("jwt", None) => Some(forge::jwt(random, None)),
        ("pgp", None) => Some(keys::pgp(random)),
        ("pypi", None) => Some(forge::pypi(random)),
        ("discord", None) => Some(forge::discord(random)),
        ("vault-hvs", None) => Some(forge::vault(random)),
        ("wif", None) => Some(forge::wif(random)),
        ("xprv", None) => Some(forge::xprv(random)),
        ("stellar-seed", None) => Some(forge::stellar_seed(random)),
        ("nkey", Some(kind)) => forge::nkey(random, kind),
        ("azure-cask", None) => forge::azure_cask(random),
        ("pem", Some(kind)) => keys::pem(random, kind),
        ("aws-id", Some(prefix)) if prefix.len() == 4 => Some(forge::aws_id(random, prefix)),
        ("azure-key", Some(arguments)) => azure_key(random, arguments),
        ("of", Some(arguments)) => of(random, arguments),
        (name, Some(digits)) => run(random, name, digits),
        _ => None,
    }
}

fn run(random: &mut Random, name: &str, digits: &str) -> Option<String> {
    let (_, alphabet) = RUNS.iter().find(|(known, _)| *known == name)?;
    let count = count(digits)?;
    let last = if name.starts_with("base64") { forge::canonical(alphabet, count) } else { plain(alphabet) };
    Some(random.run(alphabet, count, &last))
}

fn of(random: &mut Random, arguments: &str) -> Option<String> {
    let (characters, digits) = arguments.rsplit_once(':')?;
    let alphabet = Some(characters.as_bytes()).filter(|a| !a.is_empty() && a.is_ascii())?;
    Some(random.run(alphabet, count(digits)?, alphabet))
}

fn azure_key(random: &mut Random, arguments: &str) -> Option<String> {
    let mut parts = arguments.split(':');
    let (size, mark, seed) = (count(parts.next()?)?, parts.next()?, parts.next()?);
    let sound = matches!(size, 32 | 39 | 40 | 64) && mark.len() == 4 && seed.len() == 8 && parts.next().is_none();
    if sound { forge::azure_key(random, size, mark, seed) } else { None }
}

fn count(digits: &str) -> Option<usize> {
    digits.parse().ok().filter(|n| *n <= LONGEST_RUN)
}

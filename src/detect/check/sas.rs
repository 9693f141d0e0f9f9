//! Azure storage shared access signatures.
//!
//! Source: Azure's documentation of SAS query parameters. Whether a signature has expired is decided by the
//! reader of the facts.

use super::codec::base64;
use super::url::decode;
use super::{Fact, Outcome};

const TOLD: [(&str, &str); 4] =
    [("se", "sas_expires"), ("sp", "sas_permissions"), ("skoid", "sas_object_id"), ("sktid", "azure_tenant_id")];

/// Checks a query, or a whole URL, with a version `sv`, an expiry `se`, and a signature `sig` of 32 bytes.
pub(super) fn azure(secret: &[u8]) -> Outcome {
    let text = String::from_utf8_lossy(secret).replace("&amp;", "&").replace("\\u0026", "&");
    let (address, query) = text.split_once('?').unwrap_or(("", &text));
    let pairs: Vec<_> = query.split('&').filter_map(pair).collect();
    let value = |name: &str| pairs.iter().find(|(n, _)| *n == name).map(|(_, v)| v.as_str());
    if !value("se").is_some_and(is_date) || !value("sv").is_some_and(is_date) {
        return Outcome::Fail("no version or expiry");
    }
    if value("sig").and_then(|s| base64(s.as_bytes())).is_none_or(|s| s.len() != 32) {
        return Outcome::Fail("the signature is not 32 bytes of base64");
    }
    let known = TOLD.into_iter().filter_map(|(name, field)| Some(Fact::new(field, value(name)?)));
    Outcome::Pass(known.chain(host(address)).collect())
}

fn pair(text: &str) -> Option<(&str, String)> {
    let (name, value) = text.split_once('=')?;
    let value = String::from_utf8(decode(value.as_bytes())).ok()?;
    Some((name, value))
}

/// Returns `true` if a text starts like `2026-01-31`; a time may follow.
fn is_date(text: &str) -> bool {
    let mut places = text.bytes().take(10).enumerate();
    let shape = places.all(|(at, b)| if matches!(at, 4 | 7) { b == b'-' } else { b.is_ascii_digit() });
    shape && text.len() >= 10
}

fn host(address: &str) -> Option<Fact> {
    let (_, rest) = address.split_once("://")?;
    let host = rest.split(['/', ':']).next().filter(|h| !h.is_empty())?;
    Some(Fact::new("host", host))
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::BASE64;

    fn query(separator: &str) -> String {
        let signature = BASE64.encode(&[0xFB; 32]).replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        ["sv=2022-11-02", "sp=rl", "se=2030-01-02T03%3A04%3A05Z", &format!("sig={signature}")].join(separator)
    }

    #[test]
    fn expiry_and_permissions_are_reported() {
        let facts = vec![Fact::new("sas_expires", "2030-01-02T03:04:05Z"), Fact::new("sas_permissions", "rl")];
        for separator in ["&", "&amp;", "\\u0026"] {
            assert_eq!(azure(query(separator).as_bytes()), Outcome::Pass(facts.clone()));
        }
        let url = format!("https://acme.blob.core.windows.net/x?{}", query("&"));
        let with_host = [facts, vec![Fact::new("host", "acme.blob.core.windows.net")]].concat();
        assert_eq!(azure(url.as_bytes()), Outcome::Pass(with_host));
    }

    #[test]
    fn other_signatures_fail() {
        assert_eq!(azure(b"sv=1&se=2030-01-02&sig=x"), Outcome::Fail("no version or expiry"));
        let short = b"sv=2022-11-02&se=2030-01-02&sig=abcd";
        assert_eq!(azure(short), Outcome::Fail("the signature is not 32 bytes of base64"));
    }
}

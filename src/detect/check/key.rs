//! Private keys in text: finds out the kind of block and passes it to the module that judges it.
//!
//! The formats are in `der`, `openssh` and `pgp`; that of `PuTTY`, being a list of headers, is judged here.

use super::codec::base64;
use super::pem::{self, Block};
use super::{Fact, Outcome, der, openssh, pgp};

const ENCRYPTED: &str = "encrypted with a passphrase";
const CUT: &str = "the key is cut off or altered";

/// Checks any private key block, also as base64 of the whole block or of its contents.
pub(super) fn private(secret: &[u8]) -> Outcome {
    let text = String::from_utf8_lossy(secret);
    if text.trim_start().starts_with("PuTTY-User-Key-File-") {
        return putty(&text);
    }
    if text.contains("-----BEGIN ") {
        return pem_text(&text);
    }
    let Some(bytes) = base64(&unescaped(&text)) else { return Outcome::Fail("no BEGIN line") };
    match std::str::from_utf8(&bytes) {
        Ok(inner) => pem_text(inner),
        Err(_) => plain(der::pkcs8(&bytes).or_else(|| der::rsa(&bytes)).or_else(|| der::ec(&bytes))),
    }
}

/// Returns base64 without the line breaks and escapes with which a string holds it.
fn unescaped(text: &str) -> Vec<u8> {
    text.replace("\\n", "").replace("\\r", "").replace("\\/", "/").into_bytes()
}

fn pem_text(text: &str) -> Outcome {
    match pem::find(text) {
        Ok(block) if block.label.starts_with("PGP ") => pgp::key(&block),
        Ok(block) => block_of_base64(&block),
        Err(reason) => Outcome::Fail(reason),
    }
}

fn block_of_base64(block: &Block) -> Outcome {
    let Some(bytes) = base64(block.body().as_bytes()) else {
        return Outcome::Fail("the body is not base64");
    };
    match block.label.as_str() {
        "OPENSSH PRIVATE KEY" => openssh::key(&bytes),
        _ if block.encrypted => encrypted((bytes.len() >= 32).then_some(())),
        "ENCRYPTED PRIVATE KEY" => encrypted(der::encrypted_pkcs8(&bytes)),
        "RSA PRIVATE KEY" => plain(der::rsa(&bytes).or_else(|| der::pkcs8(&bytes))),
        "EC PRIVATE KEY" => plain(der::ec(&bytes).or_else(|| der::pkcs8(&bytes))),
        "DSA PRIVATE KEY" => plain(der::dsa(&bytes)),
        _ => plain(der::pkcs8(&bytes).or_else(|| der::rsa(&bytes)).or_else(|| der::ec(&bytes))),
    }
}

fn plain(algorithm: Option<String>) -> Outcome {
    algorithm.map_or(Outcome::Fail(CUT), |a| Outcome::Pass(vec![Fact::new("key_algorithm", a)]))
}

fn encrypted(recognised: Option<()>) -> Outcome {
    let facts = vec![Fact::new("encrypted", "yes")];
    recognised.map_or(Outcome::Fail(CUT), |()| Outcome::Weak { reason: ENCRYPTED, facts })
}

/// Checks a `PuTTY` key: the algorithm in the first line, `Encryption`, and a MAC at the end (manual of `PuTTY`,
/// appendix C).
fn putty(text: &str) -> Outcome {
    let value = |name: &str| {
        let mut lines = text.lines().map(str::trim);
        lines.find_map(|l| l.strip_prefix(name)).map(|v| v.trim_start_matches(':').trim())
    };
    let Some(cipher) = value("Encryption").filter(|_| value("Private-MAC").is_some()) else {
        return Outcome::Fail(CUT);
    };
    if cipher != "none" {
        return encrypted(Some(()));
    }
    let algorithm = text.lines().next().and_then(|l| l.rsplit(':').next()).unwrap_or_default();
    plain(Some(algorithm.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::BASE64;

    fn block(label: &str, bytes: &[u8]) -> String {
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", BASE64.encode(bytes))
    }

    fn judged(label: &str, bytes: &[u8]) -> Outcome {
        private(block(label, bytes).as_bytes())
    }

    /// Returns the PKCS #8 form of an Ed25519 key.
    fn ed25519() -> Vec<u8> {
        [&[0x30, 46, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 34, 4, 32][..], &[0xA5; 32]].concat()
    }

    #[test]
    fn labels_choose_the_format() {
        let expected = Outcome::Pass(vec![Fact::new("key_algorithm", "Ed25519")]);
        assert_eq!(judged("PRIVATE KEY", &ed25519()), expected);
        let wrapped = BASE64.encode(block("PRIVATE KEY", &ed25519()).as_bytes());
        assert_eq!(private(wrapped.as_bytes()), expected);
        let cipher = [&[0x30, 10, 0x30, 2, 5, 0, 4, 4][..], &[1; 4]].concat();
        assert!(matches!(judged("ENCRYPTED PRIVATE KEY", &cipher), Outcome::Weak { reason: ENCRYPTED, .. }));
    }

    #[test]
    fn public_and_truncated_keys_fail() {
        assert_eq!(judged("PUBLIC KEY", &ed25519()), Outcome::Fail("only a public part"));
        assert_eq!(judged("CERTIFICATE", &[1]), Outcome::Fail("only a public part"));
        assert_eq!(judged("PRIVATE KEY", &ed25519()[..40]), Outcome::Fail(CUT));
        assert_eq!(judged("OPENSSH PRIVATE KEY", &[1; 40]), Outcome::Fail("not a whole OpenSSH key"));
        let dots = "-----BEGIN RSA PRIVATE KEY-----\nMIIE...\n-----END RSA PRIVATE KEY-----";
        assert_eq!(private(dots.as_bytes()), Outcome::Fail("the body is not base64"));
        assert_eq!(private(b"AAAA"), Outcome::Fail("no BEGIN line"));
    }

    #[test]
    fn putty_keys_show_whether_they_are_encrypted() {
        let file =
            |cipher: &str| format!("PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: {cipher}\nPrivate-MAC: 00\n");
        let expected = Outcome::Pass(vec![Fact::new("key_algorithm", "ssh-ed25519")]);
        assert_eq!(private(file("none").as_bytes()), expected);
        assert!(matches!(private(file("aes256-cbc").as_bytes()), Outcome::Weak { .. }));
        assert_eq!(private(b"PuTTY-User-Key-File-3: x"), Outcome::Fail(CUT));
    }
}

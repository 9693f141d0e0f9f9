//! Signatures made with a secret, so that the secret itself is not sent.

use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use ring::{digest, hmac};
use serde_json::{Value, json};

use super::hosts::Place;
use crate::finding::Secret;
use crate::rule::live::{Request, Signature};
use crate::text::time::rfc3339;

/// The audience of Google's assertions. The key file names a server as well, but whoever wrote the file chose it.
const GOOGLE: &str = "https://oauth2.googleapis.com/token";
/// The number of seconds for which a token is valid, and by which a clock may be ahead.
const LASTING: u64 = 300;
const AHEAD: u64 = 30;

/// The parts of a request that are made with a secret.
#[derive(Default)]
pub(super) struct Signed {
    /// The text in place of the secret, if there is one.
    pub(super) stands_for: Option<String>,
    /// The headers with a signature.
    pub(super) headers: Vec<(String, String)>,
}

/// Signs a request in the way that its kind of signature requires.
///
/// # Errors
/// Fails if the secret isn't a key of the required kind.
pub(super) fn sign(
    request: &Request,
    secret: &Secret,
    known: &[(&str, String)],
    place: &Place,
    now: u64,
) -> Result<Signed, String> {
    let of = |name: &str| {
        known.iter().find(|(field, _)| *field == name).map(|(_, value)| value.as_str()).unwrap_or_default()
    };
    let token = |claims: Value| Ok(Signed { stands_for: Some(token(secret, &claims)?), ..Signed::default() });
    match request.signature {
        None => Ok(Signed::default()),
        Some(Signature::AwsSts) => {
            let moment = compact(now)?;
            let headers = aws(of("aws_access_key_id"), secret.reveal(), &place.shown, request.body.template(), &moment);
            Ok(Signed { headers, ..Signed::default() })
        }
        Some(Signature::AzureSharedKey) => {
            let headers = azure(of("azure_storage_account"), secret.reveal(), request, now)?;
            Ok(Signed { headers, ..Signed::default() })
        }
        Some(Signature::GoogleAssertion) => token(json!({
            "iss": of("gcp_client_email"),
            "scope": "https://www.googleapis.com/auth/userinfo.email",
            "aud": GOOGLE,
            "iat": now,
            "exp": now + LASTING,
        })),
        Some(Signature::GithubApp) => {
            token(json!({ "iss": of("github_app_id"), "iat": now.saturating_sub(AHEAD), "exp": now + LASTING }))
        }
    }
}

fn mac(key: &[u8], text: &str) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes())
}

/// Returns a time in the form `20260131T120000Z`.
fn compact(now: u64) -> Result<String, String> {
    let moment = rfc3339(now).ok_or("the clock of this machine is wrong")?;
    Ok(moment.chars().filter(|c| !matches!(c, '-' | ':')).collect())
}

/// Returns the headers with Signature Version 4 of a POST to the token service (AWS documentation, "Create a signed AWS
/// API request").
fn aws(key_id: &str, secret: &[u8], host: &str, body: &str, moment: &str) -> Vec<(String, String)> {
    let day = &moment[..8];
    let hash = |text: &str| HEXLOWER.encode(digest::digest(&digest::SHA256, text.as_bytes()).as_ref());
    let signed = "content-type;host;x-amz-date";
    let canonical = format!(
        "POST\n/\n\ncontent-type:application/x-www-form-urlencoded\nhost:{host}\nx-amz-date:{moment}\n\n{signed}\n{}",
        hash(body)
    );
    let scope = format!("{day}/us-east-1/sts/aws4_request");
    let to_sign = format!("AWS4-HMAC-SHA256\n{moment}\n{scope}\n{}", hash(&canonical));
    let mut key = mac(&[b"AWS4", secret].concat(), day);
    for part in ["us-east-1", "sts", "aws4_request"] {
        key = mac(key.as_ref(), part);
    }
    let signature = HEXLOWER.encode(mac(key.as_ref(), &to_sign).as_ref());
    let authorization =
        format!("AWS4-HMAC-SHA256 Credential={key_id}/{scope}, SignedHeaders={signed}, Signature={signature}");
    vec![("x-amz-date".to_owned(), moment.to_owned()), ("authorization".to_owned(), authorization)]
}

/// Returns the headers with `SharedKey` of a GET without a body (Azure documentation, "Authorize with Shared Key").
fn azure(account: &str, secret: &[u8], request: &Request, now: u64) -> Result<Vec<(String, String)>, String> {
    let key = BASE64.decode(secret).map_err(|_| "its value is not base64")?;
    let date = http_date(now).ok_or("the clock of this machine is wrong")?;
    let version = request.headers.iter().find(|(name, _)| name == "x-ms-version").map(|(_, value)| &**value);
    let mut query: Vec<&str> =
        request.path.split_once('?').map(|(_, query)| query.split('&').collect()).unwrap_or_default();
    query.sort_unstable();
    let query: String = query.iter().map(|pair| format!("\n{}", pair.replacen('=', ":", 1))).collect();
    let to_sign = format!(
        "GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:{date}\nx-ms-version:{}\n/{account}/{query}",
        version.unwrap_or_default()
    );
    let signature = BASE64.encode(mac(&key, &to_sign).as_ref());
    Ok(vec![("x-ms-date".to_owned(), date), ("authorization".to_owned(), format!("SharedKey {account}:{signature}"))])
}

/// Returns a time in the form `Sat, 31 Jan 2026 12:00:00 GMT`.
fn http_date(now: u64) -> Option<String> {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let moment = rfc3339(now)?;
    let month: usize = moment.get(5..7)?.parse().ok()?;
    let day = DAYS.get(usize::try_from(now / 86_400 % 7).ok()?)?;
    let (year, of_month, time) = (moment.get(..4)?, moment.get(8..10)?, moment.get(11..19)?);
    Some(format!("{day}, {of_month} {} {year} {time} GMT", MONTHS.get(month.checked_sub(1)?)?))
}

/// Returns a JSON Web Token signed with an RSA key.
fn token(secret: &Secret, claims: &Value) -> Result<String, String> {
    let no_key = |_| "its value is not an RSA key that can sign".to_owned();
    let key = RsaKeyPair::from_der(&secret.identity()).map_err(no_key)?;
    let head = BASE64URL_NOPAD.encode(br#"{"alg":"RS256","typ":"JWT"}"#);
    let to_sign = format!("{head}.{}", BASE64URL_NOPAD.encode(claims.to_string().as_bytes()));
    let mut signature = vec![0; key.public().modulus_len()];
    let signed = key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), to_sign.as_bytes(), &mut signature);
    signed.map_err(|_| "its key cannot sign".to_owned())?;
    Ok(format!("{to_sign}.{}", BASE64URL_NOPAD.encode(&signature)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_use_the_http_format() {
        assert_eq!(http_date(784_111_777).as_deref(), Some("Sun, 06 Nov 1994 08:49:37 GMT"));
        assert_eq!(compact(784_111_777).as_deref(), Ok("19941106T084937Z"));
    }

    #[test]
    fn the_daily_key_is_derived_as_amazon_documents() {
        // This is the documentation's example for 2012-02-15, us-east-1 and iam.
        let sample = ["AWS4", "wJalrXUtnFEMI", "/K7MDENG", "+bPxRfiCY", "EXAMPLEKEY"];
        let mut key = mac(sample.concat().as_bytes(), "20120215");
        for part in ["us-east-1", "iam", "aws4_request"] {
            key = mac(key.as_ref(), part);
        }
        assert_eq!(HEXLOWER.encode(key.as_ref()), "f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d");
    }
}

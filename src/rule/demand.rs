//! The requirements that every entry of a rule file has to meet, whatever its kind.

use super::Str;

/// The most bytes that one match may span. Private keys in armour and service-account files come near it.
pub const MAX_MATCH: u32 = 16 * 1024;

pub(super) fn own(text: &str) -> Str {
    Str::Owned(text.to_owned())
}

pub(super) fn nonempty(key: &str, text: &str) -> Result<(), String> {
    if text.trim().is_empty() { Err(format!("{key} is empty")) } else { Ok(()) }
}

pub(super) fn kebab(id: &str) -> Result<(), String> {
    let fine = !id.is_empty()
        && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !id.starts_with('-')
        && !id.ends_with('-');
    if fine { Ok(()) } else { Err(format!("id '{id}' is not kebab-case (a-z, 0-9 and -)")) }
}

pub(super) fn https(url: &str) -> Result<&str, String> {
    let fine =
        url.strip_prefix("https://").is_some_and(|rest| rest.contains('.') && !rest.contains(char::is_whitespace));
    if fine { Ok(url) } else { Err(format!("'{url}' is not an https link")) }
}

/// Checks the name of a file, which a path has to end with; `*` matches any part of a name.
pub(super) fn file_name(name: &str) -> Result<Str, String> {
    let fine = |part: &str| !part.trim_matches('*').is_empty() && part.matches('*').count() <= 1;
    if name.split('/').all(fine) && name.to_ascii_lowercase() == name {
        Ok(own(name))
    } else {
        Err(format!(
            "file '{name}' has to be a name in lower case, with its folders if needed, and at most one * in each part"
        ))
    }
}

pub(super) fn digest(hex: &str) -> Result<[u8; 32], String> {
    let wrong = || format!("placeholder '{hex}' is not a SHA-256 in lower-case hex");
    if hex.len() != 64 {
        return Err(wrong());
    }
    let mut out = [0; 32];
    for (byte, pair) in out.iter_mut().zip(hex.as_bytes().chunks(2)) {
        let pair = std::str::from_utf8(pair).map_err(|_| wrong())?;
        *byte = u8::from_str_radix(pair, 16).map_err(|_| wrong())?;
    }
    Ok(out)
}

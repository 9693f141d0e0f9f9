//! The effect of the date on a detection: a token whose expiry date has passed no longer opens anything.
//!
//! The date is checked after detection and passed as an argument: the detector reads no clock, and a text is judged the
//! same on every day. The expiry of a token comes from its check, so only expiries that the issuer put into it count.

use crate::detect::Detection;
use crate::finding::Evidence;
use crate::rule::Severity;
use crate::text::time::rfc3339;

/// The facts that give an expiry.
const ENDS: [&str; 4] = ["jfrog_expires", "jwt_expires", "pypi_expires", "sas_expires"];

/// The number of bytes in a date.
const DATE: usize = 10;

/// Lowers the severity of a detection that has expired by `now`, in seconds since 1970, and adds when it expired.
pub fn apply(now: u64, mut detection: Detection) -> Detection {
    if let Some(end) = past_end(now, &detection) {
        detection.severity = detection.severity.min(Severity::Low);
        detection.evidence.push(Evidence::Expired(end));
    }
    detection
}

/// Returns the expiry of a detection, if it has passed.
fn past_end(now: u64, detection: &Detection) -> Option<String> {
    let end = &detection.facts.iter().find(|fact| ENDS.contains(&&*fact.field))?.value;
    is_past(end, &rfc3339(now)?).then(|| end.clone())
}

/// Returns `true` if a moment in UTC, or the start of a day, is before another one. Both start with the year, so
/// comparing them as strings is enough; one without seconds counts to the end of its minute. An expiry with an offset,
/// or with any other text in it, never counts as past.
fn is_past(end: &str, now: &str) -> bool {
    let plain = end.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b':' | b'.' | b'T' | b'Z'));
    plain && (end.len() == DATE || end.ends_with('Z')) && end < now
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_and_days_are_compared() {
        let now = "2026-03-01T12:30:45Z";
        for past in
            ["2026-03-01T12:30:44Z", "2026-03-01", "2025-12-31", "2026-03-01T12:29Z", "2026-02-28T23:59:59.999Z"]
        {
            assert!(is_past(past, now), "{past}");
        }
        for ahead in ["2026-03-01T12:30:45Z", "2026-03-02", "2026-03-01T12:30Z", "9999-12-31T23:59:59Z"] {
            assert!(!is_past(ahead, now), "{ahead}");
        }
        for other in ["2026-03-01T10:00:00+08:00", "2026-02-01\u{202e}Z", ""] {
            assert!(!is_past(other, now), "{other}");
        }
    }
}

//! The only reader of the clock.

use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since 1970; none on a machine whose clock stands before that.
#[expect(clippy::disallowed_methods, reason = "this is where time enters")]
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

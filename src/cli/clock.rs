//! The only reader of the clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Seconds since 1970; none on a machine whose clock is before that.
pub fn now() -> u64 {
    elapsed().as_secs()
}

/// The time since 1970, as exactly as the clock knows it.
#[expect(clippy::disallowed_methods, reason = "this is where time enters")]
pub fn elapsed() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

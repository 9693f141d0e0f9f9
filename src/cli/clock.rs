//! The only module that reads the clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Returns the seconds since 1970; 0 on a machine whose clock is before that.
pub fn now() -> u64 {
    elapsed().as_secs()
}

/// Returns the time since 1970, as exactly as the clock gives it.
#[expect(clippy::disallowed_methods, reason = "this is where time enters")]
pub fn elapsed() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

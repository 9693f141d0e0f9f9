//! The request to stop the run. The programs that the run has started are in other process groups, and would continue
//! without it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The signal by which the run was asked to stop, if there was one.
#[derive(Debug, Clone, Default)]
pub(super) struct Stop(Arc<AtomicUsize>);

impl Stop {
    /// Starts listening to the signals by which a terminal or a service manager ends a program.
    pub(super) fn listen() -> Self {
        let stop = Self::default();
        #[cfg(unix)]
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
            let number = usize::try_from(signal).unwrap_or_default();
            // If a signal can't be listened to, the system ends this program and leaves the programs it started
            // running, as if nothing listened.
            let _ = signal_hook::flag::register_usize(signal, Arc::clone(&stop.0), number);
        }
        stop
    }

    pub(super) fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed) != 0
    }

    /// Ends this program as the signal would have done, so that a script that runs it ends too.
    pub(super) fn obey(&self) {
        #[cfg(unix)]
        if let Ok(signal @ 1..) = i32::try_from(self.0.load(Ordering::Relaxed)) {
            let _ = signal_hook::low_level::emulate_default_handler(signal);
        }
    }
}

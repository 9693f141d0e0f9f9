//! The wish of somebody to stop the run. What it has started is in other process groups, and would go on alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The signal by which the run was asked to stop, if it was.
#[derive(Debug, Clone, Default)]
pub(super) struct Stop(Arc<AtomicUsize>);

impl Stop {
    /// Listens to the signals by which a terminal or a service manager ends a program.
    pub(super) fn listen() -> Self {
        let stop = Self::default();
        #[cfg(unix)]
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
            let number = usize::try_from(signal).unwrap_or_default();
            // Where it cannot be listened to, the system ends this program and leaves the others to themselves, as without this.
            let _ = signal_hook::flag::register_usize(signal, Arc::clone(&stop.0), number);
        }
        stop
    }

    pub(super) fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed) != 0
    }

    /// Ends this program as the signal would have, so that a script around it ends too.
    pub(super) fn obey(&self) {
        #[cfg(unix)]
        if let Ok(signal @ 1..) = i32::try_from(self.0.load(Ordering::Relaxed)) {
            let _ = signal_hook::low_level::emulate_default_handler(signal);
        }
    }
}

//! Settings: resolved once from defaults, the configuration file and the command line. All other code sees only the
//! result.

pub mod file;
pub mod import;

use std::path::PathBuf;

use crate::rule::{Confidence, Severity};
use crate::suppress::Policy;

pub use file::{ConfigError, ConfigFile};

/// The largest file or blob that is read, in bytes, unless configured otherwise.
pub const MAX_FILE_SIZE: u64 = 256 << 20;

/// The options of a scan.
#[derive(Debug, Clone)]
pub struct ScanOptions {
    /// The least severity; findings below it are counted, not shown.
    pub min_severity: Severity,
    /// The least confidence; findings below it are counted, not shown.
    pub min_confidence: Confidence,
    /// The largest file or blob that is read, in bytes; larger ones become gaps.
    pub max_file_size: u64,
    /// `true` if content that can't be read by its nature (an absent LFS object, an archive of an unsupported format,
    /// an encrypted file) is a gap rather than a note.
    pub strict: bool,
    /// The current time, in seconds since 1970: a secret that expired earlier has a lower severity.
    pub now: u64,
    /// The number of worker threads.
    pub threads: usize,
    /// `true` if nothing may be skipped: signatures of commits and tags are read, and an archive that can't be opened
    /// is a gap rather than a note.
    pub thorough: bool,
    /// The folder in which a sweep caches what it has read.
    pub cache: Option<PathBuf>,
    /// `true` if a sweep names authors whose addresses are unusual in the repository.
    pub flag_outside_authors: bool,
    /// The policy that says what is allowed.
    pub policy: Policy,
}

impl Default for ScanOptions {
    fn default() -> Self {
        Self {
            min_severity: Severity::Low,
            min_confidence: Confidence::Medium,
            max_file_size: MAX_FILE_SIZE,
            strict: false,
            now: 0,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            thorough: false,
            cache: None,
            flag_outside_authors: false,
            policy: Policy::default(),
        }
    }
}

//! Settings: resolved once from defaults, the configuration file and the command line. Work sees only the result.

pub mod file;
pub mod import;

use std::path::PathBuf;

use crate::rule::{Confidence, Severity};
use crate::suppress::Policy;

pub use file::{ConfigError, ConfigFile};

/// Bytes of a file or blob that are read, unless configured otherwise.
pub const MAX_FILE_SIZE: u64 = 256 << 20;

/// The options of a scan.
#[derive(Debug, Clone)]
pub struct ScanOptions {
    /// Findings below are counted, not shown.
    pub min_severity: Severity,
    /// Findings below are counted, not shown.
    pub min_confidence: Confidence,
    /// Larger files and blobs become gaps.
    pub max_file_size: u64,
    /// `true` if what could not be read for a reason of its own (an absent LFS object, an archive of another format, a file
    /// that is encrypted) is a gap rather than a note.
    pub strict: bool,
    /// The time, in seconds since 1970: what expired before it weighs less.
    pub now: u64,
    /// Worker threads.
    pub threads: usize,
    /// `true` if nothing may be passed over: signatures of commits and tags are looked at, and an archive that cannot be
    /// opened is a gap rather than a note.
    pub thorough: bool,
    /// Where a sweep keeps what it has looked at.
    pub cache: Option<PathBuf>,
    /// `true` if a sweep names authors whose addresses are not usual in the repository.
    pub flag_outside_authors: bool,
    /// The policy of what is allowed.
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

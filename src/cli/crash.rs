//! Limits set by the system: a crash leaves no core dump, in which values would be in clear, and exceeding a limit ends
//! the program with a message.

/// Disables core dumps for this process. If the system refuses, only this protection is lost.
#[cfg(unix)]
pub fn leave_nothing() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    // A program that collects core dumps gets one whatever the limit is.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

/// Has the system refuse memory beyond a limit, so that a repository that is crafted to exhaust the memory ends only
/// its own sweep. Mapped files do not count.
///
/// # Errors
/// Fails if the system doesn't accept the limit.
#[cfg(unix)]
pub fn limit_memory(mebibytes: u64) -> anyhow::Result<()> {
    use anyhow::Context as _;
    use rustix::process::{Resource, Rlimit, setrlimit};
    let most = Some(mebibytes.saturating_mul(1 << 20));
    setrlimit(Resource::Data, Rlimit { current: most, maximum: most }).context("setting the memory limit")
}

/// Refuses the limit: only Unix has one.
///
/// # Errors
/// Always fails.
#[cfg(not(unix))]
pub fn limit_memory(_: u64) -> anyhow::Result<()> {
    anyhow::bail!("--memory works on Unix only")
}

/// Makes a write beyond the file size limit fail, instead of the system ending the program without a message.
#[cfg(unix)]
pub fn outlive_limits() {
    // The write itself returns an error; the signal adds nothing to it.
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, std::sync::Arc::default());
}

/// Does nothing: only Unix has such a limit.
#[cfg(not(unix))]
pub fn outlive_limits() {}

/// Does nothing: only on Unix are core dumps disabled.
#[cfg(not(unix))]
pub fn leave_nothing() {}

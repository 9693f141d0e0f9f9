//! How the program ends: a crash leaves no image of the memory behind, where values are in clear, and a limit of the system
//! ends it with a message.

/// Has the system write none. Where it cannot be told, nothing but this is lost.
#[cfg(unix)]
pub fn leave_nothing() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    // A program that collects images gets one whatever the limit.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

/// Has the system refuse memory beyond a limit, so that a repository that is made to need all there is ends its own sweep and
/// nothing else. Files that are mapped do not count.
///
/// # Errors
/// When the system does not take the limit.
#[cfg(unix)]
pub fn limit_memory(mebibytes: u64) -> anyhow::Result<()> {
    use anyhow::Context as _;
    use rustix::process::{Resource, Rlimit, setrlimit};
    let most = Some(mebibytes.saturating_mul(1 << 20));
    setrlimit(Resource::Data, Rlimit { current: most, maximum: most }).context("setting the memory limit")
}

/// Elsewhere there is no such limit.
///
/// # Errors
/// Always.
#[cfg(not(unix))]
pub fn limit_memory(_: u64) -> anyhow::Result<()> {
    anyhow::bail!("--memory works on Unix only")
}

/// Has a write beyond the limit on the size of files fail, for which the system would end the program without a word.
#[cfg(unix)]
pub fn outlive_limits() {
    // Whoever writes is told by the error; that the signal came says nothing more.
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, std::sync::Arc::default());
}

/// Elsewhere there is no such limit.
#[cfg(not(unix))]
pub fn outlive_limits() {}

/// Elsewhere there is no such file.
#[cfg(not(unix))]
pub fn leave_nothing() {}

//! A crash leaves no image of the memory behind, where values stand in clear.

/// Has the system write none. Where it cannot be told, nothing but this is lost.
#[cfg(unix)]
pub fn leave_nothing() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    // A program that collects images gets one whatever the limit.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

/// Elsewhere there is no such file.
#[cfg(not(unix))]
pub fn leave_nothing() {}

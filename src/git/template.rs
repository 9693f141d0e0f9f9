//! The folder whose files git copies into each repository that it makes or clones.

use std::path::PathBuf;

/// The one that the user's or the machine's configuration names.
pub fn configured() -> Option<PathBuf> {
    let config = gix::config::File::from_globals().ok()?;
    let home = std::env::home_dir();
    let context = gix::config::path::interpolate::Context { home_dir: home.as_deref(), ..Default::default() };
    config.path("init.templateDir")?.interpolate(context).ok()
}

/// The one that is ours, until the configuration names any.
pub fn own() -> Option<PathBuf> {
    let set = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let config = set.or_else(|| Some(std::env::home_dir()?.join(".config")))?;
    Some(config.join("keysweep").join("template"))
}

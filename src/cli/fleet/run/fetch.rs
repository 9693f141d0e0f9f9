//! Fetches repositories by running git as a separate program: no hook, filter, submodule or prompt runs, no redirect is
//! followed, and no password is on a command line, in a configuration or in a message.

use std::io;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use super::process::{Limited, Limits, Process, STOPPED, gist};
use super::state;
use super::task::{self, Job};
use crate::cli::fleet::list::{Listed, Login};
use crate::fleet::CLONES;
use crate::fs::owner_only;

/// The most bytes of a server's list of refs.
const MOST_REFS: usize = 256 << 20;

/// The settings for every call of git.
const SETTINGS: [&str; 13] = [
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "protocol.ext.allow=never",
    "submodule.recurse=false",
    "fetch.recurseSubmodules=false",
    "filter.lfs.process=",
    "filter.lfs.smudge=",
    "filter.lfs.required=false",
    "credential.interactive=false",
    "http.followRedirects=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "advice.detachedHead=false",
];

/// The variables that hold the user and the password of a URL while git runs.
const USER: &str = "KEYSWEEP_FETCH_USER";
const PASSWORD: &str = "KEYSWEEP_FETCH_PASSWORD";
/// The credential helper that reads them. Git starts it by a shell, on whose command line are only these names.
const HELPER: &str = "!f() { test \"$1\" = get && printf 'username=%s\\npassword=%s\\n' \"$KEYSWEEP_FETCH_USER\" \"$KEYSWEEP_FETCH_PASSWORD\"; }; f";

/// A repository to sweep: one that was already there, or a fetched clone that is removed when this is dropped.
pub(super) enum Clone {
    There(PathBuf),
    Fetched(PathBuf),
}

impl Clone {
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::There(path) | Self::Fetched(path) => path,
        }
    }
}

impl Drop for Clone {
    fn drop(&mut self) {
        if let Self::Fetched(path) = self {
            let _ = std::fs::remove_dir_all(path);
        }
    }
}

/// A folder for the clones and unfinished reports of one run. Processes that a killed run has started may still be at
/// work in that run's folder, and must not interfere with this run's.
pub(super) struct Workshop(PathBuf);

impl Workshop {
    /// # Errors
    /// Fails if the folder can't be made.
    pub(super) fn new(folder: &Path) -> io::Result<Self> {
        let path = folder.join(CLONES).join(task::random_key()?);
        owner_only::folder().create(&path)?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Workshop {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Removes the clones that a killed run left behind, and nothing that somebody else put there. The folder must not be a
/// link.
pub(super) fn remove_leftovers(folder: &Path) {
    for entry in std::fs::read_dir(folder.join(CLONES)).into_iter().flatten().flatten() {
        if entry.file_name().to_str().is_some_and(task::is_key) {
            // A folder that stays only takes up room: each run has a folder of its own.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// Returns the state of the repositories of a job.
///
/// # Errors
/// Fails if a repository can't be opened, or its server can't be asked.
pub(super) fn state(job: &Job, limits: &Limits) -> Result<String, String> {
    let one = |one: &Listed| match one.path() {
        // A crafted repository must not end the sweep of the others.
        Some(path) => catch_unwind(|| state::of_path(Path::new(path)))
            .unwrap_or_else(|_| Err("it could not be opened, which is a bug in keysweep".to_owned())),
        None => Ok(state::hash(&[&refs(one, limits)?])),
    };
    let told = |member: &Listed| Ok(state::hash(&[member.name.as_bytes(), one(member)?.as_bytes()]));
    let all = job.members.iter().map(told).collect::<Result<Vec<_>, String>>()?;
    Ok(format!("{} {}", if job.is_network { "network" } else { "single" }, all.join(" ")))
}

/// Returns the refs of a server, as the server lists them.
fn refs(one: &Listed, limits: &Limits) -> Result<Vec<u8>, String> {
    let mut git = git(one);
    git.args(&["ls-remote", "--symref", "--", &one.bare_url()]);
    let (how, refs) = git.output(limits, MOST_REFS);
    done(how, "asking the server", one, limits)?;
    if refs.len() == MOST_REFS { Err("the server lists more refs than can be compared".to_owned()) } else { Ok(refs) }
}

/// Fetches the repositories of a job that are not on this machine.
///
/// # Errors
/// Fails if fetching fails.
pub(super) fn clone(job: &Job, to: &Path, limits: &Limits) -> Result<Clone, String> {
    if job.is_network {
        return network(job, to, limits);
    }
    let Some(one) = job.members.first() else { return Err("there is nothing to sweep".to_owned()) };
    if let Some(path) = one.path() {
        return Ok(Clone::There(path.into()));
    }
    let clone = Clone::Fetched(to.to_owned());
    let mut git = git(one);
    git.args(&["clone", "--quiet", "--mirror", "--template=", "--", &one.bare_url()]).arg(to);
    done(git.within(limits), "cloning", one, limits)?;
    Ok(clone)
}

/// Fetches all forks into one store, each under the name of a remote, so that the objects that they share are stored
/// once.
fn network(job: &Job, to: &Path, limits: &Limits) -> Result<Clone, String> {
    let clone = Clone::Fetched(to.to_owned());
    let Some(first) = job.members.first() else { return Err("there is nothing to sweep".to_owned()) };
    let mut init = git(first);
    init.args(&["init", "--quiet", "--bare", "--template="]).arg(to);
    done(init.within(limits), "creating a store", first, limits)?;
    for (number, one) in (1..).zip(&job.members) {
        let name = remote_name(number, &one.name);
        let refs = format!("+refs/*:refs/remotes/{name}/*");
        let mut fetch = git(one);
        fetch.arg("-C").arg(to).args(&[
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-write-fetch-head",
            "--",
            &one.bare_url(),
            &refs,
        ]);
        done(fetch.within(limits), "fetching", one, limits)?;
        // Reports name a fork by the URL of its remote.
        let url = if one.name.starts_with(['/', '.']) { one.name.clone() } else { format!("https://{}", one.name) };
        for (key, value) in [("url", &url), ("fetch", &refs)] {
            let mut config = git(one);
            config.arg("-C").arg(to).args(&["config", &format!("remote.{name}.{key}"), value]);
            done(config.within(limits), "configuring", one, limits)?;
        }
    }
    Ok(clone)
}

/// Returns the name of a remote: similar to the fork's name, and valid in a ref. Remotes are sorted by name everywhere, so
/// it begins with the place in the list.
fn remote_name(number: usize, name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let name: String = name.trim_matches('/').chars().map(plain).collect();
    format!("{number:06}-{name}")
}

/// Returns git, ready to fetch from a repository. Its command line has the bare URL.
fn git(one: &Listed) -> Process {
    let mut git = Process::new(Path::new("git"));
    for name in [
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_COMMON_DIR",
        "GIT_CONFIG_PARAMETERS",
    ] {
        git.without(name);
    }
    let quiet = [("GIT_TERMINAL_PROMPT", "0"), ("GIT_ASKPASS", ""), ("SSH_ASKPASS", ""), ("GIT_CONFIG_NOSYSTEM", "1")];
    for (name, value) in
        quiet.into_iter().chain([("GIT_LFS_SKIP_SMUDGE", "1"), ("GIT_ALLOW_PROTOCOL", "file:git:http:https:ssh")])
    {
        git.env(name, value);
    }
    if std::env::var_os("GIT_SSH_COMMAND").is_none() {
        git.env("GIT_SSH_COMMAND", "ssh -oBatchMode=yes");
    }
    if let Some(login) = one.login() {
        log_in(&mut git, &login);
    }
    for setting in SETTINGS {
        git.args(&["-c", setting]);
    }
    git
}

/// Passes user and password in the environment, which only its owner can read. In a URL they would be on the command
/// line of the helper that git starts, which everybody can read. The user's own helpers are asked for a missing
/// password, and are neither asked for nor told one that the URL has.
fn log_in(git: &mut Process, login: &Login) {
    let mut settings = Vec::new();
    match &login.password {
        Some(password) => {
            git.env(USER, &login.user).env(PASSWORD, password);
            settings.extend([("helper", ""), ("helper", HELPER)]);
        }
        None => settings.push(("username", &*login.user)),
    }
    let first: usize = std::env::var("GIT_CONFIG_COUNT").ok().and_then(|count| count.parse().ok()).unwrap_or(0);
    git.env("GIT_CONFIG_COUNT", (first + settings.len()).to_string());
    for (number, (name, value)) in (first..).zip(settings) {
        git.env(&format!("GIT_CONFIG_KEY_{number}"), format!("credential.{}.{name}", login.server));
        git.env(&format!("GIT_CONFIG_VALUE_{number}"), value);
    }
}

fn done(how: Limited, doing: &str, one: &Listed, limits: &Limits) -> Result<(), String> {
    match how {
        Limited::Ended { code: Some(0), .. } => Ok(()),
        Limited::Ended { said: words, .. } => {
            // Git names only the status, among which 304 is no redirect.
            let is_redirect = words.contains("returned error: 30") && !words.contains("returned error: 304");
            let hint = "; redirects are not followed, so list the address that the server redirects to";
            Err(format!("{doing} failed: {}{}", one.withheld(&gist(&words)), if is_redirect { hint } else { "" }))
        }
        Limited::TimedOut => Err(limits.exceeded(doing)),
        Limited::Stopped => Err(STOPPED.to_owned()),
        Limited::NotStarted(why) => Err(format!("git, which fetches repositories, could not be started: {why}")),
    }
}

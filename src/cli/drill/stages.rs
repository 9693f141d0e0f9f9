//! The stages of a drill: each has a repository, a leak, and a check that has to stop it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::Context as _;

use super::plant::Planted;
use crate::output::drill::Outcome;

/// A function that rehearses a stage. If something it needs can't be set up, it fails, which doesn't count as a pass.
pub(super) type Rehearsal = fn(&Scene<'_>) -> anyhow::Result<Outcome>;

/// The stages of a drill, in order: the expected result of each, and its rehearsal.
pub(super) const STAGES: [(&str, Rehearsal); 5] = [
    ("The hook stops a commit that adds a credential to README.md", hook),
    ("The check of a pull request finds one in a workflow", pull_request),
    ("A sweep finds what a later commit deleted", sweep),
    ("The check of a build context finds what an image would contain", context),
    ("The plan to purge removes it from history, and the proof succeeds only afterwards", purge),
];

/// The temporary folder, the credentials and the program of a drill.
pub(super) struct Scene<'a> {
    folder: &'a Path,
    planted: &'a [Planted],
    program: PathBuf,
}

impl<'a> Scene<'a> {
    /// # Errors
    /// Fails if this program or git can't be run.
    pub(super) fn new(folder: &'a Path, planted: &'a [Planted]) -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("looking for this program, which the drill runs")?;
        let scene = Self { folder, planted, program };
        scene.git(folder, &["--version"]).context("running git")?;
        Ok(scene)
    }

    /// Makes a repository with one commit.
    fn repository(&self, name: &str) -> anyhow::Result<PathBuf> {
        let folder = self.folder.join(name);
        fs::create_dir_all(&folder)?;
        start(&folder)?;
        Ok(folder)
    }

    fn git(&self, folder: &Path, args: &[&str]) -> anyhow::Result<Output> {
        Ok(git(folder).args(args).env("PATH", self.path()).output()?)
    }

    /// Returns the PATH for programs, with the folder of this one first, because the hook starts it by its name.
    fn path(&self) -> std::ffi::OsString {
        let usual = std::env::var_os("PATH").unwrap_or_default();
        let own = self.program.parent().map(Path::to_path_buf);
        std::env::join_paths(own.into_iter().chain(std::env::split_paths(&usual))).unwrap_or(usual)
    }

    fn keysweep(&self, folder: &Path, args: &[&str]) -> anyhow::Result<Output> {
        let mut command = sealed(Command::new(&self.program), folder);
        Ok(command.args(args).output()?)
    }

    /// Returns the planted credentials, one per line.
    fn lines(&self) -> String {
        lines(self.planted)
    }

    /// Returns the outcome: stopped if the scan ended with findings and names each of the rules.
    fn found(&self, scan: &Output) -> Outcome {
        let said = String::from_utf8_lossy(&scan.stdout);
        if scan.status.code() != Some(1) {
            return Outcome::Missed(format!("it ended with {:?} instead of 1", scan.status.code()));
        }
        match self.planted.iter().find(|one| !said.contains(&format!("\"rule\":\"{}\"", one.rule))) {
            Some(missed) => Outcome::Missed(format!("it did not find {}", missed.rule)),
            None => Outcome::Stopped,
        }
    }
}

fn hook(scene: &Scene<'_>) -> anyhow::Result<Outcome> {
    let folder = scene.repository("hook")?;
    done(&scene.keysweep(&folder, &["hook", "install"])?, "installing the hook")?;
    let before = head(scene, &folder)?;
    append(&folder.join("README.md"), &scene.lines())?;
    done(&scene.git(&folder, &["add", "README.md"])?, "staging")?;
    let commit = scene.git(&folder, &["commit", "--quiet", "--message", "drill"])?;
    if commit.status.success() || head(scene, &folder)? != before {
        return Ok(Outcome::Missed("the commit was made".to_owned()));
    }
    // A hook that stops every commit is not enough: a harmless commit has to get through.
    done(&scene.git(&folder, &["reset", "--quiet", "--hard"])?, "removing it")?;
    append(&folder.join("README.md"), "a harmless line\n")?;
    let harmless = scene.git(&folder, &["commit", "--quiet", "--all", "--message", "harmless"])?;
    Ok(match harmless.status.success() {
        true => Outcome::Stopped,
        false => Outcome::Missed("it stops every commit, even a harmless one".to_owned()),
    })
}

fn pull_request(scene: &Scene<'_>) -> anyhow::Result<Outcome> {
    let folder = scene.repository("pull-request")?;
    done(&scene.git(&folder, &["checkout", "--quiet", "-b", "change"])?, "making a branch")?;
    let workflow = folder.join(".github/workflows/deploy.yml");
    fs::create_dir_all(workflow.parent().unwrap_or(&folder))?;
    let env: String = scene.lines().lines().map(|line| format!("  {}\n", line.replacen('=', ": ", 1))).collect();
    fs::write(&workflow, format!("on: push\nenv:\n{env}"))?;
    commit(&folder, "add a workflow")?;
    Ok(scene.found(&scene.keysweep(&folder, &["range", "main..change", "--format", "jsonl"])?))
}

fn sweep(scene: &Scene<'_>) -> anyhow::Result<Outcome> {
    let folder = leaky(scene, "sweep")?;
    Ok(scene.found(&scene.keysweep(&folder, &["history", "--format", "jsonl"])?))
}

fn context(scene: &Scene<'_>) -> anyhow::Result<Outcome> {
    let folder = scene.folder.join("context");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("Dockerfile"), "FROM scratch\nCOPY . /app\n")?;
    fs::write(folder.join(".env"), scene.lines())?;
    Ok(scene.found(&scene.keysweep(&folder, &["context", "--format", "jsonl"])?))
}

fn purge(scene: &Scene<'_>) -> anyhow::Result<Outcome> {
    let folder = leaky(scene, "purge")?;
    let (plan, script) = (scene.folder.join("plan"), scene.folder.join("purge.sh"));
    let (plan_name, script_name) = (plan.to_string_lossy(), script.to_string_lossy());
    let planned = scene.keysweep(&folder, &["purge-plan", "--dir", &plan_name, "--script", &script_name])?;
    done(&planned, "planning")?;
    let values = plan.join("expressions.txt");
    // The script may remove its files.
    let kept = scene.folder.join("expressions.txt");
    fs::copy(&values, &kept)?;
    let kept = kept.to_string_lossy();
    let verify = || scene.keysweep(&folder, &["verify", "--expressions", &kept]);
    if verify()?.status.code() != Some(1) {
        return Ok(Outcome::Missed("the proof did not find the value that was still there".to_owned()));
    }
    if !scene.git(&folder, &["filter-repo", "--version"])?.status.success() {
        let why = "git filter-repo, which rewrites history, is not installed: pip install git-filter-repo";
        return Ok(Outcome::NotRehearsed(why.to_owned()));
    }
    let mut sh = sealed(Command::new("sh"), &folder);
    let ended = sh.arg(&script).arg("--yes").env("PATH", scene.path()).output()?;
    if !ended.status.success() {
        let said = String::from_utf8_lossy(&ended.stderr);
        let last = said.lines().last().unwrap_or_default();
        return Ok(Outcome::Missed(format!("the script ended with {:?}: {last}", ended.status.code())));
    }
    Ok(match verify()?.status.code() {
        Some(0) => Outcome::Stopped,
        code => Outcome::Missed(format!("the proof ended with {code:?} after the purge")),
    })
}

/// Makes a repository in which one commit adds a credential and a later one deletes it.
fn leaky(scene: &Scene<'_>, name: &str) -> anyhow::Result<PathBuf> {
    let folder = scene.repository(name)?;
    leak(&folder, scene.planted)?;
    Ok(folder)
}

fn leak(folder: &Path, planted: &[Planted]) -> anyhow::Result<()> {
    fs::write(folder.join("settings.env"), lines(planted))?;
    commit(folder, "configure")?;
    fs::remove_file(folder.join("settings.env"))?;
    commit(folder, "clean up")
}

/// Writes a repository for a team: one credential is in README.md, the others are only in history.
///
/// # Errors
/// Fails if it can't be made.
pub(super) fn exercise(folder: &Path, planted: &[Planted]) -> anyhow::Result<()> {
    let folder = folder.join("repository");
    fs::create_dir_all(&folder)?;
    start(&folder)?;
    let (first, others) = planted.split_at(1);
    leak(&folder, if others.is_empty() { first } else { others })?;
    append(&folder.join("README.md"), &lines(first))?;
    commit(&folder, "describe the setup")
}

fn lines(planted: &[Planted]) -> String {
    (1..).zip(planted).map(|(number, one)| format!("DRILL_TOKEN_{number}={}\n", one.value)).collect()
}

fn start(folder: &Path) -> anyhow::Result<()> {
    let init = git(folder).args(["init", "--quiet", "--initial-branch=main", "--template="]).output()?;
    done(&init, "making a repository")?;
    fs::write(folder.join("README.md"), "# A drill\n")?;
    commit(folder, "start")
}

/// Commits everything without hooks, as somebody would who has none installed.
fn commit(folder: &Path, message: &str) -> anyhow::Result<()> {
    done(&git(folder).args(["add", "--all"]).output()?, "staging")?;
    done(&git(folder).args(["commit", "--quiet", "--no-verify", "--message", message]).output()?, "committing")
}

/// Returns a git command that ignores all configuration.
fn git(folder: &Path) -> Command {
    let mut git = sealed(Command::new("git"), folder);
    git.args(["-c", "user.name=Drill", "-c", "user.email=drill@example.invalid", "-c", "commit.gpgSign=false"]);
    git
}

/// Sets up a program to work in a folder, isolated from the surrounding repository and configuration.
fn sealed(mut command: Command, folder: &Path) -> Command {
    // The hook that git starts is keysweep too, and must not get a different configuration from the environment.
    let is_inherited = |name: &str| name.starts_with("GIT_") || name.starts_with("KEYSWEEP_");
    let inherited = std::env::vars_os().filter(|(name, _)| is_inherited(&name.to_string_lossy()));
    inherited.for_each(|(name, _)| {
        command.env_remove(name);
    });
    let null = if cfg!(windows) { "NUL" } else { "/dev/null" };
    command.env("GIT_CONFIG_GLOBAL", null).env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_TERMINAL_PROMPT", "0");
    for (name, value) in [("NAME", "Drill"), ("EMAIL", "drill@example.invalid")] {
        command.env(format!("GIT_AUTHOR_{name}"), value).env(format!("GIT_COMMITTER_{name}"), value);
    }
    command.current_dir(folder).stdin(Stdio::null());
    command
}

fn head(scene: &Scene<'_>, folder: &Path) -> anyhow::Result<Vec<u8>> {
    Ok(scene.git(folder, &["rev-parse", "HEAD"])?.stdout)
}

fn append(file: &Path, text: &str) -> anyhow::Result<()> {
    let before = fs::read_to_string(file)?;
    Ok(fs::write(file, before + text)?)
}

fn done(output: &Output, doing: &str) -> anyhow::Result<()> {
    let said = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(output.status.success(), "{doing} failed: {}", said.trim());
    Ok(())
}

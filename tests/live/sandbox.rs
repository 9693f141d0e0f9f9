//! A repository with secrets, and the program under test.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use keysweep::proof::template::Generator;
use keysweep::rule::file::{RuleDef, RuleFile};
use serde_json::Value;
use tempfile::TempDir;

/// Returns the rules as they are in the file.
pub(crate) fn rules() -> &'static [RuleDef] {
    static RULES: OnceLock<RuleFile> = OnceLock::new();
    &RULES.get_or_init(|| toml::from_str(include_str!("../../rules.toml")).unwrap()).rules
}

/// Returns a generated secret of a rule.
pub(crate) fn secret(rule: &str, seed: u64) -> String {
    let rule = rules().iter().find(|one| one.id == rule).unwrap();
    Generator::new(seed).expand("<token>", rule.token.as_deref()).unwrap()
}

/// A folder with a home and a repository.
pub(crate) struct Sandbox(TempDir);

impl Sandbox {
    pub(crate) fn new() -> Self {
        let sandbox = Self(tempfile::tempdir().unwrap());
        fs::create_dir_all(sandbox.repo()).unwrap();
        fs::create_dir_all(sandbox.home()).unwrap();
        sandbox.git(&["init", "-q", "-b", "main"]);
        sandbox
    }

    pub(crate) fn repo(&self) -> PathBuf {
        self.0.path().join("repo")
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.0.path().join("home")
    }

    pub(crate) fn own_config(&self) -> PathBuf {
        self.home().join("keysweep.toml")
    }

    pub(crate) fn git(&self, args: &[&str]) {
        let done = self.sealed("git").args(args).output().unwrap();
        assert!(done.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&done.stderr));
    }

    pub(crate) fn commit(&self, path: &str, text: &str) {
        fs::write(self.repo().join(path), text).unwrap();
        self.git(&["add", "-A"]);
        self.git(&["-c", "user.name=Test", "-c", "user.email=test@example.com", "commit", "-q", "-m", "x"]);
    }

    /// Writes the hosts to the user's own configuration.
    pub(crate) fn hosts(&self, hosts: &[(&str, String)]) {
        let lines: String = hosts.iter().map(|(name, address)| format!("\"{name}\" = \"{address}\"\n")).collect();
        fs::write(self.own_config(), format!("[live_hosts]\n{lines}")).unwrap();
    }

    pub(crate) fn sealed(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.repo()).env_clear().stdin(Stdio::null());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", self.home());
        command.env("XDG_CONFIG_HOME", self.home().join(".config")).env("GIT_CONFIG_NOSYSTEM", "1");
        command
    }

    /// Runs keysweep with the user's own configuration.
    pub(crate) fn keysweep(&self, args: &[&str]) -> Run {
        self.keysweep_with(args, &[("KEYSWEEP_CONFIG", &self.own_config())])
    }

    pub(crate) fn keysweep_with(&self, args: &[&str], variables: &[(&str, &Path)]) -> Run {
        let mut command = self.sealed(env!("CARGO_BIN_EXE_keysweep"));
        command.envs(variables.iter().copied());
        Run(command.args(args).output().unwrap())
    }

    /// Runs keysweep with the user's own configuration and a text on standard input.
    pub(crate) fn keysweep_given(&self, args: &[&str], text: &str) -> Run {
        let mut command = self.sealed(env!("CARGO_BIN_EXE_keysweep"));
        command.env("KEYSWEEP_CONFIG", self.own_config()).args(args);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        Run(child.wait_with_output().unwrap())
    }

    /// Sweeps the history; returns the rule and the id of each finding.
    pub(crate) fn swept(&self) -> Vec<(String, String)> {
        let run = self.keysweep_with(&["history", "--format", "json"], &[]);
        let report = run.json();
        let findings = report["findings"].as_array().unwrap();
        let text = |one: &Value, key: &str| one[key].as_str().unwrap().to_owned();
        findings.iter().map(|one| (text(one, "rule"), text(one, "id"))).collect()
    }
}

/// A run that has ended.
pub(crate) struct Run(Output);

impl Run {
    pub(crate) fn code(&self) -> Option<i32> {
        self.0.status.code()
    }

    pub(crate) fn text(&self) -> String {
        format!("{}{}", String::from_utf8_lossy(&self.0.stdout), String::from_utf8_lossy(&self.0.stderr))
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.0.stdout).unwrap_or_else(|why| panic!("{why}: {}", self.text()))
    }
}

//! Exit codes, the same for every command and format.

use std::process::ExitCode;

use crate::finding::{Report, Verdict};

/// The exit status of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitStatus {
    /// 0: everything in the scope was read and nothing was found, or the command did its work.
    Clean,
    /// 1: something was found.
    Findings,
    /// 2: no verdict: wrong usage or configuration, or a part of the scope was not read.
    Unknown,
    /// 2 as well: an action of a coding agent was denied. Agents stop at no other code.
    Denied,
}

impl ExitStatus {
    /// Returns the status of a report. `exit_zero` turns findings, and nothing else, into success.
    pub fn of(report: &Report, exit_zero: bool) -> Self {
        match report.verdict() {
            Verdict::Findings if exit_zero && report.gaps.is_empty() => Self::Clean,
            Verdict::Findings if exit_zero => Self::Unknown,
            verdict => verdict.into(),
        }
    }
}

impl From<Verdict> for ExitStatus {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Clean => Self::Clean,
            Verdict::Findings => Self::Findings,
            Verdict::Unknown => Self::Unknown,
        }
    }
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(match status {
            ExitStatus::Clean => 0,
            ExitStatus::Findings => 1,
            ExitStatus::Unknown | ExitStatus::Denied => 2,
        })
    }
}

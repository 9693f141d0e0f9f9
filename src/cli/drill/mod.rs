//! `drill`: rehearses a leak in temporary repositories, with made-up credentials, and certifies what stopped it.
//!
//! Each stage runs this very program as its users do, with git around it, and is judged by exit code and state.

mod plant;
mod stages;

use std::path::Path;
use std::time::Instant;

use anyhow::Context as _;

use super::args::DrillArgs;
use super::clock;
use super::exit::ExitStatus;
use super::session::Session;
use super::shell;
use crate::fs::scratch::Scratch;
use crate::output;
use crate::output::drill::{self as page, Certificate, Outcome, StageResult};
use crate::output::view::SCHEMA;
use crate::text::time::rfc3339;
use plant::Planted;
use stages::{Rehearsal, STAGES, Scene};

/// Runs `drill`.
///
/// # Errors
/// Fails if nothing can be planted, or if git is missing.
pub(super) fn run(args: &DrillArgs) -> anyhow::Result<ExitStatus> {
    let session = Session::on_files(&args.page.common())?;
    let planted = plant::credentials(&args.kinds)?;
    if let Some(folder) = &args.team {
        return exercise(folder, &planted);
    }
    let options = session.settings.page()?;
    shell::can_write(session.settings.output_file.as_deref())?;
    let scratch = Scratch::new().context("making a folder for the drill")?;
    let scene = Scene::new(scratch.path(), &planted)?;
    let results = STAGES.iter().map(|(stage, rehearse)| rehearsed(stage, *rehearse, &scene)).collect();
    let certificate = Certificate {
        schema: SCHEMA,
        tool: "keysweep",
        version: env!("CARGO_PKG_VERSION"),
        made_at: rfc3339(clock::now()),
        kinds: planted.iter().map(|one| one.rule.clone()).collect(),
        stages: results,
    };
    let file = session.settings.output_file.as_deref();
    shell::results(file, &mut |out| output::write("Drill", &page::page(&certificate), &certificate, options, out))?;
    shell::written(file, &format!("{}; the certificate", certificate.outcome()));
    Ok(match certificate.verdict() {
        Outcome::Stopped => ExitStatus::Clean,
        Outcome::Missed(_) => ExitStatus::Findings,
        Outcome::NotRehearsed(_) => ExitStatus::Unknown,
    })
}

fn rehearsed(stage: &'static str, rehearse: Rehearsal, scene: &Scene<'_>) -> StageResult {
    let start = Instant::now();
    let outcome = rehearse(scene).unwrap_or_else(|error| Outcome::Missed(format!("{error:#}")));
    let milliseconds = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    StageResult { stage, outcome, milliseconds }
}

/// Writes a repository with a leak, and the team's task without the answers.
fn exercise(folder: &Path, planted: &[Planted]) -> anyhow::Result<ExitStatus> {
    anyhow::ensure!(!folder.exists(), "'{}' already exists; name a new folder", folder.display());
    std::fs::create_dir_all(folder).with_context(|| format!("making '{}'", folder.display()))?;
    stages::exercise(folder, planted)?;
    let text = page::exercise(planted.len());
    std::fs::write(folder.join("EXERCISE.md"), text).context("writing the exercise")?;
    shell::say(&format!("keysweep: the exercise is in '{}'; EXERCISE.md says what to do", folder.display()));
    Ok(ExitStatus::Clean)
}

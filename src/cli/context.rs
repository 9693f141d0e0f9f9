//! `context DIR`: scans what `docker build` would be given, and says what of it goes into the image.

use std::path::Path;

use bstr::{BStr, ByteSlice as _};

use super::args::Common;
use super::exit::ExitStatus;
use super::session::{NOTHING_IS_KNOWN, ReportWhen, Session};
use crate::finding::{Command, ImagePlace, Origin, Report, Scope, Visibility};
use crate::image::dockerfile::{self, Instruction};
use crate::remediation::Surroundings;
use crate::remediation::{compose as compose_advice, image as advice};
use crate::source::context::{self, ComposeFile};

/// Runs `context DIR`.
///
/// # Errors
/// Fails if the Dockerfile or an ignore file can't be read.
pub(super) fn run(common: &Common, folder: &Path, dockerfile: Option<&Path>) -> anyhow::Result<ExitStatus> {
    anyhow::ensure!(
        folder.is_dir(),
        "'{}' is not a folder; name the folder that is given to 'docker build'",
        folder.display()
    );
    let session = Session::on_files(common)?.named(folder.to_string_lossy());
    let context::BuildContext { listing, instructions, dockerfile: name, compose, ignore_file } =
        context::list(folder, dockerfile)?;
    let scope = Scope { command: Command::Context, subject: format!("the build context {}", folder.display()) };
    let build = advice::BuildContext {
        dockerfile: name.to_string(),
        ignore_file: ignore_file.to_string_lossy().into_owned(),
        instructions: instructions.iter().flatten().map(instruction_facts).collect(),
        compose: compose.iter().map(compose_facts).collect(),
    };
    session.report(ReportWhen::Always, |scan| {
        let scan = scan.amid(Surroundings { build: Some(build), ..Surroundings::clone(&scan.surroundings) });
        let mut report = scan.listed(listing, scope, NOTHING_IS_KNOWN);
        if instructions.is_some() || !compose.is_empty() {
            annotate_places(&mut report, instructions.as_deref().unwrap_or_default(), name.as_bstr(), &compose);
        }
        report
    })
}

/// Returns the facts about an instruction that advice needs.
fn instruction_facts(instruction: &Instruction) -> advice::Instruction {
    let kind = match instruction.keyword().as_str() {
        "ARG" | "ENV" => advice::InstructionKind::Sets(instruction.variables()),
        "RUN" => advice::InstructionKind::Runs,
        _ => advice::InstructionKind::Other,
    };
    advice::Instruction { lines: instruction.lines, kind }
}

/// Returns the facts about a compose file that advice needs.
fn compose_facts(file: &ComposeFile) -> compose_advice::ComposeFile {
    compose_advice::ComposeFile { name: file.name.to_string(), settings: file.content.settings.clone() }
}

/// Sets for each place how it gets into the image.
fn annotate_places(report: &mut Report, instructions: &[Instruction], dockerfile: &BStr, compose: &[ComposeFile]) {
    let copies = dockerfile::copies(instructions);
    for place in report.findings.iter_mut().flat_map(|finding| &mut finding.occurrences) {
        let path = place.path.to_string();
        let line = place.start.line;
        let own = instructions.iter().filter(|_| place.path == dockerfile);
        let own = own.map(|one| one.lines).find(|lines| (lines.0..=lines.1).contains(&line));
        let file = compose.iter().find(|file| file.name == place.path);
        let mut settings = file.iter().flat_map(|file| &file.content.settings);
        let setting = settings.find(|one| one.holds(line));
        let is_unsent = file.is_some_and(|file| !file.is_sent);
        let copy = copies.iter().find(|copy| copy.takes(&path));
        let visibility = match (setting, own, copy) {
            (Some(setting), ..) => setting.visibility.clone(),
            (None, Some((line, _)), _) => Visibility::Recorded { line },
            _ if is_unsent => Visibility::Unsent,
            (None, None, Some(copy)) => Visibility::Copied { line: copy.line, instruction: copy.text.clone() },
            (None, None, None) => Visibility::Sent,
        };
        place.image = Some(Box::new(ImagePlace { images: Vec::new(), layer: None, visibility, origin: Origin::Own }));
    }
}

//! `image PATH`: a container image, from an archive, a folder or standard input.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::args::Common;
use super::exit::ExitStatus;
use super::session::{ReportWhen, Session};
use super::shell;
use crate::finding::{Command, Report, Scope};
use crate::image::Input;
use crate::scan::{Base, Progress, Scan};

/// `image PATH`
///
/// # Errors
/// When an input cannot be read or is no image.
pub(super) fn run(common: &Common, path: &Path, bases: &[PathBuf]) -> anyhow::Result<ExitStatus> {
    let session = Session::on_files(common)?;
    let progress = Progress::default();
    let scan = session.prepared(&progress);
    let mut base = Base::default();
    for path in bases {
        base.add(opened(path, |input, name| Ok(scan.base(input, name)?))?);
    }
    let report = opened(path, |input, name| image(&scan, input, name, &base))?;
    session.report(ReportWhen::Always, |_| report)
}

fn image(scan: &Scan<'_>, input: Input<'_>, name: &str, base: &Base) -> anyhow::Result<Report> {
    let scope = Scope { command: Command::Image, subject: format!("the image {name}") };
    Ok(scan.image(input, name, base, scope)?)
}

/// Opens what a path names, standard input for a dash.
fn opened<T>(path: &Path, read: impl FnOnce(Input<'_>, &str) -> anyhow::Result<T>) -> anyhow::Result<T> {
    if path.as_os_str() == "-" {
        return read(Input::Stream(&mut shell::stream()?), "<stdin>");
    }
    let name = path.to_string_lossy();
    if path.is_dir() {
        return read(Input::Folder(path), &name);
    }
    let mut file: Box<dyn Read + Send> = Box::new(File::open(path).with_context(|| format!("'{name}'"))?);
    read(Input::Stream(&mut file), &name)
}

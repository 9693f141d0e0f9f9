//! `image PATH`: scans a container image, from an archive, a folder or standard input.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::args::Common;
use super::exit::ExitStatus;
use super::session::{ReportWhen, Session};
use super::{own_cache, progress, shell, withhold};
use crate::finding::{Command, Report, Scope};
use crate::fs::bounded::{self, Kind};
use crate::image::{Input, Platform};
use crate::output::Detail;
use crate::scan::{Base, ImageChoice, Progress, Scan};

/// The request for a scan of an image.
pub(super) struct Wanted<'w> {
    /// The base images that it is made from.
    pub(super) bases: &'w [PathBuf],
    /// The platform, as the user wrote it.
    pub(super) platform: Option<&'w str>,
    /// The folder in which results for layers are cached.
    pub(super) cache: Option<&'w Path>,
}

/// Runs `image PATH`.
///
/// # Errors
/// Fails if an input can't be read or isn't an image.
pub(super) fn run(common: &Common, path: &Path, wanted: &Wanted<'_>) -> anyhow::Result<ExitStatus> {
    let platform = wanted.platform.map(|text| Platform::parse(text).ok_or_else(|| no_platform(text))).transpose()?;
    let mut session = Session::on_files(common)?.named(path.to_string_lossy());
    if let Some(folder) = wanted.cache {
        own_cache::check(session.repo(), folder)?;
        session.settings.scan.cache = Some(folder.to_owned());
    }
    let progress = Progress::default();
    let scan = session.prepared(&progress);
    let work = || {
        let mut base = Base::default();
        for path in wanted.bases {
            base.add(opened(path, &progress, |input, name| Ok(scan.base(input, name)?))?);
        }
        let choice = ImageChoice { base, platform };
        opened(path, &progress, |input, name| image(&scan, input, name, &choice))
    };
    let is_quiet = session.settings.output.detail == Detail::Quiet;
    let report = if is_quiet { work() } else { progress::shown(&progress, work) }?;
    session.report(ReportWhen::Always, |_| report)
}

fn image(scan: &Scan<'_>, input: Input<'_>, name: &str, choice: &ImageChoice) -> anyhow::Result<Report> {
    let scope = Scope { command: Command::Image, subject: format!("the image {name}") };
    Ok(scan.image(input, name, choice, scope)?)
}

fn no_platform(text: &str) -> anyhow::Error {
    anyhow::anyhow!("'{}' is not a platform; write OS/ARCH, such as linux/amd64", withhold(text))
}

/// Opens the file or folder at a path, or standard input for a dash, and passes it to `read`.
fn opened<T>(
    path: &Path,
    progress: &Progress,
    read: impl FnOnce(Input<'_>, &str) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    progress.begin(0);
    if path.as_os_str() == "-" {
        return read(Input::Stream(&mut Watched { reader: shell::stream()?, progress }), "<stdin>");
    }
    let name = path.to_string_lossy();
    if path.is_dir() {
        return read(Input::Folder(path), &name);
    }
    let file = File::open(path).with_context(|| format!("'{name}'"))?;
    let kind = bounded::kind(file.metadata().with_context(|| format!("'{name}'"))?.file_type());
    if kind == Kind::Device {
        anyhow::bail!("'{name}' is {}, which may have no end; for standard input, write '-'", kind.describe());
    }
    progress.begin(file.metadata().map_or(0, |metadata| metadata.len()));
    read(Input::Stream(&mut Watched { reader: file, progress }), &name)
}

/// A reader that reports its progress.
struct Watched<'p, R> {
    reader: R,
    progress: &'p Progress,
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.progress.advance(count as u64);
        Ok(count)
    }
}

//! The only module that uses the standard streams: results go to standard output, everything else to standard error,
//! and colours are decided once.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal as _, Write};
#[cfg(unix)]
use std::os::fd::AsFd as _;
#[cfg(windows)]
use std::os::windows::io::AsHandle as _;
use std::path::Path;

use anyhow::Context as _;

use super::args::ColorArg;
use super::withhold;
use crate::fs::{Rights, bounded, can_replace, replace};
use crate::output::paper::Paper;
use crate::output::style;
use crate::text::escape;

/// Decides about colours: by the option, then `NO_COLOR`, `CLICOLOR_FORCE`, `TERM=dumb`, `CLICOLOR`, then by whether
/// standard output is a terminal.
#[expect(clippy::disallowed_methods, reason = "this is the holder of the streams")]
pub fn set_colours(asked: ColorArg) {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty() && value != "0");
    let is = |name: &str, what: &str| std::env::var_os(name).is_some_and(|value| value == what);
    let on = match asked {
        ColorArg::Always => true,
        ColorArg::Never => false,
        ColorArg::Auto if is_set("NO_COLOR") => false,
        ColorArg::Auto if is_set("CLICOLOR_FORCE") => true,
        ColorArg::Auto => !is("TERM", "dumb") && !is("CLICOLOR", "0") && io::stdout().is_terminal(),
    };
    style::set(on);
}

/// Returns the number of columns for results that go to this file, or to standard output; `None` if lines may have any
/// length.
#[expect(clippy::disallowed_methods, reason = "this is the holder of the streams")]
pub fn width(file: Option<&Path>) -> Option<usize> {
    if file.is_some() { None } else { columns(terminal_size::terminal_size_of(io::stdout())) }
}

/// Returns the number of columns that `COLUMNS` gives, or else the terminal's.
fn columns(terminal: Option<(terminal_size::Width, terminal_size::Height)>) -> Option<usize> {
    /// The least width; a smaller one can't be meant.
    const LEAST: usize = 40;
    let configured =
        std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok()).filter(|columns| *columns > 0);
    let seen = || terminal.map(|(width, _)| usize::from(width.0));
    configured.or_else(seen).map(|columns: usize| columns.max(LEAST))
}

/// Returns `true` if somebody may be watching standard error.
#[expect(clippy::disallowed_methods, reason = "this is the holder of the streams")]
pub fn is_watched() -> bool {
    io::stderr().is_terminal()
}

/// Writes results to a file, whole or not at all, or to standard output. A reader that has gone away is no error.
///
/// # Errors
/// Fails if writing fails.
#[expect(clippy::disallowed_methods, reason = "this is the holder of the streams")]
pub fn results(file: Option<&Path>, write: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>) -> anyhow::Result<()> {
    let Some(path) = file else {
        let mut out = BufWriter::new(io::stdout().lock());
        let written = pipe(write(&mut out).and_then(|()| out.flush()));
        return written.map_err(with_limit_hint).context("writing to standard output");
    };
    to_file(path, write).map_err(with_limit_hint).with_context(|| format!("writing to '{}'", path.display()))
}

/// Checks that results can be written to a file, for a command that can't be undone or takes long.
///
/// # Errors
/// Fails if they can't be.
pub fn can_write(file: Option<&Path>) -> anyhow::Result<()> {
    let Some(named) = file else { return Ok(()) };
    let path = named.canonicalize().unwrap_or_else(|_| named.to_path_buf());
    let checked = match path.metadata() {
        Ok(meta) if !meta.is_file() => File::options().write(true).open(&path).map(drop),
        _ => can_replace(&path),
    };
    checked.with_context(|| format!("writing to '{}'", named.display()))
}

/// Says that results are in a file, if they are, since whoever runs the command doesn't see them. `what` begins with a
/// summary of the results and ends with the name of the file's content.
pub fn written(file: Option<&Path>, what: &str) {
    if let Some(file) = file {
        say(&withhold(&format!("keysweep: {what} is in '{}'", file.display())));
    }
}

/// Writes to a file: a regular file is replaced, at the target of a link to it; a device or a pipe is written to and
/// stays what it is. If root replaced `/dev/null`, it would be a regular file from then on, and every program that
/// reads it would get these results.
fn to_file(path: &Path, write: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    if path.metadata().is_ok_and(|meta| !meta.is_file()) {
        let mut out = BufWriter::new(File::options().write(true).open(&path)?);
        return write(&mut out).and_then(|()| out.flush());
    }
    replace(&path, Rights::Usual, write)
}

/// Appends to a file; `write` gets the number of bytes that it holds already.
///
/// # Errors
/// Fails if the file can't be written to.
pub fn append(file: &Path, write: &mut dyn FnMut(usize, &mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let file = File::options().append(true).create(true).open(file)?;
    let used = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
    let mut out = BufWriter::new(file);
    write(used, &mut out)?;
    out.flush()
}

/// Returns a write error, with the remedy for a limit that few people know.
fn with_limit_hint(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::FileTooLarge => {
            io::Error::other(format!("{error}; the file size limit of this process is too low: 'ulimit -f' shows it"))
        }
        _ => error,
    }
}

fn pipe(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Returns standard input as a stream.
///
/// # Errors
/// Fails if standard input is closed or an empty device: nobody meant to scan nothing.
pub fn stream() -> anyhow::Result<File> {
    anyhow::ensure!(
        !is_mute(),
        "standard input is closed or an empty device, so nothing was read from it; redirect it with '|' or '<'"
    );
    own_input().context("opening standard input")
}

#[cfg(unix)]
fn own_input() -> io::Result<File> {
    io::stdin().as_fd().try_clone_to_owned().map(File::from)
}

#[cfg(windows)]
fn own_input() -> io::Result<File> {
    io::stdin().as_handle().try_clone_to_owned().map(File::from)
}

/// Reads all of standard input; `what` names the content in errors.
///
/// # Errors
/// Fails if it can't be read or is larger than the limit.
pub fn whole_input(what: &str) -> anyhow::Result<Vec<u8>> {
    let reading = || format!("reading {what} from standard input");
    let bytes = stream().and_then(|input| Ok(bounded::Stream::of(&input)?.whole(bounded::MAX_NAMED)?));
    bytes.with_context(reading)
}

/// Asks a question and returns `true` if the answer is a line with `yes`.
///
/// # Errors
/// Fails if standard input can't be read.
#[cfg(feature = "live")]
#[expect(clippy::disallowed_methods, reason = "this is the holder of the streams")]
pub fn agreed(question: &str) -> io::Result<bool> {
    write!(io::stderr().lock(), "{question}")?;
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    Ok(line.trim() == "yes")
}

/// Returns `true` if standard input is typed by a person.
pub fn is_typed() -> bool {
    io::stdin().is_terminal()
}

/// Returns `true` if standard input is a device but not a terminal. That includes a closed one, because the null device
/// takes its place when the program starts.
#[cfg(unix)]
fn is_mute() -> bool {
    let kind = own_input().and_then(|own| own.metadata()).map(|meta| bounded::kind(meta.file_type()));
    kind.is_ok_and(|kind| kind == bounded::Kind::Device) && !is_typed()
}

#[cfg(not(unix))]
fn is_mute() -> bool {
    false
}

/// Writes a message that is not a result, in lines no wider than the terminal. A reader that has gone away is no error.
pub fn say(text: &str) {
    let lines: Vec<String> = text.split('\n').map(|line| escape(line.as_bytes())).collect();
    speak(|paper| paper.sentences(&lines.join("\n")));
}

/// Writes a message, followed by lines to be copied, which stay as they are, however wide.
pub fn say_to_copy(text: &str, lines: &str) {
    let lines: Vec<String> = lines.split('\n').map(|line| escape(line.as_bytes())).collect();
    speak(|paper| {
        paper.sentences(&escape(text.as_bytes()))?;
        paper.verbatim(&lines.join("\n"))
    });
}

/// Writes everything at once, so that the output of other processes doesn't come in between.
#[expect(clippy::disallowed_methods, reason = "this is the holder of the streams")]
fn speak(write: impl FnOnce(&mut Paper<'_>) -> io::Result<()>) {
    let mut configured = Vec::new();
    let width = columns(terminal_size::terminal_size_of(io::stderr()));
    if write(&mut Paper::new(&mut configured, width)).is_ok() {
        let _ = io::stderr().lock().write_all(&configured);
    }
}

//! Reads files that may come from an untrusted source: none can block the program, and none takes more memory than
//! allowed.
//!
//! A clone can contain regular files, and links to files that stay in its folder; a pipe, a device or a link to one is
//! refused both before and after it is opened, and opening never blocks. A file that the user names may also be a pipe
//! or a device, and is read up to the limit. The caller decides what a refusal means.

use std::fs::{File, FileType, Metadata, OpenOptions};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use std::thread;
use std::time::Duration;

/// The largest size in bytes of a file that controls the program: a configuration, a baseline, ignore rules.
pub const MAX_SIZE: u64 = 16 << 20;
/// The largest size in bytes of a file that the user names.
pub const MAX_NAMED: u64 = 256 << 20;

/// The pause between reads of a pipe that has nothing to read, and the longest wait for a pipe to get a writer.
const NAP: Duration = Duration::from_millis(20);
const PATIENCE: Duration = Duration::from_secs(3);

/// The reason why a file was not read.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The file can't be opened or read.
    // The text of the cause is in this text, so there is no source, which would be shown twice.
    #[error("{0}; check the path and its permissions")]
    Io(io::Error),
    /// The path doesn't lead to a regular file.
    #[error("it is {0}, not a regular file; put one in its place")]
    Kind(&'static str),
    /// The path is a link that leads out of the work tree.
    #[error(
        "it is a link that leads out of the work tree, or nowhere, and is not followed; put a regular file in its place"
    )]
    Outside,
    /// The file is larger than the limit.
    #[error("it has more than {} bytes, which is the limit; make it smaller", .0)]
    TooLarge(u64),
    /// No process writes to the pipe.
    #[error("it is a pipe, and nothing was written to it for {} seconds; name it again when something is", PATIENCE.as_secs())]
    Silent,
    /// The device or socket yields no bytes.
    #[error("it is closed or an empty device, so nothing was read; name a file")]
    Mute,
    /// The content isn't UTF-8 text.
    #[error("it is not UTF-8; save it as that")]
    Encoding,
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// The treatment of a link in place of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Links {
    /// The file that the link leads to is read.
    Followed,
    /// The link is refused.
    Refused,
}

/// Reads a regular file of at most `limit` bytes.
///
/// # Errors
/// Fails if it is anything else, or larger.
pub fn read(path: &Path, limit: u64, links: Links) -> Result<Vec<u8>, Refused> {
    drain(open_file(path, links)?, limit)
}

/// Opens a regular file.
///
/// # Errors
/// Fails if it is anything else.
pub fn open_file(path: &Path, links: Links) -> Result<File, Refused> {
    // Merely opening a device can have an effect on it.
    is_regular(&match links {
        Links::Followed => path.metadata()?,
        Links::Refused => path.symlink_metadata()?,
    })?;
    let file = open(path)?;
    is_regular(&file.metadata()?)?;
    Ok(file)
}

/// Reads a file in a work tree, if it exists; a link must not lead out of the work tree.
///
/// # Errors
/// Fails if it isn't a regular file, or is larger than [`MAX_SIZE`].
pub fn read_within(root: &Path, path: &Path) -> Result<Option<Vec<u8>>, Refused> {
    match path.symlink_metadata() {
        Err(error) if is_absence(&error) => return Ok(None),
        Err(error) => return Err(error.into()),
        Ok(meta) if meta.is_symlink() => {
            let is_inside = |end: &PathBuf| root.canonicalize().is_ok_and(|root| end.starts_with(root));
            path.canonicalize().ok().filter(is_inside).ok_or(Refused::Outside)?;
        }
        Ok(_) => {}
    }
    read(path, MAX_SIZE, Links::Followed).map(Some)
}

/// Reads what the user names: a file, a pipe or a device, to its end or up to `limit` bytes.
///
/// # Errors
/// Fails if it can't be read, or is larger.
pub fn read_named(path: &Path, limit: u64) -> Result<Vec<u8>, Refused> {
    let meta = path.metadata()?;
    match kind(meta.file_type()) {
        Kind::File => read(path, limit, Links::Followed),
        Kind::Folder => Err(Refused::Kind("a folder")),
        Kind::Pipe | Kind::Device | Kind::Socket => Stream::named(path)?.whole(limit),
    }
}

/// Reads the text of a file that the user names. If the path is in a work tree, no link may lead out of it: text of
/// another file could appear in a message.
///
/// # Errors
/// Fails if it can't be read, or isn't text.
pub fn text_named(path: &Path, root: &Path, limit: u64) -> Result<String, Refused> {
    if escapes(path, root) {
        return Err(Refused::Outside);
    }
    text(read_named(path, limit)?)
}

/// Converts bytes to text.
///
/// # Errors
/// Fails if they aren't UTF-8.
pub fn text(bytes: Vec<u8>) -> Result<String, Refused> {
    String::from_utf8(bytes).map_err(|_| Refused::Encoding)
}

/// Returns `true` if a path is a name that the system gives to a stream of this process.
pub fn is_descriptor(path: &Path) -> bool {
    let below = |folder: &str| path.strip_prefix(folder).is_ok_and(|rest| rest.components().count() == 1);
    path == Path::new("/dev/stdin") || below("/dev/fd") || below("/proc/self/fd") || below("/proc/thread-self/fd")
}

/// The kind of file that a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A pipe.
    Pipe,
    /// A device.
    Device,
    /// A socket.
    Socket,
}

impl Kind {
    /// Describes the kind in words.
    pub fn describe(self) -> &'static str {
        match self {
            Self::File => "a file",
            Self::Folder => "a folder",
            Self::Pipe => "a pipe",
            Self::Device => "a device",
            Self::Socket => "a socket",
        }
    }
}

/// Returns `true` if a path leads to the null device, which counts as an empty file.
pub fn is_null(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let device = |path: &Path| path.metadata().ok().filter(|meta| kind(meta.file_type()) == Kind::Device);
        let (Some(one), Some(null)) = (device(path), device(Path::new("/dev/null"))) else { return false };
        one.rdev() == null.rdev()
    }
    #[cfg(not(unix))]
    path.as_os_str().eq_ignore_ascii_case("nul")
}

/// Returns the kind of a file that isn't a link.
pub fn kind(kind: FileType) -> Kind {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        if kind.is_fifo() {
            return Kind::Pipe;
        } else if kind.is_socket() {
            return Kind::Socket;
        } else if kind.is_char_device() || kind.is_block_device() {
            return Kind::Device;
        }
    }
    if kind.is_dir() { Kind::Folder } else { Kind::File }
}

fn is_regular(meta: &Metadata) -> Result<(), Refused> {
    if meta.is_symlink() {
        return Err(Refused::Kind("a link"));
    }
    match kind(meta.file_type()) {
        Kind::File => Ok(()),
        other => Err(Refused::Kind(other.describe())),
    }
}

/// Returns `true` if the error means that nothing is at the path.
fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Returns `true` if a path that starts in a folder leads out of it.
fn escapes(path: &Path, root: &Path) -> bool {
    let (Ok(root), Ok(here), Ok(end)) = (root.canonicalize(), Path::new(".").canonicalize(), path.canonicalize())
    else {
        return false;
    };
    !is_descriptor(path) && without_dots(&here.join(path)).starts_with(&root) && !end.starts_with(&root)
}

/// Returns an absolute path without `.` and `..`, without looking at the file system.
pub fn without_dots(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut whole, part| {
        match part {
            Component::ParentDir => {
                whole.pop();
            }
            Component::CurDir => {}
            part => whole.push(part),
        }
        whole
    })
}

/// Opens a file for reading without waiting for a writer.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, NONBLOCK);
    options.open(path)
}

/// `O_NONBLOCK`, which the standard library doesn't define. On systems where its value isn't listed here, the checks
/// before opening have to suffice.
#[cfg(unix)]
const NONBLOCK: i32 = if cfg!(any(target_os = "linux", target_os = "android")) {
    if cfg!(any(target_arch = "mips", target_arch = "mips64", target_arch = "sparc64")) { 0 } else { 0o4000 }
} else if cfg!(any(
    target_os = "macos",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd",
    target_os = "dragonfly"
)) {
    4
} else {
    0
};

fn drain(file: File, limit: u64) -> Result<Vec<u8>, Refused> {
    let mut bytes = Vec::new();
    // Files of the system, such as those in `/proc`, report a size of zero but have content.
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit { Err(Refused::TooLarge(limit)) } else { Ok(bytes) }
}

/// A stream. As long as a process has it open for writing, it hasn't ended, however long that takes.
#[derive(Debug)]
pub struct Stream {
    file: File,
    start: Start,
}

/// The meaning of the end of a stream, as long as nothing has been read.
#[derive(Debug, Clone, Copy)]
enum Start {
    /// The stream is empty, or some of it was read.
    Begun,
    /// No process has opened the pipe yet, since when so much time has passed.
    Awaited(Duration),
    /// The stream is closed: when the program starts, the null device takes its place.
    Required,
}

impl Stream {
    /// Opens the pipe, socket or device at a path.
    ///
    /// # Errors
    /// Fails if it can't be opened.
    pub fn named(path: &Path) -> Result<Self, Refused> {
        let start = match kind(path.metadata()?.file_type()) {
            Kind::Pipe if is_descriptor(path) => Start::Begun,
            Kind::Pipe => Start::Awaited(Duration::ZERO),
            _ => Start::Required,
        };
        Ok(Self { file: open(path)?, start })
    }

    /// Returns the stream behind an open handle.
    ///
    /// # Errors
    /// Fails if the handle can't be duplicated.
    pub fn of(handle: &File) -> Result<Self, Refused> {
        Ok(Self { file: handle.try_clone()?, start: Start::Begun })
    }

    /// Reads it to its end.
    ///
    /// # Errors
    /// Fails if it can't be read, or has more than `limit` bytes.
    pub fn whole(self, limit: u64) -> Result<Vec<u8>, Refused> {
        let mut bytes = Vec::new();
        let end = self.take(limit.saturating_add(1)).read_to_end(&mut bytes);
        end.map_err(|error| error.downcast::<Refused>().unwrap_or_else(Refused::Io))?;
        if bytes.len() as u64 > limit { Err(Refused::TooLarge(limit)) } else { Ok(bytes) }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match (self.file.read(buffer), self.start) {
                (Ok(0), Start::Required) => return Err(io::Error::other(Refused::Mute)),
                (Ok(0), Start::Awaited(waited)) if waited >= PATIENCE => return Err(io::Error::other(Refused::Silent)),
                (Ok(0), Start::Awaited(waited)) => {
                    thread::sleep(NAP);
                    self.start = Start::Awaited(waited + NAP);
                }
                (Ok(count), _) => {
                    self.start = Start::Begun;
                    return Ok(count);
                }
                (Err(error), _) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.start = Start::Begun;
                    thread::sleep(NAP);
                }
                (Err(error), _) if error.kind() == io::ErrorKind::Interrupted => {}
                (Err(error), _) => return Err(error),
            }
        }
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use crate::fs::scratch::Scratch;
    use std::os::unix::fs::symlink;
    use std::process::Command;

    fn folder() -> (Scratch, PathBuf) {
        let folder = Scratch::new().unwrap();
        let root = folder.path().join("root");
        std::fs::create_dir(&root).unwrap();
        (folder, root)
    }

    fn pipe(path: &Path) {
        assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    }

    #[test]
    fn a_file_is_read_up_to_its_limit() {
        let (_folder, root) = folder();
        let path = root.join("file");
        std::fs::write(&path, "text").unwrap();
        assert_eq!(read(&path, 4, Links::Refused).unwrap(), b"text");
        assert_eq!(read_named(&path, 4).unwrap(), b"text");
        let followed = |path: &Path| read(path, 3, Links::Followed);
        assert!(matches!(followed(&path), Err(Refused::TooLarge(3))));
        assert!(matches!(followed(&root), Err(Refused::Kind("a folder"))));
        assert!(matches!(followed(&root.join("none")), Err(Refused::Io(_))));
        let link = root.join("link");
        symlink("file", &link).unwrap();
        assert_eq!(read(&link, 4, Links::Followed).unwrap(), b"text");
        assert!(matches!(read(&link, 4, Links::Refused), Err(Refused::Kind("a link"))));
    }

    #[test]
    fn links_out_of_the_root_and_special_files_are_refused() {
        let (folder, root) = folder();
        let at = |name: &str| root.join(name);
        assert!(read_within(&root, &at("absent")).unwrap().is_none());
        std::fs::write(at("file"), "text").unwrap();
        std::fs::write(folder.path().join("outside"), "other").unwrap();
        symlink("file", at("inside")).unwrap();
        symlink("../outside", at("out")).unwrap();
        symlink("nowhere", at("dangling")).unwrap();
        symlink("/dev/zero", at("endless")).unwrap();
        pipe(&at("pipe"));
        symlink("pipe", at("to-pipe")).unwrap();
        for name in ["file", "inside"] {
            assert_eq!(read_within(&root, &at(name)).unwrap().unwrap(), b"text", "{name}");
        }
        for name in ["out", "dangling", "endless"] {
            assert!(matches!(read_within(&root, &at(name)), Err(Refused::Outside)), "{name}");
        }
        for name in ["pipe", "to-pipe"] {
            assert!(matches!(read_within(&root, &at(name)), Err(Refused::Kind("a pipe"))), "{name}");
        }
        assert!(matches!(text_named(&at("out"), &root, 9), Err(Refused::Outside)));
        assert_eq!(text_named(&at("out"), &root.join(".."), 9).unwrap(), "other");
        assert_eq!(text_named(&folder.path().join("outside"), &root, 9).unwrap(), "other");
    }

    #[test]
    fn a_stream_ends_when_its_writer_closes_it_or_at_the_limit() {
        let (_folder, root) = folder();
        let path = root.join("pipe");
        pipe(&path);
        let mut shell = Command::new("sh");
        let mut writer =
            shell.args(["-c", "printf one > \"$0\"; exec > \"$0\"; printf two"]).arg(&path).spawn().unwrap();
        let bytes = read_named(&path, 100).unwrap();
        // The second write may come too late and then finds no reader until the test is over.
        assert!([&b"one"[..], b"onetwo"].contains(&&bytes[..]), "{bytes:?}");
        writer.kill().unwrap();
        writer.wait().unwrap();
        assert!(matches!(read_named(&path, 100), Err(Refused::Silent)));
        assert!(matches!(read_named(Path::new("/dev/zero"), 1 << 20), Err(Refused::TooLarge(_))));
        assert!(matches!(read_named(Path::new("/dev/null"), 1 << 20), Err(Refused::Mute)));
    }

    #[test]
    fn streams_of_this_process_are_recognised_by_name() {
        for path in ["/dev/stdin", "/dev/fd/63", "/proc/self/fd/0"] {
            assert!(is_descriptor(Path::new(path)), "{path}");
        }
        assert!(is_null(Path::new("/dev/null")) && !is_null(Path::new("/dev/zero")) && !is_null(Path::new("/dev")));
        for path in ["/dev/fd", "/dev/null", "dev/fd/1", "/dev/fd/1/etc/passwd", "stdin"] {
            assert!(!is_descriptor(Path::new(path)), "{path}");
        }
    }
}

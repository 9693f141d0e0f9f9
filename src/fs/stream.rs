//! Pipes, sockets and devices, read to their end.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::thread;
use std::time::Duration;

use super::bounded::{self, Kind, Refused};

/// The pause between reads of a pipe that has nothing to read, and the longest wait for a pipe to get a writer.
const NAP: Duration = Duration::from_millis(20);
pub(super) const PATIENCE: Duration = Duration::from_secs(3);

/// A stream. As long as a process has it open for writing, it hasn't ended, however long that takes.
#[derive(Debug)]
pub struct Stream {
    file: File,
    start: Start,
}

/// The meaning of the end of a stream if nothing has been read before.
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
        let start = match bounded::kind(path.metadata()?.file_type()) {
            Kind::Pipe if bounded::is_descriptor(path) => Start::Begun,
            Kind::Pipe => Start::Awaited(Duration::ZERO),
            _ => Start::Required,
        };
        Ok(Self { file: bounded::open(path)?, start })
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

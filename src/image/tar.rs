//! The members of a tar archive, read forward once. The size of extended headers is checked before they are read,
//! because a hostile layer could otherwise use up all memory with them.
//!
//! Formats: POSIX ustar and pax, and the GNU tar extensions for long names and sparse files.

use std::io::{self, Read};

use bstr::{BStr, BString, ByteSlice as _};
use tar::{EntryType, Header, PaxExtensions};

use crate::text::archive::is_tar_header;

/// The number of bytes of a header; each member is padded to a multiple of it.
pub(super) const BLOCK: usize = 512;
/// The most bytes of an extended header that are read.
const MAX_EXTENDED: u64 = 1 << 20;
/// The number of blocks of zeros that end an archive, and the most that are read in search of another member.
const END: usize = 2;
const MAX_ZEROS: usize = (64 << 20) / BLOCK;

/// The type of a member of an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// A file with content of its own.
    File,
    /// A second name of a file.
    HardLink,
    /// A symbolic link.
    Link,
    /// A folder.
    Folder,
    /// A device or a pipe.
    Special,
}

impl Shape {
    const ALL: [Self; 5] = [Self::File, Self::HardLink, Self::Link, Self::Folder, Self::Special];

    /// Returns the number that encodes the type.
    pub(super) fn code(self) -> u64 {
        Self::ALL.iter().take_while(|shape| **shape != self).count() as u64
    }

    /// Returns the type that a number encodes.
    pub(super) fn of_code(code: u64) -> Option<Self> {
        Self::ALL.get(usize::try_from(code).ok()?).copied()
    }
}

/// A member, without its content.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) path: BString,
    pub(super) shape: Shape,
    /// The target of a link.
    pub(super) target: BString,
    /// The number of bytes of content that follow.
    pub(super) size: u64,
}

/// Returns `true` if a stream starts like an archive: with a header, or with the two blocks of zeros that end an empty
/// one.
pub(super) fn is_archive(head: &[u8]) -> bool {
    head.get(..BLOCK).is_some_and(is_tar_header) || (head.len() == 2 * BLOCK && head.iter().all(|byte| *byte == 0))
}

/// A reader of one member after another.
pub(super) struct Members<R> {
    reader: R,
    /// The number of bytes of the last member that are still to be read; `padding` counts those after it.
    left: u64,
    padding: u64,
    /// A block that was read ahead.
    ahead: Option<[u8; BLOCK]>,
    /// The number of blocks of zeros after the last member.
    zeros: usize,
}

/// The fields of extended headers for the next member.
#[derive(Default)]
struct Extended {
    path: Option<BString>,
    target: Option<BString>,
    size: Option<u64>,
}

impl<R: Read> Members<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, left: 0, padding: 0, ahead: None, zeros: 0 }
    }

    /// Returns `true` if the archive has its end mark. Without one, nothing in the archive shows whether more was to
    /// follow: for a layer the digest does, but a whole image has none.
    pub(super) fn is_ended(&self) -> bool {
        self.zeros >= END
    }

    /// Returns the next member; `None` at the end. Members after the end mark are read as well, because other tools
    /// append there.
    ///
    /// # Errors
    /// Fails if the archive is cut short or isn't one.
    pub(super) fn next(&mut self) -> io::Result<Option<Member>> {
        let mut extended = Extended::default();
        loop {
            self.skip()?;
            let Some(block) = self.block()? else { return Ok(None) };
            let header = Header::from_byte_slice(&block);
            let size = header.entry_size()?;
            self.expect(size);
            let text = |this: &mut Self| this.extended(size);
            match header.entry_type() {
                EntryType::GNULongName => extended.path = Some(until_nul(&text(self)?)),
                EntryType::GNULongLink => extended.target = Some(until_nul(&text(self)?)),
                EntryType::XHeader => extended.read(&text(self)?),
                EntryType::XGlobalHeader => {}
                kind => return self.member(header, kind, extended).map(Some),
            }
        }
    }

    fn member(&mut self, header: &Header, kind: EntryType, extended: Extended) -> io::Result<Member> {
        if let Some(size) = extended.size {
            self.expect(size);
        }
        if header.as_gnu().is_some_and(|gnu| kind.is_gnu_sparse() && gnu.is_extended()) {
            // The list of holes continues in separate blocks, each of which says whether another one follows.
            let mut block = [0; BLOCK];
            loop {
                self.reader.read_exact(&mut block)?;
                if block[504] == 0 {
                    break;
                }
            }
        }
        let shape = match kind {
            EntryType::Directory => Shape::Folder,
            EntryType::Symlink => Shape::Link,
            EntryType::Link => Shape::HardLink,
            EntryType::Char | EntryType::Block | EntryType::Fifo => Shape::Special,
            _ => Shape::File,
        };
        // In the first tar format, a slash at the end of the name was the only sign of a folder.
        let path = extended.path.unwrap_or_else(|| BString::from(header.path_bytes().into_owned()));
        let is_old = header.as_old().linkflag[0] == 0;
        let is_folder = shape == Shape::File && path.ends_with(b"/") && (is_old || self.left == 0);
        let shape = if is_folder { Shape::Folder } else { shape };
        if shape != Shape::File {
            self.expect_nothing()?;
        }
        let own = || header.link_name_bytes().map(|name| BString::from(name.into_owned())).unwrap_or_default();
        let target = extended.target.unwrap_or_else(own);
        Ok(Member { path, shape, target, size: self.left })
    }

    fn expect(&mut self, size: u64) {
        self.left = size;
        self.padding = size.wrapping_neg() % BLOCK as u64;
    }

    /// Makes sure that a member which is no file has no content. Docker and other readers ignore the size in its header
    /// and go on at the next block, so that must be where the next header is.
    fn expect_nothing(&mut self) -> io::Result<()> {
        if self.left == 0 {
            return Ok(());
        }
        self.expect(0);
        let mut block = [0; BLOCK];
        self.reader.read_exact(&mut block)?;
        if !is_tar_header(&block) && block.iter().any(|byte| *byte != 0) {
            let text = "a link, a folder or a device in it has content, which not all programs read alike";
            return Err(io::Error::new(io::ErrorKind::InvalidData, text));
        }
        self.ahead = Some(block);
        Ok(())
    }

    /// Returns the next header, after any blocks of zeros.
    fn block(&mut self) -> io::Result<Option<[u8; BLOCK]>> {
        let mut block = [0; BLOCK];
        self.zeros = 0;
        loop {
            let count = match self.ahead.take() {
                Some(ahead) => {
                    block = ahead;
                    BLOCK
                }
                None => read_up_to(&mut self.reader, &mut block)?,
            };
            if count == 0 {
                return Ok(None);
            }
            if count < BLOCK && !block[..count].iter().all(|byte| *byte == 0) {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if is_tar_header(&block) {
                return Ok(Some(block));
            }
            if block.iter().any(|byte| *byte != 0) {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "a header of the archive is damaged"));
            }
            self.zeros += usize::from(count == BLOCK);
            if self.zeros > MAX_ZEROS {
                let text = format!("more than {} MiB of zeros follow after its end", (MAX_ZEROS * BLOCK) >> 20);
                return Err(io::Error::new(io::ErrorKind::InvalidData, text));
            }
        }
    }

    fn extended(&mut self, size: u64) -> io::Result<Vec<u8>> {
        if size > MAX_EXTENDED {
            let text = format!("an extended header says that it has {size} bytes");
            return Err(io::Error::new(io::ErrorKind::InvalidData, text));
        }
        let mut text = Vec::new();
        self.read_to_end(&mut text)?;
        Ok(text)
    }

    /// Skips the rest of the last member. Some programs do not pad the last member of an archive.
    fn skip(&mut self) -> io::Result<()> {
        let (left, padding) = (std::mem::take(&mut self.left), std::mem::take(&mut self.padding));
        if io::copy(&mut (&mut self.reader).take(left), &mut io::sink())? < left {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        io::copy(&mut (&mut self.reader).take(padding), &mut io::sink())?;
        Ok(())
    }
}

/// Reads the content of the last member.
impl<R: Read> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let count = self.reader.read(&mut buffer[..most])?;
        if count == 0 && most > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= count as u64;
        Ok(count)
    }
}

impl Extended {
    /// Takes the names and sizes from a pax header and ignores everything else.
    fn read(&mut self, text: &[u8]) {
        for entry in PaxExtensions::new(text).flatten() {
            let value = entry.value_bytes();
            match entry.key_bytes() {
                b"path" | b"GNU.sparse.name" => self.path = Some(value.into()),
                b"linkpath" => self.target = Some(value.into()),
                b"size" => self.size = value.to_str().ok().and_then(|size| size.parse().ok()),
                _ => {}
            }
        }
    }
}

fn until_nul(text: &[u8]) -> BString {
    text.split(|byte| *byte == 0).next().unwrap_or_default().into()
}

fn read_up_to(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Returns a path of an archive as its plain components: without a slash or a dot in front, and with `..` resolved as
/// text. The result is never joined to a path of this machine.
pub(super) fn normal(path: &BStr) -> BString {
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in path.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    bstr::join("/", parts).into()
}

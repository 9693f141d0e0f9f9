//! Reads an archive or a folder blob by blob: what is a layer member by member, what is a document text by text.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use bstr::{BStr, BString, ByteSlice as _};

use super::layer::PathKeys;
use super::manifest::{self, Document};
use super::stream::{self, Compression, Hashing, Unpacked};
use super::tar::{self, Member, Members, Shape};
use super::{Blob, Contents, FileKind, ImageError, ImageFile, Layer, Sink};
use crate::finding::{Gap, GapKind};

/// Members of all archives together that are read.
const MAX_MEMBERS: usize = 2_000_000;
/// Bytes of documents that are kept until everything was read.
const MAX_DOCUMENTS: usize = 16 << 20;
/// Bytes of names of links that are kept until everything was read.
const MAX_NAMES: usize = 32 << 20;
/// Gaps that are told one by one, and packs of repositories.
const MAX_TOLD: usize = 1000;
/// Folders below the one given.
const MAX_DEPTH: usize = 16;
/// Documents within documents that are opened.
const MAX_INLINE: usize = 4;

/// What was read so far.
pub(super) struct Reading<'r> {
    keys: PathKeys,
    max_file: u64,
    sink: &'r mut dyn Sink,
    blobs: Vec<Blob>,
    /// Links in the archive: name and target.
    aliases: BTreeMap<BString, BString>,
    gaps: Vec<Gap>,
    /// Gaps beyond those that are told one by one.
    more_gaps: usize,
    /// Packs of git repositories in layers.
    packs: Vec<BString>,
    /// Members of all archives so far.
    members: usize,
    /// Bytes of documents that are kept.
    documents: usize,
    /// Bytes of names that are kept.
    names: usize,
    /// How deep the document that is read now lies in others.
    depth: usize,
}

impl<'r> Reading<'r> {
    pub(super) fn new(max_file: u64, sink: &'r mut dyn Sink) -> Self {
        Self {
            keys: PathKeys::default(),
            max_file,
            sink,
            blobs: Vec::new(),
            aliases: BTreeMap::new(),
            gaps: Vec::new(),
            more_gaps: 0,
            packs: Vec::new(),
            members: 0,
            documents: 0,
            names: 0,
            depth: 0,
        }
    }

    /// How all of it belongs together.
    pub(super) fn contents(mut self) -> Contents {
        let why = "it is a git repository's pack, so its history was not read: extract the folder and run 'keysweep history' there";
        for pack in std::mem::take(&mut self.packs) {
            self.gap(pack.as_bstr(), GapKind::Unreadable, why);
        }
        if self.more_gaps > 0 {
            let (what, why) = (format!("{} more parts", self.more_gaps).into(), "they were not read either".to_owned());
            self.gaps.push(Gap { what, kind: GapKind::Unreadable, why });
        }
        Contents::new(self.keys, self.blobs, &self.aliases, self.gaps)
    }

    /// Says that something was not read. A hostile archive could give more reasons than there is memory.
    fn gap(&mut self, what: &BStr, kind: GapKind, why: impl Into<String>) {
        match self.gaps.len() < MAX_TOLD {
            true => self.gaps.push(Gap { what: what.to_owned(), kind, why: why.into() }),
            false => self.more_gaps += 1,
        }
    }

    /// Counts a member; `false`, and a gap, if there are too many.
    fn has_room(&mut self, name: &BStr) -> bool {
        self.members += 1;
        let has_room = self.members <= MAX_MEMBERS;
        if !has_room {
            let why = format!("more than {MAX_MEMBERS} files, folders and links; the rest was not read");
            self.gap(name, GapKind::TooLarge, why);
        }
        has_room
    }

    /// Counts names that are kept; `false`, and a gap, if they are too many.
    fn has_room_for_names(&mut self, path: &BStr, target: &BStr) -> bool {
        let before = self.names;
        self.names += path.len() + target.len();
        if before <= MAX_NAMES && self.names > MAX_NAMES {
            self.gap(
                path,
                GapKind::TooLarge,
                "it has more links than can be followed, so what became of files is not certain",
            );
        }
        self.names <= MAX_NAMES
    }

    /// The files of a folder, each a blob. Links and devices are no part of a layout.
    pub(super) fn folder(&mut self, top: &Path) -> io::Result<()> {
        let mut waiting: Vec<(PathBuf, usize)> = vec![(top.to_owned(), 0)];
        while let Some((folder, depth)) = waiting.pop() {
            let mut entries: Vec<_> = std::fs::read_dir(&folder)?.collect::<io::Result<_>>()?;
            entries.sort_by_key(std::fs::DirEntry::file_name);
            for entry in entries {
                let (path, kind) = (entry.path(), entry.file_type()?);
                let name = path.strip_prefix(top).unwrap_or(&path);
                let name = BString::from(name.as_os_str().as_encoded_bytes());
                if kind.is_dir() && depth < MAX_DEPTH {
                    waiting.push((path, depth + 1));
                } else if kind.is_file() {
                    match File::open(&path) {
                        Ok(mut file) => self.blob(name.as_bstr(), &mut file),
                        Err(error) => {
                            self.gap(name.as_bstr(), GapKind::Unreadable, format!("{error}; check its permissions"));
                        }
                    }
                } else {
                    let why = "it is neither a file nor a folder, and was not opened: copy the image without links";
                    self.gap(name.as_bstr(), GapKind::Unreadable, why);
                }
            }
        }
        Ok(())
    }

    /// An archive, perhaps compressed as a whole, whose members are blobs.
    pub(super) fn archive(&mut self, stream: &mut (dyn Read + Send), name: &str) -> Result<(), ImageError> {
        let unreadable = |error| ImageError::Unreadable { name: name.to_owned(), error };
        let (compression, whole) = stream::compression(stream).map_err(unreadable)?;
        if let Compression::Unknown(format) = compression {
            let text = format!("{format} is not supported; decompress it first, for instance into 'keysweep image -'");
            return Err(unreadable(io::Error::new(io::ErrorKind::Unsupported, text)));
        }
        let mut unpacked = Unpacked::new(compression, whole);
        let head = stream::head(&mut unpacked, 2 * tar::BLOCK).map_err(unreadable)?;
        if !tar::is_archive(&head) {
            return Err(ImageError::NoImage(name.to_owned()));
        }
        let mut members = Members::new(io::Cursor::new(head).chain(unpacked));
        loop {
            let member = match members.next() {
                Ok(Some(member)) => member,
                Ok(None) => break,
                Err(error) => {
                    self.gap(name.into(), GapKind::Corrupt, told(&error));
                    break;
                }
            };
            if !self.has_room(name.into()) {
                break;
            }
            let path = tar::normal(member.path.as_bstr());
            match member.shape {
                Shape::File => self.blob(path.as_bstr(), &mut members),
                Shape::Link | Shape::HardLink => self.alias(&path, &member),
                Shape::Folder | Shape::Special => {}
            }
        }
        Ok(())
    }

    /// A link in the archive. A symbolic one is relative to its folder.
    fn alias(&mut self, path: &BString, member: &Member) {
        let target = match (member.shape, path.rfind_byte(b'/')) {
            (Shape::Link, Some(at)) => [&path[..=at], &member.target].concat().into(),
            _ => member.target.clone(),
        };
        if self.has_room_for_names(path.as_bstr(), target.as_bstr()) {
            self.aliases.insert(path.clone(), tar::normal(target.as_bstr()));
        }
    }

    /// One blob, which is read to its end whatever it holds, so that its digest is known.
    fn blob(&mut self, name: &BStr, reader: &mut dyn Read) {
        let number = self.blobs.len();
        // Its number is taken first, for what is inline in a document is a blob, too.
        self.blobs.push(Blob { name: name.to_owned(), ..Blob::default() });
        let mut hashing = Hashing::new(reader, name.starts_with(b"blobs/sha512/"));
        let content = self.content(number, name, &mut hashing);
        let digests = content.and_then(|content| Ok((content, hashing.finish()?)));
        match digests {
            Ok((content, (digest, sha512))) => {
                let Content { layer, document, is_plain } = content;
                let name = name.to_owned();
                self.blobs[number] = Blob { name, digest, sha512: sha512.map(Box::new), layer, document, is_plain };
            }
            Err(error) => self.gap(name, end_kind(&error), told(&error)),
        }
    }

    fn content(&mut self, number: usize, name: &BStr, reader: &mut dyn Read) -> io::Result<Content> {
        let (compression, whole) = stream::compression(reader)?;
        if let Compression::Unknown(format) = compression {
            let why =
                format!("{format} is not supported, so nothing in it was read; decompress it and scan it by itself");
            self.gap(name, GapKind::Unreadable, why);
        }
        let mut unpacked = Unpacked::new(compression, whole);
        let head = stream::head(&mut unpacked, 2 * tar::BLOCK)?;
        let is_archive = tar::is_archive(&head);
        let mut whole = io::Cursor::new(head).chain(unpacked);
        let is_plain = compression == Compression::None;
        if is_archive {
            let layer = Some(Box::new(self.layer(number, name, &mut whole)));
            return Ok(Content { layer, document: None, is_plain });
        }
        let Some(bytes) = self.limited(name, &mut whole)? else {
            return Ok(Content { is_plain, ..Content::default() });
        };
        let document = self.document(number, name, &bytes);
        self.sink.take(ImageFile { blob: number, path: name.to_owned(), bytes, kind: FileKind::File });
        Ok(Content { layer: None, document, is_plain })
    }

    /// What a document says, if it is one; its texts are handed over, and what lies inline in it is read as a blob.
    fn document(&mut self, number: usize, name: &BStr, bytes: &[u8]) -> Option<Document> {
        let document = manifest::parse(bytes)?;
        self.documents += bytes.len();
        if self.documents > MAX_DOCUMENTS {
            let why = format!(
                "there are more than {} MiB of documents, and this one was read as plain text",
                MAX_DOCUMENTS >> 20
            );
            self.gap(name, GapKind::TooLarge, why);
            return None;
        }
        let sink = &mut *self.sink;
        manifest::each_text(bytes, &mut |place, text| {
            sink.take(ImageFile { blob: number, path: place.into(), bytes: text.into(), kind: FileKind::Text });
        });
        for (digest, inline) in document.inline() {
            if self.depth == MAX_INLINE {
                self.gap(name, GapKind::TooLarge, "it holds documents within documents, which were not all opened");
                break;
            }
            self.depth += 1;
            self.blob(digest.replace(':', "/").as_bytes().as_bstr(), &mut &*inline);
            self.depth -= 1;
        }
        Some(document)
    }

    /// The files of a layer. Whatever ends it early is a gap; what came before counts.
    fn layer(&mut self, number: usize, name: &BStr, reader: &mut dyn Read) -> Layer {
        let mut layer = Layer::default();
        let mut members = Members::new(reader);
        loop {
            let member = match members.next() {
                Ok(Some(member)) => member,
                Ok(None) => return layer,
                Err(error) => {
                    self.gap(name, end_kind(&error), told(&error));
                    return layer;
                }
            };
            if !self.has_room(name) {
                return layer;
            }
            let path = tar::normal(member.path.as_bstr());
            if !layer.note(&self.keys, path.as_bstr(), &member) {
                continue;
            }
            if member.shape == Shape::HardLink && self.has_room_for_names(path.as_bstr(), member.target.as_bstr()) {
                layer.link(&self.keys, path.clone(), tar::normal(member.target.as_bstr()).as_bstr());
            }
            if path.ends_with(b".pack") && path.contains_str("objects/pack/") && self.packs.len() < MAX_TOLD {
                self.packs.push([name.as_bytes(), b"!", path.as_bytes()].concat().into());
            }
            let bytes = match member.shape {
                Shape::Link => Ok(Some(member.target.to_vec())),
                Shape::File if member.size > self.max_file => {
                    let whole = [name.as_bytes(), b"!", path.as_bytes()].concat();
                    self.gap(
                        whole.as_bstr(),
                        GapKind::TooLarge,
                        format!(
                            "it has {} bytes, which is over the limit; raise [limits] max_file_size in .keysweep.toml",
                            member.size
                        ),
                    );
                    Ok(None)
                }
                Shape::File => self.limited(path.as_bstr(), &mut members),
                Shape::HardLink | Shape::Folder | Shape::Special => Ok(None),
            };
            match bytes {
                Ok(Some(bytes)) => {
                    let kind = if member.shape == Shape::Link { FileKind::Link } else { FileKind::File };
                    self.sink.take(ImageFile { blob: number, path, bytes, kind });
                }
                Ok(None) => {}
                Err(error) => {
                    self.gap(name, end_kind(&error), told(&error));
                    return layer;
                }
            }
        }
    }

    /// All of a reader; `None`, and a gap, if it has more bytes than a file may have.
    fn limited(&mut self, name: &BStr, reader: &mut dyn Read) -> io::Result<Option<Vec<u8>>> {
        let mut bytes = Vec::new();
        reader.take(self.max_file.saturating_add(1)).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > self.max_file {
            let why = "it is over the limit for a file; raise [limits] max_file_size in .keysweep.toml";
            self.gap(name, GapKind::TooLarge, why);
            return Ok(None);
        }
        Ok(Some(bytes))
    }
}

/// What a blob holds.
#[derive(Default)]
struct Content {
    layer: Option<Box<Layer>>,
    document: Option<Document>,
    is_plain: bool,
}

fn end_kind(error: &io::Error) -> GapKind {
    if error.kind() == io::ErrorKind::FileTooLarge { GapKind::TooLarge } else { GapKind::Corrupt }
}

/// What an error means for the reader of a report.
fn told(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "it ends too early; what came before was read. Copy the image again".to_owned(),
        io::ErrorKind::FileTooLarge => {
            "it unpacks to more than 200 times its size, and was not read to its end".to_owned()
        }
        _ => format!("it is damaged: {error}; what came before was read. Copy the image again"),
    }
}

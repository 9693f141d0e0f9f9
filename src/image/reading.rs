//! Reads an archive or a folder blob by blob: a layer member by member, a document text by text.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};

use bstr::{BStr, BString, ByteSlice as _};

use super::digest::{Digest, Hashing};
use super::manifest::{self, Document};
use super::tally::Tally;
use super::tar::{self, Member, Members, Shape};
use super::{Blob, Contents, Coverage, FileKind, ImageError, ImageFile, KnownLayer, Layer, Options, Sink, Taken};
use crate::finding::GapKind;
use crate::text::archive::{Decompressed, Packing};

/// The number of bytes that are decompressed and hashed at a time.
const CHUNK: usize = 64 << 10;
/// The most bytes of a path; no file system opens longer ones.
const MAX_PATH: usize = 4096;
/// The most folders within each other in a layer.
const MAX_FOLDERS: usize = 256;
/// The most levels of folders below the given one.
const MAX_DEPTH: usize = 16;
/// The most documents within documents that are opened.
const MAX_INLINE: usize = 4;

/// The state of reading an image.
pub(super) struct Reading<'r> {
    options: Options<'r>,
    sink: &'r mut dyn Sink,
    blobs: Vec<Blob>,
    /// The links in the archive, as name and target.
    aliases: BTreeMap<BString, BString>,
    tally: Tally,
    /// The numbers of the members of a layer that are read, if not all of them are.
    again: Option<BTreeSet<u64>>,
    /// The blob that represents all blobs with objects of repositories in a root file system.
    root: Option<usize>,
    /// The number of documents around the one that is being read.
    depth: usize,
}

impl<'r> Reading<'r> {
    pub(super) fn new(options: Options<'r>, sink: &'r mut dyn Sink) -> Self {
        Self {
            options,
            sink,
            blobs: Vec::new(),
            aliases: BTreeMap::new(),
            tally: Tally::default(),
            again: None,
            root: None,
            depth: 0,
        }
    }

    /// Returns the contents, with the relations between the blobs.
    pub(super) fn contents(self) -> Contents {
        Contents::new(self.blobs, &self.aliases, self.tally.gaps(), self.options.platform)
    }

    /// Reads the files of a folder, each as a blob. Links and devices are not part of a layout.
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
                            self.tally.gap(
                                name.as_bstr(),
                                GapKind::Unreadable,
                                format!("{error}; check its permissions"),
                            );
                        }
                    }
                } else {
                    let why = "it is neither a file nor a folder, and was not opened: copy the image without links";
                    self.tally.gap(name.as_bstr(), GapKind::Unreadable, why);
                }
            }
        }
        Ok(())
    }

    /// Reads an archive, which may be compressed as a whole, and whose members are blobs.
    pub(super) fn archive(&mut self, stream: &mut (dyn Read + Send), name: &str) -> Result<(), ImageError> {
        let unreadable = |error| ImageError::Unreadable { name: name.to_owned(), error };
        let unpacked = Decompressed::new(stream).map_err(unreadable)?;
        if let Packing::Sealed(format) = unpacked.packing() {
            let text = format!("{format} is not supported; decompress it first, for instance into 'keysweep image -'");
            return Err(unreadable(io::Error::new(io::ErrorKind::Unsupported, text)));
        }
        let mut unpacked = BufReader::with_capacity(CHUNK, unpacked);
        let head = head(&mut unpacked).map_err(unreadable)?;
        if !tar::is_archive(&head) {
            return Err(ImageError::NoImage(name.to_owned()));
        }
        let mut members = Members::new(io::Cursor::new(head).chain(unpacked));
        loop {
            let member = match members.next() {
                Ok(Some(member)) => member,
                Ok(None) if !members.is_ended() => {
                    self.tally.broken(name.into(), &io::ErrorKind::UnexpectedEof.into());
                    break;
                }
                Ok(None) => break,
                Err(error) => {
                    self.tally.broken(name.into(), &error);
                    break;
                }
            };
            if !self.tally.has_room(name.into()) {
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

    /// Records a link in the archive. The target of a symbolic link is relative to its folder.
    fn alias(&mut self, path: &BString, member: &Member) {
        let target = match (member.shape, path.rfind_byte(b'/')) {
            (Shape::Link, Some(at)) => [&path[..=at], &member.target].concat().into(),
            _ => member.target.clone(),
        };
        if self.tally.has_room_for_names(path.as_bstr(), target.as_bstr()) {
            self.aliases.insert(path.clone(), tar::normal(target.as_bstr()));
        }
    }

    /// Reads a blob to its end, whatever it contains, so that its digest is known.
    fn blob(&mut self, name: &BStr, reader: &mut dyn Read) {
        let number = self.blobs.len();
        // The number is reserved first, because inline data of a document is a blob, too.
        self.blobs.push(Blob { name: name.to_owned(), ..Blob::default() });
        let mut hashing = Hashing::new(reader, name.starts_with(b"blobs/sha512/"));
        let known = claimed(name).and_then(|digest| Some((self.options.known?.layer(&digest)?, digest)));
        if let Some((known, claimed)) = known {
            return self.known(number, known, &claimed, hashing);
        }
        let reported_count = self.tally.reported_count();
        // Even a blob that can't be unpacked has a digest, by which the image names it.
        let content = self.content(number, name, &mut hashing).unwrap_or_else(|error| {
            self.tally.broken(name, &error);
            Blob::default()
        });
        match hashing.finish() {
            Ok((digest, sha512)) => {
                let coverage =
                    if self.tally.reported_count() == reported_count { Coverage::Whole } else { Coverage::Partly };
                let (name, sha512) = (name.to_owned(), sha512.map(Box::new));
                self.blobs[number] = Blob { name, digest, sha512, coverage, ..content };
            }
            Err(error) => {
                self.blobs[number].coverage = Coverage::Partly;
                self.tally.broken(name, &error);
            }
        }
    }

    /// Reads a layer that was scanned before, after checking that its bytes are the same. Everything that was reported
    /// about it is reported again, so only the members concerned are read.
    fn known(&mut self, number: usize, known: KnownLayer, claimed: &Digest, mut hashing: Hashing<&mut dyn Read>) {
        let name = self.blobs[number].name.clone();
        let reported_count = self.tally.reported_count();
        self.again = known.again;
        let is_looked_at = self.again.is_some();
        let content = if is_looked_at { self.content(number, name.as_bstr(), &mut hashing).map(drop) } else { Ok(()) };
        self.again = None;
        match content.and_then(|()| hashing.finish()) {
            Ok((digest, _)) if digest == *claimed => {
                let coverage = match is_looked_at {
                    _ if self.tally.reported_count() > reported_count => Coverage::Partly,
                    true => Coverage::Again,
                    false => Coverage::Known,
                };
                let (layer, unpacked) = (Some(Box::new(known.layer)), Some(Box::new(known.diff_id)));
                self.blobs[number] = Blob { name, digest, layer, unpacked, coverage, ..Blob::default() };
            }
            Ok((digest, _)) => {
                let why = format!(
                    "its content does not fit its name, for it has {digest}, and was not read; copy the image again"
                );
                self.tally.gap(name.as_bstr(), GapKind::Corrupt, why);
                self.blobs[number].digest = digest;
            }
            Err(error) => self.tally.broken(name.as_bstr(), &error),
        }
    }

    /// Reads the content of a blob; the caller sets its name and digest.
    fn content(&mut self, number: usize, name: &BStr, reader: &mut dyn Read) -> io::Result<Blob> {
        let mut unpacked = Decompressed::new(reader)?;
        let packing = unpacked.packing();
        if let Packing::Sealed(format) = packing {
            let why =
                format!("{format} is not supported, so nothing in it was read; decompress it and scan it by itself");
            self.tally.gap(name, GapKind::Unreadable, why);
        }
        let head = head(&mut unpacked)?;
        let is_archive = tar::is_archive(&head);
        let mut whole = io::Cursor::new(head).chain(unpacked);
        // In a root file system, each file is a blob.
        let root = self.root.unwrap_or(number);
        if packing == Packing::Plain && self.is_taken((root, 0), BStr::new(""), name, &mut whole) {
            self.root = Some(root);
            return Ok(Blob::default());
        }
        // For a known layer, the digest of its uncompressed form is known as well.
        if is_archive && (packing == Packing::Plain || self.again.is_some()) {
            let layer = Some(Box::new(self.layer(number, name, &mut whole)));
            return Ok(Blob { layer, ..Blob::default() });
        }
        if is_archive {
            // Headers are read 512 bytes at a time, too little for decompressing and hashing.
            let mut hashing = BufReader::with_capacity(CHUNK, Hashing::new(whole, false));
            let layer = Some(Box::new(self.layer(number, name, &mut hashing)));
            // A layer that was not read to its end has no digest.
            let is_whole = hashing.fill_buf().is_ok_and(<[u8]>::is_empty);
            let unpacked = is_whole.then(|| Box::new(hashing.into_inner().digest()));
            return Ok(Blob { layer, unpacked, ..Blob::default() });
        }
        let Some(bytes) = self.limited(name, &mut whole, 0)? else { return Ok(Blob::default()) };
        let document = self.document(number, name, &bytes);
        self.sink.take(ImageFile { blob: number, number: 0, path: name.to_owned(), bytes, kind: FileKind::File });
        Ok(Blob { document, ..Blob::default() })
    }

    /// Reads a document, if it is one; its texts are passed to the sink, and its inline data is read as blobs.
    fn document(&mut self, number: usize, name: &BStr, bytes: &[u8]) -> Option<Document> {
        let document = manifest::parse(bytes)?;
        if !self.tally.has_room_for_document(name, bytes.len()) {
            return None;
        }
        let sink = &mut *self.sink;
        manifest::each_text(bytes, &mut |place, text| {
            let (path, bytes, kind) = (place.into(), text.into(), FileKind::Text);
            sink.take(ImageFile { blob: number, number: 0, path, bytes, kind });
        });
        for (digest, inline) in document.inline() {
            if self.depth == MAX_INLINE {
                self.tally.gap(
                    name,
                    GapKind::TooLarge,
                    "it contains documents within documents, not all of which were opened",
                );
                break;
            }
            self.depth += 1;
            self.blob(digest.replace(':', "/").as_bytes().as_bstr(), &mut &*inline);
            self.depth -= 1;
        }
        Some(document)
    }

    /// Reads the files of a layer. Anything that ends it early is a gap; what came before counts.
    fn layer(&mut self, blob: usize, name: &BStr, reader: &mut dyn Read) -> Layer {
        let mut layer = Layer::default();
        let mut members = Members::new(reader);
        for number in 0..self.end() {
            let member = match members.next() {
                Ok(Some(member)) => member,
                Ok(None) => return layer,
                Err(error) => {
                    self.tally.broken(name, &error);
                    return layer;
                }
            };
            if !self.tally.has_room(name) {
                return layer;
            }
            if self.is_left_out(number) {
                continue;
            }
            let path = self.path_of(name, &member);
            // An entry that removes something has no content, unless somebody hides it there.
            if !layer.note(path.as_bstr(), &member) && member.size == 0 {
                continue;
            }
            if member.shape == Shape::HardLink && self.tally.has_room_for_names(path.as_bstr(), member.target.as_bstr())
            {
                layer.link(path.as_bstr(), tar::normal(member.target.as_bstr()).as_bstr());
            }
            if member.shape == Shape::File && self.is_taken((blob, number), name, path.as_bstr(), &mut members) {
                continue;
            }
            let bytes = match member.shape {
                Shape::Link => Ok(Some(member.target.to_vec())),
                Shape::File if member.size > self.options.max_file => {
                    let whole = [name.as_bytes(), b"!", path.as_bytes()].concat();
                    self.tally.gap(
                        whole.as_bstr(),
                        GapKind::TooLarge,
                        format!(
                            "it has {} bytes, which is over the limit; raise [limits] max_file_size in .keysweep.toml",
                            member.size
                        ),
                    );
                    Ok(None)
                }
                Shape::File => self.limited(path.as_bstr(), &mut members, member.size),
                Shape::HardLink | Shape::Folder | Shape::Special => Ok(None),
            };
            match bytes {
                Ok(Some(bytes)) => {
                    let kind = if member.shape == Shape::Link { FileKind::Link } else { FileKind::File };
                    self.sink.take(ImageFile { blob, number, path, bytes, kind });
                }
                Ok(None) => {}
                Err(error) => {
                    self.tally.broken(name, &error);
                    return layer;
                }
            }
        }
        layer
    }

    /// Returns the number after that of the last member of a layer that is read.
    fn end(&self) -> u64 {
        self.again.as_ref().map_or(u64::MAX, |again| again.last().map_or(0, |last| last + 1))
    }

    /// Returns `true` if a member of a layer is not read.
    fn is_left_out(&self, number: u64) -> bool {
        self.again.as_ref().is_some_and(|again| !again.contains(&number))
    }

    /// Returns `true` if a file needs no further handling, because it was passed on to where git repositories are
    /// reassembled from their objects.
    fn is_taken(&mut self, (blob, number): (usize, u64), name: &BStr, path: &BStr, reader: &mut dyn Read) -> bool {
        let sign: &[u8] = if name.is_empty() { b"" } else { b"!" };
        let whole = || BString::from([name.as_bytes(), sign, path.as_bytes()].concat());
        match self.sink.take_object(blob, number, path, reader) {
            Taken::Whole => true,
            Taken::Partly(why) => {
                self.tally.gap(whole().as_bstr(), GapKind::Unreadable, format!("it could not be read: {why}"));
                true
            }
            Taken::Not => {
                if path.ends_with(b".pack") && path.contains_str("objects/pack/") {
                    self.tally.pack(whole());
                }
                false
            }
        }
    }

    /// Returns the path of a member of a layer.
    fn path_of(&mut self, name: &BStr, member: &Member) -> BString {
        let mut path = tar::normal(member.path.as_bstr());
        let end = path.find_iter(b"/").nth(MAX_FOLDERS).unwrap_or(path.len()).min(MAX_PATH);
        if end < path.len() {
            let why = "the path of a file in it is too long, so what later layers do to that file is not known";
            self.tally.gap(name, GapKind::TooLarge, why);
            path.truncate(end);
        }
        path
    }

    /// Reads a reader to its end; returns `None`, and reports a gap, if it has more bytes than a file may have.
    fn limited(&mut self, name: &BStr, reader: &mut dyn Read, size: u64) -> io::Result<Option<Vec<u8>>> {
        // A hostile header may claim any size.
        let room = usize::try_from(size).unwrap_or(CHUNK).min(1 << 20);
        let mut bytes = Vec::with_capacity(room);
        reader.take(self.options.max_file.saturating_add(1)).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > self.options.max_file {
            let why = "it is over the limit for a file; raise [limits] max_file_size in .keysweep.toml";
            self.tally.gap(name, GapKind::TooLarge, why);
            return Ok(None);
        }
        Ok(Some(bytes))
    }
}

/// Returns the first bytes of a stream that may be an archive.
fn head(reader: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    reader.take(2 * tar::BLOCK as u64).read_to_end(&mut head)?;
    Ok(head)
}

/// Returns the digest that the name of a blob claims: in a layout, in a folder of blobs, and in archives whose layers
/// are named by their digest.
pub(super) fn claimed(name: &BStr) -> Option<Digest> {
    let last = name.rsplit_str(b"/").next()?;
    let hex = last.strip_suffix(b".tar").unwrap_or(last);
    (hex.len() == 64).then(|| Digest::parse(&format!("sha256:{}", hex.as_bstr()))).flatten()
}

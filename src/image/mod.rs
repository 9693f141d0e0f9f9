//! Container images as files: the output of `docker save`, `podman save`, `skopeo copy` and `buildx`, and plain root
//! file systems.
//!
//! An image is read forward once, so it can come through a pipe, and no part of it is written anywhere. Every blob is
//! hashed, and each file in it is handed to a [`Sink`] as it is read; at the end, [`Contents`] describes how the blobs
//! belong together, and the effect of later layers on each path. A part that could not be read is a gap. Detection is
//! up to the caller.

pub mod compose;
mod digest;
pub mod dockerfile;
pub mod dockerignore;
mod flow;
mod layer;
mod layout;
mod links;
mod manifest;
mod model;
mod reading;
mod tally;
mod tar;

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::path::Path;

use bstr::{BStr, BString};

pub use digest::Digest;
pub use layer::{Change, Layer};
pub use layout::Contents;
pub use manifest::Platform;
pub use model::{Choice, Form, Image, Part};

use manifest::Document;
use reading::Reading;

/// The source of an image.
pub enum Input<'i> {
    /// A folder.
    Folder(&'i Path),
    /// An archive, compressed or not.
    Stream(&'i mut (dyn Read + Send)),
}

/// A file that was read from an image.
#[derive(Debug)]
pub struct ImageFile {
    /// The number of the blob that contains the file.
    pub blob: usize,
    /// The position among the members of the blob, counted from zero.
    pub number: u64,
    /// The file's path in the layer; the name of the blob if that isn't an archive; the place of a text in a document.
    pub path: BString,
    /// The file's content; for a symbolic link, its target.
    pub bytes: Vec<u8>,
    /// The kind of content.
    pub kind: FileKind,
}

/// The kinds of content read from an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A file.
    File,
    /// A symbolic link.
    Link,
    /// A text in a document, without its JSON spelling: a variable, a label, a step of the build.
    Text,
}

/// A receiver for the files of an image.
pub trait Sink {
    /// Takes a file. The call may wait until there is memory for the next one.
    fn take(&mut self, file: ImageFile);

    /// Takes a file as it is read if it holds objects of a git repository, which make sense only together.
    fn take_object(&mut self, blob: usize, number: u64, path: &BStr, reader: &mut dyn Read) -> Taken;
}

/// The outcome for a file that may contain objects of a git repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// The file was taken.
    Whole,
    /// The file was not taken, and no part of it was read: it is a file like any other.
    Not,
    /// Only a part of the file was taken, for this reason.
    Partly(String),
}

/// A blob of an image: a layer, a document, or any other file in the archive.
#[derive(Debug, Default)]
pub struct Blob {
    /// The blob's name in the archive.
    pub name: BString,
    /// The SHA-256 of the blob's bytes.
    pub digest: Digest,
    sha512: Option<Box<Digest>>,
    /// The paths in the blob, if it is an archive.
    pub layer: Option<Box<Layer>>,
    document: Option<Document>,
    /// The SHA-256 of the bytes that a layer unpacks to, if the layer is compressed and was read to its end.
    unpacked: Option<Box<Digest>>,
    /// The part of the blob that was read.
    pub coverage: Coverage,
}

/// The part of a blob that was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Coverage {
    /// Not the whole blob.
    #[default]
    Partly,
    /// The whole blob.
    Whole,
    /// Nothing but its bytes, because its content is known to have nothing to report.
    Known,
    /// The members that are known to hold something to report, and only the bytes of the others.
    Again,
}

/// The layers that were scanned before.
pub trait KnownLayers {
    /// Returns the known facts about a layer by the SHA-256 of its blob.
    fn layer(&self, digest: &Digest) -> Option<KnownLayer>;
}

/// The known facts about a layer.
#[derive(Debug)]
pub struct KnownLayer {
    /// The paths of the layer.
    pub layer: Layer,
    /// The digest of the layer's uncompressed archive.
    pub diff_id: Digest,
    /// The numbers of the members that must be read again; `None` if the layer need not be decompressed.
    pub again: Option<BTreeSet<u64>>,
}

impl Blob {
    /// Returns the digest in the blob's name, if it is correct; later scans recognize a layer by it.
    pub fn named_digest(&self) -> Option<&Digest> {
        reading::claimed(self.name.as_ref()).filter(|claimed| *claimed == self.digest).map(|_| &self.digest)
    }

    /// Returns the digest of a layer's uncompressed archive, by which the configuration names the layer.
    pub fn diff_id(&self) -> Option<&Digest> {
        self.layer.as_ref()?;
        Some(self.unpacked.as_deref().unwrap_or(&self.digest))
    }
}

/// The reason why an input could not be read as an image at all.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// The input is neither an archive nor a folder with an image.
    #[error(
        "'{0}' is not a container image: expected an OCI layout, an archive of 'docker save' or 'docker export', or a folder of 'skopeo copy … dir:'"
    )]
    NoImage(String),
    /// The input could not be opened.
    #[error("'{name}' could not be read: {error}")]
    Unreadable {
        /// The path that was given.
        name: String,
        /// The error of the system.
        error: io::Error,
    },
}

/// The options for reading an image.
#[derive(Clone, Copy)]
pub struct Options<'o> {
    /// The size in bytes of the largest file that is read; larger ones are gaps.
    pub max_file: u64,
    /// The platform that is asked for; `None` for all platforms.
    pub platform: Option<&'o Platform>,
    /// The layers that need not be read again.
    pub known: Option<&'o dyn KnownLayers>,
}

/// Reads an image.
///
/// # Errors
/// Fails if the input can't be opened or contains no image.
pub fn read(input: Input<'_>, name: &str, options: Options<'_>, sink: &mut dyn Sink) -> Result<Contents, ImageError> {
    let mut reading = Reading::new(options, sink);
    match input {
        Input::Folder(path) => {
            let unreadable = |error| ImageError::Unreadable { name: name.to_owned(), error };
            reading.folder(path).map_err(unreadable)?;
        }
        Input::Stream(stream) => reading.archive(stream, name)?,
    }
    let contents = reading.contents();
    match contents.form {
        Form::Unknown => Err(ImageError::NoImage(name.to_owned())),
        _ => Ok(contents),
    }
}

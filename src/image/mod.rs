//! Container images as files: what `docker save`, `podman save`, `skopeo copy` and `buildx` write, and plain root file systems.
//!
//! An image is read forward once, so it can come through a pipe, and nothing of it is written anywhere. Every blob is hashed, and
//! each file in it is handed to a [`Sink`] as it comes by; at the end [`Contents`] says how the blobs belong together, and
//! what later layers make of each path. What could not be read is a gap. Detection is up to the caller.

pub mod dockerfile;
pub mod dockerignore;
mod layer;
mod layout;
mod manifest;
mod reading;
mod stream;
mod tar;

use std::io::{self, Read};
use std::path::Path;

use bstr::BString;

pub use layer::{Change, Layer};
pub use layout::{Contents, Form, Image, Part};
pub use stream::{Decompressed, Digest};

use manifest::Document;
use reading::Reading;

/// Where an image comes from.
pub enum Input<'i> {
    /// A folder.
    Folder(&'i Path),
    /// An archive, compressed or not.
    Stream(&'i mut (dyn Read + Send)),
}

/// A file that was read from an image.
#[derive(Debug)]
pub struct ImageFile {
    /// The number of the blob that holds it.
    pub blob: usize,
    /// Its path in the layer; the name of the blob if that is no archive; the place of a text in a document.
    pub path: BString,
    /// Its content; for a symbolic link, what it leads to.
    pub bytes: Vec<u8>,
    /// What it is.
    pub kind: FileKind,
}

/// What was read from an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A file.
    File,
    /// A symbolic link.
    Link,
    /// A text in a document, without its JSON spelling: a variable, a label, a step of the build.
    Text,
}

/// Gets each file of an image.
pub trait Sink {
    /// Takes a file. It may wait until there is memory for the next one.
    fn take(&mut self, file: ImageFile);
}

/// A blob of an image: a layer, a document, or any other file in the archive.
#[derive(Debug, Default)]
pub struct Blob {
    /// What it is called in the archive.
    pub name: BString,
    /// The SHA-256 of its bytes.
    pub digest: Digest,
    sha512: Option<Box<Digest>>,
    /// The paths in it, if it is an archive.
    pub layer: Option<Box<Layer>>,
    document: Option<Document>,
    /// Whether it is stored as it is, so that its digest is that of its content.
    is_plain: bool,
}

/// Why an input could not be read as an image at all.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// It is neither an archive nor a folder with an image.
    #[error(
        "'{0}' is not a container image: expected an OCI layout, an archive of 'docker save' or 'docker export', or a folder of 'skopeo copy … dir:'"
    )]
    NoImage(String),
    /// It could not be opened.
    #[error("'{name}' could not be read: {error}")]
    Unreadable {
        /// What was given.
        name: String,
        /// Why.
        error: io::Error,
    },
}

/// Reads an image. Files of more than `max_file` bytes are gaps.
///
/// # Errors
/// When the input cannot be opened or holds no image.
pub fn read(input: Input<'_>, name: &str, max_file: u64, sink: &mut dyn Sink) -> Result<Contents, ImageError> {
    let mut reading = Reading::new(max_file, sink);
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

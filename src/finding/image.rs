//! The place of a secret in a container image, and who can still see it.

use serde::{Deserialize, Serialize};

/// A place in a container image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImagePlace {
    /// The images that hold it.
    pub images: Vec<ImageName>,
    /// The layer that holds it, if one does.
    pub layer: Option<LayerPlace>,
    /// The people who can see it.
    pub visibility: Visibility,
    /// The origin: the image itself, or a base image that was named.
    pub origin: Origin,
}

/// The name of an image.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ImageName {
    /// The image's names with their tags; empty if it has none.
    pub names: Vec<String>,
    /// The digest of the manifest, if there is one.
    pub digest: Option<String>,
    /// Its platform, such as `linux/amd64`.
    pub platform: Option<String>,
}

impl ImageName {
    /// Returns the image's name for use in a sentence.
    pub fn label(&self) -> String {
        let name = match (&self.names[..], &self.digest) {
            ([], Some(digest)) => digest.clone(),
            ([], None) => "an image without a name".to_owned(),
            (names, _) => names.join(" = "),
        };
        match &self.platform {
            Some(platform) => format!("{name} ({platform})"),
            None => name,
        }
    }
}

/// The source of a part of an image.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// The image's own build, as far as is known.
    #[default]
    Own,
    /// The base image.
    Base,
}

/// A layer of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerPlace {
    /// The layer's number; the lowest is 1.
    pub number: usize,
    /// The number of layers in the image.
    pub total: usize,
    /// The digest of the layer's blob.
    pub digest: String,
    /// The digest of the uncompressed layer, if the configuration gives it.
    pub diff_id: Option<String>,
    /// The build step that made the layer; empty if unknown. A view masks it and cuts it to one line.
    pub step: String,
}

/// The people who can see a secret in an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Visibility {
    /// Anyone who runs the image: the file is in the final file system.
    Present,
    /// Anyone who can pull the image: a later layer holds another version of the file.
    Overwritten {
        /// The number of the later layer.
        by_layer: usize,
        /// The build step that made the later layer; empty if unknown.
        by_step: String,
    },
    /// Anyone who can pull the image: a later layer deletes the file.
    Deleted {
        /// The number of the later layer.
        by_layer: usize,
        /// The build step that made the later layer; empty if unknown.
        by_step: String,
    },
    /// Anyone who can read the image's metadata, even without pulling a layer.
    Metadata,
    /// Anyone who has the archive: no image in it refers to the blob.
    Leftover,
    /// Anyone who can pull the image built from a Dockerfile: an instruction copies the file into it.
    Copied {
        /// The line number of the instruction.
        line: usize,
        /// The text of the instruction.
        instruction: String,
    },
    /// Anyone who can pull the image built from a Dockerfile: the value is in an instruction, which the image records.
    Recorded {
        /// The line number at which the instruction begins.
        line: usize,
    },
    /// Anyone who can pull the image: a compose file passes the value to the build as an argument, which the image
    /// records.
    BuildArgument,
    /// Anyone who can inspect the container: a compose file sets the value as a variable.
    Variable,
    /// Anyone who has the folder: the compose file is not sent to the builder.
    Unsent,
    /// Anyone who runs the build: the file is sent to the builder, but no instruction copies it.
    Sent,
}

impl Visibility {
    /// Returns the word used in every output.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Present => "present",
            Self::Overwritten { .. } => "overwritten",
            Self::Deleted { .. } => "deleted",
            Self::Metadata => "metadata",
            Self::Leftover => "leftover",
            Self::Copied { .. } => "copied",
            Self::Recorded { .. } => "recorded",
            Self::BuildArgument => "build-argument",
            Self::Variable => "variable",
            Self::Unsent => "unsent",
            Self::Sent => "sent",
        }
    }

    /// Returns a sentence that says who can see it.
    pub fn sentence(&self) -> String {
        let by = |layer: usize, step: &str| match step {
            "" => format!("layer {layer}"),
            step => format!("layer {layer} ({step})"),
        };
        match self {
            Self::Present => "the file is in the final file system: anybody who runs the image can read it".to_owned(),
            Self::Overwritten { by_layer, by_step } => format!(
                "{} has a newer version of the file, but every pull still includes this one",
                by(*by_layer, by_step)
            ),
            Self::Deleted { by_layer, by_step } => {
                format!("{} deletes the file, but every pull still includes it", by(*by_layer, by_step))
            }
            Self::Metadata => {
                "whoever can pull the image can read its metadata, for instance with 'docker history' or 'docker inspect'".to_owned()
            }
            Self::Leftover => "no image here uses the blob, but it travels with the others".to_owned(),
            Self::Copied { line, instruction } => {
                format!("line {line} of the Dockerfile copies it into the image ({instruction})")
            }
            Self::Recorded { line } => {
                format!("the image records the instruction in line {line}, and 'docker history' shows it")
            }
            Self::BuildArgument => {
                "compose passes it to the build as an argument: the image records it, and 'docker history' shows it"
                    .to_owned()
            }
            Self::Variable => {
                "compose puts it into the environment of the container, and 'docker inspect' shows it".to_owned()
            }
            Self::Unsent => "it is in the folder, but it is not sent to the builder".to_owned(),
            Self::Sent => "it is sent to the builder, but nothing copies it into the image".to_owned(),
        }
    }
}

/// A value that a compose file sets for a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComposeSetting {
    /// The first and last line of the value, counted from 1.
    pub lines: (usize, usize),
    /// The service that the value is for.
    pub service: String,
    /// The variable's name; empty if unknown.
    pub name: String,
    /// The people who can see the value.
    pub visibility: Visibility,
}

impl ComposeSetting {
    /// Returns `true` if the value is on this line.
    pub fn holds(&self, line: usize) -> bool {
        (self.lines.0..=self.lines.1).contains(&line)
    }
}

//! Where in a container image a secret is, and who can still see it.

use serde::{Deserialize, Serialize};

/// A place in a container image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImagePlace {
    /// The images that hold it.
    pub images: Vec<ImageName>,
    /// The layer that holds it, if one does.
    pub layer: Option<LayerPlace>,
    /// Who can see it.
    pub visibility: Visibility,
    /// The origin: the image itself, or a base image that was named.
    pub origin: Origin,
}

/// The name of an image.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ImageName {
    /// Its names with their tags; none where nobody gave it one.
    pub names: Vec<String>,
    /// The digest of its manifest, if it has one.
    pub digest: Option<String>,
    /// Its platform, such as `linux/amd64`.
    pub platform: Option<String>,
}

impl ImageName {
    /// Its name in a sentence.
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

/// Where an image has something from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// Its own build, as far as is known.
    #[default]
    Own,
    /// The base image.
    Base,
}

/// A layer of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerPlace {
    /// Its number, the lowest is 1.
    pub number: usize,
    /// How many layers the image has.
    pub total: usize,
    /// The digest of its blob.
    pub digest: String,
    /// The digest of its uncompressed archive, if the configuration tells it.
    pub diff_id: Option<String>,
    /// The step of the build that made it; empty if that is not known. In a view it is masked and cut to a line.
    pub step: String,
}

/// Who can see a secret in an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Visibility {
    /// Whoever runs the image: the file is in the final file system.
    Present,
    /// Whoever can pull the image: a later layer has another version of the file.
    Overwritten {
        /// The number of that layer.
        by_layer: usize,
        /// The step of the build that made it; empty if that is not known.
        by_step: String,
    },
    /// Whoever can pull the image: a later layer deletes the file.
    Deleted {
        /// The number of that layer.
        by_layer: usize,
        /// The step of the build that made it; empty if that is not known.
        by_step: String,
    },
    /// Whoever can read the image's metadata, without pulling a layer.
    Metadata,
    /// Whoever has the archive: no image in it refers to the blob.
    Leftover,
    /// Whoever can pull the image that a Dockerfile makes: an instruction copies the file into it.
    Copied {
        /// The line of the instruction.
        line: usize,
        /// The instruction.
        instruction: String,
    },
    /// Whoever can pull the image that a Dockerfile makes: it is in an instruction, which the image records.
    Recorded {
        /// The first line of the instruction.
        line: usize,
    },
    /// Whoever can pull the image: a compose file passes it to the build as an argument, which the image records.
    BuildArgument,
    /// Whoever can inspect the container: a compose file sets it as a variable.
    Variable,
    /// Whoever has the folder: the compose file is not sent to the builder.
    Unsent,
    /// Whoever runs the build: the file is sent to the builder, and no instruction copies it.
    Sent,
}

impl Visibility {
    /// The word used in every output.
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

    /// Its consequence, as a sentence.
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

/// A value of a service in a compose file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComposeSetting {
    /// Its first and last line, counted from 1.
    pub lines: (usize, usize),
    /// The service that it is for.
    pub service: String,
    /// The name of the variable; empty if it is not known.
    pub name: String,
    /// Who can see the value.
    pub visibility: Visibility,
}

impl ComposeSetting {
    /// `true` if it is on this line.
    pub fn holds(&self, line: usize) -> bool {
        (self.lines.0..=self.lines.1).contains(&line)
    }
}

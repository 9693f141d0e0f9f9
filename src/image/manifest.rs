//! The documents of an image: indexes, manifests, configurations, and the list that `docker save` writes.
//!
//! Formats: the OCI image specification (image-index.md, manifest.md, config.md, descriptor.md), Docker's image manifest version 2
//! and the `manifest.json` of `docker save`. Unknown members are ignored, as the specifications ask of readers.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

use super::digest::Digest;

/// The most bytes of a document that is read, which is what registries accept as a manifest.
pub(super) const MAX_DOCUMENT: usize = 4 << 20;

/// A document that describes how blobs belong together.
#[derive(Debug)]
pub(super) enum Document {
    Index(Index),
    Manifest(Manifest),
    Config(Box<Config>),
    /// A statement about how an image was built, or what it contains.
    Statement,
    /// The `manifest.json` of `docker save`.
    Saved(Vec<Saved>),
}

impl Document {
    /// Returns the data that the document contains in base64, by its digests.
    pub(super) fn inline(&self) -> Vec<(String, Vec<u8>)> {
        let descriptors: Vec<&Descriptor> = match self {
            Self::Index(index) => index.manifests.iter().collect(),
            Self::Manifest(manifest) => manifest.layers.iter().chain([&manifest.config]).collect(),
            Self::Config(_) | Self::Saved(_) | Self::Statement => Vec::new(),
        };
        let decode = |one: &Descriptor| {
            let bytes = data_encoding::BASE64.decode(one.data.as_ref()?.as_bytes()).ok()?;
            Some((format!("blobs/{}", one.digest), bytes))
        };
        descriptors.into_iter().filter(|one| one.digest().is_some()).filter_map(decode).collect()
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Index {
    pub(super) manifests: Vec<Descriptor>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Manifest {
    pub(super) config: Descriptor,
    pub(super) layers: Vec<Descriptor>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    pub(super) digest: String,
    #[serde(default)]
    pub(super) media_type: String,
    #[serde(default)]
    pub(super) annotations: Option<BTreeMap<String, String>>,
    #[serde(default)]
    pub(super) platform: Option<Platform>,
    /// The addresses of a layer that isn't distributed with the image.
    #[serde(default)]
    pub(super) urls: Option<Vec<String>>,
    /// The content itself, in base64.
    #[serde(default)]
    pub(super) data: Option<String>,
}

impl Descriptor {
    pub(super) fn digest(&self) -> Option<Digest> {
        Digest::parse(&self.digest)
    }

    /// Returns `true` if the media type is that of an index or a manifest.
    pub(super) fn is_document(&self) -> bool {
        ["image.index.", "image.manifest.", "distribution.manifest."].iter().any(|kind| self.media_type.contains(kind))
    }

    /// Returns `true` if the media type is that of an image's configuration.
    pub(super) fn is_config(&self) -> bool {
        ["oci.image.config.", "docker.container.image."].iter().any(|kind| self.media_type.contains(kind))
    }

    pub(super) fn annotation(&self, name: &str) -> Option<&str> {
        self.annotations.as_ref()?.get(name).map(String::as_str)
    }
}

/// A platform, as an index or a configuration gives it.
#[derive(Debug, Clone, Deserialize)]
pub struct Platform {
    #[serde(default)]
    pub(super) os: String,
    #[serde(default)]
    pub(super) architecture: String,
    #[serde(default)]
    pub(super) variant: Option<String>,
}

impl Platform {
    /// Reads `OS/ARCHITECTURE` or `OS/ARCHITECTURE/VARIANT`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('/').map(str::to_owned);
        let (os, architecture, variant) = (parts.next()?, parts.next()?, parts.next());
        let platform = Self { os, architecture, variant }.known();
        platform.filter(|_| parts.next().is_none())
    }

    /// Returns `true` if another platform is this one, or a variant of it.
    pub(super) fn takes(&self, other: &Self) -> bool {
        let is_variant = self.variant.is_none() || self.variant == other.variant;
        self.os == other.os && self.architecture == other.architecture && is_variant
    }

    /// Returns the platform; `None` if its system or architecture is not known.
    pub(super) fn known(self) -> Option<Self> {
        let is_known = |part: &str| !part.is_empty() && part != "unknown";
        (is_known(&self.os) && is_known(&self.architecture)).then_some(self)
    }
}

/// Writes the platform as tools do, such as `linux/arm64/v8`.
impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        self.variant.as_ref().map_or(Ok(()), |variant| write!(f, "/{variant}"))
    }
}

/// An image's configuration.
#[derive(Debug, Deserialize)]
pub(super) struct Config {
    #[serde(default)]
    os: String,
    #[serde(default)]
    architecture: String,
    #[serde(default)]
    variant: Option<String>,
    pub(super) rootfs: RootFs,
    #[serde(default)]
    pub(super) history: Option<Vec<Step>>,
}

impl Config {
    pub(super) fn platform(&self) -> Option<Platform> {
        let Self { os, architecture, variant, .. } = self;
        Platform { os: os.clone(), architecture: architecture.clone(), variant: variant.clone() }.known()
    }

    /// Returns the step that made each layer; empty if the steps do not fit the layers, as in squashed images.
    pub(super) fn steps(&self) -> Vec<&str> {
        let made = self.history.iter().flatten().filter(|step| !step.empty_layer);
        let steps: Vec<&str> = made.map(|step| step.created_by.as_deref().unwrap_or_default()).collect();
        if steps.len() == self.rootfs.diff_ids.len() { steps } else { Vec::new() }
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct RootFs {
    pub(super) diff_ids: Vec<String>,
}

/// One step of a build.
#[derive(Debug, Deserialize)]
pub(super) struct Step {
    #[serde(default)]
    pub(super) created_by: Option<String>,
    #[serde(default)]
    pub(super) empty_layer: bool,
}

/// An in-toto statement, of which only the texts matter here.
#[derive(Debug, Deserialize)]
struct Statement {
    #[serde(rename = "predicateType")]
    _predicate_type: String,
}

/// An image in the list of `docker save`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Saved {
    pub(super) config: String,
    #[serde(default)]
    pub(super) repo_tags: Option<Vec<String>>,
    pub(super) layers: Vec<String>,
}

/// Recognises a document by its content; returns `None` for any other text.
pub(super) fn parse(bytes: &[u8]) -> Option<Document> {
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace())?;
    if bytes.len() > MAX_DOCUMENT || !matches!(first, b'{' | b'[') {
        return None;
    }
    if *first == b'[' {
        return serde_json::from_slice(bytes).ok().map(Document::Saved);
    }
    // The document with the most required members is tried first.
    serde_json::from_slice(bytes)
        .map(Document::Manifest)
        .or_else(|_| serde_json::from_slice(bytes).map(Document::Index))
        .or_else(|_| serde_json::from_slice(bytes).map(Document::Config))
        .or_else(|_| serde_json::from_slice(bytes).map(|_: Statement| Document::Statement))
        .ok()
}

/// Passes every text in a document on, without its JSON spelling and with its place, such as `config.Env` or
/// `history[3].created_by`. A member of a map whose names anybody may choose is passed as `name=value`. Digests and
/// media types are skipped.
pub(super) fn each_text(bytes: &[u8], take: &mut dyn FnMut(String, String)) {
    if let Ok(value) = serde_json::from_slice::<serde_json::Value>(bytes) {
        let place = if value.get("predicateType").is_some() { "attestation" } else { "" };
        each_text_of(value, place, "", take);
    }
}

fn each_text_of(value: serde_json::Value, place: &str, name: &str, take: &mut dyn FnMut(String, String)) {
    use serde_json::Value;
    const SILENT: [&str; 7] = ["digest", "mediaType", "schemaVersion", "diff_ids", "created", "data", "sha256"];
    /// Maps whose names are chosen by whoever builds the image.
    const FREE: [&str; 3] = ["Labels", "annotations", "args"];
    match value {
        Value::String(text) if !text.is_empty() => {
            let is_free = FREE.iter().any(|free| place.ends_with(free));
            // A build argument is `build-arg:NAME`.
            let own = name.rsplit(':').next().unwrap_or(name);
            let text = if is_free { format!("{own}={text}") } else { text };
            let place = if is_free || name.is_empty() { place.to_owned() } else { joined(place, name) };
            take(place, text);
        }
        Value::Array(items) => {
            let place = joined(place, name);
            for (at, item) in items.into_iter().enumerate() {
                // Variables are distinguished by their names, so they need no number.
                let place = if place.ends_with("Env") { place.clone() } else { format!("{place}[{at}]") };
                each_text_of(item, &place, "", take);
            }
        }
        Value::Object(members) => {
            let place = joined(place, name);
            for (name, member) in members.into_iter().filter(|(name, _)| !SILENT.contains(&name.as_str())) {
                match member {
                    // In a set, such as that of volumes, the names are the content.
                    Value::Object(none) if none.is_empty() => take(place.clone(), name),
                    member => each_text_of(member, &place, &name, take),
                }
            }
        }
        _ => {}
    }
}

fn joined(place: &str, name: &str) -> String {
    match (place.is_empty(), name.is_empty()) {
        (true, _) => name.to_owned(),
        (false, true) => place.to_owned(),
        (false, false) => format!("{place}.{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_recognised_by_their_content() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let descriptor = format!(r#"{{"mediaType":"x","digest":"{digest}","size":1}}"#);
        let of = |text: &str| match parse(text.as_bytes()) {
            Some(Document::Index(_)) => "index",
            Some(Document::Manifest(_)) => "manifest",
            Some(Document::Config(_)) => "config",
            Some(Document::Saved(_)) => "saved",
            Some(Document::Statement) => "statement",
            None => "none",
        };
        assert_eq!(of(&format!(r#"{{"schemaVersion":2,"manifests":[{descriptor}]}}"#)), "index");
        assert_eq!(of(&format!(r#"{{"schemaVersion":2,"config":{descriptor},"layers":[]}}"#)), "manifest");
        assert_eq!(of(r#"{"rootfs":{"type":"layers","diff_ids":[]},"history":null}"#), "config");
        assert_eq!(of(r#"[{"Config":"a.json","RepoTags":null,"Layers":["b/layer.tar"]}]"#), "saved");
        assert_eq!(
            of(r#"{"_type":"https://in-toto.io/Statement/v0.1","predicateType":"x","predicate":{}}"#),
            "statement"
        );
        for other in ["", "{}", "[1]", "text", r#"{"imageLayoutVersion":"1.0.0"}"#] {
            assert_eq!(of(other), "none", "{other}");
        }
    }

    #[test]
    fn steps_are_reported_only_if_they_match_the_layers() {
        let config = |ids: &str| {
            let history = r#"[{"created_by":"ADD"},{"created_by":"ENV","empty_layer":true},{"created_by":"RUN"}]"#;
            let text = format!(
                r#"{{"rootfs":{{"diff_ids":[{ids}]}},"history":{history},"os":"linux","architecture":"arm64"}}"#
            );
            serde_json::from_str::<Config>(&text).unwrap()
        };
        assert_eq!(config(r#""a","b""#).steps(), ["ADD", "RUN"]);
        assert!(config(r#""a""#).steps().is_empty());
        assert_eq!(config("").platform().unwrap().to_string(), "linux/arm64");
    }

    #[test]
    fn json_strings_are_read_unescaped() {
        let text = r#"{"config":{"Env":["A=1","B=\"2\""],"Labels":{"k":"v"},"Cmd":["sh","-c"]},
            "history":[{"created":"now","created_by":"RUN \u0026\u0026"}],"rootfs":{"diff_ids":["sha256:0"]}}"#;
        let mut shown = Vec::new();
        each_text(text.as_bytes(), &mut |place, text| shown.push((place, text)));
        let shown: Vec<(&str, &str)> = shown.iter().map(|(place, text)| (place.as_str(), text.as_str())).collect();
        let expected = [
            ("config.Cmd[0]", "sh"),
            ("config.Cmd[1]", "-c"),
            ("config.Env", "A=1"),
            ("config.Env", "B=\"2\""),
            ("config.Labels", "k=v"),
            ("history[0].created_by", "RUN &&"),
        ];
        assert_eq!(shown, expected);
    }
}

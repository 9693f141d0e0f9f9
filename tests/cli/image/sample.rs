//! A builder of images: layers from entries, and every form in which tools write them.

use std::io::{self, Write as _};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// A member of a layer.
pub(super) enum Entry<'e> {
    File(&'e str, String),
    Folder(&'e str),
    Link(&'e str, &'e str),
    HardLink(&'e str, &'e str),
    Device(&'e str),
    Raw(&'e str, Vec<u8>),
}

use Entry::{Device, File, Folder, HardLink, Link, Raw};

/// Returns the value of a write to memory, which can't fail.
fn ok<T>(result: io::Result<T>) -> T {
    result.unwrap_or_else(|error| panic!("{error}"))
}

pub(super) fn layer(entries: &[Entry<'_>]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for entry in entries {
        let mut header = tar::Header::new_gnu();
        header.set_mode(0o644);
        let (path, text) = match entry {
            File(path, text) => (path, text.as_bytes()),
            Raw(path, bytes) => (path, &bytes[..]),
            Folder(path) | Link(path, _) | HardLink(path, _) | Device(path) => (path, &b""[..]),
        };
        header.set_entry_type(match entry {
            File(..) | Raw(..) => tar::EntryType::Regular,
            Device(_) => tar::EntryType::Char,
            Folder(_) => tar::EntryType::Directory,
            Link(..) => tar::EntryType::Symlink,
            HardLink(..) => tar::EntryType::Link,
        });
        header.set_size(text.len() as u64);
        // The name is set directly, because real layers have names that libraries refuse to write, such as those with a
        // leading slash.
        if let Link(_, target) | HardLink(_, target) = entry {
            ok(header.set_link_name_literal(target));
        }
        if let Some(header) = header.as_gnu_mut() {
            header.name[..path.len()].copy_from_slice(path.as_bytes());
        }
        header.set_cksum();
        ok(builder.append(&header, text));
    }
    ok(builder.into_inner())
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    ok(encoder.write_all(bytes));
    ok(encoder.finish())
}

/// Returns a zstd frame that stores its text in raw blocks (RFC 8878), because there is no compressor here.
pub(super) fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58];
    let chunks: Vec<&[u8]> = bytes.chunks(64 << 10).collect();
    for (at, chunk) in chunks.iter().enumerate() {
        let is_last = usize::from(at + 1 == chunks.len());
        let head = (chunk.len() << 3) | is_last;
        frame.extend(&head.to_le_bytes()[..3]);
        frame.extend(*chunk);
    }
    frame
}

pub(super) fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut writer = ok(lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::default()));
    ok(writer.write_all(bytes));
    ok(writer.finish())
}

pub(super) fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(bytes))
}

pub(super) fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex(bytes))
}

/// The way in which layers are stored.
#[derive(Clone, Copy)]
pub(super) enum Packed {
    Plain,
    Gzip,
    Zstd,
    Xz,
}

/// An image of one platform, before it is written in a particular form.
pub(super) struct Sample {
    pub(super) layers: Vec<Vec<u8>>,
    pub(super) config: Value,
    pub(super) annotations: Value,
    pub(super) leftovers: Vec<Vec<u8>>,
}

impl Sample {
    pub(super) fn new(layers: &[&[Entry<'_>]]) -> Self {
        let layers: Vec<Vec<u8>> = layers.iter().map(|entries| layer(entries)).collect();
        let steps: Vec<Value> = (1..=layers.len()).map(|n| json!({"created_by": format!("STEP {n}")})).collect();
        let config = json!({"os": "linux", "architecture": "amd64", "config": {}, "history": steps});
        Self { layers, config, annotations: json!({}), leftovers: Vec::new() }
    }

    pub(super) fn with_config(mut self, change: impl FnOnce(&mut Value)) -> Self {
        change(&mut self.config);
        self
    }

    pub(super) fn config(&self) -> Vec<u8> {
        let mut config = self.config.clone();
        let ids: Vec<String> = self.layers.iter().map(|layer| digest(layer)).collect();
        config["rootfs"] = json!({"type": "layers", "diff_ids": ids});
        config.to_string().into_bytes()
    }

    /// Returns the files of an OCI layout, with their paths.
    pub(super) fn oci(&self, packed: Packed) -> Vec<(String, Vec<u8>)> {
        let pack = |layer: &Vec<u8>| match packed {
            Packed::Plain => layer.clone(),
            Packed::Gzip => gzip(layer),
            Packed::Zstd => zstd(layer),
            Packed::Xz => xz(layer),
        };
        self.packed(&self.layers.iter().map(pack).collect::<Vec<_>>())
    }

    /// Returns the files of an OCI layout with these packed layers.
    pub(super) fn packed(&self, layers: &[Vec<u8>]) -> Vec<(String, Vec<u8>)> {
        let describe = |kind: &str, bytes: &[u8]| json!({"mediaType": format!("application/vnd.oci.image.{kind}"), "digest": digest(bytes), "size": bytes.len()});
        let config = self.config();
        let described: Vec<Value> = layers.iter().map(|layer| describe("layer.v1.tar", layer)).collect();
        let manifest = json!({
            "schemaVersion": 2, "config": describe("config.v1+json", &config), "layers": described,
            "annotations": self.annotations,
        });
        let manifest = manifest.to_string().into_bytes();
        let mut described = describe("manifest.v1+json", &manifest);
        described["annotations"] = json!({"org.opencontainers.image.ref.name": "example.com/app:1.0"});
        let index = json!({"schemaVersion": 2, "manifests": [described]}).to_string().into_bytes();
        let mut files = vec![
            ("oci-layout".to_owned(), br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec()),
            ("index.json".to_owned(), index),
        ];
        let blobs = layers.iter().cloned().chain([config, manifest]).chain(self.leftovers.clone());
        files.extend(blobs.map(|blob| (format!("blobs/sha256/{}", hex(&blob)), blob)));
        files
    }

    /// Returns the files of an archive as `docker save` wrote it before version 25.
    pub(super) fn docker(&self) -> Vec<(String, Vec<u8>)> {
        let config = self.config();
        let name = format!("{}.json", hex(&config));
        let layers: Vec<String> =
            (0..self.layers.len()).map(|n| format!("{}/layer.tar", hex(n.to_string().as_bytes()))).collect();
        let list = json!([{"Config": name, "RepoTags": ["app:1.0"], "Layers": layers}]);
        let mut files = vec![(name, config), ("manifest.json".to_owned(), list.to_string().into_bytes())];
        files.extend(layers.into_iter().zip(self.layers.clone()));
        files
    }

    /// Returns the files of a folder as `skopeo copy … dir:` writes it.
    pub(super) fn blob_folder(&self) -> Vec<(String, Vec<u8>)> {
        let files = self.oci(Packed::Gzip);
        let is_manifest = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).is_ok_and(|v| v["layers"].is_array());
        let named = files.into_iter().filter(|(name, _)| name.starts_with("blobs")).map(|(name, bytes)| {
            let name = if is_manifest(&bytes) { "manifest.json" } else { name.trim_start_matches("blobs/sha256/") };
            (name.to_owned(), bytes)
        });
        named.chain([("version".to_owned(), b"Directory Transport Version: 1.1\n".to_vec())]).collect()
    }
}

pub(super) fn archive(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let entries: Vec<(String, Vec<u8>)> = files.to_vec();
    let mut builder = tar::Builder::new(Vec::new());
    for (path, bytes) in &entries {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        ok(builder.append_data(&mut header, path, &bytes[..]));
    }
    ok(builder.into_inner())
}

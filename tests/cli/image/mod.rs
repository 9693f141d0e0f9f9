//! Tests of container images: every form, every place that ships, every way of hiding a file, and everything that must
//! not pass.
//!
//! The images are made here, by a small builder; what is planted is generated from a seed.

mod buildah;
mod cache;
mod context;
mod damaged;
mod plan;
mod registry;
mod repositories;
mod sample;
mod table;
mod tools;

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use sample::Entry::{File, Folder, HardLink, Link};
use sample::{Packed, Sample, archive, gzip, layer, xz, zstd};

use crate::support::{Repo, Run, github_token};

/// The files of an image, with their paths.
type Files = Vec<(String, Vec<u8>)>;

fn write_folder(repo: &Repo, name: &str, files: &[(String, Vec<u8>)]) {
    for (path, bytes) in files {
        repo.write_bytes(Path::new(name).join(path), bytes);
    }
}

fn scan(repo: &Repo, path: &str) -> Run {
    repo.keysweep(&["image", path, "--format", "jsonl"])
}

fn piped(bytes: Vec<u8>) -> Run {
    piped_as("jsonl", bytes)
}

fn piped_as(format: &str, bytes: Vec<u8>) -> Run {
    Repo::folder().tool(&["image", "-", "--format", format]).input(bytes).run()
}

/// Returns the place of each finding: the path, the number of its layer, and who can see it.
fn places(run: &Run) -> Vec<(String, u64, String)> {
    let findings = run.records_of("finding");
    let places = findings.iter().flat_map(|finding| finding["occurrences"].as_array().cloned().unwrap_or_default());
    let mut places: Vec<(String, u64, String)> = places
        .map(|place| {
            let image = &place["image"];
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            (
                text(&place["path"]),
                image["layer"]["number"].as_u64().unwrap_or_default(),
                text(&image["visibility"]["kind"]),
            )
        })
        .collect();
    places.sort();
    places
}

fn at(path: &str, layer: u64, visibility: &str) -> (String, u64, String) {
    (path.to_owned(), layer, visibility.to_owned())
}

fn env(seed: u32) -> String {
    format!("GITHUB_TOKEN={}\n", github_token(9_300 + seed))
}

#[test]
fn every_image_format_gives_the_same_result() {
    let below = [File("app/.env", env(1))];
    let above = [File("app/.wh..env", String::new())];
    let sample = Sample::new(&[&below, &above]);
    let expected = [at("app/.env", 1, "deleted")];
    let repo = Repo::folder();
    for (name, files) in [
        ("oci", sample.oci(Packed::Gzip)),
        ("oci-plain", sample.oci(Packed::Plain)),
        ("oci-zstd", sample.oci(Packed::Zstd)),
        ("oci-xz", sample.oci(Packed::Xz)),
        ("docker", sample.docker()),
        ("dir", sample.blob_folder()),
    ] {
        write_folder(&repo, name, &files);
        assert_eq!(places(&scan(&repo, name).expect_code(1)), expected, "{name} as a folder");
        let tar = archive(&files);
        for (packed, bytes) in [("tar", tar.clone()), ("gzip", gzip(&tar)), ("zstd", zstd(&tar)), ("xz", xz(&tar))] {
            assert_eq!(places(&piped(bytes).expect_code(1)), expected, "{name} as {packed} through a pipe");
        }
        // The blobs may come before or after the documents that say how they belong together.
        let reversed: Vec<_> = files.iter().rev().cloned().collect();
        assert_eq!(places(&piped(archive(&reversed)).expect_code(1)), expected, "{name} the other way round");
    }
}

#[test]
fn a_root_file_system_has_no_layers() {
    let run = piped(layer(&[File("app/.env", env(2)), Folder("etc")])).expect_code(1);
    assert_eq!(places(&run), [at("app/.env", 0, "")]);
    run.expect_mention("without layers");
}

#[test]
fn later_changes_to_a_file_are_reported() {
    let secret = || File("app/.env", env(3));
    let nothing = || String::new();
    for (above, visibility) in [
        (vec![File("app/other", nothing())], "present"),
        (vec![Folder("app")], "present"),
        (vec![File("app/.env", "X=1\n".to_owned())], "overwritten"),
        (vec![File("app/.wh..env", nothing())], "deleted"),
        (vec![File(".wh.app", nothing())], "deleted"),
        (vec![File("app/.wh..wh..opq", nothing())], "deleted"),
        (vec![File("app/new", nothing()), File("app/.wh..wh..opq", nothing())], "deleted"),
        (vec![Folder("app/.env")], "deleted"),
        (vec![Link("app/.env", "/dev/null")], "deleted"),
        (vec![Link("app", "/srv")], "deleted"),
        (vec![File("app", nothing())], "deleted"),
        (vec![File("app/.wh.other", nothing())], "present"),
        (vec![HardLink("app/second", "app/.env")], "present"),
    ] {
        let sample = Sample::new(&[&[secret()], &above]);
        let run = piped(archive(&sample.oci(Packed::Gzip))).expect_code(1);
        assert_eq!(places(&run), [at("app/.env", 1, visibility)], "{:?}", run.out());
    }
    // A hard link keeps a file whose first name is deleted.
    let names = [secret(), HardLink("app/second", "app/.env")];
    let sample = Sample::new(&[&names, &[File("app/.wh..env", nothing())]]);
    assert_eq!(places(&piped(archive(&sample.oci(Packed::Gzip)))), [at("app/.env", 1, "present")]);
}

#[test]
fn a_copy_in_a_later_layer_is_a_separate_place() {
    let sample = Sample::new(&[
        &[File("app/.env", env(4))],
        &[File("./app/.env", env(4))],
        &[File("/app/.wh..env", String::new())],
    ]);
    let run = piped(archive(&sample.docker())).expect_code(1);
    assert_eq!(places(&run), [at("app/.env", 1, "overwritten"), at("app/.env", 2, "deleted")]);
    run.expect_mention("STEP 3");
}

#[test]
fn metadata_is_read() {
    let token = |seed: u32| github_token(9_400 + seed);
    let sample = Sample::new(&[&[File("a", "nothing".to_owned())]]).with_config(|config| {
        config["config"] = json!({
            "Env": ["PATH=/bin", format!("GITHUB_TOKEN={}", token(1))],
            "Cmd": ["run", format!("--token={}", token(2))],
            "Labels": {"source": format!("https://{}@example.com/x", token(3))},
            "Healthcheck": {"Test": ["CMD-SHELL", format!("curl -H 'Authorization: token {}' x", token(4))]},
            "OnBuild": [format!("ENV T={}", token(5))],
        });
        config["history"] = json!([
            {"created_by": format!("ARG TOKEN={}", token(6)), "empty_layer": true},
            {"created_by": format!("RUN |1 T={} /bin/sh -c make", token(7))},
        ]);
        config["comment"] = json!(token(8));
    });
    let mut sample = sample;
    sample.annotations = json!({"note": token(9)});
    sample.leftovers = vec![format!("left {}", token(10)).into_bytes()];
    let run = piped(archive(&sample.oci(Packed::Gzip))).expect_code(1);
    let found = places(&run);
    assert_eq!(found.len(), 10, "{found:?}");
    let of = |kind: &str| found.iter().filter(|place| place.2 == kind).count();
    assert_eq!((of("metadata"), of("leftover")), (9, 1), "{found:?}");
    (1..=10).for_each(|seed| run.expect_withheld(&token(seed)));
}

#[test]
fn a_repository_in_an_image_is_not_skipped() {
    let pack = || File("app/.git/objects/pack/pack-1.pack", "PACK".to_owned());
    let sample = Sample::new(&[&[pack()]]);
    piped(archive(&sample.oci(Packed::Gzip))).expect_code(2).expect_mention("keysweep history");
}

#[test]
fn findings_from_a_base_image_are_marked() {
    let token = |seed: u32| github_token(9_500 + seed);
    let below: &[_] = &[File("etc/conf", format!("T={}", token(1)))];
    let above: &[_] = &[File("app/conf", format!("T={}", token(2)))];
    let with = |layers: &[&[_]], variables: Value| {
        Sample::new(layers).with_config(|config| config["config"] = json!({ "Env": variables })).docker()
    };
    let of_base = format!("GH_A={}", token(3));
    let repo = Repo::folder();
    repo.write_bytes("base.tar", archive(&with(&[below], json!([of_base]))));
    let own = json!([of_base, format!("GH_B={}", token(4))]);
    repo.write_bytes("app.tar", archive(&with(&[below, above], own)));
    let run = repo.keysweep(&["image", "app.tar", "--base", "base.tar", "--format", "jsonl"]).expect_code(1);
    let findings = run.records_of("finding");
    let mut origins: Vec<(String, String)> = findings
        .iter()
        .map(|one| &one["occurrences"][0])
        .map(|place| (place["path"].to_string(), place["image"]["origin"].to_string()))
        .collect();
    origins.sort();
    let expected = [("app/conf", "own"), ("config.Env", "base"), ("config.Env", "own"), ("etc/conf", "base")];
    assert_eq!(origins, expected.map(|(path, origin)| (format!("\"{path}\""), format!("\"{origin}\""))));
    repo.keysweep(&["image", "app.tar", "--base", "base.tar"]).expect_mention("base image");
}

#[test]
fn every_image_platform_and_attestation_is_read() {
    let token = |seed: u32| github_token(9_600 + seed);
    let mut files = Vec::new();
    let mut listed = Vec::new();
    for (seed, arch) in [(1, "amd64"), (2, "arm64")] {
        let sample = Sample::new(&[&[File("app/.env", format!("T={}", token(seed)))]])
            .with_config(|config| config["architecture"] = json!(arch));
        let own = sample.oci(Packed::Gzip);
        let index: Value = serde_json::from_slice(&own[1].1).unwrap();
        listed.push(index["manifests"][0].clone());
        files.extend(own.into_iter().skip(2));
    }
    let mut add = |value: &Value| {
        let bytes = value.to_string().into_bytes();
        let described = json!({"mediaType": "x", "digest": sample::digest(&bytes), "size": bytes.len()});
        files.push((format!("blobs/sha256/{}", sample::hex(&bytes)), bytes));
        described
    };
    let arguments = json!({"build-arg:GH_TOKEN": token(3)});
    let statement = json!({"_type": "https://in-toto.io/Statement/v0.1", "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {"buildDefinition": {"externalParameters": {"request": {"args": arguments}}}}});
    let layer = add(&statement);
    let mut described = add(&json!({"schemaVersion": 2, "config": add_config(), "layers": [layer]}));
    described["annotations"] = json!({"vnd.docker.reference.type": "attestation-manifest",
        "vnd.docker.reference.digest": listed[0]["digest"]});
    listed.push(described);
    let nested = add(&json!({"schemaVersion": 2, "manifests": listed}));
    let index = json!({"schemaVersion": 2, "manifests": [nested]}).to_string().into_bytes();
    files.push(("oci-layout".to_owned(), br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec()));
    files.push(("index.json".to_owned(), index));
    let run = piped(archive(&files)).expect_code(1);
    let place = "attestation.predicate.buildDefinition.externalParameters.request.args";
    assert_eq!(places(&run), [at("app/.env", 1, "present"), at("app/.env", 1, "present"), at(place, 0, "metadata")]);
    let platforms: BTreeSet<String> = run
        .records_of("finding")
        .iter()
        .map(|one| one["occurrences"][0]["image"]["images"][0]["platform"].to_string())
        .collect();
    assert_eq!(platforms.len(), 2, "{platforms:?}");
}

/// Returns a descriptor with the configuration inline, which isn't stored anywhere else.
fn add_config() -> Value {
    let config = b"{}";
    json!({"mediaType": "x", "digest": sample::digest(config), "size": 2, "data": data_encoding::BASE64.encode(config)})
}

#[test]
fn inline_data_in_a_document_is_read() {
    let text = format!("note {}", github_token(9_701));
    let data = data_encoding::BASE64.encode(text.as_bytes());
    let mut files = Sample::new(&[&[File("a", "nothing".to_owned())]]).oci(Packed::Gzip);
    let mut index: Value = serde_json::from_slice(&files[1].1).unwrap();
    let inline = json!({"mediaType": "text/plain", "digest": sample::digest(text.as_bytes()), "size": 1, "data": data});
    index["manifests"].as_array_mut().unwrap().push(inline);
    files[1].1 = index.to_string().into_bytes();
    let run = piped(archive(&files)).expect_code(1);
    assert_eq!(run.records_of("finding").len(), 1, "{}", run.out());
}

#[test]
fn a_step_never_shows_a_part_of_a_secret() {
    let token = github_token(9_801);
    // The step is shortened somewhere, but not in the middle of a value that would be masked as a whole.
    for before in (60..125).step_by(7) {
        let step = format!("RUN {} {token} tail", "x".repeat(before));
        let sample = Sample::new(&[&[File("app/.env", env(7))], &[File("app/.wh..env", String::new())]])
            .with_config(|config| config["history"] = json!([{"created_by": step}, {"created_by": step}]));
        let repo = Repo::folder();
        repo.write_bytes("app.tar", archive(&sample.docker()));
        for format in ["human", "json", "markdown", "html", "sarif", "csv", "gitlab"] {
            let run = repo.keysweep(&["image", "app.tar", "--format", format]).expect_code(1);
            for part in [&token[..12], &token[12..24], &token[24..]] {
                assert!(!run.text().contains(part), "{format} shows a part of the value, {before} characters in");
            }
        }
    }
}

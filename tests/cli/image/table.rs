//! Tables of every way to hide a file, every place that ships and every form that tools write: each row says which
//! places are reported, with their layer, the step that made it, and who can see them.

use std::collections::BTreeSet;
use std::io::Write as _;

use serde_json::{Value, json};

use super::sample::Entry::{self, Device, File, Folder, HardLink, Link, Raw};
use super::sample::{self, Packed, Sample, archive, gzip, layer, zstd};
use super::{Files, piped};
use crate::support::{Repo, Run, github_token, must};

fn env(seed: u32) -> String {
    format!("GITHUB_TOKEN={}\n", github_token(9_900 + seed))
}

/// Returns each place as `layer path visibility`, with the layer that hides it. The steps are checked here: those of a
/// sample are numbered.
fn told(run: &Run) -> BTreeSet<String> {
    let findings = run.records_of("finding");
    let places = findings.iter().flat_map(|one| one["occurrences"].as_array().cloned().unwrap_or_default());
    places.map(|place| told_of(&place)).collect()
}

fn told_of(place: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (layer, visibility) = (&place["image"]["layer"], &place["image"]["visibility"]);
    let number = layer["number"].as_u64().unwrap_or_default();
    if number > 0 {
        assert_eq!(text(&layer["step"]), format!("STEP {number}"), "{place}");
    }
    let by = visibility["by_layer"].as_u64().map(|by| {
        assert_eq!(text(&visibility["by_step"]), format!("STEP {by}"), "{place}");
        format!(" by {by}")
    });
    format!("{number} {} {}{}", text(&place["path"]), text(&visibility["kind"]), by.unwrap_or_default())
}

fn expect(name: &str, bytes: Vec<u8>, expected: &[&str]) {
    let run = piped(bytes);
    assert_eq!(run.code, Some(i32::from(!expected.is_empty())), "{name}: {}", run.text());
    let expected: BTreeSet<String> = expected.iter().map(|place| (*place).to_owned()).collect();
    assert_eq!(told(&run), expected, "{name}: {}", run.out());
}

/// A description, the layers from the lowest up, and the places that are reported.
type Row = (&'static str, Vec<Vec<Entry<'static>>>, &'static [&'static str]);

fn secret(path: &'static str) -> Entry<'static> {
    File(path, env(1))
}

fn nothing(path: &'static str) -> Entry<'static> {
    File(path, String::new())
}

/// Returns rows in which later layers change or hide a file.
fn hidden() -> Vec<Row> {
    let at = "app/.env";
    vec![
        ("another file", vec![vec![secret(at)], vec![nothing("app/b")]], &["1 app/.env present"]),
        ("its folder again", vec![vec![secret(at)], vec![Folder("app/")]], &["1 app/.env present"]),
        ("a newer version", vec![vec![secret(at)], vec![nothing(at)]], &["1 app/.env overwritten by 2"]),
        ("a whiteout", vec![vec![secret(at)], vec![nothing("app/.wh..env")]], &["1 app/.env deleted by 2"]),
        (
            "a whiteout later on",
            vec![vec![secret(at)], vec![], vec![nothing("app/.wh..env")]],
            &["1 app/.env deleted by 3"],
        ),
        ("a whiteout below", vec![vec![nothing("app/.wh..env")], vec![secret(at)]], &["2 app/.env present"]),
        ("a whiteout beside", vec![vec![nothing("app/.wh..env"), secret(at)]], &["1 app/.env present"]),
        ("a whiteout of its folder", vec![vec![secret(at)], vec![nothing(".wh.app")]], &["1 app/.env deleted by 2"]),
        ("an opaque folder", vec![vec![secret(at)], vec![nothing("app/.wh..wh..opq")]], &["1 app/.env deleted by 2"]),
        (
            "an opaque folder after its files",
            vec![vec![secret(at)], vec![nothing("app/new"), nothing("app/.wh..wh..opq")]],
            &["1 app/.env deleted by 2"],
        ),
        ("an opaque root", vec![vec![secret(at)], vec![nothing(".wh..wh..opq")]], &["1 app/.env deleted by 2"]),
        ("a folder in its place", vec![vec![secret(at)], vec![Folder(at)]], &["1 app/.env deleted by 2"]),
        ("a link in its place", vec![vec![secret(at)], vec![Link(at, "/dev/null")]], &["1 app/.env deleted by 2"]),
        ("a device in its place", vec![vec![secret(at)], vec![Device(at)]], &["1 app/.env deleted by 2"]),
        ("a file for its folder", vec![vec![secret(at)], vec![nothing("app")]], &["1 app/.env deleted by 2"]),
        ("a link for its folder", vec![vec![secret(at)], vec![Link("app", "/srv")]], &["1 app/.env deleted by 2"]),
        (
            "a copy for other rights",
            vec![vec![secret(at)], vec![secret(at), nothing("b")]],
            &["1 app/.env overwritten by 2", "2 app/.env present"],
        ),
        (
            "such a copy, deleted",
            vec![vec![secret(at)], vec![secret(at), nothing("b")], vec![nothing("app/.wh..env")]],
            &["1 app/.env overwritten by 2", "2 app/.env deleted by 3"],
        ),
        (
            "another name",
            vec![vec![secret(at)], vec![secret("app/b.env"), nothing("app/.wh..env")]],
            &["1 app/.env deleted by 2", "2 app/b.env present"],
        ),
        (
            "the same layer twice",
            vec![vec![secret(at)], vec![nothing("app/.wh..env")], vec![secret(at)]],
            &["3 app/.env present"],
        ),
        (
            "paths with a dot",
            vec![vec![secret("./app/.env")], vec![nothing("/app/.wh..env")]],
            &["1 app/.env deleted by 2"],
        ),
    ]
}

/// Returns rows in which hard links keep a file.
fn linked() -> Vec<Row> {
    let (at, gone) = ("a.env", || nothing(".wh.a.env"));
    let second = || HardLink("b", "a.env");
    vec![
        ("a second name stays", vec![vec![secret(at), second()], vec![gone()]], &["1 a.env present"]),
        ("both names go", vec![vec![secret(at), second()], vec![gone(), nothing(".wh.b")]], &["1 a.env deleted by 2"]),
        ("a second name in a later layer", vec![vec![secret(at)], vec![second()], vec![gone()]], &["1 a.env present"]),
        (
            "a name of a second name",
            vec![vec![secret(at), second()], vec![HardLink("c", "b")], vec![gone(), nothing(".wh.b")]],
            &["1 a.env present"],
        ),
        (
            "a second name of the newer version",
            vec![vec![secret(at)], vec![nothing(at), second()]],
            &["1 a.env overwritten by 2"],
        ),
        (
            "a second name of what comes after the whiteout",
            vec![vec![secret(at)], vec![gone()], vec![nothing(at)], vec![second()]],
            &["1 a.env deleted by 2"],
        ),
        (
            "names in a circle",
            vec![vec![secret(at), HardLink("b", "c"), HardLink("c", "b")], vec![gone()]],
            &["1 a.env deleted by 2"],
        ),
        ("its own name", vec![vec![secret(at)], vec![HardLink("a.env", "a.env")]], &["1 a.env present"]),
    ]
}

#[test]
fn later_changes_are_reported_with_layer_and_step() {
    for (name, layers, expected) in hidden().into_iter().chain(linked()) {
        let sample = Sample::new(&layers.iter().map(Vec::as_slice).collect::<Vec<_>>());
        for packed in [Packed::Gzip, Packed::Plain] {
            expect(name, archive(&sample.oci(packed)), expected);
        }
    }
}

fn zip(path: &str, text: &str) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    must(writer.start_file(path, zip::write::SimpleFileOptions::default()), "begin a member");
    must(writer.write_all(text.as_bytes()), "write a member");
    must(writer.finish(), "end an archive").into_inner()
}

#[test]
fn archives_in_layers_are_opened() {
    let package = gzip(&layer(&[File("package/.npmrc", env(2))]));
    for (path, bytes, member) in [
        ("app/app.jar", zip("BOOT-INF/a.env", &env(2)), "BOOT-INF/a.env"),
        ("a.whl", zip("a/settings.py", &env(2)), "a/settings.py"),
        ("srv/p.tgz", package.clone(), "package/.npmrc"),
        ("outer.zip", zip("inner.txt", &env(2)), "inner.txt"),
        ("notes.gz", gzip(env(2).as_bytes()), ""),
        ("inner.tar", layer(&[File("x/y.env", env(2))]), "x/y.env"),
        ("notes.zst", zstd(env(2).as_bytes()), ""),
    ] {
        let above = [nothing("other")];
        let sample = Sample::new(&[&[Raw(path, bytes)], &above]);
        let sign = if member.is_empty() { "" } else { "!" };
        expect(path, archive(&sample.oci(Packed::Gzip)), &[&format!("1 {path}{sign}{member} present")]);
    }
}

/// Every text in an image's configuration, history, manifest and index that holds a secret is reported as a place of
/// its own.
#[test]
fn every_metadata_text_is_a_place() {
    let token = || github_token(9_950);
    let rows: Vec<(&str, Value, &str)> = vec![
        ("Env", json!([format!("GH={}", token())]), "config.Env"),
        ("Cmd", json!(["run", format!("--token={}", token())]), "config.Cmd[1]"),
        ("Entrypoint", json!([format!("curl -u x:{}", token())]), "config.Entrypoint[0]"),
        ("Shell", json!(["sh", token()]), "config.Shell[1]"),
        ("Labels", json!({"source": token()}), "config.Labels"),
        ("Healthcheck", json!({"Test": ["CMD-SHELL", token()]}), "config.Healthcheck.Test[1]"),
        ("OnBuild", json!([format!("ENV A={}", token())]), "config.OnBuild[0]"),
        ("User", json!(token()), "config.User"),
        ("WorkingDir", json!(format!("/{}", token())), "config.WorkingDir"),
        ("Volumes", json!({ token(): {} }), "config.Volumes"),
        ("ExposedPorts", json!({ token(): {} }), "config.ExposedPorts"),
    ];
    for (name, value, place) in rows {
        let sample = Sample::new(&[&[nothing("a")]]).with_config(|config| config["config"][name] = value);
        for files in [sample.oci(Packed::Gzip), sample.docker(), sample.blob_folder()] {
            expect(name, archive(&files), &[&format!("0 {place} metadata")]);
        }
    }
    let rows: Vec<(Value, &str)> = vec![
        (json!({"author": token()}), "author"),
        (json!({"comment": token()}), "comment"),
        (json!({"container_config": {"Env": [format!("GH={}", token())]}}), "container_config.Env"),
        (
            json!({"history": [{"created_by": format!("ARG T={}", token()), "empty_layer": true}, {"created_by": "STEP 1"}]}),
            "history[0].created_by",
        ),
        (json!({"history": [{"comment": token(), "created_by": "STEP 1"}]}), "history[0].comment"),
        (json!({"history": [{"author": token(), "created_by": "STEP 1"}]}), "history[0].author"),
    ];
    for (value, place) in rows {
        let sample = Sample::new(&[&[nothing("a")]]).with_config(|config| {
            for (name, value) in value.as_object().into_iter().flatten() {
                config[name] = value.clone();
            }
        });
        expect(place, archive(&sample.oci(Packed::Gzip)), &[&format!("0 {place} metadata")]);
    }
}

/// Changes the index of a layout.
fn with_index(mut files: Files, change: impl FnOnce(&mut Value)) -> Files {
    let mut index: Value = must(serde_json::from_slice(&files[1].1), "read an index");
    change(&mut index);
    files[1].1 = index.to_string().into_bytes();
    files
}

fn add(files: &mut Files, bytes: Vec<u8>, kind: &str) -> Value {
    let described = json!({"mediaType": kind, "digest": sample::digest(&bytes), "size": bytes.len()});
    files.push((format!("blobs/sha256/{}", sample::hex(&bytes)), bytes));
    described
}

/// Returns a layout with one more manifest, made of these blobs.
fn with_artifact(config: Vec<u8>, blobs: Vec<(Vec<u8>, &str)>, annotations: Value) -> Files {
    let mut files = Sample::new(&[&[nothing("a")]]).oci(Packed::Gzip);
    let config = add(&mut files, config, "application/vnd.cncf.helm.config.v1+json");
    let layers: Vec<Value> = blobs.into_iter().map(|(bytes, kind)| add(&mut files, bytes, kind)).collect();
    let manifest = json!({"schemaVersion": 2, "config": config, "layers": layers});
    let mut described =
        add(&mut files, manifest.to_string().into_bytes(), "application/vnd.oci.image.manifest.v1+json");
    described["annotations"] = annotations;
    with_index(files, |index| list(&mut index["manifests"]).push(described))
}

fn list(value: &mut Value) -> &mut Vec<Value> {
    value.as_array_mut().unwrap_or_else(|| panic!("a list is expected"))
}

/// Returns the first place of a finding, as layer, path and visibility.
fn first_place(finding: &Value) -> String {
    let place = &finding["occurrences"][0];
    let image = &place["image"];
    format!(
        "{} {} {}",
        image["layer"]["number"].as_u64().unwrap_or_default(),
        place["path"].as_str().unwrap_or_default(),
        image["visibility"]["kind"].as_str().unwrap_or_default()
    )
}

#[test]
fn documents_and_artifacts_next_to_the_image_are_places() {
    let plain = || Sample::new(&[&[nothing("a")]]);
    let mut annotated = plain();
    annotated.annotations = json!({"note": github_token(9_960)});
    let index = |change: fn(&mut Value)| with_index(plain().oci(Packed::Gzip), change);
    let mut left = plain();
    left.leftovers = vec![gzip(&layer(&[File("x.env", env(3))]))];
    let chart = gzip(&layer(&[File("chart/values.yaml", format!("token: {}\n", github_token(9_961)))]));
    let kind = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
    let statement = |predicate: Value| {
        let text = json!({"_type": "https://in-toto.io/Statement/v0.1", "predicateType": "https://slsa.dev/provenance/v1",
            "predicate": predicate});
        vec![(text.to_string().into_bytes(), "application/vnd.in-toto+json")]
    };
    let mark = || json!({"vnd.docker.reference.type": "attestation-manifest"});
    let rows: Vec<(&str, Files, &str)> = vec![
        ("an annotation of the manifest", annotated.oci(Packed::Gzip), "0 annotations metadata"),
        (
            "an annotation of the index",
            index(|index| index["annotations"] = json!({"note": github_token(9_962)})),
            "0 annotations leftover",
        ),
        (
            "an annotation of a descriptor",
            index(|index| index["manifests"][0]["annotations"]["note"] = json!(github_token(9_963))),
            "0 manifests[0].annotations leftover",
        ),
        ("a layer that nothing refers to", left.oci(Packed::Gzip), "0 x.env leftover"),
        (
            "a Helm chart",
            with_artifact(b"{\"name\":\"x\"}".to_vec(), vec![(chart, kind)], json!({})),
            "1 chart/values.yaml present",
        ),
        (
            "build arguments in provenance",
            with_artifact(b"{}".to_vec(), statement(json!({"args": {"build-arg:GH": github_token(9_964)}})), mark()),
            "0 attestation.predicate.args metadata",
        ),
        (
            "a package in an SBOM",
            with_artifact(b"{}".to_vec(), statement(json!({"packages": [{"url": github_token(9_965)}]})), mark()),
            "0 attestation.predicate.packages[0].url metadata",
        ),
    ];
    for (name, files, place) in rows {
        let run = piped(archive(&files)).expect_code(1);
        let found: Vec<String> = run.records_of("finding").iter().map(first_place).collect();
        assert_eq!(found, [place], "{name}: {}", run.out());
    }
    // A WebAssembly module is a file whose name is its digest.
    let module = [b"\0asm\x01\0\0\0".to_vec(), env(4).into_bytes()].concat();
    let files = with_artifact(b"{}".to_vec(), vec![(module, "application/wasm")], json!({}));
    let run = piped(archive(&files)).expect_code(1);
    assert_eq!(run.records_of("finding").len(), 1, "{}", run.out());
}

/// Returns a `docker save` archive whose layers are renamed.
fn renamed(sample: &Sample, rename: impl Fn(&str) -> String) -> Vec<u8> {
    let mut files = sample.docker();
    let mut images: Value = must(serde_json::from_slice(&files[1].1), "read a list");
    for layer in list(&mut images[0]["Layers"]) {
        let new = rename(layer.as_str().unwrap_or_default());
        let old = std::mem::replace(layer, json!(new));
        let named = files.iter_mut().filter(|(name, _)| Some(name.as_str()) == old.as_str());
        named.for_each(|file| file.0 = new.trim_start_matches("./").to_owned());
    }
    files[1].1 = images.to_string().into_bytes();
    archive(&files)
}

/// Returns the list that `docker save` has written into a layout since version 25.
fn saved(files: &Files) -> (String, Vec<u8>) {
    let documents = files.iter().filter_map(|(_, bytes)| serde_json::from_slice::<Value>(bytes).ok());
    let mut manifests = documents.filter(|document| document["layers"].is_array());
    let mut manifest = manifests.next().unwrap_or_default();
    let path = |value: &Value| format!("blobs/{}", value["digest"].as_str().unwrap_or_default().replace(':', "/"));
    let layers: Vec<String> = list(&mut manifest["layers"]).iter().map(path).collect();
    let images = json!([{"Config": path(&manifest["config"]), "RepoTags": ["app:1.0"], "Layers": layers}]);
    ("manifest.json".to_owned(), images.to_string().into_bytes())
}

/// Returns the forms in which tools write an image of two layers, the second of which deletes the file of the first.
fn forms() -> Vec<(&'static str, Vec<u8>)> {
    let sample = Sample::new(&[&[secret("app/.env")], &[nothing("app/.wh..env")]]);
    let mut new = sample.oci(Packed::Gzip);
    new.push(saved(&new));
    let without_index: Files =
        new.iter().filter(|(name, _)| !matches!(name.as_str(), "index.json" | "oci-layout")).cloned().collect();
    let members = |bytes: &Vec<u8>| {
        let (head, tail) = bytes.split_at(700);
        [gzip(head), gzip(b""), gzip(tail)].concat()
    };
    let frames = |bytes: &Vec<u8>| {
        let (head, tail) = bytes.split_at(700);
        // The frame in the middle is skippable, such as zstd:chunked uses for its table of contents.
        [zstd(head), b"\x50\x2a\x4d\x18\x03\0\0\0toc".to_vec(), zstd(tail)].concat()
    };
    let repacked =
        |pack: &dyn Fn(&Vec<u8>) -> Vec<u8>| sample.packed(&sample.layers.iter().map(pack).collect::<Vec<_>>());
    vec![
        ("docker save, new", archive(&new)),
        ("blobs with a list alone", archive(&without_index)),
        ("podman save", renamed(&sample, |name| name.replace("/layer.tar", ".tar"))),
        ("kaniko", renamed(&sample, |name| name.replace("/layer.tar", ".tar.gz"))),
        ("a digest as a name", renamed(&sample, |name| format!("sha256:{}", name.replace("/layer.tar", "")))),
        ("a dot in front of names", renamed(&sample, |name| format!("./{name}"))),
        ("gzip of several members", archive(&repacked(&members))),
        ("zstd of several frames", archive(&repacked(&frames))),
        ("gzip within gzip", gzip(&archive(&sample.oci(Packed::Gzip)))),
        ("gzip of several members as a whole", members(&archive(&sample.docker()))),
        ("zstd of several frames as a whole", frames(&archive(&sample.docker()))),
    ]
}

#[test]
fn every_image_format_gives_the_same_table() {
    for (name, bytes) in forms() {
        expect(name, bytes, &["1 app/.env deleted by 2"]);
    }
}

#[test]
fn a_layer_that_links_to_another_is_the_same_layer() {
    let sample = Sample::new(&[&[secret("app/.env")], &[nothing("b")], &[secret("app/.env")]]);
    let mut files = sample.docker();
    let (name, _) = files.pop().unwrap();
    let target = files[2].0.clone();
    let mut bytes = archive(&files);
    // The two blocks of zeros at the end make room for one more member.
    bytes.truncate(bytes.len() - 1024);
    bytes.extend(layer(&[Link(&name, &format!("../{target}"))]));
    expect("a link", bytes, &["3 app/.env present"]);
}

#[test]
fn a_file_visible_in_any_image_is_present() {
    let below = || vec![secret("app/.env")];
    let (first, second) = (Sample::new(&[&below()]), Sample::new(&[&below(), &[nothing("app/.wh..env")]]));
    let second = second.with_config(|config| config["architecture"] = json!("arm64"));
    let (first, second) = (first.oci(Packed::Gzip), second.oci(Packed::Gzip));
    let other: Value = serde_json::from_slice(&second[1].1).unwrap();
    let mut files = with_index(first, |index| {
        list(&mut index["manifests"]).push(other["manifests"][0].clone());
    });
    let known: BTreeSet<String> = files.iter().map(|(name, _)| name.clone()).collect();
    files.extend(second.into_iter().filter(|(name, _)| !known.contains(name)));
    let run = piped(archive(&files)).expect_code(1);
    assert_eq!(told(&run), BTreeSet::from(["1 app/.env present".to_owned()]));
    let images = &run.only_finding()["occurrences"][0]["image"]["images"];
    assert_eq!(images.as_array().map(Vec::len), Some(2), "{images}");
}

#[test]
fn a_platform_can_be_chosen() {
    let of = |arch: &str, seed| {
        let sample = Sample::new(&[&[File("app/.env", env(seed))]]);
        sample.with_config(|config| config["architecture"] = json!(arch)).oci(Packed::Gzip)
    };
    let (first, second) = (of("amd64", 5), of("arm64", 6));
    let other: Value = serde_json::from_slice(&second[1].1).unwrap();
    let absent = json!({"digest": sample::digest(b"absent"), "platform": {"os": "linux", "architecture": "s390x"}});
    let mut files = with_index(first, |index| {
        list(&mut index["manifests"]).extend([other["manifests"][0].clone(), absent]);
    });
    files.extend(second.into_iter().skip(2));
    let scan = |platform: &str| {
        let args = ["image", "-", "--format", "jsonl", "--platform", platform];
        Repo::folder().tool(&args).input(archive(&files)).run()
    };
    // Content for a platform that wasn't chosen is neither reported nor a gap.
    let run = scan("linux/arm64").expect_code(1).expect_mention("other platforms");
    assert_eq!(run.records_of("finding").len(), 1, "{}", run.out());
    assert!(run.records_of("gap").is_empty(), "{}", run.out());
    run.expect_withheld(&github_token(9_906));
    scan("linux/s390x").expect_code(2).expect_mention("--platform");
    scan("windows/amd64").expect_code(2).expect_mention("windows/amd64");
    scan("arm64").expect_code(2).expect_mention("OS/ARCH");
    piped(archive(&files)).expect_code(1).expect_mention("s390x");
}

//! Tests of the plan for an image that was pushed, carried out to its end: against a real registry, with the commands
//! as printed.

use std::io::{BufRead as _, BufReader};
use std::process::Child;

use super::tools::is_here;
use super::{env, places};
use crate::support::{Repo, must};

/// A registry on this machine that is stopped at the end of the test.
struct Registry {
    child: Child,
    address: String,
}

impl Registry {
    fn start(repo: &Repo) -> Self {
        let store = repo.path("store");
        let config = format!(
            "version: 0.1\nstorage: {{filesystem: {{rootdirectory: {}}}, delete: {{enabled: true}}}}\nhttp: {{addr: '127.0.0.1:0'}}\n",
            store.display()
        );
        repo.write("registry.yml", config);
        let mut child = repo.program("docker-registry").args(&["serve", "registry.yml"]).spawn();
        let log = child.stderr.take().map(BufReader::new);
        let mut lines = log.into_iter().flat_map(|log| log.lines().map_while(Result::ok));
        let address = lines.find_map(|line| Some(line.split_once("listening on ")?.1.split('"').next()?.to_owned()));
        // The registry would block if its output were not read.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address: address.unwrap_or_default() }
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A stub of docker for the commands of the plan: `build` gives the image without the secret, and skopeo does the rest.
const DOCKER: &str = r#"
docker() {
    case "$1" in
    build) case " $* " in *" --no-cache "*) ;; *) echo "a cache would bring the layer back" >&2; return 1;; esac ;;
    save) skopeo --policy policy.json copy -q oci:new:app "docker-archive:saved.tar:$2" && cat saved.tar && rm saved.tar ;;
    push) skopeo --policy policy.json copy -q oci:new:app "docker://$2" ;;
    *) return 1 ;;
    esac
}
"#;

#[test]
fn following_the_plan_removes_the_secret_from_the_registry() {
    let repo = Repo::folder();
    if !["docker-registry", "umoci", "skopeo"].iter().all(|program| is_here(&repo, program)) {
        return;
    }
    let registry = Registry::start(&repo);
    let name = format!("{}/team/app:1.0", registry.address);
    repo.write("secret/.env", env(80));
    repo.write("clean/readme", "nothing\n");
    repo.write("policy.json", r#"{"default":[{"type":"insecureAcceptAnything"}]}"#);
    let plain = format!("[[registry]]\\nlocation = \"{}\"\\ninsecure = true\\n", registry.address);
    repo.sh(&format!("mkdir -p ~/.config/containers && printf '{plain}' > ~/.config/containers/registries.conf"))
        .expect_code(0);
    let sh = |script: &str| repo.sh(script);
    let make = |layout: &str, files: &str| {
        format!(
            "umoci init --layout {layout} && umoci new --image {layout}:app && umoci insert --image {layout}:app {files} /app"
        )
    };
    sh(&format!("{} && {}", make("old", "secret"), make("new", "clean"))).expect_code(0);
    sh(&format!("skopeo --policy policy.json copy -q oci:old:app docker://{name}")).expect_code(0);
    let old = sh(&format!("skopeo inspect --format '{{{{.Digest}}}}' docker://{name}")).expect_code(0).out();
    let layer = sh(&format!("skopeo inspect --format '{{{{index .Layers 0}}}}' docker://{name}")).expect_code(0).out();

    let pull = |to: &str| format!("skopeo --policy policy.json copy -q docker://{name} docker-archive:{to}:{name}");
    sh(&pull("pulled.tar")).expect_code(0);
    let run = repo.keysweep(&["image", "pulled.tar", "--format", "json"]).expect_code(1);
    let report: serde_json::Value = must(serde_json::from_str(&run.out()), "read the report");
    let steps = report["plans"][0]["steps"].as_array().cloned().unwrap_or_default();
    let commands: Vec<&str> = steps.iter().filter_map(|step| step["command"].as_str()).collect();
    let own = commands.iter().skip_while(|one| !one.starts_with("docker build --pull"));
    let own = own.take_while(|one| !one.starts_with("docker buildx prune"));
    let (proofs, follow): (Vec<&str>, Vec<&str>) = own.partition(|one| one.starts_with("skopeo inspect \""));
    assert_eq!((proofs.len(), follow.len()), (1, 2), "{commands:?}");
    let script = format!("set -e\n{DOCKER}\n{}\nif {}; then exit 9; fi\n", follow.join("\n"), proofs[0]);
    sh(&script).expect_code(0);

    // The tag leads to the image without the secret, the old digest no longer exists, and neither does the layer.
    sh(&pull("after.tar")).expect_code(0);
    assert_eq!(places(&repo.keysweep(&["image", "after.tar", "--format", "jsonl"]).expect_code(0)), []);
    let new = sh(&format!("skopeo inspect --format '{{{{.Digest}}}}' docker://{name}")).expect_code(0).out();
    assert_ne!(new, old);
    let by_digest = format!("{}/team/app@{}", registry.address, old.trim());
    assert_ne!(sh(&format!("skopeo inspect docker://{by_digest}")).code, Some(0), "the old image can be pulled");
    drop(registry);
    sh("docker-registry garbage-collect registry.yml >/dev/null").expect_code(0);
    let blob = layer.trim().trim_start_matches("sha256:");
    let kept = sh(&format!("find store -path '*/blobs/*{blob}/data'")).expect_code(0).out();
    assert_eq!(kept, "", "the garbage collection keeps the layer");
}

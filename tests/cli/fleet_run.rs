//! Tests of `fleet run`: lists of paths, URLs and networks of forks are swept in separate processes; failures are
//! named, and finished work isn't repeated.

use std::fs;
use std::io::Read as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

use crate::support::{ENTRA, GITHUB, Repo, Run, Secret, must};

/// A folder with repositories and a list of them.
struct Fleet(Repo);

impl Fleet {
    fn new() -> Self {
        Self(Repo::folder())
    }

    fn repository(&self, name: &str, secret: Option<&Secret>) {
        self.0.git(&["init", "--quiet", name]);
        self.0.write(format!("{name}/README.md"), format!("{name}\n"));
        if let Some(secret) = secret {
            self.0.write(format!("{name}/config.env"), secret.line());
        }
        self.commit(name);
    }

    fn commit(&self, name: &str) {
        self.0.git(&["-C", name, "add", "--all"]);
        self.0.git(&["-C", name, "commit", "--quiet", "--message", "change"]);
    }

    fn url(&self, name: &str) -> String {
        format!("file://{}", self.0.path(name).display())
    }

    fn run(&self, options: &[&str]) -> Run {
        self.0.keysweep(&[&["fleet", "run", "list.txt", "--out", "out"], options].concat())
    }

    fn inventory(&self) -> Run {
        self.0.keysweep(&["fleet", "merge", "out", "--list", "list.txt", "--format", "jsonl"])
    }

    fn files(&self, folder: &str) -> Vec<PathBuf> {
        let entries = must(fs::read_dir(self.0.path(folder)), "reading a folder");
        let mut files: Vec<PathBuf> = entries.map(|entry| must(entry, "reading a folder").path()).collect();
        files.sort();
        files
    }
}

fn names(run: &Run, rule: &str) -> Vec<String> {
    let rows = run.records_of("secret");
    let row = rows.iter().find(|row| row["rule"].as_str().is_some_and(|id| id.starts_with(rule)));
    let all = row.and_then(|row| row["holdings"].as_array().cloned()).unwrap_or_default();
    all.iter().map(|one| one["repository"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn paths_and_urls_are_swept_and_swept_again_only_if_they_changed() {
    let fleet = Fleet::new();
    let secret = Secret::entra(4300);
    fleet.repository("one", Some(&secret));
    fleet.repository("two", Some(&secret));
    fleet.repository("clean", None);
    fleet.0.write("list.txt", format!("one github.com/acme/one\n{} github.com/acme/two\nclean\n", fleet.url("two")));
    let run = fleet.run(&[]).expect_code(1);
    assert!(
        run.text().contains("3 repositories: 2 with secrets, 0 not read or incomplete, 1 clean; 0 unchanged"),
        "{run}"
    );
    let first = fleet.inventory().expect_code(1);
    assert_eq!(names(&first, ENTRA), ["github.com/acme/one", "github.com/acme/two"], "{first}");
    assert_eq!(first.records_of("repository").len(), 3);
    assert!(fleet.files("out/.clones").is_empty(), "what was fetched is gone");
    fleet.run(&[]).expect_code(1).expect_mention("1 unchanged");
    assert_eq!(fleet.inventory().out(), first.out());
    // One more commit is made in the repository that is fetched.
    fleet.0.write("two/more.env", Secret::github(4301).line());
    fleet.commit("two");
    fleet.run(&[]).expect_code(1).expect_mention("; 0 unchanged");
    assert_eq!(names(&fleet.inventory(), GITHUB), ["github.com/acme/two"]);
    // The local repositories get a staged file and an object that nothing names.
    fleet.0.write("clean/staged.env", Secret::github(4302).line());
    fleet.0.git(&["-C", "clean", "add", "--all"]);
    fleet.0.write("loose.env", Secret::github(4303).line());
    fleet.0.git(&["-C", "one", "hash-object", "-w", "../loose.env"]);
    fleet.run(&[]).expect_code(1).expect_mention("1 unchanged").expect_mention("3 with secrets");
    let rows = fleet.inventory().expect_code(1).records_of("secret");
    let held = |name: &str| rows.iter().filter(|row| row["holdings"][0]["repository"] == name).count();
    assert_eq!([held("github.com/acme/one"), held("clean")], [2, 1], "{rows:?}");
}

#[test]
fn failed_repositories_are_named_and_retried_without_blocking_others() {
    let fleet = Fleet::new();
    fleet.repository("good", Some(&Secret::entra(4310)));
    fleet.repository("damaged", None);
    let object = fleet.0.sh("git -C damaged rev-parse HEAD:README.md").out();
    let object = fleet.0.path(format!("damaged/.git/objects/{}/{}", &object[..2], object[2..].trim()));
    let whole = must(fs::read(&object), "reading an object");
    must(fs::remove_file(&object), "removing an object");
    let password = Secret::github(4311).value;
    let (absent, closed) = (fleet.url("absent"), format!("https://me:{password}@127.0.0.1:1/acme/closed.git"));
    fleet.0.write("list.txt", format!("good\ndamaged\nnowhere\n{absent}\n{closed}\next::sh%20-c%20false\n"));
    let run = fleet.run(&[]).expect_code(2);
    run.expect_withheld(&password);
    assert!(run.text().contains("6 repositories: 1 with secrets, 5 not read"), "{run}");
    let inventory = fleet.inventory().expect_code(2);
    inventory.expect_withheld(&password);
    assert_eq!(inventory.records_of("summary")[0]["unread"], 5, "{inventory}");
    assert_eq!(names(&inventory, ENTRA), ["good"]);
    assert!(inventory.out().contains("127.0.0.1:1/acme/closed"), "{inventory}");
    for path in below(&fleet.0.path("out")) {
        let bytes = must(fs::read(&path), "reading a file");
        assert!(!crate::support::contains(&bytes, password.as_bytes()), "{}", path.display());
    }
    must(fs::write(&object, whole), "mending an object");
    let run = fleet.run(&[]).expect_code(2);
    assert!(run.text().contains("1 with secrets, 4 not read or incomplete, 1 clean; 0 unchanged"), "{run}");
}

#[test]
fn a_folder_that_only_lies_in_a_repository_is_not_read() {
    let fleet = Fleet::new();
    fleet.repository("outer", Some(&Secret::entra(4312)));
    fleet.0.git(&["-C", "outer", "init", "--quiet", "broken"]);
    fleet.0.git(&["-C", "outer", "init", "--quiet", "--bare", "bare"]);
    fleet.0.remove("outer/broken/.git/HEAD");
    fleet.0.remove("outer/bare/HEAD");
    fleet.0.write("outer/plain/README.md", "text\n");
    for broken in ["outer/broken", "outer/bare", "outer/bare/objects"] {
        let run = fleet.0.keysweep(&["history", broken]).expect_code(2);
        run.expect_mention("not a git repository");
    }
    fleet
        .0
        .keysweep(&["history", "outer/plain", "--repo-name", "plain"])
        .expect_code(2)
        .expect_mention("name that one");
    fleet.0.keysweep(&["history", "outer/plain"]).expect_code(1);
    fleet.0.write("list.txt", "outer/broken\nouter/bare\nouter/plain\nouter\n");
    let run = fleet.run(&[]).expect_code(2);
    assert!(run.text().contains("4 repositories: 1 with secrets, 3 not read"), "{run}");
    let inventory = fleet.inventory().expect_code(2);
    assert_eq!(names(&inventory, ENTRA), ["outer"], "{inventory}");
    let read: Vec<bool> =
        inventory.records_of("repository").iter().map(|one| one["is_read"].as_bool().unwrap_or(true)).collect();
    assert_eq!(read, [false, false, false, true], "{inventory}");
    // Each way to name the repository itself is accepted.
    fleet.0.write("list.txt", "outer/.git\n");
    fleet.run(&[]).expect_code(1);
    assert_eq!(names(&fleet.inventory(), ENTRA), ["outer", "outer/.git"]);
}

#[test]
fn owners_are_found_by_the_remote_of_a_path() {
    let fleet = Fleet::new();
    fleet.repository("shop", Some(&Secret::entra(4313)));
    fleet.0.git(&["-C", "shop", "remote", "add", "origin", "https://me:word@github.com/acme/shop.git"]);
    fleet.0.write("list.txt", "shop\n");
    fleet.0.write("owners.csv", "https://github.com/acme/*,platform,,public\nhttps://github.com/acne/*,typo\n");
    fleet.run(&[]).expect_code(1);
    let args = ["fleet", "merge", "out", "--list", "list.txt", "--owners", "owners.csv", "--format", "jsonl"];
    let merged = fleet.0.keysweep(&args).expect_code(1).expect_mention("fit no repository: github.com/acne/*");
    assert!(!merged.text().contains("word@") && !merged.text().contains("github.com/acme/*"), "{merged}");
    let one = merged.records_of("repository").remove(0);
    assert_eq!([&one["name"], &one["owner"], &one["visibility"]], ["shop", "platform", "public"], "{merged}");
}

#[test]
fn a_failure_is_told_on_one_line() {
    let fleet = Fleet::new();
    fleet.repository("damaged", None);
    let object = fleet.0.sh("git -C damaged rev-parse HEAD:README.md").out();
    let (object, absent) = (object.trim(), fleet.url("absent"));
    fleet.0.write(format!("damaged/.git/objects/{}/{}", &object[..2], &object[2..]), "no object\n");
    fleet.0.write("list.txt", format!("damaged\n{absent}\n"));
    let run = fleet.run(&[]).expect_code(2);
    assert!(run.text().lines().all(|line| line.starts_with("keysweep: ")), "{run}");
    let inventory = fleet.inventory().expect_code(2);
    let why = |name: &str| {
        let all = inventory.records_of("repository");
        let one = all.iter().find(|one| one["name"].as_str().is_some_and(|known| known.ends_with(name)));
        one.and_then(|one| one["why"].as_str()).unwrap_or_default().to_owned()
    };
    assert!(why("absent").contains("does not appear to be a git repository"), "{inventory}");
    assert!(!why("absent").contains("\\n") && !why("absent").contains("access rights"), "{inventory}");
    assert_eq!(why("damaged").matches(object).count(), 1, "{inventory}");
}

#[test]
fn the_first_leak_in_a_network_is_that_of_the_original() {
    let fleet = Fleet::new();
    fleet.repository("original", Some(&Secret::entra(4345)));
    fleet.0.git(&["clone", "--quiet", "original", "fork"]);
    let line = |name: &str, account: &str| format!("{} github.com/{account}/shop network\n", fleet.url(name));
    let first = |options: &[&str]| {
        let args = ["fleet", "merge", "out", "--list", "list.txt", "--format", "jsonl"];
        let row = fleet.0.keysweep(&[&args[..], options].concat()).records_of("secret").remove(0);
        row["first"]["repository"].as_str().unwrap_or_default().to_owned()
    };
    fleet.0.write("list.txt", line("original", "zenith") + &line("fork", "acme"));
    let run = fleet.run(&[]).expect_code(1);
    assert!(run.text().contains("2 repositories in 1 sweep: 1 with secrets"), "{run}");
    assert_eq!(first(&[]), "github.com/zenith/shop");
    assert_eq!(first(&["--foreign", "github.com/zenith/*"]), "github.com/acme/shop");
}

fn below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in must(fs::read_dir(folder), "reading a folder") {
        let path = must(entry, "reading a folder").path();
        if path.is_dir() { files.extend(below(&path)) } else { files.push(path) }
    }
    files
}

#[test]
fn no_code_of_a_repository_runs_while_it_is_fetched() {
    let fleet = Fleet::new();
    fleet.repository("trap", Some(&Secret::entra(4320)));
    fleet.0.write("template/hooks/post-checkout", "#!/bin/sh\ntouch /tmp/never\n");
    fleet.0.sh("mkdir -p hooks; for name in post-checkout reference-transaction post-index-change; do \
                printf '#!/bin/sh\\ntouch \"%s/ran\"\\n' \"$PWD\" > hooks/$name; chmod +x hooks/$name; done; \
                git config --global core.hooksPath \"$PWD/hooks\"; git config --global core.fsmonitor \"touch $PWD/ran\"");
    fleet.0.write("list.txt", fleet.url("trap"));
    fleet.run(&[]).expect_code(1);
    assert!(!fleet.0.path("ran").exists());
}

#[cfg(target_os = "linux")]
#[test]
fn a_sweep_that_exceeds_its_limits_fails_by_itself() {
    let fleet = Fleet::new();
    fleet.repository("big", None);
    fleet.0.sh("head -c 30000000 /dev/zero | tr '\\0' 'a' > big/big.txt; head -c 20000000 /dev/urandom > big/random");
    fleet.commit("big");
    fleet.0.write("list.txt", "big\n");
    fleet.run(&["--memory", "24"]).expect_code(2);
    assert_eq!(fleet.inventory().expect_code(2).records_of("repository")[0]["is_read"], false);
    fleet.run(&["--timeout", "0"]).expect_code(2).expect_mention("longer than 0 seconds");
    fleet.run(&["--memory", "2000"]).expect_code(0);
    fleet.inventory().expect_code(0);
}

#[test]
fn a_run_killed_at_any_moment_resumes_to_the_same_inventory() {
    let whole = Fleet::new();
    let list: String = (0..6).map(|at| format!("r{at} github.com/acme/r{at}\n")).collect();
    let fill = |fleet: &Fleet| {
        (0..6).for_each(|at| fleet.repository(&format!("r{at}"), Some(&Secret::github(4330 + at / 2))));
        fleet.0.write("list.txt", &list);
    };
    fill(&whole);
    whole.run(&[]).expect_code(1);
    let expected = whole.inventory().expect_code(1).out();
    let broken = Fleet::new();
    fill(&broken);
    for pause in [10, 60, 150, 300] {
        let mut child = broken.0.tool(&["fleet", "run", "list.txt", "--out", "out"]).spawn();
        sleep(Duration::from_millis(pause));
        let _ = child.kill();
        must(child.wait(), "waiting for a run that was killed");
    }
    // A sweep that outlived its run may still be writing its report.
    sleep(Duration::from_millis(500));
    broken.run(&[]).expect_code(1);
    assert_eq!(broken.inventory().expect_code(1).out(), expected);
}

#[test]
fn a_killed_run_resumes_with_the_remaining_repositories() {
    let fleet = Fleet::new();
    (0..6).for_each(|at| fleet.repository(&format!("r{at}"), None));
    fleet.0.write("list.txt", (0..6).map(|at| format!("r{at}\n")).collect::<String>());
    fleet.0.sh("mkdir -p out/.state");
    let mut child = fleet.0.tool(&["fleet", "run", "list.txt", "--out", "out", "--jobs", "1"]).spawn();
    let is_written = |path: &PathBuf| path.extension().is_none();
    while !fleet.files("out/.state").iter().any(is_written) && matches!(child.try_wait(), Ok(None)) {
        sleep(Duration::from_millis(2));
    }
    let _ = child.kill();
    must(child.wait(), "waiting for a run that was killed");
    let run = fleet.run(&[]).expect_code(0);
    assert!(!run.text().contains("; 0 unchanged"), "{run}");
    // The next run is a new one, and sweeps everything again.
    fleet.run(&[]).expect_code(0).expect_mention("; 0 unchanged");
}

#[test]
fn forks_are_swept_together_and_each_with_a_secret_is_named() {
    let fleet = Fleet::new();
    let (shared, alone) = (Secret::entra(4340), Secret::github(4341));
    fleet.repository("origin", Some(&shared));
    for at in 0..40 {
        fleet.0.write(format!("origin/{at}.txt"), format!("text {at}\n"));
    }
    fleet.commit("origin");
    for at in 0..20 {
        fleet.0.git(&["clone", "--quiet", "origin", &format!("fork{at}")]);
    }
    fleet.0.write("fork7/leak.env", alone.line());
    fleet.commit("fork7");
    let line = |name: &str| format!("{} github.com/{name}/shop network\n", fleet.url(name));
    let list: String = (0..20).map(|at| line(&format!("fork{at}"))).collect();
    fleet.0.write("list.txt", line("origin") + &list);
    fleet.run(&[]).expect_code(1);
    let reports = fleet.files("out/reports");
    assert_eq!(reports.len(), 1, "one report of all");
    let report = must(fs::read_to_string(&reports[0]), "reading a report");
    let summary: serde_json::Value =
        must(serde_json::from_str(report.lines().last().unwrap_or_default()), "reading it");
    let alone_count =
        fleet.0.keysweep(&["history", "origin", "--format", "jsonl"]).records_of("summary")[0]["blobs"].clone();
    let (all, one) = (summary["blobs"].as_u64().unwrap_or(0), alone_count.as_u64().unwrap_or(0));
    assert!(all * 10 <= one * 13, "{all} blobs were read of all forks, {one} of one");
    let inventory = fleet.inventory().expect_code(1);
    assert_eq!(names(&inventory, ENTRA).len(), 21, "{inventory}");
    assert_eq!(names(&inventory, GITHUB), ["github.com/fork7/shop"]);
    assert_eq!(inventory.records_of("summary")[0]["repositories"], 21);
    assert!(report.contains("fork7"), "places name the fork by its ref");
}

#[test]
fn a_folder_in_use_and_an_empty_list_are_refused() {
    let fleet = Fleet::new();
    fleet.0.write("list.txt", "# nothing\n");
    fleet.run(&[]).expect_code(2).expect_mention("names no repository");
    fleet.repository("one", None);
    fleet.0.write("list.txt", "one\n");
    fleet.run(&[]).expect_code(0);
    let lock = must(fs::File::open(fleet.0.path("out/.lock")), "opening the lock");
    must(lock.lock(), "locking");
    fleet.run(&[]).expect_code(2).expect_mention("another run");
}

#[test]
fn different_repositories_have_different_names() {
    let fleet = Fleet::new();
    fleet.repository("one", None);
    fleet.repository("two", Some(&Secret::entra(4350)));
    fleet.0.write("list.txt", "one same\n# and\ntwo same\n");
    fleet.run(&[]).expect_code(2).expect_mention("lines 1 and 3");
    fleet.inventory().expect_code(2).expect_mention("lines 1 and 3");
    let list = format!("one same\n{} other same\n", fleet.url("two"));
    fleet.0.write("list.txt", list);
    fleet.run(&[]).expect_code(2).expect_mention("'same'");
}

#[cfg(unix)]
#[test]
fn linked_and_foreign_files_are_not_removed() {
    let fleet = Fleet::new();
    fleet.repository("one", None);
    fleet.0.write("list.txt", "one\n");
    for folder in ["reports", ".state", ".clones", ".caches"] {
        let kept = format!("precious/{}/file", "0".repeat(24));
        fleet.0.write(&kept, "text");
        fleet.0.sh(&format!("rm -rf out; mkdir out; ln -s ../precious out/{folder}"));
        fleet.run(&[]).expect_code(2).expect_mention("is a link");
        assert_eq!(fleet.0.read(&kept), "text", "{folder}");
    }
    fleet.0.sh("rm -rf out");
    fleet.0.write("out/.clones/mine/file", "text");
    let left = format!("out/.clones/{}/file", "0".repeat(24));
    fleet.0.write(&left, "text");
    fleet.run(&[]).expect_code(0);
    assert_eq!(fleet.0.read("out/.clones/mine/file"), "text");
    assert!(!fleet.0.path(&left).exists(), "what a killed run left behind is gone");
}

/// A server that doesn't answer costs the time limit and no more: the helper that git leaves waiting for it ends
/// together with git.
#[test]
fn a_server_that_says_nothing_costs_the_limit_and_no_more() {
    let fleet = Fleet::new();
    let server = must(TcpListener::bind("127.0.0.1:0"), "listening");
    let port = must(server.local_addr(), "asking for the port").port();
    let closed = spawn(move || {
        let (mut stream, _) = must(server.accept(), "accepting");
        let mut all = Vec::new();
        // The read ends once no process is left that could receive an answer.
        must(stream.set_read_timeout(Some(Duration::from_secs(60))), "limiting");
        stream.read_to_end(&mut all).is_ok()
    });
    fleet.0.write("list.txt", format!("http://127.0.0.1:{port}/acme/shop.git\n"));
    let start = Instant::now();
    fleet.run(&["--timeout", "2"]).expect_code(2).expect_mention("took longer than 2 seconds");
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
    assert!(closed.join().unwrap_or(false), "git's helper is still there");
}

/// While git logs in to a server, no process has the password on its command line, which every user of the machine can
/// read; and a helper of the user's own neither gets nor gives one.
#[cfg(target_os = "linux")]
#[test]
fn a_password_reaches_the_server_and_no_command_line() {
    use std::io::Write as _;
    let fleet = Fleet::new();
    let server = must(TcpListener::bind("127.0.0.1:0"), "listening");
    let port = must(server.local_addr(), "asking for the port").port();
    let word = Secret::github(4380).value;
    let login = data_encoding::BASE64.encode(format!("j@e:{word}/").as_bytes());
    let answer = |status: &str| format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    let searched = word.clone();
    let asked = spawn(move || {
        loop {
            let (mut stream, _) = must(server.accept(), "accepting");
            let mut request = vec![0; 1 << 16];
            let count = must(stream.read(&mut request), "reading a request");
            let request = String::from_utf8_lossy(&request[..count]).into_owned();
            if request.to_lowercase().contains("authorization:") {
                let shown = command_lines().into_iter().filter(|line| line.contains(&searched)).collect::<Vec<_>>();
                let git = command_lines().iter().any(|line| line.contains(&format!("127.0.0.1:{port}/acme/shop.git")));
                must(stream.write_all(answer("404 Not Found").as_bytes()), "answering");
                return (request.contains(&format!("Basic {login}")), git, shown);
            }
            let challenge =
                answer("401 Unauthorized").replacen("\r\n", "\r\nWWW-Authenticate: Basic realm=\"a\"\r\n", 1);
            must(stream.write_all(challenge.as_bytes()), "answering");
        }
    });
    fleet.0.sh("git config --global credential.helper \"!f() { cat >> '$PWD/told'; }; f\"");
    fleet.0.write("list.txt", format!("http://j%40e:{word}%2F@127.0.0.1:{port}/acme/shop.git\n"));
    let run = fleet.run(&["--timeout", "30"]).expect_code(2);
    run.expect_withheld(&word);
    assert!(asked.is_finished(), "no password was sent: {run}");
    assert_eq!(asked.join().unwrap_or_default(), (true, true, Vec::new()), "{run}");
    assert!(!fleet.0.path("told").exists(), "another helper was told");
}

#[cfg(target_os = "linux")]
fn command_lines() -> Vec<String> {
    let processes = must(fs::read_dir("/proc"), "listing processes").flatten();
    let line = |folder: PathBuf| fs::read(folder.join("cmdline")).ok();
    processes.filter_map(|entry| line(entry.path())).map(|line| String::from_utf8_lossy(&line).into_owned()).collect()
}

/// A server could otherwise send git to a host that is not on the list.
#[test]
fn a_redirect_to_another_host_is_not_followed() {
    use std::io::Write as _;
    let fleet = Fleet::new();
    let (first, other) =
        (must(TcpListener::bind("127.0.0.1:0"), "listening"), must(TcpListener::bind("127.0.0.1:0"), "listening"));
    let port = |server: &TcpListener| must(server.local_addr(), "asking for the port").port();
    let target = format!("http://127.0.0.1:{}/evil.git/info/refs?service=git-upload-pack", port(&other));
    fleet.0.write("list.txt", format!("http://127.0.0.1:{}/acme/shop.git\n", port(&first)));
    spawn(move || {
        let (mut stream, _) = must(first.accept(), "accepting");
        let mut request = vec![0; 1 << 16];
        must(stream.read(&mut request), "reading a request");
        let answer =
            format!("HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        must(stream.write_all(answer.as_bytes()), "answering");
    });
    must(other.set_nonblocking(true), "not waiting");
    fleet.run(&["--timeout", "10"]).expect_code(2).expect_mention("redirect");
    assert!(other.accept().is_err(), "the other host was asked");
}

/// What is in place of the lock is not opened: a pipe would wait for ever, and a link would create a file elsewhere.
#[cfg(unix)]
#[test]
fn only_a_regular_file_is_a_lock() {
    let fleet = Fleet::new();
    fleet.repository("one", None);
    fleet.0.write("list.txt", "one\n");
    for place in ["mkfifo out/.lock", "ln -s ../created out/.lock", "mkdir out/.lock"] {
        fleet.0.sh(&format!("rm -rf out; mkdir -m 700 out; {place}"));
        fleet.run(&[]).expect_code(2).expect_mention("not a regular file");
        assert!(!fleet.0.path("created").exists(), "{place}");
    }
}

/// A signal also ends the processes that a run has started, which are in groups of their own, and the next run
/// continues.
#[cfg(unix)]
#[test]
fn a_run_that_is_interrupted_leaves_nothing_running() {
    let fleet = Fleet::new();
    let server = must(TcpListener::bind("127.0.0.1:0"), "listening");
    let port = must(server.local_addr(), "asking for the port").port();
    fleet.repository("one", Some(&Secret::entra(4360)));
    fleet.0.write("list.txt", format!("one\nhttp://127.0.0.1:{port}/acme/shop.git\n"));
    let mut run = fleet.0.tool(&["fleet", "run", "list.txt", "--out", "out", "--jobs", "1"]).spawn();
    let (mut stream, _) = must(server.accept(), "accepting");
    drop(server);
    fleet.0.sh(&format!("kill -INT {}", run.id()));
    let status = must(run.wait(), "waiting");
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(2), "{status}");
    must(stream.set_read_timeout(Some(Duration::from_secs(60))), "limiting");
    let mut all = Vec::new();
    assert!(stream.read_to_end(&mut all).is_ok(), "git's helper is still there");
    assert!(fleet.files("out/.clones").is_empty());
    fleet.run(&[]).expect_code(2).expect_mention("1 unchanged");
}

/// A folder from another user that claims that a repository is clean is not believed.
#[test]
fn what_somebody_else_left_in_a_folder_is_not_believed() {
    let fleet = Fleet::new();
    fleet.repository("leaky", Some(&Secret::entra(4370)));
    fleet.repository("clean", None);
    let list = format!("{} leaky\n{} clean\n", fleet.url("leaky"), fleet.url("clean"));
    fleet.0.write("list.txt", list);
    fleet.run(&[]).expect_code(1);
    fleet.run(&[]).expect_code(1).expect_mention("2 unchanged");
    fleet.run(&["--fresh"]).expect_code(1).expect_mention("; 0 unchanged");
    let reports = fleet.files("out/reports");
    let text = |path: &PathBuf| must(fs::read_to_string(path), "reading a report");
    let (clean, leaky): (Vec<&PathBuf>, Vec<&PathBuf>) =
        reports.iter().partition(|path| text(path).contains("\"verdict\":\"clean\""));
    // Only the report was changed.
    let forged = text(clean[0]).replace("\"name\":\"clean\"", "\"name\":\"leaky\"");
    must(fs::write(leaky[0], &forged), "forging a report");
    fleet.run(&[]).expect_code(1).expect_mention("1 unchanged");
    // The whole folder belongs to another user, who has another key.
    let caches = fleet.files("out/.caches");
    fleet.0.sh("rm -r ../home/.local");
    fleet.run(&[]).expect_code(1).expect_mention("; 0 unchanged");
    assert_eq!(fleet.files("out/.caches").len(), caches.len() + 1, "another's cache was used");
}

#[cfg(unix)]
#[test]
fn a_folder_that_others_can_write_to_is_refused() {
    let fleet = Fleet::new();
    fleet.repository("one", None);
    fleet.0.write("list.txt", "one\n");
    fleet.run(&[]).expect_code(0);
    for folder in ["out", "out/reports", "out/.state", "out/.caches"] {
        fleet.0.sh(&format!("chmod g+w {folder}"));
        fleet.run(&[]).expect_code(2).expect_mention("others may write to it");
        fleet.0.sh(&format!("chmod g-w {folder}"));
    }
    fleet.run(&[]).expect_code(0);
}

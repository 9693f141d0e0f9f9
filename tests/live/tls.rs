//! Tests of certificates: those that the user trusts are accepted, and no others. The server is that of the `openssl`
//! program.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::sandbox::{Run, Sandbox, secret};
use crate::server::{Answer, Server};

/// A running `openssl s_server` with a certificate of its own.
struct Secured {
    child: Child,
    port: u16,
}

impl Drop for Secured {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn certificate(sandbox: &Sandbox) -> PathBuf {
    let file = sandbox.home().join("cert.pem");
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
        .args([
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
        ])
        .arg("-keyout")
        .arg(sandbox.home().join("key.pem"))
        .arg("-out")
        .arg(&file)
        .output()
        .unwrap_or_else(|why| panic!("openssl has to be on PATH: {why}"));
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    file
}

fn secured(sandbox: &Sandbox) -> Secured {
    let folder = sandbox.home().join("served");
    fs::create_dir_all(folder.join("-")).unwrap();
    let body = r#"{"username":"acme"}"#;
    let answer =
        format!("HTTP/1.0 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    fs::write(folder.join("-/whoami"), answer).unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let child = Command::new("openssl")
        .args(["s_server", "-quiet", "-HTTP", "-accept"])
        .arg(format!("127.0.0.1:{port}"))
        .arg("-cert")
        .arg(sandbox.home().join("cert.pem"))
        .arg("-key")
        .arg(sandbox.home().join("key.pem"))
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let secured = Secured { child, port };
    for _ in 0..100 {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            break;
        }
        thread::sleep(Duration::from_millis(50));
    }
    secured
}

fn told(run: &Run) -> (String, String) {
    let one = &run.json()["asked"][0];
    (one["word"].as_str().unwrap_or_default().to_owned(), one["why"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn only_trusted_certificates_get_a_secret() {
    let sandbox = Sandbox::new();
    sandbox.commit("app.env", &format!("NPM_TOKEN={}\n", secret("npm-token", 1)));
    let certificate = certificate(&sandbox);
    let server = secured(&sandbox);
    sandbox.swept();
    let own = sandbox.own_config();
    let ask = |address: String, trusted: Option<&PathBuf>| {
        sandbox.hosts(&[("registry.npmjs.org", address)]);
        let mut variables = vec![("KEYSWEEP_CONFIG", own.as_path())];
        variables.extend(trusted.map(|file| ("SSL_CERT_FILE", file.as_path())));
        sandbox.keysweep_with(&["live", "--all", "--yes", "--format", "json"], &variables)
    };
    let port = server.port;
    let trusted = ask(format!("https://localhost:{port}"), Some(&certificate));
    assert_eq!(told(&trusted).0, "live", "{}", trusted.text());
    let unknown = ask(format!("https://localhost:{port}"), None);
    assert!(told(&unknown).0 == "unknown" && told(&unknown).1.contains("not trusted"), "{}", unknown.text());
    let misnamed = ask(format!("https://127.0.0.1:{port}"), Some(&certificate));
    assert!(told(&misnamed).0 == "unknown" && told(&misnamed).1.contains("not trusted"), "{}", misnamed.text());
    let plain = Server::new(|_| Answer::json(200, r#"{"username":"acme"}"#));
    let spoken = ask(format!("https://127.0.0.1:{}", plain.port), Some(&certificate));
    assert_eq!(told(&spoken).0, "unknown", "{}", spoken.text());
    let value = secret("npm-token", 1);
    for one in plain.asked() {
        assert!(!format!("{one:?}").contains(&value), "a value was sent in clear");
    }
    fs::write(sandbox.home().join("none.pem"), "nothing").unwrap();
    let broken = ask(format!("https://localhost:{port}"), Some(&sandbox.home().join("none.pem")));
    assert!(broken.code() == Some(2) && broken.text().contains("SSL_CERT_FILE"), "{}", broken.text());
}

//! A server on the loopback address that gives the answers of a test and records what it is asked.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// The answer to a request.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// An HTTP answer: status, headers and body.
    Http(u16, Vec<(&'static str, String)>, String),
    /// No answer: the connection is closed.
    Closed,
    /// No answer within any timeout.
    Slow,
}

impl Answer {
    pub(crate) fn json(status: u16, body: &str) -> Self {
        Self::Http(status, vec![("content-type", "application/json".to_owned())], body.to_owned())
    }
}

/// A request that was received.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// The request line: method, address and version.
    pub(crate) line: String,
    /// The headers as they were received.
    pub(crate) headers: String,
    /// The body.
    pub(crate) body: String,
}

pub(crate) struct Server {
    pub(crate) port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    /// Starts a server that answers each path.
    pub(crate) fn new(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (known, answer) = (Arc::clone(&asked), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (known, answer) = (Arc::clone(&known), Arc::clone(&answer));
                thread::spawn(move || serve(stream, &known, &*answer));
            }
        });
        Self { port, asked }
    }

    /// Starts a server that must not be asked anything.
    pub(crate) fn silent() -> Self {
        Self::new(|_| Answer::json(200, "{}"))
    }

    pub(crate) fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

fn serve(stream: TcpStream, known: &Mutex<Vec<Asked>>, answer: &dyn Fn(&Asked) -> Answer) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    // Everything that arrives counts, even if it isn't a request.
    let arrived = reader.read_line(&mut line).unwrap_or_default();
    let mut asked = Asked { line: line.trim().to_owned(), headers: String::new(), body: String::new() };
    let mut length = 0;
    loop {
        let mut header = String::new();
        if arrived == 0 || reader.read_line(&mut header).unwrap_or_default() <= 2 {
            break;
        }
        if let Some(value) = header.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or_default();
        }
        asked.headers.push_str(&header);
    }
    let mut body = vec![0; length];
    if reader.read_exact(&mut body).is_ok() {
        asked.body = String::from_utf8_lossy(&body).into_owned();
    }
    known.lock().unwrap().push(asked.clone());
    send(stream, answer(&asked));
}

fn send(mut stream: TcpStream, answer: Answer) {
    match answer {
        Answer::Closed => {}
        Answer::Slow => thread::sleep(Duration::from_secs(30)),
        Answer::Http(status, headers, body) => {
            let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
            let length = body.len();
            let text =
                format!("HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}");
            // The client may have closed the connection.
            drop(stream.write_all(text.as_bytes()));
        }
    }
}

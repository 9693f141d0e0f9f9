//! Programs that are run with a limit of time, and whose last words are kept within bounds.

use std::ffi::OsStr;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Bytes that are kept of what a program says.
const MOST: usize = 8 << 10;
/// How often it is looked whether a program has ended.
const PAUSE: Duration = Duration::from_millis(5);

/// A program about to run.
pub(super) struct Process(Command);

/// How a program ended.
pub(super) enum Limited {
    /// By itself, or killed by somebody else if there is no code.
    Ended { code: Option<i32>, said: String },
    /// It was killed, since it took too long.
    TimedOut,
    /// There is no such program.
    NotStarted(String),
}

impl Process {
    /// Without arguments, and with nothing to read.
    pub(super) fn new(program: &Path) -> Self {
        let mut command = Command::new(program);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        Self(command)
    }

    pub(super) fn args(&mut self, args: &[&str]) -> &mut Self {
        self.0.args(args);
        self
    }

    pub(super) fn arg(&mut self, arg: impl AsRef<OsStr>) -> &mut Self {
        self.0.arg(arg);
        self
    }

    pub(super) fn env(&mut self, name: &str, value: impl AsRef<OsStr>) -> &mut Self {
        self.0.env(name, value);
        self
    }

    pub(super) fn without(&mut self, name: &str) -> &mut Self {
        self.0.env_remove(name);
        self
    }

    /// Runs it to its end, or to the limit.
    pub(super) fn within(&mut self, limit: Duration) -> Limited {
        self.run(limit, MOST).0
    }

    /// The same, and returns what it writes.
    pub(super) fn output(&mut self, limit: Duration, most: usize) -> (Limited, Vec<u8>) {
        self.0.stdout(Stdio::piped());
        self.run(limit, most)
    }

    fn run(&mut self, limit: Duration, most: usize) -> (Limited, Vec<u8>) {
        let mut child = match self.0.spawn() {
            Ok(child) => child,
            Err(error) => return (Limited::NotStarted(error.to_string()), Vec::new()),
        };
        let (out, err) = (child.stdout.take(), child.stderr.take());
        let written = thread::spawn(move || kept(out, most));
        let said = thread::spawn(move || kept(err, MOST));
        let code = ended(&mut child, limit);
        let (written, said) = (written.join().unwrap_or_default(), said.join().unwrap_or_default());
        let how = match code {
            Some(code) => Limited::Ended { code, said: String::from_utf8_lossy(&said).trim().to_owned() },
            None => Limited::TimedOut,
        };
        (how, written)
    }
}

/// The beginning of what comes; all of it is read, so that nobody waits for a reader.
fn kept(stream: Option<impl Read>, most: usize) -> Vec<u8> {
    let (mut kept, mut part) = (Vec::new(), [0; 4096]);
    let Some(mut stream) = stream else { return kept };
    while let Ok(count) = stream.read(&mut part) {
        if count == 0 {
            break;
        }
        let room = most.saturating_sub(kept.len()).min(count);
        kept.extend_from_slice(&part[..room]);
    }
    kept
}

/// Its exit code; nothing if it had to be killed.
fn ended(child: &mut Child, limit: Duration) -> Option<Option<i32>> {
    let start = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status.code()),
            Ok(None) if start.elapsed() < limit => thread::sleep(PAUSE),
            Ok(None) | Err(_) => {
                let _ = child.kill();
                let _ = child.wait();
                return None;
            }
        }
    }
}

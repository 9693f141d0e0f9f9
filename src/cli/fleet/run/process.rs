//! Programs that are run with a time limit, and whose output is limited in size.
//!
//! Each program has a process group of its own, so that everything it started ends with it: git leaves its helpers
//! waiting for a server that doesn't answer. A signal from the terminal doesn't reach such a group, so whoever waits
//! checks [`super::stop`].

use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::stop::Stop;

/// The most bytes that are kept of a program's error output.
const MOST: usize = 8 << 10;
/// The interval at which a program is checked for having ended.
const PAUSE: Duration = Duration::from_millis(5);
/// The time to wait for more output once a program has ended while another process still holds its end of the pipe.
const IDLE: Duration = Duration::from_secs(1);

/// The reason that is given for everything that a stopped run has left undone.
pub(super) const STOPPED: &str = "the run was stopped";

/// The limits for each program that is run.
pub(super) struct Limits {
    pub(super) time: Duration,
    pub(super) stop: Stop,
}

impl Limits {
    pub(super) fn exceeded(&self, doing: &str) -> String {
        format!("{doing} took longer than {} seconds, which is the limit", self.time.as_secs())
    }
}

/// A program about to run.
pub(super) struct Process(Command);

/// The way a program ended.
pub(super) enum Limited {
    /// It ended by itself, or was killed by a signal if there is no code.
    Ended { code: Option<i32>, said: String },
    /// It was killed, because it took too long.
    TimedOut,
    /// The program was killed because the run is to stop.
    Stopped,
    /// The program could not be started.
    NotStarted(String),
}

impl Process {
    /// Returns a program to run, without arguments and with empty standard input.
    pub(super) fn new(program: &Path) -> Self {
        let mut command = Command::new(program);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
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

    /// Runs the program to its end, or to the time limit.
    pub(super) fn within(&mut self, limits: &Limits) -> Limited {
        self.run(limits, MOST).0
    }

    /// Does the same, and also returns the program's standard output.
    pub(super) fn output(&mut self, limits: &Limits, most: usize) -> (Limited, Vec<u8>) {
        self.0.stdout(Stdio::piped());
        self.run(limits, most)
    }

    fn run(&mut self, limits: &Limits, most: usize) -> (Limited, Vec<u8>) {
        let mut child = match self.0.spawn() {
            Ok(child) => child,
            Err(error) => return (Limited::NotStarted(error.to_string()), Vec::new()),
        };
        let written = Reading::of(child.stdout.take(), most);
        let said = Reading::of(child.stderr.take(), MOST);
        let end = ended(&mut child, limits);
        let (written, said) = (written.finished(), said.finished());
        let how = match end {
            End::Itself(code) => Limited::Ended { code, said: String::from_utf8_lossy(&said).trim().to_owned() },
            End::TimedOut => Limited::TimedOut,
            End::Stopped => Limited::Stopped,
        };
        (how, written)
    }
}

/// Returns what a program said on one line, without advice: its lines that begin with the name of a program or the kind
/// of an error, the fatal ones first. Several programs write at once, so the order of lines means nothing.
pub(super) fn gist(said: &str) -> String {
    /// The most lines that are repeated.
    const MOST: usize = 3;
    let lines = || said.lines().map(str::trim).filter(|line| !line.is_empty());
    let is_told = |line: &&str| line.split_once(": ").is_some_and(|(who, _)| !who.contains(' '));
    let mut told: Vec<&str> = lines().filter(is_told).collect();
    told.sort_by_key(|line| (!line.starts_with("fatal: "), *line));
    told.dedup();
    if told.is_empty() {
        told.extend(lines().next());
    }
    told[..told.len().min(MOST)].join("; ")
}

/// A pipe that is emptied by a thread while the program runs, so that the program never waits for a reader.
struct Reading(Arc<Mutex<Read>>);

/// The bytes that have come through a pipe so far.
struct Read {
    /// The beginning of the bytes.
    kept: Vec<u8>,
    /// The time at which bytes last came.
    last: Instant,
    is_closed: bool,
}

impl Reading {
    fn of(stream: Option<impl io::Read + Send + 'static>, most: usize) -> Self {
        let is_closed = stream.is_none();
        let read = Arc::new(Mutex::new(Read { kept: Vec::new(), last: Instant::now(), is_closed }));
        if let Some(stream) = stream {
            let read = Arc::clone(&read);
            // This thread is never joined: a process that has left the program's group may hold the pipe forever.
            thread::spawn(move || empty(stream, most, &read));
        }
        Self(read)
    }

    /// Returns the beginning of all bytes that came. Once the program and its group have ended, the rest is either in
    /// the pipe already or never comes.
    fn finished(self) -> Vec<u8> {
        let since = Instant::now();
        loop {
            let Ok(mut read) = self.0.lock() else { return Vec::new() };
            if read.is_closed || read.last.max(since).elapsed() > IDLE {
                return std::mem::take(&mut read.kept);
            }
            drop(read);
            thread::sleep(PAUSE);
        }
    }
}

fn empty(mut stream: impl io::Read, most: usize, read: &Mutex<Read>) {
    let mut part = [0; 4096];
    loop {
        let count = stream.read(&mut part).unwrap_or(0);
        let Ok(mut read) = read.lock() else { return };
        let room = most.saturating_sub(read.kept.len()).min(count);
        read.kept.extend_from_slice(&part[..room]);
        read.last = Instant::now();
        if count == 0 {
            read.is_closed = true;
            return;
        }
    }
}

/// The way in which the wait for a program ended.
enum End {
    Itself(Option<i32>),
    TimedOut,
    Stopped,
}

/// Waits for the program to end; afterwards nothing of its group is left.
fn ended(child: &mut Child, limits: &Limits) -> End {
    let start = Instant::now();
    loop {
        let end = match child.try_wait() {
            Ok(Some(status)) => End::Itself(status.code()),
            Ok(None) if limits.stop.is_asked() => End::Stopped,
            Ok(None) if start.elapsed() < limits.time => {
                thread::sleep(PAUSE);
                continue;
            }
            Ok(None) | Err(_) => End::TimedOut,
        };
        kill_group(child);
        return end;
    }
}

#[cfg(unix)]
fn kill_group(child: &mut Child) {
    use rustix::process::{Pid, Signal, kill_process_group};
    // The group is already gone if all its processes have ended.
    let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
    let _ = child.wait();
}

#[cfg(not(unix))]
fn kill_group(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

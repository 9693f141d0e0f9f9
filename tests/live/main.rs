//! Tests of asking providers, with a server on this machine that answers as they document.

#![expect(clippy::unwrap_used, reason = "a helper stops a test as the lines of the test do")]

mod command;
mod hostile;
mod sandbox;
mod server;
mod table;
mod tls;

//! keysweep finds secrets in git repositories and says how to make each one harmless.
//!
//! The modules in layer order; each imports only from those above it (`tests/architecture.rs` checks that):
//!
//! - [`text`]: spans, lines, encodings
//! - [`threads`]: threads, where they can be had
//! - [`rule`], [`rule_set`]: what a secret looks like, and the rules in force
//! - [`finding`]: what a scan says, as plain data
//! - [`detect`]: the pure core, bytes in, detections out
//! - [`suppress`]: which findings do not count, because somebody said so
//! - [`remediation`]: from a finding to a plan
//! - [`proof`]: rules proved against their own examples
//! - [`config`]: settings from a file
//! - [`fs`]: files and folders of our own, files written whole
//! - [`git`]: repositories, read
//! - [`image`]: container images, read
//! - [`source`]: what is to be scanned
//! - [`attribution`]: where in a history something lives
//! - [`scan`]: items in, report out
//! - [`fleet`]: reports of many repositories, put together
//! - [`output`]: reports as text
//! - [`hook`]: git's hooks
//! - [`live`]: providers, asked whether secrets still work; empty without the feature of that name
//! - [`cli`]: the command line
//!
//! The library exists for the binary, its tests, benches and fuzz targets; its interface is not stable.

pub mod text;
pub mod threads;

pub mod rule;
pub mod rule_set;

pub mod finding;

pub mod detect;
pub mod proof;
pub mod remediation;
pub mod suppress;

pub mod config;

pub mod fs;
pub mod git;
pub mod image;
pub mod source;

pub mod attribution;

pub mod scan;

pub mod fleet;

pub mod hook;
pub mod live;
pub mod output;

pub mod cli;

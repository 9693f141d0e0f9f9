//! The program as its users run it: real repositories, real `git commit`, git itself as the oracle.

mod advice;
mod awkward;
mod beside;
mod cache;
mod engine;
mod entra;
mod exact;
mod expired;
mod explain;
mod filled;
mod history;
mod hook;
mod oracle;
mod own_rules;
mod places;
mod plan;
mod published;
mod purge;
mod push;
mod range;
mod report;
mod secrecy;
mod staged;
mod support;
mod verdict;
mod verify;

//! Asks providers whether secrets still work. Without the feature `live` this module is empty.
//!
//! This is the only part of the program that opens a connection, and only `keysweep live` and `verify --revoked` use
//! it. A `request` is made from the data of the rules, so no scanned text can choose its host; `hosts` has those that
//! the user names. The `client` sends it, `answer` reads what comes back, and `ask` respects the limits of a host.

#[cfg(feature = "live")]
pub mod answer;
#[cfg(feature = "live")]
pub mod ask;
#[cfg(feature = "live")]
pub mod client;
#[cfg(feature = "live")]
pub mod hosts;
#[cfg(feature = "live")]
pub mod request;
#[cfg(feature = "live")]
mod sign;

#[cfg(feature = "live")]
pub use hosts::Hosts;
#[cfg(feature = "live")]
pub use request::Prepared;

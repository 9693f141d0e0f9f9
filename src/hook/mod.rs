//! Hooks of git: finding out what is installed, and installing and removing ours without losing anybody else's. And
//! hooks of coding agents.

pub mod agent;
pub mod husky;
pub mod install;
mod keeper;
mod shim;
pub mod tool;

pub use keeper::Keeper;
pub use shim::{Hook, Name, State};

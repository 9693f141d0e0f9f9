//! The shape of a value by itself, and the meaning of the name in front of it.

pub mod account;
pub mod around;
pub mod boundary;
pub mod drawn;
pub mod entropy;
pub mod name;
pub mod placeholder;
pub mod segments;
pub mod shape;
mod vocabulary;
pub mod wordlike;

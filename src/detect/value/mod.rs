//! What a value looks like by itself, and what the name in front of it says.

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

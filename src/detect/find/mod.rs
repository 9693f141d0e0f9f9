//! Finds candidates in a text: keywords in one pass, then the expression or the assignment of each rule that a keyword
//! belongs to; and small texts as a whole.

pub mod assignment;
pub mod lazy_regex;
pub mod pattern;
pub mod prefilter;
pub mod searched;
pub mod whole;
mod wide;

//! The results, for people, programs and a page.

pub mod json;
pub mod svg;
pub mod table;

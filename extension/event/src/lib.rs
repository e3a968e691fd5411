//! `event` turns the bytes of an event into forms of every key and every value, and into coverage.
//! It never fails, never recurses, and never does I/O: untrusted bytes give a partial answer.
#![no_std]
#![cfg_attr(
    not(test),
    deny(
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic
    )
)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod chain;
mod coverage;
mod decode;
mod form;
pub mod layout;
mod path;
mod role;
mod scan;
mod shape;
pub mod sorted;
pub mod source;
mod steps;
mod text;
mod walk;

pub use coverage::{Coverage, Gap};
pub use form::{Classes, Decoder, Form, Part, Role, Span};
pub use path::Path;
pub use shape::Shape;
pub use source::Source;
pub use steps::Steps;
pub use text::unescaped;
pub use walk::{Beside, Heads, Visitor, walk, walk_beside, walk_text, walk_texts};

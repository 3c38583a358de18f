//! The fuzz targets: one function for each parser that bytes of a client reach, which panics if a property does not hold.
//!
//! Each function has two callers.
//! `cargo xtask fuzz` gives it the inputs of libFuzzer, by the package in `fuzz/`, which links this crate with `--cfg fuzzing`.
//! The unit test of this module gives it the files in `fuzz/corpus/<target>/`.
//! Any other build leaves the module out.
//!
//! The targets parse and render. None of them computes a password hash: the cost of a hostile one is its purpose.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a property that does not hold ends the run, and no server is built with this module"
)]

mod body;
mod head;
mod mail;
mod shared;
#[cfg(test)]
mod tests;
mod values;

/// A fuzz target: its name, and what it does with one input.
type Target = (&'static str, fn(&[u8]));

/// All fuzz targets. The corpus of each is in `fuzz/corpus`, in the folder of its name.
pub const TARGETS: [Target; 16] = [
    ("authorization", head::authorization),
    ("body", body::body),
    ("cookie", head::cookie),
    ("csrf", head::csrf),
    ("form", body::form),
    ("forwarded", head::forwarded),
    ("hash", values::hash),
    ("identifier", values::identifier),
    ("json", body::json),
    ("jwt", values::jwt),
    ("language", values::language),
    ("mail", mail::mail),
    ("multipart", body::multipart),
    ("path", head::path),
    ("query", body::query),
    ("redirect", values::redirect),
];

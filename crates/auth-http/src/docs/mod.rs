//! Pages about the routes for the repository, made from the table.

mod markdown;
#[cfg(test)]
mod tests;

pub use markdown::{endpoints_markdown, errors_markdown};

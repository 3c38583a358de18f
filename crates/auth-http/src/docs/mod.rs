//! Pages about the routes, made from the table: Markdown for the repository, HTML for people who use a running server.

mod curl;
mod markdown;
mod page;
mod style;
#[cfg(test)]
mod tests;

pub use markdown::{endpoints_markdown, errors_markdown};
pub use page::reference_page;
pub use style::REFERENCE_PAGE_CSP;

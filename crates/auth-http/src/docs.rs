//! Pages about the routes, made from the table.

use crate::Table;

/// The `Content-Security-Policy` to send [`reference_page`] with.
pub const REFERENCE_PAGE_CSP: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A page in HTML about every route.
#[must_use]
pub fn reference_page(table: &Table) -> String {
    let _ = table;
    String::new()
}

//! Lists in pages.

use uuid::Uuid;

/// The largest page.
const MAX_PAGE: u64 = 100;

/// How many rows a page has: 50 unless the caller says otherwise, at most 100.
pub(crate) fn size(limit: Option<u64>) -> u64 {
    limit.unwrap_or(50).clamp(1, MAX_PAGE)
}

/// Cuts off the row beyond the page, which was read to learn whether there is another page, and returns where that begins.
pub(crate) fn cut<T>(rows: &mut Vec<T>, size: u64, id: impl Fn(&T) -> Uuid) -> Option<Uuid> {
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let more = rows.len() > size;
    rows.truncate(size);
    rows.last().filter(|_| more).map(id)
}

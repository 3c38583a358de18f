//! Changes as values.

use std::time::Duration;

use uuid::Uuid;

/// The longest that anything is remembered without being read again, whatever else is known.
pub(crate) const MEMORY: Duration = Duration::from_secs(60);

/// Whom a change concerns: one account, or everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Concerned(pub(crate) Option<Uuid>);

/// A change that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) number: i64,
    pub(super) concerned: Concerned,
}

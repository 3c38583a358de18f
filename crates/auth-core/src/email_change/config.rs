//! When a new email address counts.

/// When a new email address replaces the old one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum EmailChange {
    /// `PATCH /users/me` acts at once; the owner of the old address can revert it.
    #[default]
    Immediate,
    /// It waits until it is verified.
    Confirm,
}

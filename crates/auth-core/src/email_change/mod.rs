//! A new email address for an account: verified before it counts, and reverted by the owner of the old one if
//! necessary.

mod service;
mod take_back;

pub use service::EmailChanges;
pub(crate) use take_back::Reverts;

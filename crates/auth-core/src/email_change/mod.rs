//! A new address for an account: proved before it counts, and taken back by the owner of the old one if need be.

mod service;
mod take_back;

pub use service::EmailChanges;
pub(crate) use take_back::Reverts;

//! A new address for an account: proved before it counts, and taken back by the owner of the old one if need be.

mod service;

pub use service::EmailChanges;

//! Verification of email addresses: a link that only the owner of the address gets.
//!
//! The first proof makes an account its owner's: every session that began before ends, because it may be that of
//! somebody who registered a foreign address and waited.

mod service;

pub use service::Verification;

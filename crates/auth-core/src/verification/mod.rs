//! Verification of email addresses: by a link that only their owner gets.
//!
//! The first verification makes an account its owner's: every session that began before ends, because it may belong to
//! somebody who registered a foreign address and waited.

mod claim;
mod config;
mod invite;
mod service;

pub(crate) use claim::claim;
pub use config::VerificationConfig;
pub(crate) use invite::{JOB, invite, invite_again, run_job};
pub use service::Verifications;

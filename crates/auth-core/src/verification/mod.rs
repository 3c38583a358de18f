//! Verification of email addresses: by a link that only their owner gets.
//!
//! The first verification makes an account its owner's: every session that began before ends, because it may belong to
//! somebody who registered a foreign address and waited.

mod claim;
mod config;
mod invite;
mod service;

use crate::mail::MailKind;
use crate::one_time::Purpose;

pub(crate) use claim::claim;
pub use config::VerificationConfig;
pub(crate) use invite::{JOB, invite, invite_again, run_job};
pub use invite::{VERIFY, VERIFY_EMAIL};
pub use service::Verifications;

/// The mails that the feature sends.
pub(crate) const MAILS: &[MailKind] = &[VERIFY_EMAIL];

/// What its tokens are for.
pub(crate) const PURPOSES: &[Purpose] = &[VERIFY];

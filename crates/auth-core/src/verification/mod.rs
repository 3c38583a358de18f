//! Verification of email addresses: by a link that only their owner gets.
//!
//! The first verification makes an account its owner's: every session that began before ends, because it may belong to
//! somebody who registered a foreign address and waited.

mod claim;
mod config;
mod invite;
mod service;

use crate::feature::{Feature, JobHandler};

pub(crate) use claim::{claim, open_link};
pub use config::VerificationConfig;
use invite::{JOB, run_job};
pub use invite::{VERIFY, VERIFY_EMAIL};
pub(crate) use invite::{invite, invite_again};
pub use service::Verifications;

/// What the library has to know about the feature.
pub(crate) const FEATURE: Feature = Feature::new("verification", "Verification of email addresses.")
    .mails(&[VERIFY_EMAIL])
    .purposes(&[VERIFY])
    .problems(|configs| configs.verification.problems())
    .jobs(&[JobHandler::new(JOB, VERIFY_EMAIL.name(), run_job)]);

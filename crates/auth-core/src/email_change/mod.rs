//! A new email address for an account: verified before it counts, and reverted by the owner of the old one if need be.

mod config;
mod contested;
mod link;
mod service;

use crate::limit::DeclaredLimit;
use crate::mail::MailKind;
use crate::one_time::Purpose;

pub use config::{EmailChange, EmailChangeConfig};
pub(crate) use contested::{holder_of_verified, owner_by_email};
pub use link::{CONFIRM, CONFIRM_EMAIL, EMAIL_CHANGE_REQUESTED, EMAIL_CHANGED, REVERT};
pub(crate) use link::{JOB, RevertLinks, close_revert_links, queue_revert_mail, request_confirmation, run_job};
pub use service::{EMAIL_CHANGES, EmailChanges};

/// The mails that the feature sends.
pub(crate) const MAILS: &[MailKind] = &[CONFIRM_EMAIL, EMAIL_CHANGE_REQUESTED, EMAIL_CHANGED];

/// What its tokens are for.
pub(crate) const PURPOSES: &[Purpose] = &[CONFIRM, REVERT];

/// The limits that it declares.
pub(crate) const LIMITS: &[DeclaredLimit] = &[EMAIL_CHANGES.declared()];

//! A new password for one that was forgotten, by a link that only the owner of the email address gets (OWASP Forgot
//! Password Cheat Sheet).

mod config;
mod link;
mod service;

use crate::mail::MailKind;
use crate::one_time::Purpose;

pub(crate) use config::LIFETIME;
pub use config::PasswordResetConfig;
pub use link::{RESET, RESET_PASSWORD};
pub(crate) use link::{link, mail};
pub use service::PasswordResets;
pub(crate) use service::{JOB, run_job};

/// The mails that the feature sends.
pub(crate) const MAILS: &[MailKind] = &[RESET_PASSWORD];

/// What its tokens are for.
pub(crate) const PURPOSES: &[Purpose] = &[RESET];

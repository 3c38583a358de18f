//! Logins by mail: a link, and a code for where it cannot be opened.
//!
//! A link that is opened shows a page and acts only when that is confirmed: mail scanners open links too. A login
//! verifies the email address; if that is the first verification, what was set up before is removed. An address without
//! an account gets one if registration is open.

mod config;
mod mail;
mod service;

use crate::limit::DeclaredLimit;
use crate::mail::MailKind;
use crate::one_time::Purpose;

pub use config::MagicLinkConfig;
pub(crate) use mail::{JOB, run_job};
pub use mail::{LOGIN, MAGIC_LINK};
pub use service::{CODE_TRIES, MagicLinkProof, MagicLinks, Preview};

/// The mails that the feature sends.
pub(crate) const MAILS: &[MailKind] = &[MAGIC_LINK];

/// What its tokens are for.
pub(crate) const PURPOSES: &[Purpose] = &[LOGIN];

/// The limits that it declares.
pub(crate) const LIMITS: &[DeclaredLimit] = &[CODE_TRIES.declared()];

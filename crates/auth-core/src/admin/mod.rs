//! Account management for superusers.

mod bootstrap;
mod operator;
mod service;

use crate::mail::MailKind;

pub use bootstrap::Bootstrap;
pub use service::{ACCOUNT_RESET, Admin, AdminChanges, NewUser, Page, PageRequest};

/// The mails that the feature sends.
pub(crate) const MAILS: &[MailKind] = &[ACCOUNT_RESET];

//! Account management for superusers.

mod bootstrap;
mod operator;
mod service;
mod shown;

use crate::feature::Feature;

pub use bootstrap::Bootstrap;
pub use service::{ACCOUNT_RESET, Admin, AdminChanges, NewUser, Page, PageRequest};

/// What the library has to know about the feature.
pub(crate) const FEATURE: Feature =
    Feature::new("admin", "Accounts as superusers manage them.").mails(&[ACCOUNT_RESET]);

//! Account management for superusers.

mod bootstrap;
mod model;
mod notice;
mod operator;
mod service;
mod shown;
mod store;
mod target;

use crate::feature::Feature;

pub use bootstrap::Bootstrap;
pub use model::{AdminChanges, NewUser, Page, PageRequest};
pub use notice::ACCOUNT_RESET;
pub use service::Admin;

/// What the library has to know about the feature.
pub(crate) const FEATURE: Feature =
    Feature::new("admin", "Accounts as superusers manage them.").mails(&[ACCOUNT_RESET]);

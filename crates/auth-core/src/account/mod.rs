//! What an account is: its row, how it is created, changed and deleted, and the hash of its password. Features that act
//! on accounts, such as [`registration`](crate::registration) and [`profile`](crate::profile), stand on top.

pub(crate) mod address;
mod announce;
mod apply;
mod config;
mod draft;
mod hashes;
mod model;
mod notice;
mod purge;
mod remove;
mod service;
pub(crate) mod store;
mod superusers;

use crate::feature::Feature;
use crate::mail::MailKind;

pub use announce::{SUPERUSER_ADDED, SUPERUSER_CHANGED, SUPERUSER_REMOVED};
pub(crate) use apply::SessionsToEnd;
pub use config::AccountConfig;
pub(crate) use draft::Draft;
pub use hashes::HashReport;
pub(crate) use model::{Changes, Credentials};
pub use model::{MAX_DISPLAY_NAME, Updated};
pub use notice::{PASSWORD_CHANGED, PASSWORD_SET};
pub use remove::ACCOUNT_DELETED;
pub use service::Accounts;
pub(crate) use service::refused;
pub(crate) use superusers::{
    ensure_superuser_remains, password_in_doubt, recheck_superuser, require_superuser_in_person,
};

/// What the library has to know about the feature.
pub(crate) const FEATURE: Feature = Feature::new("account", "What an account is.")
    .mails(MAILS)
    .purge(purge::purge)
    .problems(|configs| configs.accounts.problems());

const MAILS: &[MailKind] =
    &[ACCOUNT_DELETED, PASSWORD_CHANGED, PASSWORD_SET, SUPERUSER_ADDED, SUPERUSER_CHANGED, SUPERUSER_REMOVED];

//! What people do with their own accounts: change it, change its password, take its data along, delete it.

mod delete;
mod export;
mod model;
mod notify;
mod password;
mod service;
mod update;

use crate::feature::Feature;

pub use export::EXPORTS;
pub(crate) use export::EXPORTS_AT_ONCE;
pub use model::AccountChanges;
pub(crate) use model::Rights;
pub(crate) use notify::{ChangedBy, notify_owner};
pub use password::PASSWORD_CHANGES;
pub(crate) use password::replace_password;
pub use service::Profiles;
pub use update::PROFILE_CHANGES;

/// What the library has to know about the feature.
pub(crate) const FEATURE: Feature = Feature::new("profile", "The user's own account.").limits(&[
    EXPORTS.declared(),
    PASSWORD_CHANGES.declared(),
    PROFILE_CHANGES.declared(),
]);

//! What features in crates of their own are built on, and the row that tells the library about each.
//!
//! **Unstable**: it follows the needs of this library's own features, and may change with every release.
//!
//! A feature is a [`Feature`]: its name, and functions that check its setting, delete what has expired, export what it
//! holds about a user, and carry its jobs out. Register it with [`AuthBuilder::feature`](crate::AuthBuilder::feature).
//! Its services hold the [`Kernel`], which [`Auth::kernel`](crate::Auth::kernel) hands out, and change state in an
//! [`Effect`].

mod export;
mod row;

pub use export::Export;
pub use row::{CheckSetting, ExportUser, Feature, JobHandler, PurgeExpired, RunJob, Upkeep};

pub use crate::account::store::lock_owner;
pub use crate::configs::Configs;
pub use crate::db::delete_in_batches;
pub use crate::effect::Effect;
pub use crate::kernel::Kernel;
pub use crate::one_time::{Consumed, Family, Issue, OneTimeTokens, Purpose};
pub use crate::session::establish::establish;
pub use crate::session::revoke::{Revocation, revoke};

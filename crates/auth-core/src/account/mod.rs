//! Accounts of people who act for themselves: register, change, leave, take one's data along; and accounts that come
//! from another system.

mod export;
mod guard;
mod import;
mod model;
mod service;
pub(crate) mod store;
mod update;

pub use export::Export;
pub(crate) use guard::{keep_a_superuser, still_superuser};
pub use import::{ImportReport, ImportedAccount, SkipReason};
pub use model::{AccountChanges, NewAccount, Updated};
pub(crate) use model::{Changes, Credentials};
pub use service::Accounts;

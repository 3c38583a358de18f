//! Accounts of people who act for themselves: register, change, leave, take one's data along; and accounts that come
//! from another system.

mod apply;
mod draft;
mod export;
mod guard;
mod import;
mod model;
mod password;
mod pending;
mod service;
pub(crate) mod store;
mod update;

pub(crate) use apply::Ends;
pub(crate) use draft::Draft;
pub use export::Export;
pub(crate) use guard::{keep_a_superuser, still_superuser};
pub use import::{ImportReport, ImportedAccount, SkipReason};
pub use model::{AccountChanges, MAX_DISPLAY_NAME, NewAccount, Registered, Updated};
pub(crate) use model::{Changes, Credentials};
pub(crate) use pending::PendingAccount;
pub use service::Accounts;

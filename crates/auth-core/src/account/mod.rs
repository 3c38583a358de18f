//! Accounts of people who act for themselves: register, change, leave, take one's data along.

mod export;
mod guard;
mod model;
mod service;
pub(crate) mod store;
mod update;

pub use export::Export;
pub(crate) use guard::{keep_a_superuser, still_superuser};
pub use model::{AccountChanges, NewAccount, Updated};
pub(crate) use model::{Changes, Credentials};
pub use service::Accounts;

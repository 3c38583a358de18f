//! What people do with their own accounts: change it, change its password, take its data along, delete it.

mod delete;
mod export;
mod model;
mod notify;
mod password;
mod service;
mod update;

pub use model::AccountChanges;
pub(crate) use notify::notify_owner;
pub use service::Profiles;

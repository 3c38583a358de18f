//! Account management for superusers.

mod bootstrap;
mod operator;
mod service;

pub use bootstrap::Bootstrap;
pub use service::{Admin, AdminChanges, NewUser, Page, PageRequest};

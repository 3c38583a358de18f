//! A new email address for an account: verified before it counts, and reverted by the owner of the old one if need be.

mod config;
mod contested;
mod link;
mod service;

pub use config::{EmailChange, EmailChangeConfig};
pub(crate) use contested::{holder_of_verified, owner_by_email};
pub(crate) use link::{JOB, RevertLinks, close_revert_links, queue_revert_mail, request_confirmation, run_job};
pub use service::EmailChanges;

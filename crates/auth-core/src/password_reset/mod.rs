//! A new password for one that was forgotten, by a link that only the owner of the email address gets (OWASP Forgot
//! Password Cheat Sheet).

mod config;
mod link;
mod service;

pub use config::PasswordResetConfig;
pub(crate) use link::{link, mail};
pub use service::PasswordResets;
pub(crate) use service::{JOB, run_job};

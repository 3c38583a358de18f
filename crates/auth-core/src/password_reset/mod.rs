//! A new password for one that was forgotten, by a link that only the owner of the email address gets (OWASP Forgot
//! Password Cheat Sheet).

mod config;
mod link;
mod service;

use crate::feature::{Feature, JobHandler};

pub(crate) use config::LIFETIME;
pub use config::PasswordResetConfig;
pub use link::{RESET, RESET_PASSWORD};
pub(crate) use link::{link, mail};
pub use service::PasswordResets;
use service::{JOB, run_job};

/// What the library has to know about the feature.
pub(crate) const FEATURE: Feature = Feature::new("password_reset", "New passwords for forgotten ones.")
    .mails(&[RESET_PASSWORD])
    .purposes(&[RESET])
    .problems(|configs| configs.password_reset.problems())
    .jobs(&[JobHandler::new(JOB, RESET_PASSWORD.name(), run_job)]);

//! Logins by mail: a link, and a code for where it cannot be opened.
//!
//! A link that is opened shows a page and acts only when that is confirmed: mail scanners open links too. A login
//! verifies the email address; if that is the first verification, what was set up before is removed. An address without
//! an account gets one if registration is open.

mod config;
mod mail;
mod service;

pub use config::MagicLinkConfig;
pub(crate) use mail::{JOB, run_job};
pub use service::{MagicLinkProof, MagicLinks, Preview};

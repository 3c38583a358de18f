//! Logins by mail: a link, and a code for where it cannot be opened.
//!
//! A link that is opened shows a page and acts only when that is confirmed: mail scanners open links too. A login
//! verifies the email address; what somebody else may have set up before is removed, and a mail says so. An address
//! without an account gets one if registration is open.

mod claim;
mod config;
mod mail;
mod service;
mod wait;
mod waiting;

use crate::feature::{Feature, JobHandler};

pub use claim::{PASSWORD_REMOVED, claim_by_mail};
pub(crate) use config::LONGEST_WAIT;
pub use config::MagicLinkConfig;
use mail::{JOB, run_job};
pub use mail::{LOGIN, MAGIC_LINK};
pub use service::{CODE_TRIES, MagicLinkProof, MagicLinks, Preview};
pub(crate) use wait::MAX_WAITING;
use wait::WAIT;
pub use wait::WaitingDevice;
pub use waiting::{CONFIRM, CONFIRM_LOGIN};

/// What the library has to know about the feature.
pub(crate) const FEATURE: Feature = Feature::new("magic_link", "Passwordless login by email.")
    .mails(&[MAGIC_LINK, CONFIRM_LOGIN, PASSWORD_REMOVED])
    .purposes(&[LOGIN, CONFIRM, WAIT])
    .limits(&[CODE_TRIES.declared()])
    .problems(|configs| configs.magic_link.problems())
    .jobs(&[JobHandler::new(JOB, MAGIC_LINK.name(), run_job)]);

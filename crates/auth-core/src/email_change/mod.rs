//! A new email address for an account: verified before it counts, and reverted by the owner of the old one if need be.

mod config;
mod contested;
mod link;
mod request;
mod service;

use crate::configs::Configs;
use crate::feature::{Feature, JobHandler};
use crate::registration::Registration;

pub use config::{EmailChange, EmailChangeConfig};
pub(crate) use contested::{holder_of_verified, make_room, owner_by_email};
pub use link::{CONFIRM, CONFIRM_EMAIL, EMAIL_CHANGE_REQUESTED, EMAIL_CHANGED, EMAIL_CHANGED_BY_ADMIN, REVERT};
pub(crate) use link::{close_revert_links, has_way_back, queue_revert_mail};
pub(crate) use request::request_confirmation;
use request::{JOB, run_job};
pub use service::{EMAIL_CHANGES, EmailChanges};

/// What the library has to know about the feature.
pub(crate) const FEATURE: Feature = Feature::new("email_change", "New email addresses, and how to revert them.")
    .mails(&[CONFIRM_EMAIL, EMAIL_CHANGE_REQUESTED, EMAIL_CHANGED, EMAIL_CHANGED_BY_ADMIN])
    .purposes(&[CONFIRM, REVERT])
    .limits(&[EMAIL_CHANGES.declared()])
    .problems(problems)
    .jobs(&[JobHandler::new(JOB, CONFIRM_EMAIL.name(), run_job)]);

fn problems(configs: &Configs) -> Vec<String> {
    let mut problems = configs.email_change.problems();
    if configs.email_change.mode == EmailChange::Immediate && configs.registration.mode == Registration::Neutral {
        problems.push(
            "email_change is `Immediate`, which tells whether an address is taken, and registration is `Neutral`, which does \
             not: choose `EmailChange::Confirm`, or another registration"
                .to_owned(),
        );
    }
    problems
}

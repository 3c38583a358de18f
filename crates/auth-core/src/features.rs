//! The one list of features, one row each. What must know all of them (the workers, the purge, the export) reads it.

use crate::feature::{Feature, JobHandler};
use crate::{
    audit, email_change, limit, magic_link, mail, one_time, password_reset, registration, session, verification,
};

/// The features of the library.
pub(crate) const FEATURES: &[Feature] = &[
    Feature::new("registration", "Creating accounts.").jobs(&[JobHandler::new(
        registration::JOB,
        "verify_email",
        registration::run_job,
    )]),
    Feature::new("login", "Logging in with a password."),
    Feature::new("session", "Sessions: the check of a request, the list of sessions, logout.")
        .problems(|configs| configs.sessions.problems())
        .purge(session::purge)
        .export(session::export),
    Feature::new("profile", "The user's own account."),
    Feature::new("verification", "Verification of email addresses.")
        .problems(|configs| configs.verification.problems())
        .jobs(&[JobHandler::new(verification::JOB, "verify_email", verification::run_job)]),
    Feature::new("password_reset", "New passwords for forgotten ones.")
        .problems(|configs| configs.password_reset.problems())
        .jobs(&[JobHandler::new(password_reset::JOB, "reset_password", password_reset::run_job)]),
    Feature::new("email_change", "New email addresses, and how to revert them.")
        .problems(|configs| configs.email_change.problems())
        .jobs(&[JobHandler::new(email_change::JOB, "confirm_email", email_change::run_job)]),
    Feature::new("magic_link", "Passwordless login by email.")
        .problems(|configs| configs.magic_link.problems())
        .jobs(&[JobHandler::new(magic_link::JOB, "magic_link", magic_link::run_job)]),
    Feature::new("admin", "Accounts as superusers manage them."),
    Feature::new("audit", "The log of what happened to accounts.").purge(audit::purge).export(audit::export),
    Feature::new("password", "Password rules and hashing.").problems(|configs| configs.passwords.problems()),
    Feature::new("one_time", "Tokens that may be redeemed once.").purge(one_time::purge),
    Feature::new("limit", "Rate limits.").problems(|configs| configs.limits.problems()).purge(limit::purge),
    Feature::new("mail", "Mail and its outbox.").purge(mail::purge),
];

//! The one list of features, one row each. What must know all of them (the workers, the purge, the export) reads it.

use crate::feature::{Feature, JobHandler};
use crate::mail::MailKind;
use crate::{
    account, admin, audit, email_change, limit, magic_link, mail, one_time, password_reset, registration, session,
    verification,
};

/// The features of the library.
pub(crate) const FEATURES: &[Feature] = &[
    Feature::new("account", "What an account is.").mails(account::MAILS),
    Feature::new("registration", "Creating accounts.")
        .mails(registration::MAILS)
        .purposes(registration::PURPOSES)
        .limits(registration::LIMITS)
        .jobs(&[JobHandler::new(registration::JOB, verification::VERIFY_EMAIL.name(), registration::run_job)]),
    Feature::new("login", "Logging in with a password."),
    Feature::new("session", "Sessions: the check of a request, the list of sessions, logout.")
        .problems(|configs| configs.sessions.problems())
        .purge(session::purge)
        .export(session::export),
    Feature::new("profile", "The user's own account."),
    Feature::new("verification", "Verification of email addresses.")
        .mails(verification::MAILS)
        .purposes(verification::PURPOSES)
        .problems(|configs| configs.verification.problems())
        .jobs(&[JobHandler::new(verification::JOB, verification::VERIFY_EMAIL.name(), verification::run_job)]),
    Feature::new("password_reset", "New passwords for forgotten ones.")
        .mails(password_reset::MAILS)
        .purposes(password_reset::PURPOSES)
        .problems(|configs| configs.password_reset.problems())
        .jobs(&[JobHandler::new(password_reset::JOB, password_reset::RESET_PASSWORD.name(), password_reset::run_job)]),
    Feature::new("email_change", "New email addresses, and how to revert them.")
        .mails(email_change::MAILS)
        .purposes(email_change::PURPOSES)
        .limits(email_change::LIMITS)
        .problems(|configs| configs.email_change.problems())
        .jobs(&[JobHandler::new(email_change::JOB, email_change::CONFIRM_EMAIL.name(), email_change::run_job)]),
    Feature::new("magic_link", "Passwordless login by email.")
        .mails(magic_link::MAILS)
        .purposes(magic_link::PURPOSES)
        .limits(magic_link::LIMITS)
        .problems(|configs| configs.magic_link.problems())
        .jobs(&[JobHandler::new(magic_link::JOB, magic_link::MAGIC_LINK.name(), magic_link::run_job)]),
    Feature::new("admin", "Accounts as superusers manage them.").mails(admin::MAILS),
    Feature::new("audit", "The log of what happened to accounts.").purge(audit::purge).export(audit::export),
    Feature::new("password", "Password rules and hashing.").problems(|configs| configs.passwords.problems()),
    Feature::new("one_time", "Tokens that may be redeemed once.").purge(one_time::purge).limits(one_time::LIMITS),
    Feature::new("limit", "Rate limits.").purge(limit::purge),
    Feature::new("mail", "Mail and its outbox.").purge(mail::purge).limits(mail::LIMITS),
];

/// The mails of these features.
pub(crate) fn mail_kinds(features: &[Feature]) -> Vec<MailKind> {
    features.iter().flat_map(|feature| feature.mails).copied().collect()
}

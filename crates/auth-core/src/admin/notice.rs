//! The mail about a password that others set.

use crate::mail::MailKind;

/// A superuser or the operator set a new password.
pub const ACCOUNT_RESET: MailKind = MailKind::new(
    "account_reset",
    &[("en", include_str!("mail/account_reset.en.jinja")), ("de", include_str!("mail/account_reset.de.jinja"))],
);

//! Mails that several features send about an account.

use crate::mail::MailKind;

/// The password was changed.
pub const PASSWORD_CHANGED: MailKind = MailKind::new(
    "password_changed",
    &[("en", include_str!("mail/password_changed.en.jinja")), ("de", include_str!("mail/password_changed.de.jinja"))],
);

/// An account that had no password got one.
pub const PASSWORD_SET: MailKind = MailKind::new(
    "password_set",
    &[("en", include_str!("mail/password_set.en.jinja")), ("de", include_str!("mail/password_set.de.jinja"))],
);

//! The mails that tell users of a change of their roles.

use crate::mail::MailKind;

/// What the mails name: the role.
const ROLE: &[(&str, &str)] = &[("role", "editor")];

/// An account was granted a role.
pub const ROLE_GRANTED: MailKind = MailKind::new(
    "role_granted",
    &[("en", include_str!("mail/role_granted.en.jinja")), ("de", include_str!("mail/role_granted.de.jinja"))],
)
.uses(ROLE);

/// A role of an account was revoked.
pub const ROLE_REVOKED: MailKind = MailKind::new(
    "role_revoked",
    &[("en", include_str!("mail/role_revoked.en.jinja")), ("de", include_str!("mail/role_revoked.de.jinja"))],
)
.uses(ROLE);

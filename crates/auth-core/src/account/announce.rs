//! Telling superusers what happened to one of them. A stolen session of a superuser creates accomplices, and takes the accounts
//! of the others over: they are the ones who notice it.

use super::store;
use crate::effect::Effect;
use crate::error::Result;
use crate::mail::MailKind;
use crate::user::User;

/// What the mails call the account: its email address or user name.
const ACCOUNT: &[(&str, &str)] = &[("account", "grace@example.org")];

/// An account got the rights of a superuser.
pub const SUPERUSER_ADDED: MailKind = MailKind::new(
    "superuser_added",
    &[("en", include_str!("mail/superuser_added.en.jinja")), ("de", include_str!("mail/superuser_added.de.jinja"))],
)
.uses(ACCOUNT);

/// An account lost them.
pub const SUPERUSER_REMOVED: MailKind = MailKind::new(
    "superuser_removed",
    &[("en", include_str!("mail/superuser_removed.en.jinja")), ("de", include_str!("mail/superuser_removed.de.jinja"))],
)
.uses(ACCOUNT);

/// The password, the email address or the user name of a superuser changed.
pub const SUPERUSER_CHANGED: MailKind = MailKind::new(
    "superuser_changed",
    &[("en", include_str!("mail/superuser_changed.en.jinja")), ("de", include_str!("mail/superuser_changed.de.jinja"))],
)
.uses(ACCOUNT);

/// Mails what became of a superuser to all others, and to the owner of the account unless another mail says so: a deletion, and a
/// new password or email address, have mails of their own. `None` stands for an account that did not exist before, or does not
/// any more.
pub(super) async fn announce(effect: &Effect, before: Option<&User>, after: Option<&User>) -> Result<()> {
    let has_rights = |user: &&User| user.is_superuser && user.is_active;
    let (kind, owner) = match (before.filter(has_rights), after.filter(has_rights)) {
        (None, None) => return Ok(()),
        (None, Some(user)) => (SUPERUSER_ADDED, user),
        (Some(user), None) => (SUPERUSER_REMOVED, user),
        (Some(before), Some(after)) if has_same_login(before, after) => return Ok(()),
        (Some(before), Some(_)) => (SUPERUSER_CHANGED, before),
    };
    let name = owner.email.as_ref().or(owner.username.as_ref()).map_or_else(|| owner.id.to_string(), Clone::clone);
    let message = kind.message().value("account", name);
    let is_told_otherwise = match after {
        Some(after) => kind == SUPERUSER_CHANGED && after.security_epoch != owner.security_epoch,
        None => true,
    };
    if !is_told_otherwise {
        effect.queue_mail_to(owner, message.clone())?;
    }
    for row in store::superusers(effect.tx()).await? {
        if row.id != owner.id {
            effect.queue_mail_by_locale(row, message.clone())?;
        }
    }
    Ok(())
}

/// Whether neither the names nor what a change of credentials moves are different.
fn has_same_login(before: &User, after: &User) -> bool {
    let login = |user: &User| (user.security_epoch, user.email.clone(), user.username.clone());
    login(before) == login(after)
}

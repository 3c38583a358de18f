//! The link of an invitation, and the mail that brings it.

use auth_entity::user::Model;
use uuid::Uuid;

use super::config::LIFETIME;
use crate::account::store;
use crate::effect::Effect;
use crate::error::Result;
use crate::event::EventKind;
use crate::mail::MailKind;
use crate::one_time::{self, Family, Issue, OneTimeTokens, Purpose};
use crate::user::User;

/// The tokens that accept an invitation.
pub const INVITE: Purpose = Purpose::new("invitation", "inv_");

/// An account was created for the reader, who chooses its password.
pub const INVITATION: MailKind = MailKind::new(
    "invitation",
    &[("en", include_str!("mail/invitation.en.jinja")), ("de", include_str!("mail/invitation.de.jinja"))],
)
.carries_link(LIFETIME);

/// Whether an account still waits for its user: it has no password, and nobody has logged in to it.
pub(super) fn is_unused(row: &Model) -> bool {
    row.password_hash.is_none() && row.last_login_at.is_none()
}

/// The same of an account whose row the effect has locked.
pub(crate) async fn awaits_user(effect: &Effect, user: &User) -> Result<bool> {
    if user.last_login_at.is_some() {
        return Ok(false);
    }
    // A user does not have the hash.
    Ok(store::find(effect.tx(), user.id).await?.is_some_and(|row| is_unused(&row)))
}

/// Whether the user of an account that waits was invited, and may still come.
pub(crate) async fn is_invited(effect: &Effect, row: &Model) -> Result<bool> {
    if !is_unused(row) {
        return Ok(false);
    }
    let invitations = one_time::unused(effect.tx(), INVITE, row.id, effect.kernel().now()).await?;
    Ok(invitations.iter().any(|invitation| invitation.sev == Some(row.sev)))
}

/// Mails an invitation on behalf of a superuser, if the account has an email address.
pub(crate) async fn invite(effect: &Effect, user: &User, actor_id: Uuid) -> Result<()> {
    if user.email.is_none() {
        return Ok(());
    }
    let kernel = effect.kernel();
    let config = &kernel.configs().invitation.link;
    let id = user.id.to_string();
    let issue = Issue {
        user: Some(user),
        family: Some(Family::new(&id, effect.client())),
        ..Issue::new(INVITE, config.lifetime)
    };
    let token = OneTimeTokens::new(kernel).issue(effect, issue).await?;
    let message = INVITATION.message().link(kernel.mail_link(config, &token));
    effect.emit(EventKind::Invited { user_id: user.id, actor_id });
    // A superuser answers for the address: the limit of what strangers may have mailed to it does not hold.
    effect.queue_mail(effect.mail_to(user, message)?);
    Ok(())
}

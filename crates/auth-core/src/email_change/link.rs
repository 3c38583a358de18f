//! The links of a changed email address: one to the new address that confirms it, one to the old address that reverts it.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::config::{LIFETIME, REVERT_LIFETIME};
use crate::account::{Changes, address};
use crate::effect::Effect;
use crate::error::{Error, Result};
use crate::identifier::Email;
use crate::mail::MailKind;
use crate::one_time::{self, Issue, OneTimeTokens, Purpose};
use crate::user::User;

/// To the new address: it replaces the old one once it is confirmed.
pub const CONFIRM_EMAIL: MailKind = MailKind::new(
    "confirm_email",
    &[("en", include_str!("mail/confirm_email.en.jinja")), ("de", include_str!("mail/confirm_email.de.jinja"))],
)
.carries_link(LIFETIME);

/// To the old address: somebody asked for a new one, which has to be verified first.
pub const EMAIL_CHANGE_REQUESTED: MailKind = MailKind::new(
    "email_change_requested",
    &[
        ("en", include_str!("mail/email_change_requested.en.jinja")),
        ("de", include_str!("mail/email_change_requested.de.jinja")),
    ],
);

/// To the old address: a superuser replaced it.
pub const EMAIL_CHANGED_BY_ADMIN: MailKind = MailKind::new(
    "email_changed_by_admin",
    &[
        ("en", include_str!("mail/email_changed_by_admin.en.jinja")),
        ("de", include_str!("mail/email_changed_by_admin.de.jinja")),
    ],
);

/// To the old address: it was replaced. The link reverts that, if it was verified or no verified one can come back.
pub const EMAIL_CHANGED: MailKind = MailKind::new(
    "email_changed",
    &[("en", include_str!("mail/email_changed.en.jinja")), ("de", include_str!("mail/email_changed.de.jinja"))],
)
.may_carry_link(REVERT_LIFETIME);

/// The tokens that confirm a new address.
pub const CONFIRM: Purpose = Purpose::new("change_email", "chg_");

/// The tokens that bring the old address back.
pub const REVERT: Purpose = Purpose::new("revert_email", "rev_");

/// What a link holds: the email address that will count, and the epoch of the account that the link came with. Each change of
/// an address has a higher one, whatever the clocks of the servers say.
#[derive(Serialize, Deserialize)]
pub(super) struct LinkData {
    pub(super) email: String,
    pub(super) is_verified: bool,
    pub(super) epoch: i64,
}

impl LinkData {
    pub(super) fn into_json(self) -> Result<Value> {
        serde_json::to_value(self).map_err(Error::internal)
    }

    pub(super) fn email(&self) -> Result<Email> {
        Email::parse(&self.email).map_err(Error::internal)
    }

    pub(super) fn changes(&self) -> Result<Changes> {
        Ok(Changes { email: Some(Some(self.email()?)), is_verified: Some(self.is_verified), ..Changes::default() })
    }
}

/// Tells the old address that it was replaced, with a link that reverts the change unless it was never verified and another one
/// of the account was. As long as the link lives, nobody else can have an address that was verified.
pub(crate) async fn queue_revert_mail(effect: &Effect, before: &User, after: &User) -> Result<()> {
    let Some(former) = &before.email else { return Ok(()) };
    let kernel = effect.kernel();
    // An address that was never verified is worth nothing against one that was, now or before.
    let is_verified = |link: &RevertLink| link.data.is_verified;
    if !before.is_verified && (after.is_verified || revert_links(effect, before.id).await?.iter().any(is_verified)) {
        return effect.queue_mail_to(before, EMAIL_CHANGED);
    }
    let config = &kernel.configs().email_change.revert_link;
    let data = LinkData { email: former.clone(), is_verified: before.is_verified, epoch: after.security_epoch };
    let issue = Issue {
        user: Some(after),
        // An attacker who took the account over changes more than the address.
        outlives_changes: true,
        data: Some(data.into_json()?),
        ..Issue::new(REVERT, config.lifetime)
    };
    let token = OneTimeTokens::new(kernel).issue(effect, issue).await?;
    if before.is_verified {
        let email = Email::parse(former).map_err(Error::internal)?;
        address::reserve(effect.tx(), email.key(), before.id, kernel.now() + config.lifetime).await?;
    }
    let revert_link = kernel.mail_link(config, &token);
    effect.queue_mail_to(before, EMAIL_CHANGED.message().link(revert_link))
}

/// A link to an old address.
pub(super) struct RevertLink {
    pub(super) id: Uuid,
    pub(super) data: LinkData,
}

/// The links to old addresses whose time is not over, the oldest first. After a restore they do not work any more, and the
/// addresses stay reserved.
pub(super) async fn revert_links(effect: &Effect, user_id: Uuid) -> Result<Vec<RevertLink>> {
    let rows = one_time::unused(effect.tx(), REVERT, user_id, effect.kernel().now()).await?;
    let mut links = rows
        .into_iter()
        .map(|row| {
            let data = serde_json::from_value(row.data.map(|data| data.0).unwrap_or_default());
            Ok(RevertLink { id: row.id, data: data.map_err(Error::internal)? })
        })
        .collect::<Result<Vec<RevertLink>>>()?;
    links.sort_unstable_by_key(|link| link.data.epoch);
    Ok(links)
}

/// Whether somebody may go back to a former address of an account.
pub(crate) async fn has_way_back(effect: &Effect, user_id: Uuid) -> Result<bool> {
    Ok(!revert_links(effect, user_id).await?.is_empty())
}

/// Makes the links to old addresses void.
pub(crate) async fn close_revert_links(effect: &Effect, user_id: Uuid) -> Result<()> {
    let ids: Vec<Uuid> = revert_links(effect, user_id).await?.into_iter().map(|link| link.id).collect();
    if ids.is_empty() {
        return Ok(());
    }
    one_time::delete(effect.tx(), ids).await?;
    address::end_reservations(effect.tx(), user_id, &[]).await
}

/// Ends the reservations of addresses that no link leads back to any more.
pub(super) async fn end_reservations(effect: &Effect, user_id: Uuid) -> Result<()> {
    let links = revert_links(effect, user_id).await?;
    let emails = links.iter().filter(|link| link.data.is_verified).map(|link| link.data.email());
    let keep = emails.map(|email| Ok(email?.key().to_owned())).collect::<Result<Vec<_>>>()?;
    address::end_reservations(effect.tx(), user_id, &keep).await
}

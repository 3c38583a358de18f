//! Deleting an account, whoever asks for it.

use std::sync::Arc;

use time::OffsetDateTime;
use uuid::Uuid;

use super::announce::announce;
use super::{Accounts, Changes, SessionsToEnd, address, ensure_superuser_remains, recheck_superuser, store};
use crate::client::Client;
use crate::effect::Effect;
use crate::error::{ErrorCode, Result};
use crate::event::EventKind;
use crate::hooks::Action;
use crate::mail::MailKind;
use crate::session::forget::forget_epochs;
use crate::user::User;
use crate::{audit, one_time};

/// The account was deleted.
pub const ACCOUNT_DELETED: MailKind = MailKind::new(
    "account_deleted",
    &[("en", include_str!("mail/account_deleted.en.jinja")), ("de", include_str!("mail/account_deleted.de.jinja"))],
);

impl Accounts<'_> {
    /// Deletes an account on behalf of `actor`: their own, or anybody's if they still are a superuser. One's own is deleted
    /// [later](Self::delete_later) while somebody may go back to a verified address.
    pub(crate) async fn remove(&self, id: Uuid, actor: &User, client: &Client) -> Result<()> {
        let kernel = self.kernel;
        kernel
            .effect(client, |effect| async move {
                let user = if id == actor.id {
                    actor.clone()
                } else {
                    recheck_superuser(effect.tx(), actor).await?;
                    let row = store::find_for_update(effect.tx(), id).await?.ok_or(ErrorCode::NotFound)?;
                    effect.use_locale_of(row.locale.as_deref());
                    row.into()
                };
                ensure_superuser_remains(effect.tx(), &user).await?;
                if id == actor.id
                    && let Some(until) = address::reserved_until(effect.tx(), id, kernel.now()).await?
                {
                    return self.delete_later(&effect, &user, until).await;
                }
                self.delete_as(&effect, &user, Some(actor.id)).await
            })
            .await
    }

    /// Deletes an account as a part of an effect, and tells its owner.
    pub(crate) async fn delete_as(&self, effect: &Effect, user: &User, actor_id: Option<Uuid>) -> Result<()> {
        self.delete_quietly(effect, user, actor_id).await?;
        effect.queue_mail_to(user, ACCOUNT_DELETED)
    }

    async fn delete_quietly(&self, effect: &Effect, user: &User, actor_id: Option<Uuid>) -> Result<()> {
        effect.run_hook(Action::DeleteUser { user }).await?;
        let addresses = address::verified(effect.tx(), user).await?;
        if !store::delete(effect.tx(), user.id, user.security_epoch).await? {
            return Err(ErrorCode::Unauthorized.into());
        }
        forget_epochs(effect, user.id, user.security_epoch, None)?;
        announce(effect, Some(user), None).await?;
        // What was mailed before there was an account does not refer to it: registrations that wait, links that log in.
        one_time::delete_mailed_to(effect.tx(), &addresses).await?;
        audit::forget_clients(effect, user.id).await?;
        effect.emit(EventKind::UserDeleted { user_id: user.id, actor_id });
        Ok(())
    }

    /// Closes an account until the change of its email address cannot be reverted any more, and then deletes it: the deletion may
    /// be asked for by somebody who has stolen it.
    async fn delete_later(&self, effect: &Effect, user: &User, at: OffsetDateTime) -> Result<()> {
        let changes = Changes { is_active: Some(false), delete_at: Some(Some(at)), ..Changes::default() };
        self.apply(effect, user, &changes, SessionsToEnd::All, ErrorCode::UpdateUserEmailAlreadyExists).await?;
        effect.emit(EventKind::DeletionScheduled { user_id: user.id });
        Ok(())
    }

    /// Deletes an account whose time has come; whether there was one.
    pub(super) async fn delete_due(&self, id: Uuid) -> Result<bool> {
        let kernel = self.kernel;
        let delete = |effect: Arc<Effect>| async move {
            let row = store::find_for_update(effect.tx(), id).await?;
            let Some(row) = row.filter(|row| !row.is_active && row.delete_at.is_some_and(|at| at.0 <= kernel.now()))
            else {
                return Ok(false);
            };
            effect.use_locale_of(row.locale.as_deref());
            self.delete_as(&effect, &row.into(), Some(id)).await.map(|()| true)
        };
        kernel.effect(&Client::default(), delete).await
    }

    /// Deletes an account that nobody verified or used, if that is still so; whether it was.
    pub(super) async fn delete_unused(&self, id: Uuid, since: OffsetDateTime) -> Result<bool> {
        let delete = |effect: Arc<Effect>| async move {
            let row = store::find_for_update(effect.tx(), id).await?;
            let Some(row) = row.filter(|row| store::is_unused(row, since)) else { return Ok(false) };
            self.delete_quietly(&effect, &row.into(), None).await.map(|()| true)
        };
        self.kernel.effect(&Client::default(), delete).await
    }
}

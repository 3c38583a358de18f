//! Deleting an account, whoever asks for it.

use uuid::Uuid;

use super::{Accounts, ensure_superuser_remains, recheck_superuser, store};
use crate::audit;
use crate::client::Client;
use crate::error::{ErrorCode, Result};
use crate::event::EventKind;
use crate::hooks::Action;
use crate::mail::MailKind;
use crate::user::User;

/// The account was deleted.
pub const ACCOUNT_DELETED: MailKind = MailKind::new(
    "account_deleted",
    &[("en", include_str!("mail/account_deleted.en.jinja")), ("de", include_str!("mail/account_deleted.de.jinja"))],
);

impl Accounts<'_> {
    /// Deletes an account on behalf of `actor`: their own, or anybody's if they still are a superuser.
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
                effect.run_hook(Action::DeleteUser { user: &user }).await?;
                if !store::delete(effect.tx(), user.id, user.security_epoch).await? {
                    return Err(ErrorCode::Unauthorized.into());
                }
                audit::store::forget_clients(effect.tx(), id).await?;
                effect.emit(EventKind::UserDeleted { user_id: id, actor_id: Some(actor.id) });
                effect.queue_mail_to(&user, ACCOUNT_DELETED)
            })
            .await
    }
}

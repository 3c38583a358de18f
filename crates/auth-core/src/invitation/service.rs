//! Sending an invitation again, and accepting it.

use auth_entity::user::Model;
use uuid::Uuid;

use super::link::{INVITE, awaits_user, invite, is_unused};
use crate::account::{Accounts, Changes, SessionsToEnd, recheck_superuser, require_superuser_in_person, store};
use crate::client::Client;
use crate::error::{Error, ErrorCode, Result};
use crate::event::EventKind;
use crate::kernel::Kernel;
use crate::limit::{Limit, Rate};
use crate::one_time::OneTimeTokens;
use crate::password::Password;
use crate::principal::Principal;
use crate::user::User;

/// How often an account may be sent its invitation again.
pub const INVITATIONS: Limit<Uuid> = Limit::new("invitations", &[Rate::per_hour(5)]);

const BAD: ErrorCode = ErrorCode::InvitationBadToken;

/// The service of invitations.
#[derive(Clone, Copy, Debug)]
pub struct Invitations<'a> {
    kernel: &'a Kernel,
}

impl<'a> Invitations<'a> {
    pub(crate) fn new(kernel: &'a Kernel) -> Self {
        Self { kernel }
    }

    /// Mails an invitation to an account that waits for its user, once more.
    ///
    /// # Errors
    /// Fails with `REAUTHENTICATION_REQUIRED` without a recent login, `Not Found`, `ALREADY_ACTIVE` when the account has a password or was used, [`Error::Invalid`] when it is
    /// inactive or has no email address, `RATE_LIMITED`, `Unauthorized` when the actor lost the role in the meantime, and
    /// when the database does.
    #[tracing::instrument(
        name = "invitation.send", target = "auth::service", level = "debug",
        skip_all, fields(actor_id = %actor.user.id, %id)
    )]
    pub async fn send(&self, actor: &Principal, id: Uuid, client: &Client) -> Result<()> {
        let client = &client.clone().acting_as(actor.user.id);
        let kernel = self.kernel;
        require_superuser_in_person(kernel, actor)?;
        guest(store::find(kernel.db(), id).await?)?;
        kernel.limiter().take(&INVITATIONS.of(&id), client).await?;
        kernel
            .effect(client, |effect| async move {
                recheck_superuser(effect.tx(), &actor.user).await?;
                let row = guest(store::find_for_update(effect.tx(), id).await?)?;
                effect.use_locale_of(row.locale.as_deref());
                invite(&effect, &row.into(), actor.user.id).await
            })
            .await
    }

    /// Redeems an invitation: the account gets its password, and its email address is verified. No session begins. A
    /// password that the policy refuses does not cost the link.
    ///
    /// # Errors
    /// Fails with `INVITATION_BAD_TOKEN`, also when the account was used in the meantime,
    /// `RESET_PASSWORD_INVALID_PASSWORD` with a reason, `RATE_LIMITED`, when a hook refuses, and when the database does.
    #[tracing::instrument(name = "invitation.accept", target = "auth::service", level = "debug", skip_all)]
    pub async fn accept(&self, token: &str, password: Password, client: &Client) -> Result<User> {
        let kernel = self.kernel;
        let (tokens, accounts) = (OneTimeTokens::new(kernel), Accounts::new(kernel));
        tokens.admit(token, client).await?;
        // Hashing is for those who have a link.
        let known = tokens.peek(INVITE, token, None).await?.and_then(|token| token.user_id).ok_or(BAD)?;
        let row = store::find(kernel.db(), known).await?.filter(is_unused).ok_or(BAD)?;
        let context = kernel.policy_context(Some(&row.into()), &[]);
        let hash = accounts.hash_new(password, context, ErrorCode::ResetPasswordInvalidPassword, client).await?;
        let changes = &Changes { is_verified: Some(true), ..Changes::confirmed_password(hash) };
        kernel
            .effect(client, |effect| async move {
                let consumed = tokens.consume(&effect, INVITE, token, None).await?.ok_or(BAD)?;
                let user = store::lock_owner(&effect, &consumed).await?.ok_or(BAD)?;
                if !(user.is_active && awaits_user(&effect, &user).await?) {
                    return Err(BAD.into());
                }
                let updated = accounts.apply(&effect, &user, changes, SessionsToEnd::All, BAD).await?;
                if !user.is_verified {
                    effect.emit(EventKind::Verified { user_id: user.id });
                }
                effect.emit(EventKind::InvitationAccepted { user_id: user.id });
                Ok(updated.user)
            })
            .await
    }
}

/// The account of somebody who can be invited: it waits for its user, could be used, and mail reaches it.
fn guest(row: Option<Model>) -> Result<Model> {
    let refuse = |field, message: &str| Err(Error::Invalid { field, kind: "value_error", message: message.to_owned() });
    let row = row.ok_or(ErrorCode::NotFound)?;
    if !is_unused(&row) {
        return Err(ErrorCode::AlreadyActive.into());
    }
    if !row.is_active {
        return refuse("is_active", "activate the account before you invite its user");
    }
    if row.email.is_none() {
        return refuse("email", "give the account an email address before you invite its user");
    }
    Ok(row)
}

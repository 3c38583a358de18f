//! Asking for a new email address, confirming it, reverting it.

use uuid::Uuid;

use super::contested::{Closed, close_later, make_room, revert, way_back};
use super::link::{CONFIRM, REVERT};
use super::link::{LinkData, queue_revert_mail};
use super::request::request_confirmation;
use crate::account::{Accounts, Updated, store};
use crate::client::Client;
use crate::effect::Effect;
use crate::error::{Error, ErrorCode, Result};
use crate::event::EventKind;
use crate::gate::PasswordGate;
use crate::identifier::Email;
use crate::kernel::Kernel;
use crate::limit::{Limit, Rate};
use crate::mail::request::take_of_client;
use crate::one_time::{OneTimeTokens, Purpose};
use crate::password::Password;
use crate::principal::Principal;
use crate::user::User;
use crate::verification::open_link;

const BAD: ErrorCode = ErrorCode::ChangeEmailBadToken;

/// New addresses that an account asks for.
pub const EMAIL_CHANGES: Limit<Uuid> = Limit::new("email_changes", &[Rate::per_hour(5)]);

/// The service for new addresses.
#[derive(Clone, Copy, Debug)]
pub struct EmailChanges<'a> {
    kernel: &'a Kernel,
}

impl<'a> EmailChanges<'a> {
    pub(crate) fn new(kernel: &'a Kernel) -> Self {
        Self { kernel }
    }

    /// Has a link mailed to the new address, and word to the old one. Nothing changes before the link is opened, and
    /// nothing is said about whether somebody else has the address.
    ///
    /// # Errors
    /// Fails with `REAUTHENTICATION_REQUIRED` when the login is not recent and no password is given,
    /// `REAUTHENTICATION_FAILED` for a wrong one, `RATE_LIMITED`, and when the database does.
    #[tracing::instrument(
        name = "email_change.request", target = "auth::service", level = "debug",
        skip_all, fields(user_id = %principal.user.id)
    )]
    pub async fn request(
        &self,
        principal: &Principal,
        email: &Email,
        password: Option<Password>,
        client: &Client,
    ) -> Result<()> {
        let client = &client.clone().acting_as(principal.user.id);
        let accounts = Accounts::new(self.kernel);
        match password {
            None => accounts.require_recent(principal)?,
            Some(password) => {
                let checked = PasswordGate::new(self.kernel).check_own(principal, password, client).await?;
                if !checked.is_right() {
                    checked.failed(EventKind::ReauthenticationFailed { user_id: principal.user.id });
                    return Err(ErrorCode::ReauthenticationFailed.into());
                }
                checked.passed().await;
            }
        }
        let kernel = self.kernel;
        kernel.limiter().take(&EMAIL_CHANGES.of(&principal.user.id), client).await?;
        take_of_client(kernel, email, client).await?;
        kernel.effect(client, |effect| async move { request_confirmation(&effect, &principal.user, email) }).await
    }

    /// Redeems the link: the new address replaces the old one and counts as verified. An account that has the address and never
    /// verified it loses it. Every session of the account ends except `current`, if it belongs to the account; without one the
    /// password has to be [confirmed](crate::login) as after a [verification](crate::verification).
    ///
    /// # Errors
    /// Fails with `CHANGE_EMAIL_BAD_TOKEN`, `UPDATE_USER_EMAIL_ALREADY_EXISTS` when another account has verified the address
    /// or may go back to it, `RATE_LIMITED`, when a hook refuses, and when the database does.
    #[tracing::instrument(name = "email_change.confirm", target = "auth::service", level = "debug", skip_all)]
    pub async fn confirm(&self, token: &str, current: Option<&Principal>, client: &Client) -> Result<Updated> {
        let kernel = self.kernel;
        OneTimeTokens::new(kernel).admit(token, client).await?;
        kernel
            .effect(client, |effect| async move {
                let (user, data) = redeem(&effect, CONFIRM, token).await?;
                if !user.is_active {
                    return Err(BAD.into());
                }
                make_room(&effect, &data.email()?, Some(&user), ErrorCode::UpdateUserEmailAlreadyExists).await?;
                let updated = open_link(&effect, &user, data.changes()?, current).await?;
                effect.emit(EventKind::EmailChanged { user_id: user.id, actor_id: Some(user.id) });
                queue_revert_mail(&effect, &user, &updated.user).await?;
                Ok(updated)
            })
            .await
    }

    /// Reverts a change: the old address counts again, every session ends, and the password is gone, because somebody
    /// who is not the owner knew it. A link to a new one is mailed to the old address. Later changes can no longer be reverted:
    /// their links are in the hands of whoever made them.
    ///
    /// # Errors
    /// Fails with `CHANGE_EMAIL_BAD_TOKEN`, `UPDATE_USER_EMAIL_ALREADY_EXISTS` when the address was never verified and another
    /// account has it by now, `RATE_LIMITED`, when a hook refuses, and when the database does.
    #[tracing::instrument(name = "email_change.revert", target = "auth::service", level = "debug", skip_all)]
    pub async fn revert(&self, token: &str, client: &Client) -> Result<User> {
        let kernel = self.kernel;
        OneTimeTokens::new(kernel).admit(token, client).await?;
        kernel
            .effect(client, |effect| async move {
                let (user, data) = redeem(&effect, REVERT, token).await?;
                // An address that was never verified is worth nothing against one that was since.
                if !data.is_verified && (user.is_verified || way_back(&effect, &user).await?.is_some()) {
                    return Err(BAD.into());
                }
                // The owner may go back from a deletion, and not from being locked out.
                if !user.is_active && user.delete_at.is_none() {
                    return Err(BAD.into());
                }
                // The link was mailed to that address, so that opening it verifies the address.
                make_room(&effect, &data.email()?, Some(&user), ErrorCode::UpdateUserEmailAlreadyExists).await?;
                let reverted = revert(&effect, &user, &data, Closed::Reopened).await?;
                close_later(&effect, user.id, &data).await?;
                Ok(reverted)
            })
            .await
    }
}

/// Redeems a link: the account that it acts on, locked, and what the link holds.
async fn redeem(effect: &Effect, purpose: Purpose, token: &str) -> Result<(User, LinkData)> {
    let consumed = OneTimeTokens::new(effect.kernel()).consume(effect, purpose, token, None).await?.ok_or(BAD)?;
    let user = store::lock_owner(effect, &consumed).await?.ok_or(BAD)?;
    let data = consumed.data.map(serde_json::from_value).transpose().map_err(Error::internal)?.ok_or(BAD)?;
    Ok((user, data))
}

//! Asking for a new address, confirming it, taking it back.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::account::{Changes, Ends, Updated, store};
use crate::effect::Effect;
use crate::identifier::{Email, LoginName};
use crate::kernel::Kernel;
use crate::limit::Bucket;
use crate::mail::{Mail, MailKind, Order};
use crate::one_time::{Issue, Purpose};
use crate::password::Password;
use crate::{Accounts, Audit, Client, Error, ErrorCode, EventKind, OneTimeTokens, Principal, Result, User};

/// How long the new address may take to prove itself, and the owner of the old one to object.
const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);
const REVERT_LIFETIME: Duration = Duration::from_secs(72 * 60 * 60);

const BAD: ErrorCode = ErrorCode::ChangeEmailBadToken;
pub(super) const TAKEN: ErrorCode = ErrorCode::UpdateUserEmailAlreadyExists;

/// What a link remembers: the address that will count.
#[derive(Serialize, Deserialize)]
pub(super) struct Memory {
    email: String,
    pub(super) is_verified: bool,
}

impl Memory {
    fn into_json(self) -> Result<Value> {
        serde_json::to_value(self).map_err(Error::internal)
    }

    pub(super) fn email(&self) -> Result<Email> {
        Email::parse(&self.email).map_err(Error::internal)
    }

    pub(super) fn changes(&self) -> Result<Changes> {
        Ok(Changes { email: Some(self.email()?), is_verified: Some(self.is_verified), ..Changes::default() })
    }
}

/// A link that was redeemed.
struct Redeemed {
    user: User,
    memory: Memory,
    issued_at: OffsetDateTime,
}

/// The service for new addresses.
#[derive(Clone, Copy, Debug)]
pub struct EmailChanges<'a> {
    pub(super) kernel: &'a Kernel,
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
    pub async fn request(
        &self,
        principal: &Principal,
        email: &Email,
        password: Option<Password>,
        client: &Client,
    ) -> Result<()> {
        let accounts = Accounts::new(self.kernel);
        match password {
            None => accounts.require_recent(principal)?,
            Some(password) => {
                if !accounts.is_current_password(&principal.user, password).await? {
                    let user_id = principal.user.id;
                    Audit::new(self.kernel).note(client, EventKind::PasswordChangeFailed { user_id });
                    return Err(ErrorCode::ReauthenticationFailed.into());
                }
            }
        }
        let kernel = self.kernel;
        kernel.limiter().take(Bucket::EmailChanges(principal.user.id), client).await?;
        kernel
            .effect(client, |effect| async move { EmailChanges::new(kernel).ask(&effect, &principal.user, email) })
            .await
    }

    /// Leaves the order for the link, and sends word to the old address.
    pub(crate) fn ask(&self, effect: &Effect, user: &User, email: &Email) -> Result<()> {
        effect.record(EventKind::EmailChangeRequested { user_id: user.id });
        effect.order(Order::ConfirmEmail { user_id: user.id, sev: user.sev, email: email.as_str().to_owned() });
        effect.tell(user, MailKind::EmailChangeRequested)?;
        Ok(())
    }

    pub(crate) async fn compose(&self, effect: &Effect, user_id: Uuid, sev: i64, email: &str) -> Result<Option<Mail>> {
        let kernel = self.kernel;
        let email = Email::parse(email).map_err(Error::internal)?;
        let user = store::find(effect.tx(), user_id).await?.map(User::from);
        let Some(user) = user.filter(|user| user.is_active && user.sev == sev) else { return Ok(None) };
        if store::find_by_name(effect.tx(), &LoginName::Email(email.key().to_owned())).await?.is_some() {
            return Ok(None);
        }
        let slot = user.id.to_string();
        let issue = Issue {
            user: Some(&user),
            slot: Some(&slot),
            data: Some(Memory { email: email.as_str().to_owned(), is_verified: true }.into_json()?),
            ..Issue::new(Purpose::ChangeEmail, LIFETIME)
        };
        let token = OneTimeTokens::new(kernel).issue(effect, issue).await?;
        let link = kernel.mail_link("change-email/confirm", &token, LIFETIME);
        effect.write(email.as_str(), user.display_name.as_deref(), MailKind::ConfirmEmail { link }).map(Some)
    }

    /// Redeems the link: the new address replaces the old one, verified. Ends every session of the account
    /// except `current`, if it belongs to the account.
    ///
    /// # Errors
    /// Fails with `CHANGE_EMAIL_BAD_TOKEN`, `UPDATE_USER_EMAIL_ALREADY_EXISTS` when the address was taken in the
    /// meantime, `RATE_LIMITED`, when a hook refuses, and when the database does.
    pub async fn confirm(&self, token: &str, current: Option<&Principal>, client: &Client) -> Result<Updated> {
        let kernel = self.kernel;
        kernel.limiter().take(Bucket::TokenTries(client), client).await?;
        kernel
            .effect(client, |effect| async move {
                let Redeemed { user, memory, .. } =
                    EmailChanges::new(kernel).redeem(&effect, Purpose::ChangeEmail, token).await?;
                let changes = memory.changes()?;
                let keep = current.filter(|current| current.user.id == user.id).map(|current| &current.session);
                let updated = Accounts::new(kernel).apply(&effect, &user, &changes, Ends::all_but(keep), TAKEN).await?;
                effect.record(EventKind::EmailChanged { user_id: user.id, actor_id: Some(user.id) });
                EmailChanges::new(kernel).tell_former(&effect, &user, &updated.user).await?;
                Ok(updated)
            })
            .await
    }

    /// Tells the old address that it was replaced, with a link that takes that back.
    pub(crate) async fn tell_former(&self, effect: &Effect, before: &User, after: &User) -> Result<()> {
        let Some(former) = &before.email else { return Ok(()) };
        let issue = Issue {
            user: Some(after),
            // An attacker who took the account over changes more than the address.
            outlives_changes: true,
            data: Some(Memory { email: former.clone(), is_verified: before.is_verified }.into_json()?),
            ..Issue::new(Purpose::RevertEmail, REVERT_LIFETIME)
        };
        let token = OneTimeTokens::new(self.kernel).issue(effect, issue).await?;
        let revert_link = self.kernel.mail_link("change-email/revert", &token, REVERT_LIFETIME);
        effect.tell(before, MailKind::EmailChanged { revert_link: Some(revert_link) })?;
        Ok(())
    }

    /// Takes a change back: the old address counts again, every session ends, and the password is gone, because
    /// somebody who is not the owner knew it. A link to a new one is mailed to the old address. Later changes can no
    /// longer be reverted: their links may be in the hands of an attacker.
    ///
    /// # Errors
    /// Fails with `CHANGE_EMAIL_BAD_TOKEN`, `UPDATE_USER_EMAIL_ALREADY_EXISTS` when another account has the address by
    /// now, `RATE_LIMITED`, when a hook refuses, and when the database does.
    pub async fn revert(&self, token: &str, client: &Client) -> Result<User> {
        let kernel = self.kernel;
        kernel.limiter().take(Bucket::TokenTries(client), client).await?;
        kernel
            .effect(client, |effect| async move {
                let Redeemed { user, memory, issued_at } =
                    EmailChanges::new(kernel).redeem(&effect, Purpose::RevertEmail, token).await?;
                EmailChanges::new(kernel).make_room(&effect, &user, &memory, issued_at).await?;
                EmailChanges::new(kernel).take_back(&effect, &user, &memory, issued_at).await
            })
            .await
    }

    /// Redeems a link: the account that it acts on, locked, and what the link remembers.
    async fn redeem(&self, effect: &Effect, purpose: Purpose, token: &str) -> Result<Redeemed> {
        let consumed = OneTimeTokens::new(self.kernel).consume(effect, purpose, token, None).await?.ok_or(BAD)?;
        let user = OneTimeTokens::new(self.kernel).owner(effect, &consumed).await?.ok_or(BAD)?;
        if !user.is_active {
            return Err(BAD.into());
        }
        let memory = consumed.data.map(serde_json::from_value).transpose().map_err(Error::internal)?.ok_or(BAD)?;
        Ok(Redeemed { user, memory, issued_at: consumed.created_at })
    }
}

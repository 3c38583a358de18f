//! Registration that does not reveal whether an address is taken: the account is created once the address is verified.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::draft::Draft;
use super::{Accounts, Registered, store};
use crate::effect::Effect;
use crate::identifier::{Email, LoginName, Username};
use crate::mail::{Language, Mail, MailKind, Order};
use crate::one_time::{Issue, Purpose};
use crate::{Client, EmailChanges, Error, ErrorCode, EventKind, OneTimeTokens, PasswordResets, Result, User};

/// How long the link of a registration works.
const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// An account that is created once its email address is verified. Of several attempts at one address, the one wins
/// whose link is opened, with its own password.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct PendingAccount {
    email: String,
    username: Option<String>,
    display_name: Option<String>,
    attributes: Value,
    password_hash: Option<String>,
    locale: Option<Language>,
}

impl From<Draft> for PendingAccount {
    fn from(draft: Draft) -> Self {
        let Draft { email, username, display_name, attributes, password_hash, locale, .. } = draft;
        Self {
            email: email.map(|email| email.as_str().to_owned()).unwrap_or_default(),
            username: username.map(|name| name.as_str().to_owned()),
            display_name,
            attributes,
            password_hash,
            locale,
        }
    }
}

impl PendingAccount {
    /// The address that is not verified yet.
    pub(crate) fn email(&self) -> &str {
        &self.email
    }

    /// The account, with its email address verified.
    fn into_draft(self) -> Result<Draft> {
        Ok(Draft {
            email: Some(Email::parse(&self.email).map_err(Error::internal)?),
            username: self.username.map(|name| Username::parse(&name)).transpose().map_err(Error::internal)?,
            display_name: self.display_name,
            attributes: self.attributes,
            password_hash: self.password_hash,
            locale: self.locale,
            is_verified: true,
            ..Draft::default()
        })
    }
}

impl Accounts<'_> {
    /// Puts a registration aside: the same statement whether the address is taken or not. User names are public, so that
    /// one that is taken can be told at once.
    pub(super) async fn register_later(&self, draft: Draft, client: &Client) -> Result<Registered> {
        if let Some(username) = &draft.username {
            let name = LoginName::Username(username.key().to_owned());
            if store::find_by_name(self.kernel.db(), &name).await?.is_some() {
                return Err(ErrorCode::UsernameAlreadyExists.into());
            }
        }
        self.kernel.leave_order(Order::Register { account: Box::new(draft.into()) }, client).await?;
        Ok(Registered::Pending)
    }

    /// The mail of such a registration: a link that makes the account, or word to the owner that there is one.
    pub(crate) async fn compose_registration(&self, effect: &Effect, account: &PendingAccount) -> Result<Option<Mail>> {
        let kernel = self.kernel;
        let email = Email::parse(&account.email).map_err(Error::internal)?;
        if let Some(user) = EmailChanges::new(kernel).owner_by_mailbox(effect.tx(), email.key()).await? {
            effect.record(EventKind::RegisterDuplicate);
            if !user.is_active {
                return Ok(None);
            }
            let reset_link = PasswordResets::new(kernel).link(effect, &user).await?;
            return effect.write_to(&user, MailKind::AlreadyRegistered { reset_link: Some(reset_link) });
        }
        let data = serde_json::to_value(account).map_err(Error::internal)?;
        // No slot: a newer attempt must not take the link of an older one away.
        let issue = Issue { data: Some(data), ..Issue::new(Purpose::Register, LIFETIME) };
        let token = OneTimeTokens::new(kernel).issue(effect, issue).await?;
        let link = kernel.mail_link("verify", &token, LIFETIME);
        // What strangers call themselves has no place in a mail to somebody who may not know them.
        effect.write(email.as_str(), None, MailKind::VerifyEmail { link }).map(Some)
    }

    /// Makes the account whose link was opened.
    pub(crate) async fn complete_registration(&self, token: &str, client: &Client) -> Result<User> {
        match self.insert_pending(token, true, client).await {
            // Somebody took the name while the mail was on its way. The account is worth more than the name.
            Err(Error::Refused { code: ErrorCode::UsernameAlreadyExists, .. }) => {
                self.insert_pending(token, false, client).await
            }
            result => result,
        }
    }

    async fn insert_pending(&self, token: &str, with_username: bool, client: &Client) -> Result<User> {
        const BAD: ErrorCode = ErrorCode::VerifyUserBadToken;
        let kernel = self.kernel;
        kernel
            .effect(client, |effect| async move {
                let consumed =
                    OneTimeTokens::new(kernel).consume(&effect, Purpose::Register, token, None).await?.ok_or(BAD)?;
                let account = consumed.data.map(serde_json::from_value::<PendingAccount>);
                let mut draft = account.transpose().map_err(Error::internal)?.ok_or(BAD)?.into_draft()?;
                if !with_username {
                    draft.username = None;
                }
                if let Some(email) = &draft.email {
                    // Another attempt at the address was verified first, or is about to be.
                    match EmailChanges::new(kernel).holder_of_proved(&effect, email).await {
                        Ok(None) => {}
                        Ok(Some(_)) | Err(Error::Refused { code: ErrorCode::UpdateUserEmailAlreadyExists, .. }) => {
                            return Err(BAD.into());
                        }
                        Err(cause) => return Err(cause),
                    }
                }
                let user = Accounts::new(kernel).insert(&effect, &draft, BAD).await?;
                effect.record(EventKind::Verified { user_id: user.id });
                Ok(user)
            })
            .await
    }
}

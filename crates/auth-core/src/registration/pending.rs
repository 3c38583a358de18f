//! Registration that says nothing about whether an email address is taken: the account waits until it is verified.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Registered, Registration};
use crate::account::{Accounts, Draft, Updated, address, store};
use crate::client::Client;
use crate::device;
use crate::effect::Effect;
use crate::email_change::{make_room, owner_by_email};
use crate::error::{Error, ErrorCode, Result};
use crate::event::EventKind;
use crate::identifier::{Email, LoginName, Username};
use crate::kernel::Kernel;
use crate::mail::request::take_of_client;
use crate::mail::{Language, Mail, MailKind, Recipient};
use crate::one_time::{Family, Issue, OneTimeTokens, Purpose};
use crate::password_reset;
use crate::verification::VERIFY_EMAIL;

/// The name of the job that finds out whether the address has an account.
pub(crate) const JOB: &str = "register";

/// The tokens of registrations that wait for the verification of their email address.
pub const REGISTER: Purpose = Purpose::new("register", "reg_");

/// Somebody tried to register an address that has an account, and was not told so.
pub const ALREADY_REGISTERED: MailKind = MailKind::new(
    "already_registered",
    &[
        ("en", include_str!("mail/already_registered.en.jinja")),
        ("de", include_str!("mail/already_registered.de.jinja")),
    ],
)
.may_carry_link(password_reset::LIFETIME);

/// An account that is created once its email address is verified. Of several attempts at one address that one wins whose link is
/// opened, with its own password.
#[derive(Clone, Serialize, Deserialize)]
struct PendingAccount {
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

/// Puts a registration aside: the same statement whether the address is taken or not. User names are public, so a taken
/// one is reported at once.
pub(super) async fn register_later(kernel: &Kernel, draft: Draft, client: &Client) -> Result<Registered> {
    if let Some(username) = &draft.username {
        let name = LoginName::Username(username.key().to_owned());
        if store::find_by_name(kernel.db(), &name).await?.is_some() {
            return Err(ErrorCode::UsernameAlreadyExists.into());
        }
    }
    if let Some(email) = &draft.email {
        take_of_client(kernel, email, client).await?;
    }
    kernel.queue_job(JOB, PendingAccount::from(draft), client).await?;
    Ok(Registered::Pending)
}

/// Carries the job of a registration out.
pub(crate) fn run_job<'a>(effect: &'a Effect, body: &'a Value) -> BoxFuture<'a, Result<Option<Mail>>> {
    Box::pin(async move { compose(effect, &PendingAccount::deserialize(body).map_err(Error::internal)?).await })
}

/// The mail of such a registration: a link that creates the account, or word to the owner that there is one.
async fn compose(effect: &Effect, account: &PendingAccount) -> Result<Option<Mail>> {
    let kernel = effect.kernel();
    let email = Email::parse(&account.email).map_err(Error::internal)?;
    if let Some(user) = owner_by_email(effect, email.key()).await? {
        effect.emit(EventKind::RegisterDuplicate);
        if !user.is_active {
            return Ok(None);
        }
        let reset_link = password_reset::link(effect, &user).await?;
        return effect.mail_to(&user, ALREADY_REGISTERED.message().link(reset_link));
    }
    if address::is_reserved(effect.tx(), email.key(), None, kernel.now()).await? {
        effect.emit(EventKind::RegisterDuplicate);
        return effect.mail(Recipient::unverified(email.as_str()), ALREADY_REGISTERED).map(Some);
    }
    let data = serde_json::to_value(account).map_err(Error::internal)?;
    let config = &kernel.configs().verification.link;
    let family = Some(Family::new(email.key(), effect.client()));
    let issue = Issue { family, address: Some(email.key()), data: Some(data), ..Issue::new(REGISTER, config.lifetime) };
    let token = OneTimeTokens::new(kernel).issue(effect, issue).await?;
    let link = kernel.mail_link(config, &token);
    effect.mail(Recipient::unverified(email.as_str()), VERIFY_EMAIL.message().link(link)).map(Some)
}

/// Whether a token is that of a registration that waits.
pub(crate) fn is_registration(token: &str) -> bool {
    token.starts_with(REGISTER.prefix())
}

/// Creates the account whose link was opened.
pub(crate) async fn complete_registration(kernel: &Kernel, token: &str, client: &Client) -> Result<Updated> {
    match insert_pending(kernel, token, true, client).await {
        // Somebody took the name while the mail was on its way. The account is worth more than the name.
        Err(Error::Refused { code: ErrorCode::UsernameAlreadyExists, .. }) => {
            insert_pending(kernel, token, false, client).await
        }
        result => result,
    }
}

async fn insert_pending(kernel: &Kernel, token: &str, with_username: bool, client: &Client) -> Result<Updated> {
    const BAD: ErrorCode = ErrorCode::VerifyUserBadToken;
    if kernel.configs().registration.mode == Registration::Closed {
        return Err(BAD.into());
    }
    let insert = |effect: Arc<Effect>| async move {
        let consumed = OneTimeTokens::new(kernel).consume(&effect, REGISTER, token, None).await?.ok_or(BAD)?;
        let account = consumed.data.map(serde_json::from_value::<PendingAccount>);
        let mut draft = account.transpose().map_err(Error::internal)?.ok_or(BAD)?.into_draft()?;
        if !with_username {
            draft.username = None;
        }
        // It may have been somebody else who registered.
        draft.password_is_confirmed = draft.password_hash.is_none();
        if let Some(email) = &draft.email {
            // Another attempt at the address may have been verified first.
            make_room(&effect, email, None, BAD).await?;
        }
        let user = Accounts::new(kernel).insert(&effect, &draft, BAD).await?;
        effect.act_as(user.id);
        effect.emit(EventKind::Verified { user_id: user.id });
        let device = device::remember_reader(&effect, user.id).await?;
        Ok(Updated { device, ..Updated::new(user) })
    };
    kernel.effect(client, insert).await
}

//! Registration, deletion, and checks of identity.

use std::sync::Arc;

use serde_json::Value;
use uuid::Uuid;

use super::draft::Draft;
use super::{Credentials, NewAccount, Registered, keep_a_superuser, still_superuser, store};
use crate::effect::Effect;
use crate::hooks::Action;
use crate::identifier::{Email, LoginName};
use crate::kernel::Kernel;
use crate::limit::Bucket;
use crate::mail::MailKind;
use crate::password::{HasherError, Password, PolicyContext, Verdict};
use crate::{Audit, Client, Error, ErrorCode, EventKind, Principal, Registration, Result, User, Verification, audit};

/// The service of accounts.
#[derive(Clone, Copy, Debug)]
pub struct Accounts<'a> {
    pub(super) kernel: &'a Kernel,
}

impl<'a> Accounts<'a> {
    pub(crate) fn new(kernel: &'a Kernel) -> Self {
        Self { kernel }
    }

    /// Creates an account, and mails a link that verifies its email address. The work is the same whether or not the
    /// address is free, up to the insert that decides. In the mode [`Neutral`](Registration::Neutral) the account is
    /// created once the address is verified, and the caller learns nothing. In the mode
    /// [`Closed`](Registration::Closed) only the app itself, `Client::default()`, may create accounts.
    ///
    /// # Errors
    /// Fails with `REGISTRATION_DISABLED`, `REGISTER_INVALID_PASSWORD` with a reason, `REGISTER_USER_ALREADY_EXISTS`,
    /// `USERNAME_ALREADY_EXISTS`, `RATE_LIMITED`, when a hook refuses, and when the database does.
    pub async fn register(&self, new: NewAccount, client: &Client) -> Result<Registered> {
        let settings = self.kernel.settings();
        if settings.registration == Registration::Closed && client.is_remote() {
            return Err(ErrorCode::RegistrationDisabled.into());
        }
        let draft = self.draft(new, client).await?;
        if settings.registration == Registration::Neutral {
            return self.register_later(draft, client).await;
        }
        let result = self.create(&draft, ErrorCode::RegisterUserAlreadyExists, client).await;
        if let Err(Error::Refused {
            code: ErrorCode::RegisterUserAlreadyExists | ErrorCode::UsernameAlreadyExists,
            ..
        }) = &result
        {
            Audit::new(self.kernel).note(client, EventKind::RegisterDuplicate);
        }
        result.map(Registered::Created)
    }

    /// Checks what was asked for, and does the slow part of it.
    async fn draft(&self, new: NewAccount, client: &Client) -> Result<Draft> {
        let NewAccount { email, password, username, display_name, attributes } = new;
        let attributes = Value::Object(attributes);
        self.kernel.check_attributes(&attributes)?;
        let words = [Some(email.as_str()), username.as_ref().map(|name| name.as_str()), display_name.as_deref()];
        let context = self.kernel.policy_context(None, &words);
        // A rejected password must not count against the registration limit.
        let limiter = self.kernel.limiter();
        let counted = limiter.take(Bucket::Registrations(client), client);
        let hashed = self
            .kernel
            .hasher()
            .check_wait_and_hash(password, self.kernel.parts().policy.clone(), context, counted)
            .await?;
        let hash = hashed.map_err(|error| refused(error, ErrorCode::RegisterInvalidPassword))?;
        let locale = client.accept_language().map(|_| self.kernel.language(client));
        Ok(Draft {
            email: Some(email),
            username,
            display_name,
            attributes,
            password_hash: Some(hash),
            locale,
            ..Draft::default()
        })
    }

    /// Inserts an account as an effect of its own.
    pub(crate) async fn create(&self, draft: &Draft, email_taken: ErrorCode, client: &Client) -> Result<User> {
        let kernel = self.kernel;
        let insert = |effect: Arc<Effect>| async move {
            let user = Accounts::new(kernel).insert(&effect, draft, email_taken).await?;
            if !user.is_verified {
                Verification::new(kernel).invite(&effect, &user).await?;
            }
            Ok(user)
        };
        let created = kernel.effect(client, insert).await;
        self.address_first(created, draft.email.as_ref(), None, email_taken).await
    }

    /// Inserts an account as a part of an effect: the one way in which accounts come to be.
    pub(crate) async fn insert(&self, effect: &Effect, draft: &Draft, email_taken: ErrorCode) -> Result<User> {
        let now = self.kernel.now();
        let row = draft.row(self.kernel.new_id(now)?, now);
        store::insert(effect.tx(), row.clone(), email_taken).await?;
        let user = User::try_from(row)?;
        effect.ask(Action::Register { user: &user }).await?;
        effect.record(EventKind::Registered { user_id: user.id });
        Ok(user)
    }

    /// When both the email address and the user name are taken, databases differ in which violation they report. The
    /// answer is always about the address, unless the address is that of the account `own`.
    pub(crate) async fn address_first<T>(
        &self,
        written: Result<T>,
        email: Option<&Email>,
        own: Option<Uuid>,
        email_taken: ErrorCode,
    ) -> Result<T> {
        let (Err(Error::Refused { code: ErrorCode::UsernameAlreadyExists, .. }), Some(email)) = (&written, email)
        else {
            return written;
        };
        let name = LoginName::Email(email.key().to_owned());
        let holder = store::find_by_name(self.kernel.db(), &name).await?;
        if holder.is_some_and(|row| Some(row.id) != own) { Err(email_taken.into()) } else { written }
    }

    /// Deletes the account of the user who asks, with everything that refers to it.
    ///
    /// # Errors
    /// Fails with `REAUTHENTICATION_FAILED` for a wrong password, `REAUTHENTICATION_REQUIRED` without one when the
    /// login is not recent, `LAST_SUPERUSER`, when a hook refuses, and when the database does.
    pub async fn delete(&self, principal: &Principal, password: Option<Password>, client: &Client) -> Result<()> {
        match password {
            None => self.require_recent(principal)?,
            Some(password) => {
                if !self.is_current_password(&principal.user, password).await? {
                    return Err(ErrorCode::ReauthenticationFailed.into());
                }
            }
        }
        self.remove(principal.user.id, &principal.user, client).await
    }

    /// Deletes an account on behalf of `actor`: their own, or anybody's if they still are a superuser.
    pub(crate) async fn remove(&self, id: Uuid, actor: &User, client: &Client) -> Result<()> {
        let kernel = self.kernel;
        kernel
            .effect(client, |effect| async move {
                let user = if id == actor.id {
                    actor.clone()
                } else {
                    still_superuser(effect.tx(), actor).await?;
                    let row = store::find_for_update(effect.tx(), id).await?.ok_or(ErrorCode::NotFound)?;
                    effect.speak(row.locale.as_deref());
                    row.into()
                };
                keep_a_superuser(effect.tx(), &user).await?;
                effect.ask(Action::DeleteUser { user: &user }).await?;
                if !store::delete(effect.tx(), user.id, user.sev).await? {
                    return Err(ErrorCode::Unauthorized.into());
                }
                audit::store::forget_clients(effect.tx(), id).await?;
                effect.record(EventKind::UserDeleted { user_id: id, actor_id: Some(actor.id) });
                effect.tell(&user, MailKind::AccountDeleted)?;
                Ok(())
            })
            .await
    }

    /// Refuses when the last proof of identity is too old for a sensitive action.
    ///
    /// # Errors
    /// Fails with `REAUTHENTICATION_REQUIRED`.
    pub fn require_recent(&self, principal: &Principal) -> Result<()> {
        let window = self.kernel.settings().sessions.recent;
        if principal.session.is_recent(self.kernel.now(), window) {
            return Ok(());
        }
        Err(ErrorCode::ReauthenticationRequired.into())
    }

    /// Whether `password` is the present password of `user`.
    pub(crate) async fn is_current_password(&self, user: &User, password: Password) -> Result<bool> {
        let row = store::find(self.kernel.db(), user.id).await?;
        let hash = row.and_then(|row| row.password_hash);
        let verdict = self.kernel.hasher().verify(password, hash).await?;
        Ok(matches!(verdict, Verdict::Right { .. }))
    }

    /// The account that somebody who wants to log in names, with its hash.
    pub(crate) async fn credentials_by_name(&self, name: &str) -> Result<Option<Credentials>> {
        let Some(name) = LoginName::parse(name) else { return Ok(None) };
        let row = store::find_by_name(self.kernel.db(), &name).await?;
        Ok(row.map(|mut row| {
            let password_hash = row.password_hash.take();
            Credentials { user: row.into(), password_hash }
        }))
    }

    /// Replaces an outdated hash of the same password.
    pub(crate) async fn upgrade_hash(&self, effect: &Effect, id: Uuid, stored: &str, fresh: &str) -> Result<()> {
        store::upgrade_hash(effect.tx(), id, stored, fresh).await
    }

    /// Hashes a new password that passes the policy.
    pub(crate) async fn hash_new(
        &self,
        password: Password,
        context: PolicyContext,
        refusal: ErrorCode,
    ) -> Result<String> {
        let hashed = self.kernel.hasher().check_and_hash(password, self.kernel.parts().policy.clone(), context).await;
        hashed.map_err(|error| refused(error, refusal))
    }
}

fn refused(error: HasherError, code: ErrorCode) -> Error {
    match error {
        HasherError::Refused(why) => code.because(why.reason),
        other => other.into(),
    }
}

impl From<HasherError> for Error {
    fn from(error: HasherError) -> Self {
        match error {
            HasherError::Saturated => ErrorCode::Overloaded.into(),
            other => Self::internal(other),
        }
    }
}

impl TryFrom<auth_entity::user::ActiveModel> for User {
    type Error = Error;

    fn try_from(row: auth_entity::user::ActiveModel) -> Result<Self> {
        use sea_orm::TryIntoModel;
        Ok(row.try_into_model()?.into())
    }
}

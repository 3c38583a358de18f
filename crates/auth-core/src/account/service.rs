//! Registering, leaving, and proving who one is.

use sea_orm::ActiveValue::Set;
use sea_orm::DatabaseTransaction;
use serde_json::Value;
use uuid::Uuid;

use super::{Credentials, NewAccount, keep_a_superuser, still_superuser, store};
use crate::hooks::Action;
use crate::identifier::{Email, LoginName};
use crate::password::{HasherError, Password, Verdict};
use crate::{Auth, Client, Error, ErrorCode, EventKind, Principal, Registration, Result, User, db};

/// The service of accounts.
#[derive(Clone, Copy, Debug)]
pub struct Accounts<'a> {
    pub(super) auth: &'a Auth,
}

impl<'a> Accounts<'a> {
    pub(crate) fn new(auth: &'a Auth) -> Self {
        Self { auth }
    }

    /// Makes an account. The work is the same whether the address is free or not, up to the insert that decides.
    ///
    /// # Errors
    /// `REGISTRATION_DISABLED`, `REGISTER_INVALID_PASSWORD` with a reason, `REGISTER_USER_ALREADY_EXISTS`,
    /// `USERNAME_ALREADY_EXISTS`, a hook's veto, or the database's.
    pub async fn register(&self, new: NewAccount, client: &Client) -> Result<User> {
        if self.auth.settings().registration == Registration::Closed {
            return Err(ErrorCode::RegistrationDisabled.into());
        }
        let result = self.create(new, |_| {}).await;
        match &result {
            Ok(user) => self.auth.emit(client, EventKind::Registered { user_id: user.id }),
            Err(Error::Code(ErrorCode::RegisterUserAlreadyExists | ErrorCode::UsernameAlreadyExists)) => {
                self.auth.emit(client, EventKind::RegisterDuplicate);
            }
            Err(_) => {}
        }
        result
    }

    /// Inserts an account whose password passes the policy; `adjust` sets what registration leaves at its default.
    pub(crate) async fn create(
        &self,
        new: NewAccount,
        adjust: impl FnOnce(&mut auth_entity::user::ActiveModel),
    ) -> Result<User> {
        let NewAccount { email, password, username, display_name, attributes } = new;
        let attributes = Value::Object(attributes);
        self.auth.check_attributes(&attributes)?;
        let words = [Some(email.as_str()), username.as_ref().map(|name| name.as_str()), display_name.as_deref()];
        let context = self.auth.policy_context(None, &words);
        let hash = self.hash_new(password, context, ErrorCode::RegisterInvalidPassword).await?;

        let now = self.auth.now();
        let mut row = store::new_row(self.auth.new_id(now)?, now);
        row.email_key = Set(Some(email.key().to_owned()));
        row.email = Set(Some(email.as_str().to_owned()));
        row.username_key = Set(username.as_ref().map(|name| name.key().to_owned()));
        row.username = Set(username.as_ref().map(|name| name.as_str().to_owned()));
        row.display_name = Set(display_name);
        row.attributes = Set(attributes);
        row.password_hash = Set(Some(hash));
        adjust(&mut row);

        let (auth, row) = (self.auth, &row);
        let created = db::write(&auth.inner().db, |tx| async move {
            store::insert(&*tx, row.clone(), ErrorCode::RegisterUserAlreadyExists).await?;
            let user = User::try_from(row.clone())?;
            auth.inner().hooks.before(Action::Register { user: &user }, &tx).await?;
            Ok(user)
        })
        .await;
        self.address_first(created, Some(&email), None, ErrorCode::RegisterUserAlreadyExists).await
    }

    /// Of two names that are taken databases complain about this or that one. The answer is always about the address,
    /// unless it is that of the account `own`.
    pub(crate) async fn address_first<T>(
        &self,
        written: Result<T>,
        email: Option<&Email>,
        own: Option<Uuid>,
        email_taken: ErrorCode,
    ) -> Result<T> {
        let (Err(Error::Code(ErrorCode::UsernameAlreadyExists)), Some(email)) = (&written, email) else {
            return written;
        };
        let name = LoginName::Email(email.key().to_owned());
        let holder = store::find_by_name(&self.auth.inner().db, &name).await?;
        if holder.is_some_and(|row| Some(row.id) != own) { Err(email_taken.into()) } else { written }
    }

    /// Deletes the account of the user who asks, with everything that refers to it.
    ///
    /// # Errors
    /// `REAUTHENTICATION_FAILED` for a wrong password, `REAUTHENTICATION_REQUIRED` without one when the login is not
    /// recent, `LAST_SUPERUSER`, a hook's veto, or the database's.
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
        let auth = self.auth;
        db::write(&auth.inner().db, |tx| async move {
            let user = if id == actor.id {
                actor.clone()
            } else {
                still_superuser(&*tx, actor).await?;
                store::find_for_update(&*tx, id).await?.ok_or(ErrorCode::NotFound)?.into()
            };
            keep_a_superuser(&*tx, &user).await?;
            auth.inner().hooks.before(Action::DeleteUser { user: &user }, &tx).await?;
            if !store::delete(&*tx, user.id, user.sev).await? {
                return Err(ErrorCode::Unauthorized.into());
            }
            Ok(())
        })
        .await?;
        auth.emit(client, EventKind::UserDeleted { user_id: id, actor_id: Some(actor.id) });
        Ok(())
    }

    /// Refuses when the last proof of identity is too old for a sensitive action.
    ///
    /// # Errors
    /// `REAUTHENTICATION_REQUIRED`.
    pub fn require_recent(&self, principal: &Principal) -> Result<()> {
        let window = self.auth.settings().sessions.recent;
        if principal.session.is_recent(self.auth.now(), window) {
            return Ok(());
        }
        Err(ErrorCode::ReauthenticationRequired.into())
    }

    /// Whether `password` is the present password of `user`.
    pub(crate) async fn is_current_password(&self, user: &User, password: Password) -> Result<bool> {
        let row = store::find(&self.auth.inner().db, user.id).await?;
        let hash = row.and_then(|row| row.password_hash);
        let verdict = self.auth.inner().hasher.verify(password, hash).await?;
        Ok(matches!(verdict, Verdict::Right { .. }))
    }

    /// The account that somebody who wants to log in names, with its hash.
    pub(crate) async fn credentials_by_name(&self, name: &str) -> Result<Option<Credentials>> {
        let Some(name) = LoginName::parse(name) else { return Ok(None) };
        let row = store::find_by_name(&self.auth.inner().db, &name).await?;
        Ok(row.map(|mut row| {
            let password_hash = row.password_hash.take();
            Credentials { user: row.into(), password_hash }
        }))
    }

    /// Replaces an outdated hash of the same password.
    pub(crate) async fn upgrade_hash(
        &self,
        tx: &DatabaseTransaction,
        id: Uuid,
        stored: &str,
        fresh: &str,
    ) -> Result<()> {
        store::upgrade_hash(tx, id, stored, fresh).await
    }

    /// Hashes a new password that passes the policy.
    pub(crate) async fn hash_new(
        &self,
        password: Password,
        context: crate::password::PolicyContext,
        refusal: ErrorCode,
    ) -> Result<String> {
        let inner = self.auth.inner();
        inner.hasher.check_and_hash(password, inner.policy.clone(), context).await.map_err(|error| match error {
            HasherError::Refused(why) => Error::Refused { code: refusal, reason: why.reason },
            other => other.into(),
        })
    }
}

impl From<HasherError> for Error {
    fn from(error: HasherError) -> Self {
        match error {
            HasherError::Saturated => Self::Overloaded,
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

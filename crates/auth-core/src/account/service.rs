//! Inserting accounts, looking them up, and hashing their passwords.

use uuid::Uuid;

use super::announce::announce;
use super::draft::Draft;
use super::{address, store};
use crate::client::Client;
use crate::effect::Effect;
use crate::error::{Error, ErrorCode, Result};
use crate::event::EventKind;
use crate::hooks::Action;
use crate::identifier::Email;
use crate::kernel::Kernel;
use crate::password::{HasherError, Password, PolicyContext};
use crate::principal::Principal;
use crate::user::User;

/// The service of accounts.
#[derive(Clone, Copy, Debug)]
pub struct Accounts<'a> {
    pub(super) kernel: &'a Kernel,
}

impl<'a> Accounts<'a> {
    pub(crate) fn new(kernel: &'a Kernel) -> Self {
        Self { kernel }
    }

    /// Inserts an account as a part of an effect: the one way in which accounts come to be.
    pub(crate) async fn insert(&self, effect: &Effect, draft: &Draft, email_taken: ErrorCode) -> Result<User> {
        let now = self.kernel.now();
        let row = draft.row(self.kernel.new_id(now)?, now);
        let user = store::insert(effect.tx(), row, draft.email.as_ref(), email_taken).await?;
        effect.run_hook(Action::Register { user: &user }).await?;
        effect.emit(EventKind::Registered { user_id: user.id });
        if user.is_superuser {
            effect.emit(EventKind::RoleChanged { user_id: user.id, is_superuser: true });
        }
        announce(effect, None, Some(&user)).await?;
        Ok(user)
    }

    /// When both the email address and the user name are taken, databases differ in which violation they report. The answer
    /// is always about the address, unless the account `own` has it.
    pub(crate) async fn prefer_email_conflict<T>(
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
        let taken = address::is_taken(self.kernel.db(), email.key(), own, self.kernel.now()).await?;
        if taken { Err(email_taken.into()) } else { written }
    }

    /// Refuses when the last proof of identity is too old for a sensitive action.
    ///
    /// # Errors
    /// Fails with `REAUTHENTICATION_REQUIRED`.
    pub fn require_recent(&self, principal: &Principal) -> Result<()> {
        let window = self.kernel.configs().sessions.recent;
        if principal.session.is_recent(self.kernel.now(), window) {
            return Ok(());
        }
        Err(ErrorCode::ReauthenticationRequired.into())
    }

    /// Whether `user` has a password at all.
    pub(crate) async fn has_password(&self, user: &User) -> Result<bool> {
        let row = store::find(self.kernel.db(), user.id).await?;
        Ok(row.is_some_and(|row| row.password_hash.is_some()))
    }

    /// Replaces an outdated hash of the same password.
    pub(crate) async fn upgrade_hash(&self, effect: &Effect, id: Uuid, stored: &str, fresh: &str) -> Result<()> {
        store::upgrade_hash(effect.tx(), id, stored, fresh).await
    }

    /// Writes down that the password is that of the one who reads the account's mail.
    pub(crate) async fn confirm_password(&self, effect: &Effect, id: Uuid) -> Result<()> {
        store::confirm_password(effect.tx(), id).await
    }

    /// Hashes a new password that passes the policy.
    pub(crate) async fn hash_new(
        &self,
        password: Password,
        context: PolicyContext,
        refusal: ErrorCode,
        client: &Client,
    ) -> Result<String> {
        let hashed = self
            .kernel
            .hasher_for(client)
            .check_and_hash(password, self.kernel.configs().passwords.policy.clone(), context)
            .await;
        hashed.map_err(|error| refused(error, refusal))
    }
}

/// The answer to a password that was not hashed.
pub(crate) fn refused(error: HasherError, code: ErrorCode) -> Error {
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

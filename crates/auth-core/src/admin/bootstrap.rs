//! The first superuser.

use std::sync::Arc;

use serde_json::Map;

use super::{Admin, NewUser, store};
use crate::account::{self, Accounts, Draft};
use crate::client::Client;
use crate::effect::Effect;
use crate::error::{Error, ErrorCode, Result};
use crate::identifier::{Email, LoginName};
use crate::password::Password;
use crate::user::User;

const TAKEN: ErrorCode = ErrorCode::RegisterUserAlreadyExists;

/// The outcome of [`ensure_superuser`](Admin::ensure_superuser).
#[derive(Clone, Debug, PartialEq)]
pub enum Bootstrap {
    /// The account was created, active and verified.
    Created(Box<User>),
    /// There was a first superuser before. Whatever became of them since, nothing was done.
    Done,
    /// The address belongs to an account that is not an active superuser, or is reserved for one. It was left as it is, because
    /// anyone may have registered it: the app has no first superuser, and an operator has to act.
    AddressTaken,
}

impl Admin<'_> {
    /// Creates the first superuser, once in the life of the database: an account that was deleted, demoted or renamed since does
    /// not come back. Safe to call at every start, by several servers at once.
    ///
    /// # Errors
    /// Fails with `REGISTER_INVALID_PASSWORD` with a reason, when a hook refuses, and when the database does.
    #[tracing::instrument(name = "admin.ensure_superuser", target = "auth::service", level = "debug", skip_all)]
    pub async fn ensure_superuser(&self, email: Email, password: Password) -> Result<Bootstrap> {
        let kernel = self.kernel;
        if store::is_marked(kernel.db()).await? {
            return Ok(Bootstrap::Done);
        }
        let draft = &self.superuser(email.clone(), password).await?;
        let create = |effect: Arc<Effect>| async move {
            store::mark(effect.tx(), kernel.now(), TAKEN).await?;
            Accounts::new(kernel).insert(&effect, draft, TAKEN).await
        };
        match kernel.effect(&Client::default(), create).await {
            Ok(user) => Ok(Bootstrap::Created(Box::new(user))),
            Err(Error::Refused { code: TAKEN, .. }) => self.why_taken(&email).await,
            Err(error) => Err(error),
        }
    }

    /// Creates a superuser on behalf of an operator, active and verified.
    ///
    /// # Errors
    /// Fails with `REGISTER_USER_ALREADY_EXISTS`, `REGISTER_INVALID_PASSWORD` with a reason, when a hook refuses, and when the
    /// database does.
    #[tracing::instrument(name = "admin.create_superuser", target = "auth::service", level = "debug", skip_all)]
    pub async fn create_superuser(&self, email: Email, password: Password) -> Result<User> {
        let draft = &self.superuser(email, password).await?;
        let create =
            |effect: Arc<Effect>| async move { Accounts::new(self.kernel).insert(&effect, draft, TAKEN).await };
        self.kernel.effect(&Client::default(), create).await
    }

    async fn superuser(&self, email: Email, password: Password) -> Result<Draft> {
        let new = NewUser {
            email: Some(email),
            username: None,
            password: Some(password),
            display_name: None,
            attributes: Map::new(),
            is_active: true,
            is_superuser: true,
            is_verified: true,
        };
        // The operator who chose the password is its owner.
        Ok(Draft { must_change_password: false, ..self.draft(new, &Client::default()).await? })
    }

    /// Another server was faster, or the address has an account. One of a superuser counts as the first.
    async fn why_taken(&self, email: &Email) -> Result<Bootstrap> {
        let db = self.kernel.db();
        if store::is_marked(db).await? {
            return Ok(Bootstrap::Done);
        }
        let holder = account::store::find_by_name(db, &LoginName::Email(email.key().to_owned())).await?;
        if !holder.is_some_and(|holder| holder.is_superuser && holder.is_active) {
            return Ok(Bootstrap::AddressTaken);
        }
        match store::mark(db, self.kernel.now(), TAKEN).await {
            Ok(()) | Err(Error::Refused { code: TAKEN, .. }) => Ok(Bootstrap::Done),
            Err(error) => Err(error),
        }
    }
}

//! The app's hooks: inside a transaction, with a veto, or after it, with an event.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use sea_orm::{DatabaseTransaction, DbErr};
use tokio::sync::Semaphore;

use crate::{Error, ErrorCode, Event, Result, Session, User, db_error};

/// How long a hook may take before it counts as hanging.
const DEADLINE: Duration = Duration::from_secs(5);

/// How many `after` hooks may be under way at once; further events are dropped with a log line.
const MAX_PENDING: usize = 1024;

/// What is about to be committed.
#[derive(Debug)]
#[non_exhaustive]
pub enum Action<'a> {
    /// An account was inserted, so that rows of the app's own tables can refer to it.
    Register {
        /// The new account.
        user: &'a User,
    },
    /// A session was inserted.
    Login {
        /// The user who logs in.
        user: &'a User,
        /// The session.
        session: &'a Session,
    },
    /// An account was changed.
    UpdateUser {
        /// The account as it was.
        before: &'a User,
        /// The account as it will be.
        after: &'a User,
    },
    /// An account is about to be deleted; it is still there, and what refers to it may go first.
    DeleteUser {
        /// The account.
        user: &'a User,
    },
}

/// A hook's refusal, which rolls the whole transaction back.
#[derive(Debug)]
pub struct Veto(Error);

impl Veto {
    /// Refuses with a reason that the client is shown: 403 `REFUSED_BY_APP`.
    pub fn refuse(reason: impl Into<String>) -> Self {
        Self(ErrorCode::RefusedByApp.because(reason))
    }

    /// Fails with a cause that only the log is shown.
    pub fn fail(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(Error::internal(cause))
    }

    /// The error of the whole call. Its cause says that the app's hook failed and not the library; what the library
    /// tries again or reports as unavailable stays as it is.
    fn into_error(self) -> Error {
        match self.0 {
            Error::Store(cause) if !db_error::is_conflict(&cause) && !db_error::is_unavailable(&cause) => {
                Error::internal(format!("the database refused a statement of a `before` hook: {cause}"))
            }
            Error::Internal(cause) => Error::internal(format!("a `before` hook failed: {cause}")),
            other => other,
        }
    }
}

impl From<DbErr> for Veto {
    fn from(cause: DbErr) -> Self {
        Self(cause.into())
    }
}

/// What the app runs as part of the library's work. Every method has a default that does nothing.
///
/// A table of the app's own, with a foreign key to the user, is filled in the transaction that creates the account:
///
/// ```
/// use auth_core::{Action, Hooks, Veto};
/// use sea_orm::{ActiveModelTrait, DatabaseTransaction, Set};
///
/// /// `CREATE TABLE profile (user_id .. PRIMARY KEY REFERENCES authn_user (id) ON DELETE CASCADE, bio ..)`
/// mod profile {
///     use sea_orm::entity::prelude::*;
///
///     #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
///     #[sea_orm(table_name = "profile")]
///     pub struct Model {
///         #[sea_orm(primary_key, auto_increment = false)]
///         pub user_id: Uuid,
///         pub bio: String,
///     }
///
///     #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
///     pub enum Relation {}
///
///     impl ActiveModelBehavior for ActiveModel {}
/// }
///
/// struct Profiles;
///
/// #[async_trait::async_trait]
/// impl Hooks for Profiles {
///     async fn before(&self, action: &Action<'_>, tx: &DatabaseTransaction) -> Result<(), Veto> {
///         if let Action::Register { user } = action {
///             let bio = user.display_name.clone().unwrap_or_default();
///             profile::ActiveModel { user_id: Set(user.id), bio: Set(bio) }.insert(tx).await?;
///         }
///         Ok(())
///     }
/// }
/// ```
///
/// The page `docs/features/registration.md` has the column types for the migration of such a table, and the same in raw SQL.
#[async_trait::async_trait]
pub trait Hooks: Send + Sync + 'static {
    /// Runs inside the transaction, before its commit. Use `tx` for every statement: the pool may have no second
    /// connection, and what is written elsewhere would stay when the transaction does not. It may run more than once
    /// for one request, because a transaction that loses a deadlock is run again. Slow work does not belong here: after
    /// five seconds the transaction is rolled back and the client told to come again.
    ///
    /// # Errors
    /// A [`Veto`] fails the whole call, and the transaction is rolled back.
    async fn before(&self, action: &Action<'_>, tx: &DatabaseTransaction) -> Result<(), Veto> {
        let _ = (action, tx);
        Ok(())
    }

    /// Runs once an effect is committed, beside the answer and never in its way: a failure, a panic or a delay here
    /// changes nothing for the client.
    async fn after(&self, event: &Event) {
        let _ = event;
    }
}

/// Runs the app's hooks behind a deadline and a barrier against panics.
#[derive(Clone)]
pub(crate) struct HookRunner {
    hooks: Arc<[Arc<dyn Hooks>]>,
    pending: Arc<Semaphore>,
}

impl HookRunner {
    pub(crate) fn new(hooks: Vec<Arc<dyn Hooks>>) -> Self {
        Self { hooks: hooks.into(), pending: Arc::new(Semaphore::new(MAX_PENDING)) }
    }

    /// Runs all hooks in the order in which they were added; the first that refuses ends it.
    pub(crate) async fn before(&self, action: Action<'_>, tx: &DatabaseTransaction) -> Result<()> {
        for hooks in &*self.hooks {
            let call = AssertUnwindSafe(hooks.before(&action, tx)).catch_unwind();
            match tokio::time::timeout(DEADLINE, call).await {
                Ok(Ok(answer)) => answer.map_err(Veto::into_error)?,
                Ok(Err(_)) => return Err(Error::internal("a `before` hook panicked")),
                Err(_) => {
                    tracing::error!("a `before` hook took longer than {DEADLINE:?}; the transaction is rolled back");
                    return Err(ErrorCode::Overloaded.into());
                }
            }
        }
        Ok(())
    }

    /// Reports an event to the log and the app.
    pub(crate) fn after(&self, event: Event) {
        event.log();
        self.tell(event);
    }

    /// Reports an event to the app alone.
    pub(crate) fn tell(&self, event: Event) {
        if self.hooks.is_empty() {
            return;
        }
        let Ok(permit) = self.pending.clone().try_acquire_owned() else {
            tracing::error!(event = %event.id, "{MAX_PENDING} `after` hooks are under way; this event was dropped");
            return;
        };
        let all = self.hooks.clone();
        tokio::spawn(async move {
            let _permit = permit;
            for hooks in &*all {
                let call = AssertUnwindSafe(hooks.after(&event)).catch_unwind();
                match tokio::time::timeout(DEADLINE, call).await {
                    Ok(Ok(())) => {}
                    Ok(Err(_)) => tracing::error!(event = %event.id, "an `after` hook panicked"),
                    Err(_) => tracing::error!(event = %event.id, "an `after` hook took longer than {DEADLINE:?}"),
                }
            }
        });
    }
}

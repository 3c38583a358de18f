//! Taking over accounts from another system, with the password hashes that it made.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use auth_entity::user::ActiveModel;
use sea_orm::{DatabaseTransaction, TransactionTrait};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Registrations;
use crate::account::{Draft, MAX_DISPLAY_NAME, store};
use crate::effect::Effect;
use crate::hidden::{Hidden, hidden};
use crate::hooks::Action;
use crate::identifier::{Email, IdentifierError, LoginName, Username, has_forbidden_in_shown_text};
use crate::password::{HashConcern, UnreadableHash};
use crate::{Client, Error, ErrorCode, EventKind, Result, User, clock};

/// How many accounts one transaction inserts. SQLite has one writer, which must not keep logins waiting for long.
const BATCH: usize = 100;

/// An account of another system. `Debug` does not show whose it is.
#[derive(Clone)]
pub struct ImportedAccount {
    /// The address.
    pub email: String,
    /// A user name.
    pub username: Option<String>,
    /// The hash of the password in one of the forms that
    /// [`PasswordHasher::adopt`](crate::password::PasswordHasher::adopt) knows; without one, nobody can
    /// log in with a password.
    pub password_hash: Option<SecretString>,
    /// Whether the other system had verified the email address.
    pub is_verified: bool,
    /// Whether the account may log in.
    pub is_active: bool,
    /// The display name.
    pub display_name: Option<String>,
    /// The app's own object.
    pub attributes: Map<String, Value>,
    /// When the account was made there; now, if unknown or in the future.
    pub created_at: Option<OffsetDateTime>,
}

impl ImportedAccount {
    /// An active account with nothing but an email address, which counts as unverified.
    #[must_use]
    pub fn new(email: impl Into<String>) -> Self {
        Self {
            email: email.into(),
            username: None,
            password_hash: None,
            is_verified: false,
            is_active: true,
            display_name: None,
            attributes: Map::new(),
            created_at: None,
        }
    }
}

impl fmt::Debug for ImportedAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { username, password_hash, is_verified, is_active, display_name, created_at, .. } = self;
        f.debug_struct("ImportedAccount")
            .field("email", &Hidden)
            .field("username", &hidden(username))
            .field("password_hash", &hidden(password_hash))
            .field("is_verified", is_verified)
            .field("is_active", is_active)
            .field("display_name", &hidden(display_name))
            .field("attributes", &Hidden)
            .field("created_at", created_at)
            .finish()
    }
}

/// What became of an import. Rows are counted from 0, in the order in which they were given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportReport {
    /// Each row that is an account now, with its id.
    pub imported: Vec<(usize, Uuid)>,
    /// Each row that was skipped, with the reason.
    pub skipped: Vec<(usize, SkipReason)>,
    /// Each imported row whose password hash is weak, or costly to verify, until its owner logs in.
    pub concerns: Vec<(usize, HashConcern)>,
}

/// Why a row was not imported.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SkipReason {
    /// The email address is invalid.
    #[error("email address: {0}")]
    Email(IdentifierError),
    /// The user name is invalid.
    #[error("user name: {0}")]
    Username(IdentifierError),
    /// The display name is too long, or has characters that cannot be seen.
    #[error("the display name has more than {MAX_DISPLAY_NAME} characters, or some that cannot be seen")]
    DisplayName,
    /// The attributes cannot be stored, or do not fit the app's type.
    #[error("attributes: {0}")]
    Attributes(String),
    /// No login could be verified with the hash.
    #[error("password hash: {0}")]
    PasswordHash(UnreadableHash),
    /// There is an account with this address, perhaps from an earlier row.
    #[error("an account with this email address exists")]
    EmailTaken,
    /// There is an account with this user name, perhaps from an earlier row.
    #[error("an account with this user name exists")]
    UsernameTaken,
    /// A hook of the app refused.
    #[error("refused by the app: {0}")]
    Refused(String),
}

/// A row that is ready to be inserted.
struct Prepared {
    index: usize,
    row: ActiveModel,
    email: Email,
    concern: Option<HashConcern>,
}

/// What came of a row, by its index.
type Outcome = (usize, Result<Uuid, SkipReason>);

impl ImportReport {
    /// Says in the log what is wrong with hashes, once for each kind of them.
    fn warn(&self) {
        let mut counts: BTreeMap<&HashConcern, usize> = BTreeMap::new();
        for (_, concern) in &self.concerns {
            *counts.entry(concern).or_default() += 1;
        }
        for (concern, accounts) in counts {
            tracing::warn!(accounts, %concern, "imported password hashes need attention until their owners log in");
        }
    }
}

impl Registrations<'_> {
    /// Makes accounts of another system's: of each row that can be one. Nobody becomes a superuser. A foreign password
    /// hash is kept until its owner logs in, and then replaced by one of ours.
    ///
    /// Each hundred rows are one transaction, in which the hook [`Action::Register`] runs for each row. The events are
    /// [`EventKind::Imported`] and not those of a registration, so that nobody who does not expect it is welcomed by mail.
    /// After an error the import can be run again: what was committed is skipped as taken.
    ///
    /// # Errors
    /// Fails when the database does, or a hook does other than by refusing.
    #[tracing::instrument(name = "registration.import", target = "auth::service", level = "debug", skip_all)]
    pub async fn import(&self, accounts: Vec<ImportedAccount>) -> Result<ImportReport> {
        let mut report = ImportReport::default();
        let mut accounts = accounts.into_iter().enumerate().peekable();
        while accounts.peek().is_some() {
            let mut batch = Vec::with_capacity(BATCH);
            for (index, account) in accounts.by_ref().take(BATCH) {
                match self.prepare(index, account)? {
                    Ok(prepared) => batch.push(prepared),
                    Err(reason) => report.skipped.push((index, reason)),
                }
            }
            for (prepared, (index, outcome)) in batch.iter().zip(self.insert_batch(&batch).await?) {
                match outcome {
                    Ok(id) => {
                        report.imported.push((index, id));
                        report.concerns.extend(prepared.concern.clone().map(|concern| (index, concern)));
                    }
                    Err(reason) => report.skipped.push((index, reason)),
                }
            }
        }
        report.skipped.sort_by_key(|(index, _)| *index);
        report.warn();
        Ok(report)
    }

    /// The row of an account, or what is wrong with it.
    fn prepare(&self, index: usize, account: ImportedAccount) -> Result<Result<Prepared, SkipReason>> {
        let now = self.kernel.now();
        let id = self.kernel.new_id(now)?;
        let prepare = |(draft, email): (Draft, Email)| {
            let concern = draft.password_hash.as_deref().and_then(|hash| self.kernel.hasher().concern(hash));
            Prepared { index, row: draft.row(id, now), email, concern }
        };
        Ok(self.check(account, now).map(prepare))
    }

    fn check(&self, account: ImportedAccount, now: OffsetDateTime) -> Result<(Draft, Email), SkipReason> {
        let email = Email::parse(&account.email).map_err(SkipReason::Email)?;
        let username = account.username.as_deref().map(Username::parse).transpose().map_err(SkipReason::Username)?;
        let unfit = |name: &str| name.chars().count() > MAX_DISPLAY_NAME || has_forbidden_in_shown_text(name);
        if account.display_name.as_deref().is_some_and(unfit) {
            return Err(SkipReason::DisplayName);
        }
        let attributes = Value::Object(account.attributes);
        self.kernel.check_attributes(&attributes).map_err(|error| match error {
            Error::Invalid { message, .. } => SkipReason::Attributes(message),
            other => SkipReason::Attributes(other.to_string()),
        })?;
        let hash = account.password_hash.map(|hash| self.kernel.hasher().adopt(hash.expose_secret()));
        let password_hash = hash.transpose().map_err(SkipReason::PasswordHash)?;
        let draft = Draft {
            email: Some(email.clone()),
            username,
            display_name: account.display_name,
            attributes,
            password_hash,
            is_active: account.is_active,
            is_verified: account.is_verified,
            created_at: account.created_at.map(|at| clock::milliseconds(at).min(now)),
            ..Draft::default()
        };
        Ok((draft, email))
    }

    async fn insert_batch(&self, batch: &[Prepared]) -> Result<Vec<Outcome>> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        let registrations = *self;
        let insert = |effect: Arc<Effect>| async move {
            let mut outcomes = Vec::with_capacity(batch.len());
            for prepared in batch {
                let outcome = registrations.insert_one(effect.tx(), prepared).await?;
                if let Ok(user_id) = outcome {
                    effect.emit(EventKind::Imported { user_id });
                }
                outcomes.push((prepared.index, outcome));
            }
            Ok(outcomes)
        };
        self.kernel.effect(&Client::default(), insert).await
    }

    /// Inserts a row behind a savepoint, so that one that is refused takes no other with it.
    async fn insert_one(&self, tx: &DatabaseTransaction, prepared: &Prepared) -> Result<Result<Uuid, SkipReason>> {
        let savepoint = tx.begin().await?;
        let error = match self.register_imported(&savepoint, prepared).await {
            Ok(user) => {
                savepoint.commit().await?;
                return Ok(Ok(user.id));
            }
            Err(error) => error,
        };
        let undone = savepoint.rollback().await;
        let reason = match error {
            // When both names are taken, databases differ in which one they report: the address comes first.
            Error::Refused { code: ErrorCode::RegisterUserAlreadyExists, .. } => SkipReason::EmailTaken,
            Error::Refused { code: ErrorCode::UsernameAlreadyExists, .. } => SkipReason::UsernameTaken,
            Error::Refused { code: ErrorCode::RefusedByApp, details } => {
                SkipReason::Refused(details.and_then(|details| details.reason).unwrap_or_default())
            }
            // A deadlock has ended the whole transaction, and its savepoints with it: this cause matters, not that one.
            other => return Err(other),
        };
        undone?;
        let by_email = LoginName::Email(prepared.email.key().to_owned());
        if reason == SkipReason::UsernameTaken && store::find_by_name(tx, &by_email).await?.is_some() {
            return Ok(Err(SkipReason::EmailTaken));
        }
        Ok(Err(reason))
    }

    async fn register_imported(&self, tx: &DatabaseTransaction, account: &Prepared) -> Result<User> {
        let Prepared { row, email, .. } = account;
        let user = store::insert(tx, row.clone(), Some(email), ErrorCode::RegisterUserAlreadyExists).await?;
        self.kernel.parts().hooks.before(Action::Register { user: &user }, tx).await?;
        Ok(user)
    }
}

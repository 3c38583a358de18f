//! Taking over accounts from another system, with the password hashes that it made.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use auth_entity::user::ActiveModel;
use sea_orm::ActiveValue::Set;
use sea_orm::{DatabaseTransaction, TransactionTrait};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Registrations;
use super::import_report::{ImportLoss, ImportReport, SkipReason};
use crate::account::{Draft, MAX_DISPLAY_NAME, store};
use crate::effect::Effect;
use crate::hidden::{Hidden, hidden};
use crate::hooks::Action;
use crate::identifier::{Email, IdentifierError, Username, has_forbidden_in_shown_text};
use crate::password::{HashConcern, UnreadableHash};
use crate::{Client, Error, ErrorCode, EventKind, Result, clock};

/// How many accounts one transaction inserts. SQLite has one writer, which must not keep logins waiting for long.
const BATCH: usize = 100;

/// An account of another system. `Debug` does not show whose it is.
#[derive(Clone)]
pub struct ImportedAccount {
    /// The id that the account keeps; a new one by default. Pages of accounts are in the order of the ids.
    pub id: Option<Uuid>,
    /// The address.
    pub email: String,
    /// A user name. One that is invalid or taken is left out.
    pub username: Option<String>,
    /// The hash of the password in one of the forms that
    /// [`PasswordHasher::adopt`](crate::password::PasswordHasher::adopt) knows; without one, nobody can log in with a
    /// password. One that cannot be verified is left out.
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
            id: None,
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
        let Self { id, username, password_hash, is_verified, is_active, display_name, created_at, .. } = self;
        f.debug_struct("ImportedAccount")
            .field("id", id)
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

/// A row that is ready to be inserted.
struct Prepared {
    index: usize,
    row: ActiveModel,
    id: Uuid,
    email: Email,
    username: Option<Username>,
    losses: Vec<ImportLoss>,
    concern: Option<HashConcern>,
}

/// What came of a row: whether its user name was taken, or why it was skipped.
type Outcome = Result<bool, SkipReason>;

/// The names of the rows that a rehearsal has rolled back.
#[derive(Default)]
struct Claimed {
    ids: HashSet<Uuid>,
    emails: HashSet<String>,
    usernames: HashSet<String>,
}

impl Claimed {
    /// What the database would have said of a row, if the earlier ones were there.
    fn examine(&self, prepared: &mut Prepared) -> Result<(), SkipReason> {
        if self.ids.contains(&prepared.id) {
            return Err(SkipReason::Id);
        }
        if self.emails.contains(prepared.email.key()) {
            return Err(SkipReason::EmailTaken);
        }
        if prepared.username.as_ref().is_some_and(|name| self.usernames.contains(name.key())) {
            prepared.lose_username();
        }
        Ok(())
    }

    fn claim(&mut self, prepared: &Prepared) {
        self.ids.insert(prepared.id);
        self.emails.insert(prepared.email.key().to_owned());
        self.usernames.extend(prepared.username.as_ref().map(|name| name.key().to_owned()));
    }
}

impl Prepared {
    /// Leaves out a user name that is taken.
    fn lose_username(&mut self) {
        self.username = None;
        self.row = without_username(&self.row);
        self.losses.push(ImportLoss::UsernameTaken);
    }
}

fn without_username(row: &ActiveModel) -> ActiveModel {
    ActiveModel { username: Set(None), username_key: Set(None), ..row.clone() }
}

impl Registrations<'_> {
    /// Makes accounts of another system's: of each row that can be one. Nobody becomes a superuser. A foreign password
    /// hash is kept until its owner logs in, and then replaced by one of ours. One that cannot be verified is left out, and so
    /// is a user name that is invalid or taken, because the account is worth more.
    ///
    /// Each hundred rows are one transaction, in which the hook [`Action::Register`] runs for each row. The events are
    /// [`EventKind::Imported`] and not those of a registration, so that nobody who does not expect it is welcomed by mail.
    /// After an error the import can be run again: what was committed is skipped as taken.
    ///
    /// # Errors
    /// Fails when the database does, or a hook does other than by refusing.
    #[tracing::instrument(name = "registration.import", target = "auth::service", level = "debug", skip_all)]
    pub async fn import(&self, accounts: Vec<ImportedAccount>) -> Result<ImportReport> {
        let report = self.import_all(accounts, None).await?;
        report.warn();
        Ok(report)
    }

    /// Reports what [`import`](Self::import) would do at this moment, and leaves nothing behind. New ids are others than an
    /// import would give. Hooks run in transactions that are rolled back; one that looks at other accounts sees of the rows
    /// only those that are in the same hundred.
    ///
    /// # Errors
    /// As [`import`](Self::import).
    #[tracing::instrument(name = "registration.rehearse_import", target = "auth::service", level = "debug", skip_all)]
    pub async fn rehearse_import(&self, accounts: Vec<ImportedAccount>) -> Result<ImportReport> {
        self.import_all(accounts, Some(Claimed::default())).await
    }

    async fn import_all(&self, accounts: Vec<ImportedAccount>, mut rehearsal: Option<Claimed>) -> Result<ImportReport> {
        let mut report = ImportReport::default();
        let mut accounts = accounts.into_iter().enumerate().peekable();
        while accounts.peek().is_some() {
            let mut batch = Vec::with_capacity(BATCH);
            for (index, account) in accounts.by_ref().take(BATCH) {
                let mut prepared = self.prepare(index, account)?;
                if let (Some(claimed), Ok(row)) = (&rehearsal, &mut prepared) {
                    prepared = claimed.examine(row).and(prepared);
                }
                match prepared {
                    Ok(prepared) => batch.push(prepared),
                    Err(reason) => report.skipped.push((index, reason)),
                }
            }
            let outcomes = self.insert_batch(&batch, rehearsal.is_some()).await?;
            for (mut prepared, outcome) in batch.into_iter().zip(outcomes) {
                match outcome {
                    Ok(is_taken) => {
                        if is_taken {
                            prepared.lose_username();
                        }
                        if let Some(claimed) = &mut rehearsal {
                            claimed.claim(&prepared);
                        }
                        let Prepared { index, id, losses, concern, .. } = prepared;
                        report.imported.push((index, id));
                        report.losses.extend(losses.into_iter().map(|loss| (index, loss)));
                        report.concerns.extend(concern.map(|concern| (index, concern)));
                    }
                    Err(reason) => report.skipped.push((prepared.index, reason)),
                }
            }
        }
        report.skipped.sort_by_key(|(index, _)| *index);
        Ok(report)
    }

    /// The row of an account, or what is wrong with it.
    fn prepare(&self, index: usize, account: ImportedAccount) -> Result<Result<Prepared, SkipReason>> {
        let now = self.kernel.now();
        let id = account.id.map_or_else(|| self.kernel.new_id(now), Ok)?;
        if id.is_nil() {
            return Ok(Err(SkipReason::Id));
        }
        Ok(self.check(index, id, account, now))
    }

    fn check(
        &self,
        index: usize,
        id: Uuid,
        account: ImportedAccount,
        now: OffsetDateTime,
    ) -> Result<Prepared, SkipReason> {
        let email = Email::parse(&account.email).map_err(SkipReason::Email)?;
        let unfit = |name: &str| name.chars().count() > MAX_DISPLAY_NAME || has_forbidden_in_shown_text(name);
        if account.display_name.as_deref().is_some_and(unfit) {
            return Err(SkipReason::DisplayName);
        }
        let attributes = Value::Object(account.attributes);
        self.kernel.check_attributes(&attributes).map_err(|error| match error {
            Error::Invalid { message, .. } => SkipReason::Attributes(message),
            other => SkipReason::Attributes(other.to_string()),
        })?;
        let mut losses = Vec::new();
        let mut keep = |result: Result<Username, IdentifierError>| {
            result.map_err(|cause| losses.push(ImportLoss::Username(cause))).ok()
        };
        let username = account.username.as_deref().and_then(|name| keep(Username::parse(name)));
        let hasher = self.kernel.hasher();
        let password_hash = match account.password_hash.map(|hash| hasher.adopt(hash.expose_secret())).transpose() {
            Ok(hash) => hash,
            Err(cause @ UnreadableHash::NoFirebaseKey) => return Err(SkipReason::PasswordHash(cause)),
            Err(cause) => {
                losses.push(ImportLoss::PasswordHash(cause));
                None
            }
        };
        let concern = password_hash.as_deref().and_then(|hash| hasher.concern(hash));
        let draft = Draft {
            email: Some(email.clone()),
            username: username.clone(),
            display_name: account.display_name,
            attributes,
            password_hash,
            is_active: account.is_active,
            is_verified: account.is_verified,
            created_at: account.created_at.map(|at| clock::milliseconds(at).min(now)),
            ..Draft::default()
        };
        Ok(Prepared { index, row: draft.row(id, now), id, email, username, losses, concern })
    }

    async fn insert_batch(&self, batch: &[Prepared], is_rehearsal: bool) -> Result<Vec<Outcome>> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        let registrations = *self;
        let insert = |effect: Arc<Effect>| async move {
            let mut outcomes = Vec::with_capacity(batch.len());
            for prepared in batch {
                let outcome = registrations.insert_one(effect.tx(), prepared).await?;
                if outcome.is_ok() {
                    effect.emit(EventKind::Imported { user_id: prepared.id });
                }
                outcomes.push(outcome);
            }
            Ok(outcomes)
        };
        let client = Client::default();
        if is_rehearsal {
            self.kernel.rehearse(&client, insert).await
        } else {
            self.kernel.effect(&client, insert).await
        }
    }

    /// Inserts a row, without its user name if that is taken. It is behind a savepoint, so that one that is refused takes no
    /// other with it.
    async fn insert_one(&self, tx: &DatabaseTransaction, prepared: &Prepared) -> Result<Outcome> {
        let (mut row, mut is_name_taken) = (prepared.row.clone(), false);
        loop {
            let savepoint = tx.begin().await?;
            let error = match self.register_imported(&savepoint, row.clone(), &prepared.email).await {
                Ok(()) => {
                    savepoint.commit().await?;
                    return Ok(Ok(is_name_taken));
                }
                Err(error) => error,
            };
            let undone = savepoint.rollback().await;
            let reason = match error {
                Error::Refused { code: ErrorCode::UsernameAlreadyExists, .. } if !is_name_taken => None,
                Error::Refused { code: ErrorCode::RegisterUserAlreadyExists, .. } => Some(SkipReason::EmailTaken),
                Error::Refused { code: ErrorCode::RefusedByApp, details } => {
                    let reason = details.and_then(|details| details.reason);
                    Some(SkipReason::Refused(reason.unwrap_or_default()))
                }
                Error::Invalid { field: "id", .. } => Some(SkipReason::Id),
                // A deadlock has ended the whole transaction, and its savepoints with it: this cause matters, not that one.
                other => return Err(other),
            };
            undone?;
            if let Some(reason) = reason {
                return Ok(Err(reason));
            }
            (row, is_name_taken) = (without_username(&row), true);
        }
    }

    async fn register_imported(&self, tx: &DatabaseTransaction, row: ActiveModel, email: &Email) -> Result<()> {
        let user = store::insert(tx, row, Some(email), ErrorCode::RegisterUserAlreadyExists).await?;
        self.kernel.parts().hooks.before(Action::Register { user: &user }, tx).await
    }
}

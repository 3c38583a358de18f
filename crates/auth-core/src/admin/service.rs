//! Listing, reading, changing and deleting anybody's account.

use std::sync::Arc;

use sea_orm::DatabaseTransaction;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::account::{Changes, keep_a_superuser, still_superuser, store};
use crate::hooks::Action;
use crate::identifier::{Email, Username};
use crate::password::Password;
use crate::session::Revocation;
use crate::{Auth, Client, ErrorCode, EventKind, Principal, Result, User, db};

/// The largest page of a list.
pub(super) const MAX_PAGE: u64 = 100;

/// The service of superusers. The caller has checked that the actor is one; the wire does so for every route.
#[derive(Clone, Copy, Debug)]
pub struct Admin<'a> {
    pub(super) auth: &'a Auth,
}

/// Which page of the list is wanted.
#[derive(Clone, Debug, Default)]
pub struct PageRequest {
    /// Where the last page ended: the [`next`](Page::next) of that page.
    pub cursor: Option<Uuid>,
    /// How many accounts, at most 100; 50 by default.
    pub limit: Option<u64>,
    /// Only accounts whose address or user name begins so.
    pub prefix: Option<String>,
}

/// A page of accounts in the order of their creation.
#[derive(Clone, Debug)]
pub struct Page {
    /// The accounts.
    pub items: Vec<User>,
    /// Where the next page begins, when there is one.
    pub next: Option<Uuid>,
}

/// What a superuser may change about an account. `None` leaves a field alone; `Some(None)` empties it.
#[derive(Clone, Debug, Default)]
pub struct AdminChanges {
    /// A new address.
    pub email: Option<Email>,
    /// A new password.
    pub password: Option<Password>,
    /// A user name.
    pub username: Option<Option<Username>>,
    /// A name for people.
    pub display_name: Option<Option<String>>,
    /// The app's own object, replaced as a whole.
    pub attributes: Option<Map<String, Value>>,
    /// Whether the account may log in.
    pub is_active: Option<bool>,
    /// Whether the account may manage others.
    pub is_superuser: Option<bool>,
    /// Whether the mailbox counts as proved.
    pub is_verified: Option<bool>,
}

impl<'a> Admin<'a> {
    pub(crate) fn new(auth: &'a Auth) -> Self {
        Self { auth }
    }

    /// A page of all accounts.
    ///
    /// # Errors
    /// The database's.
    pub async fn list(&self, request: PageRequest) -> Result<Page> {
        let limit = request.limit.unwrap_or(50).clamp(1, MAX_PAGE);
        let db = &self.auth.inner().db;
        // One more than asked for tells whether there is another page.
        let rows = store::page(db, request.prefix.as_deref(), request.cursor, limit + 1).await?;
        let more = rows.len() as u64 > limit;
        let items: Vec<User> =
            rows.into_iter().take(usize::try_from(limit).unwrap_or(usize::MAX)).map(User::from).collect();
        let next = items.last().filter(|_| more).map(|user| user.id);
        Ok(Page { items, next })
    }

    /// One account.
    ///
    /// # Errors
    /// `Not Found`, or the database's.
    pub async fn get(&self, id: Uuid) -> Result<User> {
        let row = store::find(&self.auth.inner().db, id).await?;
        row.map(User::from).ok_or_else(|| ErrorCode::NotFound.into())
    }

    /// Changes an account at once. A new password, address or role, and deactivation, end all its sessions.
    ///
    /// # Errors
    /// `Not Found`, `UPDATE_USER_INVALID_PASSWORD` with a reason, `UPDATE_USER_EMAIL_ALREADY_EXISTS`,
    /// `USERNAME_ALREADY_EXISTS`, `LAST_SUPERUSER`, a hook's veto, `Unauthorized` when the actor lost their rights
    /// meanwhile, or the database's.
    pub async fn update(&self, actor: &Principal, id: Uuid, wanted: AdminChanges, client: &Client) -> Result<User> {
        let target = self.get(id).await?;
        let changes = self.prepare(&target, wanted).await?;
        let auth = self.auth;
        let write = |tx| Self::write(auth, tx, &actor.user, id, changes.clone());
        let written = db::write(&auth.inner().db, write).await;
        let taken = ErrorCode::UpdateUserEmailAlreadyExists;
        let (user, changes) = auth.accounts().address_first(written, changes.email.as_ref(), Some(id), taken).await?;
        auth.accounts().report(&user, &changes, Some(actor.user.id), client);
        Ok(user)
    }

    /// Checks what was wanted and does the slow part of it, before any row is locked.
    async fn prepare(&self, target: &User, wanted: AdminChanges) -> Result<Changes> {
        let attributes = wanted.attributes.map(Value::Object);
        attributes.as_ref().map_or(Ok(()), |attributes| self.auth.check_attributes(attributes))?;
        let password_hash = match wanted.password {
            Some(password) => {
                let more = [wanted.email.as_ref().map(|email| email.as_str())];
                let context = self.auth.policy_context(Some(target), &more);
                let code = ErrorCode::UpdateUserInvalidPassword;
                Some(self.auth.accounts().hash_new(password, context, code).await?)
            }
            None => None,
        };
        Ok(Changes {
            email: wanted.email,
            username: wanted.username,
            display_name: wanted.display_name,
            attributes,
            password_hash,
            is_active: wanted.is_active,
            is_superuser: wanted.is_superuser,
            is_verified: wanted.is_verified,
        })
    }

    async fn write(
        auth: &Auth,
        tx: Arc<DatabaseTransaction>,
        actor: &User,
        id: Uuid,
        mut changes: Changes,
    ) -> Result<(User, Changes)> {
        let tx = &*tx;
        still_superuser(tx, actor).await?;
        let before: User = match store::find_for_update(tx, id).await? {
            Some(row) => row.into(),
            None => return Err(ErrorCode::NotFound.into()),
        };
        changes.drop_unchanged(&before);
        if changes.is_active == Some(false) || changes.is_superuser == Some(false) {
            keep_a_superuser(tx, &before).await?;
        }
        let mut after = changes.apply_to(&before);
        let ends_sessions = changes.email.is_some()
            || changes.password_hash.is_some()
            || changes.is_superuser.is_some()
            || changes.is_active == Some(false);
        if ends_sessions {
            auth.sessions().revoke(tx, Revocation::All { user_id: id, seen: before.sev }).await?;
            after.sev += 1;
        }
        let now = auth.now();
        after.updated_at = now;
        if !store::update(tx, &after, &changes, now, ErrorCode::UpdateUserEmailAlreadyExists).await? {
            return Err(ErrorCode::NotFound.into());
        }
        auth.inner().hooks.before(Action::UpdateUser { before: &before, after: &after }, tx).await?;
        Ok((after, changes))
    }

    /// Deletes an account, with everything that refers to it.
    ///
    /// # Errors
    /// `Not Found`, `LAST_SUPERUSER`, a hook's veto, `Unauthorized` when the actor lost their rights meanwhile, or the
    /// database's.
    pub async fn delete(&self, actor: &Principal, id: Uuid, client: &Client) -> Result<()> {
        self.auth.accounts().remove(id, &actor.user, client).await
    }

    /// Tells the log and the hooks of an account that the app itself made.
    pub(super) fn announce(&self, user: &User) {
        self.auth.emit(&Client::default(), EventKind::Registered { user_id: user.id });
    }
}

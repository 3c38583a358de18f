//! The queries of accounts.

use auth_entity::address::Column as AddressColumn;
use auth_entity::user::{ActiveModel, Column, Entity, Model};
use auth_entity::{REALM, Timestamp, device};
use sea_orm::sea_query::{DynIden, Expr, IntoCondition, LikeExpr};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, ExprTrait, JoinType, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, Related, Select,
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Changes, address};
use crate::effect::Effect;
use crate::identifier::{Email, LoginName, Username};
use crate::installation::epoch;
use crate::one_time::Consumed;
use crate::{Error, ErrorCode, Result, User, db_error};

/// The character that takes their meaning from `%` and `_` in a search; no address and no name may contain it.
const ESCAPE: char = '\\';

/// Inserts an account with its email address.
///
/// # Errors
/// Fails with `email_taken`, with `USERNAME_ALREADY_EXISTS`, as invalid with the field `id`, and when the database does.
pub(crate) async fn insert(
    db: &impl ConnectionTrait,
    row: ActiveModel,
    email: Option<&Email>,
    email_taken: ErrorCode,
) -> Result<User> {
    let user = User::try_from(row.clone())?;
    Entity::insert(row).exec_without_returning(db).await.map_err(explain_unique)?;
    if let Some(email) = email {
        address::claim_new(db, email.key(), user.id, user.updated_at, email_taken).await?;
    }
    Ok(user)
}

/// The user name is the only unique one beside the id.
fn explain_unique(cause: DbErr) -> Error {
    match db_error::unique_violation(&cause) {
        Some(index) if index.contains("username") => ErrorCode::UsernameAlreadyExists.into(),
        Some(_) => {
            Error::Invalid { field: "id", kind: "id_taken", message: "an account with this id exists".to_owned() }
        }
        None => cause.into(),
    }
}

// Look-ups by a unique column take all rows: a `LIMIT` would be bound, and SQLite would prepare the statement anew.

pub(crate) async fn find(db: &impl ConnectionTrait, id: Uuid) -> Result<Option<Model>> {
    Ok(Entity::find().filter(Column::Id.eq(id)).all(db).await?.pop())
}

/// An active account whose epoch is still this one, for a token from this time.
pub(crate) async fn find_at_epoch(
    db: &impl ConnectionTrait,
    id: Uuid,
    sev: i64,
    issued_at: OffsetDateTime,
) -> Result<Option<Model>> {
    let found = Entity::find()
        .filter(Column::Id.eq(id))
        .filter(Column::Sev.eq(sev))
        .filter(Column::IsActive.eq(true))
        .filter(epoch::survives_from(issued_at));
    Ok(found.all(db).await?.pop())
}

/// Reads an account and locks its row until the transaction ends (on SQLite the transaction holds the only write lock).
pub(crate) async fn find_for_update(db: &impl ConnectionTrait, id: Uuid) -> Result<Option<Model>> {
    Ok(Entity::find().filter(Column::Id.eq(id)).lock_exclusive().all(db).await?.pop())
}

/// Forgets in which browsers mailed links of an account were opened: they were mailed to another address.
pub(super) async fn forget_readers(db: &impl ConnectionTrait, id: Uuid) -> Result<()> {
    let readers = device::Entity::update_many().col_expr(device::Column::OpenedMail, Expr::value(false));
    readers.filter(device::Column::UserId.eq(id)).exec(db).await?;
    Ok(())
}

/// The account that a redeemed token acts on, locked; `None` when it is gone, or its credentials have changed since the
/// token was looked at: another transaction may have been about to. The effect is the owner's from now on, as far as the
/// audit log is concerned.
///
/// # Errors
/// Fails when the database does.
pub async fn lock_owner(effect: &Effect, token: &Consumed) -> Result<Option<User>> {
    let Some(id) = token.user_id else { return Ok(None) };
    let row = find_for_update(effect.tx(), id).await?;
    let owner = row.filter(|row| token.acts_on(row)).map(User::from);
    if owner.is_some() {
        effect.act_as(id);
    }
    Ok(owner)
}

pub(crate) async fn find_by_name(db: &impl ConnectionTrait, name: &LoginName) -> Result<Option<Model>> {
    Ok(Entity::find().filter(By::Name(name).condition()).all(db).await?.pop())
}

/// How a caller names an account.
#[derive(Clone, Copy)]
pub(crate) enum By<'a> {
    Id(Uuid),
    Name(&'a LoginName),
}

impl By<'_> {
    fn condition(self) -> Expr {
        let id = || Expr::col((Entity, Column::Id));
        match self {
            Self::Id(wanted) => id().eq(wanted),
            Self::Name(LoginName::Email(key)) => id().eq(Expr::SubQuery(None, Box::new(address::owner(key).into()))),
            Self::Name(LoginName::Username(key)) => Column::Realm.eq(REALM).and(Column::UsernameKey.eq(key.as_str())),
        }
    }
}

/// An account, with those of its devices that have one of these digests.
pub(crate) async fn find_with_devices(
    db: &impl ConnectionTrait,
    by: By<'_>,
    keys: Vec<Vec<u8>>,
    now: OffsetDateTime,
) -> Result<Option<(Model, Vec<device::Model>)>> {
    let select = Entity::find().filter(by.condition());
    if keys.is_empty() {
        return Ok(select.all(db).await?.pop().map(|row| (row, Vec::new())));
    }
    let is_known = move |_, device: DynIden| {
        let column = |column: device::Column| Expr::col((device.clone(), column));
        let known = column(device::Column::KeyHash).is_in(keys.clone());
        known.and(column(device::Column::ExpiresAt).gt(Timestamp(now))).into_condition()
    };
    let devices = <Entity as Related<device::Entity>>::to().on_condition(is_known);
    let rows = select.join(JoinType::LeftJoin, devices).select_also(device::Entity).all(db).await?;
    let mut rows = rows.into_iter();
    let Some((row, first)) = rows.next() else { return Ok(None) };
    Ok(Some((row, first.into_iter().chain(rows.filter_map(|(_, device)| device)).collect())))
}

fn active_superusers() -> Select<Entity> {
    Entity::find().filter(Column::IsSuperuser.eq(true)).filter(Column::IsActive.eq(true)).order_by_asc(Column::Id)
}

/// The active superusers.
pub(super) async fn superusers(db: &impl ConnectionTrait) -> Result<Vec<Model>> {
    Ok(active_superusers().all(db).await?)
}

/// Locks the active superusers, in the order of their ids so that two callers cannot deadlock.
pub(super) async fn lock_superusers(db: &impl ConnectionTrait) -> Result<Vec<Model>> {
    Ok(active_superusers().lock_exclusive().all(db).await?)
}

/// How many active superusers there are.
pub(crate) async fn count_superusers(db: &impl ConnectionTrait) -> Result<u64> {
    Ok(active_superusers().count(db).await?)
}

/// Writes changes, if the account's epoch is what the caller saw.
pub(crate) async fn update(
    db: &impl ConnectionTrait,
    user: &User,
    changes: &Changes,
    now: OffsetDateTime,
    email_taken: ErrorCode,
) -> Result<bool> {
    let mut columns: Vec<(Column, sea_orm::Value)> = vec![(Column::UpdatedAt, Timestamp(now).into())];
    let mut update = Entity::update_many();
    if let Some(email) = &changes.email {
        columns.push((Column::Email, email.as_ref().map(Email::as_str).into()));
        columns.push((Column::IsVerified, changes.is_verified.unwrap_or(false).into()));
    } else if let Some(flag) = changes.is_verified {
        columns.push((Column::IsVerified, flag.into()));
    }
    if let Some(spelling) = &changes.spelling {
        columns.push((Column::Email, spelling.as_str().into()));
    }
    if let Some(username) = &changes.username {
        columns.push((Column::Username, username.as_ref().map(Username::as_str).into()));
        columns.push((Column::UsernameKey, username.as_ref().map(Username::key).into()));
    }
    if let Some(display_name) = &changes.display_name {
        columns.push((Column::DisplayName, display_name.as_deref().into()));
    }
    if let Some(attributes) = &changes.attributes {
        columns.push((Column::Attributes, attributes.clone().into()));
    }
    if let Some(hash) = &changes.password_hash {
        columns.push((Column::PasswordHash, hash.clone().into()));
    }
    match changes.password_is_confirmed {
        Some(true) => columns.push((Column::PasswordIsConfirmed, true.into())),
        // An account without a password has nothing to doubt.
        Some(false) => update = update.col_expr(Column::PasswordIsConfirmed, Expr::col(Column::PasswordHash).is_null()),
        None => {}
    }
    let flags = [
        (Column::IsActive, changes.is_active),
        (Column::IsSuperuser, changes.is_superuser),
        (Column::MustChangePassword, changes.must_change_password),
    ];
    if let Some(delete_at) = changes.deletion() {
        columns.push((Column::DeleteAt, delete_at.map(Timestamp).into()));
    }
    for (column, flag) in flags {
        columns.extend(flag.map(|flag| (column, flag.into())));
    }
    let update = columns
        .into_iter()
        .fold(update, |update, (column, value)| update.col_expr(column, Expr::value(value)))
        .filter(Column::Id.eq(user.id))
        .filter(Column::Sev.eq(user.security_epoch));
    if update.exec(db).await.map_err(explain_unique)?.rows_affected != 1 {
        return Ok(false);
    }
    if let Some(email) = &changes.email {
        address::release(db, user.id, now).await?;
        if let Some(email) = email {
            address::claim(db, email.key(), user.id, now, email_taken).await?;
        }
    }
    Ok(true)
}

/// Whether the password of an account is confirmed; `None` for an account without one.
pub(crate) async fn password_is_confirmed(db: &impl ConnectionTrait, id: Uuid) -> Result<Option<bool>> {
    let confirmed = Entity::find().select_only().column(Column::PasswordIsConfirmed);
    let confirmed = confirmed.filter(Column::Id.eq(id)).filter(Column::PasswordHash.is_not_null());
    Ok(confirmed.into_tuple().all(db).await?.pop())
}

/// Writes down that the password of an account is that of the one who reads its mail.
pub(crate) async fn confirm_password(db: &impl ConnectionTrait, id: Uuid) -> Result<()> {
    let confirmed = Entity::update_many().col_expr(Column::PasswordIsConfirmed, Expr::value(true));
    confirmed.filter(Column::Id.eq(id)).exec(db).await?;
    Ok(())
}

/// Replaces a hash by one of the same password with present parameters, unless the password changed meanwhile.
pub(crate) async fn upgrade_hash(db: &impl ConnectionTrait, id: Uuid, stored: &str, fresh: &str) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::PasswordHash, Expr::value(fresh))
        .filter(Column::Id.eq(id))
        .filter(Column::PasswordHash.eq(stored))
        .exec(db)
        .await?;
    Ok(())
}

/// Deletes an account, if its epoch is what the caller saw.
///
/// # Errors
/// Fails with `ACCOUNT_IN_USE` when a table of the app does not let it go, and when the database does.
pub(crate) async fn delete(db: &impl ConnectionTrait, id: Uuid, sev: i64) -> Result<bool> {
    let result = Entity::delete_many().filter(Column::Id.eq(id)).filter(Column::Sev.eq(sev)).exec(db).await;
    match result {
        Ok(result) => Ok(result.rows_affected == 1),
        Err(cause) if db_error::is_foreign_key_violation(&cause) => Err(ErrorCode::AccountInUse.into()),
        Err(cause) => Err(cause.into()),
    }
}

/// The accounts that are to be deleted by now, in the order of their ids after one of them.
pub(super) async fn due_for_deletion(
    db: &impl ConnectionTrait,
    now: OffsetDateTime,
    after: Uuid,
    limit: u64,
) -> Result<Vec<Uuid>> {
    let due = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::Id.gt(after))
        .filter(Column::DeleteAt.lte(Timestamp(now)))
        .filter(Column::IsActive.eq(false));
    Ok(due.order_by_asc(Column::Id).limit(limit).into_tuple().all(db).await?)
}

/// Whether nobody has verified or used an account that may go then, and nothing about it has changed since a moment.
pub(super) fn is_unused(row: &Model, since: OffsetDateTime) -> bool {
    let is_used = row.is_verified || row.last_login_at.is_some();
    row.email.is_some() && !is_used && !row.is_superuser && row.updated_at.0 <= since
}

/// The accounts that [are unused](is_unused), in the order of their ids after one of them.
pub(super) async fn unused(
    db: &impl ConnectionTrait,
    since: OffsetDateTime,
    after: Uuid,
    limit: u64,
) -> Result<Vec<Uuid>> {
    let unused = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::Id.gt(after))
        .filter(Column::Email.is_not_null())
        .filter(Column::IsVerified.eq(false))
        .filter(Column::LastLoginAt.is_null())
        .filter(Column::IsSuperuser.eq(false))
        .filter(Column::UpdatedAt.lte(Timestamp(since)));
    Ok(unused.order_by_asc(Column::Id).limit(limit).into_tuple().all(db).await?)
}

/// A page of accounts in the order of their creation, after `cursor`, whose address or user name begins with `prefix`.
pub(crate) async fn page(
    db: &impl ConnectionTrait,
    prefix: Option<&str>,
    cursor: Option<Uuid>,
    limit: u64,
) -> Result<Vec<Model>> {
    let mut select = Entity::find().order_by_asc(Column::Id).limit(limit);
    if let Some(cursor) = cursor {
        select = select.filter(Column::Id.gt(cursor));
    }
    if let Some(prefix) = prefix {
        let pattern = || LikeExpr::new(format!("{}%", escape(prefix))).escape(ESCAPE);
        let by_email = address::owners().and_where(AddressColumn::EmailKey.like(pattern())).take();
        select = select
            .filter(Condition::any().add(Column::Id.in_subquery(by_email)).add(Column::UsernameKey.like(pattern())));
    }
    Ok(select.all(db).await?)
}

/// A text as a pattern that matches nothing but itself, in the lower case of the canonical columns.
fn escape(text: &str) -> String {
    text.to_lowercase().chars().fold(String::with_capacity(text.len()), |mut pattern, character| {
        if matches!(character, '%' | '_' | ESCAPE) {
            pattern.push(ESCAPE);
        }
        pattern.push(character);
        pattern
    })
}

/// Password hashes of accounts that do not begin with `current`, in the order of the accounts' ids after one of them.
pub(super) async fn other_hashes(
    db: &impl ConnectionTrait,
    current: &str,
    after: Uuid,
    limit: u64,
) -> Result<Vec<(Uuid, String)>> {
    Ok(Entity::find()
        .select_only()
        .columns([Column::Id, Column::PasswordHash])
        .filter(Column::Id.gt(after))
        .filter(Column::PasswordHash.is_not_null())
        .filter(Column::PasswordHash.not_like(format!("{current}%")))
        .order_by_asc(Column::Id)
        .limit(limit)
        .into_tuple()
        .all(db)
        .await?)
}

//! To whom email addresses belong: the queries of the one place that decides it.
//!
//! Each address has one row, whether it is the present address of an account or a former one that is reserved for it, so that
//! no two accounts can have a claim on it at once. Addresses are named by their [key](crate::identifier::Email::key).

use auth_entity::address::{ActiveModel, Column, Entity};
use auth_entity::{REALM, Timestamp};
use sea_orm::sea_query::{Expr, Query, SelectStatement};
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{ErrorCode, Result, User, db_error};

/// Gives an account that has none its present address.
///
/// # Errors
/// Fails with `taken` when another account has the address or it is reserved for one, and when the database does.
pub(super) async fn claim(
    db: &impl ConnectionTrait,
    email_key: &str,
    user_id: Uuid,
    now: OffsetDateTime,
    taken: ErrorCode,
) -> Result<()> {
    let reserved = Entity::update_many()
        .col_expr(Column::IsCurrent, Expr::value(true))
        .filter(is(email_key))
        .filter(Column::UserId.eq(user_id))
        .exec(db)
        .await?;
    if reserved.rows_affected == 1 { Ok(()) } else { claim_new(db, email_key, user_id, now, taken).await }
}

/// The same for an account that was just created, so that nothing is reserved for it.
pub(super) async fn claim_new(
    db: &impl ConnectionTrait,
    email_key: &str,
    user_id: Uuid,
    now: OffsetDateTime,
    taken: ErrorCode,
) -> Result<()> {
    let over = Condition::all().add(is(email_key)).add(Column::IsCurrent.eq(false)).add(no_longer_reserved(now));
    Entity::delete_many().filter(over).exec(db).await?;
    insert(db, email_key, user_id, true, None, taken).await
}

/// Leaves an account without a present address. One that is reserved for it as well stays so.
pub(super) async fn release(db: &impl ConnectionTrait, user_id: Uuid, now: OffsetDateTime) -> Result<()> {
    let current = || Condition::all().add(Column::UserId.eq(user_id)).add(Column::IsCurrent.eq(true));
    Entity::delete_many().filter(current().add(no_longer_reserved(now))).exec(db).await?;
    Entity::update_many().col_expr(Column::IsCurrent, Expr::value(false)).filter(current()).exec(db).await?;
    Ok(())
}

/// Keeps a former address of an account free for it.
pub(crate) async fn reserve(
    db: &impl ConnectionTrait,
    email_key: &str,
    user_id: Uuid,
    until: OffsetDateTime,
) -> Result<()> {
    let kept = Entity::update_many()
        .col_expr(Column::ReservedUntil, Expr::value(Timestamp(until)))
        .filter(is(email_key))
        .filter(Column::UserId.eq(user_id))
        .exec(db)
        .await?;
    if kept.rows_affected == 1 {
        return Ok(());
    }
    insert(db, email_key, user_id, false, Some(until), ErrorCode::UpdateUserEmailAlreadyExists).await
}

/// Ends the reservations of an account but for those of the addresses to `keep`.
pub(crate) async fn end_reservations(db: &impl ConnectionTrait, user_id: Uuid, keep: &[String]) -> Result<()> {
    let ended = || {
        Condition::all()
            .add(Column::UserId.eq(user_id))
            .add(Column::EmailKey.is_not_in(keep.iter().map(String::as_str)))
    };
    Entity::delete_many().filter(ended().add(Column::IsCurrent.eq(false))).exec(db).await?;
    let none: Option<Timestamp> = None;
    Entity::update_many().col_expr(Column::ReservedUntil, Expr::value(none)).filter(ended()).exec(db).await?;
    Ok(())
}

/// Whether another account than `own` has the address, or it is reserved for one.
pub(crate) async fn is_taken(
    db: &impl ConnectionTrait,
    email_key: &str,
    own: Option<Uuid>,
    now: OffsetDateTime,
) -> Result<bool> {
    let rows = Entity::find().filter(is(email_key)).all(db).await?;
    let mut claims = rows.iter().filter(|row| Some(row.user_id) != own);
    Ok(claims.any(|row| row.is_current || row.reserved_until.is_some_and(|until| until.0 > now)))
}

/// Whether the address is reserved for another account than `own`, which does not have it at present.
pub(crate) async fn is_reserved(
    db: &impl ConnectionTrait,
    email_key: &str,
    own: Option<Uuid>,
    now: OffsetDateTime,
) -> Result<bool> {
    let rows = Entity::find().filter(is(email_key)).filter(Column::ReservedUntil.gt(Timestamp(now))).all(db).await?;
    Ok(rows.iter().any(|row| Some(row.user_id) != own))
}

/// Until when addresses that an account does not have at present are reserved for it, if any are.
pub(super) async fn reserved_until(
    db: &impl ConnectionTrait,
    user_id: Uuid,
    now: OffsetDateTime,
) -> Result<Option<OffsetDateTime>> {
    let reserved = Entity::find().filter(Column::UserId.eq(user_id)).filter(Column::ReservedUntil.gt(Timestamp(now)));
    Ok(reserved.all(db).await?.iter().filter_map(|row| row.reserved_until.map(|until| until.0)).max())
}

/// The addresses of an account that its user has verified: the present one, if it is, and those that are reserved.
pub(super) async fn verified(db: &impl ConnectionTrait, user: &User) -> Result<Vec<String>> {
    let mut keys = Entity::find().select_only().column(Column::EmailKey).filter(Column::UserId.eq(user.id));
    if !user.is_verified {
        keys = keys.filter(Column::IsCurrent.eq(false));
    }
    Ok(keys.into_tuple().all(db).await?)
}

/// How many rows one statement deletes at the most.
const BATCH: u64 = 1000;

/// Deletes reservations that are over, and returns how many.
pub(super) async fn purge(db: &impl ConnectionTrait, now: OffsetDateTime) -> Result<u64> {
    let over = || Condition::all().add(Column::IsCurrent.eq(false)).add(no_longer_reserved(now));
    let mut deleted = 0;
    loop {
        let keys = Entity::find().select_only().column(Column::EmailKey).filter(over()).limit(BATCH);
        let keys: Vec<String> = keys.into_tuple().all(db).await?;
        let full = keys.len() as u64 == BATCH;
        let batch = over().add(Column::Realm.eq(REALM)).add(Column::EmailKey.is_in(keys));
        deleted += Entity::delete_many().filter(batch).exec(db).await?.rows_affected;
        if !full {
            return Ok(deleted);
        }
    }
}

/// The id of the account whose present address this is.
pub(super) fn owner(email_key: &str) -> SelectStatement {
    owners().and_where(Column::Realm.eq(REALM)).and_where(Column::EmailKey.eq(email_key)).take()
}

/// The ids of the accounts that have a present address.
pub(super) fn owners() -> SelectStatement {
    Query::select().column(Column::UserId).from(Entity).and_where(Column::IsCurrent.eq(true)).take()
}

async fn insert(
    db: &impl ConnectionTrait,
    email_key: &str,
    user_id: Uuid,
    is_current: bool,
    reserved_until: Option<OffsetDateTime>,
    taken: ErrorCode,
) -> Result<()> {
    let row = ActiveModel {
        realm: Set(REALM.to_owned()),
        email_key: Set(email_key.to_owned()),
        user_id: Set(user_id),
        is_current: Set(is_current),
        reserved_until: Set(reserved_until.map(Timestamp)),
    };
    match Entity::insert(row).exec_without_returning(db).await {
        Err(cause) if db_error::unique_violation(&cause).is_some() => Err(taken.into()),
        inserted => Ok(inserted.map(drop)?),
    }
}

fn is(email_key: &str) -> Condition {
    Condition::all().add(Column::Realm.eq(REALM)).add(Column::EmailKey.eq(email_key))
}

fn no_longer_reserved(now: OffsetDateTime) -> Condition {
    Condition::any().add(Column::ReservedUntil.is_null()).add(Column::ReservedUntil.lte(Timestamp(now)))
}

//! To whom email addresses belong: the queries of the one place that decides it.
//!
//! Each address has one row, whether it is the present address of an account or a former one that is reserved for it, so that
//! no two accounts can have a claim on it at once.

use auth_entity::address::{ActiveModel, Column, Entity};
use auth_entity::{REALM, Timestamp};
use sea_orm::sea_query::{Query, SelectStatement};
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{ErrorCode, Result, db_error};

/// Makes an address, by its [key](crate::identifier::Email::key), the present one of an account.
///
/// # Errors
/// Fails with `taken` when another account has it or it is reserved for one, and when the database does.
pub(super) async fn claim(
    db: &impl ConnectionTrait,
    email_key: &str,
    user_id: Uuid,
    now: OffsetDateTime,
    taken: ErrorCode,
) -> Result<()> {
    let row = ActiveModel {
        realm: Set(REALM.to_owned()),
        email_key: Set(email_key.to_owned()),
        user_id: Set(user_id),
        reserved_until: Set(None),
    };
    let over = Condition::any().add(Column::ReservedUntil.lte(Timestamp(now))).add(Column::UserId.eq(user_id));
    Entity::delete_many()
        .filter(is(email_key))
        .filter(Column::ReservedUntil.is_not_null())
        .filter(over)
        .exec(db)
        .await?;
    match Entity::insert(row).exec_without_returning(db).await {
        Err(cause) if db_error::unique_violation(&cause).is_some() => Err(taken.into()),
        inserted => Ok(inserted.map(drop)?),
    }
}

/// Frees the present address of an account.
pub(super) async fn release(db: &impl ConnectionTrait, user_id: Uuid) -> Result<()> {
    Entity::delete_many().filter(Column::UserId.eq(user_id)).filter(Column::ReservedUntil.is_null()).exec(db).await?;
    Ok(())
}

/// The id of the account whose present address this is.
pub(super) fn owner(email_key: &str) -> SelectStatement {
    owners().and_where(Column::Realm.eq(REALM)).and_where(Column::EmailKey.eq(email_key)).take()
}

/// The ids of the accounts that have a present address.
pub(super) fn owners() -> SelectStatement {
    Query::select().column(Column::UserId).from(Entity).and_where(Column::ReservedUntil.is_null()).take()
}

fn is(email_key: &str) -> Condition {
    Condition::all().add(Column::Realm.eq(REALM)).add(Column::EmailKey.eq(email_key))
}

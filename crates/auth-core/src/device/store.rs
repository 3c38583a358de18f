//! The queries of known devices.

use auth_entity::Timestamp;
use auth_entity::device::{ActiveModel, Column, Entity, Model};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::key::DeviceKeys;
use super::model::KnownDevice;
use crate::Result;

/// How many accounts with too many devices one purge looks at.
const ACCOUNTS: u64 = 1000;

/// The device that a request comes from, if the account knows it.
pub(super) async fn find(
    db: &impl ConnectionTrait,
    user_id: Uuid,
    keys: &DeviceKeys,
    now: OffsetDateTime,
) -> Result<Option<KnownDevice>> {
    let keys = keys.all();
    if keys.is_empty() {
        return Ok(None);
    }
    let rows = Entity::find()
        .filter(Column::UserId.eq(user_id))
        .filter(Column::KeyHash.is_in(keys))
        .filter(Column::ExpiresAt.gt(Timestamp(now)));
    Ok(KnownDevice::among(rows.all(db).await?))
}

/// Whether any account knows a browser: the library gave it its cookie.
pub(super) async fn is_issued(db: &impl ConnectionTrait, key: [u8; 32], now: OffsetDateTime) -> Result<bool> {
    let rows = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::KeyHash.eq(key.to_vec()))
        .filter(Column::ExpiresAt.gt(Timestamp(now)));
    Ok(!rows.into_tuple::<Uuid>().all(db).await?.is_empty())
}

/// Inserts a device. One that the account knew once is known again.
pub(super) async fn insert(db: &impl ConnectionTrait, row: Model) -> Result<()> {
    let row = ActiveModel {
        id: Set(row.id),
        user_id: Set(row.user_id),
        kind: Set(row.kind),
        key_hash: Set(row.key_hash),
        opened_mail: Set(row.opened_mail),
        user_agent: Set(row.user_agent),
        created_at: Set(row.created_at),
        last_seen_at: Set(row.last_seen_at),
        expires_at: Set(row.expires_at),
    };
    let again = [Column::OpenedMail, Column::UserAgent, Column::LastSeenAt, Column::ExpiresAt];
    let conflict = OnConflict::columns([Column::UserId, Column::KeyHash]).update_columns(again).to_owned();
    Entity::insert(row).on_conflict(conflict).exec_without_returning(db).await?;
    Ok(())
}

/// Writes down that a device was used.
pub(super) async fn touch(
    db: &impl ConnectionTrait,
    id: Uuid,
    now: OffsetDateTime,
    expires_at: OffsetDateTime,
) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::LastSeenAt, Expr::value(Timestamp(now)))
        .col_expr(Column::ExpiresAt, Expr::value(Timestamp(expires_at)))
        .filter(Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

/// Forgets one device of an account, if it is known.
pub(super) async fn forget(db: &impl ConnectionTrait, id: Uuid, user_id: Uuid) -> Result<bool> {
    let one = Entity::delete_many().filter(Column::Id.eq(id)).filter(Column::UserId.eq(user_id));
    Ok(one.exec(db).await?.rows_affected == 1)
}

/// Forgets every device of an account.
pub(crate) async fn forget_all(db: &impl ConnectionTrait, user_id: Uuid) -> Result<()> {
    Entity::delete_many().filter(Column::UserId.eq(user_id)).exec(db).await?;
    Ok(())
}

/// The devices of an account, the one that was used last first.
pub(super) async fn list(db: &impl ConnectionTrait, user_id: Uuid, now: OffsetDateTime) -> Result<Vec<Model>> {
    Ok(Entity::find()
        .filter(Column::UserId.eq(user_id))
        .filter(Column::ExpiresAt.gt(Timestamp(now)))
        .order_by_desc(Column::LastSeenAt)
        .order_by_desc(Column::Id)
        .all(db)
        .await?)
}

/// Deletes the devices of each account that were used the longest ago, so that so many remain.
pub(super) async fn trim(db: &impl ConnectionTrait, keep: u64) -> Result<u64> {
    let crowded: Vec<Uuid> = Entity::find()
        .select_only()
        .column(Column::UserId)
        .group_by(Column::UserId)
        .having(ExprTrait::gt(Column::Id.count(), i64::try_from(keep).unwrap_or(i64::MAX)))
        .limit(ACCOUNTS)
        .into_tuple()
        .all(db)
        .await?;
    let mut deleted = 0;
    for user_id in crowded {
        let oldest: Vec<Uuid> = Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(Column::UserId.eq(user_id))
            .order_by_desc(Column::LastSeenAt)
            .order_by_desc(Column::Id)
            .offset(keep)
            .limit(ACCOUNTS)
            .into_tuple()
            .all(db)
            .await?;
        deleted += Entity::delete_many().filter(Column::Id.is_in(oldest)).exec(db).await?.rows_affected;
    }
    Ok(deleted)
}

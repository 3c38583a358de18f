//! The queries of known devices.

use auth_entity::Timestamp;
use auth_entity::device::{ActiveModel, Column, Entity, Model};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict, Order, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use time::OffsetDateTime;
use uuid::Uuid;

use super::key::DeviceKeys;
use super::model::KnownDevice;
use crate::Result;

/// How many devices an account knows.
const PER_ACCOUNT: u64 = 50;

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

/// Has a browser known by another cookie.
pub(super) async fn replace_key(db: &impl ConnectionTrait, former: [u8; 32], key: [u8; 32]) -> Result<()> {
    let replaced = Entity::update_many().col_expr(Column::KeyHash, Expr::value(key.to_vec()));
    replaced.filter(Column::KeyHash.eq(former.to_vec())).exec(db).await?;
    Ok(())
}

/// Inserts a device, in the place of the one that was used the longest ago if there are enough, but rather not of one in which
/// a mailed link was opened. One that the account knew once is known again, by the id that it had.
pub(super) async fn insert(db: &impl ConnectionTrait, row: Model) -> Result<()> {
    let newest = Query::select()
        .column(Column::Id)
        .from(Entity)
        .and_where(Column::UserId.eq(row.user_id))
        .order_by(Column::OpenedMail, Order::Desc)
        .order_by(Column::LastSeenAt, Order::Desc)
        .order_by(Column::Id, Order::Desc)
        .limit(PER_ACCOUNT - 1)
        .take();
    // MySQL reads no table that it deletes from, but one that is derived from it.
    let kept = Query::select().column(Column::Id).from_subquery(newest, "newest").take();
    let others = Entity::delete_many().filter(Column::UserId.eq(row.user_id)).filter(Column::Id.not_in_subquery(kept));
    others.exec(db).await?;
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

/// The id of the device with a key.
pub(super) async fn id_of(db: &impl ConnectionTrait, user_id: Uuid, key: [u8; 32]) -> Result<Option<Uuid>> {
    let device = Entity::find().filter(Column::UserId.eq(user_id)).filter(Column::KeyHash.eq(key.to_vec()));
    Ok(device.select_only().column(Column::Id).into_tuple().all(db).await?.pop())
}

/// Forgets the devices that an account knows, except those with these keys.
pub(crate) async fn forget_others(db: &impl ConnectionTrait, user_id: Uuid, keep: Vec<Vec<u8>>) -> Result<()> {
    let devices = Entity::delete_many().filter(Column::UserId.eq(user_id)).filter(Column::KeyHash.is_not_in(keep));
    devices.exec(db).await?;
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

//! The queries of the facts about the installation.

use auth_entity::meta::{ActiveModel, Column, Entity, Model};
use auth_entity::{Timestamp, device};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, Statement,
};
use time::OffsetDateTime;

use super::epoch;
use crate::Result;

/// What may have to end after a restore: the table, and what makes a row of it worth something.
const MORTAL: [(&str, &str); 3] =
    [("authn_session", "TRUE"), ("authn_one_time_token", "used_at IS NULL"), ("authn_mail", "failed_at IS NULL")];

pub(super) async fn find(db: &impl ConnectionTrait, name: &str) -> Result<Option<Model>> {
    Ok(Entity::find().filter(Column::Name.eq(name)).all(db).await?.pop())
}

/// The facts whose names begin so, by name.
pub(super) async fn named_like(db: &impl ConnectionTrait, prefix: &str) -> Result<Vec<Model>> {
    Ok(Entity::find().filter(Column::Name.starts_with(prefix)).order_by_asc(Column::Name).all(db).await?)
}

/// Writes a fact down, unless there is one of this name: of several servers that try, one does.
pub(super) async fn insert(
    db: &impl ConnectionTrait,
    name: &str,
    data: Option<Vec<u8>>,
    now: OffsetDateTime,
) -> Result<()> {
    let row = ActiveModel { name: Set(name.to_owned()), number: Set(0), data: Set(data), at: Set(Timestamp(now)) };
    let unless_there = OnConflict::column(Column::Name).do_nothing_on([Column::Name]).to_owned();
    Entity::insert(row).on_conflict(unless_there).exec_without_returning(db).await?;
    Ok(())
}

/// Writes a fact down, in the place of an older one.
pub(super) async fn write(db: &impl ConnectionTrait, name: &str, data: [u8; 32], now: OffsetDateTime) -> Result<()> {
    let at = Timestamp(now);
    let row = ActiveModel { name: Set(name.to_owned()), number: Set(0), data: Set(Some(data.to_vec())), at: Set(at) };
    let replaced = OnConflict::column(Column::Name).update_columns([Column::Data, Column::At]).to_owned();
    Entity::insert(row).on_conflict(replaced).exec_without_returning(db).await?;
    Ok(())
}

/// Moves the moment up to which rows are dead to the newest of them, in one statement. It never goes back.
pub(super) async fn bury(db: &impl ConnectionTrait, now: OffsetDateTime) -> Result<()> {
    let at = milliseconds(now);
    let newest = MORTAL.map(|(table, _)| format!("SELECT MAX(created_at) AS at FROM {table} WHERE created_at <= {at}"));
    let newest = format!("(SELECT MAX(newest.at) FROM ({}) newest)", newest.join(" UNION ALL "));
    let sql = format!(
        "UPDATE authn_meta SET number = CASE WHEN {newest} > number THEN {newest} ELSE number END, at = {at} \
         WHERE name = '{}'",
        epoch::NAME
    );
    db.execute_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    Ok(())
}

/// Deletes rows that seem to be from later than now. The moment cannot be as late as they are, or whatever is created until
/// then would be dead as well.
pub(super) async fn delete_future(db: &impl ConnectionTrait, now: OffsetDateTime) -> Result<()> {
    for (table, _) in MORTAL {
        let sql = format!("DELETE FROM {table} WHERE created_at > {}", milliseconds(now));
        db.execute_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    }
    Ok(())
}

/// Forgets all known devices.
pub(super) async fn forget_devices(db: &impl ConnectionTrait) -> Result<()> {
    device::Entity::delete_many().exec(db).await?;
    Ok(())
}

/// How many sessions, single-use tokens and mails are worth something, in this order.
pub(super) async fn count_mortal(db: &impl ConnectionTrait) -> Result<[u64; 3]> {
    let mut counts = [0; 3];
    for (count, (table, lives)) in counts.iter_mut().zip(MORTAL) {
        let sql = format!("SELECT COUNT(*) FROM {table} WHERE {lives} AND created_at > {}", epoch::SQL);
        let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
        let number: Option<i64> = row.map(|row| row.try_get_by_index(0)).transpose()?;
        *count = number.and_then(|number| u64::try_from(number).ok()).unwrap_or_default();
    }
    Ok(counts)
}

/// Whether there is any account, or any fact.
pub(super) async fn is_used(db: &impl ConnectionTrait) -> Result<bool> {
    let facts = Entity::find().count(db).await?;
    Ok(facts > 0 || auth_entity::user::Entity::find().count(db).await? > 0)
}

/// A moment as it is stored.
fn milliseconds(at: OffsetDateTime) -> i128 {
    at.unix_timestamp_nanos() / 1_000_000
}

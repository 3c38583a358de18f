//! The queries of changes.

use std::time::Duration;

use auth_entity::Timestamp;
use auth_entity::change::{ActiveModel, Column, Entity};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ActiveValue::NotSet, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait};
use sea_orm::{Condition, DatabaseConnection, QueryFilter, QueryOrder, QuerySelect};
use time::OffsetDateTime;
use uuid::Uuid;

use super::model::{Change, Concerned};
use crate::Result;
use crate::clock::before;

/// How long changes are kept: far longer than any server remembers what it has not read again.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// How many numbers one statement deletes.
const STEP: i64 = 1_000;

/// Writes changes down. The last statement of an effect: the later a number is given, the sooner its row can be read.
pub(super) async fn insert(db: &impl ConnectionTrait, concerned: &[Concerned], now: OffsetDateTime) -> Result<()> {
    let rows = concerned.iter().map(|whom| ActiveModel { id: NotSet, user_id: Set(whom.0), at: Set(Timestamp(now)) });
    Entity::insert_many(rows).exec_without_returning(db).await?;
    Ok(())
}

/// The changes after a number, and the newest of all even when it is not after it, in order.
pub(super) async fn after(db: &impl ConnectionTrait, number: i64, limit: u64) -> Result<Vec<Change>> {
    let newest = Query::select().expr(Expr::col(Column::Id).max()).from(Entity).take();
    let rows = Entity::find()
        .select_only()
        .columns([Column::Id, Column::UserId])
        .filter(Condition::any().add(Column::Id.gt(number)).add(Column::Id.in_subquery(newest)))
        .order_by_desc(Column::Id)
        .limit(limit);
    let rows: Vec<(i64, Option<Uuid>)> = rows.into_tuple().all(db).await?;
    Ok(rows.into_iter().map(|(number, user_id)| Change { number, concerned: Concerned(user_id) }).collect())
}

/// Deletes changes that are long known to every server, in small steps so that nobody waits for their locks.
pub(crate) async fn purge(db: &DatabaseConnection, now: OffsetDateTime) -> Result<u64> {
    let is_old = || Column::At.lte(Timestamp(before(now, KEPT)));
    let (first, last) = (Column::Id.min(), Column::Id.max());
    let old = Entity::find().select_only().column_as(first, "first").column_as(last, "last").filter(is_old());
    let found: Option<(Option<i64>, Option<i64>)> = old.into_tuple().all(db).await?.pop();
    let Some((Some(first), Some(last))) = found else { return Ok(0) };
    let (mut deleted, mut from) = (0, first);
    while from <= last {
        let step = Entity::delete_many().filter(Column::Id.between(from, from + STEP - 1)).filter(is_old());
        deleted += step.exec(db).await?.rows_affected;
        from += STEP;
    }
    Ok(deleted)
}

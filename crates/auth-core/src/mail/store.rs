//! The queries of the outbox.

use auth_entity::Timestamp;
use auth_entity::mail::{ActiveModel, Column, Entity, Model};
use sea_orm::sea_query::{Expr, Func};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Result;
use crate::installation::epoch;
use crate::seal::PREFIX;

/// What a new row consists of.
pub(crate) struct NewRow {
    pub(crate) id: Uuid,
    pub(crate) body: Vec<u8>,
    pub(crate) now: OffsetDateTime,
    pub(crate) due_at: OffsetDateTime,
    pub(crate) expires_at: OffsetDateTime,
}

pub(crate) async fn insert(db: &impl ConnectionTrait, rows: Vec<NewRow>) -> Result<()> {
    let rows = rows.into_iter().map(|row| ActiveModel {
        id: Set(row.id),
        body: Set(row.body),
        attempts: Set(0),
        due_at: Set(Timestamp(row.due_at)),
        claim: Set(None),
        created_at: Set(Timestamp(row.now)),
        expires_at: Set(Timestamp(row.expires_at)),
        failed_at: Set(None),
    });
    Entity::insert_many(rows).exec_without_returning(db).await?;
    Ok(())
}

/// What may be claimed now, the longest overdue first. What was sealed with a key that this server does not have, as it does
/// not begin with one of `prefixes`, is left to servers that do, until nobody needs it any more.
pub(crate) async fn due(
    db: &impl ConnectionTrait,
    prefixes: impl Iterator<Item = Vec<u8>>,
    now: OffsetDateTime,
    limit: u64,
) -> Result<Vec<Uuid>> {
    let mine = Condition::any().add(begins_with(prefixes)).add(Column::ExpiresAt.lte(Timestamp(now)));
    Ok(Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::FailedAt.is_null())
        .filter(Column::DueAt.lte(Timestamp(now)))
        .filter(epoch::survives(Column::CreatedAt))
        .filter(mine)
        .order_by_asc(Column::DueAt)
        .order_by_asc(Column::Id)
        .limit(limit)
        .into_tuple()
        .all(db)
        .await?)
}

/// Whether a body begins with one of these.
fn begins_with(prefixes: impl Iterator<Item = Vec<u8>>) -> Expr {
    let length = i32::try_from(PREFIX).unwrap_or_default();
    let start = Func::cust("SUBSTR").args([Expr::col((Entity, Column::Body)), Expr::value(1), Expr::value(length)]);
    Expr::expr(start).is_in(prefixes)
}

/// Claims of these what nobody else has claimed meanwhile.
pub(crate) async fn claim(
    db: &impl ConnectionTrait,
    ids: Vec<Uuid>,
    claim: Uuid,
    now: OffsetDateTime,
    until: OffsetDateTime,
) -> Result<()> {
    // Sums, which no index holds: SQLite would rather walk through all that is due than look these few up.
    let (failed_at, due_at) = (Expr::col(Column::FailedAt).add(0), Expr::col(Column::DueAt).add(0));
    Entity::update_many()
        .col_expr(Column::Claim, Expr::value(claim))
        .col_expr(Column::DueAt, Expr::value(Timestamp(until)))
        .filter(Column::Id.is_in(ids))
        .filter(failed_at.is_null())
        .filter(due_at.lte(Timestamp(now)))
        .exec(db)
        .await?;
    Ok(())
}

pub(crate) async fn claimed(db: &impl ConnectionTrait, claim: Uuid) -> Result<Vec<Model>> {
    Ok(Entity::find().filter(Column::Claim.eq(claim)).order_by_asc(Column::Id).all(db).await?)
}

/// Puts something else into a claimed row.
pub(crate) async fn replace(
    db: &impl ConnectionTrait,
    row: &Model,
    body: Vec<u8>,
    expires_at: OffsetDateTime,
) -> Result<bool> {
    let result = Entity::update_many()
        .col_expr(Column::Body, Expr::value(body))
        .col_expr(Column::ExpiresAt, Expr::value(Timestamp(expires_at)))
        .filter(Column::Id.eq(row.id))
        .filter(Column::Claim.eq(row.claim))
        .exec(db)
        .await?;
    Ok(result.rows_affected == 1)
}

/// Gives a claimed row back, to be tried later.
pub(crate) async fn postpone(db: &impl ConnectionTrait, row: &Model, due_at: OffsetDateTime) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::Attempts, Expr::value(row.attempts.saturating_add(1)))
        .col_expr(Column::DueAt, Expr::value(Timestamp(due_at)))
        .col_expr(Column::Claim, Expr::value(None::<Uuid>))
        .filter(Column::Id.eq(row.id))
        .filter(Column::Claim.eq(row.claim))
        .exec(db)
        .await?;
    Ok(())
}

/// Makes a dead letter of a claimed row.
pub(crate) async fn give_up(db: &impl ConnectionTrait, row: &Model, now: OffsetDateTime) -> Result<bool> {
    let result = Entity::update_many()
        .col_expr(Column::FailedAt, Expr::value(Timestamp(now)))
        .col_expr(Column::Claim, Expr::value(None::<Uuid>))
        .filter(Column::Id.eq(row.id))
        .filter(Column::Claim.eq(row.claim))
        .exec(db)
        .await?;
    Ok(result.rows_affected == 1)
}

pub(crate) async fn remove(db: &impl ConnectionTrait, id: Uuid) -> Result<()> {
    Entity::delete_many().filter(Column::Id.eq(id)).exec(db).await?;
    Ok(())
}

/// The newest mails that wait and do not begin with one of `prefixes`.
pub(crate) async fn foreign(
    db: &impl ConnectionTrait,
    prefixes: impl Iterator<Item = Vec<u8>>,
    limit: u64,
) -> Result<Vec<Model>> {
    Ok(Entity::find()
        .filter(Column::FailedAt.is_null())
        .filter(begins_with(prefixes).not())
        .filter(epoch::survives(Column::CreatedAt))
        .order_by_desc(Column::Id)
        .limit(limit)
        .all(db)
        .await?)
}

/// How many that begin with one of `prefixes` have been due for longer than since a moment.
pub(crate) async fn overdue(
    db: &impl ConnectionTrait,
    prefixes: impl Iterator<Item = Vec<u8>>,
    since: OffsetDateTime,
) -> Result<u64> {
    let overdue = Entity::find()
        .filter(Column::FailedAt.is_null())
        .filter(Column::DueAt.lte(Timestamp(since)))
        .filter(begins_with(prefixes))
        .filter(epoch::survives(Column::CreatedAt));
    Ok(overdue.count(db).await?)
}

/// What is in the outbox.
pub(crate) struct Counts {
    pub(crate) waiting: u64,
    pub(crate) failed: u64,
    /// When the row was created that has waited longest.
    pub(crate) oldest: Option<OffsetDateTime>,
}

/// How many wait to be sent, since when, and how many were given up. One statement.
pub(crate) async fn count(db: &impl ConnectionTrait) -> Result<Counts> {
    let waits_since = Expr::case(Column::FailedAt.is_null(), Expr::col(Column::CreatedAt));
    let counts = Entity::find()
        .select_only()
        .expr(Column::Id.count())
        .expr(Column::FailedAt.count())
        .expr(Func::min(waits_since))
        .filter(epoch::survives(Column::CreatedAt));
    let counts: Option<(i64, i64, Option<Timestamp>)> = counts.into_tuple().one(db).await?;
    let (all, failed, oldest) = counts.unwrap_or_default();
    let [waiting, failed] = [all - failed, failed].map(|count| u64::try_from(count).unwrap_or_default());
    Ok(Counts { waiting, failed, oldest: oldest.map(|at| at.0) })
}

/// Sends dead letters that are still worth something on their way again.
pub(crate) async fn revive(db: &impl ConnectionTrait, now: OffsetDateTime) -> Result<u64> {
    let result = Entity::update_many()
        .col_expr(Column::FailedAt, Expr::value(None::<i64>))
        .col_expr(Column::Attempts, Expr::value(0))
        .col_expr(Column::DueAt, Expr::value(Timestamp(now)))
        .filter(Column::FailedAt.is_not_null())
        .filter(Column::ExpiresAt.gt(Timestamp(now)))
        .filter(epoch::survives(Column::CreatedAt))
        .exec(db)
        .await?;
    Ok(result.rows_affected)
}

//! The queries of the limits.

use auth_entity::limit::{ActiveModel, Column, Entity, Model};
use auth_entity::{REALM, Timestamp};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Rate;
use crate::{Error, Result};

/// Takes one, if there is one left. The first time is the only one that takes more than one statement.
pub(super) async fn take(db: &impl ConnectionTrait, id: Uuid, rate: Rate, now: OffsetDateTime) -> Result<bool> {
    if count(db, id, rate, now).await? {
        return Ok(true);
    }
    // Full, or not there yet. The row that is made here is one whose window is over.
    let row = ActiveModel {
        realm: Set(REALM.to_owned()),
        id: Set(id),
        used: Set(0),
        next_at: Set(Timestamp(now)),
        ends_at: Set(Timestamp(now)),
    };
    let key = [Column::Realm, Column::Id];
    let made = Entity::insert(row).on_conflict(OnConflict::columns(key).do_nothing_on(key).to_owned());
    made.exec_without_returning(db).await?;
    count(db, id, rate, now).await
}

/// The one statement that counts: it changes the row for as many callers as there is room for.
async fn count(db: &impl ConnectionTrait, id: Uuid, rate: Rate, now: OffsetDateTime) -> Result<bool> {
    let end = now + time::Duration::try_from(rate.per).map_err(Error::internal)?;
    // One that ends far too late is from before the clock was set back. Clocks of servers differ, and requests overtake
    // each other: a little too late is none of that.
    let too_late = end + time::Duration::try_from(rate.per).map_err(Error::internal)?;
    let over = || Condition::any().add(Column::EndsAt.lte(Timestamp(now))).add(Column::EndsAt.gt(Timestamp(too_late)));
    let result = Entity::update_many()
        // MySQL assigns in this order, and the second must not be seen by the first.
        .col_expr(Column::Used, Expr::case(over(), 1).finally(Expr::col(Column::Used).add(1)).into())
        .col_expr(Column::EndsAt, Expr::case(over(), Timestamp(end)).finally(Expr::col(Column::EndsAt)).into())
        .filter(is(id))
        .filter(over().add(Column::Used.lt(limit(rate))))
        .exec(db)
        .await?;
    Ok(result.rows_affected == 1)
}

/// Whether one could be taken now.
pub(super) async fn has_room(db: &impl ConnectionTrait, id: Uuid, rate: Rate, now: OffsetDateTime) -> Result<bool> {
    let row = find(db, id).await?;
    Ok(row.is_none_or(|row| row.used < limit(rate) || row.ends_at.0 <= now))
}

/// Writes down that somebody was refused; true for the first.
pub(super) async fn mark_refused(db: &impl ConnectionTrait, id: Uuid, rate: Rate) -> Result<bool> {
    let result = Entity::update_many()
        .col_expr(Column::Used, Expr::col(Column::Used).add(1))
        .filter(is(id))
        .filter(Column::Used.eq(limit(rate)))
        .exec(db)
        .await?;
    Ok(result.rows_affected == 1)
}

pub(super) async fn find(db: &impl ConnectionTrait, id: Uuid) -> Result<Option<Model>> {
    Ok(Entity::find().filter(is(id)).all(db).await?.pop())
}

fn is(id: Uuid) -> Condition {
    Condition::all().add(Column::Realm.eq(REALM)).add(Column::Id.eq(id))
}

fn limit(rate: Rate) -> i32 {
    i32::try_from(rate.times).unwrap_or(i32::MAX - 1)
}

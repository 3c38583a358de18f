//! The queries of the limits.

use auth_entity::REALM;
use auth_entity::limit::{Column, Entity, Model};
use sea_orm::sea_query::{Expr, InsertStatement, OnConflict, Query};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, ExprTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::claim::{Claim, Columns};
use crate::{Result, db_error};

/// Takes one of a row, if there is one left: one statement where the database can insert or update on a condition. MySQL
/// cannot, and needs a second one when the row is not `there` as expected.
pub(super) async fn take(db: &impl ConnectionTrait, claim: &Claim, there: bool, now: i64) -> Result<bool> {
    if db.get_database_backend() != DbBackend::MySql {
        return upsert(db, claim, now).await;
    }
    let taken = if there { update(db, claim, now).await? } else { insert(db, claim, now).await? };
    if taken {
        return Ok(true);
    }
    if there { insert(db, claim, now).await } else { update(db, claim, now).await }
}

/// Which of the rows exist, where [`take`] makes use of it.
pub(super) async fn there(db: &impl ConnectionTrait, ids: impl Iterator<Item = Uuid>) -> Result<Vec<Uuid>> {
    if db.get_database_backend() != DbBackend::MySql {
        return Ok(Vec::new());
    }
    let rows = Entity::find().select_only().column(Column::Id).filter(are(ids));
    Ok(rows.into_tuple().all(db).await?)
}

async fn upsert(db: &impl ConnectionTrait, claim: &Claim, now: i64) -> Result<bool> {
    let Columns { next_at, used, ends_at } = claim.taken(now);
    let mut conflict = OnConflict::columns([Column::Realm, Column::Id]);
    conflict.value(Column::NextAt, next_at).value(Column::Used, used).value(Column::EndsAt, ends_at);
    conflict.action_cond_where(claim.room(now));
    let statement = new_row(claim, now).on_conflict(conflict).take();
    Ok(db.execute(&statement).await?.rows_affected() == 1)
}

/// Changes the row for as many callers as there is room for.
async fn update(db: &impl ConnectionTrait, claim: &Claim, now: i64) -> Result<bool> {
    let Columns { next_at, used, ends_at } = claim.taken(now);
    let result = Entity::update_many()
        .col_expr(Column::NextAt, next_at)
        .col_expr(Column::Used, used)
        .col_expr(Column::EndsAt, ends_at)
        .filter(is(claim.id))
        .filter(claim.room(now))
        .exec(db)
        .await?;
    Ok(result.rows_affected == 1)
}

/// Inserts the row for one caller only.
async fn insert(db: &impl ConnectionTrait, claim: &Claim, now: i64) -> Result<bool> {
    let inserted = db.execute(&new_row(claim, now)).await;
    match inserted {
        Err(cause) if db_error::unique_violation(&cause).is_some() => Ok(false),
        result => Ok(result?.rows_affected() == 1),
    }
}

fn new_row(claim: &Claim, now: i64) -> InsertStatement {
    let Columns { next_at, used, ends_at } = claim.first(now);
    let columns = [Column::Realm, Column::Id, Column::NextAt, Column::Used, Column::EndsAt];
    let values: [Expr; 5] = [REALM.into(), claim.id.into(), next_at.into(), used.into(), ends_at.into()];
    Query::insert().into_table(Entity).columns(columns).values_panic(values).take()
}

/// Gives one of each of these rows back, and empties the others.
pub(super) async fn settle(db: &impl ConnectionTrait, returned: &[Claim], emptied: &[Claim], now: i64) -> Result<()> {
    let is_returned = Column::Id.is_in(returned.iter().map(|claim| claim.id));
    let used = Expr::case(is_returned.and(Column::Used.gt(0)), Expr::col(Column::Used).sub(1)).finally(0);
    // A wait ends with the use that began it.
    let spaced: Vec<&Claim> = returned.iter().filter(|claim| claim.worth() > 0).collect();
    Entity::update_many()
        .col_expr(Column::NextAt, less(Column::NextAt, &spaced, 0))
        .col_expr(Column::Used, used.into())
        .col_expr(Column::EndsAt, less(Column::EndsAt, &returned.iter().collect::<Vec<_>>(), now))
        .filter(are(returned.iter().chain(emptied).map(|claim| claim.id)))
        .exec(db)
        .await?;
    Ok(())
}

/// A moment of these rows less what one use is worth, and a value for the others.
fn less(column: Column, claims: &[&Claim], otherwise: i64) -> Expr {
    let Some((first, rest)) = claims.split_first() else { return Expr::value(otherwise) };
    let of = |claim: &Claim| (Column::Id.eq(claim.id), Expr::col(column).sub(claim.worth()));
    let (condition, value) = of(first);
    let case = rest.iter().fold(Expr::case(condition, value), |case, claim| {
        let (condition, value) = of(claim);
        case.case(condition, value)
    });
    case.finally(otherwise).into()
}

/// Writes down that somebody was refused; true for the first since one was taken.
pub(super) async fn mark_refused(db: &impl ConnectionTrait, claim: &Claim, row: &Model) -> Result<bool> {
    let Some((seen, marked)) = claim.mark(row.used) else { return Ok(true) };
    if row.used != seen {
        return Ok(false);
    }
    let result = Entity::update_many()
        .col_expr(Column::Used, Expr::value(marked))
        .filter(is(claim.id))
        .filter(Column::Used.eq(seen))
        .exec(db)
        .await?;
    Ok(result.rows_affected == 1)
}

pub(super) async fn find(db: &impl ConnectionTrait, id: Uuid) -> Result<Option<Model>> {
    Ok(Entity::find().filter(is(id)).all(db).await?.pop())
}

fn is(id: Uuid) -> Condition {
    are([id])
}

fn are(ids: impl IntoIterator<Item = Uuid>) -> Condition {
    Condition::all().add(Column::Realm.eq(REALM)).add(Column::Id.is_in(ids))
}

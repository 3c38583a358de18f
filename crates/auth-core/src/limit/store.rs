//! The queries of the limits.

use auth_entity::REALM;
use auth_entity::limit::{Column, Entity, Model};
use sea_orm::sea_query::{Expr, Order, Query};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, ExprTrait, QueryFilter};
use uuid::Uuid;

use super::claim::Claim;
use crate::Result;

/// Gives one of each of these rows back, and empties the others.
pub(super) async fn settle(db: &impl ConnectionTrait, returned: &[Claim], emptied: &[Claim], now: i64) -> Result<()> {
    let is_returned = Column::Id.is_in(returned.iter().map(|claim| claim.id));
    let used = Expr::case(is_returned.and(Column::Used.gt(0)), Expr::col(Column::Used).sub(1)).finally(0);
    let less = |column, claims: &[&Claim], otherwise: i64| {
        by_row(claims, |claim| Expr::col(column).sub(claim.worth()), Some(Expr::value(otherwise)))
    };
    // A wait ends with the use that began it.
    let spaced: Vec<&Claim> = returned.iter().filter(|claim| claim.worth() > 0).collect();
    Entity::update_many()
        .col_expr(Column::NextAt, less(Column::NextAt, &spaced, 0))
        .col_expr(Column::Used, used.into())
        .col_expr(Column::EndsAt, less(Column::EndsAt, &returned.iter().collect::<Vec<_>>(), now))
        .filter(locked(db.get_database_backend(), returned.iter().chain(emptied).map(|claim| claim.id)))
        .exec(db)
        .await?;
    Ok(())
}

/// These rows, locked in the order in which they are taken of: PostgreSQL would lock them as it finds them.
fn locked(backend: DbBackend, ids: impl Iterator<Item = Uuid>) -> Condition {
    let rows = are(ids);
    if backend != DbBackend::Postgres {
        return rows;
    }
    let mut in_order = Query::select().column(Column::Id).from(Entity).cond_where(rows).take();
    in_order.order_by(Column::Id, Order::Asc).lock_exclusive();
    Condition::all().add(Column::Realm.eq(REALM)).add(Column::Id.in_subquery(in_order))
}

/// A value for each of these rows, and one for the others, if there are others.
pub(super) fn by_row(claims: &[&Claim], value: impl Fn(&Claim) -> Expr, otherwise: Option<Expr>) -> Expr {
    let (last, rest) = match (otherwise, claims.split_last()) {
        (Some(otherwise), _) => (otherwise, claims),
        (None, Some((last, rest))) => (value(last), rest),
        (None, None) => return Expr::value(0),
    };
    let mut rest = rest.iter();
    let Some(first) = rest.next() else { return last };
    let case = Expr::case(Column::Id.eq(first.id), value(first));
    rest.fold(case, |case, claim| case.case(Column::Id.eq(claim.id), value(claim))).finally(last).into()
}

/// Writes down that somebody was refused; true for the first since one was taken.
pub(super) async fn mark_refused(db: &impl ConnectionTrait, claim: &Claim, row: &Model) -> Result<bool> {
    let Some((seen, marked)) = claim.mark(row.used) else { return Ok(true) };
    if row.used != seen {
        return Ok(false);
    }
    let result = Entity::update_many()
        .col_expr(Column::Used, Expr::value(marked))
        .filter(are([claim.id]))
        .filter(Column::Used.eq(seen))
        .exec(db)
        .await?;
    Ok(result.rows_affected == 1)
}

pub(super) async fn find(db: &impl ConnectionTrait, claims: &[Claim]) -> Result<Vec<Model>> {
    if claims.is_empty() {
        return Ok(Vec::new());
    }
    Ok(Entity::find().filter(are(claims.iter().map(|claim| claim.id))).all(db).await?)
}

pub(super) fn are(ids: impl IntoIterator<Item = Uuid>) -> Condition {
    Condition::all().add(Column::Realm.eq(REALM)).add(Column::Id.is_in(ids))
}

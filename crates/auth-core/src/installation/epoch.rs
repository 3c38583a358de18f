//! The moment up to which rows are dead because a backup was restored.

use auth_entity::Timestamp;
use auth_entity::meta::{Column, Entity};
use sea_orm::sea_query::{Expr, Func, Query};
use sea_orm::{ColumnTrait, ExprTrait};
use time::OffsetDateTime;

/// The name of the fact.
pub(super) const NAME: &str = "restored";

/// The moment in SQL, for the one statement that is written by hand.
pub(crate) const SQL: &str = "COALESCE((SELECT m.number FROM authn_meta m WHERE m.name = 'restored'), 0)";

/// Whether a row, which was created at the time in this column, is from after that moment. Asked by each statement itself:
/// an answer that a server remembered would be wrong on the other ones.
pub(crate) fn survives<C: ColumnTrait>(created_at: C) -> Expr {
    Expr::col(created_at.as_column_ref()).gt(moment())
}

/// Whether something that is in no table, and was created at this time, is from after it.
pub(crate) fn survives_from(created_at: OffsetDateTime) -> Expr {
    Expr::value(Timestamp(created_at)).gt(moment())
}

/// The opposite, for what deletes them.
pub(crate) fn is_dead<C: ColumnTrait>(created_at: C) -> Expr {
    Expr::col(created_at.as_column_ref()).lte(moment())
}

fn moment() -> Expr {
    let number = Query::select()
        .column((Entity, Column::Number))
        .from(Entity)
        .and_where(Expr::col((Entity, Column::Name)).eq(NAME))
        .take();
    Expr::expr(Func::coalesce([Expr::SubQuery(None, Box::new(number.into())), Expr::value(0_i64)]))
}

//! Taking one of several rows at once, as one statement.

use std::fmt::{self, Write};

use auth_entity::REALM;
use auth_entity::limit::{Column, Entity};
use sea_orm::sea_query::{
    Condition, DynIden, Expr, ExprTrait, IntoIden, IntoTableRef, IntoValueTuple, MysqlQueryBuilder, OnConflict, Query,
    QueryBuilder, SqlWriterValues, ValueTuple, Values,
};
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QuerySelect, Statement};
use uuid::Uuid;

use super::claim::{Claim, Columns};
use super::columns::column;
use super::store::{are, by_row};
use crate::{Error, Result, db_error};

const COLUMNS: [Column; 5] = [Column::Realm, Column::Id, Column::NextAt, Column::Used, Column::EndsAt];

/// Takes one of each row if all of them have room, and returns the rows of which it took: all or none, or some of them
/// when others took the last of the rest at the same moment.
pub(super) async fn take(db: &impl ConnectionTrait, claims: &[Claim], now: i64) -> Result<Vec<Uuid>> {
    let mut claims: Vec<&Claim> = claims.iter().collect();
    // Everybody takes in this order, so that no two wait for each other.
    claims.sort_by_key(|claim| (claim.id, claim.rate.times));
    // Two rates for the same time count in one row, of which the lower one decides.
    claims.dedup_by_key(|claim| claim.id);
    match db.get_database_backend() {
        DbBackend::MySql => update_or_insert(db, &claims, now).await,
        _ => upsert(db, &claims, now).await,
    }
}

fn ids(claims: &[&Claim]) -> Vec<Uuid> {
    claims.iter().map(|claim| claim.id).collect()
}

/// Inserts and updates on one condition. That all have room is looked at before, so that a refusal writes nothing, and again
/// for each row that is updated, so that nobody gets what another one just took.
async fn upsert(db: &impl ConnectionTrait, claims: &[&Claim], now: i64) -> Result<Vec<Uuid>> {
    let table = Entity.into_iden();
    let any = |condition: &dyn Fn(&Claim) -> Condition| {
        let of = |claim: &&Claim| Condition::all().add(Column::Id.eq(claim.id)).add(condition(claim));
        claims.iter().fold(Condition::any(), |any, claim| any.add(of(claim)))
    };
    let full = Query::select()
        .expr(Expr::value(1))
        .from(Entity)
        .and_where(Column::Realm.eq(REALM))
        .cond_where(any(&|claim| claim.room(&table, now).not()))
        .take();
    let rows = Query::select()
        .columns((1..=COLUMNS.len()).map(|index| format!("column{index}")))
        .from_values(claims.iter().map(|claim| new_row(claim, now)), "new")
        .and_where(Expr::exists(full).not())
        .take();
    let value = |of: fn(Columns<Expr, Expr>) -> Expr| by_row(claims, |claim| of(claim.taken(&table, now)), None);
    let mut conflict = OnConflict::columns([Column::Realm, Column::Id]);
    conflict
        .value(Column::NextAt, value(|columns| columns.next_at))
        .value(Column::Used, value(|columns| columns.used))
        .value(Column::EndsAt, value(|columns| columns.ends_at))
        .action_cond_where(any(&|claim| claim.room(&table, now)));
    let mut statement = Query::insert().into_table(Entity).columns(COLUMNS).to_owned();
    let statement = statement.select_from(rows).map_err(Error::internal)?;
    let statement = statement.on_conflict(conflict).returning_col(Column::Id);
    let taken = db.query_all(&*statement).await?;
    Ok(taken.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?)
}

/// MySQL has no upsert on a condition: it needs a look at which rows there are, and a statement for each kind of row.
async fn update_or_insert(db: &impl ConnectionTrait, claims: &[&Claim], now: i64) -> Result<Vec<Uuid>> {
    let known = Entity::find().select_only().column(Column::Id).filter(are(ids(claims)));
    let known: Vec<Uuid> = known.into_tuple().all(db).await?;
    let (there, missing): (Vec<&Claim>, Vec<&Claim>) = claims.iter().partition(|claim| known.contains(&claim.id));
    if !there.is_empty() && !update(db, &there, now).await? {
        return Ok(Vec::new());
    }
    if missing.is_empty() || insert(db, &missing, now).await? {
        return Ok(ids(claims));
    }
    // Somebody else inserted one of them.
    let mut taken = ids(&there);
    for claim in missing {
        if !insert(db, &[claim], now).await? && !update(db, &[claim], now).await? {
            break;
        }
        taken.push(claim.id);
    }
    Ok(taken)
}

/// Inserts all of these rows, or none when one is there.
async fn insert(db: &impl ConnectionTrait, claims: &[&Claim], now: i64) -> Result<bool> {
    let mut statement = Query::insert().into_table(Entity).columns(COLUMNS).to_owned();
    for claim in claims {
        statement.values_panic(new_row(claim, now).into_iter().map(Expr::from));
    }
    match db.execute(&statement).await {
        Err(cause) if db_error::unique_violation(&cause).is_some() => Ok(false),
        result => Ok(result?.rows_affected() > 0),
    }
}

fn new_row(claim: &Claim, now: i64) -> ValueTuple {
    let Columns { next_at, used, ends_at } = claim.first(now);
    (REALM, claim.id, next_at, used, ends_at).into_value_tuple()
}

/// Changes all of these rows, or none when one has no room: a join of the table with itself, which sea-query does not
/// write.
async fn update(db: &impl ConnectionTrait, claims: &[&Claim], now: i64) -> Result<bool> {
    let tables: Vec<DynIden> = (0..claims.len()).map(|index| format!("t{index}").into()).collect();
    let (mut assignments, mut condition) = (Vec::new(), Condition::all());
    for (claim, table) in claims.iter().zip(&tables) {
        let Columns { next_at, used, ends_at } = claim.taken(table, now);
        let values = [(Column::NextAt, next_at), (Column::Used, used), (Column::EndsAt, ends_at)];
        // An assignment looks like a comparison.
        assignments.extend(values.map(|(of, value)| column(table, of).eq(value)));
        let is_row =
            Condition::all().add(column(table, Column::Realm).eq(REALM)).add(column(table, Column::Id).eq(claim.id));
        condition = condition.add(is_row).add(claim.room(table, now));
    }
    let (sql, values) = join_update(&tables, &assignments, &condition.into()).map_err(Error::internal)?;
    let statement = Statement::from_sql_and_values(DbBackend::MySql, sql, values);
    Ok(db.execute_raw(statement).await?.rows_affected() > 0)
}

fn join_update(tables: &[DynIden], assignments: &[Expr], condition: &Expr) -> Result<(String, Values), fmt::Error> {
    let mut sql = SqlWriterValues::new("?", false);
    for (index, table) in tables.iter().enumerate() {
        sql.write_str(if index == 0 { "UPDATE " } else { ", " })?;
        MysqlQueryBuilder.prepare_table_ref(&Entity.into_table_ref().alias(table.clone()), &mut sql);
    }
    for (index, assignment) in assignments.iter().enumerate() {
        sql.write_str(if index == 0 { " SET " } else { ", " })?;
        MysqlQueryBuilder.prepare_expr(assignment, &mut sql);
    }
    sql.write_str(" WHERE ")?;
    MysqlQueryBuilder.prepare_expr(condition, &mut sql);
    Ok(sql.into_parts())
}

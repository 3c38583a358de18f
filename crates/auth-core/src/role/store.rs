//! The queries of roles.

use auth_entity::{Timestamp, role, user, user_role};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict, Query, SelectStatement};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, JoinType, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Related,
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::config::RoleConfig;
use super::model::{MAX_ROLES, RoleName, UserRoles};
use crate::error::{Error, Result};

/// The roles that were created.
pub(super) async fn created(db: &impl ConnectionTrait) -> Result<Vec<RoleName>> {
    let rows = role::Entity::find().all(db).await?;
    Ok(rows.into_iter().filter_map(|row| RoleName::stored(row.name)).collect())
}

/// Whether a role was created.
pub(super) async fn was_created(db: &impl ConnectionTrait, name: &RoleName) -> Result<bool> {
    Ok(role::Entity::find().filter(role::Column::Name.eq(name.as_str())).count(db).await? > 0)
}

/// Creates a role, unless it is there.
pub(super) async fn create(db: &impl ConnectionTrait, name: &RoleName, now: OffsetDateTime) -> Result<()> {
    let row = role::ActiveModel { name: Set(name.to_string()), created_at: Set(Timestamp(now)) };
    let unless_there = OnConflict::column(role::Column::Name).do_nothing_on([role::Column::Name]).to_owned();
    role::Entity::insert(row).on_conflict(unless_there).exec_without_returning(db).await?;
    Ok(())
}

/// The roles of an account; `None` when the account does not exist.
pub(crate) async fn of(db: &impl ConnectionTrait, config: &RoleConfig, user_id: Uuid) -> Result<Option<UserRoles>> {
    let roles = <user::Entity as Related<user_role::Entity>>::to();
    let rows = user::Entity::find()
        .select_only()
        .column(user_role::Column::Role)
        .join(JoinType::LeftJoin, roles)
        .filter(user::Column::Id.eq(user_id));
    let rows: Vec<Option<String>> = rows.into_tuple().all(db).await?;
    if rows.is_empty() {
        return Ok(None);
    }
    let granted = rows.into_iter().flatten().filter_map(RoleName::stored);
    Ok(Some(UserRoles::new(config.default_name().clone(), granted)))
}

/// The rows of an account, in the order in which the roles were granted.
pub(super) async fn granted(db: &impl ConnectionTrait, user_id: Uuid) -> Result<Vec<user_role::Model>> {
    let rows = user_role::Entity::find().filter(user_role::Column::UserId.eq(user_id));
    let rows = rows.order_by_asc(user_role::Column::GrantedAt).order_by_asc(user_role::Column::Role);
    Ok(rows.all(db).await?)
}

/// How many of these roles an account was granted.
pub(super) async fn count(db: &impl ConnectionTrait, user_id: Uuid, roles: &[&RoleName]) -> Result<u64> {
    let names = roles.iter().map(|role| role.as_str());
    let rows = user_role::Entity::find().filter(user_role::Column::UserId.eq(user_id));
    Ok(rows.filter(user_role::Column::Role.is_in(names)).count(db).await?)
}

/// Grants a role, if the account exists, does not have it, and may have another one; whether it was so. The row of the account is
/// locked.
pub(super) async fn grant(db: &impl ConnectionTrait, row: &user_role::Model) -> Result<bool> {
    let own = || -> SelectStatement {
        Query::select().from(user_role::Entity).and_where(user_role::Column::UserId.eq(row.user_id)).take()
    };
    let same = own().expr(Expr::value(1)).and_where(user_role::Column::Role.eq(row.role.as_str())).take();
    let number = own().expr(user_role::Column::Role.count()).take();
    let has_room = Expr::SubQuery(None, Box::new(number.into())).lt(i64::try_from(MAX_ROLES).unwrap_or(i64::MAX));
    let new = Query::select()
        .expr(Expr::col((user::Entity, user::Column::Id)))
        .expr(Expr::value(row.role.as_str()))
        .expr(Expr::value(row.granted_at))
        .expr(Expr::value(row.granted_by))
        .from(user::Entity)
        .and_where(Expr::col((user::Entity, user::Column::Id)).eq(row.user_id))
        .and_where(Expr::exists(same).not())
        .and_where(has_room)
        .take();
    let columns = [
        user_role::Column::UserId,
        user_role::Column::Role,
        user_role::Column::GrantedAt,
        user_role::Column::GrantedBy,
    ];
    let mut insert = Query::insert().into_table(user_role::Entity).columns(columns).to_owned();
    let insert = insert.select_from(new).map_err(Error::internal)?;
    Ok(db.execute(&*insert).await?.rows_affected() == 1)
}

/// Revokes a role; whether the account had it.
pub(super) async fn revoke(db: &impl ConnectionTrait, user_id: Uuid, role: &RoleName) -> Result<bool> {
    let one = user_role::Entity::delete_many().filter(user_role::Column::UserId.eq(user_id));
    let one = one.filter(user_role::Column::Role.eq(role.as_str()));
    Ok(one.exec(db).await?.rows_affected == 1)
}

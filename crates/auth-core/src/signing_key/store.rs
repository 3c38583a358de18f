//! The queries of the signing keys.

use auth_entity::Timestamp;
use auth_entity::signing_key::{ActiveModel, Column, Entity, Model};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Result;

/// All keys, the newest first.
pub(super) async fn all(db: &impl ConnectionTrait) -> Result<Vec<Model>> {
    Ok(Entity::find().order_by_desc(Column::Generation).all(db).await?)
}

/// Locks the keys, always in the same order, so that those who change them at the same moment wait for each other and do not
/// deadlock. What was added meanwhile is not locked: the statements that follow decide by themselves.
pub(super) async fn lock(tx: &DatabaseTransaction) -> Result<()> {
    let keys = Entity::find().select_only().column(Column::Id).order_by_asc(Column::Generation).lock_exclusive();
    keys.into_tuple::<Uuid>().all(tx).await?;
    Ok(())
}

pub(super) async fn insert(db: &impl ConnectionTrait, row: ActiveModel) -> Result<()> {
    Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// The one statement that decides whether a key signs from now on: it changes the row for one caller only, and for none before
/// the key was published by that moment, if one is given.
pub(super) async fn promote(
    db: &impl ConnectionTrait,
    id: Uuid,
    now: OffsetDateTime,
    published_by: Option<OffsetDateTime>,
) -> Result<bool> {
    let mut promoted = Entity::update_many()
        .col_expr(Column::PromotedAt, Expr::value(Timestamp(now)))
        .filter(Column::Id.eq(id))
        .filter(Column::PromotedAt.is_null());
    if let Some(published_by) = published_by {
        promoted = promoted.filter(Column::CreatedAt.lte(Timestamp(published_by)));
    }
    Ok(promoted.exec(db).await?.rows_affected == 1)
}

/// Retires every key that signs but one, and deletes their private halves.
pub(super) async fn retire_others(
    db: &impl ConnectionTrait,
    id: Uuid,
    now: OffsetDateTime,
    expires_at: OffsetDateTime,
) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::RetiredAt, Expr::value(Timestamp(now)))
        .col_expr(Column::ExpiresAt, Expr::value(Timestamp(expires_at)))
        .col_expr(Column::PrivateKey, Expr::value(None::<Vec<u8>>))
        .filter(Column::Id.ne(id))
        .filter(Column::PromotedAt.is_not_null())
        .filter(Column::RetiredAt.is_null())
        .exec(db)
        .await?;
    Ok(())
}

pub(super) async fn delete(db: &impl ConnectionTrait, id: Uuid) -> Result<bool> {
    Ok(Entity::delete_many().filter(Column::Id.eq(id)).exec(db).await?.rows_affected == 1)
}

/// Writes the private half down as it is sealed anew, unless it was deleted or sealed anew meanwhile.
pub(super) async fn replace_sealed(db: &impl ConnectionTrait, row: &Model, sealed: Vec<u8>) -> Result<bool> {
    let replaced = Entity::update_many()
        .col_expr(Column::PrivateKey, Expr::value(sealed))
        .filter(Column::Id.eq(row.id))
        .filter(Column::PrivateKey.eq(row.private_key.clone()));
    Ok(replaced.exec(db).await?.rows_affected == 1)
}

//! The queries of refresh tokens.

use std::time::Duration;

use auth_entity::refresh_token::{ActiveModel, Column, Entity, Model};
use auth_entity::{Digest, Timestamp};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, UpdateMany};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Result;
use crate::clock::before;

/// The tokens of a family.
pub(super) struct Hashes {
    pub(super) family: [u8; 32],
    pub(super) token: [u8; 32],
}

/// What is remembered of an exchange, for as long as it may be repeated.
pub(super) struct Exchange {
    pub(super) parent: [u8; 32],
    pub(super) client: [u8; 32],
    pub(super) answer: Vec<u8>,
}

/// Begins the family of a new session.
pub(super) async fn insert(
    db: &impl ConnectionTrait,
    session_id: Uuid,
    hashes: Hashes,
    now: OffsetDateTime,
) -> Result<()> {
    let row = ActiveModel {
        session_id: Set(session_id),
        family_hash: Set(hashes.family.into()),
        token_hash: Set(hashes.token.into()),
        rotated_at: Set(Timestamp(now)),
        parent_hash: Set(None),
        client_hash: Set(None),
        answer: Set(None),
    };
    Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// Begins another family for a session, which ends every token of the one before.
pub(super) async fn replace(
    db: &impl ConnectionTrait,
    session_id: Uuid,
    hashes: &Hashes,
    now: OffsetDateTime,
) -> Result<bool> {
    let replaced = forgetting()
        .col_expr(Column::FamilyHash, Expr::value(hashes.family.to_vec()))
        .col_expr(Column::TokenHash, Expr::value(hashes.token.to_vec()))
        .col_expr(Column::RotatedAt, Expr::value(Timestamp(now)))
        .filter(Column::SessionId.eq(session_id));
    Ok(replaced.exec(db).await?.rows_affected == 1)
}

/// An update that empties what is remembered of the last exchange.
fn forgetting() -> UpdateMany<Entity> {
    Entity::update_many()
        .col_expr(Column::ParentHash, Expr::value(None::<Digest>))
        .col_expr(Column::ClientHash, Expr::value(None::<Digest>))
        .col_expr(Column::Answer, Expr::value(None::<Vec<u8>>))
}

/// The one statement that exchanges a token: it changes the row for one caller only. What may have been repeated before goes.
pub(super) async fn rotate(
    db: &impl ConnectionTrait,
    session_id: Uuid,
    exchange: Exchange,
    child: [u8; 32],
    now: OffsetDateTime,
) -> Result<bool> {
    let rotated = Entity::update_many()
        .col_expr(Column::TokenHash, Expr::value(child.to_vec()))
        .col_expr(Column::RotatedAt, Expr::value(Timestamp(now)))
        .col_expr(Column::ParentHash, Expr::value(exchange.parent.to_vec()))
        .col_expr(Column::ClientHash, Expr::value(exchange.client.to_vec()))
        .col_expr(Column::Answer, Expr::value(exchange.answer))
        .filter(Column::SessionId.eq(session_id))
        .filter(Column::TokenHash.eq(exchange.parent.to_vec()));
    Ok(rotated.exec(db).await?.rows_affected == 1)
}

pub(super) async fn find(db: &impl ConnectionTrait, session_id: Uuid) -> Result<Option<Model>> {
    Ok(Entity::find().filter(Column::SessionId.eq(session_id)).all(db).await?.pop())
}

/// Forgets what nobody may have repeated any more.
pub(super) async fn forget(db: &impl ConnectionTrait, now: OffsetDateTime, grace: Duration) -> Result<()> {
    let forgotten =
        forgetting().filter(Column::RotatedAt.lte(Timestamp(before(now, grace)))).filter(Column::Answer.is_not_null());
    forgotten.exec(db).await?;
    Ok(())
}

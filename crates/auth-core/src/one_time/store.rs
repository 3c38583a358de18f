//! The queries of single-use tokens.

use auth_entity::{Timestamp, one_time_token, user};
use sea_orm::sea_query::{Expr, Query};
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Consumed, Issue, Purpose};
use crate::secret::digest;
use crate::{Error, Result};

pub(super) async fn insert(
    db: &impl ConnectionTrait,
    id: Uuid,
    token_hash: [u8; 32],
    issue: &Issue<'_>,
    now: OffsetDateTime,
) -> Result<()> {
    let end = now.checked_add(time::Duration::try_from(issue.lifetime).map_err(Error::internal)?);
    let end = end.ok_or_else(|| Error::internal("a token cannot live so long"))?;
    let row = one_time_token::ActiveModel {
        id: Set(id),
        kind: Set(issue.purpose.as_str().to_owned()),
        token_hash: Set(token_hash.to_vec()),
        user_id: Set(issue.user.map(|user| user.id)),
        sev: Set(issue.user.map(|user| user.sev)),
        binding_hash: Set(issue.binding.map(|binding| digest(binding).to_vec())),
        data: Set(issue.data.clone()),
        created_at: Set(Timestamp(now)),
        expires_at: Set(Timestamp(end)),
        used_at: Set(None),
    };
    one_time_token::Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// The one statement that redeems: it changes a row for one caller only.
pub(super) async fn mark_used(
    db: &impl ConnectionTrait,
    purpose: Purpose,
    token_hash: [u8; 32],
    binding_hash: Option<[u8; 32]>,
    now: OffsetDateTime,
) -> Result<bool> {
    use one_time_token::Column;
    let epoch = Query::select()
        .column((user::Entity, user::Column::Sev))
        .from(user::Entity)
        .and_where(Expr::col((user::Entity, user::Column::Id)).equals((one_time_token::Entity, Column::UserId)))
        .take();
    let bound = match binding_hash {
        Some(hash) => Column::BindingHash.is_null().or(Column::BindingHash.eq(hash.to_vec())),
        None => Column::BindingHash.is_null(),
    };
    let result = one_time_token::Entity::update_many()
        .col_expr(Column::UsedAt, Expr::value(Timestamp(now)))
        .filter(Column::TokenHash.eq(token_hash.to_vec()))
        .filter(Column::Kind.eq(purpose.as_str()))
        .filter(Column::UsedAt.is_null())
        .filter(Column::ExpiresAt.gt(Timestamp(now)))
        .filter(bound)
        .filter(
            Condition::any()
                .add(Column::UserId.is_null())
                .add(Expr::col((one_time_token::Entity, Column::Sev)).eq(Expr::SubQuery(None, Box::new(epoch.into())))),
        )
        .exec(db)
        .await?;
    Ok(result.rows_affected == 1)
}

pub(super) async fn find(db: &impl ConnectionTrait, token_hash: [u8; 32]) -> Result<Option<Consumed>> {
    let row = one_time_token::Entity::find_by_token_hash(token_hash.to_vec()).one(db).await?;
    Ok(row.map(|row| Consumed { user_id: row.user_id, data: row.data }))
}

//! The queries of the marker that there was a first superuser.

use auth_entity::Timestamp;
use auth_entity::meta::{ActiveModel, Column, Entity};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter};
use time::OffsetDateTime;

use crate::db_error::unique_violation;
use crate::error::{ErrorCode, Result};

/// The name of the marker.
const NAME: &str = "first_superuser";

/// Whether there was a first superuser, whatever became of them.
pub(super) async fn is_marked(db: &impl ConnectionTrait) -> Result<bool> {
    Ok(Entity::find().filter(Column::Name.eq(NAME)).count(db).await? > 0)
}

/// Writes down that there is one. Of several servers that do so at once, one succeeds once it commits.
///
/// # Errors
/// Fails with `marked` when that was written down before, and when the database does.
pub(super) async fn mark(db: &impl ConnectionTrait, now: OffsetDateTime, marked: ErrorCode) -> Result<()> {
    let at = Set(Timestamp(now));
    let row = ActiveModel { name: Set(NAME.to_owned()), number: Set(0), data: Set(None), at };
    match Entity::insert(row).exec_without_returning(db).await {
        Err(cause) if unique_violation(&cause).is_some() => Err(marked.into()),
        inserted => Ok(inserted.map(drop)?),
    }
}

//! The queries of sessions, but for the one of every request.

use auth_entity::session::{ActiveModel, Column, Entity, Model};
use auth_entity::{Digest, Timestamp, device, user};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, JoinType, QueryFilter, QueryOrder,
    QuerySelect,
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{ListedSession, Session};
use crate::installation::epoch;
use crate::{Result, User};

/// How many sessions too many one login removes at the most.
const MAX_OVERFLOW: u64 = 1000;

pub(super) async fn insert(
    db: &impl ConnectionTrait,
    session: &Session,
    device_id: Option<Uuid>,
    token_hash: Option<[u8; 32]>,
    sev: i64,
) -> Result<()> {
    let row = ActiveModel {
        id: Set(session.id),
        user_id: Set(session.user_id),
        actor_id: Set(None),
        backend: Set(session.backend.clone()),
        token_hash: Set(token_hash.map(Digest::from)),
        sev: Set(sev),
        token_sev: Set(sev),
        auth_time: Set(Timestamp(session.auth_time)),
        amr: Set(session.amr.clone()),
        aal: Set(session.aal.into()),
        created_at: Set(Timestamp(session.created_at)),
        last_seen_at: Set(Timestamp(session.last_seen_at)),
        expires_at: Set(Timestamp(session.expires_at)),
        remembered: Set(session.remembered),
        token_at: Set(Timestamp(session.token_at)),
        ip: Set(session.ip.clone()),
        user_agent: Set(session.user_agent.clone()),
        device_id: Set(device_id),
        scope: Set(session.scope.clone()),
    };
    Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// Notes a login on the account, if it is active and its epoch has not moved: the statement that decides whether a
/// session may be established, and that makes concurrent changes of the account wait for it.
pub(super) async fn mark_login(db: &impl ConnectionTrait, id: Uuid, sev: i64, now: OffsetDateTime) -> Result<bool> {
    let result = user::Entity::update_many()
        .col_expr(user::Column::LastLoginAt, Expr::value(Timestamp(now)))
        .filter(user::Column::Id.eq(id))
        .filter(user::Column::Sev.eq(sev))
        .filter(user::Column::IsActive.eq(true))
        .exec(db)
        .await?;
    Ok(result.rows_affected == 1)
}

/// Has everybody else who wants to change a session wait; false if it does not exist.
pub(super) async fn lock(db: &impl ConnectionTrait, id: Uuid) -> Result<bool> {
    let row = Entity::find().select_only().column(Column::Id).filter(Column::Id.eq(id)).lock_exclusive();
    Ok(!row.into_tuple::<Uuid>().all(db).await?.is_empty())
}

/// Ends the oldest sessions of a user so that at most `keep` remain, and returns those that it ended.
pub(super) async fn trim(db: &impl ConnectionTrait, user_id: Uuid, keep: u64) -> Result<Vec<Uuid>> {
    let oldest: Vec<Uuid> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::UserId.eq(user_id))
        .order_by_desc(Column::CreatedAt)
        .order_by_desc(Column::Id)
        .offset(keep)
        .limit(MAX_OVERFLOW)
        .into_tuple()
        .all(db)
        .await?;
    if !oldest.is_empty() {
        Entity::delete_many().filter(Column::Id.is_in(oldest.iter().copied())).exec(db).await?;
    }
    Ok(oldest)
}

/// Which sessions of a user are listed.
pub(super) struct Listed {
    pub(super) is_unused: Condition,
    pub(super) cursor: Option<Uuid>,
    pub(super) limit: Option<u64>,
}

/// The sessions of a user that are alive, newest first, each with the device that it names, unless that was forgotten.
pub(super) async fn list(
    db: &impl ConnectionTrait,
    user: &User,
    now: OffsetDateTime,
    Listed { is_unused, cursor, limit }: Listed,
) -> Result<Vec<ListedSession>> {
    let device = Entity::belongs_to(device::Entity).from(Column::DeviceId).to(device::Column::Id);
    let mut sessions = Entity::find()
        .filter(Column::UserId.eq(user.id))
        .filter(Column::Sev.eq(user.security_epoch))
        .filter(Column::ExpiresAt.gt(Timestamp(now)))
        .filter(is_unused.not())
        .filter(epoch::survives(Column::CreatedAt))
        .order_by_desc(Column::Id)
        .limit(limit);
    if let Some(cursor) = cursor {
        sessions = sessions.filter(Column::Id.lt(cursor));
    }
    let rows = sessions.join(JoinType::LeftJoin, device.into()).select_also(device::Entity).all(db).await?;
    let is_known = |device: &device::Model| device.user_id == user.id && device.expires_at.0 > now;
    let listed = |(row, device): (Model, Option<device::Model>)| {
        let device_id = device.filter(is_known).map(|device| device.id);
        ListedSession { session: row.into(), device_id }
    };
    Ok(rows.into_iter().map(listed).collect())
}

/// Notes that a session was used, once a minute at the most however many requests say so.
pub(super) async fn touch(
    db: &impl ConnectionTrait,
    id: Uuid,
    now: OffsetDateTime,
    not_since: OffsetDateTime,
) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::LastSeenAt, Expr::value(Timestamp(now)))
        .filter(Column::Id.eq(id))
        .filter(Column::LastSeenAt.lt(Timestamp(not_since)))
        .exec(db)
        .await?;
    Ok(())
}

/// Notes that the client gets its token anew, unless it got it after `not_since`, or the session has another token by now:
/// for one caller only.
pub(super) async fn prolong(
    db: &impl ConnectionTrait,
    id: Uuid,
    sev: i64,
    now: OffsetDateTime,
    not_since: OffsetDateTime,
) -> Result<bool> {
    let result = Entity::update_many()
        .col_expr(Column::TokenAt, Expr::value(Timestamp(now)))
        .filter(Column::Id.eq(id))
        .filter(Column::Sev.eq(sev))
        .filter(Column::TokenAt.lte(Timestamp(not_since)))
        .exec(db)
        .await?;
    Ok(result.rows_affected == 1)
}

/// Gives a session a new epoch, and puts a new token, if there is one, in the place of the old.
pub(super) async fn renew(
    db: &impl ConnectionTrait,
    id: Uuid,
    new_token: Option<Option<[u8; 32]>>,
    sev: i64,
    now: OffsetDateTime,
) -> Result<bool> {
    let mut update = Entity::update_many().col_expr(Column::Sev, Expr::value(sev)).filter(Column::Id.eq(id));
    if let Some(hash) = new_token {
        update = update
            .col_expr(Column::TokenSev, Expr::value(sev))
            .col_expr(Column::TokenAt, Expr::value(Timestamp(now)))
            .col_expr(Column::LastSeenAt, Expr::value(Timestamp(now)))
            .col_expr(Column::TokenHash, Expr::value(hash.map(Vec::from)));
    }
    Ok(update.exec(db).await?.rows_affected == 1)
}

pub(super) async fn delete(db: &impl ConnectionTrait, id: Uuid, user_id: Uuid) -> Result<bool> {
    let result = Entity::delete_many().filter(Column::Id.eq(id)).filter(Column::UserId.eq(user_id)).exec(db).await?;
    Ok(result.rows_affected == 1)
}

/// Deletes the sessions of a user, but for one that may be kept.
pub(super) async fn delete_all(db: &impl ConnectionTrait, user_id: Uuid, keep: Option<Uuid>) -> Result<()> {
    let mut delete = Entity::delete_many().filter(Column::UserId.eq(user_id));
    if let Some(keep) = keep {
        delete = delete.filter(Column::Id.ne(keep));
    }
    delete.exec(db).await?;
    Ok(())
}

/// Moves the account's security epoch from `seen` to the next value, for one caller only.
pub(super) async fn bump_epoch(db: &impl ConnectionTrait, user_id: Uuid, seen: i64) -> Result<bool> {
    let result = user::Entity::update_many()
        .col_expr(user::Column::Sev, Expr::value(seen + 1))
        .filter(user::Column::Id.eq(user_id))
        .filter(user::Column::Sev.eq(seen))
        .exec(db)
        .await?;
    Ok(result.rows_affected == 1)
}

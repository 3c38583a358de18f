//! The queries of the audit log.

use std::collections::BTreeMap;

use auth_entity::Timestamp;
use auth_entity::event::{ActiveModel, Column, Entity, Model};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use uuid::Uuid;

use super::{AuditEvent, AuditQuery};
use crate::event::Description;
use crate::{Client, Event, EventKind, Result};

/// Writes all events of an effect with one statement.
pub(crate) async fn insert(db: &impl ConnectionTrait, events: &[Event]) -> Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    Entity::insert_many(events.iter().map(row)).exec_without_returning(db).await?;
    Ok(())
}

/// Writes an event that shares a row with like ones: the first makes it, the others count.
pub(super) async fn count(db: &impl ConnectionTrait, event: &Event, slot: [u8; 32]) -> Result<()> {
    let row = ActiveModel { slot: Set(Some(slot.to_vec())), ..row(event) };
    let mut conflict = OnConflict::column(Column::Slot);
    conflict
        .value(Column::Count, Expr::col((Entity, Column::Count)).add(1))
        .value(Column::LastAt, Expr::value(Timestamp(event.at)));
    Entity::insert(row).on_conflict(conflict).exec_without_returning(db).await?;
    Ok(())
}

/// How many rows about an account each event has.
pub(super) async fn count_by_name(db: &impl ConnectionTrait, subject_id: Uuid) -> Result<BTreeMap<String, i64>> {
    let counts = Entity::find().select_only().column(Column::Name).column_as(Column::Id.count(), "rows");
    let counts = counts.filter(Column::SubjectId.eq(subject_id)).group_by(Column::Name);
    Ok(counts.into_tuple::<(String, i64)>().all(db).await?.into_iter().collect())
}

pub(super) async fn size(db: &impl ConnectionTrait) -> Result<u64> {
    Ok(Entity::find().count(db).await?)
}

fn row(event: &Event) -> ActiveModel {
    let Description { subject_id, session_id, data, .. } = event.kind.describe();
    // Of an account that is gone nothing tells from where it was used.
    let client = Some(&event.client).filter(|_| !matches!(event.kind, EventKind::UserDeleted { .. }));
    ActiveModel {
        id: Set(event.id),
        at: Set(Timestamp(event.at)),
        name: Set(event.kind.name().to_owned()),
        subject_id: Set(subject_id),
        actor_id: Set(event.actor_id),
        session_id: Set(session_id),
        ip: Set(client.and_then(|client| client.ip).map(|ip| ip.to_string())),
        user_agent: Set(client.and_then(Client::user_agent).map(str::to_owned)),
        data: Set(data),
        count: Set(1),
        last_at: Set(Timestamp(event.at)),
        slot: Set(None),
    }
}

pub(super) async fn page(db: &impl ConnectionTrait, query: &AuditQuery, limit: u64) -> Result<Vec<AuditEvent>> {
    let mut select = Entity::find().order_by_desc(Column::Id).limit(limit);
    if let Some(subject) = query.subject_id {
        select = select.filter(Column::SubjectId.eq(subject));
    }
    if let Some(name) = &query.name {
        select = select.filter(Column::Name.eq(name.as_str()));
    }
    if let Some(cursor) = query.cursor {
        select = select.filter(Column::Id.lt(cursor));
    }
    Ok(select.all(db).await?.into_iter().map(AuditEvent::from).collect())
}

/// Deletes from where an account that is gone was used, and where its user did something to others. What happened stays until
/// its time is over.
pub(crate) async fn forget_clients(db: &impl ConnectionTrait, user_id: Uuid) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::Ip, Expr::value(None::<String>))
        .col_expr(Column::UserAgent, Expr::value(None::<String>))
        .filter(Column::SubjectId.eq(user_id).or(Column::ActorId.eq(user_id)))
        .exec(db)
        .await?;
    Ok(())
}

impl From<Model> for AuditEvent {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
            at: row.at.0,
            name: row.name,
            subject_id: row.subject_id,
            actor_id: row.actor_id,
            session_id: row.session_id,
            ip: row.ip,
            user_agent: row.user_agent,
            data: row.data,
            count: u64::try_from(row.count).unwrap_or(1),
            last_at: row.last_at.0,
        }
    }
}

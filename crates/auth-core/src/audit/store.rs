//! The queries of the audit log.

use std::collections::BTreeMap;

use auth_entity::event::{ActiveModel, Column, Entity, Model};
use auth_entity::{Timestamp, meta};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use time::OffsetDateTime;
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

/// The ids of events that name an account in this role, the newest first, from before one of them and not older than another.
pub(super) async fn ids(
    db: &impl ConnectionTrait,
    (role, user_id): (Column, Uuid),
    before: Option<Uuid>,
    since: Option<Uuid>,
    limit: u64,
) -> Result<Vec<Uuid>> {
    let mut ids = Entity::find().select_only().column(Column::Id).filter(role.eq(user_id));
    if let Some(before) = before {
        ids = ids.filter(Column::Id.lt(before));
    }
    if let Some(since) = since {
        ids = ids.filter(Column::Id.gte(since));
    }
    Ok(ids.order_by_desc(Column::Id).limit(limit).into_tuple().all(db).await?)
}

/// Empties the columns that tell of the clients of these events.
pub(super) async fn forget_clients(db: &impl ConnectionTrait, ids: Vec<Uuid>) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    Entity::update_many()
        .col_expr(Column::Ip, Expr::value(None::<String>))
        .col_expr(Column::UserAgent, Expr::value(None::<String>))
        .filter(Column::Id.is_in(ids))
        .filter(Column::Ip.is_not_null().or(Column::UserAgent.is_not_null()))
        .exec(db)
        .await?;
    Ok(())
}

/// What the name of a note begins with; the id of an account follows.
const NOTE: &str = "forget:";

/// That the clients of an account are to be forgotten.
pub(super) struct Note {
    pub(super) user_id: Uuid,
    /// When the account was deleted.
    pub(super) at: OffsetDateTime,
    /// Whether the events from before that are done.
    pub(super) is_begun: bool,
}

fn name_of_note(user_id: Uuid) -> String {
    format!("{NOTE}{user_id}")
}

pub(super) async fn leave_note(db: &impl ConnectionTrait, user_id: Uuid, now: OffsetDateTime) -> Result<()> {
    let (name, at) = (Set(name_of_note(user_id)), Set(Timestamp(now)));
    let row = meta::ActiveModel { name, number: Set(0), data: Set(None), at };
    meta::Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// Some of the notes, in the order of the accounts' ids, after one of them.
pub(super) async fn notes(db: &impl ConnectionTrait, after: Option<Uuid>, limit: u64) -> Result<Vec<Note>> {
    let mut rows = meta::Entity::find().filter(meta::Column::Name.starts_with(NOTE));
    if let Some(after) = after {
        rows = rows.filter(meta::Column::Name.gt(name_of_note(after)));
    }
    let note = |row: meta::Model| {
        let user_id = row.name.strip_prefix(NOTE)?.parse().ok()?;
        Some(Note { user_id, at: row.at.0, is_begun: row.number > 0 })
    };
    Ok(rows.order_by_asc(meta::Column::Name).limit(limit).all(db).await?.into_iter().filter_map(note).collect())
}

/// Writes down that the events from before the deletion are done.
pub(super) async fn begin_note(db: &impl ConnectionTrait, user_id: Uuid) -> Result<()> {
    let begun = meta::Entity::update_many().col_expr(meta::Column::Number, Expr::value(1_i64));
    begun.filter(meta::Column::Name.eq(name_of_note(user_id))).exec(db).await?;
    Ok(())
}

pub(super) async fn remove_note(db: &impl ConnectionTrait, user_id: Uuid) -> Result<()> {
    meta::Entity::delete_many().filter(meta::Column::Name.eq(name_of_note(user_id))).exec(db).await?;
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

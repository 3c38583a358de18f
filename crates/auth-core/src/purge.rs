//! Forgetting what has expired, in small steps.

use std::time::Duration;

use auth_entity::{Timestamp, event, limit, mail, one_time_token, session};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, PrimaryKeyToColumn, QueryFilter, QuerySelect};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Result;
use crate::kernel::Kernel;

/// How many rows one statement deletes at the most, so that nobody waits for its locks.
const BATCH: u64 = 1000;

/// How long a redeemed or expired token stays, and a dead letter: for people who wonder what became of it.
const GRACE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The service that deletes what has expired.
#[derive(Clone, Copy, Debug)]
pub struct Purge<'a> {
    kernel: &'a Kernel,
}

/// How many rows were deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Purged {
    /// Sessions that ended.
    pub sessions: u64,
    /// Single-use tokens that were redeemed or expired.
    pub tokens: u64,
    /// Counters of limits whose window is over.
    pub limits: u64,
    /// Mails that nobody took.
    pub mails: u64,
    /// Events older than the app keeps them.
    pub events: u64,
}

impl<'a> Purge<'a> {
    pub(crate) fn new(kernel: &'a Kernel) -> Self {
        Self { kernel }
    }

    /// Deletes what has expired, a thousand rows at a time. [Workers](Auth::spawn_workers) do so once an hour.
    ///
    /// # Errors
    /// Fails when the database does; rows that were deleted before stay deleted.
    pub async fn run(&self) -> Result<Purged> {
        let (db, settings, now) = (self.kernel.db(), self.kernel.settings(), self.kernel.now());
        let before = |age: Duration| Timestamp(now.checked_sub(age.try_into().unwrap_or_default()).unwrap_or(EARLIEST));
        let ended = Condition::any()
            .add(session::Column::ExpiresAt.lte(Timestamp(now)))
            .add(session::Column::LastSeenAt.lte(before(settings.sessions.idle)));
        let over = limit::Column::EndsAt.lte(Timestamp(now)).into();
        let old_token = one_time_token::Column::ExpiresAt.lte(before(GRACE)).into();
        let dead = mail::Column::FailedAt.lte(before(GRACE)).into();
        let old_event = event::Column::At.lte(before(settings.audit_retention)).into();
        Ok(Purged {
            sessions: delete::<session::Entity>(db, &ended).await?,
            tokens: delete::<one_time_token::Entity>(db, &old_token).await?,
            limits: delete::<limit::Entity>(db, &over).await?,
            mails: delete::<mail::Entity>(db, &dead).await?,
            events: delete::<event::Entity>(db, &old_event).await?,
        })
    }
}

/// The beginning of the calendar that every time is counted in.
const EARLIEST: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

/// Deletes what meets a condition, batch by batch: ids first, because not every database limits a deletion.
async fn delete<E: EntityTrait>(db: &impl ConnectionTrait, condition: &Condition) -> Result<u64>
where
    E::PrimaryKey: PrimaryKeyToColumn<Column = E::Column>,
{
    let mut deleted = 0;
    loop {
        let Some(id) = <E::PrimaryKey as sea_orm::Iterable>::iter().next().map(PrimaryKeyToColumn::into_column) else {
            return Ok(deleted);
        };
        let ids: Vec<Uuid> =
            E::find().select_only().column(id).filter(condition.clone()).limit(BATCH).into_tuple().all(db).await?;
        if ids.is_empty() {
            return Ok(deleted);
        }
        let full = ids.len() as u64 == BATCH;
        deleted += E::delete_many().filter(id.is_in(ids)).filter(condition.clone()).exec(db).await?.rows_affected;
        if !full {
            return Ok(deleted);
        }
    }
}

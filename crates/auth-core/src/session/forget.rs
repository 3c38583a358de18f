//! Token formats with a store of their own hear of what has ended.
//!
//! The database refuses it already. So nothing depends on their store: a worker tells them, until they have deleted it.

use std::sync::Arc;

use auth_entity::Timestamp;
use auth_entity::session::{Column, Entity};
use futures_util::future::BoxFuture;
use sea_orm::{ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QuerySelect};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::backend::BuiltBackend;
use crate::client::Client;
use crate::effect::Effect;
use crate::error::{Error, Result};
use crate::kernel::Kernel;
use crate::mail::Mail;
use crate::token::Ended;

/// The name of the job, and of what is given up when it never succeeds.
pub(super) const JOB: &str = "forget_tokens";

/// How many sessions one job names at the most.
const BATCH: u64 = 100;

/// The backends whose format has a store of its own.
fn stores(kernel: &Kernel) -> impl Iterator<Item = &BuiltBackend> {
    kernel.backends().iter().filter(|backend| backend.has_store())
}

/// Has all of this deleted from the stores of token formats, if there are any and this is committed.
pub(crate) fn forget(effect: &Effect, ended: impl IntoIterator<Item = Ended>) -> Result<()> {
    if stores(effect.kernel()).next().is_none() {
        return Ok(());
    }
    let ended: Vec<Ended> = ended.into_iter().collect();
    if ended.is_empty() { Ok(()) } else { effect.queue_job(JOB, ended) }
}

/// The same for every session of a user of the epoch `last` and before, but for one that may be kept.
pub(crate) fn forget_epochs(effect: &Effect, user_id: Uuid, last: i64, keep: Option<Uuid>) -> Result<()> {
    let at = effect.kernel().now();
    let until = at + effect.kernel().configs().sessions.absolute;
    forget(effect, [Ended::Epoch { user_id, security_epoch: last + 1, keep, at, until }])
}

/// Carries the job out.
pub(super) fn run_job<'a>(effect: &'a Effect, body: &'a Value) -> BoxFuture<'a, Result<Option<Mail>>> {
    Box::pin(async move {
        let ended = Vec::<Ended>::deserialize(body).map_err(Error::internal)?;
        for backend in stores(effect.kernel()) {
            for ended in &ended {
                backend.strategy.forget(ended).await?;
            }
        }
        Ok(None)
    })
}

/// Ends sessions that meet a condition and whose tokens are in such a store, and returns how many. Those that have expired are
/// left out: so have their tokens.
pub(super) async fn purge(kernel: &Kernel, condition: Condition) -> Result<u64> {
    let names: Vec<&str> = stores(kernel).map(|backend| backend.name.as_str()).collect();
    if names.is_empty() {
        return Ok(0);
    }
    let expired = Column::ExpiresAt.lte(Timestamp(kernel.now()));
    let condition = &Condition::all().add(condition).add(expired.not()).add(Column::Backend.is_in(names));
    let mut deleted = 0;
    loop {
        let work = |effect: Arc<Effect>| async move { purge_batch(&effect, condition).await };
        let batch = kernel.effect(&Client::default(), work).await?;
        deleted += batch;
        if batch < BATCH {
            return Ok(deleted);
        }
    }
}

async fn purge_batch(effect: &Effect, condition: &Condition) -> Result<u64> {
    let query = Entity::find().select_only().columns([Column::Id, Column::UserId]).filter(condition.clone());
    let mut ended = Vec::new();
    for (id, user_id) in query.limit(BATCH).into_tuple::<(Uuid, Uuid)>().all(effect.tx()).await? {
        // One that was used in between goes on.
        let delete = Entity::delete_many().filter(Column::Id.eq(id)).filter(condition.clone());
        if delete.exec(effect.tx()).await?.rows_affected == 1 {
            effect.changes(user_id);
            ended.push(Ended::Session { id, user_id });
        }
    }
    let count = ended.len() as u64;
    forget(effect, ended)?;
    Ok(count)
}

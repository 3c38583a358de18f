//! Consumes a limit before the work starts.

use std::sync::Once;
use std::time::Duration;

use auth_entity::limit::Model;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::claim::Claim;
use super::{Bucket, Rate, store, take};
use crate::effect::Effect;
use crate::kernel::Kernel;
use crate::secret::keyed_digest;
use crate::{Client, Error, ErrorCode, EventKind, Result, db, telemetry};

/// One line in the log is enough.
static UNKNOWN: Once = Once::new();
const HOW: &str = "tell the server to pass addresses on (axum: `into_make_service_with_connect_info::<SocketAddr>()`; \
    behind a proxy: list it with `trusted_proxy`)";

/// The service that counts.
#[derive(Clone, Copy, Debug)]
pub struct Limiter<'a> {
    kernel: &'a Kernel,
}

/// Nothing is left.
pub(crate) struct Refusal {
    /// The name of the limit.
    pub(crate) limit: &'static str,
    /// When there will be something again.
    pub(crate) retry_after: Duration,
    /// Whether nobody else was refused in this window: one event is enough.
    pub(crate) first: bool,
}

impl Kernel {
    /// The service that counts.
    #[must_use]
    pub fn limiter(&self) -> Limiter<'_> {
        Limiter { kernel: self }
    }
}

impl Limiter<'_> {
    /// Takes one of a limit for good, whatever comes of it.
    ///
    /// # Errors
    /// Fails with `RATE_LIMITED`, and when the database does: a client that cannot be counted is rejected.
    pub async fn take(&self, bucket: &Bucket, client: &Client) -> Result<()> {
        match self.reserve(std::slice::from_ref(bucket)).await? {
            Some(refusal) => Err(self.refuse(&refusal, client)),
            None => Ok(()),
        }
    }

    /// Refuses a client when nothing is left of a limit, and takes nothing.
    ///
    /// # Errors
    /// Fails with `RATE_LIMITED`, and when the database does.
    pub async fn check(&self, bucket: &Bucket, client: &Client) -> Result<()> {
        self.compare_clocks().await;
        let (db, now, claims) = (self.kernel.db(), self.now(), self.claims(bucket));
        let rows = store::find(db, &claims).await?;
        match claims.iter().find(|claim| !claim.has_room(claim.row(&rows), now)) {
            Some(claim) => Err(self.refuse(&refusal(db, bucket.name(), claim, &rows, now).await?, client)),
            None => Ok(()),
        }
    }

    /// The answer to a client of whose limit nothing is left, with an event if it is the first in the window.
    pub(crate) fn refuse(&self, refusal: &Refusal, client: &Client) -> Error {
        telemetry::limit_refused(refusal.limit);
        if client.is_remote() && client.ip.is_none() {
            UNKNOWN.call_once(|| {
                tracing::error!("a limit refused a client whose address is unknown, and all of those share it: {HOW}")
            });
        }
        if refusal.first {
            self.kernel.emit(client, EventKind::Throttled { limit: refusal.limit });
        }
        ErrorCode::RateLimited.retry_after(refusal.retry_after)
    }

    /// Takes one of each of these limits, or none when nothing is left of one; the first of those is told.
    ///
    /// # Errors
    /// Fails when the database does.
    pub(crate) async fn reserve(&self, buckets: &[Bucket]) -> Result<Option<Refusal>> {
        self.compare_clocks().await;
        let refused = db::retried(|| self.take_all(self.kernel.db(), buckets)).await?;
        let Some((refusal, taken)) = refused else { return Ok(None) };
        self.put_right(&taken, &[]).await?;
        Ok(Some(refusal))
    }

    /// Takes one as a part of a transaction, so that it is given back if that is rolled back.
    ///
    /// # Errors
    /// Fails when the database does.
    pub(crate) async fn take_within(&self, db: &impl ConnectionTrait, bucket: &Bucket) -> Result<Option<Refusal>> {
        Ok(self.take_all(db, std::slice::from_ref(bucket)).await?.map(|(refusal, _)| refusal))
    }

    /// Takes one as a part of an effect, which tells of the first refusal in a window. False when nothing is left.
    ///
    /// # Errors
    /// Fails when the database does.
    pub(crate) async fn take_or_tell(&self, effect: &Effect, bucket: &Bucket) -> Result<bool> {
        let Some(refusal) = self.take_within(effect.tx(), bucket).await? else { return Ok(true) };
        if refusal.first {
            effect.emit(EventKind::Throttled { limit: refusal.limit });
        }
        Ok(false)
    }

    /// Takes one of each. With a refusal comes what was taken nevertheless.
    async fn take_all(&self, db: &impl ConnectionTrait, buckets: &[Bucket]) -> Result<Option<(Refusal, Vec<Claim>)>> {
        let now = self.now();
        let (names, claims): (Vec<&'static str>, Vec<Claim>) = buckets
            .iter()
            .flat_map(|bucket| self.claims(bucket).into_iter().map(|claim| (bucket.name(), claim)))
            .unzip();
        if claims.is_empty() {
            return Ok(None);
        }
        let ids = take::take(db, &claims, now).await?;
        let (taken, left): (Vec<_>, Vec<_>) =
            names.into_iter().zip(claims).partition(|(_, claim)| ids.contains(&claim.id));
        let claims: Vec<Claim> = left.iter().map(|(_, claim)| claim.clone()).collect();
        let Some(first) = left.first() else { return Ok(None) };
        let rows = store::find(db, &claims).await?;
        let refusal = match left.iter().find(|(_, claim)| !claim.has_room(claim.row(&rows), now)) {
            Some((name, claim)) => refusal(db, name, claim, &rows, now).await?,
            // What lost against others has room again by now.
            None => Refusal { limit: first.0, retry_after: Duration::from_secs(1), first: false },
        };
        Ok(Some((refusal, taken.into_iter().map(|(_, claim)| claim).collect())))
    }

    /// Gives one of each of the first limits back, and empties the others: for uses that turned out to be good ones. One
    /// statement.
    ///
    /// # Errors
    /// Fails when the database does.
    pub(crate) async fn settle(&self, returned: &[Bucket], emptied: &[Bucket]) -> Result<()> {
        let claims = |buckets: &[Bucket]| buckets.iter().flat_map(|bucket| self.claims(bucket)).collect::<Vec<_>>();
        self.put_right(&claims(returned), &claims(emptied)).await
    }

    async fn put_right(&self, returned: &[Claim], emptied: &[Claim]) -> Result<()> {
        if returned.is_empty() && emptied.is_empty() {
            return Ok(());
        }
        let now = self.now();
        db::retried(|| store::settle(self.kernel.db(), returned, emptied, now)).await
    }

    /// Whether one could be taken now.
    ///
    /// # Errors
    /// Fails when the database does.
    pub(crate) async fn has_room(&self, db: &impl ConnectionTrait, bucket: &Bucket) -> Result<bool> {
        let (now, claims) = (self.now(), self.claims(bucket));
        let rows = store::find(db, &claims).await?;
        Ok(claims.iter().all(|claim| claim.has_room(claim.row(&rows), now)))
    }

    /// How often a limit was used in its present window, or in a row.
    ///
    /// # Errors
    /// Fails when the database does.
    pub(crate) async fn used(&self, bucket: &Bucket) -> Result<u32> {
        let rows = store::find(self.kernel.db(), &self.claims(bucket)).await?;
        Ok(rows.iter().filter_map(|row| u32::try_from(row.used).ok()).max().unwrap_or_default())
    }

    pub(super) async fn compare_clocks(&self) {
        let parts = self.kernel.parts();
        parts.shared_clock.compare(&parts.db, parts.clock.as_ref()).await;
    }

    /// The time of all servers.
    pub(super) fn now(&self) -> i64 {
        let parts = self.kernel.parts();
        parts.shared_clock.now(parts.clock.as_ref())
    }

    /// The rows that one use takes of. None where there is no limit.
    fn claims(&self, bucket: &Bucket) -> Vec<Claim> {
        let quotas = bucket.quotas(&self.kernel.configs().limits).into_iter();
        let limited = quotas.filter(|quota| quota.rate != Rate::UNLIMITED);
        limited.map(|quota| Claim { id: self.id(&quota.key), rate: quota.rate, pace: quota.pace }).collect()
    }

    fn id(&self, key: &[String]) -> Uuid {
        let digest = keyed_digest(&self.kernel.parts().limit_key, key);
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }
}

async fn refusal(
    db: &impl ConnectionTrait,
    limit: &'static str,
    claim: &Claim,
    rows: &[Model],
    now: i64,
) -> Result<Refusal> {
    let row = claim.row(rows);
    let retry_after = claim.retry_after(row, now);
    // A flood costs a read, and a write and an event now and then.
    let first = match row {
        Some(row) => store::mark_refused(db, claim, row).await?,
        None => false,
    };
    Ok(Refusal { limit, retry_after, first })
}

//! Consumes a limit before the work starts.

use std::sync::Once;
use std::time::Duration;

use sea_orm::ConnectionTrait;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Bucket, Rate, store};
use crate::kernel::Kernel;
use crate::{Client, Error, ErrorCode, EventKind, Result, db_error};

/// One line in the log is enough.
static UNKNOWN: Once = Once::new();
const HOW: &str = "tell the server to pass addresses on (axum: `into_make_service_with_connect_info::<SocketAddr>()`; \
    behind a proxy: list it with `trusted_proxy`)";

/// How often one that lost a deadlock is tried.
const ATTEMPTS: u32 = 12;

/// The service that counts.
#[derive(Clone, Copy, Debug)]
pub struct Limiter<'a> {
    kernel: &'a Kernel,
}

/// Nothing is left.
pub(crate) struct Refusal {
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
        match self.take_or_retry(bucket).await? {
            Some(refusal) => Err(self.refuse(bucket, &refusal, client)),
            None => Ok(()),
        }
    }

    /// Refuses a client when nothing is left of a limit, and takes nothing.
    ///
    /// # Errors
    /// Fails with `RATE_LIMITED`, and when the database does.
    pub async fn check(&self, bucket: &Bucket, client: &Client) -> Result<()> {
        let (db, now) = (self.kernel.db(), self.kernel.now());
        for quota in bucket.quotas(&self.kernel.configs().limits) {
            let id = self.id(&quota.key);
            if quota.rate != Rate::UNLIMITED && !store::has_room(db, id, quota.rate, now).await? {
                let refusal = self.refusal(db, id, quota.rate, now).await?;
                return Err(self.refuse(bucket, &refusal, client));
            }
        }
        Ok(())
    }

    fn refuse(&self, bucket: &Bucket, refusal: &Refusal, client: &Client) -> Error {
        if client.is_remote() && client.ip.is_none() {
            UNKNOWN.call_once(|| {
                tracing::error!("a limit refused a client whose address is unknown, and all of those share it: {HOW}")
            });
        }
        if refusal.first {
            self.kernel.emit(client, EventKind::Throttled { limit: bucket.name() });
        }
        ErrorCode::RateLimited.retry_after(refusal.retry_after)
    }

    async fn take_or_retry(&self, bucket: &Bucket) -> Result<Option<Refusal>> {
        let mut attempt = 1;
        loop {
            match self.take_within(self.kernel.db(), bucket).await {
                Err(Error::Store(cause)) if attempt < ATTEMPTS && db_error::is_conflict(&cause) => attempt += 1,
                result => return result,
            }
        }
    }

    /// Takes one as a part of a transaction, so that it is given back if that is rolled back.
    ///
    /// # Errors
    /// Fails when the database does.
    pub(crate) async fn take_within(&self, db: &impl ConnectionTrait, bucket: &Bucket) -> Result<Option<Refusal>> {
        let now = self.kernel.now();
        for quota in bucket.quotas(&self.kernel.configs().limits) {
            if quota.rate == Rate::UNLIMITED {
                continue;
            }
            let id = self.id(&quota.key);
            if !store::take(db, id, quota.rate, now).await? {
                return self.refusal(db, id, quota.rate, now).await.map(Some);
            }
        }
        Ok(None)
    }

    async fn refusal(&self, db: &impl ConnectionTrait, id: Uuid, rate: Rate, now: OffsetDateTime) -> Result<Refusal> {
        let row = store::find(db, id).await?;
        let left = row.as_ref().map(|row| row.ends_at.0 - now);
        let retry_after = left.and_then(|left| Duration::try_from(left).ok()).unwrap_or_default();
        // A flood costs a read, and one write and one event for each window.
        let first = match row {
            Some(row) if i64::from(row.used) <= i64::from(rate.times) => store::mark_refused(db, id, rate).await?,
            _ => false,
        };
        Ok(Refusal { retry_after: retry_after.max(Duration::from_secs(1)), first })
    }

    fn id(&self, key: &str) -> Uuid {
        let digest = aws_lc_rs::hmac::sign(&self.kernel.parts().limit_key, key.as_bytes());
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest.as_ref()[..16]);
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }
}

//! The keys as one server knows them.
//!
//! A request reads what is in memory. Beside the requests, a task reads the table again. A request waits for it only when
//! the server has been idle, or when a token names a key that the server does not know.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use auth_entity::signing_key::Model;
use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction};
use time::OffsetDateTime;
use tokio::sync::watch;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::rule::{ASK_EVERY, KeyAge, SigningKeyState, Times};
use super::store;
use crate::error::{Error, ErrorCode, Result};
use crate::jwt::{JwtAlgorithm, JwtKey};
use crate::seal::Sealer;

/// The keys in memory, and where they come from. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Ring(Arc<Parts>);

struct Parts {
    db: DatabaseConnection,
    sealer: Arc<Sealer>,
    /// The longest lifetime of a token that the keys sign.
    lifetime: Duration,
    latest: watch::Sender<Latest>,
    /// How many readings have begun.
    readings: AtomicU64,
    /// Whether a task reads the keys, for each reason to do so.
    is_reading: [AtomicBool; 2],
}

/// What a task reads the keys for.
#[derive(Clone, Copy)]
enum Reason {
    /// They have been in memory for too long.
    Age,
    /// A token names one that is not among them.
    UnknownKey,
}

struct Latest {
    known: Arc<Known>,
    /// The last reading that is over, whether it succeeded or not.
    over: u64,
}

/// What was read at one moment.
pub(crate) struct Known {
    /// The one that signs first.
    keys: Vec<KnownKey>,
    read_at: OffsetDateTime,
    /// Which reading it was.
    reading: u64,
}

#[derive(Clone)]
struct KnownKey {
    id: Uuid,
    times: Times,
    key: JwtKey,
}

impl Known {
    /// The key that signs.
    pub(crate) fn signing(&self) -> Result<&JwtKey> {
        let current = self.keys.iter().find(|known| known.times.state() == SigningKeyState::Current);
        let current = current.ok_or_else(|| {
            Error::internal("there is no signing key: call `auth.installation().check_keys()` at each start")
        })?;
        if !current.key.can_sign() {
            let why = format!("the signing key {} cannot be opened with `secret`: run the doctor", current.id);
            return Err(Error::internal(why));
        }
        Ok(&current.key)
    }

    /// The keys whose tokens are good, which are those that are published.
    pub(crate) fn accepted(&self, now: OffsetDateTime) -> impl Iterator<Item = &JwtKey> + Clone {
        self.keys.iter().filter(move |known| known.times.is_accepted(now)).map(|known| &known.key)
    }

    /// The private half of a key that was opened before: a server keeps it when another one has sealed it anew with a secret
    /// that this one does not have.
    fn private_half(&self, id: Uuid) -> Option<&JwtKey> {
        self.keys.iter().find(|known| known.id == id && known.key.can_sign()).map(|known| &known.key)
    }
}

impl Ring {
    pub(crate) fn new(db: DatabaseConnection, sealer: Arc<Sealer>, lifetime: Duration) -> Self {
        let nothing = Known { keys: Vec::new(), read_at: OffsetDateTime::UNIX_EPOCH, reading: 0 };
        let latest = watch::channel(Latest { known: Arc::new(nothing), over: 0 }).0;
        Self(Arc::new(Parts {
            db,
            sealer,
            lifetime,
            latest,
            readings: AtomicU64::new(0),
            is_reading: Default::default(),
        }))
    }

    /// The longest lifetime of a token that the keys sign.
    pub(super) fn lifetime(&self) -> Duration {
        self.0.lifetime
    }

    /// The keys, none of which was dropped more than a minute ago.
    ///
    /// # Errors
    /// Fails with `OVERLOADED` when they are too old and cannot be read.
    pub(crate) async fn keys(&self, now: OffsetDateTime) -> Result<Arc<Known>> {
        let known = self.known();
        match KeyAge::of(known.read_at, now) {
            KeyAge::Fresh => Ok(known),
            KeyAge::Due => {
                self.read_beside(Reason::Age, now);
                Ok(known)
            }
            KeyAge::Stale => self.news(Reason::Age, now, |known| KeyAge::of(known.read_at, now) != KeyAge::Stale).await,
        }
    }

    /// The same within a transaction, which may have the only connection: nothing waits for another one.
    ///
    /// # Errors
    /// Fails when the database does.
    pub(crate) async fn keys_within(&self, tx: &DatabaseTransaction, now: OffsetDateTime) -> Result<Arc<Known>> {
        let known = self.known();
        let age = KeyAge::of(known.read_at, now);
        if age != KeyAge::Fresh {
            self.read_beside(Reason::Age, now);
        }
        if age == KeyAge::Stale { Ok(Arc::new(self.read(tx, now, self.begin()).await?)) } else { Ok(known) }
    }

    /// The keys once more, for a token that names one that is perhaps not among them: another server may have made it a
    /// moment ago. If it is not among them, they are as they were read after this call. Such readings rest for a second, and
    /// all who ask meanwhile wait for the next one: invented keys cause one statement a second, and do not keep a server from
    /// hearing of a real one.
    ///
    /// # Errors
    /// Fails with `OVERLOADED` when they cannot be read.
    pub(crate) async fn keys_with(&self, id: Uuid, now: OffsetDateTime) -> Result<Arc<Known>> {
        self.news(Reason::UnknownKey, now, |known| known.keys.iter().any(|known| known.id == id)).await
    }

    /// Reads the keys now, after this server has changed them.
    pub(super) async fn renew(&self, now: OffsetDateTime) -> Result<()> {
        let number = self.begin();
        let known = self.read(&self.0.db, now, number).await?;
        self.learn(number, Some(known));
        Ok(())
    }

    /// The private half of a key, as PKCS#8 in DER, if it can be opened.
    pub(super) fn open(&self, row: &Model) -> Option<Zeroizing<Vec<u8>>> {
        self.0.sealer.open(&place(row.id), row.private_key.as_deref()?).map(Zeroizing::new)
    }

    fn known(&self) -> Arc<Known> {
        self.0.latest.borrow().known.clone()
    }

    /// Waits until the keys suffice, or until a reading is over that has begun after this call: one that had begun before may
    /// know less than it must.
    async fn news(&self, reason: Reason, now: OffsetDateTime, suffices: impl Fn(&Known) -> bool) -> Result<Arc<Known>> {
        let begun = self.0.readings.load(Ordering::Acquire);
        let mut latest = self.0.latest.subscribe();
        loop {
            {
                let Latest { known, over } = &*latest.borrow_and_update();
                if known.reading > begun || suffices(known) {
                    return Ok(known.clone());
                }
                if *over > begun {
                    return Err(ErrorCode::Overloaded.into());
                }
            }
            self.read_beside(reason, now);
            // The sender lives as long as this ring, and a task that fails is over as well.
            let _ = latest.changed().await;
        }
    }

    /// Reads the keys in a task of its own, unless one does already for the same reason.
    fn read_beside(&self, reason: Reason, now: OffsetDateTime) {
        if !self.0.is_reading[reason as usize].swap(true, Ordering::AcqRel) {
            tokio::spawn(Turn { ring: self.clone(), reason, number: self.begin() }.take(now));
        }
    }

    /// The number of a reading that begins now.
    fn begin(&self) -> u64 {
        self.0.readings.fetch_add(1, Ordering::AcqRel) + 1
    }

    /// Wakes all who wait, and takes what was read for what is known, unless a later reading was faster.
    fn learn(&self, number: u64, read: Option<Known>) {
        self.0.latest.send_modify(|latest| {
            latest.over = latest.over.max(number);
            if let Some(read) = read.filter(|read| read.reading > latest.known.reading) {
                latest.known = Arc::new(read);
            }
        });
    }

    async fn read(&self, db: &impl ConnectionTrait, now: OffsetDateTime, reading: u64) -> Result<Known> {
        let (rows, before) = (store::all(db).await?, self.known());
        let mut keys: Vec<KnownKey> = rows.iter().filter_map(|row| self.known_key(row, &before)).collect();
        keys.sort_by_key(|known| known.times.state());
        Ok(Known { keys, read_at: now, reading })
    }

    /// A key as it is stored: with its private half, if that can be opened.
    fn known_key(&self, row: &Model, before: &Known) -> Option<KnownKey> {
        let known = |key| Some(KnownKey { id: row.id, times: Times::from(row), key });
        let kid = row.id.to_string();
        let public = JwtAlgorithm::named(&row.algorithm)
            .and_then(|algorithm| JwtKey::from_public(&kid, algorithm, &row.public_key).ok());
        let Some(public) = public else {
            tracing::error!(%kid, "a signing key is damaged and is not used");
            return None;
        };
        if row.private_key.is_none() {
            return known(public);
        }
        if let Some(key) = before.private_half(row.id) {
            return known(key.clone());
        }
        let Some(pkcs8) = self.open(row) else {
            tracing::warn!(%kid, "a signing key cannot be opened with the secrets of this server");
            return known(public);
        };
        let pair = JwtKey::from_private(&kid, public.algorithm(), &pkcs8).ok();
        match pair.filter(|pair| pair.public_jwk() == public.public_jwk()) {
            Some(pair) => known(pair),
            None => {
                tracing::error!(%kid, "the halves of a signing key do not belong together, and it is not used");
                None
            }
        }
    }
}

/// One reading. Those who wait for it go on however it ends, even if its task is cancelled.
struct Turn {
    ring: Ring,
    reason: Reason,
    number: u64,
}

impl Turn {
    async fn take(self, now: OffsetDateTime) {
        let read = self.ring.read(&self.ring.0.db, now, self.number).await;
        let read = read.inspect_err(|cause| tracing::warn!(%cause, "the signing keys could not be read"));
        self.ring.learn(self.number, read.ok());
        if matches!(self.reason, Reason::UnknownKey) {
            tokio::time::sleep(ASK_EVERY).await;
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        // In this order: a request that still sees a task is woken by its end, and begins the next one.
        self.ring.0.is_reading[self.reason as usize].store(false, Ordering::Release);
        self.ring.learn(self.number, None);
    }
}

/// Where the private half of a key is sealed for.
pub(super) fn place(id: Uuid) -> String {
    format!("authn_signing_key.private_key:{id}")
}

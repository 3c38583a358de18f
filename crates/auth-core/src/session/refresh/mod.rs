//! Refresh tokens: how a client whose access token lives for minutes gets the next one (RFC 6749, section 6).
//!
//! Each is good once (RFC 9700, section 4.14). A client that presents one that was exchanged already either repeats a request
//! whose answer was lost, and is answered the same for a few seconds, or has a copy: then the session ends.

mod service;
mod store;
mod token;

use secrecy::{ExposeSecret, SecretString};
use time::OffsetDateTime;
use uuid::Uuid;

pub use self::service::{Carried, RefreshTokens};
use self::store::Hashes;
use self::token::FamilyText;
use crate::Result;
use crate::backend::MAX_GRACE;
use crate::effect::Effect;
use crate::kernel::Kernel;
use crate::secret::digest;

/// The first refresh token of a new session.
pub(super) async fn begin(effect: &Effect, session_id: Uuid, now: OffsetDateTime) -> Result<SecretString> {
    let (token, hashes) = first(effect.kernel(), session_id)?;
    store::insert(effect.tx(), session_id, hashes, now).await?;
    Ok(token)
}

/// The first refresh token of another family, in whose place the former ends. A session from before its backend had refresh
/// tokens has none.
pub(super) async fn begin_again(effect: &Effect, session_id: Uuid, now: OffsetDateTime) -> Result<SecretString> {
    let (token, hashes) = first(effect.kernel(), session_id)?;
    if !store::replace(effect.tx(), session_id, &hashes, now).await? {
        store::insert(effect.tx(), session_id, hashes, now).await?;
    }
    Ok(token)
}

fn first(kernel: &Kernel, session_id: Uuid) -> Result<(SecretString, Hashes)> {
    let family = FamilyText::new(kernel.random(), session_id)?;
    let token = family.next(kernel.random())?;
    let hashes = Hashes { family: family.digest(), token: digest(token.expose_secret()) };
    Ok((token, hashes))
}

/// Forgets answers that nobody may have repeated any more.
pub(super) async fn purge(kernel: &Kernel) -> Result<()> {
    store::forget(kernel.db(), kernel.now(), MAX_GRACE).await
}

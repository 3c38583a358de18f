//! Making the device of somebody who authenticated known to the account.

use std::time::Duration;

use auth_entity::Timestamp;
use auth_entity::device::Model;
use secrecy::{ExposeSecret, SecretString};
use time::OffsetDateTime;
use uuid::Uuid;

use super::key::DeviceKeys;
use super::model::{COOKIE, KnownDevice, NETWORK, Seen};
use super::store;
use crate::backend::{BuiltBackend, Transport};
use crate::effect::Effect;
use crate::error::{Error, Result};
use crate::secret::{digest, random_token};

/// How often the use of a device is written down.
const TOUCH_EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// The device of a client that authenticated.
#[derive(Default)]
pub(crate) struct Remembered {
    /// The id of the device; `None` where nothing tells it from others.
    pub(crate) id: Option<Uuid>,
    /// Whether the account did not know it.
    pub(crate) is_new: bool,
    /// The token of a new cookie, where the client needs one.
    pub(crate) cookie: Option<SecretString>,
}

/// Makes the device of a client that authenticated known to the account, as a part of the effect.
///
/// # Errors
/// Fails when the database does.
pub(crate) async fn remember(
    effect: &Effect,
    user_id: Uuid,
    backend: &BuiltBackend,
    seen: &Seen,
) -> Result<Remembered> {
    let (kernel, client) = (effect.kernel(), effect.client());
    if !client.is_remote() {
        return Ok(Remembered::default());
    }
    let keys = DeviceKeys::of(kernel, backend, client);
    let known = match seen {
        Seen::Known(device) => Some(device.clone()),
        Seen::Unknown => None,
        Seen::Unasked => store::find(effect.tx(), user_id, &keys, kernel.now()).await?,
    };
    if let Some(device) = known {
        touch(effect, &device, &backend.transport).await?;
        return Ok(Remembered { id: Some(device.id), ..Remembered::default() });
    }
    let (id, cookie) = match (&backend.transport, keys.network) {
        (Transport::Cookie { .. }, _) => remember_browser(effect, user_id).await?,
        (Transport::Bearer, Some(key)) => (Some(insert_again(effect, user_id, NETWORK, key).await?), None),
        (Transport::Bearer, None) => (None, None),
    };
    Ok(Remembered { id, is_new: true, cookie })
}

/// Makes the browser in which a mailed link was opened known to the account, by a new cookie. Returns its token.
///
/// # Errors
/// Fails when the database does.
pub(crate) async fn remember_reader(effect: &Effect, user_id: Uuid) -> Result<Option<SecretString>> {
    if !effect.client().is_remote() {
        return Ok(None);
    }
    let token = random_token(effect.kernel().random(), "")?;
    let key = digest(token.expose_secret());
    // Somebody else may know the cookie that the browser has. The other accounts that know the browser know it by the new one.
    if let Some(former) = effect.client().device() {
        store::replace_key(effect.tx(), former, key).await?;
    }
    insert(effect, user_id, COOKIE, key, true).await?;
    Ok(Some(token))
}

/// Makes the browser of a request known to the account. Returns it, and the token of its new cookie if it needs one.
async fn remember_browser(effect: &Effect, user_id: Uuid) -> Result<(Option<Uuid>, Option<SecretString>)> {
    let kernel = effect.kernel();
    // One cookie serves all accounts of a browser, but only one that the library gave it: a cookie that somebody else
    // planted would be known to them as well.
    if let Some(key) = effect.client().device()
        && store::is_issued(effect.tx(), key, kernel.now()).await?
    {
        return Ok((Some(insert_again(effect, user_id, COOKIE, key).await?), None));
    }
    let token = random_token(kernel.random(), "")?;
    let id = insert(effect, user_id, COOKIE, digest(token.expose_secret()), false).await?;
    Ok((Some(id), Some(token)))
}

async fn touch(effect: &Effect, device: &KnownDevice, transport: &Transport) -> Result<()> {
    let now = effect.kernel().now();
    if device.last_seen_at + TOUCH_EVERY > now {
        return Ok(());
    }
    let kind = if *transport == Transport::Bearer { NETWORK } else { COOKIE };
    store::touch(effect.tx(), device.id, now, end(effect, kind)?).await
}

/// Inserts a device that the account may have known before. Returns the id that it had then.
async fn insert_again(effect: &Effect, user_id: Uuid, kind: &str, key: [u8; 32]) -> Result<Uuid> {
    let id = insert(effect, user_id, kind, key, false).await?;
    Ok(store::id_of(effect.tx(), user_id, key).await?.unwrap_or(id))
}

async fn insert(effect: &Effect, user_id: Uuid, kind: &str, key: [u8; 32], opened_mail: bool) -> Result<Uuid> {
    let (kernel, client) = (effect.kernel(), effect.client());
    let now = kernel.now();
    let id = kernel.new_id(now)?;
    let row = Model {
        id,
        user_id,
        kind: kind.to_owned(),
        key_hash: key.into(),
        opened_mail,
        user_agent: client.user_agent().map(str::to_owned),
        created_at: Timestamp(now),
        last_seen_at: Timestamp(now),
        expires_at: Timestamp(end(effect, kind)?),
    };
    store::insert(effect.tx(), row).await?;
    Ok(id)
}

fn end(effect: &Effect, kind: &str) -> Result<OffsetDateTime> {
    let config = &effect.kernel().configs().devices;
    let lifetime = if kind == COOKIE { config.cookie_lifetime } else { config.network_lifetime };
    let end = effect.kernel().now().checked_add(lifetime.try_into().map_err(Error::internal)?);
    end.ok_or_else(|| Error::internal("a device cannot be known so long"))
}

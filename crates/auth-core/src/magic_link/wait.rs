//! A login by mail for a device that waits for its answer, while the link is confirmed on another one.
//!
//! Confirming lets that other device in. The mail and the page therefore say which one it is.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::mail::{JOB, LOGIN, LinkData};
use super::service::{BAD, MagicLinks, alike};
use super::waiting::{CONFIRM, Waiting};
use crate::account::store;
use crate::backend::BuiltBackend;
use crate::client::Client;
use crate::device::DeviceWords;
use crate::effect::Effect;
use crate::error::{Error, ErrorCode, Result};
use crate::gate::PasswordGate;
use crate::hidden::Hidden;
use crate::identifier::Email;
use crate::mail::request::take_of_request;
use crate::one_time::{Consumed, Issue, OneTimeTokens, Purpose};
use crate::session::{Login, Proof, establish::establish};

/// The tokens of the devices that wait, which never leave the server.
pub(super) const WAIT: Purpose = Purpose::new("magic_link_wait", "mgw_");

/// How many logins of one network wait at once, on all servers.
const OF_NETWORK: i32 = 2;

/// How many wait at one server.
pub(crate) const MAX_WAITING: usize = 64;

/// How often a server looks whether a login was confirmed.
const EVERY: Duration = Duration::from_millis(500);

/// How much longer than its link a token can be redeemed, for a confirmation at the last moment.
const AFTER: Duration = Duration::from_secs(30);

/// What a confirmation would do, for the page that asks whether it shall. `Debug` hides the addresses.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WaitingDevice {
    /// The email address whose account the device would be logged in to.
    pub email: String,
    /// The browser or program, in words from the library's own table.
    pub browser: String,
    /// The system, if it is known.
    pub system: Option<String>,
    /// The network address of the device, if it is known.
    pub address: Option<String>,
    /// When it asked, in UTC.
    pub time: String,
}

impl fmt::Debug for WaitingDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { email: _, browser, system, address: _, time } = self;
        f.debug_struct("WaitingDevice")
            .field("email", &Hidden)
            .field("browser", browser)
            .field("system", system)
            .field("address", &Hidden)
            .field("time", time)
            .finish()
    }
}

impl MagicLinks<'_> {
    /// Has a link mailed, as [`request`](Self::request) does, and waits for it to be confirmed, for so long. `None` when it was not;
    /// nothing tells whether there is an account. When two logins of the client's network wait already, or too many in all, the
    /// mail is the one that logs in the device that opens it.
    ///
    /// The future holds no connection while it waits.
    ///
    /// # Errors
    /// Fails with `RATE_LIMITED`, when a hook refuses, and when the database does.
    #[tracing::instrument(name = "magic_link.wait", target = "auth::service", level = "debug", skip_all)]
    pub async fn wait(
        &self,
        email: &Email,
        longest: Duration,
        backend: &BuiltBackend,
        client: &Client,
    ) -> Result<Option<Login>> {
        let (kernel, tokens) = (self.kernel, OneTimeTokens::new(self.kernel));
        take_of_request(kernel, LOGIN, email, client).await?;
        let place = kernel.parts().waiting_logins.try_acquire().ok();
        let longest_here = place.as_ref().map(|_| longest);
        let begin = |effect: Arc<Effect>| async move { begin(&effect, email, longest_here).await };
        let Some((id, token)) = kernel.effect(client, begin).await? else { return Ok(None) };
        let token = &token;
        let confirmed = match timeout(longest, self.confirmed(id)).await {
            Ok(confirmed) => confirmed,
            // A person who confirmed it at the last moment was told that it worked.
            Err(_) if tokens.withdraw(WAIT, id).await? => return Ok(None),
            Err(_) => Ok(()),
        };
        let login = match confirmed {
            Ok(()) => kernel.effect(client, |effect| async move { enter(&effect, token, backend).await }).await,
            Err(error) => Err(error),
        };
        if let Ok(Some(login)) = &login {
            PasswordGate::new(kernel).passed_by_mail(&login.principal.user, client).await;
        } else {
            // The next one need not wait for the row to expire.
            tokens.delete(id).await?;
        }
        login
    }

    /// Resolves once a login was confirmed.
    async fn confirmed(&self, id: Uuid) -> Result<()> {
        loop {
            sleep(EVERY).await;
            if OneTimeTokens::new(self.kernel).is_assigned(WAIT, id).await? {
                return Ok(());
            }
        }
    }

    /// The device that a link would let in, without doing it; `None` when it does nothing any more.
    ///
    /// # Errors
    /// Fails when the database does.
    #[tracing::instrument(name = "magic_link.waiting_device", target = "auth::service", level = "debug", skip_all)]
    pub async fn waiting_device(&self, token: &str) -> Result<Option<WaitingDevice>> {
        let Some(found) = OneTimeTokens::new(self.kernel).peek(CONFIRM, token, None).await? else { return Ok(None) };
        let LinkData { email, device, .. } = LinkData::of(&found)?;
        let filled = |text: String| Some(text).filter(|text| !text.is_empty());
        Ok(device.map(|DeviceWords { browser, system, address, time }| WaitingDevice {
            email,
            browser,
            system: filled(system),
            address: filled(address),
            time,
        }))
    }

    /// Lets the waiting device in, by the token of its link. This client gets nothing. The account is as after
    /// [`verify`](Self::verify).
    ///
    /// # Errors
    /// Fails with `MAGIC_LINK_BAD_TOKEN`, also when nobody waits any more, with `RATE_LIMITED`, when a hook refuses, and when the
    /// database does.
    #[tracing::instrument(name = "magic_link.confirm", target = "auth::service", level = "debug", skip_all)]
    pub async fn confirm(&self, token: &str, client: &Client) -> Result<()> {
        let tokens = OneTimeTokens::new(self.kernel);
        tokens.admit(token, client).await?;
        let confirmed = self.kernel.effect(client, |effect| async move {
            let consumed: Consumed = tokens.consume(effect.tx(), CONFIRM, token, None).await?.ok_or(BAD)?;
            let waiting = LinkData::of(&consumed)?.waiting.ok_or_else(|| Error::internal("a link without a device"))?;
            let user = self.owner(&effect, &consumed).await?;
            effect.act_as(user.id);
            if tokens.assign(effect.tx(), WAIT, waiting.id, &user).await? { Ok(()) } else { Err(BAD.into()) }
        });
        confirmed.await.map_err(alike)
    }
}

/// Takes a place of the network if the login may wait, and leaves the mail with the workers: the one that confirms, or without
/// a place the one that logs in.
async fn begin(effect: &Effect, email: &Email, longest: Option<Duration>) -> Result<Option<(Uuid, SecretString)>> {
    let (kernel, client) = (effect.kernel(), effect.client());
    let mut data = LinkData::new(email.as_str(), None);
    let mut begun = None;
    if let Some(longest) = longest {
        let since = kernel.now();
        begun = OneTimeTokens::new(kernel)
            .issue_in_turn(effect.tx(), Issue::new(WAIT, longest + AFTER), client, OF_NETWORK)
            .await?;
        data.waiting = begun.as_ref().map(|(id, _)| Waiting { id: *id, since, until: since + longest });
    }
    effect.queue_job(JOB, data)?;
    Ok(begun)
}

/// Begins the session of the device that waited.
async fn enter(effect: &Effect, token: &SecretString, backend: &BuiltBackend) -> Result<Option<Login>> {
    let tokens = OneTimeTokens::new(effect.kernel());
    let Some(consumed) = tokens.consume(effect.tx(), WAIT, token.expose_secret(), None).await? else { return Ok(None) };
    let Some(user) = store::lock_owner(effect, &consumed).await? else { return Ok(None) };
    match establish(effect, &user, &Proof::mailbox(), backend).await {
        // The account was locked since.
        Err(Error::Refused { code: ErrorCode::LoginBadCredentials, .. }) => Ok(None),
        login => login.map(Some),
    }
}

//! The service of known devices.

use secrecy::SecretString;

use super::link::CONFIRM;
use super::remember::remember_browser;
use crate::account::store;
use crate::client::Client;
use crate::error::{ErrorCode, Result};
use crate::event::EventKind;
use crate::kernel::Kernel;
use crate::one_time::{OneTimeTokens, TOKEN_TRIES};

/// The service of known devices.
#[derive(Clone, Copy, Debug)]
pub struct Devices<'a> {
    kernel: &'a Kernel,
}

impl<'a> Devices<'a> {
    pub(crate) fn new(kernel: &'a Kernel) -> Self {
        Self { kernel }
    }

    /// Redeems the link of the mail that asks "was it you": the browser that opened it is known to the account from then
    /// on. It is not logged in. Returns the token of the cookie that it needs, unless it has one.
    ///
    /// # Errors
    /// Fails with `DEVICE_BAD_TOKEN`, `RATE_LIMITED`, and when the database does.
    #[tracing::instrument(name = "device.confirm", target = "auth::service", level = "debug", skip_all)]
    pub async fn confirm(&self, token: &str, client: &Client) -> Result<Option<SecretString>> {
        const BAD: ErrorCode = ErrorCode::DeviceBadToken;
        let kernel = self.kernel;
        kernel.limiter().take(&TOKEN_TRIES.of(client), client).await?;
        kernel
            .effect(client, |effect| async move {
                let consumed = OneTimeTokens::new(kernel).consume(&effect, CONFIRM, token, None).await?.ok_or(BAD)?;
                let user = store::lock_owner(&effect, &consumed).await?.ok_or(BAD)?;
                if !user.is_active {
                    return Err(BAD.into());
                }
                effect.emit(EventKind::DeviceConfirmed { user_id: user.id });
                remember_browser(&effect, user.id, true).await
            })
            .await
    }
}

//! The service of known devices.

use secrecy::SecretString;
use uuid::Uuid;

use super::key::DeviceKeys;
use super::link::CONFIRM;
use super::model::Device;
use super::remember::remember_reader;
use super::store as device_store;
use crate::account::store;
use crate::client::Client;
use crate::error::{ErrorCode, Result};
use crate::event::EventKind;
use crate::kernel::Kernel;
use crate::one_time::OneTimeTokens;
use crate::principal::Principal;

/// The service of known devices.
#[derive(Clone, Copy, Debug)]
pub struct Devices<'a> {
    kernel: &'a Kernel,
}

impl<'a> Devices<'a> {
    pub(crate) fn new(kernel: &'a Kernel) -> Self {
        Self { kernel }
    }

    /// The devices that the account of a principal knows, the one that was used last first.
    ///
    /// # Errors
    /// Fails when the database does.
    #[tracing::instrument(
        name = "device.list", target = "auth::service", level = "debug",
        skip_all, fields(user_id = %principal.user.id)
    )]
    pub async fn list(&self, principal: &Principal, client: &Client) -> Result<Vec<Device>> {
        let kernel = self.kernel;
        let keys = DeviceKeys::of(kernel, kernel.backend(&principal.session.backend)?, client);
        let rows = device_store::list(kernel.db(), principal.user.id, kernel.now()).await?;
        Ok(rows.into_iter().map(|row| Device::new(row, Some(&keys))).collect())
    }

    /// Forgets a device: it is as any other one at the next login. Its sessions go on.
    ///
    /// # Errors
    /// Fails with `Not Found`, and when the database does.
    #[tracing::instrument(
        name = "device.forget", target = "auth::service", level = "debug",
        skip_all, fields(user_id = %principal.user.id)
    )]
    pub async fn forget(&self, principal: &Principal, id: Uuid, client: &Client) -> Result<()> {
        let client = &client.clone().acting_as(principal.user.id);
        let user_id = principal.user.id;
        self.kernel
            .effect(client, |effect| async move {
                if !device_store::forget(effect.tx(), id, user_id).await? {
                    return Err(ErrorCode::NotFound.into());
                }
                effect.emit(EventKind::DeviceForgotten { user_id, device_id: id });
                Ok(())
            })
            .await
    }

    /// Redeems the link of the mail that asks "was it you": the browser that opened it is known to the account from then
    /// on. It is not logged in. Returns the token of its new cookie.
    ///
    /// # Errors
    /// Fails with `DEVICE_BAD_TOKEN`, `RATE_LIMITED`, and when the database does.
    #[tracing::instrument(name = "device.confirm", target = "auth::service", level = "debug", skip_all)]
    pub async fn confirm(&self, token: &str, client: &Client) -> Result<Option<SecretString>> {
        const BAD: ErrorCode = ErrorCode::DeviceBadToken;
        let kernel = self.kernel;
        OneTimeTokens::new(kernel).admit(token, client).await?;
        kernel
            .effect(client, |effect| async move {
                let consumed = OneTimeTokens::new(kernel).consume(&effect, CONFIRM, token, None).await?.ok_or(BAD)?;
                let user = store::lock_owner(&effect, &consumed).await?.ok_or(BAD)?;
                if !user.is_active {
                    return Err(BAD.into());
                }
                effect.emit(EventKind::DeviceConfirmed { user_id: user.id });
                remember_reader(&effect, user.id).await
            })
            .await
    }
}

//! The gate.

use super::attempt::{Checked, ask_beside};
use super::limits::Taken;
use crate::account::{Credentials, store};
use crate::backend::BuiltBackend;
use crate::client::Client;
use crate::device::{DeviceKeys, KnownDevice};
use crate::error::{Error, ErrorCode, Result};
use crate::identifier::LoginName;
use crate::kernel::Kernel;
use crate::limit::Subject;
use crate::password::{HasherError, Password};
use crate::principal::Principal;
use crate::user::User;

/// The one way in which a password is compared.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PasswordGate<'a> {
    pub(super) kernel: &'a Kernel,
}

impl<'a> PasswordGate<'a> {
    pub(crate) fn new(kernel: &'a Kernel) -> Self {
        Self { kernel }
    }

    /// Compares the password of a login with that of the account that the name is for. The work is the same when there is
    /// none.
    ///
    /// # Errors
    /// Fails with `RATE_LIMITED` before anything is hashed, also when the password is right; with `OVERLOADED` when too
    /// many hashes are waiting, and when attempts cannot be counted; and when the database does.
    pub(crate) async fn check_login(
        self,
        name: &str,
        password: Password,
        backend: &BuiltBackend,
        client: &'a Client,
    ) -> Result<Checked<'a>> {
        let parsed = LoginName::parse(name);
        let found = match &parsed {
            Some(name) => self.find(store::By::Name(name), backend, client).await?,
            None => None,
        };
        let subject = match &found {
            Some((credentials, _)) => Subject::of(&credentials.user),
            // What no account can be called has no canonical form, and no row that a possible name has.
            None => Subject::Name(parsed.map_or_else(|| format!("\0{name}"), |name| name.key().to_owned())),
        };
        self.check(subject, found, password, client).await
    }

    /// Compares a password with that of the account that asks.
    ///
    /// # Errors
    /// As [`check_login`](Self::check_login).
    pub(crate) async fn check_own(
        self,
        principal: &Principal,
        password: Password,
        client: &'a Client,
    ) -> Result<Checked<'a>> {
        let backend = self.kernel.backend(&principal.session.backend)?;
        self.check_of(&principal.user, backend, password, client).await
    }

    /// The same for an account that asks by a backend without naming its session.
    pub(crate) async fn check_of(
        self,
        user: &User,
        backend: &BuiltBackend,
        password: Password,
        client: &'a Client,
    ) -> Result<Checked<'a>> {
        let found = self.find(store::By::Id(user.id), backend, client).await?;
        self.check(Subject::of(user), found, password, client).await
    }

    /// The account that a caller names, and the device that asks, if the account knows it.
    pub(super) async fn find(
        self,
        by: store::By<'_>,
        backend: &BuiltBackend,
        client: &Client,
    ) -> Result<Option<(Credentials, Option<KnownDevice>)>> {
        let keys = DeviceKeys::of(self.kernel, backend, client).all();
        let rows = store::find_with_devices(self.kernel.db(), by, keys, self.kernel.now()).await?;
        Ok(rows.map(|(row, devices)| (row.into(), KnownDevice::among(devices))))
    }

    async fn check(
        self,
        subject: Subject,
        found: Option<(Credentials, Option<KnownDevice>)>,
        password: Password,
        client: &'a Client,
    ) -> Result<Checked<'a>> {
        let kernel = self.kernel;
        let (found, device) = found.map_or((None, None), |(credentials, device)| (Some(credentials), device));
        let taken = Taken::of(&subject, device.as_ref(), client);
        self.reserve(&subject, &taken, client).await?;
        let stored = found.as_ref().and_then(|credentials| credentials.password_hash.clone());
        match kernel.hasher_for(client).verify(password, stored).await {
            Ok(verdict) => Ok(Checked { kernel, client, subject, taken, found, device, verdict }),
            Err(HasherError::Saturated) => {
                // Nothing was compared: nobody shall have failed.
                kernel.limiter().settle(&taken.reserved(), &[]).await?;
                Err(HasherError::Saturated.into())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Takes an attempt of every limit before anything is hashed.
    async fn reserve(self, subject: &Subject, taken: &Taken, client: &Client) -> Result<()> {
        let (kernel, limiter) = (self.kernel, self.kernel.limiter());
        let refusal = limiter.reserve(&taken.reserved()).await.map_err(|error| match error {
            Error::Store(cause) => {
                tracing::error!(%cause, "attempts at passwords cannot be counted, so they are refused");
                ErrorCode::Overloaded.into()
            }
            other => other,
        })?;
        let Some(refusal) = refusal else { return Ok(()) };
        if client.is_remote() {
            ask_beside(kernel, subject, client);
        }
        Err(limiter.refuse(&refusal, client))
    }
}

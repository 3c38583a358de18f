//! The identity of keys: an id, and a check value that only the same secret gives.

use auth_entity::meta::Model;

use time::OffsetDateTime;

use super::{Installation, store};
use crate::error::{Error, Result};
use crate::kernel::Kernel;
use crate::seal::Identity;
use crate::signing_key::{self, SealedKey};

/// The first key of a database. Servers that start at the same moment compete for this one row.
const FIRST: &str = "key";

/// What the database knows of the secrets that this handle was given.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyState {
    /// The database has no key yet.
    New,
    /// The database was used with the present secret.
    Known,
    /// The database was used with a former secret, and not yet with the present one.
    Replaced,
    /// The database was used with other secrets only.
    Unknown(UnknownKey),
}

/// The database was used with none of the secrets that this handle was given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`secret` is not the one that this database was used with: its key is {given}, and the database knows {known}; set `secret` \
     to the former one, or give that one to `former_secret` as well; if it is lost for good, run the admin command `accept-key`",
    known = known.join(", ")
)]
#[non_exhaustive]
pub struct UnknownKey {
    /// The id of the key of the present secret.
    pub given: String,
    /// The ids of the keys that the database was used with.
    pub known: Vec<String>,
}

/// Why a server must not begin to work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The database was used with other secrets only.
    #[error(transparent)]
    Unknown(UnknownKey),
    /// The secrets do not open a signing key that is in use.
    #[error(transparent)]
    Sealed(SealedKey),
    /// The database could not be asked.
    #[error(transparent)]
    Failed(#[from] Error),
}

impl Installation<'_> {
    /// Insists on a secret that the database was used with, and writes the present one down: at the first start of all, and
    /// when it replaces a [former](crate::AuthBuilder::former_secret) one. Call it at each start, once the tables are up to
    /// date and before anything is served.
    ///
    /// A server with another secret would reject every access token, count codes and limits apart from its neighbours, and
    /// encrypt mails that they cannot open.
    ///
    /// Where a backend has [managed keys](crate::signing_key), it makes the first one, and insists that this server can open
    /// those in use.
    ///
    /// # Errors
    /// Fails with [`KeyError::Unknown`] and [`KeyError::Sealed`], and when the database does.
    #[tracing::instrument(name = "installation.check_keys", target = "auth::service", level = "debug", skip_all)]
    pub async fn check_keys(&self) -> Result<(), KeyError> {
        let state = match self.keys().await? {
            KeyState::New => {
                // Of two servers with different secrets one is too late, and finds an unknown key now.
                self.register(FIRST).await?;
                self.keys().await?
            }
            state => state,
        };
        match state {
            KeyState::Known => {}
            KeyState::Unknown(unknown) => return Err(KeyError::Unknown(unknown)),
            KeyState::New | KeyState::Replaced => self.accept_key().await?,
        }
        signing_key::begin(self.kernel).await?.map_or(Ok(()), |sealed| Err(KeyError::Sealed(sealed)))
    }

    /// What the database knows of the secrets, without changing anything.
    ///
    /// # Errors
    /// Fails when the database does.
    #[tracing::instrument(name = "installation.keys", target = "auth::service", level = "debug", skip_all)]
    pub async fn keys(&self) -> Result<KeyState> {
        let rows = store::named_like(self.kernel.db(), FIRST).await?;
        let mut identities = self.kernel.parts().sealer.identities();
        let is_known = |identity: &Identity| rows.iter().any(|row| is_of(row, identity));
        Ok(match rows.as_slice() {
            [] => KeyState::New,
            _ if identities.next().is_some_and(is_known) => KeyState::Known,
            _ if identities.any(is_known) => KeyState::Replaced,
            rows => KeyState::Unknown(UnknownKey { given: self.key_id(), known: rows.iter().map(key_id).collect() }),
        })
    }

    /// The id of the key of the present secret. It is not confidential.
    #[must_use]
    pub fn key_id(&self) -> String {
        self.present().map(Identity::id).unwrap_or_default()
    }

    /// Writes the present secret down although the database was used with others: for operators who have lost those for good.
    /// What is encrypted with them cannot be opened any more, and is given up at its time.
    ///
    /// # Errors
    /// Fails when the database does.
    #[tracing::instrument(name = "installation.accept_key", target = "auth::service", level = "debug", skip_all)]
    pub async fn accept_key(&self) -> Result<()> {
        let id = self.key_id();
        tracing::info!(key = id, "the database is used with another key from now on");
        self.register(&format!("{FIRST}:{id}")).await
    }

    fn present(&self) -> Option<&Identity> {
        self.kernel.parts().sealer.identities().next()
    }

    async fn register(&self, name: &str) -> Result<()> {
        let data = self.present().map(Identity::to_bytes);
        store::insert(self.kernel.db(), name, data, self.kernel.now()).await
    }
}

/// Since when the database has been used with the present secret.
pub(crate) async fn present_since(kernel: &Kernel) -> Result<Option<OffsetDateTime>> {
    let rows = store::named_like(kernel.db(), FIRST).await?;
    let present = kernel.parts().sealer.identities().next();
    Ok(rows.iter().find(|row| present.is_some_and(|present| is_of(row, present))).map(|row| row.at.0))
}

fn is_of(row: &Model, identity: &Identity) -> bool {
    row.data.as_deref() == Some(&identity.to_bytes())
}

fn key_id(row: &Model) -> String {
    row.data.as_deref().map(Identity::id_in).unwrap_or_default()
}

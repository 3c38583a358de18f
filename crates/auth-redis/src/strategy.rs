//! The token format.

use std::fmt;
use std::time::Duration;

use auth_core::secrecy::{ExposeSecret, SecretString};
use auth_core::time::OffsetDateTime;
use auth_core::token::{Ended, NewToken, TokenRef, TokenStrategy, TokenSubject, opaque_digest};
use auth_core::{Error, ErrorCode, Result};
use redis::{Client, ConnectionAddr, RedisError, TlsCertificates};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::link::Link;
use crate::pointer::{Pointer, milliseconds};
use crate::store::Store;
use crate::{examine, tls};

/// How the keys begin unless the app says otherwise.
const PREFIX: &str = "auth:";

/// How long a command may take unless the app says otherwise.
const DEADLINE: Duration = Duration::from_millis(500);

/// The URL or the certificate cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct RedisConfigError(&'static str);

/// Opaque tokens that are good as long as Redis has a pointer under their digest, and the database has their session.
pub struct RedisStrategy {
    url: SecretString,
    store: Store,
}

impl fmt::Debug for RedisStrategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStrategy").finish_non_exhaustive()
    }
}

impl RedisStrategy {
    /// Tokens in the server at `url`. Nothing is connected yet.
    ///
    /// | URL | connection |
    /// | --- | --- |
    /// | `redis://user:password@host:6379/0` | in the clear: for this machine, or a network that is trusted |
    /// | `rediss://user:password@host:6379/0` | TLS, certificate checked against Mozilla's list |
    /// | `unix:///run/redis.sock?db=0&pass=password` | by a Unix socket |
    ///
    /// A password is percent-encoded. For `rediss`, the aws-lc provider of rustls becomes that of the process if it has none
    /// yet: an app with another one installs it before.
    ///
    /// # Errors
    /// Fails with what is wrong with the URL, without repeating any part of it.
    pub fn new(url: &str) -> Result<Self, RedisConfigError> {
        let client = Client::open(url).map_err(|_| {
            RedisConfigError(
                "the Redis URL must look like `redis://user:password@host:6379/0`, `rediss://..` or `unix:///path`",
            )
        })?;
        if matches!(client.get_connection_info().addr(), ConnectionAddr::TcpTls { .. }) {
            tls::install_provider();
        }
        Ok(Self {
            url: url.into(),
            store: Store { link: Link::new(client), prefix: PREFIX.to_owned(), deadline: DEADLINE },
        })
    }

    /// How all keys begin; `auth:` by default. Apps that share a server have different ones.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.store.prefix = prefix.into();
        self
    }

    /// How long a command may take, its connection included; half a second by default. Then the request is answered with 503.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.store.deadline = deadline;
        self
    }

    /// Trusts the certificates that this one (PEM) has signed, and no others: for servers of one's own.
    ///
    /// # Errors
    /// Fails for anything other than a certificate in PEM.
    pub fn root_certificate(mut self, pem: &[u8]) -> Result<Self, RedisConfigError> {
        const REFUSAL: RedisConfigError =
            RedisConfigError("the root certificate must be a certificate in PEM, and the URL begin with `rediss://`");
        // The client takes a text without any certificate, and trusts nobody then.
        CertificateDer::from_pem_slice(pem).map_err(|_| REFUSAL)?;
        let certificates = TlsCertificates { client_tls: None, root_cert: Some(pem.to_vec()) };
        let client = Client::build_with_tls(self.url.expose_secret(), certificates).map_err(|_| REFUSAL)?;
        self.store.link = Link::new(client);
        Ok(self)
    }
}

#[async_trait::async_trait]
impl TokenStrategy for RedisStrategy {
    async fn issue(&self, subject: TokenSubject<'_>) -> Result<NewToken> {
        let token = subject.opaque_token()?;
        let pointer = Pointer {
            session_id: subject.session.id,
            security_epoch: subject.user.security_epoch,
            issued_at: milliseconds(subject.now),
            expires_at: milliseconds(subject.expires_at),
        };
        let digest = opaque_digest(token.token.expose_secret()).unwrap_or_default();
        if self.store.put(&digest, subject.user.id, &pointer).await.map_err(unavailable)? {
            return Ok(token);
        }
        tracing::warn!(user_id = %subject.user.id, "a token was not stored: all earlier ones of its user have ended meanwhile");
        Err(ErrorCode::Overloaded.into())
    }

    async fn read(&self, token: &str, now: OffsetDateTime) -> Result<Option<TokenRef>> {
        let Some(digest) = opaque_digest(token) else { return Ok(None) };
        let pointer = self.store.get(&digest).await.map_err(unavailable)?;
        // The clock of Redis is another one.
        let pointer = pointer.filter(|pointer| milliseconds(now) < pointer.expires_at);
        Ok(pointer.map(|_| TokenRef::Digest(digest)))
    }

    fn forgets(&self) -> bool {
        true
    }

    async fn forget(&self, ended: &Ended) -> Result<()> {
        self.store.remove(ended).await.map_err(unavailable)
    }

    async fn examine(&self) -> Result<Vec<String>> {
        let info = self.store.info().await.map_err(Error::internal)?;
        Ok(examine::notes(&info))
    }
}

/// Whatever Redis says instead of an answer: whether a token is good is not known then.
fn unavailable(cause: RedisError) -> Error {
    tracing::warn!(%cause, "Redis is unavailable");
    ErrorCode::Overloaded.into()
}

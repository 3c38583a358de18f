//! The service of token pairs.

use std::time::Duration;

use serde_json::Value;

use super::config::NAME;
use super::pairs::BuiltPairs;
use crate::account::{SessionsToEnd, store};
use crate::backend::{BuiltBackend, Transport};
use crate::client::Client;
use crate::error::Result;
use crate::kernel::Kernel;
use crate::password::Password;
use crate::profile::replace_password;
use crate::session::{Carried, Login, RefreshTokens, Sessions};
use crate::user::User;

/// How refresh tokens come: the routes take them wherever their clients put them.
const CARRIED: Carried<'static> = Carried::ByRouteOf(NAME);

/// The service of token pairs.
#[derive(Clone, Copy, Debug)]
pub struct Hasura<'a> {
    kernel: &'a Kernel,
    pairs: &'a BuiltPairs,
}

impl<'a> Hasura<'a> {
    pub(crate) fn new(kernel: &'a Kernel) -> Option<Self> {
        kernel.configs().get().map(|pairs| Self { kernel, pairs })
    }

    /// The backend that its sessions begin by. It is not among [those of the app](crate::Auth::backends): no other route takes its
    /// tokens.
    #[must_use]
    pub fn backend(&self) -> &'a BuiltBackend {
        &self.pairs.backend
    }

    /// The cookie of refresh tokens that travel in one.
    #[must_use]
    pub fn refresh_cookie(&self) -> &'a Transport {
        &self.pairs.cookie
    }

    /// The public keys that verify its tokens (RFC 7517); none if every key is a shared secret.
    ///
    /// # Errors
    /// Fails when managed keys are not known and the database is unavailable.
    pub async fn public_keys(&self) -> Result<Vec<Value>> {
        self.backend().strategy.public_keys(self.kernel.now()).await
    }

    /// Whose JSON Web Token this is: of an active account, all of whose sessions were never ended since. One statement.
    ///
    /// # Errors
    /// Fails when the database does: unsure is not the same as unknown.
    #[tracing::instrument(name = "hasura.authenticate", target = "auth::service", level = "debug", skip_all)]
    pub async fn authenticate(&self, token: &str) -> Result<Option<User>> {
        let verified = self.pairs.keys.verify_plain(token, self.kernel.now()).await?;
        let Ok(claims) = verified.inspect_err(|reason| tracing::debug!(%reason, "token refused")) else {
            return Ok(None);
        };
        let row = store::find_at_epoch(self.kernel.db(), claims.sub, claims.security_epoch, claims.iat).await?;
        Ok(row.map(User::from))
    }

    /// How long a registration without a password waits for its link.
    #[must_use]
    pub fn magic_link_wait(&self) -> Option<Duration> {
        self.kernel.configs().hasura.options.as_ref()?.magic_link_wait
    }

    /// Exchanges a refresh token for the next pair: [`RefreshTokens::exchange`].
    ///
    /// # Errors
    /// `REFRESH_TOKEN_INVALID`; `PASSWORD_CHANGE_REQUIRED` for a user who must change the password, which leaves the token as it is;
    /// fails when the database does.
    pub async fn refresh(&self, token: &str, client: &Client) -> Result<Login> {
        RefreshTokens::new(self.kernel).exchange(token, CARRIED, client).await
    }

    /// Ends the session of a refresh token, or every session of its user. Does nothing for an unknown token.
    ///
    /// # Errors
    /// Fails when the database does.
    pub async fn logout(&self, token: &str, all: bool, client: &Client) -> Result<()> {
        let tokens = RefreshTokens::new(self.kernel);
        if all { tokens.revoke_all(token, CARRIED, client).await } else { tokens.revoke(token, CARRIED, client).await }
    }

    /// Ends every session of a user, and every token that was issued to them.
    ///
    /// # Errors
    /// `Unauthorized` when the account has changed since `user` was read; fails when the database does.
    #[tracing::instrument(
        name = "hasura.revoke", target = "auth::service", level = "debug",
        skip_all, fields(user_id = %user.id)
    )]
    pub async fn revoke(&self, user: &User, client: &Client) -> Result<()> {
        Sessions::new(self.kernel).end_all(user, client).await
    }

    /// Puts a new password in the place of the old one. Every session ends, because the token that asks does not name its own.
    ///
    /// # Errors
    /// As [`Profiles::change_password`](crate::profile::Profiles::change_password), except that the login need not be recent.
    #[tracing::instrument(
        name = "hasura.change_password", target = "auth::service", level = "debug",
        skip_all, fields(user_id = %user.id)
    )]
    pub async fn change_password(&self, user: &User, old: Password, new: Password, client: &Client) -> Result<()> {
        let asking = (user, self.backend());
        replace_password(self.kernel, asking, old, new, SessionsToEnd::All, client).await.map(drop)
    }
}

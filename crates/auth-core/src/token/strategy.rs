//! What a token format does.

use std::fmt;
use std::time::Duration;

use sea_orm::DatabaseTransaction;
use secrecy::SecretString;
use time::OffsetDateTime;
use uuid::Uuid;

use super::Ended;
use crate::error::Result;
use crate::jwt::AccessClaims;
use crate::principal::Session;
use crate::random::Random;
use crate::role::UserRoles;
use crate::user::User;

/// What a token is issued for.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct TokenSubject<'a> {
    /// The user who logs in.
    pub user: &'a User,
    /// The session that the token will stand for.
    pub session: &'a Session,
    /// The roles of the user at present, for formats that [want them](TokenStrategy::wants_roles).
    pub roles: Option<&'a UserRoles>,
    /// The present moment.
    pub now: OffsetDateTime,
    /// When the token is refused at the latest: with its session, or before if the backend refreshes its tokens.
    pub expires_at: OffsetDateTime,
    /// The source of randomness.
    pub random: &'a dyn Random,
    /// The transaction that stores the session.
    pub(crate) tx: &'a DatabaseTransaction,
}

impl fmt::Debug for TokenSubject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenSubject").field("session", &self.session.id).finish_non_exhaustive()
    }
}

/// A token as it was issued.
#[derive(Debug)]
pub struct NewToken {
    /// The string that the client keeps.
    pub token: SecretString,
    /// A digest under which the session is to be found again, when the token does not name it by itself.
    pub digest: Option<[u8; 32]>,
    /// How long the token is good for, when that is less than the session.
    pub expires_in: Option<Duration>,
}

impl NewToken {
    /// The token, if the session can be found by it alone: another one would take its place.
    pub(crate) fn stored(&self) -> Option<SecretString> {
        self.digest.map(|_| self.token.clone())
    }
}

/// Where a token points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenRef {
    /// To the session that was stored with this digest.
    Digest([u8; 32]),
    /// To the session with this id. The strategy vouches for the pointer, with a signature for instance.
    Session {
        /// The session.
        id: Uuid,
        /// The user's epoch at issue, [`User::security_epoch`]: what tells a token from the one that replaced it.
        security_epoch: i64,
    },
}

/// A token format. The library ships `database` (the default) and `jwt`, and the crate `auth-redis` has `redis`; apps may bring
/// their own.
///
/// A format of one's own must be unguessable (at least 128 random bits) or authenticated (signed or encrypted).
#[async_trait::async_trait]
pub trait TokenStrategy: Send + Sync + 'static {
    /// Makes a token for a session that is about to be stored.
    ///
    /// # Errors
    /// May fail with any error; the session is not created then.
    async fn issue(&self, subject: TokenSubject<'_>) -> Result<NewToken>;

    /// Whether it is told the roles of the user, which costs a statement for each token. A change of roles is in the next token.
    fn wants_roles(&self) -> bool {
        false
    }

    /// Finds out where a token points, without trusting it any further; `None` for one that is not of this format, is
    /// expired, or was tampered with. Must not be slow: it runs for every request.
    ///
    /// # Errors
    /// Fails when the answer cannot be known at present, for example because a store is unavailable.
    async fn read(&self, token: &str, now: OffsetDateTime) -> Result<Option<TokenRef>>;

    /// The claims of a token that can be checked without any look-up, for [`Sessions::access_claims`].
    ///
    /// # Errors
    /// Fails when the answer cannot be known at present.
    ///
    /// [`Sessions::access_claims`]: crate::Sessions::access_claims
    async fn access_claims(&self, token: &str, now: OffsetDateTime) -> Result<Option<AccessClaims>> {
        let _ = (token, now);
        Ok(None)
    }

    /// The public keys of the format as JSON Web Keys (RFC 7517), for `/jwks.json`.
    ///
    /// # Errors
    /// Fails when they cannot be known at present.
    async fn public_keys(&self, now: OffsetDateTime) -> Result<Vec<serde_json::Value>> {
        let _ = now;
        Ok(Vec::new())
    }

    /// Whether the format has a store of its own, from which [`forget`](Self::forget) deletes what has ended.
    fn forgets(&self) -> bool {
        false
    }

    /// Deletes what the format's own store has of tokens that are refused already. A worker calls it after the commit, again
    /// and again until it succeeds, and perhaps once more after that; calls may overtake each other.
    ///
    /// # Errors
    /// Fails when the store is unavailable.
    async fn forget(&self, ended: &Ended) -> Result<()> {
        let _ = ended;
        Ok(())
    }

    /// What an operator should know about the format's own store, each in a sentence that says what to do. The workers log
    /// it when they start, and the admin command shows it.
    ///
    /// # Errors
    /// Fails when the store is unavailable.
    async fn examine(&self) -> Result<Vec<String>> {
        Ok(Vec::new())
    }
}

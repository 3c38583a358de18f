//! The check behind every route and extractor: who is this, and may they?

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use auth_core::jwt::AccessClaims;
use auth_core::session::Freshness;
use auth_core::{Auth, Principal};
use http::Method;
use http::header::HeaderMap;

use crate::barrier::{barrier, within_deadline};
use crate::problem::Problem;
use crate::requirement::Requirement;
use crate::{credential, csrf};

/// What the check needs to know of a request. `Debug` does not show the headers, which carry the tokens.
#[derive(Clone, Copy)]
pub struct RequestHead<'a> {
    /// The method.
    pub method: &'a Method,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The other end of the connection.
    pub peer: Option<IpAddr>,
}

impl fmt::Debug for RequestHead<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestHead").field("method", self.method).field("peer", &self.peer).finish_non_exhaustive()
    }
}

/// Named backends, for extractors that take the tokens of these only.
///
/// ```
/// struct Api;
///
/// impl auth_http::Backends for Api {
///     const NAMES: &'static [&'static str] = &["jwt", "db"];
/// }
/// ```
pub trait Backends: Send + Sync + 'static {
    /// The names; none means every backend.
    const NAMES: &'static [&'static str];
}

/// Every backend.
#[derive(Clone, Copy, Debug)]
pub struct AnyBackend;

impl Backends for AnyBackend {
    const NAMES: &'static [&'static str] = &[];
}

/// Finds out who a request is from, with one query, and checks what is required, with another one if that is a role. `known` is
/// the answer of an earlier check of the same request, which spares the first query where it is of this handle, new enough, and of
/// a backend that counts here.
///
/// # Errors
/// Fails with 401 without a valid token, 403 `CSRF_REJECTED`, 403 when the requirement is not met, and 503 when the
/// database is unavailable.
pub async fn authenticate<B: Backends>(
    auth: &Auth,
    head: &RequestHead<'_>,
    known: Option<&Principal>,
    requirement: &Requirement,
) -> Result<Principal, Problem> {
    let only = (!B::NAMES.is_empty()).then_some(B::NAMES);
    let freshness = requirement.freshness();
    let counts = |principal: &&Principal| {
        auth.kernel().vouches_for(principal)
            && (freshness == Freshness::Remembered || !principal.is_remembered())
            && only.is_none_or(|names| names.contains(&principal.session.backend.as_str()))
    };
    if let Some(principal) = known.filter(counts) {
        requirement.check(auth, principal).await?;
        return Ok(principal.clone());
    }
    // The app's own token formats run in there.
    let find = authenticate_with(auth, head, requirement, only);
    barrier(within_deadline(Duration::ZERO, find)).await.map(|principal| *principal)
}

/// The same for the table, which sees to the deadline and to panics.
pub(crate) async fn authenticate_with(
    auth: &Auth,
    head: &RequestHead<'_>,
    requirement: &Requirement,
    only: Option<&[&str]>,
) -> Result<Box<Principal>, Problem> {
    reject_forged(auth, head)?;
    let credentials = credential::find(auth, head.headers, only);
    let found = auth.sessions().authenticate(&credentials, requirement.freshness()).await?;
    let principal = found.ok_or_else(|| Problem::unauthorized(credential::takes_bearer(auth)))?;
    requirement.check(auth, &principal).await?;
    Ok(principal)
}

/// Refuses a request that carries our cookie and acts on behalf of another site, even when it carries a bearer token
/// beside it.
fn reject_forged(auth: &Auth, head: &RequestHead<'_>) -> Result<(), Problem> {
    let guarded = csrf::acts(head.method, head.headers) && credential::has_cookie(auth, head.headers);
    if guarded && !csrf::allows(auth.settings(), head.headers) {
        return Err(csrf::refuse(auth.settings(), head.headers));
    }
    Ok(())
}

/// Checks a token without the database. It is good until it expires, whatever became of its session and its user since.
///
/// # Errors
/// Fails with 401 without a valid token of such a format, and with 403 `CSRF_REJECTED`.
pub async fn access_claims<B: Backends>(auth: &Auth, head: &RequestHead<'_>) -> Result<AccessClaims, Problem> {
    reject_forged(auth, head)?;
    let only = (!B::NAMES.is_empty()).then_some(B::NAMES);
    let credentials = credential::find(auth, head.headers, only);
    let claims = auth.sessions().access_claims(&credentials).await?;
    claims.ok_or_else(|| Problem::unauthorized(credential::takes_bearer(auth)))
}

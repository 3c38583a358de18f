//! The table of all routes, and the way of a request through it.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use auth_core::BuiltBackend;
use auth_core::session::{Credential, IssuedToken, Session};
use auth_core::uuid::Uuid;
use auth_core::{Auth, Client, ErrorCode, Principal, Transport};
use bytes::Bytes;
use futures_util::{FutureExt, Stream};
use http::header::{HeaderMap, HeaderValue, STRICT_TRANSPORT_SECURITY};
use http::request::Parts;
use http::{Method, Response};
use secrecy::ExposeSecret;

use crate::decode::{self, Accept, Decode};
use crate::endpoint::{BodyType, Endpoint, Group, Handler};
use crate::guard::{RequestHead, Requirement, authenticate_with};
use crate::reply::Reply;
use crate::{Access, Problem, body, cookie, credential, csrf, peer, reply, routes};

/// How long a request may take once its body is there.
pub(crate) const DEADLINE: Duration = Duration::from_secs(10);

/// Every route of an [`Auth`], in the order of the documentation. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Table {
    auth: Auth,
    endpoints: Arc<[Arc<Endpoint>]>,
}

/// The routes that share a path.
#[derive(Clone, Debug)]
pub struct MountedPath {
    /// The path, with parameters as `{name}`.
    pub template: String,
    /// One for each method.
    pub endpoints: Vec<Arc<Endpoint>>,
    /// What `Allow` says for any other method.
    pub allow: String,
}

impl Table {
    /// The routes that the configuration of `auth` makes.
    #[must_use]
    pub fn new(auth: &Auth) -> Self {
        Self { auth: auth.clone(), endpoints: routes::endpoints(auth).into_iter().map(Arc::new).collect() }
    }

    /// The handle that the routes work with.
    #[must_use]
    pub fn auth(&self) -> &Auth {
        &self.auth
    }

    /// Every route.
    #[must_use]
    pub fn endpoints(&self) -> &[Arc<Endpoint>] {
        &self.endpoints
    }

    /// Every path with its group's usual prefix.
    #[must_use]
    pub fn paths(&self) -> Vec<MountedPath> {
        Self::by_path(self.endpoints.iter(), Endpoint::full_path)
    }

    /// The paths of one group, below whatever prefix the app mounts it at.
    #[must_use]
    pub fn group(&self, group: Group) -> Vec<MountedPath> {
        Self::by_path(self.endpoints.iter().filter(|endpoint| endpoint.group == group), |endpoint| {
            endpoint.path.to_string()
        })
    }

    fn by_path<'e>(
        endpoints: impl Iterator<Item = &'e Arc<Endpoint>>,
        template: impl Fn(&Endpoint) -> String,
    ) -> Vec<MountedPath> {
        let mut paths: Vec<MountedPath> = Vec::new();
        for endpoint in endpoints {
            let template = template(endpoint);
            let allow = if endpoint.method == Method::GET { "GET, HEAD" } else { endpoint.method.as_str() };
            match paths.iter_mut().find(|path| path.template == template) {
                Some(path) => {
                    path.endpoints.push(endpoint.clone());
                    path.allow = format!("{}, {allow}", path.allow);
                }
                None => {
                    paths.push(MountedPath { template, endpoints: vec![endpoint.clone()], allow: allow.to_owned() });
                }
            }
        }
        paths
    }

    /// The headers of every answer of the library, for an app whose own answers shall have them too. They are those of
    /// data for one caller; pages need a policy of their own.
    #[must_use]
    pub fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        reply::secure(&mut headers);
        self.insist_on_https(&mut headers);
        headers
    }

    /// RFC 6797, for an app that is reached over https.
    fn insist_on_https(&self, headers: &mut HeaderMap) {
        if self.auth.settings().public_url.scheme() == "https" {
            headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
        }
    }

    /// Answers a request for `endpoint`. The body is read here, up to its limit; `peer` is the other end of the
    /// connection. A client that hangs up after its body arrived does not stop what it began.
    pub async fn call<S, E>(
        &self,
        endpoint: &Arc<Endpoint>,
        parts: Parts,
        chunks: S,
        peer: Option<IpAddr>,
    ) -> Response<Bytes>
    where
        S: Stream<Item = Result<Bytes, E>>,
    {
        let head = parts.method == Method::HEAD;
        let answer = self.answer(endpoint, parts, chunks, peer).await;
        let mut response = answer.map_or_else(Problem::into_response, Reply::into_response);
        self.insist_on_https(response.headers_mut());
        if head {
            *response.body_mut() = Bytes::new();
        }
        response
    }

    async fn answer<S, E>(
        &self,
        endpoint: &Arc<Endpoint>,
        parts: Parts,
        chunks: S,
        peer: Option<IpAddr>,
    ) -> Result<Reply, Problem>
    where
        S: Stream<Item = Result<Bytes, E>>,
    {
        let head = RequestHead { method: &parts.method, headers: &parts.headers, peer };
        // Before a login there is no cookie to go by: the visitor's browser itself must not be made to act.
        let public = endpoint.access() == Access::Public;
        if public && endpoint.is_unsafe() && !csrf::allows(self.auth.settings(), head.headers) {
            tracing::info!(target: "auth::event", endpoint = %endpoint.id, "csrf_rejected");
            return Err(ErrorCode::CsrfRejected.into());
        }
        let principal = match endpoint.access() {
            Access::Public => None,
            Access::Active | Access::Superuser => {
                let requirement = Requirement {
                    superuser: endpoint.access() == Access::Superuser,
                    takes_expired_password: endpoint.takes_expired_password,
                    ..Requirement::default()
                };
                let backend = endpoint.backend.as_deref();
                let only = backend.as_ref().map(std::slice::from_ref);
                Some(authenticate_with(&self.auth, &head, &requirement, only).await?)
            }
        };
        let client = peer::client(self.auth.settings(), &parts.headers, peer);
        // Boxed, because a request without a body would have to carry room for reading one else.
        let body =
            if endpoint.is_unsafe() { Box::pin(body::collect(&parts.headers, chunks)).await? } else { Bytes::new() };
        let call = Call { auth: self.auth.clone(), endpoint: endpoint.clone(), parts, body, client };
        run(call, principal).await
    }
}

/// Runs the handler: one that changes something in a task of its own, so that it comes to its end even when the client
/// hangs up and the framework drops this future. The deadline goes with it.
async fn run(call: Call, principal: Option<Principal>) -> Result<Reply, Problem> {
    let changes = call.endpoint.is_unsafe();
    let work = match (call.endpoint.handler, principal) {
        (Handler::Public(handler), _) => handler(call),
        (Handler::Active(handler) | Handler::Superuser(handler), Some(principal)) => handler(call, principal),
        (Handler::Active(_) | Handler::Superuser(_), None) => return Err(Problem::unauthorized(false)),
    };
    let work = barrier(within_deadline(work));
    if changes { tokio::spawn(work).await.unwrap_or_else(|_| Err(ErrorCode::Internal.into())) } else { work.await }
}

async fn within_deadline(work: impl Future<Output = Result<Reply, Problem>>) -> Result<Reply, Problem> {
    tokio::time::timeout(DEADLINE, work).await.unwrap_or_else(|_| {
        tracing::warn!("a request took longer than {DEADLINE:?}");
        Err(ErrorCode::Overloaded.into())
    })
}

/// Turns a panic, of which the frameworks make different things, into an answer.
pub(crate) async fn barrier<T>(work: impl Future<Output = Result<T, Problem>>) -> Result<T, Problem> {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| {
        tracing::error!("a request panicked");
        Err(ErrorCode::Internal.into())
    })
}

/// A request on its way to a handler.
pub(crate) struct Call {
    pub(crate) auth: Auth,
    pub(crate) client: Client,
    endpoint: Arc<Endpoint>,
    parts: Parts,
    body: Bytes,
}

impl Call {
    /// The body, decoded.
    pub(crate) fn body<T: Decode>(&self) -> Result<T, Problem> {
        let accept = match self.endpoint.body {
            BodyType::JsonOrForm => Accept::JsonOrForm,
            BodyType::Json | BodyType::None => Accept::Json,
        };
        decode::body(&self.parts.headers, &self.body, accept)
    }

    /// The query, decoded.
    pub(crate) fn query<T: Decode>(&self) -> Result<T, Problem> {
        decode::query(self.parts.uri.query())
    }

    /// The `{id}` of the path. Read from the end, because frameworks differ in whether they leave the prefix of a
    /// mounted group in the path.
    pub(crate) fn id(&self) -> Result<Uuid, Problem> {
        let from_end = self.endpoint.path.rsplit('/').position(|segment| segment == "{id}");
        let segment = from_end.and_then(|index| self.parts.uri.path().rsplit('/').nth(index));
        // One spelling only: 36 characters with hyphens.
        let id = segment.filter(|text| text.len() == 36).and_then(|text| text.parse().ok());
        id.ok_or_else(|| ErrorCode::NotFound.into())
    }

    /// The backend that a login is for.
    pub(crate) fn backend(&self) -> Result<&BuiltBackend, Problem> {
        match &self.endpoint.backend {
            Some(name) => Ok(self.auth.sessions().backend(name)?),
            None => self.auth.backends().first().ok_or_else(|| ErrorCode::Internal.into()),
        }
    }

    /// Who a public request is from, if it carries a token that is good.
    pub(crate) async fn visitor(&self) -> Result<Option<Principal>, Problem> {
        let credentials = credential::find(&self.auth, &self.parts.headers, None);
        Ok(self.auth.sessions().authenticate(&credentials).await?)
    }

    /// Ends the session whose cookie a login is about to replace (ASVS 7.2.4): nobody could end it from this browser
    /// any more. A bearer token is the client's own to keep or to forget.
    pub(crate) async fn end_former_session(&self, backend: &BuiltBackend) -> Result<(), Problem> {
        let Transport::Cookie { name, .. } = &backend.transport else { return Ok(()) };
        let Some(token) = cookie::get(&self.parts.headers, name) else { return Ok(()) };
        let sessions = self.auth.sessions();
        if let Some(former) = sessions.authenticate(&[Credential { backend, token }]).await? {
            sessions.logout(&former, &self.client).await?;
        }
        Ok(())
    }

    /// How the token of a session travels.
    pub(crate) fn transport(&self, session: &Session) -> Result<&Transport, Problem> {
        Ok(&self.auth.sessions().backend(&session.backend)?.transport)
    }

    /// The cookie with a session's new token, where it travels in one.
    pub(crate) fn token_cookie(
        &self,
        session: &Session,
        token: Option<&IssuedToken>,
    ) -> Result<Option<HeaderValue>, Problem> {
        let transport = self.transport(session)?;
        Ok(token.and_then(|token| cookie::set(transport, token.access_token.expose_secret())))
    }

    /// The cookie that takes a session's token away, where it travels in one.
    pub(crate) fn removal_cookie(&self, session: &Session) -> Result<Option<HeaderValue>, Problem> {
        Ok(cookie::clear(self.transport(session)?))
    }
}

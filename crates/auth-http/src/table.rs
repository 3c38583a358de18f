//! The table of all routes, and the way of a request through it.

use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use auth_core::{Auth, Client, ConfigErrors, ErrorCode, Principal};
use bytes::Bytes;
use futures_util::Stream;
use http::header::{CONNECTION, HeaderMap, HeaderValue, SET_COOKIE, STRICT_TRANSPORT_SECURITY};
use http::request::Parts;
use http::{Method, Response};
use tokio::time::Instant;
use tracing::Instrument;

use crate::authn::{RequestHead, authenticate_with};
use crate::barrier::{barrier, within_deadline};
use crate::body::Incoming;
use crate::call::Call;
use crate::conditional::{forbids_change, is_public};
use crate::cookie::Due;
use crate::endpoint::{Endpoint, Group};
use crate::handler::{Answer, Handler, PublicFn, UserFn};
use crate::headers::secure;
use crate::problem::{CLOSE, Problem, Shape};
use crate::reply::Reply;
use crate::trace::Trace;
use crate::{cookie, credential, csrf, peer, routes};

/// How long a body may take before it is found out once more who is asking.
const ADMITTED_FOR: Duration = Duration::from_secs(1);

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

impl MountedPath {
    /// The row for a method; that of `GET` answers `HEAD` as well, if only to refuse it.
    #[must_use]
    pub fn endpoint(&self, method: &Method) -> Option<&Arc<Endpoint>> {
        let method = if *method == Method::HEAD { &Method::GET } else { method };
        self.endpoints.iter().find(|endpoint| endpoint.method == *method)
    }

    /// What any other method is answered.
    #[must_use]
    pub fn method_not_allowed(&self) -> Problem {
        let problem = Problem::method_not_allowed(&self.allow);
        self.endpoints.first().map_or(problem.clone(), |endpoint| problem.shaped(endpoint.group.shape()))
    }
}

impl Table {
    /// The routes that the configuration of `auth` makes.
    ///
    /// # Errors
    /// Fails when a backend has a name that a route of the library begins with: what is meant for one would reach the
    /// other.
    pub fn new(auth: &Auth) -> Result<Self, ConfigErrors> {
        let endpoints: Arc<[Arc<Endpoint>]> = routes::endpoints(auth).into_iter().map(Arc::new).collect();
        let names = auth.backends().iter().map(|backend| backend.name.as_str());
        let clashes: Vec<String> = names.filter_map(|name| clash(&endpoints, name)).collect();
        if clashes.is_empty() { Ok(Self { auth: auth.clone(), endpoints }) } else { Err(ConfigErrors(clashes)) }
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
            endpoint.path().to_owned()
        })
    }

    fn by_path<'e>(
        endpoints: impl Iterator<Item = &'e Arc<Endpoint>>,
        template: impl Fn(&Endpoint) -> String,
    ) -> Vec<MountedPath> {
        let mut paths: Vec<MountedPath> = Vec::new();
        for endpoint in endpoints {
            let template = template(endpoint);
            let allow = endpoint.allowed_methods();
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
        secure(&mut headers);
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
    /// connection. A client that hangs up after its body arrived does not stop what it began. Of a body that nobody asked
    /// for, the rest is dropped before the answer, so that the connection stays good. The answer to `HEAD` is that to `GET`, of
    /// which servers leave out the body, and tell its length (RFC 9110, section 9.3.2).
    ///
    /// The work runs in a `tracing` span; see `docs/logging.md`.
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
        let trace = Trace::begin(&self.auth, endpoint);
        let strays = cookie::remove_strays(&self.auth, &parts);
        let chunks = pin!(chunks);
        let mut incoming = Incoming::new(parts.version, &parts.headers, chunks);
        let mut due = None;
        let answer = async {
            if !endpoint.takes(&parts.method) {
                return Err(Problem::method_not_allowed(endpoint.allowed_methods()));
            }
            if !endpoint.is_unsafe() {
                // Nothing is waited for but the database: one deadline holds for all of it. Pinned here, because what it is
                // wrapped in would copy it.
                let read = pin!(async {
                    let (admitted, client) = self.admit(endpoint, &parts, peer).await?;
                    due = admitted.due(&self.auth, &parts.headers);
                    admitted.start(self.called(endpoint, client, parts, Bytes::new())).await
                });
                return barrier(within_deadline(endpoint.waits, read)).await;
            }
            // Boxed so that requests that only read do not carry the state of reading a body.
            let ((admitted, client), body) = Box::pin(async {
                let admit = || barrier(within_deadline(Duration::ZERO, self.admit(endpoint, &parts, peer)));
                let mut admitted = admit().await?;
                let mut body = Bytes::new();
                if endpoint.reads_body() {
                    let since = Instant::now();
                    body = incoming.collect().await?;
                    // The session may have ended while the client took its time.
                    if since.elapsed() >= ADMITTED_FOR {
                        admitted = admit().await?;
                    }
                }
                Ok::<_, Problem>((admitted, body))
            })
            .await?;
            due = admitted.due(&self.auth, &parts.headers);
            change(admitted, self.called(endpoint, client, parts, body), endpoint.waits).await
        };
        let answer = {
            let answer = pin!(answer);
            answer.instrument(trace.span().clone()).await
        };
        let mut response = self.finish(answer, endpoint.group.shape(), strays, trace);
        if let Some(due) = due {
            cookie::prolong(response.headers_mut(), due, &self.auth).await;
        }
        if incoming.is_left() && !Box::pin(incoming.leave()).await {
            response.headers_mut().insert(CONNECTION, CLOSE);
        }
        response
    }

    /// Refuses what comes from another site, and finds out who is asking where the route requires it.
    async fn admit<'e>(
        &self,
        endpoint: &'e Endpoint,
        parts: &Parts,
        peer: Option<IpAddr>,
    ) -> Result<(Admitted<'e>, Client), Problem> {
        let settings = self.auth.settings();
        let client = peer::client(settings, &parts.headers, peer);
        // Health checks come from one address.
        if endpoint.group != Group::Health {
            peer::watch(&self.auth, &parts.headers, peer, &client);
        }
        let admitted = match &endpoint.handler {
            Handler::Public(handler) => {
                // Before a login there is no cookie to go by: the visitor's browser itself must not be made to act.
                if endpoint.is_unsafe() && !csrf::allows(settings, &parts.headers) {
                    return Err(csrf::refuse(settings, &parts.headers));
                }
                Admitted::Anyone(handler)
            }
            Handler::User(requirement, handler) => {
                let head = RequestHead { method: &parts.method, headers: &parts.headers, peer };
                let backend = endpoint.backend();
                let only = backend.as_ref().map(std::slice::from_ref);
                Admitted::User(handler, authenticate_with(&self.auth, &head, requirement, only).await?)
            }
        };
        // Whatever the handler does is done by the user: no handler can forget to say so.
        let client = match &admitted {
            Admitted::Anyone(_) => client,
            Admitted::User(_, principal) => client.acting_as(principal.user.id),
        };
        // Reading alone proves no identity.
        if !endpoint.is_unsafe() {
            return Ok((admitted, client));
        }
        if forbids_change(&parts.headers) {
            return Err(ErrorCode::PreconditionFailed.into());
        }
        let device = cookie::get(&parts.headers, &cookie::device_name(settings));
        Ok((admitted, client.with_device(device)))
    }

    fn called(&self, endpoint: &Endpoint, client: Client, parts: Parts, body: Bytes) -> Call {
        Call { auth: self.auth.clone(), client, route: endpoint.route.clone(), parts, body }
    }

    fn finish(
        &self,
        answer: Result<Reply, Problem>,
        shape: Shape,
        strays: Vec<HeaderValue>,
        trace: Trace<'_>,
    ) -> Response<Bytes> {
        let code = answer.as_ref().err().map(Problem::code);
        // A session may end while its request is served: that is found out too late for the check before.
        let takes_bearer = credential::takes_bearer_in(&self.auth, shape);
        let failed = |problem: Problem| problem.shaped(shape).with_challenge(takes_bearer).into_response();
        let into_response = || answer.map_or_else(failed, Reply::into_response);
        let mut response = trace.span().in_scope(into_response);
        self.insist_on_https(response.headers_mut());
        if !is_public(response.headers()) {
            for cookie in strays {
                response.headers_mut().append(SET_COOKIE, cookie);
            }
        }
        trace.end(response.status(), code);
        response
    }
}

/// Runs a handler that changes something: in a task of its own, so that it comes to its end even when the client hangs up and the
/// framework drops this future. The deadline goes with it.
async fn change(admitted: Admitted<'_>, call: Call, waits: Duration) -> Result<Reply, Problem> {
    let work = barrier(within_deadline(waits, admitted.start(call)));
    tokio::spawn(work.in_current_span()).await.unwrap_or_else(|_| Err(ErrorCode::Internal.into()))
}

/// What is wrong with the name of a backend, if a route begins with it or with a parameter, which takes any name.
fn clash(endpoints: &[Arc<Endpoint>], name: &str) -> Option<String> {
    let first = |endpoint: &Endpoint| endpoint.path().split('/').nth(1).map(str::to_owned);
    let own = endpoints.iter().filter(|endpoint| endpoint.group == Group::Auth && !endpoint.is_below_backend());
    let mut taken = own.filter(|endpoint| first(endpoint).is_some_and(|text| text == name || text.starts_with('{')));
    let route = taken.next()?;
    Some(format!("rename the backend {name:?}: the route {} {} begins with this name", route.method, route.full_path()))
}

/// A handler with what its row requires.
enum Admitted<'e> {
    Anyone(&'e PublicFn),
    User(&'e UserFn, Box<Principal>),
}

impl Admitted<'_> {
    /// The cookie that is due to be prolonged.
    fn due(&self, auth: &Auth, headers: &HeaderMap) -> Option<Due> {
        match self {
            Self::Anyone(_) => None,
            Self::User(_, principal) => Due::of(auth, headers, principal),
        }
    }

    fn start(self, call: Call) -> Answer {
        match self {
            Self::Anyone(handler) => handler(call),
            Self::User(handler, principal) => handler(call, principal),
        }
    }
}

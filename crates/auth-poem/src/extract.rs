//! The extractors.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use auth_core::{Auth, Error, Principal};
use auth_http::extract::Extract;
use auth_http::{RequestHead, body};
use poem::{Endpoint, FromRequest, Middleware, Request, RequestBody};

use crate::{Refusal, convert};

/// What to do about an app that forgot the handle.
const NO_AUTH: &str = "the extractors of auth-poem find no `Auth`: add `.with(auth_poem::AuthData::new(&auth))` to the \
    `Route`";

/// Lets the extractors of everything inside find the [`Auth`], and lets those of one request share what they found. The
/// handle itself is there for handlers as [`Data<&Auth>`](poem::web::Data).
///
/// ```no_run
/// use auth_poem::{AuthData, routes};
/// use poem::{Endpoint, EndpointExt};
///
/// fn app(auth: &auth_poem::auth_core::Auth) -> Result<impl Endpoint, Box<dyn std::error::Error>> {
///     Ok(routes(auth)?.with(AuthData::new(auth)))
/// }
/// ```
#[derive(Clone, Debug)]
pub struct AuthData(Auth);

impl AuthData {
    /// Hands out this handle.
    #[must_use]
    pub fn new(auth: &Auth) -> Self {
        Self(auth.clone())
    }
}

impl<E: Endpoint> Middleware<E> for AuthData {
    type Output = WithAuth<E>;

    fn transform(&self, inner: E) -> WithAuth<E> {
        WithAuth { auth: self.0.clone(), inner }
    }
}

/// An endpoint inside [`AuthData`].
#[derive(Debug)]
pub struct WithAuth<E> {
    auth: Auth,
    inner: E,
}

impl<E: Endpoint> Endpoint for WithAuth<E> {
    type Output = E::Output;

    async fn call(&self, mut request: Request) -> poem::Result<E::Output> {
        request.set_data(self.auth.clone());
        request.set_data(Known::default());
        self.inner.call(request).await
    }
}

/// Who the request is from, once an extractor found out. poem shows extractors a request that they cannot change.
#[derive(Clone, Default)]
struct Known(Arc<Mutex<Option<Principal>>>);

impl Known {
    fn lock(&self) -> MutexGuard<'_, Option<Principal>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn extract<T: Extract>(request: &Request) -> poem::Result<T> {
    let auth = request.data::<Auth>().ok_or_else(|| Refusal::from(Error::internal(NO_AUTH)))?;
    let head = RequestHead { method: request.method(), headers: request.headers(), peer: convert::peer(request) };
    let shared = request.data::<Known>();
    let from_middleware = || request.data::<Principal>().cloned();
    let mut known = shared.and_then(|shared| shared.lock().clone()).or_else(from_middleware);
    let found = T::extract(auth, &head, &mut known).await;
    if let (Some(shared), Some(principal)) = (shared, known) {
        *shared.lock() = Some(principal);
    }
    // The body is for the handler, which may go on without a user.
    found.map_err(|problem| Refusal(body::ignore(problem, request.version(), request.headers())).into())
}

macro_rules! from_request {
    ([$($parameters:tt)*] $extractor:ty) => {
        impl<'a, $($parameters)*> FromRequest<'a> for $extractor {
            async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
                extract(request).await
            }
        }
    };
}

auth_http::extractors! { from_request;
    /// ```no_run
    /// use auth_poem::CurrentUser;
    ///
    /// #[poem::handler]
    /// async fn hello(CurrentUser(user): CurrentUser) -> String {
    ///     format!("Hello, {}!", user.display_name.unwrap_or_default())
    /// }
    /// # let _ = poem::Route::new().at("/", poem::get(hello));
    /// ```
    ///
    /// Tokens of some backends only:
    ///
    /// ```no_run
    /// use auth_poem::{Backends, CurrentUser};
    ///
    /// struct Api;
    ///
    /// impl Backends for Api {
    ///     const NAMES: &'static [&'static str] = &["jwt"];
    /// }
    ///
    /// #[poem::handler]
    /// async fn hello(CurrentUser(user): CurrentUser<Api>) -> String {
    ///     user.id.to_string()
    /// }
    /// # let _ = poem::Route::new().at("/", poem::get(hello));
    /// ```
    CurrentUser,
    /// ```no_run
    /// use auth_poem::OptionalUser;
    ///
    /// #[poem::handler]
    /// async fn hello(OptionalUser(user): OptionalUser) -> String {
    ///     user.and_then(|user| user.display_name).unwrap_or_else(|| "stranger".to_owned())
    /// }
    /// # let _ = poem::Route::new().at("/", poem::get(hello));
    /// ```
    OptionalUser,
    /// ```no_run
    /// use auth_poem::VerifiedUser;
    ///
    /// #[poem::handler]
    /// async fn invite(VerifiedUser(user): VerifiedUser) -> String {
    ///     user.email.unwrap_or_default()
    /// }
    /// # let _ = poem::Route::new().at("/", poem::get(invite));
    /// ```
    VerifiedUser,
    /// ```no_run
    /// use auth_poem::Superuser;
    ///
    /// #[poem::handler]
    /// async fn metrics(_: Superuser) -> &'static str {
    ///     "all is well"
    /// }
    /// # let _ = poem::Route::new().at("/", poem::get(metrics));
    /// ```
    Superuser,
    /// ```no_run
    /// use auth_poem::{RequireRole, Role};
    ///
    /// struct Editor;
    ///
    /// impl Role for Editor {
    ///     const NAME: &'static str = "editor";
    /// }
    ///
    /// #[poem::handler]
    /// async fn drafts(RequireRole(user): RequireRole<Editor>) -> String {
    ///     format!("the drafts of {}", user.id)
    /// }
    /// # let _ = poem::Route::new().at("/", poem::get(drafts));
    /// ```
    RequireRole,
    /// ```no_run
    /// use auth_poem::CurrentSession;
    ///
    /// #[poem::handler]
    /// async fn since(CurrentSession(session): CurrentSession) -> String {
    ///     session.created_at.to_string()
    /// }
    /// # let _ = poem::Route::new().at("/", poem::get(since));
    /// ```
    CurrentSession,
    /// ```no_run
    /// use auth_poem::RecentLogin;
    ///
    /// #[poem::handler]
    /// async fn close_account(RecentLogin(principal): RecentLogin) -> String {
    ///     format!("goodbye, {}", principal.user.id)
    /// }
    /// # let _ = poem::Route::new().at("/", poem::get(close_account));
    /// ```
    RecentLogin,
    /// ```no_run
    /// use auth_poem::AccessClaims;
    ///
    /// #[poem::handler]
    /// async fn subject(AccessClaims(claims): AccessClaims) -> String {
    ///     claims.sub.to_string()
    /// }
    /// # let _ = poem::Route::new().at("/", poem::get(subject));
    /// ```
    AccessClaims,
}

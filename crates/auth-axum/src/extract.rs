//! The extractors.

use auth_core::{Auth, Principal};
use auth_http::extract::Extract;
use auth_http::{RequestHead, body};
use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;

use crate::Refusal;
use crate::convert;

/// An app state that holds the [`Auth`]: the state itself, or a field of it found through
/// [`FromRef`](axum::extract::FromRef).
///
/// ```no_run
/// use auth_axum::auth_core::Auth;
/// use axum::extract::FromRef;
///
/// #[derive(Clone)]
/// struct AppState {
///     auth: Auth,
/// }
///
/// impl FromRef<AppState> for Auth {
///     fn from_ref(state: &AppState) -> Auth {
///         state.auth.clone()
///     }
/// }
/// # fn check<S: auth_axum::AuthState>() {}
/// # check::<AppState>();
/// ```
#[diagnostic::on_unimplemented(
    message = "the state `{Self}` does not hold the `Auth` that this extractor needs",
    label = "no `Auth` in this state",
    note = "add a field `auth: Auth` to the state and `impl FromRef<{Self}> for Auth` (or `#[derive(FromRef)]` on the state)"
)]
pub trait AuthState {
    /// The handle.
    fn auth(&self) -> Auth;
}

// The compiler then speaks of this trait and its advice, not of `FromRef`.
#[diagnostic::do_not_recommend]
impl<S> AuthState for S
where
    Auth: FromRef<S>,
{
    fn auth(&self) -> Auth {
        Auth::from_ref(self)
    }
}

async fn extract<T: Extract>(parts: &mut Parts, auth: &Auth) -> Result<T, Refusal> {
    let peer = convert::peer(&parts.extensions);
    let mut known = parts.extensions.get::<Principal>().cloned();
    let head = RequestHead { method: &parts.method, headers: &parts.headers, peer };
    let found = T::extract(auth, &head, &mut known).await;
    if let Some(principal) = known {
        parts.extensions.insert(principal);
    }
    found.map_err(|problem| Refusal(body::ignore(problem, parts.version, &parts.headers)))
}

macro_rules! from_request_parts {
    ([$($parameters:tt)*] $extractor:ty) => {
        impl<S: AuthState + Sync, $($parameters)*> FromRequestParts<S> for $extractor {
            type Rejection = Refusal;

            async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
                extract(parts, &state.auth()).await
            }
        }
    };
}

auth_http::extractors! { from_request_parts;
    /// ```no_run
    /// use auth_axum::CurrentUser;
    ///
    /// async fn hello(CurrentUser(user): CurrentUser) -> String {
    ///     format!("Hello, {}!", user.display_name.unwrap_or_default())
    /// }
    /// # let _: axum::Router<auth_axum::auth_core::Auth> = axum::Router::new().route("/", axum::routing::get(hello));
    /// ```
    ///
    /// Tokens of some backends only:
    ///
    /// ```no_run
    /// use auth_axum::{Backends, CurrentUser};
    ///
    /// struct Api;
    ///
    /// impl Backends for Api {
    ///     const NAMES: &'static [&'static str] = &["jwt"];
    /// }
    ///
    /// async fn hello(CurrentUser(user): CurrentUser<Api>) -> String {
    ///     user.id.to_string()
    /// }
    /// # let _: axum::Router<auth_axum::auth_core::Auth> = axum::Router::new().route("/", axum::routing::get(hello));
    /// ```
    CurrentUser,
    /// ```no_run
    /// use auth_axum::OptionalUser;
    ///
    /// async fn hello(OptionalUser(user): OptionalUser) -> String {
    ///     user.and_then(|user| user.display_name).unwrap_or_else(|| "stranger".to_owned())
    /// }
    /// # let _: axum::Router<auth_axum::auth_core::Auth> = axum::Router::new().route("/", axum::routing::get(hello));
    /// ```
    OptionalUser,
    /// ```no_run
    /// use auth_axum::VerifiedUser;
    ///
    /// async fn invite(VerifiedUser(user): VerifiedUser) -> String {
    ///     user.email.unwrap_or_default()
    /// }
    /// # let _: axum::Router<auth_axum::auth_core::Auth> = axum::Router::new().route("/", axum::routing::get(invite));
    /// ```
    VerifiedUser,
    /// ```no_run
    /// use auth_axum::Superuser;
    ///
    /// async fn metrics(_: Superuser) -> &'static str {
    ///     "all is well"
    /// }
    /// # let _: axum::Router<auth_axum::auth_core::Auth> = axum::Router::new().route("/", axum::routing::get(metrics));
    /// ```
    Superuser,
    /// ```no_run
    /// use auth_axum::{RequireRole, Role};
    ///
    /// struct Editor;
    ///
    /// impl Role for Editor {
    ///     const NAME: &'static str = "editor";
    /// }
    ///
    /// async fn drafts(RequireRole(user): RequireRole<Editor>) -> String {
    ///     format!("the drafts of {}", user.id)
    /// }
    /// # let _: axum::Router<auth_axum::auth_core::Auth> = axum::Router::new().route("/", axum::routing::get(drafts));
    /// ```
    RequireRole,
    /// ```no_run
    /// use auth_axum::CurrentSession;
    ///
    /// async fn since(CurrentSession(session): CurrentSession) -> String {
    ///     session.created_at.to_string()
    /// }
    /// # let _: axum::Router<auth_axum::auth_core::Auth> = axum::Router::new().route("/", axum::routing::get(since));
    /// ```
    CurrentSession,
    /// ```no_run
    /// use auth_axum::RecentLogin;
    ///
    /// async fn close_account(RecentLogin(principal): RecentLogin) -> String {
    ///     format!("goodbye, {}", principal.user.id)
    /// }
    /// # let _: axum::Router<auth_axum::auth_core::Auth> = axum::Router::new().route("/", axum::routing::get(close_account));
    /// ```
    RecentLogin,
    /// ```no_run
    /// use auth_axum::AccessClaims;
    ///
    /// async fn subject(AccessClaims(claims): AccessClaims) -> String {
    ///     claims.sub.to_string()
    /// }
    /// # let _: axum::Router<auth_axum::auth_core::Auth> = axum::Router::new().route("/", axum::routing::get(subject));
    /// ```
    AccessClaims,
}

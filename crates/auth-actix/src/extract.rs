//! The extractors.

use std::rc::Rc;

use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use auth_core::{Auth, Error, Principal};
use auth_http::RequestHead;
use auth_http::extract::Extract;
use futures_util::future::LocalBoxFuture;
use futures_util::lock::Mutex;

use crate::{Refusal, convert};

/// What to do about an app that forgot the handle.
const NO_AUTH: &str = "the extractors of auth-actix find no `Auth`: add `.configure(auth_actix::configure(&auth)?)` or \
    `.app_data(web::Data::new(auth.clone()))` to the `App`";

/// Who the request is from, once an extractor found out. actix-web runs the extractors of a handler side by side: the
/// lock makes the others wait for what the first finds.
#[derive(Clone)]
struct Known(Rc<Mutex<Option<Principal>>>);

impl Known {
    fn of(request: &HttpRequest) -> Self {
        let mut extensions = request.extensions_mut();
        if let Some(known) = extensions.get::<Self>() {
            return known.clone();
        }
        let from_middleware = extensions.get::<Principal>().cloned();
        let known = Self(Rc::new(Mutex::new(from_middleware)));
        extensions.insert(known.clone());
        known
    }
}

async fn extract<T: Extract>(request: HttpRequest) -> Result<T, Refusal> {
    let auth = request.app_data::<Data<Auth>>().ok_or_else(|| Error::internal(NO_AUTH))?;
    let parts = convert::head(&request)?;
    let head = RequestHead { method: &parts.method, headers: &parts.headers, peer: convert::peer(&request) };
    let Known(known) = Known::of(&request);
    let mut known = known.lock().await;
    Ok(T::extract(auth, &head, &mut known).await?)
}

macro_rules! from_request {
    ([$($parameters:tt)*] $extractor:ty) => {
        impl<$($parameters)*> FromRequest for $extractor {
            type Error = Refusal;
            type Future = LocalBoxFuture<'static, Result<Self, Refusal>>;

            fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
                Box::pin(extract(request.clone()))
            }
        }
    };
}

auth_http::extractors! { from_request;
    /// ```no_run
    /// use auth_actix::CurrentUser;
    ///
    /// async fn hello(CurrentUser(user): CurrentUser) -> String {
    ///     format!("Hello, {}!", user.display_name.unwrap_or_default())
    /// }
    /// # let _ = actix_web::App::new().route("/", actix_web::web::get().to(hello));
    /// ```
    ///
    /// Tokens of some backends only:
    ///
    /// ```no_run
    /// use auth_actix::{Backends, CurrentUser};
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
    /// # let _ = actix_web::App::new().route("/", actix_web::web::get().to(hello));
    /// ```
    CurrentUser,
    /// ```no_run
    /// use auth_actix::OptionalUser;
    ///
    /// async fn hello(OptionalUser(user): OptionalUser) -> String {
    ///     user.and_then(|user| user.display_name).unwrap_or_else(|| "stranger".to_owned())
    /// }
    /// # let _ = actix_web::App::new().route("/", actix_web::web::get().to(hello));
    /// ```
    OptionalUser,
    /// ```no_run
    /// use auth_actix::VerifiedUser;
    ///
    /// async fn invite(VerifiedUser(user): VerifiedUser) -> String {
    ///     user.email.unwrap_or_default()
    /// }
    /// # let _ = actix_web::App::new().route("/", actix_web::web::get().to(invite));
    /// ```
    VerifiedUser,
    /// ```no_run
    /// use auth_actix::Superuser;
    ///
    /// async fn metrics(_: Superuser) -> &'static str {
    ///     "all is well"
    /// }
    /// # let _ = actix_web::App::new().route("/", actix_web::web::get().to(metrics));
    /// ```
    Superuser,
    /// ```no_run
    /// use auth_actix::{RequireRole, Role};
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
    /// # let _ = actix_web::App::new().route("/", actix_web::web::get().to(drafts));
    /// ```
    RequireRole,
    /// ```no_run
    /// use auth_actix::CurrentSession;
    ///
    /// async fn since(CurrentSession(session): CurrentSession) -> String {
    ///     session.created_at.to_string()
    /// }
    /// # let _ = actix_web::App::new().route("/", actix_web::web::get().to(since));
    /// ```
    CurrentSession,
    /// ```no_run
    /// use auth_actix::RecentLogin;
    ///
    /// async fn close_account(RecentLogin(principal): RecentLogin) -> String {
    ///     format!("goodbye, {}", principal.user.id)
    /// }
    /// # let _ = actix_web::App::new().route("/", actix_web::web::get().to(close_account));
    /// ```
    RecentLogin,
    /// ```no_run
    /// use auth_actix::AccessClaims;
    ///
    /// async fn subject(AccessClaims(claims): AccessClaims) -> String {
    ///     claims.sub.to_string()
    /// }
    /// # let _ = actix_web::App::new().route("/", actix_web::web::get().to(subject));
    /// ```
    AccessClaims,
}

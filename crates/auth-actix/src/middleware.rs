//! The middleware.

use std::future::{Ready, ready};
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::body::EitherBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::{Error, HttpMessage, ResponseError};
use auth_core::Principal;
use auth_http::cookie::Due;
use auth_http::{Problem, Protection, RequestHead};
use futures_util::future::LocalBoxFuture;

use crate::convert;

auth_http::middleware! {
    /// ```no_run
    /// use actix_web::{App, web};
    /// use auth_actix::auth_core::{Auth, User};
    /// use auth_actix::AuthMiddleware;
    ///
    /// async fn secret(user: web::ReqData<User>) -> String {
    ///     user.id.to_string()
    /// }
    ///
    /// # fn example(auth: &Auth) {
    /// let mut members = AuthMiddleware::new(auth).exclude("/assets/*");
    /// let inner = web::scope("/members")
    ///     .route("/secret", web::get().to(secret))
    ///     .route(members.open("/about"), web::get().to(async || "open to everybody"))
    ///     .wrap(members);
    /// let app = App::new().service(inner);
    /// # let _ = app;
    /// # }
    /// ```
}

impl<S, B> Transform<S, ServiceRequest> for AuthMiddleware
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = AuthService<S>;
    type InitError = ();
    type Future = Ready<Result<AuthService<S>, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        ready(Ok(AuthService { middleware: self.clone(), inner: Rc::new(inner) }))
    }
}

/// A service behind an [`AuthMiddleware`].
#[derive(Clone, Debug)]
pub struct AuthService<S> {
    middleware: AuthMiddleware,
    inner: Rc<S>,
}

impl<S, B> Service<ServiceRequest> for AuthService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self::Response, Error>>;

    fn poll_ready(&self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&self, mut request: ServiceRequest) -> Self::Future {
        let inner = self.inner.clone();
        let AuthMiddleware(protection) = self.middleware.clone();
        Box::pin(async move {
            let mut due = None;
            match check(&protection, &request).await {
                Ok(Some((principal, found))) => {
                    due = found;
                    let mut extensions = request.extensions_mut();
                    extensions.insert(principal.user.clone());
                    extensions.insert(principal);
                }
                Ok(None) => {}
                Err(problem) => {
                    let payload = request.take_payload();
                    let refusal = convert::refuse(problem, request.request(), payload).await.error_response();
                    return Ok(request.into_response(refusal).map_into_right_body());
                }
            }
            let mut response = inner.call(request).await?;
            if let Some(due) = due {
                convert::prolong(response.headers_mut(), due, &protection.auth).await;
            }
            Ok(response.map_into_left_body())
        })
    }
}

/// Who the request is from, and the cookie that is due to be prolonged.
async fn check(protection: &Protection, request: &ServiceRequest) -> Result<Option<(Principal, Option<Due>)>, Problem> {
    let parts = convert::head(request.request())?;
    let head = RequestHead { method: &parts.method, headers: &parts.headers, peer: convert::peer(request.request()) };
    // What the scope has not consumed; nothing is left of the scope's own path.
    let path = match request.match_info().unprocessed() {
        "" => "/",
        path => path,
    };
    let known = request.extensions().get::<Principal>().cloned();
    let found = protection.check(&head, path, known.as_ref()).await?;
    Ok(found.map(|principal| {
        let due = protection.due(&parts.headers, &principal);
        (principal, due)
    }))
}

//! The middleware.

use std::convert::Infallible;
use std::task::{Context, Poll};

use auth_core::Principal;
use auth_http::{RequestHead, cookie};
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use futures_util::future::BoxFuture;
use tower::{Layer, Service};

use crate::convert;

auth_http::middleware! {
    /// ```no_run
    /// use auth_axum::AuthMiddleware;
    /// use auth_axum::auth_core::{Auth, User};
    /// use axum::{Extension, Router, routing::get};
    ///
    /// async fn secret(Extension(user): Extension<User>) -> String {
    ///     user.id.to_string()
    /// }
    ///
    /// fn app(auth: &Auth) -> Router {
    ///     let mut members = AuthMiddleware::new(auth).exclude("/assets/*");
    ///     let inner = Router::new()
    ///         .route("/secret", get(secret))
    ///         .route(members.open("/about"), get(async || "open to everybody"))
    ///         .layer(members);
    ///     Router::new().nest("/members", inner)
    /// }
    /// ```
}

impl<S> Layer<S> for AuthMiddleware {
    type Service = AuthService<S>;

    fn layer(&self, inner: S) -> AuthService<S> {
        AuthService { middleware: self.clone(), inner }
    }
}

/// A service behind an [`AuthMiddleware`].
#[derive(Clone, Debug)]
pub struct AuthService<S> {
    middleware: AuthMiddleware,
    inner: S,
}

impl<S> Service<Request> for AuthService<S>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        // The one that was polled ready is the one to call.
        let inner = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, inner);
        let AuthMiddleware(protection) = self.middleware.clone();
        Box::pin(async move {
            let (mut parts, body) = request.into_parts();
            let peer = convert::peer(&parts.extensions);
            let head = RequestHead { method: &parts.method, headers: &parts.headers, peer };
            let known = parts.extensions.get::<Principal>();
            let mut due = None;
            match protection.check(&head, parts.uri.path(), known).await {
                Ok(Some(principal)) => {
                    due = protection.due(&parts.headers, &principal);
                    parts.extensions.insert(principal.user.clone());
                    parts.extensions.insert(principal);
                }
                Ok(None) => {}
                Err(problem) => {
                    return Ok(convert::refuse(problem, Request::from_parts(parts, body)).await.into_response());
                }
            }
            let mut response = inner.call(Request::from_parts(parts, body)).await?;
            if let Some(due) = due {
                cookie::prolong(response.headers_mut(), due, &protection.auth).await;
            }
            Ok(response)
        })
    }
}

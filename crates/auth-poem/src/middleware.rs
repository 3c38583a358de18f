//! The middleware.

use auth_core::Principal;
use auth_http::{RequestHead, cookie};
use poem::{Endpoint, IntoResponse, Middleware, Request, Response};

use crate::convert;

auth_http::middleware! {
    /// ```no_run
    /// use auth_poem::auth_core::{Auth, User};
    /// use auth_poem::AuthMiddleware;
    /// use poem::web::Data;
    /// use poem::{EndpointExt, Route, get, handler};
    ///
    /// #[handler]
    /// async fn secret(Data(user): Data<&User>) -> String {
    ///     user.id.to_string()
    /// }
    ///
    /// #[handler]
    /// async fn about() -> &'static str {
    ///     "open to everybody"
    /// }
    ///
    /// fn app(auth: &Auth) -> Route {
    ///     let mut members = AuthMiddleware::new(auth).exclude("/assets/*");
    ///     let inner = Route::new()
    ///         .at("/secret", get(secret))
    ///         .at(members.open("/about"), get(about))
    ///         .with(members);
    ///     Route::new().nest("/members", inner)
    /// }
    /// ```
}

impl<E: Endpoint> Middleware<E> for AuthMiddleware {
    type Output = AuthService<E>;

    fn transform(&self, inner: E) -> AuthService<E> {
        AuthService { middleware: self.clone(), inner }
    }
}

/// An endpoint behind an [`AuthMiddleware`].
#[derive(Clone, Debug)]
pub struct AuthService<E> {
    middleware: AuthMiddleware,
    inner: E,
}

impl<E: Endpoint> Endpoint for AuthService<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let mut due = None;
        let AuthMiddleware(protection) = &self.middleware;
        let head = RequestHead { method: request.method(), headers: request.headers(), peer: convert::peer(&request) };
        let known = request.data::<Principal>();
        match protection.check(&head, request.uri().path(), known).await {
            Ok(Some(principal)) => {
                due = protection.due(request.headers(), &principal);
                request.set_data(principal.user.clone());
                request.set_data(principal);
            }
            Ok(None) => {}
            Err(problem) => {
                let body = request.take_body();
                return Err(convert::refuse(problem, &request, body).await.into());
            }
        }
        let mut response = self.inner.call(request).await?.into_response();
        if let Some(due) = due {
            cookie::prolong(response.headers_mut(), due, &protection.auth).await;
        }
        Ok(response)
    }
}

//! The table of routes as an axum router.

use std::sync::Arc;

use auth_core::{Auth, ConfigErrors};
use auth_http::{Endpoint, Group, MountedPath, Table};
use axum::Router;
use axum::extract::{OriginalUri, Request};
use axum::http::Method;
use axum::response::Response;
use axum::routing::{MethodFilter, MethodRouter};

use crate::convert;

/// Every route of the library at its usual place: `/auth/…`, `/users/…`, `/healthz`. One axum route for each, to be
/// merged into the app's router, whatever its state.
///
/// ```no_run
/// # fn example(auth: &auth_axum::auth_core::Auth) -> Result<axum::Router, Box<dyn std::error::Error>> {
/// Ok(axum::Router::new().merge(auth_axum::router(auth)?))
/// # }
/// ```
///
/// # Errors
/// As [`Table::new`].
pub fn router<S: Clone + Send + Sync + 'static>(auth: &Auth) -> Result<Router<S>, ConfigErrors> {
    let table = Table::new(auth)?;
    Ok(mount(&table, table.paths()))
}

/// The routes of one group, to be nested wherever the app wants them.
///
/// ```no_run
/// # use auth_axum::{Group, group};
/// # fn example(auth: &auth_axum::auth_core::Auth) -> Result<axum::Router, Box<dyn std::error::Error>> {
/// Ok(axum::Router::new()
///     .nest("/people", group(auth, Group::Users)?)
///     .nest("/api/v1/auth", group(auth, Group::Auth)?))
/// # }
/// ```
///
/// # Errors
/// As [`Table::new`].
pub fn group<S: Clone + Send + Sync + 'static>(auth: &Auth, group: Group) -> Result<Router<S>, ConfigErrors> {
    let table = Table::new(auth)?;
    Ok(mount(&table, table.group(group)))
}

fn mount<S: Clone + Send + Sync + 'static>(table: &Table, paths: Vec<MountedPath>) -> Router<S> {
    paths.into_iter().fold(Router::new(), |router, path| {
        // The root of a group is the very path that the group is nested at.
        let template = if path.template.is_empty() { "/" } else { &path.template };
        router.route(template, methods(table, &path))
    })
}

fn methods<S: Clone + Send + Sync + 'static>(table: &Table, path: &MountedPath) -> MethodRouter<S> {
    let problem = path.method_not_allowed();
    let not_allowed = move |request: Request| {
        let problem = problem.clone();
        async { convert::refuse(problem, request).await }
    };
    path.endpoints.iter().fold(MethodRouter::new().fallback(not_allowed), |methods, endpoint| {
        let (table, endpoint) = (table.clone(), endpoint.clone());
        methods.on(filter(&endpoint.method), move |request| call(table, endpoint, request))
    })
}

async fn call(table: Table, endpoint: Arc<Endpoint>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    // Nested routers take the beginning off.
    if let Some(OriginalUri(uri)) = parts.extensions.remove() {
        parts.uri = uri;
    }
    let peer = convert::peer(&parts.extensions);
    convert::response(table.call(&endpoint, parts, body.into_data_stream(), peer).await)
}

/// axum's filter for a method of the table. That of `GET` takes `HEAD` as well.
fn filter(method: &Method) -> MethodFilter {
    match *method {
        Method::POST => MethodFilter::POST,
        Method::PUT => MethodFilter::PUT,
        Method::PATCH => MethodFilter::PATCH,
        Method::DELETE => MethodFilter::DELETE,
        _ => MethodFilter::GET,
    }
}

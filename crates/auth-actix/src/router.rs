//! The table of routes as actix-web resources.

use std::sync::Arc;

use actix_web::guard::{self, Guard};
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, Resource};
use auth_core::{Auth, ConfigErrors};
use auth_http::{Endpoint, Group, MountedPath, Table};
use http::Method;

use crate::convert;

/// Every route of the library at its usual place: `/auth/…`, `/users/…`, `/healthz`. One actix-web route for each. The
/// extractors find the [`Auth`] in the app's data, where this puts it.
///
/// ```no_run
/// # fn example(auth: &auth_actix::auth_core::Auth) -> Result<(), Box<dyn std::error::Error>> {
/// let routes = auth_actix::configure(auth)?;
/// let app = move || actix_web::App::new().configure(routes.clone());
/// # let _ = app();
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`Table::new`].
pub fn configure(auth: &Auth) -> Result<impl FnOnce(&mut ServiceConfig) + Clone + use<>, ConfigErrors> {
    let table = Table::new(auth)?;
    Ok(move |config: &mut ServiceConfig| mount(config, &table, table.paths()))
}

/// The routes of one group, for a scope wherever the app wants them. Extractors outside that scope need the [`Auth`] in
/// the app's data as well.
///
/// ```no_run
/// use actix_web::web;
/// use auth_actix::{Group, group};
///
/// # fn example(auth: &auth_actix::auth_core::Auth) -> Result<(), Box<dyn std::error::Error>> {
/// let app = actix_web::App::new()
///     .app_data(web::Data::new(auth.clone()))
///     .service(web::scope("/people").configure(group(auth, Group::Users)?))
///     .service(web::scope("/api/v1/auth").configure(group(auth, Group::Auth)?));
/// # let _ = app;
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`Table::new`].
pub fn group(auth: &Auth, group: Group) -> Result<impl FnOnce(&mut ServiceConfig) + Clone + use<>, ConfigErrors> {
    let table = Table::new(auth)?;
    Ok(move |config: &mut ServiceConfig| mount(config, &table, table.group(group)))
}

fn mount(config: &mut ServiceConfig, table: &Table, paths: Vec<MountedPath>) {
    config.app_data(web::Data::new(table.auth().clone()));
    for path in paths {
        config.service(resource(table, path));
    }
}

fn resource(table: &Table, path: MountedPath) -> Resource {
    let problem = path.method_not_allowed();
    let MountedPath { template, endpoints, .. } = path;
    let not_allowed = move |request: HttpRequest, payload: web::Payload| {
        let problem = problem.clone();
        async move { Err::<HttpResponse, _>(convert::refuse(problem, &request, payload.into_inner()).await) }
    };
    let resource = web::resource(template).default_service(web::to(not_allowed));
    endpoints.into_iter().fold(resource, |resource, endpoint| {
        let table = table.clone();
        let guard = guard(&endpoint.method);
        let handler = move |request, payload| call(table.clone(), endpoint.clone(), request, payload);
        resource.route(web::route().guard(guard).to(handler))
    })
}

async fn call(table: Table, endpoint: Arc<Endpoint>, request: HttpRequest, payload: web::Payload) -> HttpResponse {
    let answer = match convert::head(&request) {
        Ok(head) => table.call(&endpoint, head, payload, convert::peer(&request)).await,
        Err(problem) => problem.into_response(),
    };
    convert::response(answer)
}

/// actix-web's guard for a method of the table. That of `GET` takes `HEAD` as well.
fn guard(method: &Method) -> impl Guard + 'static {
    let method = method.clone();
    guard::fn_guard(move |context| {
        let asked = context.head().method.as_str();
        asked == method.as_str() || (asked == "HEAD" && method == Method::GET)
    })
}

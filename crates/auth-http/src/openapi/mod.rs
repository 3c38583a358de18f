//! The OpenAPI document, made from the table: what it says cannot differ from what is routed.

pub(crate) mod describe;
mod operation;
mod problems;
mod security;
#[cfg(test)]
pub(crate) mod tests;

use auth_core::Auth;
use serde_json::Value;
use utoipa::openapi::path::{HttpMethod, PathItem, Paths, PathsBuilder};
use utoipa::openapi::schema::{Components, ComponentsBuilder};
use utoipa::openapi::tag::{Tag, TagBuilder};
use utoipa::openapi::{Info, InfoBuilder, OpenApiBuilder, Server};

use crate::body;
use crate::endpoint::Endpoint;
use crate::routes::FEATURES;
use crate::table::Table;

/// The OpenAPI 3.1 document of every route, as it is when each group is mounted below its usual prefix.
#[must_use]
pub fn document(table: &Table) -> Value {
    let auth = table.auth();
    let document = OpenApiBuilder::new()
        .info(info(auth))
        .servers(Some([Server::new(describe::base_url(auth))]))
        .tags(Some(tags(table)))
        .paths(paths(table))
        .components(Some(components(table)))
        .build();
    // Every key is a string, so that nothing in it can fail to become JSON.
    serde_json::to_value(document).unwrap_or_default()
}

fn info(auth: &Auth) -> Info {
    let title = format!("{}: accounts and sessions", auth.settings().service_name);
    let backends: String = auth.backends().iter().map(|backend| describe::backend(backend) + "\n").collect();
    let limit = body::LIMIT;
    let description = format!(
        "Routes for registering, logging in and managing accounts.\n\n\
         ## Who is calling\n\n\
         A login at a *backend* answers a token, and every later request carries it the way of that backend:\n\n\
         {backends}\n\
         `{{backend}}` in a path stands for the name of a backend. The first is the default: `/auth/login` and \
         `/auth/logout` are its own. The first valid token decides who makes the request.\n\n\
         A session that is limited to scopes is refused with 403 `SCOPE_UPGRADE_REQUIRED` by every route that does not \
         name such sessions.\n\n\
         ## Errors\n\n\
         A failed request answers `{{\"detail\": \"CODE\"}}`. The codes are stable: branch on them, not on the status \
         alone. Where the user can be told more, `detail` is an object with `code` and `reason`. The `detail` of a \
         422 lists every field that does not validate.\n\n\
         A body may have {limit} bytes. Besides what each route lists, any route can answer 405 with `Allow`, 408 \
         `BODY_TIMEOUT` and 500.\n\n\
         ## Browsers\n\n\
         Requests that change something, or ask for a WebSocket, are rejected with 403 `CSRF_REJECTED` when `Origin` or \
         `Sec-Fetch-Site` says that a page of another site sent them. Forms need no CSRF token. Answers are never \
         cached. When a browser sends several session cookies of one name, any answer removes those of other domains and \
         paths.\n"
    );
    InfoBuilder::new().title(title).version(env!("CARGO_PKG_VERSION")).description(Some(description)).build()
}

/// The features that have routes, in the order of the table.
fn tags(table: &Table) -> Vec<Tag> {
    let mut features: Vec<&str> = Vec::new();
    for endpoint in table.endpoints() {
        if !features.contains(&endpoint.feature()) {
            features.push(endpoint.feature());
        }
    }
    let about = |feature: &str| FEATURES.iter().find(|known| known.name == feature).map(|known| known.about);
    features.into_iter().map(|name| TagBuilder::new().name(name).description(about(name)).build()).collect()
}

fn paths(table: &Table) -> Paths {
    let mut paths = PathsBuilder::new();
    for routes in describe::operations(table) {
        let Some(endpoint) = routes.first() else { continue };
        if let Some(method) = method(endpoint) {
            let operation = operation::operation(table.auth(), endpoint, &routes);
            // A path that is there already gets one more operation.
            paths = paths.path(endpoint.shown_path(), PathItem::new(method, operation));
        }
    }
    paths.build()
}

/// The method as OpenAPI spells it; every method that a route may have is among them.
fn method(endpoint: &Endpoint) -> Option<HttpMethod> {
    match endpoint.method.as_str() {
        "GET" => Some(HttpMethod::Get),
        "POST" => Some(HttpMethod::Post),
        "PUT" => Some(HttpMethod::Put),
        "PATCH" => Some(HttpMethod::Patch),
        "DELETE" => Some(HttpMethod::Delete),
        _ => None,
    }
}

fn components(table: &Table) -> Components {
    let mut schemas = problems::schemas();
    for endpoint in table.endpoints() {
        schemas.extend(operation::body_component(endpoint));
        for success in &endpoint.successes {
            (success.components)(&mut schemas);
        }
    }
    let components =
        ComponentsBuilder::new().schemas_from_iter(schemas).responses_from_iter(problems::shared_responses(table));
    security::schemes(table.auth())
        .into_iter()
        .fold(components, |all, (name, scheme)| all.security_scheme(name, scheme))
        .build()
}

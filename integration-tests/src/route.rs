//! Which endpoint a request is for, as a framework's router would find it.

use std::sync::Arc;

use auth_http::{Endpoint, MountedPath, Table};
use http::Method;

/// Where a request leads.
pub(crate) enum Route {
    Endpoint(Arc<Endpoint>),
    MethodNotAllowed(MountedPath),
    NotFound,
    /// Of the app around the library.
    Host,
}

/// What the paths of the host app begin with.
const HOST: &str = "/host/";

/// Finds the endpoint of a method and a path without its query.
pub(crate) fn find(table: &Table, method: &Method, path: &str) -> Route {
    if path.starts_with(HOST) {
        return Route::Host;
    }
    let paths = table.paths();
    // A path that is spelled out comes before one with parameters.
    let spelled = paths.iter().find(|mounted| mounted.template == path);
    let Some(mounted) = spelled.or_else(|| paths.iter().find(|mounted| matches(&mounted.template, path))) else {
        return Route::NotFound;
    };
    let wanted = if method == Method::HEAD { &Method::GET } else { method };
    match mounted.endpoints.iter().find(|endpoint| endpoint.method == *wanted) {
        Some(endpoint) => Route::Endpoint(endpoint.clone()),
        None => Route::MethodNotAllowed(mounted.clone()),
    }
}

pub(crate) fn matches(template: &str, path: &str) -> bool {
    let (mut expected, mut actual) = (template.split('/'), path.split('/'));
    loop {
        match (expected.next(), actual.next()) {
            (None, None) => return true,
            (Some(parameter), Some(segment)) if parameter.starts_with('{') && !segment.is_empty() => {}
            (Some(expected), Some(actual)) if expected == actual => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_match_whole_segments() {
        for (template, path, expected) in [
            ("/users/{id}", "/users/7", true),
            ("/users/{id}", "/users/", false),
            ("/users/{id}", "/users/7/x", false),
            ("/users", "/users", true),
            ("/users", "/users/", false),
        ] {
            assert_eq!(matches(template, path), expected, "{template} {path}");
        }
    }
}

//! The table of routes as a poem route.

use auth_core::{Auth, ConfigErrors};
use auth_http::{Group, MountedPath, Table};
use poem::http::Method;
use poem::{Request, Response, Route};

use crate::convert;

/// Every route of the library at its usual place: `/auth/…`, `/users/…`, `/healthz`. One poem route for each path; the app
/// adds its own with [`Route::at`], or nests this at `/` into its own.
///
/// ```no_run
/// # fn example(auth: &auth_poem::auth_core::Auth) -> Result<poem::Route, Box<dyn std::error::Error>> {
/// # let hello = poem::endpoint::make_sync(|_| "hello");
/// Ok(auth_poem::routes(auth)?.at("/hello", hello))
/// # }
/// ```
///
/// # Errors
/// As [`Table::new`].
pub fn routes(auth: &Auth) -> Result<Route, ConfigErrors> {
    let table = Table::new(auth)?;
    Ok(mount(&table, table.paths()))
}

/// The routes of one group, to be nested wherever the app wants them.
///
/// ```no_run
/// use auth_poem::{Group, group};
///
/// # fn example(auth: &auth_poem::auth_core::Auth) -> Result<poem::Route, Box<dyn std::error::Error>> {
/// Ok(poem::Route::new()
///     .nest("/people", group(auth, Group::Users)?)
///     .nest("/api/v1/auth", group(auth, Group::Auth)?))
/// # }
/// ```
///
/// # Errors
/// As [`Table::new`].
pub fn group(auth: &Auth, group: Group) -> Result<Route, ConfigErrors> {
    let table = Table::new(auth)?;
    Ok(mount(&table, table.group(group)))
}

fn mount(table: &Table, paths: Vec<MountedPath>) -> Route {
    paths
        .into_iter()
        .fold(Route::new(), |route, path| route.at(template(&path.template), Native { table: table.clone(), path }))
}

/// poem writes a parameter as `:name`, and the root of a nested route as `/`.
fn template(template: &str) -> String {
    let template = template.replace('{', ":").replace('}', "");
    if template.is_empty() { "/".to_owned() } else { template }
}

/// One path of the table.
struct Native {
    table: Table,
    path: MountedPath,
}

impl poem::Endpoint for Native {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let is_head = request.method() == Method::HEAD;
        let answer = match self.path.endpoint(request.method()) {
            Some(endpoint) => {
                let peer = convert::peer(&request);
                let (parts, body) = convert::request(request);
                self.table.call(endpoint, parts, body.into_bytes_stream(), peer).await
            }
            None => {
                let (problem, body) = (self.path.method_not_allowed(), request.take_body());
                convert::refuse(problem, &request, body).await.0.into_response()
            }
        };
        Ok(convert::response(if is_head { convert::without_body(answer) } else { answer }))
    }
}

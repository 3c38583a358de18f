//! `docs/endpoints.md` and `docs/errors.md`.

use std::collections::BTreeSet;
use std::fmt::Write;

use auth_core::ErrorCode;

use crate::decode::BodyType;
use crate::endpoint::{Endpoint, Group, Success};
use crate::openapi::describe;
use crate::problem::Problem;
use crate::table::Table;

const NOTICE: &str = "<!-- Made by `cargo xtask codegen` from the table of routes. Edit that, not this. -->";

const DEFAULT_BACKEND: &str = "\n`{backend}` in a path stands for the name of a backend; each of these routes exists once for \
    every one of them, with the name at the end of its id. The first backend is the default: its routes are there without \
    its name in path and id as well, such as `POST /auth/login` (`login.login`).\n";

const LIMITED_SESSIONS: &str = "\nA session that is limited to scopes is refused with 403 `SCOPE_UPGRADE_REQUIRED` by every \
    route that does not name such sessions.\n";

/// Every route, a table for each group, in Markdown.
#[must_use]
pub fn endpoints_markdown(table: &Table) -> String {
    let mut text = format!(
        "# Endpoints\n\n{NOTICE}\n\nThe routes as the example apps serve them, with the prefixes that the groups have \
         unless the app chooses others. What the codes mean is in [errors.md](errors.md); shapes and examples are in \
         [openapi.json](openapi.json). A field with `?` may be left out.\n\nBackends:\n\n"
    );
    for backend in table.auth().backends() {
        let _ = writeln!(text, "{}", describe::backend(backend));
    }
    text.push_str(DEFAULT_BACKEND);
    text.push_str(LIMITED_SESSIONS);
    let operations = describe::operations(table);
    for group in Group::ALL {
        let heading = match group.prefix() {
            "" => "At the root".to_owned(),
            prefix => format!("Below `{prefix}`"),
        };
        let _ = write!(
            text,
            "\n## {heading}\n\n| route | id | for | takes | answers | codes |\n|---|---|---|---|---|---|\n"
        );
        for routes in &operations {
            match routes.as_slice() {
                // Shown with those below the names of the backends.
                [endpoint] if endpoint.backend().is_some() && !endpoint.is_below_backend() => {}
                [endpoint, ..] if endpoint.group == group => text.push_str(&row(&route_cells(endpoint, routes))),
                _ => {}
            }
        }
    }
    text
}

fn route_cells(endpoint: &Endpoint, routes: &[&Endpoint]) -> [String; 6] {
    [
        format!("`{} {}`<br>{}", endpoint.method, endpoint.shown_path(), endpoint.summary),
        format!("`{}`", endpoint.shown_id()),
        describe::access(endpoint),
        takes(endpoint),
        describe::successes(routes).into_iter().map(answer).collect::<Vec<_>>().join("<br>"),
        codes(endpoint),
    ]
}

fn answer((success, description): (&Success, String)) -> String {
    format!("{}: {description}", success.status.as_u16())
}

/// The parameters and the fields of the body.
fn takes(endpoint: &Endpoint) -> String {
    let list = |fields: Vec<describe::FieldDoc>| {
        let name = |field: &describe::FieldDoc| format!("`{}{}`", field.name, if field.required { "" } else { "?" });
        fields.iter().map(name).collect::<Vec<_>>().join(", ")
    };
    let mut parts = Vec::new();
    if let Some(schema) = endpoint.shapes.query {
        parts.push(format!("query: {}", list(describe::fields(&schema()))));
    }
    if let Some(schema) = endpoint.shapes.body {
        parts.push(format!("{}: {}", body_type(endpoint), list(describe::fields(&schema()))));
    }
    parts.join("<br>")
}

/// What a route's body may be.
fn body_type(endpoint: &Endpoint) -> &'static str {
    match endpoint.body_type() {
        BodyType::None => "nothing",
        BodyType::Json => "JSON",
        BodyType::JsonOrForm => "JSON or form",
    }
}

fn codes(endpoint: &Endpoint) -> String {
    let group = |(status, codes): (u16, Vec<ErrorCode>)| {
        let codes: Vec<_> = codes.into_iter().map(|code| format!("`{}`", code.as_str())).collect();
        format!("{status}: {}", codes.join(", "))
    };
    describe::errors_by_status(endpoint).into_iter().map(group).collect::<Vec<_>>().join("<br>")
}

/// Every code, its status, its meaning and the routes that declare it, in Markdown.
#[must_use]
pub fn errors_markdown(table: &Table) -> String {
    let mut text = format!(
        "# Errors\n\n{NOTICE}\n\nA failed request answers `{{\"detail\": \"CODE\"}}`; codes marked † answer \
         `{{\"detail\": {{\"code\": \"CODE\", \"reason\": \"text for a person\"}}}}`, and `VALIDATION` answers the list \
         of failing fields instead of itself. Codes never change their meaning; new ones are added.\n\n\
         The routes are listed by the ids of [endpoints.md](endpoints.md). A code without any comes from what lies \
         around the routes: the connection, the router, the extractors of the app's own handlers, or a defect.\n\n\
         | code | status | meaning | routes |\n|---|---|---|---|\n"
    );
    for code in ErrorCode::ALL.iter().copied() {
        let mark = if code.has_reason() { " †" } else { "" };
        let status = Problem::new(code).status().as_u16().to_string();
        let cells = [format!("`{}`{mark}", code.as_str()), status, code.meaning().to_owned(), routes(table, code)];
        text.push_str(&row(&cells));
    }
    text
}

/// The routes that can answer a code. The logins of several backends are one action and count as one.
fn routes(table: &Table, code: ErrorCode) -> String {
    let declares = |endpoint: &Endpoint| endpoint.declared_errors().contains(&code);
    let mut seen = BTreeSet::new();
    let ids = table.endpoints().iter().filter(|endpoint| declares(endpoint)).map(|endpoint| endpoint.action());
    let ids: Vec<String> = ids.filter(|id| seen.insert(*id)).map(|id| format!("`{id}`")).collect();
    ids.join(", ")
}

fn row(cells: &[String]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|").replace('\n', " ")).collect();
    format!("| {} |\n", cells.join(" | "))
}

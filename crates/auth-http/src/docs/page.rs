//! The reference page that a running server shows.

use std::fmt::Write;

use auth_core::{Auth, ErrorCode};

use super::curl;
use super::markdown::body_type;
use super::style::STYLE;
use crate::openapi::describe::{self, FieldDoc};
use crate::{Endpoint, Group, Problem, Table};

/// A page in HTML about every route: who may call it, what it takes, what it can answer, and a command to try it with.
///
/// It stands alone: no script, no request for anything else. Send it as `text/html; charset=utf-8` with
/// [`REFERENCE_PAGE_CSP`](super::REFERENCE_PAGE_CSP).
#[must_use]
pub fn reference_page(table: &Table) -> String {
    let auth = table.auth();
    let title = escape(&format!("{}: accounts and sessions", auth.settings().service_name));
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<header>\n<h1>{title}</h1>\n"
    );
    page.push_str(&introduction(auth));
    page.push_str("</header>\n");
    page.push_str(&contents(table));
    page.push_str("<main>\n");
    for group in Group::ALL {
        let _ = writeln!(page, "<h2>{}</h2>", heading(group));
        for endpoint in in_group(table, group) {
            page.push_str(&section(auth, endpoint));
        }
    }
    page.push_str(&codes());
    page.push_str("</main>\n</body>\n</html>\n");
    page
}

fn introduction(auth: &Auth) -> String {
    let url = escape(&describe::base_url(auth));
    let backends = auth.backends().iter().map(describe::backend);
    let backends: String =
        backends.map(|item| format!("<li>{}</li>\n", markdown(item.trim_start_matches("- ")))).collect();
    format!(
        "<p class=\"quiet\">at <code>{url}</code></p>\n\
         <p>A login at a <em>backend</em> answers a token, and every later request carries it the way of that backend. \
         The first is the default.</p>\n<ul>\n{backends}</ul>\n\
         <p>A failed request answers <code>{{&quot;detail&quot;: &quot;CODE&quot;}}</code>, with one of the \
         <a href=\"#codes\">codes</a>. In the examples, <code>cookies.txt</code> is where curl keeps the cookie, \
         <code>$TOKEN</code> the <code>access_token</code> of a login.</p>\n"
    )
}

fn contents(table: &Table) -> String {
    let mut text = "<nav aria-label=\"Routes\">\n<ul>\n".to_owned();
    for endpoint in Group::ALL.into_iter().flat_map(|group| in_group(table, group)) {
        let (id, route) = (escape(&endpoint.id), route(endpoint));
        let _ = writeln!(text, "<li><a href=\"#{id}\">{route}</a></li>");
    }
    text.push_str("</ul>\n</nav>\n");
    text
}

fn in_group(table: &Table, group: Group) -> impl Iterator<Item = &Endpoint> {
    table.endpoints().iter().map(AsRef::as_ref).filter(move |endpoint| endpoint.group == group)
}

fn heading(group: Group) -> String {
    match group.prefix() {
        "" => "At the root".to_owned(),
        prefix => format!("Below <code>{}</code>", escape(prefix)),
    }
}

fn route(endpoint: &Endpoint) -> String {
    let (method, path) = (escape(endpoint.method.as_str()), escape(&endpoint.full_path()));
    format!("<span class=\"method\">{method}</span> <code>{path}</code>")
}

fn section(auth: &Auth, endpoint: &Endpoint) -> String {
    let mut text = format!(
        "<section id=\"{}\">\n<h3>{}</h3>\n<p>{}</p>\n<p class=\"quiet\">For {}.</p>\n",
        escape(&endpoint.id),
        route(endpoint),
        markdown(endpoint.summary),
        markdown(&describe::access(endpoint)),
    );
    if let Some(schema) = endpoint.shapes.query {
        text.push_str(&fields("Query", &describe::fields(&schema())));
    }
    if let Some(schema) = endpoint.shapes.body {
        text.push_str(&fields(&format!("Body: {}", body_type(endpoint)), &describe::fields(&schema())));
    }
    text.push_str(&answers(endpoint));
    let command = escape(&curl::command(auth, endpoint));
    let _ = write!(text, "<h4>Example</h4>\n<pre><code>{command}</code></pre>\n</section>\n");
    text
}

fn fields(title: &str, fields: &[FieldDoc]) -> String {
    let row = |field: &FieldDoc| {
        let needed = if field.required { "required" } else { "optional" };
        let name = format!("<code>{}</code>", escape(&field.name));
        row(&[name, escape(&field.kind), needed.to_owned(), markdown(&field.description)])
    };
    let rows: String = fields.iter().map(row).collect();
    format!("<h4>{}</h4>\n<div class=\"scroll\"><table>\n{rows}</table></div>\n", escape(title))
}

fn answers(endpoint: &Endpoint) -> String {
    let success = |answer: &crate::Success| row(&[answer.status.as_u16().to_string(), markdown(answer.description)]);
    let successes: String = endpoint.successes.iter().map(success).collect();
    let errors = describe::errors_by_status(endpoint);
    let rows = errors.iter().flat_map(|(status, codes)| codes.iter().map(move |code| problem(*status, *code)));
    let rows: Vec<String> = rows.collect();
    let mut text = format!("<h4>Answers</h4>\n<div class=\"scroll\"><table>\n{successes}</table></div>\n");
    if !rows.is_empty() {
        let _ = write!(
            text,
            "<details>\n<summary>{} ways to fail</summary>\n<div class=\"scroll\"><table>\n{}</table></div>\n</details>\n",
            rows.len(),
            rows.concat(),
        );
    }
    text
}

fn problem(status: u16, code: ErrorCode) -> String {
    row(&[status.to_string(), format!("<code>{}</code>", escape(code.as_str())), markdown(code.meaning())])
}

fn codes() -> String {
    let problem = |code: &ErrorCode| problem(Problem::new(*code).status().as_u16(), *code);
    let rows: String = ErrorCode::ALL.iter().map(problem).collect();
    format!("<h2 id=\"codes\">Codes</h2>\n<div class=\"scroll\"><table>\n{rows}</table></div>\n")
}

fn row<const N: usize>(cells: &[String; N]) -> String {
    let cells: String = cells.iter().map(|cell| format!("<td>{cell}</td>")).collect();
    format!("<tr>{cells}</tr>\n")
}

/// A line of Markdown as HTML: text between back quotes is code, all else is text.
fn markdown(line: &str) -> String {
    let mut text = String::new();
    for (index, part) in line.split('`').enumerate() {
        let part = escape(part);
        let _ = if index % 2 == 1 { write!(text, "<code>{part}</code>") } else { write!(text, "{part}") };
    }
    text
}

/// Text for between tags and inside quoted attributes (OWASP, Cross Site Scripting Prevention, rules 1 and 2).
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

//! A route as a command that can be pasted into a shell.

use auth_core::{Auth, Transport};

use crate::openapi::describe;
use crate::{BodyType, Endpoint};

/// The command. Tokens, ids and cookies are left to `$TOKEN`, `$ID` and `cookies.txt`.
pub(super) fn command(auth: &Auth, endpoint: &Endpoint) -> String {
    let path = describe::path_parameters(endpoint).fold(double_quoted(&endpoint.full_path()), |path, name| {
        path.replace(&format!("{{{name}}}"), &format!("${}", name.to_uppercase()))
    });
    let url = format!("\"{}{path}\"", double_quoted(&describe::base_url(auth)));
    let mut lines = match endpoint.method.as_str() {
        "GET" => vec![format!("curl -i {url}")],
        method => vec![format!("curl -i -X {method} {url}")],
    };
    lines.extend(credential(auth, endpoint));
    if let (BodyType::Json | BodyType::JsonOrForm, Some(schema)) = (endpoint.body_type(), endpoint.shapes.body) {
        lines.push("-H 'Content-Type: application/json'".to_owned());
        lines.push(format!("-d '{}'", single_quoted(&describe::example(&schema()).to_string())));
    }
    lines.join(" \\\n  ")
}

/// How the command carries the token, or keeps the one that a login answers.
fn credential(auth: &Auth, endpoint: &Endpoint) -> Option<String> {
    let only = describe::only_backend(auth, endpoint);
    match (endpoint.requirement(), only) {
        (None, Some(backend)) => {
            matches!(backend.transport, Transport::Cookie { .. }).then(|| "-c cookies.txt".to_owned())
        }
        (None, None) => None,
        (Some(_), only) => match only.or(auth.backends().first())?.transport {
            Transport::Bearer => Some("-H \"Authorization: Bearer $TOKEN\"".to_owned()),
            Transport::Cookie { .. } if endpoint.is_unsafe() => Some("-b cookies.txt -c cookies.txt".to_owned()),
            Transport::Cookie { .. } => Some("-b cookies.txt".to_owned()),
        },
    }
}

/// Text for between double quotes of a shell (POSIX, section 2.2.3).
fn double_quoted(text: &str) -> String {
    text.chars().fold(String::new(), |mut quoted, c| {
        if matches!(c, '$' | '`' | '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(c);
        quoted
    })
}

/// Text for between single quotes of a shell, where only the quote itself means something.
fn single_quoted(text: &str) -> String {
    text.replace('\'', r"'\''")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_for_the_shell() {
        assert_eq!(double_quoted("a$b`c\"d\\e'f"), "a\\$b\\`c\\\"d\\\\e'f");
        assert_eq!(single_quoted("it's $5"), r"it'\''s $5");
    }
}

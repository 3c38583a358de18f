//! Finding the tokens that a request carries.

use auth_core::session::Credential;
use auth_core::{Auth, Transport};
use http::header::{self, HeaderMap};

use crate::cookie;
use crate::problem::Shape;

/// The tokens of a request, each with the backend whose transport it came by, in the order of the backends. A token
/// elsewhere (the query, the body) does not count.
pub(crate) fn find<'a>(auth: &'a Auth, headers: &'a HeaderMap, backends: Option<&[&str]>) -> Vec<Credential<'a>> {
    let bearer = bearer(headers);
    auth.backends()
        .iter()
        .filter(|backend| backends.is_none_or(|names| names.contains(&backend.name.as_str())))
        .filter_map(|backend| {
            let token = match &backend.transport {
                Transport::Bearer => bearer?,
                Transport::Cookie { name, .. } => cookie::get(headers, name)?,
            };
            Some(Credential { backend, token })
        })
        .collect()
}

/// Whether the request carries a cookie of ours, good or not.
pub(crate) fn has_cookie(auth: &Auth, headers: &HeaderMap) -> bool {
    auth.backends().iter().any(|backend| match &backend.transport {
        Transport::Cookie { name, .. } => cookie::is_present(headers, name),
        Transport::Bearer => false,
    })
}

/// Whether a 401 should ask for a bearer token.
pub(crate) fn takes_bearer(auth: &Auth) -> bool {
    auth.backends().iter().any(|backend| backend.transport == Transport::Bearer)
}

/// The same of an answer: routes of this shape take one whatever the backends are.
pub(crate) fn takes_bearer_in(auth: &Auth, shape: Shape) -> bool {
    shape == Shape::Hasura || takes_bearer(auth)
}

/// Whether a bearer token consists of the bytes it may have. Every byte is looked at, bad ones before it or not, because
/// compilers turn that into a few instructions for many bytes: it is done for each request.
fn is_token68(token: &str) -> bool {
    let may = |c: u8| {
        (c | 0x20).wrapping_sub(b'a') < 26
            || c.wrapping_sub(b'0') < 10
            || matches!(c, b'-' | b'.' | b'_' | b'~' | b'+' | b'/' | b'=')
    };
    !token.is_empty() && token.bytes().fold(true, |all, c| all & may(c))
}

/// The token of the one `Authorization: Bearer` header (RFC 6750, section 2.1).
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next()?.to_str().ok()?;
    if values.next().is_some() {
        return None;
    }
    let (scheme, token) = value.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && is_token68(token)).then_some(token)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn reads_one_bearer_token() {
        let cases: [(&[&str], Option<&str>); 9] = [
            (&["Bearer abc"], Some("abc")),
            (&["bearer abc.d-e_f"], Some("abc.d-e_f")),
            (&["Bearer"], None),
            (&["Bearer "], None),
            (&["Bearer a b"], None),
            (&["Bearer  a"], None),
            (&["Basic abc"], None),
            (&["Bearer abc", "Bearer abc"], None),
            (&["Bearer a\u{7f}"], None),
        ];
        for (lines, expected) in cases {
            let mut headers = HeaderMap::new();
            for line in lines {
                let Ok(value) = HeaderValue::from_bytes(line.as_bytes()) else { continue };
                headers.append(header::AUTHORIZATION, value);
            }
            assert_eq!(bearer(&headers), expected, "{lines:?}");
        }
    }
}

//! Scopes (RFC 6749, section 3.3): what a session, and the token that stands for it, is limited to. They are kept as
//! one text, separated by blanks, as they travel in a token.

use serde_json::json;

use crate::{Error, ErrorCode, Result};

/// The text of these scopes, each once, in the order given.
///
/// # Errors
/// Fails with an internal error for a scope that would be read as none or as several.
pub(crate) fn join(scopes: &[String]) -> Result<String> {
    let mut granted: Vec<&str> = Vec::with_capacity(scopes.len());
    for scope in scopes {
        if !is_scope(scope) {
            return Err(Error::internal(format!("{scope:?} is not a scope: see RFC 6749, section 3.3")));
        }
        if !granted.contains(&scope.as_str()) {
            granted.push(scope);
        }
    }
    Ok(granted.join(" "))
}

/// The scopes of a text.
pub(crate) fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split(' ').filter(|scope| !scope.is_empty())
}

/// Insists on all of `required`, where anything is limited at all.
///
/// # Errors
/// Fails with `SCOPE_UPGRADE_REQUIRED` and lists the ones that are not `granted`, as `scopes`.
pub(crate) fn require(granted: Option<&str>, required: &[impl AsRef<str>]) -> Result<()> {
    let Some(granted) = granted else { return Ok(()) };
    let required = required.iter().map(AsRef::as_ref);
    let lacking: Vec<&str> = required.filter(|scope| !split(granted).any(|one| one == *scope)).collect();
    if lacking.is_empty() { Ok(()) } else { Err(missing(&lacking)) }
}

/// The refusal of a session that lacks these scopes; an empty list says that no scope suffices.
pub(crate) fn missing(scopes: &[&str]) -> Error {
    ErrorCode::ScopeUpgradeRequired.with_extra(json!({ "scopes": scopes }))
}

fn is_scope(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|c| matches!(c, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(scopes: &[&str]) -> Vec<String> {
        scopes.iter().map(|scope| (*scope).to_owned()).collect()
    }

    #[test]
    fn a_scope_is_one_word() {
        assert_eq!(
            join(&owned(&["notes:read", "repo:app.bsky?x=1", "notes:read"])).unwrap(),
            "notes:read repo:app.bsky?x=1"
        );
        assert_eq!(join(&[]).unwrap(), "");
        for bad in ["", " ", "a b", "a\tb", "a\"b", "a\\b", "a\n", "ä", "a\u{7f}"] {
            assert!(join(&owned(&["fine", bad])).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn what_is_limited_needs_every_scope() {
        let cases: [(Option<&str>, &[&str], &[&str]); 9] = [
            (None, &["a", "b"], &[]),
            (Some(""), &[], &[]),
            (Some(""), &["a"], &["a"]),
            (Some("a b"), &["b", "a"], &[]),
            (Some("a b"), &["c", "a", "d"], &["c", "d"]),
            (Some("ab"), &["a"], &["a"]),
            (Some("a"), &["A"], &["A"]),
            (Some("a b"), &["a b"], &["a b"]),
            (Some("a  b"), &[""], &[""]),
        ];
        for (granted, required, expected) in cases {
            let refusal = require(granted, required).err().map(|error| error.to_string());
            let missing = (!expected.is_empty())
                .then(|| ErrorCode::ScopeUpgradeRequired.with_extra(json!({ "scopes": expected })));
            assert_eq!(refusal, missing.map(|error| error.to_string()), "{granted:?} {required:?}");
        }
    }
}

//! The names of roles, and the roles of an account.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::error::Error;

/// How many roles an account may be granted. A JSON Web Token that names all of them still fits into a cookie.
pub const MAX_ROLES: u64 = 32;

/// The longest name, in characters.
const MAX_NAME: usize = 64;

/// The name of a role, in its one spelling: lower-case ASCII letters, digits, `-`, `_`, `:` and `.`, of which the first is a letter
/// or a digit; at most 64 characters.
///
/// There is no other way to get one than [`parse`](Self::parse): whatever is compared or stored is canonical.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct RoleName(String);

impl RoleName {
    /// Reads a name. ASCII letters may be in upper case. Nothing else is repaired: ` owner` is not `owner`.
    ///
    /// # Errors
    /// Fails with [`Error::Invalid`] for the field `role`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        Self::stored(text.to_ascii_lowercase()).ok_or_else(|| {
            let message = format!(
                "a role is a letter or a digit, and then letters, digits, `-`, `_`, `:` and `.`: at most {MAX_NAME} characters of ASCII"
            );
            Error::Invalid { field: "role", kind: "role_invalid", message }
        })
    }

    /// Whether a text is the canonical name of a role. Can be evaluated by the compiler.
    #[must_use]
    pub const fn is_canonical(text: &str) -> bool {
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            match bytes[at] {
                b'a'..=b'z' | b'0'..=b'9' => {}
                b'-' | b'_' | b':' | b'.' if at > 0 => {}
                _ => return false,
            }
            at += 1;
        }
        0 < at && at <= MAX_NAME
    }

    /// The canonical name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A name as it is in a table; `None` for one that this library did not write.
    pub(super) fn stored(text: String) -> Option<Self> {
        Self::is_canonical(&text).then_some(Self(text))
    }

    /// The role of every account, unless the app names another one.
    pub(super) fn user() -> Self {
        Self("user".to_owned())
    }
}

impl FromStr for RoleName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text)
    }
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The roles of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct UserRoles {
    /// All of them in alphabetical order, each once; the default role is among them.
    pub roles: Vec<RoleName>,
    /// The one that every account has.
    pub default_role: RoleName,
}

impl UserRoles {
    pub(super) fn new(default_role: RoleName, granted: impl IntoIterator<Item = RoleName>) -> Self {
        let mut roles: Vec<RoleName> = granted.into_iter().chain([default_role.clone()]).collect();
        roles.sort_unstable();
        roles.dedup();
        Self { roles, default_role }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_spelling() {
        let long = "r".repeat(MAX_NAME);
        let upper = long.to_uppercase();
        for (text, name) in [
            ("editor", "editor"),
            ("Editor", "editor"),
            ("EDITOR", "editor"),
            ("x", "x"),
            ("7", "7"),
            ("notes:Read", "notes:read"),
            ("a-b_c:d.e", "a-b_c:d.e"),
            (&long, &long),
            (&upper, &long),
        ] {
            let role = RoleName::parse(text).unwrap();
            assert_eq!((role.as_str(), RoleName::parse(role.as_str()).ok()), (name, Some(role.clone())), "{text:?}");
            assert_eq!(RoleName::is_canonical(text), text == name, "{text:?}");
        }
    }

    /// CVE-2026-134318 was a blank before `owner`.
    #[test]
    #[rustfmt::skip]
    fn nothing_else_is_repaired() {
        let long = "r".repeat(MAX_NAME + 1);
        for text in [
            "", " ", " owner", "owner ", "ow ner", "\towner", "owner\n", "owner\0", "owner\u{200B}", "\u{FEFF}owner", "оwner",
            "ｏwner", "öwner", "ÖWNER", "mi\u{212A}e", "ſam", "owner\u{301}", ".", "..", ".owner", "-owner", "_owner", ":owner",
            "owner/x", "owner,x", "owner;x", "owner|x", "owner\"", "owner'", "owner%", "owner+x", "owner*", "*", "{role}", &long,
        ] {
            assert!(RoleName::parse(text).is_err(), "{text:?}");
            assert!(!RoleName::is_canonical(text), "{text:?}");
        }
    }

    #[test]
    fn the_default_role_is_among_the_roles_once() {
        let role = |name: &str| RoleName::parse(name).unwrap();
        for granted in [vec![], vec!["user"], vec!["writer", "editor"], vec!["writer", "user", "editor"]] {
            let UserRoles { roles, default_role } = UserRoles::new(role("user"), granted.iter().copied().map(role));
            assert_eq!(default_role, RoleName::user());
            assert!(roles.is_sorted() && roles.iter().filter(|role| **role == default_role).count() == 1, "{roles:?}");
            assert!(granted.iter().all(|name| roles.contains(&role(name))), "{roles:?}");
        }
    }
}

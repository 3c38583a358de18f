//! What people log in with.

use std::fmt;

use super::{Email, Username};

/// What was typed into a login form, as the key to look up.
///
/// `Debug` hides the value: log lines hold no full address.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum LoginName {
    /// The key of a mail address.
    Email(String),
    /// The key of a user name.
    Username(String),
}

impl LoginName {
    /// Reads a login name: with an `@` it is a mail address, else a user name. `None` means that no account can have
    /// it.
    ///
    /// Reserved user names pass, since an operator may have given them out.
    #[must_use]
    pub fn parse(input: &str) -> Option<Self> {
        if input.contains('@') {
            Email::key_of(input).map(Self::Email)
        } else {
            Username::key_of(input).map(Self::Username)
        }
    }

    /// The key, whichever kind it is.
    #[must_use]
    pub fn key(&self) -> &str {
        match self {
            Self::Email(key) | Self::Username(key) => key,
        }
    }
}

impl fmt::Debug for LoginName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Email(_) => "Email(***)",
            Self::Username(_) => "Username(***)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_name_is_an_address_or_a_user_name() {
        let email = |key: &str| Some(LoginName::Email(key.to_owned()));
        let username = |key: &str| Some(LoginName::Username(key.to_owned()));
        let cases = [
            ("Ann@Example.ORG", email("ann@example.org")),
            (" ann@example.org ", email("ann@example.org")),
            ("Ann", username("ann")),
            (" ann ", username("ann")),
            ("ann\t", None),
            ("ann@example.org\n", None),
            ("admin", username("admin")),
            ("", None),
            ("a", None),
            ("@", None),
            ("@ann", None),
            ("ann@", None),
            ("ann lee", None),
            ("ann＠example.org", None),
        ];
        for (input, expected) in cases {
            assert!(LoginName::parse(input) == expected, "{input:?}");
        }
    }

    #[test]
    fn debug_shows_no_identifier() {
        let shown = format!(
            "{:?} {:?} {:?} {:?}",
            LoginName::parse("secret@example.org"),
            LoginName::parse("secret"),
            Email::parse("secret@example.org"),
            Username::parse("secret")
        );
        assert!(shown.contains("***") && !shown.contains("secret"), "{shown}");
    }

    #[test]
    fn kinds_are_stable_and_messages_are_sentences() {
        let cases = [
            (Email::parse("x").err(), "email_invalid"),
            (Username::parse("x").err(), "username_invalid"),
            (Username::parse("root").err(), "username_reserved"),
        ];
        for (error, kind) in cases {
            let error = error.unwrap();
            assert_eq!(error.kind(), kind);
            assert!(error.to_string().ends_with('.'), "{error}");
        }
    }
}

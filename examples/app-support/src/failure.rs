//! Why an app does not start, as the person who started it reads it.

use std::error::Error;
use std::fmt;

/// What `main` returns. It shows itself in words, because that is how Rust reports the failure of `main`.
pub struct Failure(String);

impl Failure {
    /// A failure, after the name of what it is about.
    pub fn of(subject: &str, cause: impl fmt::Display) -> Self {
        Self(format!("{subject}: {cause}"))
    }
}

/// A text of the library, with the names of variables in the place of those of settings.
#[must_use]
pub fn in_variables(text: &str) -> String {
    const NAMES: [(&str, &str); 6] = [
        ("public_url", "PUBLIC_URL"),
        ("frontend_url", "FRONTEND_URL"),
        ("allowed_origin", "ALLOWED_ORIGINS"),
        ("email_change", "EMAIL_CHANGE"),
        ("secret", "AUTH_SECRET"),
        ("former_secret", "AUTH_SECRET_FORMER"),
    ];
    NAMES.iter().fold(text.to_owned(), |text, (setting, variable)| text.replace(&format!("`{setting}`"), variable))
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<E: Error> From<E> for Failure {
    fn from(cause: E) -> Self {
        Self(in_variables(&cause.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use auth_core::{Auth, RootSecret};

    use super::*;

    #[tokio::test]
    async fn names_the_variable_that_is_wrong() {
        let db = sea_orm::Database::connect("sqlite::memory:").await.unwrap();
        let builder = Auth::builder(db).secret(RootSecret::new("short")).former_secret(RootSecret::new("short"));
        let errors = builder.frontend_url("nowhere").allowed_origin("nowhere").build().unwrap_err();
        let text = format!("{:?}", Failure::from(errors));
        for line in [
            "- set PUBLIC_URL, such as",
            "- AUTH_SECRET has 5 bytes",
            "- AUTH_SECRET_FORMER has 5 bytes",
            "- FRONTEND_URL must be a URL",
            "- ALLOWED_ORIGINS \"nowhere\" must look like",
        ] {
            assert!(text.contains(line), "{line}: {text}");
        }
    }
}

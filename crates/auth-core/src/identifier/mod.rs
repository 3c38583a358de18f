//! The names a person logs in with: mail addresses and user names.
//!
//! Each is parsed once, at the edge, into a type that holds the spelling to store and a *key*: the one canonical
//! spelling that the unique index, every look-up and every rate limiter use, so that `A@X.org` and `a@x.org` are one
//! account everywhere. Input that a normalisation would change is refused and never repaired, because what
//! becomes valid after the check was not checked.

mod email;
mod error;
mod login_name;
mod text;
mod username;

pub use email::Email;
pub use error::IdentifierError;
pub use login_name::LoginName;
pub use text::{has_forbidden_characters, has_forbidden_in_password, has_forbidden_in_shown_text};
pub(crate) use text::{is_forbidden, is_joiner};
pub use username::Username;

//! Bodies that more than one feature takes.

use auth_core::identifier::Email;

use super::field::Text;
use super::fields::request;

/// More than any token of ours has, in characters.
pub(crate) const TOKEN: usize = 200;

request! {
    /// The body of a request for a mail.
    EmailRequest {
        #[doc = "The email address."]
        email: Email,
    }
}

request! {
    /// The token of a mailed link.
    TokenRequest {
        #[doc = "The `token` of the mailed link."]
        token: Text<TOKEN>,
    }
}

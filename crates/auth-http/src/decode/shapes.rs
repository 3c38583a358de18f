//! Bodies that more than one feature takes.

use auth_core::identifier::Email;

use super::field::Text;
use super::fields::request;

/// More than any token of ours has, in characters.
pub(crate) const TOKEN: usize = 200;

request! {
    /// An address that mail is wanted for.
    EmailRequest {
        #[doc = "The e-mail address."]
        email: Email,
    }
}

request! {
    /// What a link carried.
    TokenRequest {
        #[doc = "The `token` of the link that was mailed."]
        token: Text<TOKEN>,
    }
}

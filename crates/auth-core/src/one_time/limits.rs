//! The limits of guesses.

use crate::client::Client;
use crate::limit::{Limit, OneToken, Rate};

/// Codes from mails that a client tries, and by themselves tokens that do not exist.
pub const TOKEN_TRIES: Limit<Client> = Limit::new("token_tries", &[Rate::per_hour(30)]);

/// How often a token that exists is tried. It takes nothing of the client's tries: those who share its network may have used them up.
pub const TOKEN_USES: Limit<OneToken> = Limit::new("token_uses", &[Rate::per_hour(30)]);

//! The limit of guesses.

use crate::client::Client;
use crate::limit::{Limit, Rate};

/// Tokens from mails that a client redeems, or tries to.
pub const TOKEN_TRIES: Limit<Client> = Limit::new("token_tries", &[Rate::per_hour(30)]);

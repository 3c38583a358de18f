//! The limits of mail that anyone can have sent by asking for it.

use crate::client::Client;
use crate::identifier::Email;
use crate::limit::{Bucket, Limit, Pair, Rate, Subject};

/// Requests of a client for each kind of mail, such as a link to a new password.
pub const MAIL_REQUESTS: Limit<Client> = Limit::new("mail_requests", &[Rate::per_hour(5)]);

/// Mails that a client has sent by asking, whichever addresses they are for.
pub const MAILS_BY_CLIENT: Limit<Client> = Limit::new("mails_by_client", &[Rate::per_hour(10)]);

/// Mails to one address that one network has sent by asking. Fewer than there may be in all, so that no network alone keeps
/// another one from asking.
pub const MAILS_BY_PAIR: Limit<Pair> = Limit::new("mails_by_pair", &[Rate::per_hour(3), Rate::per_day(5)]);

/// Mails that strangers have sent to one address, those that recover an account counted by themselves. Beyond it nothing is
/// sent, and the answer is the same.
pub const MAILS_TO_ADDRESS: Limit<Email> = Limit::new("mails_to_address", &[Rate::per_hour(6), Rate::per_day(10)]);

/// Notices of one kind about accounts with an unverified address. They leave whatever else was mailed there; beyond it, a notice
/// counts like any other mail. Of the address, because an account can be deleted and made anew.
pub const NOTICES: Limit<Email> = Limit::new("notices", &[Rate::per_day(1)]);

/// What a mail to an address takes of the limits of the client that asked for it. They say nothing about an account.
pub(crate) fn of_client(client: &Client, email: &Email) -> [Bucket; 2] {
    // Not eight times as much for a network of 48 bits: two shares of it would be all that there is.
    let pair = Pair(Subject::Name(email.key().to_owned()), client.widened());
    [MAILS_BY_CLIENT.of(client), MAILS_BY_PAIR.of(&pair)]
}

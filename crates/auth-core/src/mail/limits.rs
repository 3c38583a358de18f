//! The limits of mail that anyone can have sent by asking for it.

use uuid::Uuid;

use crate::client::Client;
use crate::identifier::Email;
use crate::limit::{Limit, Rate};

/// Requests of a client for each kind of mail, such as a link to a new password.
pub const MAIL_REQUESTS: Limit<Client> = Limit::new("mail_requests", &[Rate::per_hour(5)]);

/// Mails that a client has sent by asking. Beyond it nothing is sent, and the answer is the same.
pub const MAILS_BY_CLIENT: Limit<Client> = Limit::new("mails_by_client", &[Rate::per_hour(10)]);

/// Mails that strangers have sent to one address. Beyond it nothing is sent, and the answer is the same.
pub const MAILS_TO_ADDRESS: Limit<Email> = Limit::new("mails_to_address", &[Rate::per_hour(3), Rate::per_day(10)]);

/// Notices of one kind about changes of an account whose address is unverified. They leave whatever else was mailed there;
/// beyond it, a notice counts like any other mail.
pub const NOTICES: Limit<Uuid> = Limit::new("notices", &[Rate::per_day(1)]);

//! The limits of an app.

use super::Rate;

/// The limits of an app. A client is an IPv4 address or an IPv6 network of 64 bits, and a network of 48 bits may do eight
/// times as much; clients whose address is unknown are one.
///
/// Attempts at one mailed code, and at one second factor, are few whatever is set here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Registrations of a client: 5 an hour.
    pub registrations: Rate,
    /// Requests of a client for each kind of mail, such as a link to a new password: 5 an hour.
    pub mail_requests: Rate,
    /// Tokens from mails that a client redeems or tries to: 30 an hour.
    pub token_tries: Rate,
    /// Mailed codes that are tried for one address: 10 an hour.
    pub code_tries: Rate,
    /// New addresses that an account asks for: 5 an hour.
    pub email_changes: Rate,
    /// Mails that a client has sent by asking: 10 an hour. Beyond it nothing is sent, and the answer is the same.
    pub mails_by_client: Rate,
    /// Mails that strangers have sent to one address: 3 an hour and 10 a day. Beyond it nothing is sent, and the answer
    /// is the same.
    pub mails_to_address: [Rate; 2],
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            registrations: Rate::per_hour(5),
            mail_requests: Rate::per_hour(5),
            token_tries: Rate::per_hour(30),
            code_tries: Rate::per_hour(10),
            email_changes: Rate::per_hour(5),
            mails_by_client: Rate::per_hour(10),
            mails_to_address: [Rate::per_hour(3), Rate::per_day(10)],
        }
    }
}

impl Limits {
    /// No limits: for load tests, and for apps that have their own.
    #[must_use]
    pub fn off() -> Self {
        Self {
            registrations: Rate::UNLIMITED,
            mail_requests: Rate::UNLIMITED,
            token_tries: Rate::UNLIMITED,
            code_tries: Rate::UNLIMITED,
            email_changes: Rate::UNLIMITED,
            mails_by_client: Rate::UNLIMITED,
            mails_to_address: [Rate::UNLIMITED; 2],
        }
    }

    /// Everything that is wrong with these limits; empty when they can be used.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let timeless = self.rates().iter().any(|rate| *rate != Rate::UNLIMITED && rate.per.is_zero());
        let text =
            "give each rate limit a window longer than zero: use `Rate::per_hour`, or `Rate::UNLIMITED` for none";
        timeless.then(|| text.to_owned()).into_iter().collect()
    }

    fn rates(&self) -> [Rate; 8] {
        let [hour, day] = self.mails_to_address;
        [
            self.registrations,
            self.mail_requests,
            self.token_tries,
            self.code_tries,
            self.email_changes,
            self.mails_by_client,
            hour,
            day,
        ]
    }
}

//! What is counted together.

use std::net::{IpAddr, Ipv6Addr};

use uuid::Uuid;

use super::{Limits, Rate};
use crate::Client;
use crate::identifier::Email;
use crate::one_time::Purpose;

/// What is done, and by or for whom.
#[derive(Clone, Copy)]
pub(crate) enum Bucket<'a> {
    /// A registration.
    Registrations(&'a Client),
    /// A request for a mail of a kind.
    MailRequests(Purpose, &'a Client),
    /// A token that is to be redeemed.
    TokenTries(&'a Client),
    /// A code that is tried for an address.
    CodeTries(&'a Email),
    /// A new address for an account.
    EmailChanges(Uuid),
    /// A mail that a client has sent.
    MailsByClient(&'a Client),
    /// A mail that a stranger has sent to an address.
    MailsToAddress(&'a Email),
}

/// One row that has to have room.
pub(super) struct Quota {
    pub(super) key: String,
    pub(super) rate: Rate,
}

impl Bucket<'_> {
    /// The name in events.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Registrations(_) => "registrations",
            Self::MailRequests(..) => "mail_requests",
            Self::TokenTries(_) => "token_tries",
            Self::CodeTries(_) => "code_tries",
            Self::EmailChanges(_) => "email_changes",
            Self::MailsByClient(_) => "mails_by_client",
            Self::MailsToAddress(_) => "mails_to_address",
        }
    }

    /// The counters that an action consumes, in order.
    pub(super) fn quotas(self, limits: &Limits) -> Vec<Quota> {
        let name = self.name();
        let one = |who: &str, rate: Rate| Quota { key: format!("{name}:{}:{who}", rate.per.as_secs()), rate };
        let each = |what: &str, client: &Client, rate: Rate| -> Vec<Quota> {
            let networks = client.is_remote().then(|| networks(client.ip)).into_iter().flatten();
            networks.map(|(network, factor)| one(&format!("{what}:{network}"), rate.scaled(factor))).collect()
        };
        match self {
            Self::Registrations(client) => each("", client, limits.registrations),
            Self::MailRequests(purpose, client) => each(purpose.as_str(), client, limits.mail_requests),
            Self::TokenTries(client) => each("", client, limits.token_tries),
            Self::CodeTries(email) => vec![one(email.key(), limits.code_tries)],
            Self::EmailChanges(user_id) => vec![one(&user_id.to_string(), limits.email_changes)],
            Self::MailsByClient(client) => each("", client, limits.mails_by_client),
            Self::MailsToAddress(email) => limits.mails_to_address.iter().map(|rate| one(email.key(), *rate)).collect(),
        }
    }
}

/// What a client counts as, the narrower network first, and how much more a wider one may do: a client that has one
/// address of IPv6 has a network of them, and many have more.
fn networks(ip: Option<IpAddr>) -> Vec<(String, u32)> {
    let network = |ip: Ipv6Addr, bits: u32| Ipv6Addr::from_bits(ip.to_bits() & (u128::MAX << (128 - bits)));
    match ip.map(|ip| ip.to_canonical()) {
        None => vec![("unknown".to_owned(), 1)],
        Some(IpAddr::V4(ip)) => vec![(ip.to_string(), 1)],
        Some(IpAddr::V6(ip)) => {
            vec![(format!("{}/64", network(ip, 64)), 1), (format!("{}/48", network(ip, 48)), 8)]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(ip: Option<&str>) -> Vec<(String, u32)> {
        networks(ip.map(|ip| ip.parse().unwrap()))
    }

    #[test]
    fn an_address_cannot_be_spelled_twice() {
        assert_eq!(keys(Some("192.0.2.7")), [("192.0.2.7".to_owned(), 1)]);
        assert_eq!(keys(Some("::ffff:192.0.2.7")), keys(Some("192.0.2.7")));
        assert_eq!(keys(None), [("unknown".to_owned(), 1)]);
        let narrow = ("2001:db8:1:2::/64".to_owned(), 1);
        let wide = ("2001:db8:1::/48".to_owned(), 8);
        assert_eq!(keys(Some("2001:db8:1:2:3:4:5:6")), [narrow, wide.clone()]);
        assert_eq!(keys(Some("2001:db8:1:ffff::1"))[1], wide);
    }

    #[test]
    fn the_app_itself_is_not_counted() {
        let quotas = |client: &Client| Bucket::Registrations(client).quotas(&Limits::default()).len();
        assert_eq!((quotas(&Client::default()), quotas(&Client::new(None, None))), (0, 1));
    }

    #[test]
    fn what_is_counted_apart_has_another_key() {
        let client = Client::new(Some(IpAddr::from([192, 0, 2, 7])), None);
        let email = Email::parse("ada@example.org").unwrap();
        let buckets = [
            Bucket::Registrations(&client),
            Bucket::MailRequests(Purpose::VerifyEmail, &client),
            Bucket::MailRequests(Purpose::ResetPassword, &client),
            Bucket::TokenTries(&client),
            Bucket::CodeTries(&email),
            Bucket::EmailChanges(Uuid::nil()),
            Bucket::MailsByClient(&client),
            Bucket::MailsToAddress(&email),
        ];
        let quotas = buckets.into_iter().flat_map(|bucket| bucket.quotas(&Limits::default()));
        let keys: std::collections::HashSet<_> = quotas.map(|quota| quota.key).collect();
        assert_eq!(keys.len(), 9, "{keys:?}");
    }
}

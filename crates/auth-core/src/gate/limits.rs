//! How many passwords may be tried.

use std::time::Duration;

use crate::client::Client;
use crate::clock::MAX_LIFETIME;
use crate::device::KnownDevice;
use crate::limit::{Bucket, Device, Limit, Pace, Pair, Rate, Subject};

/// Passwords that a network tries, whichever accounts they are for: 20 at once, and then one every six seconds. Those that
/// are right are given back.
pub const PASSWORDS_BY_CLIENT: Limit<Client> =
    Limit::new("passwords_by_client", &[Rate { times: 20, per: Duration::from_secs(120) }]).paced(Pace::Even);

/// Passwords of an account that a network tries in a row: 5, and then after waits that double up to a quarter of an hour.
pub const PASSWORDS_BY_PAIR: Limit<Pair> =
    Limit::new("passwords_by_pair", &[Rate { times: 5, per: Duration::from_secs(15 * 60) }]).paced(Pace::Doubling);

/// Passwords of an account that unknown devices try in a row, over all networks, and mailed codes: 100 (NIST SP 800-63B-4,
/// section 3.2.2), and then one a minute.
pub const PASSWORDS_BY_ACCOUNT: Limit<Subject> =
    Limit::new("passwords_by_account", &[Rate { times: 100, per: Duration::from_secs(60) }]).paced(Pace::Spaced);

/// Wrong passwords of a known device. A browser takes of no other limit; those who share a known network are one client, too.
pub const PASSWORDS_BY_DEVICE: Limit<Device> = Limit::new("passwords_by_device", &[Rate::per_hour(10)]);

/// Wrong mailed codes of an account in a row: after 20 its mails carry links only, until one of them is opened.
pub const CODES_BY_ACCOUNT: Limit<Subject> =
    Limit::new("codes_by_account", &[Rate { times: 20, per: MAX_LIFETIME }]).paced(Pace::Spaced);

/// What an attempt takes of, in this order.
pub(super) struct Taken {
    /// What a right password gives back.
    pub(super) returned: Vec<Bucket>,
    /// What is counted in a row, and a right password ends.
    pub(super) ended: Vec<Bucket>,
    /// Whether the attempt took of what is counted in a row as well.
    pub(super) by_stranger: bool,
}

impl Taken {
    /// The limits of an attempt by a client; none for the app itself.
    pub(super) fn of(subject: &Subject, device: Option<&KnownDevice>, client: &Client) -> Self {
        if !client.is_remote() {
            return Self { returned: Vec::new(), ended: Vec::new(), by_stranger: false };
        }
        Self {
            returned: match device {
                Some(device) if device.is_network => {
                    // Everybody there is as known: however many accounts know the network, it is one client.
                    vec![PASSWORDS_BY_DEVICE.of(&Device(device.id)), PASSWORDS_BY_CLIENT.of(client).only("known")]
                }
                Some(device) => vec![PASSWORDS_BY_DEVICE.of(&Device(device.id))],
                None => vec![PASSWORDS_BY_CLIENT.of(client)],
            },
            ended: in_a_row(subject, client),
            by_stranger: device.is_none(),
        }
    }

    /// The limits that have to have room.
    pub(super) fn reserved(&self) -> Vec<Bucket> {
        let ended = if self.by_stranger { self.ended.as_slice() } else { &[] };
        [self.returned.as_slice(), ended].concat()
    }
}

/// What is counted in a row for an account, and ended by a success from a network: from that network, and as a whole.
pub(super) fn in_a_row(subject: &Subject, client: &Client) -> Vec<Bucket> {
    let pair = Pair(subject.clone(), client.clone());
    vec![PASSWORDS_BY_PAIR.of(&pair), PASSWORDS_BY_ACCOUNT.of(subject)]
}

/// Wrong mailed codes of an address without an account in a row: after 20 its mails carry links only, and a code a day.
pub const CODES_BY_NAME: Limit<Subject> =
    Limit::new("codes_by_name", &[Rate { times: 20, per: Duration::from_secs(24 * 60 * 60) }]).paced(Pace::Spaced);

/// The wrong codes of an account, or of an address that may get one by a login by mail.
pub(super) fn codes(subject: &Subject) -> Bucket {
    match subject {
        Subject::Account(..) => CODES_BY_ACCOUNT.of(subject),
        Subject::Name(_) => CODES_BY_NAME.of(subject),
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use auth_entity::{Timestamp, device};
    use time::OffsetDateTime;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_known_browser_takes_of_its_own_limit_alone() {
        let client = Client::new(Some(IpAddr::from([192, 0, 2, 7])), None);
        let subject = Subject::Name("ada@example.org".to_owned());
        let device = |kind: &str| {
            KnownDevice::from(device::Model {
                id: Uuid::nil(),
                user_id: Uuid::nil(),
                kind: kind.to_owned(),
                key_hash: [0; 32].into(),
                opened_mail: false,
                user_agent: None,
                created_at: Timestamp(OffsetDateTime::UNIX_EPOCH),
                last_seen_at: Timestamp(OffsetDateTime::UNIX_EPOCH),
                expires_at: Timestamp(OffsetDateTime::UNIX_EPOCH),
            })
        };
        let taken = |device: Option<KnownDevice>| -> Vec<&'static str> {
            Taken::of(&subject, device.as_ref(), &client).reserved().iter().map(Bucket::name).collect()
        };
        assert_eq!(taken(Some(device("cookie"))), ["passwords_by_device"]);
        assert_eq!(taken(Some(device("network"))), ["passwords_by_device", "passwords_by_client"]);
        assert_eq!(taken(None), ["passwords_by_client", "passwords_by_pair", "passwords_by_account"]);
    }
}

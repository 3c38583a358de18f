//! The client of a request, as far as it is known.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::device::DeviceName;
use crate::identifier::is_forbidden;
use crate::secret::{TOKEN_LENGTH, digest};

/// The longest user agent that is kept, in characters.
const MAX_USER_AGENT: usize = 256;

/// How much of an `Accept-Language` is kept, in characters: more than any browser sends.
const MAX_ACCEPT_LANGUAGE: usize = 256;

/// The client of a request: shown to users in their list of sessions, and written into events. `Client::default()` is
/// the app itself, which is exempt from [limits](crate::Limits).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// The client's address, after trusted proxies were taken into account.
    pub ip: Option<IpAddr>,
    user_agent: Option<String>,
    accept_language: Option<String>,
    #[serde(default)]
    is_remote: bool,
    /// Whose session the request came with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    actor_id: Option<Uuid>,
    /// For this request alone: it is the key to the device's own attempts.
    #[serde(skip)]
    device: Option<DeviceDigest>,
}

/// A network that a client counts as.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Network {
    address: Option<IpAddr>,
    bits: Option<u32>,
    /// How much more it may have than one client.
    pub(crate) factor: u32,
}

/// The networks of an address of IPv6, by their bits, and how much more they may have than one client.
const NETWORKS: [(u32, u32); 2] = [(64, 1), (48, 8)];

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.address, self.bits) {
            (Some(address), Some(bits)) => write!(f, "{address}/{bits}"),
            (Some(address), None) => address.fmt(f),
            (None, _) => f.write_str("unknown"),
        }
    }
}

/// SHA-256 of the cookie of a known device.
#[derive(Clone, Copy, PartialEq, Eq)]
struct DeviceDigest([u8; 32]);

impl fmt::Debug for DeviceDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceDigest(***)")
    }
}

impl Client {
    /// A client of a connection, with its IP address if known, and its `User-Agent`, which is cut to 256 characters and
    /// stripped of control and invisible characters, so that it can be stored and logged as it is.
    #[must_use]
    pub fn new(ip: Option<IpAddr>, user_agent: Option<&str>) -> Self {
        let clean = |agent: &str| {
            // As good as all are, and every request has one.
            if agent.len() <= MAX_USER_AGENT && agent.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
                return agent.to_owned();
            }
            agent.chars().filter(|c| !is_forbidden(*c)).take(MAX_USER_AGENT).collect()
        };
        Self { ip, user_agent: user_agent.map(clean), is_remote: true, ..Self::default() }
    }

    /// The same client with the value of its cookie of a [known device](crate::device). Of it only a digest is kept, and
    /// nothing of a value that the library did not make.
    #[must_use]
    pub fn with_device(self, cookie: Option<&str>) -> Self {
        let device = cookie.filter(|value| value.len() == TOKEN_LENGTH).map(|value| DeviceDigest(digest(value)));
        Self { device, ..self }
    }

    /// The digest of the cookie of its device.
    pub(crate) fn device(&self) -> Option<[u8; 32]> {
        self.device.map(|DeviceDigest(digest)| digest)
    }

    /// The same client with its `Accept-Language` header, which chooses the language of mails.
    #[must_use]
    pub fn with_accept_language(self, header: Option<&str>) -> Self {
        let accept_language = header.map(|header| header.chars().take(MAX_ACCEPT_LANGUAGE).collect());
        Self { accept_language, ..self }
    }

    /// The same client with the session of an account: what the client causes is done by that account, and the audit log
    /// says so.
    #[must_use]
    pub fn acting_as(self, user_id: Uuid) -> Self {
        Self { actor_id: Some(user_id), ..self }
    }

    /// The account whose session the request came with.
    #[must_use]
    pub fn actor_id(&self) -> Option<Uuid> {
        self.actor_id
    }

    /// Whether this is a client, and not the app itself.
    #[must_use]
    pub fn is_remote(&self) -> bool {
        self.is_remote
    }

    /// The network that it counts as: an IPv4 address, or an IPv6 network of 64 bits, which is what one customer has at
    /// the least. `None` for the app itself, and when the address is unknown.
    #[must_use]
    pub fn network(&self) -> Option<IpAddr> {
        self.ip.filter(|_| self.is_remote).map(|ip| network(ip, 64))
    }

    /// The networks that it counts as, the narrower first: a client that has one address of IPv6 has a network of them, and
    /// many have more. None for the app itself; clients whose address is unknown are one.
    pub(crate) fn networks(&self) -> Vec<Network> {
        if !self.is_remote {
            return Vec::new();
        }
        match self.ip.map(|ip| ip.to_canonical()) {
            Some(ip @ IpAddr::V6(_)) => NETWORKS
                .map(|(bits, factor)| Network { address: Some(network(ip, bits)), bits: Some(bits), factor })
                .to_vec(),
            address => vec![Network { address, bits: None, factor: 1 }],
        }
    }

    /// The client for whom its whole network of 48 bits stands, where its address is one of IPv6.
    pub(crate) fn widened(&self) -> Self {
        Self { ip: self.ip.map(|ip| network(ip, 48)), ..self.clone() }
    }

    /// The `Accept-Language` header.
    #[must_use]
    pub fn accept_language(&self) -> Option<&str> {
        self.accept_language.as_deref()
    }

    /// What its device is called, by its `User-Agent`.
    #[must_use]
    pub fn device_name(&self) -> DeviceName {
        DeviceName::of(self.user_agent())
    }

    /// The cleaned `User-Agent`.
    #[must_use]
    pub fn user_agent(&self) -> Option<&str> {
        self.user_agent.as_deref()
    }
}

/// The network of so many bits that an address of IPv6 is in; one of IPv4 stands for itself.
fn network(ip: IpAddr, bits: u32) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & (u128::MAX << (128 - bits))).into(),
        ip @ IpAddr::V4(_) => ip,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_customer_is_one_network() {
        let network = |ip: &str| Client::new(Some(ip.parse().unwrap()), None).network().unwrap().to_string();
        for (ip, expected) in
            [("192.0.2.7", "192.0.2.7"), ("::ffff:192.0.2.7", "192.0.2.7"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::")]
        {
            assert_eq!(network(ip), expected);
        }
        assert_eq!((Client::default().network(), Client::new(None, None).network()), (None, None));
    }

    #[test]
    fn an_address_cannot_be_spelled_twice() {
        let networks = |ip: Option<&str>| {
            let networks = Client::new(ip.map(|ip| ip.parse().unwrap()), None).networks().into_iter();
            networks.map(|network| (network.to_string(), network.factor)).collect::<Vec<_>>()
        };
        assert_eq!(networks(Some("192.0.2.7")), [("192.0.2.7".to_owned(), 1)]);
        assert_eq!(networks(Some("::ffff:192.0.2.7")), networks(Some("192.0.2.7")));
        assert_eq!(networks(None), [("unknown".to_owned(), 1)]);
        let narrow = ("2001:db8:1:2::/64".to_owned(), 1);
        let wide = ("2001:db8:1::/48".to_owned(), 8);
        assert_eq!(networks(Some("2001:db8:1:2:3:4:5:6")), [narrow, wide.clone()]);
        assert_eq!(networks(Some("2001:db8:1:ffff::1"))[1], wide);
        assert_eq!(Client::default().networks(), []);
    }

    #[test]
    fn user_agents_are_one_short_visible_line() {
        let long = "x".repeat(1000);
        for (agent, kept) in [
            ("Mozilla/5.0 (X11; Linux x86_64)", "Mozilla/5.0 (X11; Linux x86_64)"),
            ("a\r\nlogin_success user=root", "alogin_success user=root"),
            ("\u{1b}[31mred\u{7}\t", "[31mred"),
            ("a\u{2028}b\u{85}c\u{202e}d\0", "abcd"),
            (&long, &long[..256]),
        ] {
            assert_eq!(Client::new(None, Some(agent)).user_agent(), Some(kept), "{agent:?}");
        }
        assert_eq!(Client::new(None, None).user_agent(), None);
    }
}

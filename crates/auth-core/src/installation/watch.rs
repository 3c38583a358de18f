//! Signs that requests come by way of a proxy that the configuration does not name.
//!
//! Limits, the list of sessions and the audit log go by the addresses of clients. Behind a proxy that is not trusted all
//! clients have the address of the proxy, and nothing else shows it until a limit locks everybody out.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use url::Url;

/// How many requests are looked at together, and how many of them make one address that of nearly all.
const WINDOW: u32 = 1_000;
const NEARLY_ALL: u32 = 950;

/// How often a server writes down that a sign is still there.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A sign that a proxy is not configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ProxySign {
    /// A peer with a private or loopback address, which is not trusted, sent `X-Forwarded-For` or `Forwarded`.
    ForwardedPrivately,
    /// A peer with a public address did so: a proxy, or a client that made it up.
    ForwardedPublicly,
    /// Nearly all of a thousand requests came from one private or loopback address.
    OneAddress,
}

impl ProxySign {
    /// Every sign.
    pub const ALL: [Self; 3] = [Self::ForwardedPrivately, Self::ForwardedPublicly, Self::OneAddress];

    /// The name of the fact.
    pub(super) const fn fact(self) -> &'static str {
        match self {
            Self::ForwardedPrivately => "proxy:private",
            Self::ForwardedPublicly => "proxy:public",
            Self::OneAddress => "proxy:one",
        }
    }

    /// What it means, and what to do about it.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::ForwardedPrivately => {
                "a peer with a private address sent `X-Forwarded-For` or `Forwarded` and is not trusted, so that its own address \
                 counts for all its clients: if it is your proxy, list it with `trusted_proxy`"
            }
            Self::ForwardedPublicly => {
                "a peer with a public address sent `X-Forwarded-For` or `Forwarded` and is not trusted, so that the header was \
                 ignored: if it is your proxy or your content delivery network, list its networks with `trusted_proxy`; if \
                 clients connect directly, one of them made the header up, and nothing is to be done"
            }
            Self::OneAddress => {
                "nearly all requests come from one private address, and limits count all of those as one client: if it is a \
                 proxy, let it send `X-Forwarded-For` and list it with `trusted_proxy`; if it is a gateway that hides addresses, \
                 let it pass them on"
            }
        }
    }
}

/// Looks at every request. On its way it costs a few atomic operations, and no statement.
pub(crate) struct PeerWatch {
    /// Whether addresses are counted: an app that is reached over http serves its own machine or its developer.
    counts: bool,
    signs: [Seen; ProxySign::ALL.len()],
    window: Window,
}

/// What became of a sign.
#[derive(Default)]
struct Seen {
    is_logged: AtomicBool,
    /// Whether it was seen since it was written down.
    is_due: AtomicBool,
    /// When this server last wrote it down, in seconds of its uptime plus one.
    written: AtomicU64,
}

/// The requests that are looked at together.
#[derive(Default)]
struct Window {
    total: AtomicU32,
    same: AtomicU32,
    /// The first private address, in a form of 64 bits.
    address: AtomicU64,
}

impl PeerWatch {
    pub(crate) fn new(public_url: &Url) -> Self {
        Self { counts: public_url.scheme() == "https", signs: Default::default(), window: Window::default() }
    }

    /// A peer that is not trusted has sent the header of a proxy.
    pub(crate) fn forwarded(&self, peer: IpAddr) {
        self.see(if is_private(peer) { ProxySign::ForwardedPrivately } else { ProxySign::ForwardedPublicly });
    }

    /// A request of a client came.
    pub(crate) fn count(&self, client: Option<IpAddr>) {
        if self.counts && self.window.add(client) {
            self.see(ProxySign::OneAddress);
        }
    }

    fn see(&self, sign: ProxySign) {
        let seen = &self.signs[sign as usize];
        if !seen.is_due.load(Ordering::Relaxed) {
            seen.is_due.store(true, Ordering::Relaxed);
        }
        if !seen.is_logged.load(Ordering::Relaxed) && !seen.is_logged.swap(true, Ordering::Relaxed) {
            tracing::warn!("{}", sign.advice());
        }
    }

    /// The signs that are to be written down now: those that were seen, and not written down within a day.
    pub(super) fn due(&self, uptime: Duration) -> impl Iterator<Item = ProxySign> {
        ProxySign::ALL.into_iter().filter(move |sign| {
            let seen = &self.signs[*sign as usize];
            let written = seen.written.load(Ordering::Relaxed);
            let is_fresh = written > 0 && uptime.as_secs() + 1 < written + DAY.as_secs();
            seen.is_due.load(Ordering::Relaxed) && !is_fresh
        })
    }

    /// A sign was written down.
    pub(super) fn written(&self, sign: ProxySign, uptime: Duration) {
        let seen = &self.signs[sign as usize];
        seen.is_due.store(false, Ordering::Relaxed);
        seen.written.store(uptime.as_secs() + 1, Ordering::Relaxed);
    }
}

impl Window {
    /// Counts a request. True for the last one of a window in which nearly all came from one private address.
    fn add(&self, client: Option<IpAddr>) -> bool {
        if let Some(client) = client.filter(|client| is_private(*client)) {
            let address = short(client);
            let first = self.address.compare_exchange(0, address, Ordering::Relaxed, Ordering::Relaxed);
            if first.is_ok() || first == Err(address) {
                self.same.fetch_add(1, Ordering::Relaxed);
            }
        }
        if self.total.fetch_add(1, Ordering::Relaxed) + 1 != WINDOW {
            return false;
        }
        self.total.store(0, Ordering::Relaxed);
        self.address.store(0, Ordering::Relaxed);
        self.same.swap(0, Ordering::Relaxed) >= NEARLY_ALL
    }
}

/// An address in 64 bits, not zero. Addresses of IPv6 that differ only beyond them count as one.
#[allow(clippy::cast_possible_truncation, reason = "half of the bits are left out on purpose")]
fn short(address: IpAddr) -> u64 {
    match address.to_canonical() {
        IpAddr::V4(address) => u64::from(address.to_bits()) | 1 << 40,
        IpAddr::V6(address) => ((address.to_bits() >> 64) as u64 ^ address.to_bits() as u64) | 1,
    }
}

/// Whether an address is from a network that the internet does not route, such as that of a proxy: loopback and link-local
/// addresses, private ones (RFC 1918, RFC 4193), and those of carriers and clouds (RFC 6598).
fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            let is_shared = first == 100 && second & 0xC0 == 64;
            address.is_loopback() || address.is_private() || address.is_link_local() || is_shared
        }
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn watch(url: &str) -> PeerWatch {
        PeerWatch::new(&Url::parse(url).unwrap())
    }

    fn due(watch: &PeerWatch, uptime: Duration) -> Vec<ProxySign> {
        watch.due(uptime).collect()
    }

    #[test]
    fn private_addresses_are_told_from_public_ones() {
        for private in
            ["127.0.0.1", "10.1.2.3", "172.31.0.1", "192.168.0.1", "169.254.1.1", "100.64.0.1", "100.127.9.9"]
        {
            assert!(is_private(ip(private)) && is_private(ip(&format!("::ffff:{private}"))), "{private}");
        }
        for private in ["::1", "fd00::1", "fe80::1"] {
            assert!(is_private(ip(private)), "{private}");
        }
        for public in ["100.128.0.1", "100.63.0.1", "172.32.0.1", "198.51.100.1", "2001:4860::1"] {
            assert!(!is_private(ip(public)), "{public}");
        }
    }

    #[test]
    fn nearly_all_requests_from_one_private_address_are_a_sign() {
        const PROXY: &str = "10.0.0.3";
        let seen = |url: &str, others: u32, other: &str, proxy: &str| {
            let watch = watch(url);
            (0..WINDOW).for_each(|turn| watch.count(Some(ip(if turn < others { other } else { proxy }))));
            due(&watch, Duration::ZERO)
        };
        let https = "https://notes.example.com";
        for (others, other) in [(0, PROXY), (50, "198.51.100.7")] {
            assert_eq!(seen(https, others, other, PROXY), [ProxySign::OneAddress], "{others}");
        }
        assert_eq!(seen(https, 51, "198.51.100.7", PROXY), []);
        assert_eq!(seen(https, 500, "10.0.0.4", PROXY), [], "two proxies, or two users of a local network");
        assert_eq!(seen(https, 0, PROXY, "198.51.100.7"), [], "a public address may be a crawler's");
        assert_eq!(seen("http://localhost:3000", 0, PROXY, "127.0.0.1"), [], "a developer has one address");
        let unknown = watch(https);
        (0..WINDOW).for_each(|_| unknown.count(None));
        assert_eq!(due(&unknown, Duration::ZERO), []);
    }

    #[test]
    fn a_window_begins_anew() {
        let watch = watch("https://notes.example.com");
        (0..WINDOW).for_each(|_| watch.count(Some(ip("198.51.100.7"))));
        (1..WINDOW).for_each(|_| watch.count(Some(ip("10.0.0.3"))));
        assert_eq!(due(&watch, Duration::ZERO), []);
        watch.count(Some(ip("10.0.0.3")));
        assert_eq!(due(&watch, Duration::ZERO), [ProxySign::OneAddress]);
    }

    #[test]
    fn a_sign_is_due_once_a_day() {
        let (watch, hour) = (watch("https://notes.example.com"), Duration::from_secs(60 * 60));
        watch.forwarded(ip("10.0.0.3"));
        assert_eq!(due(&watch, hour), [ProxySign::ForwardedPrivately]);
        watch.written(ProxySign::ForwardedPrivately, hour);
        watch.forwarded(ip("10.0.0.3"));
        watch.forwarded(ip("198.51.100.7"));
        assert_eq!(due(&watch, 2 * hour), [ProxySign::ForwardedPublicly]);
        assert_eq!(due(&watch, 26 * hour), [ProxySign::ForwardedPrivately, ProxySign::ForwardedPublicly]);
        watch.written(ProxySign::ForwardedPrivately, 26 * hour);
        assert_eq!(due(&watch, 60 * hour), [ProxySign::ForwardedPublicly], "it was not seen again");
    }
}

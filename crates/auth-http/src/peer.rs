//! The client's address behind proxies.

use std::net::{IpAddr, SocketAddr};
use std::sync::Once;

use auth_core::{Auth, Client, Settings};
use http::header::{ACCEPT_LANGUAGE, FORWARDED, HeaderMap, HeaderName, USER_AGENT};

/// One line in the log is enough.
static UNKNOWN: Once = Once::new();
static UNTOLD: Once = Once::new();

/// Where some proxies name the client instead: clients could write them as well.
static UNREAD: [HeaderName; 4] = [
    FORWARDED,
    HeaderName::from_static("x-real-ip"),
    HeaderName::from_static("cf-connecting-ip"),
    HeaderName::from_static("true-client-ip"),
];

pub(crate) static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// What nginx writes for one that connects by a Unix socket.
const SOCKET: &str = "unix:";

/// Who is at the other end: the peer of the connection, or, where that is a trusted proxy, the last address in
/// `X-Forwarded-For` that does not belong to one.
pub(crate) fn client(settings: &Settings, headers: &HeaderMap, peer: Option<IpAddr>) -> Client {
    let agent = headers.get(USER_AGENT).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let language = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let address = address(settings, headers, peer.map(|peer| peer.to_canonical()));
    if address.is_none() {
        UNKNOWN.call_once(|| {
            tracing::warn!(
                "a request came from an unknown address, and limits count all of those as one client: tell the server to pass \
                 addresses on, or call `trusted_unix_socket` where a proxy connects by a Unix socket"
            );
        });
    }
    Client::new(address, agent.as_deref()).with_accept_language(language)
}

/// Looks for signs of a proxy that is not configured. It reads which headers there are, and never what they say.
pub(crate) fn watch(auth: &Auth, headers: &HeaderMap, peer: Option<IpAddr>, client: &Client) {
    if let Some(peer) = peer.map(|peer| peer.to_canonical())
        && [&X_FORWARDED_FOR, &FORWARDED].iter().any(|name| headers.contains_key(*name))
        && !trusts(auth.settings(), peer)
    {
        auth.kernel().peer_forwarded(peer);
    }
    auth.kernel().client_came(client.ip);
}

fn trusts(settings: &Settings, address: IpAddr) -> bool {
    settings.trusted_proxies.iter().any(|proxy| proxy.contains(&address))
}

fn address(settings: &Settings, headers: &HeaderMap, peer: Option<IpAddr>) -> Option<IpAddr> {
    let trusted = |address: IpAddr| trusts(settings, address);
    if !peer.map_or(settings.trusts_unix_socket, trusted) {
        return peer;
    }
    // What a client wrote before it must not take the word of the proxy away, whatever bytes it has.
    let lines: Vec<_> =
        headers.get_all(&X_FORWARDED_FOR).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
    if lines.is_empty() && UNREAD.iter().any(|name| headers.contains_key(name)) {
        UNTOLD.call_once(|| {
            tracing::warn!(
                "a trusted proxy sends no `X-Forwarded-For`, so that its own address counts for all its clients: tell it to write \
                 that header; others, such as `Forwarded` and `X-Real-IP`, are not read"
            );
        });
    }
    // A list may have empty elements (RFC 9110, section 5.6.1.2).
    let hops = lines.iter().flat_map(|line| line.split(',')).map(str::trim).filter(|hop| !hop.is_empty());
    let mut nearest = peer;
    for hop in hops.rev() {
        if hop == SOCKET && settings.trusts_unix_socket {
            continue;
        }
        // What cannot be read was not written by a proxy that is trusted: nothing before it counts either.
        let Some(hop) = parse(hop) else { break };
        nearest = Some(hop);
        if !trusted(hop) {
            break;
        }
    }
    nearest
}

/// An address as proxies write it: bare, in brackets, or with a port.
fn parse(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().or_else(|_| text.parse::<SocketAddr>().map(|address| address.ip())).ok()?;
    Some(IpAddr::to_canonical(&address))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{headers, settings};

    #[test]
    fn headers_count_behind_trusted_proxies_only() {
        let mut settings = settings("https://notes.example.com", &[]);
        settings.trusted_proxies = ["10.0.0.0/8", "2001:db8::/32"].iter().map(|net| net.parse().unwrap()).collect();
        let cases: [(&str, &[&str], &str); 18] = [
            ("203.0.113.9", &["198.51.100.1"], "203.0.113.9"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["192.0.2.66, 198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["192.0.2.66", "198.51.100.1, 10.2.3.4"], "198.51.100.1"),
            ("10.0.0.1", &["198.51.100.1:4711"], "198.51.100.1"),
            ("10.0.0.1", &["[2001:4860::1]:4711"], "2001:4860::1"),
            ("10.0.0.1", &["[2001:4860::1]"], "2001:4860::1"),
            ("10.0.0.1", &["198.51.100.1, unknown"], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.1, unknown, 10.9.9.9"], "10.9.9.9"),
            ("::ffff:10.0.0.1", &["::ffff:198.51.100.1"], "198.51.100.1"),
            ("2001:db8::1", &["198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["198.51.100.1,"], "198.51.100.1"),
            ("10.0.0.1", &["192.0.2.66,198.51.100.1, ,10.0.0.2"], "198.51.100.1"),
            ("10.0.0.1", &["198.51.100.1", ""], "198.51.100.1"),
            ("10.0.0.1", &["2001:4860::1:8080"], "2001:4860::1:8080"),
            // No socket is trusted.
            ("10.0.0.1", &["198.51.100.1, unix:"], "10.0.0.1"),
            ("10.0.0.1", &["unix:"], "10.0.0.1"),
        ];
        for (peer, forwarded, expected) in cases {
            let lines: Vec<_> = forwarded.iter().map(|line| ("x-forwarded-for", *line)).collect();
            let client = client(&settings, &headers(&lines), Some(peer.parse().unwrap()));
            assert_eq!(client.ip.unwrap().to_string(), expected, "{peer} {forwarded:?}");
        }
    }

    #[test]
    fn a_socket_has_no_address_and_may_be_a_proxy() {
        let mut settings = settings("https://notes.example.com", &[]);
        settings.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
        for (trusts, forwarded, expected) in [
            (false, "198.51.100.1", None),
            (true, "198.51.100.1", Some("198.51.100.1")),
            (true, "192.0.2.66, 198.51.100.1", Some("198.51.100.1")),
            (true, "192.0.2.66, 198.51.100.1, 10.0.0.7", Some("198.51.100.1")),
            (true, "unix:", None),
            (true, "198.51.100.1, unix:", Some("198.51.100.1")),
            (true, "192.0.2.66, 198.51.100.1, unix:, 10.0.0.7", Some("198.51.100.1")),
            (true, "", None),
        ] {
            settings.trusts_unix_socket = trusts;
            let client = client(&settings, &headers(&[("x-forwarded-for", forwarded)]), None);
            assert_eq!(client.ip.map(|ip| ip.to_string()).as_deref(), expected, "{trusts} {forwarded:?}");
        }
        let direct = client(&settings, &headers(&[("x-forwarded-for", "198.51.100.1")]), Some([192, 0, 2, 1].into()));
        assert_eq!(direct.ip, Some([192, 0, 2, 1].into()), "a peer with an address is judged by it");
    }
}

//! The client's address behind proxies.

use std::net::{IpAddr, SocketAddr};

use auth_core::{Client, Settings};
use http::header::{HeaderMap, USER_AGENT};

/// Who is at the other end: the peer of the connection, or, where that is a trusted proxy, the last address in
/// `X-Forwarded-For` that is none.
pub(crate) fn client(settings: &Settings, headers: &HeaderMap, peer: Option<IpAddr>) -> Client {
    let agent = headers.get(USER_AGENT).map(|value| String::from_utf8_lossy(value.as_bytes()));
    Client::new(peer.map(|peer| address(settings, headers, peer)), agent.as_deref())
}

fn address(settings: &Settings, headers: &HeaderMap, peer: IpAddr) -> IpAddr {
    let trusted = |address: IpAddr| settings.trusted_proxies.iter().any(|proxy| proxy.contains(&address));
    let peer = peer.to_canonical();
    if !trusted(peer) {
        return peer;
    }
    let forwarded: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    let mut nearest = peer;
    for hop in forwarded.into_iter().rev() {
        // What cannot be read was not written by a proxy that is trusted: nothing before it counts either.
        let Some(hop) = parse(hop.trim()) else { break };
        nearest = hop;
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

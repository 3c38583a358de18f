//! Headers and paths.

use std::net::IpAddr;
use std::sync::LazyLock;

use auth_core::identifier::has_forbidden_characters;
use auth_core::{Client, Settings};
use http::header::{AUTHORIZATION, COOKIE as COOKIE_HEADER, HeaderMap, HeaderName, HeaderValue, ORIGIN, UPGRADE};
use http::{Method, Request, Uri};
use url::Url;

use super::shared::{AUTH, COOKIE, LISTED, OWN, headers, lines, values, with};
use crate::csrf::SEC_FETCH_SITE;
use crate::exclusions::Exclusions;
use crate::peer::X_FORWARDED_FOR;
use crate::{cookie, credential, csrf, peer};

/// `Cookie`, one header on each line, after a line with the path: one cookie of the name counts, whatever is beside it.
pub(super) fn cookie(input: &[u8]) {
    let headers = values(&COOKIE_HEADER, input);
    let found = cookie::get(&headers, COOKIE);
    // A cookie that somebody else set changes nothing, in a header of its own or beside ours.
    let others = with(&headers, COOKIE_HEADER, b"a\xff=\"; notes2=x; =; ;no\xf0tes");
    assert_eq!(cookie::get(&others, COOKIE), found);
    let around = |value: &HeaderValue| [b"x=\"\xff;", value.as_bytes(), b";notes"].concat();
    let around = headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_bytes(&around(value)).unwrap()));
    assert_eq!(cookie::get(&around.collect(), COOKIE), found);
    // A second one of the name does.
    let twice = with(&headers, COOKIE_HEADER, b" notes = second ");
    let is_present = cookie::is_present(&headers, COOKIE);
    assert_eq!(cookie::get(&twice, COOKIE), if is_present { None } else { Some("second") });
    let transport = &AUTH.backends()[0].transport;
    if let Some(value) = found {
        assert!(is_present && !value.contains(';') && value.trim_ascii() == value);
        let written = |value| cookie::write(transport, value, None).expect("a header").as_bytes().to_vec();
        let (own, usual) = (written(value), written("token"));
        // No value adds an attribute to the cookie that is written.
        assert_eq!(own.strip_prefix(format!("{COOKIE}={value}").as_bytes()), usual.strip_prefix(b"notes=token"));
        let sent = values(&COOKIE_HEADER, own.split(|byte| *byte == b';').next().unwrap_or_default());
        assert_eq!(cookie::get(&sent, COOKIE), found);
    }
    let path = lines(input).next().and_then(|line| Uri::try_from(line).ok()).unwrap_or_default();
    strays(&headers, path, is_present && found.is_none());
}

/// What removes cookies of other domains and paths: a bounded number of well-formed headers, and only where two came.
fn strays(headers: &HeaderMap, path: Uri, may_be_several: bool) {
    let mut request = Request::new(());
    (*request.headers_mut(), *request.uri_mut()) = (headers.clone(), path);
    let removals = cookie::remove_strays(&AUTH, &request.into_parts().0);
    assert!(removals.is_empty() || may_be_several);
    // Some three kilobytes.
    assert!(removals.len() <= 32);
    let own = cookie::clear(&AUTH.backends()[0].transport).expect("a header");
    for removal in removals {
        assert_ne!(removal, own, "the cookie of the session itself would be removed");
        let removal = removal.to_str().expect("visible ASCII");
        let mut parts = removal.split("; ");
        assert_eq!(parts.next(), Some("notes="));
        let path = parts.next().and_then(|part| part.strip_prefix("Path=")).expect("a path");
        assert!(path.starts_with('/'));
        assert!(parts.all(|part| {
            ["HttpOnly", "SameSite=Lax", "Secure", "Partitioned", "Max-Age=0"].contains(&part)
                || part.starts_with("Domain=")
        }));
    }
}

/// `Authorization`, one header on each line: the one bearer token, of the characters of RFC 6750.
pub(super) fn authorization(input: &[u8]) {
    let headers = values(&AUTHORIZATION, input);
    let find = |headers: &HeaderMap| -> Vec<String> {
        let found = credential::find(&AUTH, headers, None).into_iter();
        found.map(|credential| credential.token.to_owned()).collect()
    };
    let found = find(&headers);
    let expected = the_token(&headers);
    // Two backends take bearer tokens.
    assert_eq!(found, expected.iter().chain(&expected).map(|token| (*token).to_owned()).collect::<Vec<_>>());
    assert!(!credential::has_cookie(&AUTH, &headers));
    if let Some(token) = expected {
        assert_eq!(find(&with(&HeaderMap::new(), AUTHORIZATION, format!("BEARER {token}").as_bytes())), found);
    }
    if !headers.is_empty() {
        assert!(find(&with(&headers, AUTHORIZATION, b"Bearer second")).is_empty());
    }
}

/// The same read in the plainest way.
fn the_token(headers: &HeaderMap) -> Option<&str> {
    let all: Vec<_> = headers.get_all(AUTHORIZATION).iter().collect();
    let [value] = all[..] else { return None };
    let (scheme, token) = value.as_bytes().split_at_checked("Bearer ".len())?;
    let is_fine = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(byte);
    let is_token = scheme.eq_ignore_ascii_case(b"bearer ") && !token.is_empty() && token.iter().all(is_fine);
    std::str::from_utf8(token).ok().filter(|_| is_token)
}

static PROXIED: LazyLock<Settings> = LazyLock::new(|| {
    let mut settings = AUTH.settings().clone();
    settings.trusted_proxies = ["10.0.0.0/8", "2001:db8::/32"].map(|network| network.parse().unwrap()).to_vec();
    settings.trusts_unix_socket = true;
    settings
});

/// The address of the client: the peer on the first line, then headers. What a client writes itself never counts.
pub(super) fn forwarded(input: &[u8]) {
    let peer = lines(input).next().and_then(|line| std::str::from_utf8(line).ok()?.trim().parse::<IpAddr>().ok());
    let headers = headers(input);
    let found = peer::client(&PROXIED, &headers, peer);
    is_presentable(&found);
    let canonical = peer.map(|peer| peer.to_canonical());
    let is_trusted = |ip: IpAddr| PROXIED.trusted_proxies.iter().any(|proxies| proxies.contains(&ip));
    if !canonical.is_none_or(is_trusted) {
        assert_eq!(found.ip, canonical);
        return;
    }
    assert!(found.ip.is_none_or(|ip| ip == ip.to_canonical()));
    assert!(canonical.is_none() || found.ip.is_some());
    let ip = |headers: &HeaderMap| peer::client(&PROXIED, headers, peer).ip.map(|ip| ip.to_string());
    // A trusted proxy writes the address of its client last, and a second one that of the first.
    let once = with(&headers, X_FORWARDED_FOR.clone(), b"198.51.100.7");
    assert_eq!(ip(&once).as_deref(), Some("198.51.100.7"));
    assert_eq!(
        ip(&with(&once, X_FORWARDED_FOR.clone(), b"10.1.2.3:4711, [2001:db8::7]")).as_deref(),
        Some("198.51.100.7")
    );
    // What it cannot read ends the list.
    assert_eq!(ip(&with(&headers, X_FORWARDED_FOR.clone(), b"unknown")), canonical.map(|peer| peer.to_string()));
    if found.ip.is_some_and(|ip| !is_trusted(ip)) {
        let mut planted = with(&HeaderMap::new(), X_FORWARDED_FOR.clone(), b"192.0.2.66, \xff, 10.9.9.9");
        planted.extend(headers.clone());
        assert_eq!(ip(&planted), ip(&headers));
    }
}

/// What is kept of a client is short, and is one visible line.
fn is_presentable(client: &Client) {
    let agent = client.user_agent();
    assert!(agent.is_none_or(|agent| agent.chars().count() <= 256 && !has_forbidden_characters(agent)));
    assert_eq!(Client::new(None, agent).user_agent(), agent);
    assert!(client.accept_language().is_none_or(|language| language.chars().count() <= 256));
}

/// `Origin` and Fetch Metadata: what is allowed comes from an origin that is listed, or from something that is not a browser.
pub(super) fn csrf(input: &[u8]) {
    let headers = headers(input);
    let settings = AUTH.settings();
    let all = |name: &HeaderName| headers.get_all(name).iter().map(HeaderValue::as_bytes).collect::<Vec<_>>();
    let (origins, sites) = (all(&ORIGIN), all(&SEC_FETCH_SITE));
    let is_own_site = sites == [b"same-origin".as_slice()];
    let asks_for_upgrade = csrf::acts(&Method::GET, &headers);
    let is_listed = |origin: &[u8]| LISTED.iter().any(|listed| listed.as_bytes() == origin);
    let is_allowed = csrf::allows(settings, &headers);
    if is_allowed {
        assert!(sites.len() < 2);
        match origins[..] {
            [] if sites.is_empty() => {
                assert!(["sec-fetch-dest", "sec-fetch-user"].iter().all(|mark| !headers.contains_key(*mark)))
            }
            [] | [b"null"] => assert!(is_own_site),
            [origin] if origin == OWN.as_bytes() => assert!(sites.is_empty() || is_own_site || asks_for_upgrade),
            [origin] => assert!(is_listed(origin)),
            _ => panic!("two origins were allowed"),
        }
    }
    assert!(csrf::acts(&Method::POST, &headers) && csrf::acts(&Method::GET, &with(&headers, UPGRADE, b"websocket")));
    assert!(!csrf::allows(settings, &with(&headers, ORIGIN, b"https://evil.example")));
    let from_elsewhere = csrf::allows(settings, &with(&headers, SEC_FETCH_SITE.clone(), b"cross-site"));
    let stays = matches!(origins[..], [origin] if is_listed(origin) || origin == OWN.as_bytes() && asks_for_upgrade);
    assert_eq!(from_elsewhere, is_allowed && sites.is_empty() && stays);
    // The line in the log is one short word, whatever came.
    for origin in headers.get_all(ORIGIN) {
        let shown = csrf::shown(origin);
        assert!(shown == "(not an origin)" || shown.len() <= 128 && shown.bytes().all(|byte| byte.is_ascii_graphic()));
    }
}

static EXCLUSIONS: LazyLock<Exclusions> = LazyLock::new(|| {
    let mut exclusions = Exclusions::default();
    ["/about", "/public/*", "/files/{id}/raw"].iter().for_each(|pattern| exclusions.exclude(pattern));
    exclusions
});

/// Paths of a protected subtree: one that needs no user is in the same place for every router.
pub(super) fn path(input: &[u8]) {
    let Ok(uri) = Uri::try_from(input) else { return };
    let path = uri.path();
    if EXCLUSIONS.guards(&Method::GET, path) {
        return;
    }
    let url = Url::parse(&format!("{OWN}{path}")).expect("a URL");
    let segments: Vec<&str> = url.path_segments().expect("a path").collect();
    assert_eq!(segments.len(), path.split('/').count() - 1, "{path}");
    let is_meant = match segments[..] {
        ["about"] => true,
        ["files", id, "raw"] => !id.is_empty(),
        ["public", ..] => true,
        _ => false,
    };
    assert!(is_meant && !path.contains(['%', '\\', ';']) && !path.contains("//"), "{path}");
}

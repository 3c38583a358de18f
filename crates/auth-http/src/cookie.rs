//! Reading `Cookie` and writing `Set-Cookie` (RFC 6265bis).

use std::borrow::Cow;
use std::time::Duration;

use auth_core::session::Session;
use auth_core::time::OffsetDateTime;
use auth_core::uuid::Uuid;
use auth_core::{Auth, BuiltBackend, Principal, SameSite, Settings, Transport};
use http::header::{self, HeaderMap, HeaderValue};
use http::request::Parts;
use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

/// The value of a cookie, if the request has exactly one of this name.
///
/// Two of one name mean that somebody planted a second one, from a sub-domain for instance; there is no telling which
/// is ours.
pub(crate) fn get<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut values = all(headers, name);
    let value = values.next()?;
    if values.next().is_some() {
        return None;
    }
    std::str::from_utf8(value).ok()
}

/// Whether the request has a cookie of this name, however many times.
pub(crate) fn is_present(headers: &HeaderMap, name: &str) -> bool {
    all(headers, name).next().is_some()
}

/// The values of every cookie of this name. A header is bytes: what somebody else's cookie holds is not for us to read,
/// and must neither hide ours nor the second one of its name.
fn all<'h>(headers: &'h HeaderMap, name: &str) -> impl Iterator<Item = &'h [u8]> {
    let pairs = headers.get_all(header::COOKIE).iter().flat_map(|header| header.as_bytes().split(|c| *c == b';'));
    pairs.filter_map(move |pair| {
        let equals = pair.iter().position(|c| *c == b'=')?;
        let (key, value) = pair.split_at(equals);
        (key.trim_ascii() == name.as_bytes()).then(|| value[1..].trim_ascii())
    })
}

/// The header that gives the client the token of its session; `None` for a transport that is not a cookie.
pub(crate) fn set(transport: &Transport, session: &Session, token: &str, now: OffsetDateTime) -> Option<HeaderValue> {
    let Transport::Cookie { max_age, .. } = transport else { return None };
    let left: Duration = (session.expires_at - now).try_into().unwrap_or_default();
    // The second that has begun counts: the server knows the moment.
    let left = Duration::from_secs(left.as_secs() + u64::from(left.subsec_nanos() > 0));
    let max_age = if session.remembered { Some(left) } else { max_age.map(|age| age.min(left)) };
    write(transport, token, max_age)
}

pub(crate) fn write(transport: &Transport, value: &str, max_age: Option<Duration>) -> Option<HeaderValue> {
    render(transport, value, max_age).map(|mut value| {
        value.set_sensitive(true);
        value
    })
}

/// In how many parts of its life a cookie is prolonged: fewer mean that it ends sooner after the last use of the session.
const PARTS: u32 = 8;

/// A cookie that is due to be prolonged, because the session is used. It is decided when the answer is there: the session may
/// have ended meanwhile, or have a new token.
#[derive(Debug)]
pub struct Due {
    pub(crate) cookie: HeaderValue,
    pub(crate) session_id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) security_epoch: i64,
    pub(crate) interval: Duration,
}

impl Due {
    /// The cookie of a session that is used, if its browser keeps it for a time of which an eighth is over. Remembered sessions
    /// have theirs to their end.
    pub(crate) fn of(auth: &Auth, headers: &HeaderMap, principal: &Principal) -> Option<Self> {
        let session = &principal.session;
        let backend = auth.sessions().backend(&session.backend).ok()?;
        let transport = &backend.transport;
        let Transport::Cookie { name, max_age: Some(age), .. } = transport else { return None };
        let (now, interval) = (auth.now(), *age / PARTS);
        // One that is refreshed gets a new token instead.
        if session.remembered || backend.refresh_transport().is_some() || now < session.token_at + interval {
            return None;
        }
        let cookie = set(transport, session, get(headers, name)?, now)?;
        let (user_id, security_epoch) = (principal.user.id, principal.user.security_epoch);
        Some(Self { cookie, session_id: session.id, user_id, security_epoch, interval })
    }

    /// What to add to an answer with these values of `Set-Cookie` and `Cache-Control`: nothing if it has to do without, and
    /// nothing if the session ended, has another token, or was prolonged by another request.
    pub async fn settle<'h>(
        self,
        auth: &Auth,
        set: impl Iterator<Item = &'h [u8]>,
        cache_control: impl Iterator<Item = &'h [u8]>,
    ) -> Option<Prolonged> {
        let makes_private = fits(&self.cookie, set, cache_control)?;
        let noted = auth.sessions().prolong(self.session_id, self.user_id, self.security_epoch, self.interval).await;
        let is_due = noted.unwrap_or_else(|cause| {
            tracing::warn!(%cause, "the cookie of a session could not be prolonged");
            false
        });
        is_due.then_some(Prolonged { cookie: self.cookie, makes_private })
    }
}

/// What prolongs a cookie.
#[derive(Debug)]
pub struct Prolonged {
    /// The header `Set-Cookie`.
    pub cookie: HeaderValue,
    /// Whether the answer has to say that it is [`PRIVATE`]: a shared cache might keep it, and the cookie with it.
    pub makes_private: bool,
}

/// What `Cache-Control` says of an answer that is for one browser alone.
pub const PRIVATE: HeaderValue = HeaderValue::from_static("private");

/// Prolongs a cookie with an answer.
pub async fn prolong(headers: &mut HeaderMap, due: Due, auth: &Auth) {
    let values = |name| headers.get_all(name).iter().map(HeaderValue::as_bytes);
    let (set, cache_control) = (values(header::SET_COOKIE), values(header::CACHE_CONTROL));
    // Boxed: hardly any answer has one.
    let Some(prolonged) = Box::pin(due.settle(auth, set, cache_control)).await else { return };
    if prolonged.makes_private {
        headers.insert(header::CACHE_CONTROL, PRIVATE);
    }
    headers.append(header::SET_COOKIE, prolonged.cookie);
}

/// Whether an answer has to be made private for a cookie that is not its own; `None` if it sets the cookie itself, and if it
/// says that shared caches may keep it (RFC 9111, section 7.3).
fn fits<'h>(
    cookie: &HeaderValue,
    mut set: impl Iterator<Item = &'h [u8]>,
    cache_control: impl Iterator<Item = &'h [u8]>,
) -> Option<bool> {
    let name = |header: &'h [u8]| header.split(|c| *c == b'=').next();
    let own = cookie.as_bytes().split(|c| *c == b'=').next();
    if set.any(|header| name(header) == own) {
        return None;
    }
    let mut directives = cache_control.flat_map(|value| value.split(|c| *c == b',')).map(<[u8]>::trim_ascii).peekable();
    let is_silent = directives.peek().is_none();
    let keeps_out = |directive: &[u8]| {
        [b"private".as_slice(), b"no-store"].iter().any(|wanted| directive.eq_ignore_ascii_case(wanted))
    };
    (is_silent || directives.any(keeps_out)).then_some(is_silent)
}

/// The header that takes it away again: the same cookie, emptied.
pub(crate) fn clear(transport: &Transport) -> Option<HeaderValue> {
    render(transport, "", Some(Duration::ZERO))
}

/// The headers that remove what a browser holds beside the session's own cookie, when it sends several of its name: from before its
/// domain, its path or its partition was changed, or planted by a sub-domain. Such a request carries no token, so that the user could
/// neither log in nor out until the others are gone. Browsers tell neither domain nor path: those are named that could have sent a
/// cookie here.
pub(crate) fn remove_strays(auth: &Auth, parts: &Parts) -> Vec<HeaderValue> {
    let is_several = |transport: &Transport| match transport {
        Transport::Cookie { name, .. } => all(&parts.headers, name).nth(1).is_some(),
        Transport::Bearer => false,
    };
    let transports =
        auth.backends().iter().flat_map(BuiltBackend::transports).filter(|transport| is_several(transport));
    let mut removals = Vec::new();
    for transport in transports {
        tracing::warn!(
            "a browser sent several session cookies of one name, and is told to remove those of other domains, paths and partitions"
        );
        let elsewhere = elsewhere(transport, &auth.settings().public_url, parts.uri.path());
        removals.extend(elsewhere.iter().filter_map(clear));
    }
    removals
}

/// The same cookie at every other place from which a browser may have sent it, the likeliest first.
fn elsewhere(own: &Transport, url: &Url, request_path: &str) -> Vec<Transport> {
    let Transport::Cookie { name, path: own_path, domain: own_domain, secure, partitioned, .. } = own else {
        return Vec::new();
    };
    let mut places = Vec::new();
    // Beside each cookie, browsers keep one that is partitioned.
    let jars: &[bool] = if *secure { &[*partitioned, !*partitioned] } else { &[false] };
    // Of such a name, they keep no others.
    let (domains, paths) = match name.starts_with("__Host-") {
        true => (vec![None], Vec::new()),
        false => (domains(url), paths(request_path)),
    };
    for domain in &domains {
        for path in ["/", own_path] {
            places.extend(jars.iter().map(|jar| (domain.clone(), path.to_owned(), *jar)));
        }
    }
    for path in paths {
        places.extend([None, own_domain.clone()].map(|domain| (domain, path.clone(), *partitioned)));
    }
    let mut others = Vec::new();
    for place in places {
        let mut other = own.clone();
        if let Transport::Cookie { domain, path, partitioned, .. } = &mut other {
            (*domain, *path, *partitioned) = place;
        }
        if other != *own && !others.contains(&other) {
            others.push(other);
        }
    }
    // Proxies refuse answers whose headers are too long.
    others.truncate(MAX_REMOVALS);
    others
}

/// How many places are named in one answer: by then the headers are some three kilobytes long.
const MAX_REMOVALS: usize = 32;

/// The domains from which a browser sends cookies to a host: none but the host, the host with all below it, and its parents but
/// for the last, for which browsers take none.
fn domains(url: &Url) -> Vec<Option<String>> {
    let Some(Host::Domain(host)) = url.host() else { return vec![None] };
    let parents = std::iter::successors(Some(host), |name| name.split_once('.').map(|(_, parent)| parent));
    std::iter::once(None).chain(parents.filter(|name| name.contains('.')).map(|name| Some(name.to_owned()))).collect()
}

/// The paths of cookies that a browser sends with a request: each beginning of its path, with a slash at its end and without,
/// that can be written into a cookie, where a semicolon would begin something else.
fn paths(path: &str) -> Vec<String> {
    let may = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~%".contains(&byte);
    let inner = path.match_indices('/').map(|(end, _)| end).chain([path.len()]).map(|end| &path[..end]);
    let inner = inner.filter(|path| path.len() > 1 && path.starts_with('/') && path.bytes().all(may)).take(MAX_PATHS);
    inner.flat_map(|path| [path.to_owned(), format!("{path}/")]).collect()
}

/// How many beginnings of a path are looked at: an attacker may choose long ones.
const MAX_PATHS: usize = 6;

/// The name of the cookie of a known device. Cookies of one host have no ports: the name tells servers on one machine
/// apart.
pub(crate) fn device_name(settings: &Settings) -> Cow<'static, str> {
    let url = &settings.public_url;
    if url.scheme() == "https" {
        return "__Host-device".into();
    }
    url.port_or_known_default().map_or("device".into(), |port| format!("device_{port}").into())
}

/// The header by which a browser is known from now on, if it needs one.
pub(crate) fn device(settings: &Settings, token: Option<&SecretString>) -> Option<HeaderValue> {
    let transport = Transport::Cookie {
        name: device_name(settings).into_owned(),
        max_age: None,
        path: "/".to_owned(),
        domain: None,
        secure: settings.public_url.scheme() == "https",
        same_site: SameSite::Lax,
        partitioned: false,
    };
    write(&transport, token?.expose_secret(), Some(settings.configs.devices.cookie_lifetime))
}

fn render(transport: &Transport, value: &str, max_age: Option<Duration>) -> Option<HeaderValue> {
    let Transport::Cookie { name, path, domain, secure, same_site, partitioned, .. } = transport else { return None };
    let mut cookie = format!("{name}={value}; Path={path}; HttpOnly; SameSite=");
    cookie.push_str(match same_site {
        SameSite::Lax => "Lax",
        SameSite::Strict => "Strict",
        SameSite::None => "None",
    });
    if *secure {
        cookie.push_str("; Secure");
    }
    if *partitioned {
        cookie.push_str("; Partitioned");
    }
    if let Some(domain) = domain {
        cookie.push_str("; Domain=");
        cookie.push_str(domain);
    }
    if let Some(age) = max_age {
        cookie.push_str("; Max-Age=");
        cookie.push_str(&age.as_secs().to_string());
    }
    HeaderValue::try_from(cookie).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transport(secure: bool) -> Transport {
        Transport::Cookie {
            name: "auth".to_owned(),
            max_age: Some(Duration::from_secs(60)),
            path: "/".to_owned(),
            domain: None,
            secure,
            same_site: SameSite::Lax,
            partitioned: false,
        }
    }

    #[test]
    fn writes_and_clears_with_the_same_attributes() {
        let written = write(&transport(true), "token", Some(Duration::from_secs(60))).unwrap();
        let cleared = clear(&transport(true)).unwrap();
        assert_eq!(written, "auth=token; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=60");
        assert_eq!(cleared, "auth=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0");
        assert_eq!(clear(&Transport::Bearer), None);
        let mut framed = transport(true);
        if let Transport::Cookie { same_site, partitioned, .. } = &mut framed {
            (*same_site, *partitioned) = (SameSite::None, true);
        }
        assert_eq!(clear(&framed).unwrap(), "auth=; Path=/; HttpOnly; SameSite=None; Secure; Partitioned; Max-Age=0");
    }

    #[test]
    fn no_shared_cache_keeps_a_cookie() {
        for (set, cache_control, expected) in [
            (&[][..], &[][..], Some(true)),
            (&["theme=dark; Path=/"], &[], Some(true)),
            (&["auth=other; Path=/"], &[], None),
            (&["auth=other; Path=/"], &["no-store"], None),
            (&[], &["no-store"], Some(false)),
            (&[], &["max-age=60, Private"], Some(false)),
            (&[], &["max-age=60", "private"], Some(false)),
            (&[], &["max-age=60"], None),
            (&[], &["public, max-age=31536000, immutable"], None),
            (&[], &["no-cache"], None),
            (&[], &["private=\"x-name\""], None),
        ] {
            let cookie = HeaderValue::from_static("auth=token; Path=/");
            let bytes = |values: &'static [&'static str]| values.iter().map(|value| value.as_bytes());
            assert_eq!(fits(&cookie, bytes(set), bytes(cache_control)), expected, "{set:?} {cache_control:?}");
        }
    }

    #[test]
    fn reads_one_cookie_and_refuses_two_of_a_name() {
        let cases: [(&[&[u8]], Option<&str>); 15] = [
            (&[b"auth=a"], Some("a")),
            (&[b"other=b; auth=a; more=c"], Some("a")),
            (&[b"other=b", b"auth=a"], Some("a")),
            (&[b"auth=a; auth=b"], None),
            (&[b"auth=a", b"auth=a"], None),
            (&[b"xauth=a"], None),
            (&[b"AUTH=a"], None),
            (&[b"auth"], None),
            (&[b"=a; ;;"], None),
            (&[b"auth = a "], Some("a")),
            // Cookies of the host app may hold anything.
            (&["name=Zo\u{eb}; auth=a".as_bytes()], Some("a")),
            (&[b"name=\xff\xfe; auth=a"], Some("a")),
            // A name that equals ours only after trimming or decoding is another one.
            (&["\u{a0}auth=a; \u{2000}auth=b".as_bytes()], None),
            (&[b"auth=\xff"], None),
            (&[b"auth=a", b"auth=\xff"], None),
        ];
        for (lines, expected) in cases {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(header::COOKIE, HeaderValue::from_bytes(line).unwrap());
            }
            assert_eq!(get(&headers, "auth"), expected, "{lines:?}");
        }
    }

    #[test]
    fn strays_are_removed_wherever_they_may_be() {
        let url = |text: &str| Url::parse(text).unwrap();
        let names = |text: &str| domains(&url(text)).into_iter().flatten().collect::<Vec<_>>();
        assert_eq!(names("https://a.app.example.com"), ["a.app.example.com", "app.example.com", "example.com"]);
        assert_eq!(names("http://localhost:3000"), [""; 0]);
        assert_eq!(domains(&url("http://127.0.0.1:3000")), [None]);
        assert_eq!(paths("/auth/login"), ["/auth", "/auth/", "/auth/login", "/auth/login/"]);
        assert_eq!(paths("/").len() + paths("*").len() + paths("/a;Domain=evil.example/b").len(), 0);
        assert_eq!(paths("/a/b;c"), ["/a", "/a/"]);
        assert_eq!(paths(&"/x".repeat(10_000)).len(), 2 * MAX_PATHS);
        let deep = url("https://a.b.c.d.e.f.example.com");
        let mut own = transport(true);
        if let Transport::Cookie { domain, path, .. } = &mut own {
            (*domain, *path) = (Some("example.com".to_owned()), "/app".to_owned());
        }
        assert_eq!(elsewhere(&own, &deep, &"/x".repeat(9)).len(), MAX_REMOVALS);
    }

    /// The places of the cookie named `auth`, as they are written.
    fn removed(own: &Transport, url: &str, path: &str) -> Vec<String> {
        let text = |removal: HeaderValue| removal.to_str().unwrap().replace("; HttpOnly; SameSite=Lax", "");
        let removals = elsewhere(own, &Url::parse(url).unwrap(), path);
        removals.iter().filter_map(clear).map(text).collect()
    }

    #[test]
    fn strays_are_all_but_the_own_cookie() {
        let plain = removed(&transport(false), "http://localhost:3000", "/auth/login");
        let expected =
            ["/auth", "/auth/", "/auth/login", "/auth/login/"].map(|path| format!("auth=; Path={path}; Max-Age=0"));
        assert_eq!(plain, expected);
        let wide = removed(&transport(true), "https://app.example.com", "/auth");
        for expected in [
            "auth=; Path=/; Secure; Partitioned; Max-Age=0",
            "auth=; Path=/; Secure; Domain=example.com; Max-Age=0",
            "auth=; Path=/; Secure; Partitioned; Domain=app.example.com; Max-Age=0",
            "auth=; Path=/auth/; Secure; Max-Age=0",
        ] {
            assert!(wide.iter().any(|removal| removal == expected), "{expected}: {wide:?}");
        }
        assert!(!wide.iter().any(|removal| removal == "auth=; Path=/; Secure; Max-Age=0"), "its own: {wide:?}");
        // Of a name with this prefix, a browser keeps two at most.
        let mut bound = transport(true);
        if let Transport::Cookie { name, partitioned, .. } = &mut bound {
            (*name, *partitioned) = ("__Host-auth".to_owned(), true);
        }
        let removals = removed(&bound, "https://app.example.com", "/auth/login");
        assert_eq!(removals, ["__Host-auth=; Path=/; Secure; Max-Age=0"]);
    }
}

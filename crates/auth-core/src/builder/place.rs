//! Where the app is: the URLs and origins of a configuration, and what is wrong with them.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};
use url::{Host, Url};

use crate::configs::Configs;
use crate::settings::Settings;

/// Where the app is, as it was configured.
#[derive(Default)]
pub(super) struct Place {
    pub(super) public_url: Option<String>,
    pub(super) frontend_url: Option<String>,
    pub(super) allowed_origins: Vec<String>,
    pub(super) trusted_proxies: Vec<IpNet>,
    pub(super) trusts_unix_socket: bool,
    pub(super) service_name: Option<String>,
    pub(super) allows_plain_http: bool,
}

impl Place {
    /// The settings, or `None` when there are problems with a URL, which are added to the others.
    pub(super) fn settings(self, configs: Configs, problems: &mut Vec<String>) -> Option<Settings> {
        let public_url = match &self.public_url {
            Some(text) => self.checked_url("public_url", text, problems),
            None => {
                problems.push("set `public_url`, such as https://notes.example.com".to_owned());
                None
            }
        };
        let frontend_url = self.frontend_url.as_ref().map(|text| self.checked_url("frontend_url", text, problems));
        let mut allowed_origins = Vec::new();
        for origin in &self.allowed_origins {
            match self.parse_origin(origin) {
                Ok(origin) => allowed_origins.push(origin),
                Err(problem) => problems.push(problem),
            }
        }
        let public_url = public_url?;
        if public_url.scheme() == "http" && !is_local(&public_url) {
            tracing::warn!(
                "INSECURE: {public_url} is plain http, so everybody on its network can read passwords and take over sessions; use \
                 https as soon as others than you log in"
            );
        }
        let frontend_url = match frontend_url {
            Some(url) => url?,
            None => public_url.clone(),
        };
        let frontend = frontend_url.origin().ascii_serialization();
        if frontend_url.origin() != public_url.origin() && !allowed_origins.contains(&frontend) {
            allowed_origins.push(frontend);
        }
        let service_name = self.service_name;
        Some(Settings {
            service_name: service_name.unwrap_or_else(|| public_url.host_str().unwrap_or_default().to_owned()),
            public_url,
            allowed_origins,
            frontend_url,
            trusted_proxies: self.trusted_proxies.into_iter().map(canonical).collect(),
            trusts_unix_socket: self.trusts_unix_socket,
            configs,
        })
    }

    /// Whether nobody reads along on the way to a host of plain http: on this machine, and on the local network if the app
    /// takes that upon itself.
    fn takes_plain_http(&self, url: &Url) -> bool {
        is_local(url) || (self.allows_plain_http && is_nearby(url))
    }

    /// A URL from the configuration, unless it does not parse.
    fn checked_url(&self, name: &str, text: &str, problems: &mut Vec<String>) -> Option<Url> {
        match Url::parse(text) {
            Ok(url) => {
                self.check_url(name, &url, problems);
                Some(url)
            }
            Err(cause) => {
                problems.push(format!(
                    "`{name}` must be a URL such as https://app.example.com: {text:?} is not one ({cause})"
                ));
                None
            }
        }
    }

    fn check_url(&self, name: &str, url: &Url, problems: &mut Vec<String>) {
        match url.scheme() {
            "https" => {}
            "http" if self.takes_plain_http(url) => {}
            "http" => problems.push(format!("`{name}` {url} is plain http: {PLAIN_HTTP}")),
            other => problems.push(format!("`{name}` has the scheme {other:?}: use https")),
        }
        if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
            problems.push(format!("`{name}` {url} must have no user, query or fragment"));
        }
    }

    /// An origin from the configuration, in the one spelling in which it is sent.
    fn parse_origin(&self, text: &str) -> Result<String, String> {
        let wrong = || {
            format!(
                "`allowed_origin` {text:?} must look like https://app.example.com, or capacitor://localhost for a web view, without a \
                 path"
            )
        };
        let written = text.strip_suffix('/').unwrap_or(text);
        let url = Url::parse(text).map_err(|_| wrong())?;
        let origin = match (url.scheme(), url.host_str()) {
            (scheme, None | Some("")) if !scheme.is_empty() => return Err(wrong()),
            ("https" | "http", _) => url.origin().ascii_serialization(),
            (scheme, _) if NO_ORIGIN.contains(&scheme) => return Err(wrong()),
            // Not a scheme of the web: it is compared as text, scheme and authority.
            (scheme, Some(host)) => format!("{scheme}://{host}"),
            _ => return Err(wrong()),
        };
        if text.contains('*') || origin != written {
            return Err(wrong());
        }
        if url.scheme() == "http" && !self.takes_plain_http(&url) {
            return Err(format!("`allowed_origin` {text:?} is plain http: {PLAIN_HTTP}"));
        }
        Ok(origin)
    }
}

/// A network in the form in which the addresses of peers are compared with it: IPv4 addresses may be written as IPv6 ones
/// (RFC 4291, section 2.5.5.2).
fn canonical(net: IpNet) -> IpNet {
    let (IpAddr::V4(address), Some(length)) = (net.network().to_canonical(), net.prefix_len().checked_sub(96)) else {
        return net;
    };
    Ipv4Net::new(address, length).map_or(net, IpNet::V4)
}

/// Whether a URL points at this machine.
fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Whether a URL points at a host of the local network, by an address or a name that the Internet does not have (RFC 1918,
/// RFC 4193, RFC 6762, RFC 8375).
fn is_nearby(url: &Url) -> bool {
    const SUFFIXES: [&str; 4] = [".local", ".lan", ".internal", ".home.arpa"];
    match url.host() {
        Some(Host::Domain(name)) => !name.contains('.') || SUFFIXES.iter().any(|suffix| name.ends_with(suffix)),
        Some(Host::Ipv4(address)) => address.is_private() || address.is_link_local(),
        Some(Host::Ipv6(address)) => address.is_unique_local() || address.is_unicast_link_local(),
        None => false,
    }
}

const PLAIN_HTTP: &str =
    "use https (http is for localhost, and with `insecure_public_url` for hosts of the local network)";

/// Schemes whose URLs belong to nobody, or to everybody: what has such an origin says `null`, or shares it with others.
const NO_ORIGIN: [&str; 8] = ["file", "data", "blob", "javascript", "about", "filesystem", "ws", "wss"];

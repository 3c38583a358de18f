//! Where the app is: the URLs and origins of a configuration, and what is wrong with them.

use ipnet::IpNet;
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
}

impl Place {
    /// The settings, or `None` when there are problems with a URL, which are added to the others.
    pub(super) fn settings(self, configs: Configs, problems: &mut Vec<String>) -> Option<Settings> {
        let public_url = match &self.public_url {
            Some(text) => checked_url("public_url", text, problems),
            None => {
                problems.push("set `public_url`, such as https://notes.example.com".to_owned());
                None
            }
        };
        let frontend_url = self.frontend_url.map(|text| checked_url("frontend_url", &text, problems));
        let mut allowed_origins = Vec::new();
        for origin in &self.allowed_origins {
            match parse_origin(origin) {
                Ok(origin) => allowed_origins.push(origin),
                Err(problem) => problems.push(problem),
            }
        }
        let public_url = public_url?;
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
            trusted_proxies: self.trusted_proxies,
            trusts_unix_socket: self.trusts_unix_socket,
            configs,
        })
    }
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

/// A URL from the configuration, unless it does not parse.
fn checked_url(name: &str, text: &str, problems: &mut Vec<String>) -> Option<Url> {
    match Url::parse(text) {
        Ok(url) => {
            check_url(name, &url, problems);
            Some(url)
        }
        Err(cause) => {
            problems
                .push(format!("`{name}` must be a URL such as https://app.example.com: {text:?} is not one ({cause})"));
            None
        }
    }
}

fn check_url(name: &str, url: &Url, problems: &mut Vec<String>) {
    match url.scheme() {
        "https" => {}
        "http" if is_local(url) => {}
        "http" => problems.push(format!("`{name}` {url} is plain http: use https (http is for localhost only)")),
        other => problems.push(format!("`{name}` has the scheme {other:?}: use https")),
    }
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        problems.push(format!("`{name}` {url} must have no user, query or fragment"));
    }
}

/// Schemes whose URLs belong to nobody, or to everybody: what has such an origin says `null`, or shares it with others.
const NO_ORIGIN: [&str; 8] = ["file", "data", "blob", "javascript", "about", "filesystem", "ws", "wss"];

/// An origin from the configuration, in the one spelling in which it is sent.
fn parse_origin(text: &str) -> Result<String, String> {
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
    if url.scheme() == "http" && !is_local(&url) {
        return Err(format!("`allowed_origin` {text:?} is plain http: use https (http is for localhost only)"));
    }
    Ok(origin)
}

//! What a built [`Auth`](crate::Auth) goes by.

use ipnet::IpNet;
use url::Url;

use crate::configs::Configs;

/// The settings of a built [`Auth`](crate::Auth).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// The only source of absolute URLs and of the app's own origin.
    pub public_url: Url,
    /// Other origins whose pages may send requests with the session cookie, as browsers and web views write them.
    pub allowed_origins: Vec<String>,
    /// The URL below which the pages are that links in mails lead to.
    pub frontend_url: Url,
    /// Proxies whose `X-Forwarded-For` is trusted.
    pub trusted_proxies: Vec<IpNet>,
    /// Whether requests without the address of a peer come from a trusted proxy, by a Unix socket.
    pub trusts_unix_socket: bool,
    /// The name of the service that people read.
    pub service_name: String,
    /// The configuration of every feature.
    pub configs: Configs,
}

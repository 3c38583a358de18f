//! Who is at the other end of a request, as far as it can be known.

use std::net::IpAddr;

/// The longest user agent that is kept, in characters.
const MAX_USER_AGENT: usize = 256;

/// The client of a request: shown to users in their list of sessions, and written into events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    /// The client's address, after trusted proxies were taken into account.
    pub ip: Option<IpAddr>,
    user_agent: Option<String>,
}

impl Client {
    /// A client with an address and a `User-Agent`, which is cut to 256 characters and stripped of control
    /// characters, so that it can be stored and logged as it is.
    #[must_use]
    pub fn new(ip: Option<IpAddr>, user_agent: Option<&str>) -> Self {
        let clean = |agent: &str| agent.chars().filter(|c| !c.is_control()).take(MAX_USER_AGENT).collect();
        Self { ip, user_agent: user_agent.map(clean) }
    }

    /// The cleaned `User-Agent`.
    #[must_use]
    pub fn user_agent(&self) -> Option<&str> {
        self.user_agent.as_deref()
    }
}

//! The environment of the example apps, read once and checked as a whole.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use auth_core::identifier::Email;
use auth_core::password::{Password, StandardPolicy};
use auth_core::secrecy::SecretString;
use auth_core::{EmailChange, Registration};
use ipnet::IpNet;

/// Variables of features that the library does not have yet. A `*` stands for more characters.
const NOT_YET: [&str; 5] =
    ["OAUTH_*", "ATPROTO_PLC_URL", "ATPROTO_CLIENT_KEY", "ATPROTO_RESOLVER", "ALLOW_INSECURE_HTTP"];

const SWITCH: [(&str, bool); 2] = [("on", true), ("off", false)];

/// A proxy whose `X-Forwarded-For` counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proxy {
    /// One of a network.
    Network(IpNet),
    /// One that connects by a Unix socket.
    UnixSocket,
}

/// What an example app is told by its environment.
#[derive(Debug)]
pub struct Config {
    /// `BIND`: where to listen; port 0 picks a free one.
    pub bind: SocketAddr,
    /// `PUBLIC_URL`: where people reach the app; `http://localhost:<port>` without.
    pub public_url: Option<String>,
    /// `INSECURE_PUBLIC_URL`: whether a URL of plain http on the local network will do.
    pub insecure_public_url: bool,
    /// `DATABASE_URL`: SQLite, PostgreSQL or MySQL, with a password perhaps.
    pub database_url: SecretString,
    /// `AUTH_SECRET`: what all keys are derived from; without, a file holds one.
    pub secret: Option<SecretString>,
    /// `AUTH_SECRET_FORMER`: secrets that it replaced.
    pub former_secrets: Vec<SecretString>,
    /// `ADMIN_EMAIL` and `ADMIN_PASSWORD`: the first superuser.
    pub admin: Option<(Email, Password)>,
    /// `ALLOWED_ORIGINS`: whose pages may send requests with the session cookie, beside those of `FRONTEND_URL`.
    pub allowed_origins: Vec<String>,
    /// `FRONTEND_URL`: where the pages are that links in mails lead to; the app's own without.
    pub frontend_url: Option<String>,
    /// `SMTP_URL` and `MAIL_FROM`: the mail server, and who writes. Without it mails are logged.
    pub smtp: Option<(SecretString, String)>,
    /// `REDIS_URL`: where the tokens of the backend `redis` are; without, there is no such backend.
    pub redis: Option<SecretString>,
    /// `EMAIL_CHANGE`: when a new address counts.
    pub email_change: EmailChange,
    /// `TRUSTED_PROXIES`: whose `X-Forwarded-For` counts.
    pub trusted_proxies: Vec<Proxy>,
    /// `PASSWORD_PRESET`: which passwords are good enough.
    pub password_policy: StandardPolicy,
    /// `REQUIRE_VERIFIED`: whether a login needs a verified email address.
    pub require_verified: bool,
    /// `HASURA_MAGIC_LINK_WAIT`: for how many seconds a registration without a password waits for its link.
    pub hasura_magic_link_wait: Option<Duration>,
    /// `REGISTRATION`: who may make an account.
    pub registration: Registration,
    /// `RATE_LIMITS`: whether there are any.
    pub rate_limits: bool,
    /// `SESSION_CACHE`: whether the server remembers sessions.
    pub session_cache: bool,
    /// `METRICS_BIND`: where Prometheus may read the metrics; without, nothing is measured.
    pub metrics_bind: Option<SocketAddr>,
    /// The names of variables that are set but do nothing yet.
    pub unused: Vec<String>,
}

/// Everything that is wrong with the environment, each with the variable's name.
#[derive(Debug, PartialEq, Eq)]
pub struct EnvironmentErrors(pub Vec<String>);

impl fmt::Display for EnvironmentErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the environment is not right:")?;
        self.0.iter().try_for_each(|problem| write!(f, "\n  - {problem}"))
    }
}

impl std::error::Error for EnvironmentErrors {}

impl Config {
    /// Reads the environment of the process.
    ///
    /// # Errors
    /// Every mistake in it at once.
    #[allow(clippy::disallowed_methods, reason = "the one place where the example apps read the environment")]
    pub fn from_env() -> Result<Self, EnvironmentErrors> {
        // A variable that is not Unicode is not one of ours.
        let unicode = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self::read(std::env::vars_os().filter_map(unicode))
    }

    /// Reads an environment.
    ///
    /// # Errors
    /// Every mistake in it at once.
    pub fn read(variables: impl IntoIterator<Item = (String, String)>) -> Result<Self, EnvironmentErrors> {
        let mut reader = Reader {
            // An empty variable is one that is not set: many tools cannot unset one.
            variables: variables.into_iter().filter(|(_, value)| !value.is_empty()).collect(),
            problems: Vec::new(),
        };
        let config = Self {
            bind: reader.parsed("BIND", address).unwrap_or(SocketAddr::from(([127, 0, 0, 1], 3000))),
            public_url: reader.text("PUBLIC_URL"),
            insecure_public_url: reader.choice("INSECURE_PUBLIC_URL", &SWITCH).unwrap_or(false),
            database_url: reader.text("DATABASE_URL").unwrap_or_else(|| "sqlite://auth.db?mode=rwc".to_owned()).into(),
            secret: reader.text("AUTH_SECRET").map(SecretString::from),
            former_secrets: reader.list("AUTH_SECRET_FORMER", |secret| Ok(SecretString::from(secret))),
            admin: reader.admin(),
            allowed_origins: reader.list("ALLOWED_ORIGINS", |origin| Ok(origin.to_owned())),
            frontend_url: reader.text("FRONTEND_URL"),
            smtp: reader.smtp(),
            redis: reader.text("REDIS_URL").map(SecretString::from),
            email_change: reader
                .choice("EMAIL_CHANGE", &[("confirm", EmailChange::Confirm), ("immediate", EmailChange::Immediate)])
                .unwrap_or_default(),
            trusted_proxies: reader.list("TRUSTED_PROXIES", proxy),
            password_policy: reader
                .choice(
                    "PASSWORD_PRESET",
                    &[
                        ("default", StandardPolicy::default()),
                        ("strict", StandardPolicy::strict()),
                        ("compat", StandardPolicy::compat()),
                    ],
                )
                .unwrap_or_default(),
            require_verified: reader.choice("REQUIRE_VERIFIED", &SWITCH).unwrap_or(false),
            hasura_magic_link_wait: reader.parsed("HASURA_MAGIC_LINK_WAIT", seconds),
            registration: reader
                .choice(
                    "REGISTRATION",
                    &[
                        ("open", Registration::Open),
                        ("neutral", Registration::Neutral),
                        ("closed", Registration::Closed),
                    ],
                )
                .unwrap_or_default(),
            rate_limits: reader.choice("RATE_LIMITS", &SWITCH).unwrap_or(true),
            session_cache: reader.choice("SESSION_CACHE", &SWITCH).unwrap_or(false),
            metrics_bind: reader.parsed("METRICS_BIND", address),
            unused: reader.unused(),
        };
        if reader.problems.is_empty() { Ok(config) } else { Err(EnvironmentErrors(reader.problems)) }
    }
}

/// A number of seconds. What it may be is for the library to say.
fn seconds(text: &str) -> Result<Duration, String> {
    text.parse().map(Duration::from_secs).map_err(|_| format!("{text:?} is not a whole number of seconds"))
}

struct Reader {
    variables: BTreeMap<String, String>,
    problems: Vec<String>,
}

impl Reader {
    fn text(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }

    fn parsed<T>(&mut self, name: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let result = parse(self.variables.get(name)?);
        result.map_err(|problem| self.problems.push(format!("{name}: {problem}"))).ok()
    }

    fn list<T>(&mut self, name: &str, parse: impl Fn(&str) -> Result<T, String>) -> Vec<T> {
        let text = self.text(name).unwrap_or_default();
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        let (good, bad): (Vec<_>, Vec<_>) = items.map(parse).partition(Result::is_ok);
        self.problems.extend(bad.into_iter().filter_map(Result::err).map(|problem| format!("{name}: {problem}")));
        good.into_iter().filter_map(Result::ok).collect()
    }

    fn choice<T: Clone>(&mut self, name: &str, choices: &[(&str, T)]) -> Option<T> {
        self.parsed(name, |text| match choices.iter().find(|(choice, _)| *choice == text) {
            Some((_, value)) => Ok(value.clone()),
            None => {
                let choices: Vec<_> = choices.iter().map(|(choice, _)| *choice).collect();
                Err(format!("{text:?} must be one of {}", choices.join(", ")))
            }
        })
    }

    fn smtp(&mut self) -> Option<(SecretString, String)> {
        let (server, from) = (self.text("SMTP_URL"), self.text("MAIL_FROM"));
        if server.is_some() != from.is_some() {
            self.problems.push("SMTP_URL and MAIL_FROM: set both or neither".to_owned());
        }
        server.map(SecretString::from).zip(from)
    }

    fn admin(&mut self) -> Option<(Email, Password)> {
        let email = self.parsed("ADMIN_EMAIL", |text| Email::parse(text).map_err(|cause| cause.to_string()));
        let password = self.text("ADMIN_PASSWORD").map(|text| Password::new(&text));
        if self.variables.contains_key("ADMIN_EMAIL") != password.is_some() {
            self.problems.push("ADMIN_EMAIL and ADMIN_PASSWORD: set both or neither".to_owned());
        }
        email.zip(password)
    }

    fn unused(&self) -> Vec<String> {
        let is_for_later = |name: &&String| {
            NOT_YET.iter().any(|known| match known.strip_suffix('*') {
                Some(prefix) => name.starts_with(prefix),
                None => name.as_str() == *known,
            })
        };
        self.variables.keys().filter(is_for_later).cloned().collect()
    }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| format!("{text:?} must be an address with a port, such as 127.0.0.1:3000"))
}

fn proxy(text: &str) -> Result<Proxy, String> {
    if text == "unix" {
        return Ok(Proxy::UnixSocket);
    }
    let bare = || text.parse::<IpAddr>().map(IpNet::from);
    let network = text.parse().or_else(|_| bare());
    let network = network
        .map_err(|_| format!("{text:?} must be an address, a network such as 10.0.0.0/8, or `unix` for a Unix socket"));
    network.map(Proxy::Network)
}

#[cfg(test)]
mod tests {
    use auth_core::secrecy::ExposeSecret;

    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Config, EnvironmentErrors> {
        Config::read(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn an_empty_environment_gives_the_defaults() {
        for variables in [&[][..], &[("BIND", ""), ("ADMIN_EMAIL", ""), ("PATH", "/bin")]] {
            let config = read(variables).unwrap();
            assert_eq!(config.bind.to_string(), "127.0.0.1:3000");
            assert_eq!(config.database_url.expose_secret(), "sqlite://auth.db?mode=rwc");
            assert_eq!(config.registration, Registration::Open);
            assert!(config.public_url.is_none() && config.admin.is_none() && !config.require_verified);
            assert!(config.unused.is_empty() && config.metrics_bind.is_none());
        }
    }

    #[test]
    fn good_values_are_taken() {
        let config = read(&[
            ("BIND", "[::1]:0"),
            ("ALLOWED_ORIGINS", "https://a.example, https://b.example:8443"),
            ("FRONTEND_URL", "https://app.example/account"),
            ("EMAIL_CHANGE", "immediate"),
            ("MAIL_FROM", "Notes <notes@example.com>"),
            ("TRUSTED_PROXIES", "10.0.0.0/8,192.0.2.1, ::1, unix"),
            ("REQUIRE_VERIFIED", "on"),
            ("REGISTRATION", "closed"),
            ("ADMIN_EMAIL", "root@example.com"),
            ("ADMIN_PASSWORD", "kettle-Umbrella-42"),
            ("OAUTH_GITHUB_ISSUER", "https://github.example"),
            ("SMTP_URL", "smtp://localhost"),
            ("METRICS_BIND", "127.0.0.1:9464"),
            ("AUTH_SECRET_FORMER", "one-that-was-replaced, an-older-one"),
        ])
        .unwrap();
        let former: Vec<&str> = config.former_secrets.iter().map(ExposeSecret::expose_secret).collect();
        assert_eq!(former, ["one-that-was-replaced", "an-older-one"]);
        assert_eq!(config.bind.to_string(), "[::1]:0");
        assert_eq!(config.allowed_origins, ["https://a.example", "https://b.example:8443"]);
        assert_eq!(config.frontend_url.as_deref(), Some("https://app.example/account"));
        assert_eq!(config.email_change, EmailChange::Immediate);
        let (server, from) = config.smtp.unwrap();
        assert_eq!((server.expose_secret(), from.as_str()), ("smtp://localhost", "Notes <notes@example.com>"));
        let networks =
            ["10.0.0.0/8", "192.0.2.1/32", "::1/128"].map(|network| Proxy::Network(network.parse().unwrap()));
        assert_eq!(config.trusted_proxies, [networks.as_slice(), &[Proxy::UnixSocket]].concat());
        assert!(config.require_verified);
        assert_eq!(config.registration, Registration::Closed);
        assert_eq!(config.admin.unwrap().0.as_str(), "root@example.com");
        assert_eq!(config.metrics_bind.unwrap().port(), 9464);
        assert_eq!(config.unused, ["OAUTH_GITHUB_ISSUER"]);
    }

    #[test]
    fn every_mistake_is_named() {
        let wrong = [
            ("BIND", "localhost"),
            ("SMTP_URL", "smtp://localhost"),
            ("EMAIL_CHANGE", "later"),
            ("TRUSTED_PROXIES", "10.0.0.0/33"),
            ("PASSWORD_PRESET", "weak"),
            ("REQUIRE_VERIFIED", "yes"),
            ("RATE_LIMITS", "1"),
            ("SESSION_CACHE", "true"),
            ("METRICS_BIND", "9090"),
            ("REGISTRATION", "everybody"),
            ("ADMIN_EMAIL", "root@"),
        ];
        let problems = read(&wrong).unwrap_err().0;
        for (name, _) in wrong {
            assert!(problems.iter().any(|problem| problem.starts_with(name)), "{name}: {problems:?}");
        }
        // The address is malformed and has no password.
        assert_eq!(problems.len(), wrong.len() + 1, "{problems:?}");
        for single in [("REGISTRATION", "Open"), ("ADMIN_PASSWORD", "kettle-Umbrella-42"), ("REQUIRE_VERIFIED", "ON")] {
            assert_eq!(read(&[single]).unwrap_err().0.len(), 1, "{single:?}");
        }
    }
}

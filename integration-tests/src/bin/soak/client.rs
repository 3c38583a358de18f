//! Requests, and what is never an answer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, Method, header};
use serde_json::Value;
use tokio::time::Instant;

use crate::journal::Journal;

/// How long a client waits: much longer than any deadline of a server, and than any fault.
const PATIENCE: Duration = Duration::from_secs(45);

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// 0 when the connection broke before the answer.
    pub(crate) status: u16,
    pub(crate) body: Value,
    headers: HeaderMap,
    pub(crate) sent: Instant,
}

impl Answer {
    /// Whether what was asked for may have been done or not: there is no answer, or the server could not say.
    pub(crate) fn is_unknown(&self) -> bool {
        matches!(self.status, 0 | 503)
    }

    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.body[name].as_str().map(str::to_owned)
    }

    /// The session cookie, as `name=value`.
    pub(crate) fn cookie(&self) -> Option<String> {
        let cookies = self.headers.get_all(header::SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs = cookies.filter_map(|cookie| cookie.split(';').next());
        pairs.rfind(|pair| pair.starts_with("auth_")).map(str::to_owned)
    }
}

/// What authenticates a request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Credential<'a> {
    None,
    Bearer(&'a str),
    Cookie(&'a str),
}

/// Clones share connections.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    journal: Arc<Journal>,
    base: String,
    /// The address that the balancer would report.
    from: String,
}

impl Client {
    pub(crate) fn new(address: SocketAddr, journal: &Arc<Journal>) -> Self {
        let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).user_agent("soak");
        let http = http.pool_max_idle_per_host(64).pool_idle_timeout(Duration::from_secs(2)).build();
        let http = http.expect("an HTTP client");
        Self { http, journal: Arc::clone(journal), base: format!("http://{address}"), from: "192.0.2.1".to_owned() }
    }

    /// The same from another network.
    pub(crate) fn from(&self, network: usize) -> Self {
        Self { from: format!("2001:db8:{network:x}::1"), ..self.clone() }
    }

    pub(crate) async fn ask(&self, method: Method, path: &str, by: Credential<'_>, body: Value) -> Answer {
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.base));
        request = request.header("x-forwarded-for", &self.from);
        request = match by {
            Credential::None => request,
            Credential::Bearer(token) => request.bearer_auth(token),
            Credential::Cookie(pair) => request.header(header::COOKIE, pair),
        };
        if !body.is_null() {
            request = request.json(&body);
        }
        let sent = Instant::now();
        let mut answer = Answer { status: 0, body: Value::Null, headers: HeaderMap::new(), sent };
        match request.send().await {
            Ok(response) => {
                let (status, headers) = (response.status().as_u16(), response.headers().clone());
                // A body that breaks off does not count as an answer.
                if let Ok(bytes) = response.bytes().await {
                    let body = serde_json::from_slice(&bytes).unwrap_or_default();
                    answer = Answer { status, body, headers, sent };
                }
            }
            Err(cause) => {
                self.journal.check("I7", !cause.is_timeout(), || format!("{method} {path}: no answer in {PATIENCE:?}"));
            }
        }
        self.journal.answered(answer.status);
        self.never(&method, path, &answer);
        answer
    }

    /// What no fault may bring about.
    fn never(&self, method: &Method, path: &str, answer: &Answer) {
        let (status, body) = (answer.status, &answer.body);
        self.journal.check("I10", status != 500 && status != 502, || format!("{method} {path}: {status} {body}"));
        if status == 503 {
            let says_when = answer.headers.contains_key(header::RETRY_AFTER);
            self.journal.check("I6", says_when, || format!("{method} {path}: 503 without Retry-After"));
        }
        if status == 200 && path == "/users/me" {
            self.journal.read_took(answer.sent.elapsed());
        }
    }
}

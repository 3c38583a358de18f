//! A mail server of a scenario's own, which misbehaves on demand: `sink/sink.py` in a process of its own.

use std::path::Path;
use std::process::{Child, Command};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::child;

/// How the server is reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// The port; any free one when 0.
    pub(crate) port: u16,
    /// `starttls` or `implicit`.
    pub(crate) tls: Option<&'static str>,
    /// Who has to log in, and the password.
    pub(crate) login: Option<(&'static str, &'static str)>,
}

/// The running server. Its process ends with this value.
pub(crate) struct Sink {
    process: Child,
    ready: Ready,
    http: reqwest::Client,
}

#[derive(Deserialize)]
struct Ready {
    smtp: u16,
    api: u16,
    certificate: Option<String>,
}

/// A message as it arrived.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Message {
    /// The sender of the envelope.
    pub(crate) from: String,
    /// The recipients of the envelope.
    pub(crate) to: Vec<String>,
    /// Whether the connection was.
    pub(crate) encrypted: bool,
    /// Whether the sender had logged in.
    pub(crate) authenticated: bool,
    /// The media type of the whole.
    pub(crate) r#type: String,
    /// The fields of the header, decoded.
    pub(crate) headers: Vec<(String, String)>,
    /// The media type and the decoded content of each part.
    pub(crate) parts: Vec<(String, String)>,
    /// All of it as it came.
    pub(crate) raw: String,
}

impl Message {
    /// The values of all fields of that name.
    pub(crate) fn header(&self, name: &str) -> Vec<&str> {
        let fields = self.headers.iter().filter(|(field, _)| field.eq_ignore_ascii_case(name));
        fields.map(|(_, value)| value.as_str()).collect()
    }

    /// The content of the part of a media type.
    pub(crate) fn part(&self, media_type: &str) -> &str {
        let found = self.parts.iter().find(|(part, _)| part == media_type);
        &found.unwrap_or_else(|| panic!("no {media_type}: {self:?}")).1
    }

    /// The token in the one link of the text that has one.
    pub(crate) fn token(&self) -> String {
        let line = self.part("text/plain").lines().find(|line| line.contains("token=")).expect("a link");
        let url = url::Url::parse(line.trim()).expect("a link on a line of its own");
        let token = url.query_pairs().find(|(name, _)| name == "token").map(|(_, token)| token.into_owned());
        token.expect("a link with a token")
    }
}

impl Sink {
    /// Starts the server and waits until it takes mails.
    pub(crate) async fn start(python: &str, options: Options) -> Self {
        let mut command = Command::new(python);
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("sink/sink.py"));
        command.args(["--port", &options.port.to_string()]);
        command.args(options.tls.into_iter().flat_map(|tls| ["--tls", tls]));
        let login = options.login.into_iter();
        command.args(login.flat_map(|(user, password)| ["--user", user, "--password", password]));
        let (process, _, ready) = child::start(command).await;
        let http = reqwest::Client::builder().no_proxy().build().expect("an HTTP client");
        Self { process, ready, http }
    }

    /// Where it takes mails.
    pub(crate) fn port(&self) -> u16 {
        self.ready.smtp
    }

    /// The certificate of the authority that it belongs to.
    pub(crate) fn certificate(&self) -> &str {
        self.ready.certificate.as_deref().expect("a server with TLS")
    }

    /// Every message so far, in order.
    pub(crate) async fn messages(&self) -> Vec<Message> {
        serde_json::from_value(self.get("messages").await).expect("messages")
    }

    /// The one message to an address.
    pub(crate) async fn message_to(&self, address: &str) -> Message {
        let messages = self.messages().await;
        let mut found = messages.iter().filter(|message| message.to.iter().any(|to| to == address));
        let message = found.next().unwrap_or_else(|| panic!("nothing to {address}: {messages:?}")).clone();
        assert!(found.next().is_none(), "one message: {messages:?}");
        message
    }

    /// How many connections there were.
    pub(crate) async fn connections(&self) -> u64 {
        self.get("state").await["connections"].as_u64().expect("a number")
    }

    /// Waits until it holds a message back.
    pub(crate) async fn is_holding(&self) {
        while self.get("state").await["held"] == json!(0) {
            tokio::task::yield_now().await;
        }
    }

    /// Changes how it behaves; see `sink.py`.
    pub(crate) async fn mode(&self, mode: Value) {
        let answer = self.http.post(self.url("mode")).json(&mode).send().await.expect("the server's API");
        assert!(answer.status().is_success());
    }

    async fn get(&self, what: &str) -> Value {
        let answer = self.http.get(self.url(what)).send().await.expect("the server's API");
        answer.json().await.expect("JSON")
    }

    fn url(&self, what: &str) -> String {
        format!("http://127.0.0.1:{}/{what}", self.ready.api)
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        // The server ends when nobody can write to it any more.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

//! Scenarios of token formats that the app brings along: good ones are as good as ours, and bad ones do no harm.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use auth_core::sea_orm::{DbErr, RuntimeErr};
use auth_core::time::OffsetDateTime;
use auth_core::token::{JwtOptions, NewToken, TokenRef, TokenStrategy, TokenSubject};
use auth_core::uuid::Uuid;
use auth_core::{Backend, CookieOptions, Error, ErrorCode as E, EventKind, Result};
use auth_testkit::check_token_format;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::scenario::scenarios;
use crate::{App, Cx, Login, PASSWORD, Scenario, Setup, audit};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    a_format_of_ones_own_lives_and_ends_like_ours,
    what_ends_credentials_ends_them_in_every_format,
    a_token_that_was_tampered_with_is_none,
    a_short_life_ends_the_session,
    an_unavailable_strategy_is_not_a_bad_token,
    what_cannot_be_issued_makes_no_session,
    our_formats_pass_what_authors_are_given: direct_only,
    what_authors_are_given_finds_bad_formats: direct_only sqlite_only,
];

/// What a format does instead of its work.
#[derive(Clone, Debug, Default)]
enum Mood {
    #[default]
    Good,
    /// Its store is away, in words of the library.
    Overloaded,
    /// Its store is away, in words of its driver.
    Disconnected,
    /// Something is wrong that nobody has foreseen.
    Broken,
    Panic,
    /// Issues this text.
    Issues(String),
    /// Issues tokens that are good for so long.
    Short(Duration),
}

impl Mood {
    fn check(&self) -> Result<()> {
        match self {
            Self::Overloaded => Err(E::Overloaded.into()),
            Self::Disconnected => Err(DbErr::Conn(RuntimeErr::Internal("no store".to_owned())).into()),
            Self::Broken => Err(Error::internal("the secret cause")),
            #[allow(clippy::panic, reason = "the library has to live with formats that do")]
            Self::Panic => panic!("deliberate panic of a token format"),
            Self::Good | Self::Issues(_) | Self::Short(_) => Ok(()),
        }
    }
}

/// How the token says which session is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// The session's id and the epoch, signed.
    Signed,
    /// The app's own random text, of which the library keeps a digest.
    Opaque,
}

/// A format of the app's own. Clones share its mood.
#[derive(Clone)]
struct Format {
    form: Form,
    key: [u8; 32],
    mood: Arc<Mutex<Mood>>,
}

impl Format {
    fn new(form: Form) -> Self {
        // Apps keep such a key outside of their code.
        Self { form, key: Sha256::digest(b"of these scenarios only").into(), mood: Arc::default() }
    }

    fn feels(&self, mood: Mood) {
        *self.mood.lock().expect("no holder panics") = mood;
    }

    fn mood(&self) -> Mood {
        self.mood.lock().expect("no holder panics").clone()
    }

    fn tag(&self, message: &[u8]) -> Vec<u8> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("any length will do");
        mac.update(message);
        mac.finalize().into_bytes().to_vec()
    }

    fn issue_good(&self, subject: &TokenSubject<'_>) -> NewToken {
        let mut bytes = [subject.session.id.as_bytes().as_slice(), &subject.user.security_epoch.to_be_bytes()].concat();
        bytes.extend(self.tag(&bytes));
        let text = URL_SAFE_NO_PAD.encode(&bytes);
        match self.form {
            Form::Signed => NewToken { token: text.into(), digest: None, expires_in: None },
            Form::Opaque => {
                let text = format!("note.{}", &text[..64]);
                NewToken { digest: Some(Sha256::digest(&text).into()), token: text.into(), expires_in: None }
            }
        }
    }

    fn read_good(&self, token: &str) -> Option<TokenRef> {
        if self.form == Form::Opaque {
            return token.starts_with("note.").then(|| TokenRef::Digest(Sha256::digest(token).into()));
        }
        let bytes = URL_SAFE_NO_PAD.decode(token).ok().filter(|bytes| bytes.len() == 56)?;
        let (message, tag) = bytes.split_at(24);
        let (id, epoch) = message.split_at(16);
        (self.tag(message) == tag).then_some(())?;
        Some(TokenRef::Session {
            id: Uuid::from_slice(id).ok()?,
            security_epoch: i64::from_be_bytes(epoch.try_into().ok()?),
        })
    }
}

#[async_trait::async_trait]
impl TokenStrategy for Format {
    async fn issue(&self, subject: TokenSubject<'_>) -> Result<NewToken> {
        let mood = self.mood();
        mood.check()?;
        let good = self.issue_good(&subject);
        Ok(match mood {
            Mood::Issues(text) => NewToken { token: text.into(), ..good },
            Mood::Short(life) => NewToken { expires_in: Some(life), ..good },
            _ => good,
        })
    }

    async fn read(&self, token: &str, _: OffsetDateTime) -> Result<Option<TokenRef>> {
        self.mood().check()?;
        Ok(self.read_good(token))
    }
}

/// An app with the format on both transports, and one backend of ours beside it.
async fn app(cx: &Cx, form: Form) -> (App, Format) {
    let format = Format::new(form);
    let own = format.clone();
    let setup = Setup::default().tolerates_500().backends(|| vec![Backend::bearer("db")]).auth(move |auth| {
        auth.backend(Backend::bearer("own").custom(own.clone()))
            .backend(Backend::cookie("own-cookie", CookieOptions::default()).custom(own.clone()))
    });
    (cx.app_with(setup).await, format)
}

const OWN: [&str; 2] = ["own", "own-cookie"];
const FORMS: [Form; 2] = [Form::Signed, Form::Opaque];

async fn status(app: &App, login: &Login) -> u16 {
    app.get("/users/me").by(login).send().await.status.as_u16()
}

async fn a_format_of_ones_own_lives_and_ends_like_ours(cx: Cx) {
    for form in FORMS {
        let (app, _) = app(&cx, form).await;
        let second = app.second_server().await;
        let ada = app.register("ada").await;
        for backend in OWN {
            let (login, other) = (app.login(&ada, backend).await, app.login(&ada, backend).await);
            for server in [&app, &second] {
                assert_eq!((status(server, &login).await, status(server, &other).await), (200, 200), "{form:?}");
            }
            if app.target().has_host() {
                assert_eq!(app.get("/host/session").by(&login).send().await.is(200).body, backend);
                app.get("/host/current-db").by(&login).send().await.fails(E::Unauthorized);
            }
            let list = app.get("/auth/sessions").by(&login).send().await.is(200).json();
            let list = list["sessions"].as_array().expect("a list").clone();
            assert!(list.iter().any(|session| session["backend"] == backend && session["current"] == true), "{list:?}");
            // It travels by its own transport, and is of its own backend.
            let foreign = match &login.cookie {
                Some(_) => Login { cookie: None, ..login.clone() },
                None => Login { cookie: Some("auth".to_owned()), ..login.clone() },
            };
            assert_eq!(status(&app, &foreign).await, 401, "{form:?} {backend}");
            app.post("/auth/db/logout").by(&login).send().await.fails(E::Unauthorized);
            app.post(&format!("/auth/{backend}/logout")).by(&login).send().await.is(204);
            for server in [&app, &second] {
                assert_eq!((status(server, &login).await, status(server, &other).await), (401, 200), "{form:?}");
            }
            app.post("/auth/logout-all").by(&other).json(json!({ "everywhere": true })).send().await.is(204);
            assert_eq!(status(&second, &other).await, 401, "{form:?} {backend}");
        }
        assert_eq!(app.session_count().await, 0);
    }
}

async fn what_ends_credentials_ends_them_in_every_format(cx: Cx) {
    for form in FORMS {
        let (app, _) = app(&cx, form).await;
        let (ada, root) = (app.register("ada").await, app.superuser("root").await);
        let (bearer, cookie) = (app.login(&ada, "own").await, app.login(&ada, "own-cookie").await);
        let new = "violet-Harbour-57-lamp";
        let change = json!({ "password": new, "current_password": PASSWORD });
        let answer = app.patch("/users/me").by(&cookie).json(change).send().await.is(200);
        let renewed = ada.with(&answer);
        assert_ne!(renewed.token, cookie.token);
        assert_eq!((status(&app, &bearer).await, status(&app, &cookie).await), (401, 401), "{form:?}");
        assert_eq!(status(&app, &renewed).await, 200, "the session that goes on has a new token");
        let again = ada.with(&app.try_login(&ada.email, new, "own").await);
        for (change, back) in [("is_active", true), ("is_superuser", false)] {
            app.patch(&ada.path()).by(&root).json(json!({ change: !back })).send().await.is(200);
            assert_eq!((status(&app, &again).await, status(&app, &renewed).await), (401, 401), "{form:?} {change}");
            app.patch(&ada.path()).by(&root).json(json!({ change: back })).send().await.is(200);
            assert_eq!((status(&app, &again).await, status(&app, &renewed).await), (401, 401), "{form:?} {change}");
        }
        let last = ada.with(&app.try_login(&ada.email, new, "own").await);
        assert_eq!(status(&app, &last).await, 200);
        app.delete("/users/me").by(&last).send().await.is(204);
        app.register("ada").await;
        for dead in [&last, &again, &renewed, &bearer, &cookie] {
            assert_eq!(status(&app, dead).await, 401, "{form:?}: the address is another account's now");
        }
        audit::tables(&app).await;
    }
}

async fn a_token_that_was_tampered_with_is_none(cx: Cx) {
    let (app, format) = app(&cx, Form::Signed).await;
    let (ada, grace) = (app.register("ada").await, app.register("grace").await);
    let (mine, hers) = (app.login(&ada, "own").await.token, app.login(&grace, "own").await.token);
    let [mine_bytes, hers_bytes] = [&mine, &hers].map(|token| URL_SAFE_NO_PAD.decode(token).expect("base64url"));
    let mut variants: Vec<String> = (0..mine_bytes.len())
        .map(|index| {
            let mut bytes = mine_bytes.clone();
            bytes[index] ^= 1;
            URL_SAFE_NO_PAD.encode(bytes)
        })
        .collect();
    variants.push(URL_SAFE_NO_PAD.encode([&hers_bytes[..24], &mine_bytes[24..]].concat()));
    variants.push(mine[1..].to_owned());
    variants.push(format!("{mine}="));
    variants.push(mine.to_ascii_lowercase());
    // A pointer that the format vouches for, to nothing and to a session of another backend.
    let session = |id: Uuid| {
        let message = [id.as_bytes().as_slice(), &0_i64.to_be_bytes()].concat();
        URL_SAFE_NO_PAD.encode([message.clone(), format.tag(&message)].concat())
    };
    variants.push(session(Uuid::max()));
    let foreign = app.login(&grace, "db").await;
    let list = app.get("/auth/sessions").by(&foreign).send().await.is(200).json();
    for other in list["sessions"].as_array().expect("a list").iter().filter(|session| session["backend"] == "db") {
        variants.push(session(other["id"].as_str().and_then(|id| id.parse().ok()).expect("an id")));
    }
    for variant in &variants {
        app.get("/users/me").bearer(variant).send().await.fails(E::Unauthorized);
    }
    assert!(variants.len() > 60);
    for (token, who) in [(&mine, &ada), (&hers, &grace)] {
        let account = app.get("/users/me").bearer(token).send().await.is(200).json();
        assert_eq!(account["id"], json!(who.id));
    }
}

async fn a_short_life_ends_the_session(cx: Cx) {
    let (app, format) = app(&cx, Form::Opaque).await;
    let ada = app.register("ada").await;
    format.feels(Mood::Short(Duration::from_secs(90)));
    let answer = app.try_login(&ada.email, PASSWORD, "own").await.is(200);
    let short = ada.with(&answer);
    format.feels(Mood::Good);
    let long = app.login(&ada, "own").await;
    app.clock().advance(Duration::from_millis(89_999));
    assert_eq!((status(&app, &short).await, status(&app, &long).await), (200, 200));
    app.clock().advance(Duration::from_millis(1));
    assert_eq!((status(&app, &short).await, status(&app, &long).await), (401, 200));
    // What was refused once stays refused.
    app.clock().set_back(Duration::from_secs(60));
    assert_eq!((status(&app, &short).await, status(&app, &long).await), (401, 200));
}

async fn an_unavailable_strategy_is_not_a_bad_token(cx: Cx) {
    for form in FORMS {
        let (app, format) = app(&cx, form).await;
        let ada = app.register("ada").await;
        let logins = [app.login(&ada, "own").await, app.login(&ada, "own-cookie").await];
        let ours = app.login(&ada, "db").await;
        for (mood, code) in [
            (Mood::Overloaded, E::Overloaded),
            (Mood::Disconnected, E::Overloaded),
            (Mood::Broken, E::Internal),
            (Mood::Panic, E::Internal),
        ] {
            format.feels(mood.clone());
            for login in &logins {
                let answer = app.get("/users/me").by(login).send().await.fails(code);
                assert!(!answer.text().contains("cause"), "the cause is for the log");
                assert_eq!(answer.header("retry-after").is_some(), code == E::Overloaded, "{mood:?}");
                let own = login.cookie.as_ref().map_or("own", |_| "own-cookie");
                app.post(&format!("/auth/{own}/logout")).by(login).send().await.fails(code);
                if app.target().has_host() && code == E::Overloaded {
                    for path in ["/host/current", "/host/optional", "/host/gated/secret"] {
                        app.get(path).by(login).send().await.fails(code);
                    }
                }
            }
            // A bearer token of ours that comes first needs no other format; nobody at all needs none either.
            assert_eq!(status(&app, &ours).await, 200, "{mood:?}");
            app.get("/users/me").send().await.fails(E::Unauthorized);
        }
        format.feels(Mood::Good);
        for login in &logins {
            assert_eq!(status(&app, login).await, 200, "nobody was logged out by it");
        }
    }
}

/// A header or a cookie would not carry such a token as it is, or carry something beside it.
async fn what_cannot_be_issued_makes_no_session(cx: Cx) {
    let (app, format) = app(&cx, Form::Signed).await;
    let ada = app.register("ada").await;
    let unsendable = [
        "",
        " ",
        "a b",
        "a\r\nSet-Cookie: x=y",
        "a; Domain=evil.example",
        "a,b",
        "a\"b",
        "a\\b",
        "a\0b",
        "a\u{7f}",
        "grüße",
        "💥",
        &"a".repeat(8193),
    ]
    .map(|text| (Mood::Issues(text.to_owned()), E::Internal));
    let failures = [
        (Mood::Overloaded, E::Overloaded),
        (Mood::Disconnected, E::Overloaded),
        (Mood::Broken, E::Internal),
        (Mood::Panic, E::Internal),
    ];
    for (mood, code) in unsendable.into_iter().chain(failures) {
        format.feels(mood.clone());
        for backend in OWN {
            let answer = app.try_login(&ada.email, PASSWORD, backend).await.fails(code);
            assert!(answer.set_cookies().is_empty(), "{mood:?}");
            assert!(!answer.text().contains("cause"), "{mood:?}");
        }
        // Nothing of the login is there, and the transaction gave its connection and its locks back.
        assert_eq!(app.session_count().await, 0, "{mood:?}");
        assert!(!app.anybody_logged_in().await, "{mood:?}");
    }
    let told = app.hooks().events();
    assert!(
        told.iter().all(|event| !matches!(event.kind, EventKind::LoginSucceeded { .. })),
        "what did not happen is told to nobody"
    );
    format.feels(Mood::Issues("a".repeat(8192)));
    app.try_login(&ada.email, PASSWORD, "own").await.is(200);
    format.feels(Mood::Good);
    for backend in OWN {
        assert_eq!(status(&app, &app.login(&ada, backend).await).await, 200);
    }
    audit::tables(&app).await;
}

/// Checks a format in a database of its own, by what authors of formats are given.
async fn check(cx: &Cx, choose: impl Fn(Backend) -> Backend) -> Option<String> {
    let checked = check_token_format(cx.app().await.pool().clone(), choose).await;
    checked.err().map(|failure| failure.to_string())
}

///
async fn our_formats_pass_what_authors_are_given(cx: Cx) {
    assert_eq!(check(&cx, |backend| backend).await, None);
    assert_eq!(check(&cx, |backend| backend.jwt(JwtOptions::default())).await, None);
    for form in [Form::Signed, Form::Opaque] {
        assert_eq!(check(&cx, |backend| backend.custom(Format::new(form))).await, None, "{form:?}");
    }
}

/// A mistake that authors of formats make.
#[derive(Clone, Copy, Debug)]
enum Mistake {
    /// More than one text stands for a token.
    Lenient,
    /// Each server has a key of its own.
    Lonely,
    /// A text that it does not know is an error.
    Strict,
    /// Everybody gets the same token.
    Same,
}

struct Mistaken(Format, Mistake);

#[async_trait::async_trait]
impl TokenStrategy for Mistaken {
    async fn issue(&self, subject: TokenSubject<'_>) -> Result<NewToken> {
        let good = self.0.issue_good(&subject);
        Ok(match self.1 {
            Mistake::Same => NewToken { token: "always-this-one".into(), digest: Some([7; 32]), expires_in: None },
            _ => good,
        })
    }

    async fn read(&self, token: &str, _: OffsetDateTime) -> Result<Option<TokenRef>> {
        match self.1 {
            Mistake::Lenient => Ok(self.0.read_good(token.trim_end_matches('.'))),
            Mistake::Strict => self.0.read_good(token).map(Some).ok_or_else(|| Error::internal("unknown")),
            Mistake::Lonely | Mistake::Same => Ok(self.0.read_good(token)),
        }
    }
}

async fn what_authors_are_given_finds_bad_formats(cx: Cx) {
    for mistake in [Mistake::Lenient, Mistake::Lonely, Mistake::Strict, Mistake::Same] {
        let servers = AtomicU8::new(0);
        let choose = |backend: Backend| {
            let mut format = Format::new(Form::Signed);
            if let Mistake::Lonely = mistake {
                format.key[0] = servers.fetch_add(1, Ordering::Relaxed);
            }
            backend.custom(Mistaken(format, mistake))
        };
        let found = check(&cx, choose).await.unwrap_or_else(|| panic!("{mistake:?} passed"));
        let expected = match mistake {
            Mistake::Lenient => "nothing may follow it",
            Mistake::Lonely => "on every server",
            Mistake::Strict => "unknown",
            // The library's own rule: a digest leads to one session.
            Mistake::Same => "",
        };
        assert!(found.contains(expected), "{mistake:?}: {found}");
    }
}

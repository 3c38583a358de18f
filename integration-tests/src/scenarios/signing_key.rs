//! Scenarios of signing keys that the library makes and rotates: two servers, operators, a clock, and others who cache what is
//! published (JWT-13, SEC-05, F-26).

use std::collections::BTreeSet;
use std::time::Duration;

use auth_core::installation::KeyError;
use auth_core::jwt::JwtAlgorithm;
use auth_core::signing_key::{KEY_SET_MAX_AGE, MAX_AGE, PUBLISHED_FOR, Promotion, SigningKey, SigningKeyConfig};
use auth_core::time::OffsetDateTime;
use auth_core::token::{JwtKeys, JwtOptions};
use auth_core::{Backend, ErrorCode as E, RefreshOptions, RootSecret};
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::Jwk;
use serde_json::Value;
use tokio::time::Instant;

use super::installation::OTHER;
use super::token_key::{self, passes};
use crate::key_pair::{NEW, parts};
use crate::scenario::scenarios;
use crate::{App, Cx, Login, PASSWORD, Scenario, Setup, race};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    nobody_is_turned_away_by_a_rotation,
    a_rotation_under_load_refuses_no_token,
    a_dropped_key_is_refused_within_a_minute: one_server,
    a_token_of_a_new_key_is_never_refused: one_server,
    claims_are_checked_with_the_same_keys: sockets_only,
    keys_of_both_algorithms_are_made: direct_only,
    of_many_operators_one_promotes: direct_only,
    servers_that_start_at_once_make_one_key: direct_only,
    an_idle_server_needs_one_connection: direct_only,
    the_workers_rotate: direct_only,
    another_secret_does_not_start_and_breaks_nothing: direct_only,
    a_former_secret_opens_until_all_is_sealed_anew: direct_only,
    a_moved_key_is_not_opened: direct_only,
    operators_rotate_by_command: direct_only,
];

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long the tokens live that the default backend issues.
const LIFETIME: Duration = Duration::from_secs(600);

fn backends() -> Vec<Backend> {
    let options = JwtOptions { keys: JwtKeys::Managed, ..JwtOptions::default() };
    vec![Backend::bearer("jwt").jwt(options).refresh(RefreshOptions::default())]
}

pub(super) fn managed() -> Setup {
    Setup::default().backends(backends)
}

/// Two servers on one database, as they start.
async fn servers(cx: &Cx) -> [App; 2] {
    let first = cx.app_with(managed()).await;
    let servers = [first.clone(), first.second_server().await];
    for server in &servers {
        start(server).await;
    }
    servers
}

async fn start(app: &App) {
    app.auth().installation().check_keys().await.expect("a good secret");
}

/// An access token from a new login.
async fn token(app: &App, who: &Login) -> String {
    token_key::token(app, &who.email, "jwt").await
}

fn kid(token: &str) -> String {
    parts(token).0["kid"].as_str().expect("a key id").to_owned()
}

async fn published(app: &App) -> BTreeSet<String> {
    let set = app.get("/auth/jwks.json").send().await.is(200).json();
    let keys = set["keys"].as_array().expect("a list");
    keys.iter().map(|key| key["kid"].as_str().expect("a key id").to_owned()).collect()
}

async fn keys(app: &App) -> Vec<SigningKey> {
    app.auth().signing_keys().list().await.expect("the keys")
}

async fn prepare(app: &App) -> String {
    app.auth().signing_keys().prepare().await.expect("a key").id.to_string()
}

async fn promote(app: &App) -> Promotion {
    app.auth().signing_keys().promote().await.expect("an answer")
}

/// Another service, which fetches the published keys no more often than their `max-age` demands.
#[derive(Default)]
struct Verifier {
    known: BTreeSet<String>,
    until: Option<OffsetDateTime>,
}

impl Verifier {
    async fn knows(&mut self, server: &App, token: &str) -> bool {
        let now = server.auth().now();
        if self.until.is_none_or(|until| until <= now) {
            self.known = published(server).await;
            self.until = Some(now + KEY_SET_MAX_AGE);
        }
        self.known.contains(&kid(token))
    }
}

/// JWT-13, in steps of half a minute, from before the next key is made until the last trace of the former one is gone.
async fn nobody_is_turned_away_by_a_rotation(cx: Cx) {
    const STEP: Duration = Duration::from_secs(30);
    let servers = servers(&cx).await;
    let [first, second] = &servers;
    let ada = first.register("ada").await;
    let max_age = first.get("/auth/jwks.json").send().await.is(200);
    assert_eq!(max_age.header("cache-control"), Some("public, max-age=300"));
    // Of which each asks at another moment.
    let mut verifiers: Vec<Verifier> = (0..3).map(|_| Verifier::default()).collect();
    let mut tokens: Vec<(String, OffsetDateTime)> = Vec::new();
    let old = kid(&token(first, &ada).await);
    let (mut next, mut promoted_at) = (None, None);
    for step in 0..40_usize {
        let now = first.auth().now();
        match (step, &next, promoted_at) {
            (4, ..) => next = Some(prepare(first).await),
            (_, Some(next), None) => match promote(second).await {
                Promotion::Promoted(key) => {
                    assert_eq!((key.id.to_string(), key.created_at + PUBLISHED_FOR), (next.clone(), now));
                    promoted_at = Some(now);
                }
                other => assert!(matches!(other, Promotion::TooEarly(_)), "{other:?}"),
            },
            _ => {}
        }
        if step < 4 {
            first.clock().advance(STEP);
            continue;
        }
        let server = &servers[step % 2];
        tokens.push((token(server, &ada).await, now + LIFETIME));
        tokens.retain(|(_, until)| now < *until);
        // The oldest, the newest, and one in between.
        for (token, _) in [0, tokens.len() / 2, tokens.len() - 1].map(|index| &tokens[index]) {
            for server in &servers {
                assert!(passes(server, token).await, "step {step}: {}", kid(token));
            }
            for (index, verifier) in verifiers.iter_mut().enumerate().filter(|(index, _)| 4 + 3 * index <= step) {
                assert!(verifier.knows(&servers[(step + index) % 2], token).await, "step {step}: {}", kid(token));
            }
        }
        first.clock().advance(STEP);
    }
    let (next, promoted_at) = (next.expect("a key"), promoted_at.expect("a promotion"));
    assert!(tokens.iter().all(|(token, _)| kid(token) == next), "both servers sign with it");
    // The former key leaves the list with its last token, and then the table.
    let former = keys(first).await.into_iter().find(|key| key.id.to_string() == old).expect("it is there still");
    let until = former.expires_at.expect("a moment");
    assert_eq!((former.retired_at, former.sealed_with), (Some(promoted_at), None));
    assert!(until >= promoted_at + MAX_AGE + LIFETIME, "{until}");
    assert_eq!(published(first).await, BTreeSet::from([old, next.clone()]));
    first.clock().advance((until - first.auth().now()).try_into().expect("a later moment"));
    for server in &servers {
        assert_eq!(published(server).await, BTreeSet::from([next.clone()]));
    }
    assert_eq!(first.auth().purge().run().await.expect("a purge").of("signing_key"), 1);
    assert_eq!(keys(first).await.len(), 1);
}

/// JWT-13. A key whose time is over is refused, even where its token and its session are good.
async fn a_rotation_under_load_refuses_no_token(cx: Cx) {
    let servers = servers(&cx).await;
    let first = servers[0].clone();
    let ada = first.register("ada").await;
    prepare(&first).await;
    first.clock().advance(PUBLISHED_FOR);
    let old = token(&first, &ada).await;
    let passed = race(48, |n| {
        let (servers, old, ada) = (servers.clone(), old.clone(), ada.clone());
        async move {
            match n {
                7 => matches!(promote(&servers[1]).await, Promotion::Promoted(_)),
                _ if n % 6 == 0 => passes(&servers[n / 6 % 2], &token(&servers[(n / 6 + 1) % 2], &ada).await).await,
                _ => passes(&servers[n % 2], &old).await,
            }
        }
    });
    assert!(passed.await.into_iter().all(|passed| passed));
    first.clock().advance(MAX_AGE);
    let new = token(&first, &ada).await;
    assert_ne!(kid(&old), kid(&new));
    first.execute("UPDATE authn_signing_key SET expires_at = created_at WHERE retired_at IS NOT NULL").await;
    first.clock().advance(MAX_AGE);
    for server in &servers {
        assert_eq!((passes(server, &old).await, passes(server, &new).await), (false, true));
        assert_eq!(published(server).await, BTreeSet::from([kid(&new)]));
    }
}

async fn a_dropped_key_is_refused_within_a_minute(cx: Cx) {
    let [first, second] = servers(&cx).await;
    let ada = first.register("ada").await;
    let old = token(&first, &ada).await;
    assert!(passes(&second, &old).await);
    let id = kid(&old).parse().expect("an id");
    let current = first.auth().signing_keys().drop(id).await.expect("an answer").expect("a key");
    assert!(!passes(&first, &old).await, "it is dead here at once");
    let new = token(&first, &ada).await;
    assert_eq!(kid(&new), current.id.to_string());
    // The other server has heard nothing of it; now it has to ask.
    first.clock().advance(MAX_AGE);
    assert!(!passes(&second, &old).await);
    assert!(passes(&first, &new).await && passes(&second, &new).await);
    // Nor is it published, and nobody signs with it any more.
    assert_eq!(kid(&token(&second, &ada).await), kid(&new));
    assert_eq!(published(&second).await, BTreeSet::from([kid(&new)]));
    assert_eq!(first.auth().signing_keys().drop(id).await.expect("an answer"), None, "it is gone");
    event!(first, SigningKeyDropped);
    // Where one is prepared, that takes its place.
    let next = prepare(&first).await;
    let second_current = first.auth().signing_keys().drop(current.id).await.expect("an answer").expect("a key");
    assert_eq!((second_current.id.to_string(), keys(&first).await.len()), (next, 1));
}

/// The other server has not heard of the key, and reads the keys at once. While clients invent keys it does so once a second, and
/// the token of the new key waits for that: it is not refused.
async fn a_token_of_a_new_key_is_never_refused(cx: Cx) {
    let [first, second] = servers(&cx).await;
    let ada = first.register("ada").await;
    let mut tokens = vec![token(&first, &ada).await];
    assert!(passes(&second, &tokens[0]).await);
    let (header, claims) = parts(&tokens[0]);
    let invented = |kid: &str| {
        let mut header = header.clone();
        header["kid"] = Value::from(kid);
        NEW.sign(&header, &claims)
    };
    let flood: Vec<String> = (0..16).map(|n| invented(&format!("0198f0de-0000-7000-8000-0000000000{n:02}"))).collect();
    for _ in 0..2 {
        let old = tokens.last().expect("a token").clone();
        first.auth().signing_keys().drop(kid(&old).parse().expect("an id")).await.expect("an answer").expect("a key");
        let new = token(&first, &ada).await;
        drop(second.statements().take());
        let began = Instant::now();
        let passed = race(flood.len() + 2, |n| {
            let (second, token) = (second.clone(), flood.get(n).unwrap_or(&new).clone());
            async move { passes(&second, &token).await }
        });
        let passed = passed.await;
        assert_eq!(passed, [vec![false; flood.len()], vec![true; 2]].concat(), "signed by a neighbour a moment ago");
        let readings = second.statements().take().into_iter().filter(|sql| sql.contains("authn_signing_key")).count();
        let most = began.elapsed().as_secs() + 1;
        assert!((1..=most).contains(&(readings as u64)), "{readings} readings, {most} at most");
        assert!(!passes(&second, &old).await, "what it has read tells it of the dropped key, too");
        tokens.push(new);
    }
    // Nothing that is not an id of a key is asked for.
    drop(second.statements().take());
    for name in ["x", "../key", ""] {
        assert!(!passes(&second, &invented(name)).await);
    }
    assert_eq!(second.statements().take().len(), 0);
}

async fn claims_are_checked_with_the_same_keys(cx: Cx) {
    let [first, second] = servers(&cx).await;
    let ada = first.register("ada").await;
    let old = token(&first, &ada).await;
    let claims = async |app: &App, token: &str| app.get("/host/claims").bearer(token).send().await.status.as_u16();
    assert_eq!((claims(&first, &old).await, claims(&second, &old).await), (200, 200));
    first.auth().signing_keys().drop(kid(&old).parse().expect("an id")).await.expect("an answer").expect("a key");
    first.clock().advance(MAX_AGE);
    let new = token(&first, &ada).await;
    for server in [&first, &second] {
        assert_eq!((claims(server, &old).await, claims(server, &new).await), (401, 200));
    }
}

/// Others verify with what is published, and another algorithm counts from the next key on.
async fn keys_of_both_algorithms_are_made(cx: Cx) {
    let first = cx.app_with(managed()).await;
    start(&first).await;
    let es256 = SigningKeyConfig { algorithm: JwtAlgorithm::Es256, ..SigningKeyConfig::default() };
    let second = first.server_with(managed().auth(move |auth| auth.signing_keys(es256))).await;
    let ada = first.register("ada").await;
    let old = token(&second, &ada).await;
    prepare(&second).await;
    first.clock().advance(PUBLISHED_FOR);
    promote(&second).await;
    first.clock().advance(MAX_AGE);
    let new = token(&first, &ada).await;
    let set = first.get("/auth/jwks.json").send().await.is(200).json();
    for (token, alg) in [(&old, "EdDSA"), (&new, "ES256")] {
        assert!(passes(&first, token).await && passes(&second, token).await);
        let (header, _) = parts(token);
        assert_eq!(header["alg"], alg);
        let jwk = set["keys"].as_array().and_then(|keys| keys.iter().find(|key| key["kid"] == header["kid"]));
        let jwk: Jwk = serde_json::from_value(jwk.expect("a key").clone()).expect("a key");
        let (message, signature) = token.rsplit_once('.').expect("a signature");
        let key = DecodingKey::from_jwk(&jwk).expect("a key");
        let algorithm = alg.parse().expect("an algorithm");
        assert!(jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key, algorithm).expect("an answer"));
        assert!(jwk.common.public_key_use.is_some());
    }
    assert!(!set.to_string().contains("\"d\""), "no private half is published: {set}");
}

async fn of_many_operators_one_promotes(cx: Cx) {
    let servers = servers(&cx).await;
    let prepared = race(16, |n| {
        let server = servers[n % 2].clone();
        async move { prepare(&server).await }
    });
    let prepared: BTreeSet<String> = prepared.await.into_iter().collect();
    assert_eq!((prepared.len(), keys(&servers[0]).await.len()), (1, 2));
    let tries = async || {
        let tried = race(16, |n| {
            let server = servers[n % 2].clone();
            async move { promote(&server).await }
        });
        tried.await
    };
    servers[0].clock().advance(PUBLISHED_FOR - Duration::from_millis(1));
    assert!(tries().await.iter().all(|tried| matches!(tried, Promotion::TooEarly(_))));
    servers[0].clock().advance(Duration::from_millis(1));
    let promoted = tries().await;
    assert_eq!(promoted.iter().filter(|tried| matches!(tried, Promotion::Promoted(_))).count(), 1, "{promoted:?}");
    assert!(promoted.iter().all(|tried| !matches!(tried, Promotion::TooEarly(_))), "{promoted:?}");
    assert_eq!(servers[0].count("authn_signing_key WHERE promoted_at IS NOT NULL AND retired_at IS NULL").await, 1);
    // The first key, and this one.
    assert_eq!(servers[0].count("authn_event WHERE name = 'signing_key_promoted'").await, 2);
    assert_eq!(servers[0].count("authn_event WHERE name = 'signing_key_prepared'").await, 2);
    // Removed by many at once, it is replaced once.
    let id = prepared.iter().next().and_then(|id| id.parse().ok()).expect("an id");
    let dropped = race(16, |n| {
        let server = servers[n % 2].clone();
        async move { server.auth().signing_keys().drop(id).await.expect("an answer") }
    });
    assert_eq!(dropped.await.into_iter().flatten().count(), 1);
    assert_eq!(servers[0].count("authn_signing_key WHERE promoted_at IS NOT NULL AND retired_at IS NULL").await, 1);
    // All that there are, at once.
    prepare(&servers[0]).await;
    let all: Vec<_> = keys(&servers[0]).await.iter().map(|key| key.id).collect();
    race(all.len() * 4, |n| {
        let (server, id) = (servers[n % 2].clone(), all[n % all.len()]);
        async move { server.auth().signing_keys().drop(id).await.expect("an answer") }
    })
    .await;
    assert!(keys(&servers[1]).await.iter().all(|key| !all.contains(&key.id)));
    assert_eq!(servers[0].count("authn_signing_key WHERE promoted_at IS NOT NULL AND retired_at IS NULL").await, 1);
}

async fn servers_that_start_at_once_make_one_key(cx: Cx) {
    let app = cx.app_with(managed()).await;
    let second = app.second_server().await;
    let servers = [app.clone(), second.clone()];
    race(8, |n| {
        let server = servers[n % 2].clone();
        async move { start(&server).await }
    })
    .await;
    assert_eq!(keys(&app).await.len(), 1);
    let ada = app.register("ada").await;
    let one = token(&app, &ada).await;
    assert!(passes(&second, &one).await);
    // A server that nobody has told of the keys reads them by itself.
    assert!(passes(&app.second_server().await, &one).await);
}

/// A login after an hour reads the keys within its transaction: there is no second connection to wait for.
async fn an_idle_server_needs_one_connection(cx: Cx) {
    let app = cx.app_with(managed().connections(1)).await;
    start(&app).await;
    let ada = app.register("ada").await;
    for _ in 0..3 {
        app.clock().advance(Duration::from_secs(3600));
        let logins = race(4, |_| {
            let (app, ada) = (app.clone(), ada.clone());
            async move { token(&app, &ada).await }
        });
        for token in logins.await {
            assert!(passes(&app, &token).await);
        }
    }
}

async fn the_workers_rotate(cx: Cx) {
    let app = cx.app_with(managed()).await;
    let upkeep = async |app: &App| app.auth().signing_keys().upkeep().await.expect("an upkeep");
    start(&app).await;
    let first = keys(&app).await[0].id;
    app.clock().advance(90 * DAY - SECOND);
    upkeep(&app).await;
    assert_eq!(keys(&app).await.len(), 1);
    app.clock().advance(SECOND);
    let second = app.second_server().await;
    race(8, |n| {
        let server = [app.clone(), second.clone()][n % 2].clone();
        async move { server.auth().signing_keys().upkeep().await.expect("an upkeep") }
    })
    .await;
    assert_eq!(keys(&app).await.len(), 2);
    app.clock().advance(Duration::from_secs(3600));
    upkeep(&app).await;
    upkeep(&second).await;
    let states: Vec<String> = keys(&app).await.iter().map(|key| key.state.to_string()).collect();
    assert_eq!((states, keys(&app).await[1].id), (vec!["current".to_owned(), "retired".to_owned()], first));
    // Left to operators.
    let never = SigningKeyConfig { rotate_every: None, ..SigningKeyConfig::default() };
    let never = app.server_with(managed().auth(move |auth| auth.signing_keys(never))).await;
    app.clock().advance(300 * DAY);
    upkeep(&never).await;
    assert_eq!(keys(&app).await.len(), 2);
}

fn other() -> Setup {
    managed().tolerates_500().auth(|auth| auth.secret(RootSecret::new(OTHER)))
}

fn rotated() -> Setup {
    other().auth(|auth| auth.former_secret(RootSecret::new(auth_testkit::SECRET)))
}

/// F-26: the secret was changed, and the database accepts the new one.
async fn another_secret_does_not_start_and_breaks_nothing(cx: Cx) {
    let [app, _] = servers(&cx).await;
    let ada = app.register("ada").await;
    let good = token(&app, &ada).await;
    let lost = app.server_with(other()).await;
    lost.auth().installation().accept_key().await.expect("a key");
    let Err(KeyError::Sealed(sealed)) = lost.auth().installation().check_keys().await else { panic!("it started") };
    let text = sealed.to_string();
    assert_eq!((sealed.id.to_string(), &sealed.sealed_with), (kid(&good), &app.auth().installation().key_id()));
    assert!(text.contains("`former_secret`") && text.contains(&format!("`keys drop {}`", kid(&good))), "{text}");
    assert_eq!(lost.auth().signing_keys().sealed().await.expect("an answer"), Some(sealed.clone()));
    // No key was made in its place, and checking tokens takes no secret.
    assert_eq!(keys(&app).await.len(), 1);
    assert!(passes(&lost, &good).await && published(&lost).await.contains(&kid(&good)));
    lost.try_login(&ada.email, PASSWORD, "jwt").await.fails(E::Internal);
    // What the text says to do, works.
    lost.auth().signing_keys().drop(sealed.id).await.expect("an answer").expect("a key");
    start(&lost).await;
    let new = token(&lost, &ada).await;
    assert!(passes(&lost, &new).await && !passes(&lost, &good).await);
}

/// SEC-05. A server with the former secret alone goes on, and may be started for another day: until then, no key is sealed with the
/// new one, even if it is time for the next key.
async fn a_former_secret_opens_until_all_is_sealed_anew(cx: Cx) {
    let [app, _] = servers(&cx).await;
    app.clock().advance(90 * DAY);
    let ada = app.register("ada").await;
    let both = app.server_with(rotated()).await;
    start(&both).await;
    let before = token(&both, &ada).await;
    assert!(passes(&app, &before).await && passes(&both, &token(&app, &ada).await).await, "they sign with one key");
    let upkeep = async || both.auth().signing_keys().upkeep().await.expect("an upkeep");
    let sealed_with = async || Vec::from_iter(keys(&app).await.into_iter().filter_map(|key| key.sealed_with));
    both.clock().advance(DAY - SECOND);
    upkeep().await;
    assert_eq!(sealed_with().await, [app.auth().installation().key_id()]);
    start(&app.second_server().await).await;
    both.clock().advance(SECOND);
    upkeep().await;
    assert_eq!(sealed_with().await, [(); 2].map(|()| both.auth().installation().key_id()), "the next one, too");
    let new = app.server_with(other()).await;
    start(&new).await;
    let after = token(&new, &ada).await;
    // The one with the former secret keeps what it has opened.
    assert_eq!(kid(&before), kid(&after));
    assert!(passes(&app, &after).await && passes(&new, &token(&app, &ada).await).await);
    let late = app.second_server().await;
    assert!(matches!(late.auth().installation().check_keys().await, Err(KeyError::Sealed(_))));
}

/// SEC-05: the private halves of two keys change their places.
async fn a_moved_key_is_not_opened(cx: Cx) {
    let [app, second] = servers(&cx).await;
    let ada = app.register("ada").await;
    let good = token(&app, &ada).await;
    prepare(&app).await;
    app.execute("CREATE TABLE backup_of_keys AS SELECT id, private_key FROM authn_signing_key").await;
    app.execute(
        "UPDATE authn_signing_key SET private_key = \
         (SELECT b.private_key FROM backup_of_keys b WHERE b.id <> authn_signing_key.id)",
    )
    .await;
    let late = app.server_with(managed().tolerates_500()).await;
    assert!(matches!(late.auth().installation().check_keys().await, Err(KeyError::Sealed(_))));
    late.try_login(&ada.email, PASSWORD, "jwt").await.fails(E::Internal);
    assert!(passes(&late, &good).await && passes(&second, &good).await);
    // A foreign public half does not become the server's.
    app.execute("UPDATE authn_signing_key SET private_key = (SELECT b.private_key FROM backup_of_keys b WHERE b.id = authn_signing_key.id)").await;
    app.execute("CREATE TABLE backup_of_halves AS SELECT id, public_key FROM authn_signing_key").await;
    app.execute("UPDATE authn_signing_key SET public_key = (SELECT b.public_key FROM backup_of_halves b WHERE b.id <> authn_signing_key.id)").await;
    let late = app.server_with(managed().tolerates_500()).await;
    assert!(published(&late).await.is_empty());
    late.try_login(&ada.email, PASSWORD, "jwt").await.fails(E::Internal);
}

async fn run(app: &App, words: &str) -> Result<String, String> {
    let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
    let mut output = Vec::new();
    let result = auth_cli::run(app.auth(), &words, &mut &b""[..], &mut output).await;
    let output = String::from_utf8(output).expect("a text");
    result.map(|()| output.clone()).map_err(|message| format!("{output}{message}"))
}

async fn operators_rotate_by_command(cx: Cx) {
    let app = cx.app_with(managed()).await;
    assert_eq!(run(&app, "keys").await.expect("a list"), "0 keys\n");
    assert!(run(&app, "keys promote").await.expect_err("nothing is prepared").contains("`keys prepare`"));
    let first = keys(&app).await[0].id;
    let prepared = run(&app, "keys prepare").await.expect("a key");
    assert_eq!(run(&app, "keys prepare").await.expect("the same key"), prepared);
    assert!(run(&app, "keys promote").await.expect_err("too early").contains("run this command then"));
    app.clock().advance(PUBLISHED_FOR);
    let promoted = run(&app, "keys promote").await.expect("a key");
    assert!(promoted.contains("within 60 s"), "{promoted}");
    let listed = run(&app, "keys").await.expect("a list");
    assert!(listed.contains("EdDSA  current  since ") && listed.contains("retired  accepted until "), "{listed}");
    assert!(listed.ends_with("2 keys\n"), "{listed}");
    for wrong in ["x", "0198f0de-0000-7000-8000-000000000001"] {
        assert!(run(&app, &format!("keys drop {wrong}")).await.expect_err("unknown").contains("`keys` lists"));
    }
    let dropped = run(&app, &format!("keys drop {first}")).await.expect("removed");
    assert!(dropped.contains("within 60 s") && dropped.contains("within 360 s"), "{dropped}");
    // One that cannot be opened can be removed, but only with a secret that the database knows.
    let current = keys(&app).await[0].id;
    let lost = app.server_with(other()).await;
    let remove = format!("keys drop {current}");
    assert!(run(&lost, &remove).await.expect_err("another secret").contains("`accept-key`"));
    run(&lost, "accept-key").await.expect("done");
    assert!(run(&lost, "keys prepare").await.expect_err("sealed").contains(&remove));
    let sick = run(&lost, "doctor").await.expect_err("sealed");
    assert!(sick.contains("WRONG  signing keys") && sick.contains(&remove), "{sick}");
    run(&lost, &remove).await.expect("removed");
    let well = run(&lost, "doctor").await.expect_err("other things are wrong");
    assert!(well.contains("ok     signing keys: "), "{well}");
    // Where nothing is managed, there is nothing to rotate.
    let other = app.server_with(Setup::default()).await;
    for words in ["keys", "keys prepare", "keys promote", remove.as_str()] {
        assert!(run(&other, words).await.expect_err("none").contains("`JwtKeys::Managed`"), "{words}");
    }
}

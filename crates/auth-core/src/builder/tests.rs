//! Every mistake is reported, all at once, and good configurations are none.

use std::time::Duration;

use sea_orm::Database;

use crate::email_change::EmailChangeConfig;
use crate::feature::{Feature, JobHandler};
use crate::features::FEATURES;
use crate::jwt::{JwtAlgorithm, JwtKey};
use crate::magic_link::MagicLinkConfig;
use crate::mail::LinkConfig;
use crate::one_time::TOKEN_TRIES;
use crate::password::HasherConfig;
use crate::password_reset::PasswordResetConfig;
use crate::session::SessionConfig;
use crate::signing_key::SigningKeyConfig;
use crate::token::{JwtKeys, JwtOptions};
use crate::verification::VerificationConfig;
use crate::{Auth, AuthBuilder, Backend, CookieOptions, Limits, Rate, RootSecret, SameSite, Transport};

/// Two Ed25519 keys for this test only, made with OpenSSL.
const ONE: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIOKvqnb1rxnV0XloTRa9fkTm7l9CFGtFuwQ3YemjGpnB
-----END PRIVATE KEY-----";
const TWO: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIGCAEQhmlOPSTEMNvYFchvgCTgtdeZE9UPxzSuf6j6hp
-----END PRIVATE KEY-----";

const OTHER: &[u8] = b"c4b7f0e19d2a4c5886e3b17fa5d09c62";
const SECRET: [u8; 32] = *b"0f8d1c62b7a94e35d2c1f0a9b8e7d6c5";

async fn empty() -> AuthBuilder {
    Auth::builder(Database::connect("sqlite::memory:").await.unwrap()).passwords(HasherConfig::insecure_for_tests())
}

async fn good() -> AuthBuilder {
    empty()
        .await
        .public_url("https://notes.example.com")
        .secret(RootSecret::new(SECRET))
        .backend(Backend::cookie("cookie", CookieOptions::default()))
}

fn problems(builder: AuthBuilder) -> Vec<String> {
    builder.build().err().map(|errors| errors.0).unwrap_or_default()
}

#[tokio::test]
async fn an_empty_configuration_lists_all_that_is_missing() {
    let found = problems(empty().await).join("; ");
    for word in ["`public_url`", "`secret`", "backend"] {
        assert!(found.contains(word), "{word} in {found}");
    }
}

#[tokio::test]
async fn public_urls_are_https_or_local() {
    let cases = [
        ("https://notes.example.com", true),
        ("http://localhost:3000", true),
        ("http://127.0.0.1:3000", true),
        ("http://[::1]:3000", true),
        ("http://notes.localhost", true),
        ("http://notes.example.com", false),
        ("http://localhost.example.com", false),
        ("ftp://notes.example.com", false),
        ("notes.example.com", false),
        ("https://user@notes.example.com", false),
        ("https://notes.example.com/?a=b", false),
    ];
    for (url, fine) in cases {
        assert_eq!(problems(good().await.public_url(url)).is_empty(), fine, "{url}");
    }
}

#[tokio::test]
async fn plain_http_on_the_local_network_has_to_be_asked_for() {
    let cases = [
        ("http://192.168.1.20:3000", true),
        ("http://10.0.0.7", true),
        ("http://169.254.3.4", true),
        ("http://[fd00::1]:3000", true),
        ("http://[fe80::1]", true),
        ("http://raspberrypi:3000", true),
        ("http://notes.local", true),
        ("http://notes.home.arpa", true),
        ("http://notes.example.com", false),
        ("http://notes.localdomain", false),
        ("http://203.0.113.9", false),
        ("http://[2001:db8::1]", false),
        ("http://local.example", false),
    ];
    for (url, fine) in cases {
        assert!(!problems(good().await.public_url(url)).is_empty(), "{url}");
        let found = problems(good().await.public_url(url).insecure_public_url());
        assert_eq!(found.is_empty(), fine, "{url}: {found:?}");
        let found = problems(good().await.allowed_origin(url).insecure_public_url());
        assert_eq!(found.is_empty(), fine, "{url}: {found:?}");
    }
}

#[tokio::test]
async fn the_usual_name_of_the_cookie_tells_servers_on_one_machine_apart() {
    for (url, expected) in [
        ("https://notes.example.com", "__Host-auth"),
        ("https://localhost:8443", "__Host-auth"),
        ("http://localhost:3000", "auth_3000"),
        ("http://localhost", "auth_80"),
    ] {
        let auth = good().await.public_url(url).build().unwrap();
        let names = auth.backends().iter().filter_map(|backend| match &backend.transport {
            Transport::Cookie { name, .. } => Some(name.as_str()),
            Transport::Bearer => None,
        });
        assert_eq!(names.collect::<Vec<_>>(), [expected], "{url}");
    }
}

#[tokio::test]
async fn backends_and_cookies_have_names_of_their_own() {
    let cookie = |name: &str| CookieOptions { name: Some(name.to_owned()), ..CookieOptions::default() };
    let cases = [
        (Backend::bearer("api"), true),
        (Backend::cookie("other", cookie("__Host-other")), true),
        (Backend::bearer("cookie"), false),
        (Backend::bearer("Api"), false),
        (Backend::bearer(""), false),
        (Backend::bearer("a/b"), false),
        (Backend::cookie("other", CookieOptions::default()), false),
        (Backend::cookie("other", cookie("a b")), false),
        (Backend::cookie("other", CookieOptions { domain: Some("example.com".into()), ..cookie("__Host-o") }), false),
        (Backend::cookie("other", CookieOptions { path: Some("/a;b".into()), ..cookie("o") }), false),
        (
            Backend::cookie("other", CookieOptions { max_age: Some(Duration::from_secs(40_000_000)), ..cookie("o") }),
            false,
        ),
    ];
    for (index, (backend, fine)) in cases.into_iter().enumerate() {
        let found = problems(good().await.backend(backend));
        assert_eq!(found.is_empty(), fine, "case {index}: {found:?}");
    }
}

/// What browsers take, and how the domain is written from then on.
#[tokio::test]
async fn the_domain_of_a_cookie_covers_the_app() {
    let cases = [
        ("https://notes.example.com", "example.com", Some("example.com")),
        ("https://notes.example.com", ".Example.COM", Some("example.com")),
        ("https://notes.example.com", "notes.example.com", Some("notes.example.com")),
        ("https://notes.example.com", "example.org", None),
        ("https://notes.example.com", "tes.example.com", None),
        ("https://notes.example.com", "api.notes.example.com", None),
        ("https://notes.example.com", "com", None),
        ("https://notes.example.com", "", None),
        ("http://localhost:3000", "localhost", None),
        ("http://127.0.0.1:3000", "127.0.0.1", None),
        ("http://127.0.0.1:3000", "0.0.1", None),
    ];
    for (url, domain, expected) in cases {
        let options = CookieOptions {
            name: Some("other".to_owned()),
            domain: Some(domain.to_owned()),
            ..CookieOptions::default()
        };
        let built = good().await.public_url(url).backend(Backend::cookie("other", options)).build();
        let domain_of = |transport: &Transport| match transport {
            Transport::Cookie { name, domain, .. } if name == "other" => domain.clone(),
            _ => None,
        };
        let written =
            built.ok().and_then(|auth| auth.backends().iter().find_map(|backend| domain_of(&backend.transport)));
        assert_eq!(written.as_deref(), expected, "{url} {domain}");
    }
}

#[tokio::test]
async fn cookies_that_need_https_are_refused_without() {
    for options in [
        CookieOptions { same_site: SameSite::None, ..CookieOptions::default() },
        CookieOptions { partitioned: true, ..CookieOptions::default() },
    ] {
        let options = CookieOptions { name: Some("other".to_owned()), ..options };
        assert!(problems(good().await.backend(Backend::cookie("other", options.clone()))).is_empty());
        let builder = good().await.public_url("http://localhost:3000");
        assert!(!problems(builder.backend(Backend::cookie("other", options))).is_empty());
    }
}

#[tokio::test]
async fn networks_of_proxies_are_compared_in_one_form() {
    for (net, peer, expected) in [
        ("::ffff:172.17.0.0/112", "172.17.0.9", true),
        ("::ffff:172.17.0.9/128", "172.17.0.9", true),
        ("::ffff:172.17.0.0/112", "172.18.0.9", false),
        ("::ffff:0:0/96", "203.0.113.9", true),
        ("172.17.0.0/16", "172.17.0.9", true),
        ("2001:db8::/32", "2001:db8::9", true),
        ("::/0", "203.0.113.9", false),
    ] {
        let auth = good().await.trusted_proxy(net.parse().unwrap()).build().unwrap();
        let peer: std::net::IpAddr = peer.parse().unwrap();
        let found = auth.settings().trusted_proxies.iter().any(|proxy| proxy.contains(&peer));
        assert_eq!(found, expected, "{net} {peer}");
    }
}

#[tokio::test]
async fn origins_are_exact() {
    let cases = [
        ("https://app.example.com", true),
        ("https://app.example.com/", true),
        ("http://localhost:5173", true),
        ("http://tauri.localhost", true),
        ("capacitor://localhost", true),
        ("capacitor://localhost/", true),
        ("chrome-extension://abcdefghijklmnopabcdefghijklmnop", true),
        ("moz-extension://6b9ac1e2-7a2a-4b0c-9c1f-1f0d9a4d7f55", true),
        ("capacitor://localhost/path", false),
        ("capacitor://user@localhost", false),
        ("capacitor://localhost:80", false),
        ("Capacitor://localhost", false),
        ("capacitor:localhost", false),
        ("capacitor://*", false),
        ("capacitor://", false),
        ("file://", false),
        ("file:///index.html", false),
        ("data:text/html,x", false),
        ("wss://app.example.com", false),
        ("about:blank", false),
        ("https://app.example.com/path", false),
        ("http://app.example.com", false),
        ("app.example.com", false),
        ("null", false),
        ("*", false),
        ("https://*.example.com", false),
    ];
    for (origin, fine) in cases {
        assert_eq!(problems(good().await.allowed_origin(origin)).is_empty(), fine, "{origin}");
    }
}

#[tokio::test]
async fn weak_secrets_and_limits_are_refused() {
    assert!(!problems(good().await.secret(RootSecret::new("short"))).is_empty());
    assert!(!problems(good().await.secret(RootSecret::new([0; 64]))).is_empty());
    // A former one may be weak, but not one that was never used, nor the present one.
    assert!(problems(good().await.former_secret(RootSecret::new([0; 64]))).is_empty());
    for (former, word) in [(&b"short"[..], "`former_secret` has 5 bytes"), (&SECRET[..], "`former_secret` is the same")]
    {
        let found = problems(good().await.former_secret(RootSecret::new(former)));
        assert!(found.len() == 1 && found[0].contains(word), "{found:?}");
    }
    let usual = SessionConfig::default();
    for (limits, fine) in [
        (usual, true),
        (SessionConfig { idle: Duration::ZERO, ..usual }, false),
        (SessionConfig { absolute: Duration::ZERO, ..usual }, false),
        (SessionConfig { per_user: 0, ..usual }, false),
        (SessionConfig { per_user: u64::MAX, ..usual }, false),
        (SessionConfig { idle: Duration::MAX, ..usual }, false),
        (SessionConfig { absolute: Duration::MAX, ..usual }, false),
        (SessionConfig { recent: Duration::MAX, ..usual }, false),
    ] {
        assert_eq!(problems(good().await.sessions(limits)).is_empty(), fine, "{limits:?}");
    }
    let weak = HasherConfig { memory_kib: 64, iterations: 1, ..HasherConfig::default() };
    assert!(!problems(good().await.passwords(weak)).is_empty());
}

#[tokio::test]
async fn jwt_keys_are_checked_when_the_app_starts() {
    let jwt = |keys| Backend::bearer("jwt").jwt(JwtOptions { keys, ..JwtOptions::default() });
    assert_eq!(problems(good().await.backend(jwt(JwtKeys::Derived))), [""; 0]);
    let key = JwtKey::hs256("one", OTHER).unwrap();
    let twice = JwtKeys::Given { signing: key.clone(), verification: vec![key] };
    assert!(!problems(good().await.backend(jwt(twice))).is_empty(), "two keys of one id");
    let root = JwtKeys::Given { signing: JwtKey::hs256("root", &SECRET).unwrap(), verification: Vec::new() };
    assert!(problems(good().await.backend(jwt(root)))[0].contains("root secret"));
    let forever = JwtOptions { lifetime: Some(Duration::from_secs(10_000_000)), ..JwtOptions::default() };
    assert!(!problems(good().await.backend(Backend::bearer("jwt").jwt(forever))).is_empty());
    let forever = JwtOptions { keys: JwtKeys::Managed, lifetime: Some(Duration::MAX), ..JwtOptions::default() };
    assert!(!problems(good().await.backend(Backend::bearer("jwt").jwt(forever))).is_empty());
    let shared = SigningKeyConfig { algorithm: JwtAlgorithm::Hs256, ..SigningKeyConfig::default() };
    assert!(problems(good().await.signing_keys(shared))[0].contains("EdDSA or ES256"));
}

/// The key id, the key and the audience of one of two backends.
type Side = (&'static str, &'static str, Option<&'static str>);

#[tokio::test]
async fn no_backend_takes_the_tokens_of_another() {
    let cases: [(Side, Side, bool); 6] = [
        (("a", ONE, None), ("b", TWO, None), true),
        (("a", ONE, None), ("a", ONE, Some("https://other.example.com")), true),
        (("a", ONE, None), ("a", ONE, None), false),
        (("a", ONE, None), ("b", ONE, None), false),
        (("a", ONE, None), ("a", TWO, None), false),
        (("a", ONE, None), ("a", TWO, Some("https://other.example.com")), false),
    ];
    for (one, two, fine) in cases {
        let backend = |name, (kid, pem, audience): Side| {
            let keys = JwtKeys::Given { signing: JwtKey::ed25519_pem(kid, pem).unwrap(), verification: Vec::new() };
            let audience = audience.map(str::to_owned);
            Backend::bearer(name).jwt(JwtOptions { keys, audience, ..JwtOptions::default() })
        };
        let found = problems(good().await.backend(backend("one", one)).backend(backend("two", two)));
        assert_eq!(found.is_empty(), fine, "{one:?} {two:?}: {found:?}");
    }
    // Derived keys differ by the backend's name.
    let derived = |name| Backend::bearer(name).jwt(JwtOptions::default());
    assert_eq!(problems(good().await.backend(derived("one")).backend(derived("two"))), [""; 0]);
    // Managed ones are the same for all.
    let managed = |name, audience: Option<&str>| {
        let audience = audience.map(str::to_owned);
        Backend::bearer(name).jwt(JwtOptions { keys: JwtKeys::Managed, audience, ..JwtOptions::default() })
    };
    for (audience, fine) in [(None, false), (Some("https://other.example.com"), true)] {
        let both = good().await.backend(managed("one", None)).backend(managed("two", audience));
        assert_eq!(problems(both).is_empty(), fine, "{audience:?}");
    }
    let mixed = good().await.backend(managed("one", None)).backend(derived("two"));
    assert_eq!(problems(mixed), [""; 0]);
}

#[tokio::test]
async fn a_rate_without_a_time_is_a_mistake() {
    let limits = Limits::off().set(TOKEN_TRIES, [Rate { times: 3, per: Duration::ZERO }]);
    assert!(problems(good().await.limits(limits)).join("; ").contains("Rate::per_hour"));
    assert_eq!(problems(good().await.limits(Limits::off())), Vec::<String>::new());
}

/// The setting of a feature that lives in a crate of its own.
struct Greeting {
    words: usize,
}

fn greeting(words: usize) -> Feature {
    Feature::new("greeting", "Greets people.").setting(Greeting { words }).problems(|configs| {
        match configs.get::<Greeting>() {
            Some(Greeting { words: 1.. }) => Vec::new(),
            _ => vec!["set the words of the greeting above zero".to_owned()],
        }
    })
}

#[tokio::test]
async fn an_added_feature_has_its_setting_checked_and_reads_it_back() {
    assert_eq!(problems(good().await.feature(greeting(0))), ["set the words of the greeting above zero"]);
    let auth = good().await.feature(greeting(3)).build().unwrap();
    assert_eq!(auth.kernel().configs().get::<Greeting>().map(|greeting| greeting.words), Some(3));
    let rows: Vec<_> = auth.features().iter().map(|feature| (feature.name(), feature.about())).collect();
    assert!(rows.contains(&("greeting", "Greets people.")) && rows.len() == FEATURES.len() + 1, "{rows:?}");
    assert!(good().await.build().unwrap().kernel().configs().get::<Greeting>().is_none());
}

#[tokio::test]
async fn features_and_their_jobs_have_names_of_their_own() {
    static JOBS: [JobHandler; 1] = [JobHandler::new("verify", "verify_email", |_, _| Box::pin(async { Ok(None) }))];
    for (builder, word) in [
        (good().await.feature(greeting(1)).feature(greeting(1)), "two features are called `greeting`"),
        (good().await.feature(Feature::new("audit", "Another log.")), "two features are called `audit`"),
        (good().await.feature(greeting(1).jobs(&JOBS)), "two jobs are called `verify`"),
    ] {
        let found = problems(builder);
        assert!(found.len() == 1 && found[0].contains(word), "{found:?}");
    }
}

#[tokio::test]
async fn links_are_checked_by_the_names_of_their_settings() {
    const NEVER: Duration = Duration::ZERO;
    let (page, bad) = (LinkConfig::new("page", Duration::from_secs(600)), LinkConfig::new("page", NEVER));
    for (builder, name) in [
        (good().await.verification(VerificationConfig { link: bad.clone() }), "`verification.link`"),
        (good().await.password_reset(PasswordResetConfig { link: bad.clone() }), "`password_reset.link`"),
        (
            good().await.magic_link(MagicLinkConfig { link: bad.clone(), ..MagicLinkConfig::default() }),
            "`magic_link.link`",
        ),
        (
            good().await.email_change(EmailChangeConfig { confirm_link: bad.clone(), ..EmailChangeConfig::default() }),
            "`email_change.confirm_link`",
        ),
        (
            good().await.email_change(EmailChangeConfig { revert_link: bad.clone(), ..EmailChangeConfig::default() }),
            "`email_change.revert_link`",
        ),
    ] {
        let found = problems(builder);
        assert!(found.len() == 1 && found[0].contains(name), "{name}: {found:?}");
    }
    assert_eq!(problems(good().await.verification(VerificationConfig { link: page })), [""; 0]);
}

#[tokio::test]
async fn refresh_tokens_have_bounds_and_a_cookie_of_their_own() {
    use crate::{RefreshOptions, Transport};
    let found = async |options: RefreshOptions| {
        problems(good().await.backend(Backend::bearer("spa").refresh(options))).join("; ")
    };
    assert_eq!(found(RefreshOptions::default()).await, "");
    let second = Duration::from_secs(1);
    for (options, problem) in [
        (RefreshOptions { grace: 61 * second, ..RefreshOptions::default() }, "set `grace` to at most 60 seconds"),
        (RefreshOptions { idle: Duration::ZERO, ..RefreshOptions::default() }, "above zero"),
        (RefreshOptions { access_lifetime: Duration::ZERO, ..RefreshOptions::default() }, "above zero"),
        (RefreshOptions { idle: Duration::MAX, ..RefreshOptions::default() }, "at most 400 days"),
        (RefreshOptions { access_lifetime: Duration::MAX, ..RefreshOptions::default() }, "at most 400 days"),
    ] {
        let found = found(options).await;
        assert!(found.contains("backend \"spa\"") && found.contains(problem), "{found}");
    }
    let in_cookie =
        |name: &str| Backend::bearer(name).refresh(RefreshOptions { in_cookie: true, ..Default::default() });
    let both = problems(good().await.backend(in_cookie("one")).backend(in_cookie("two"))).join("; ");
    assert!(both.contains("backend \"two\" has its refresh tokens in the cookie") && both.contains("`cookie_name`"));
    let auth = good().await.backend(in_cookie("one")).build().unwrap();
    let Some(Transport::Cookie { name, secure, same_site, path, domain, .. }) = auth.backends()[1].refresh_transport()
    else {
        panic!("it travels in a cookie");
    };
    assert_eq!((name.as_str(), *secure, *same_site), ("__Host-refresh", true, crate::SameSite::Strict));
    assert_eq!((path.as_str(), domain.as_deref()), ("/", None));
}

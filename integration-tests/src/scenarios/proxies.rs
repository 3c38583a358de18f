//! Scenarios of proxies that are not configured: servers notice them, say so once, and tell the next start and the doctor.

use auth_core::ErrorCode as E;
use auth_core::installation::ProxySign;
use tracing::Instrument;

use crate::logs::Listener;
use crate::scenario::scenarios;
use crate::{App, Cx, Scenario, Setup, until};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    a_header_of_an_untrusted_peer_is_noticed: one_server,
    it_is_logged_once_without_the_header: direct_only,
    one_address_for_nearly_all_is_noticed: one_server,
    another_configuration_begins_anew: one_server,
    the_next_start_and_the_doctor_know: direct_only,
];

/// An address that only headers of these scenarios have.
const FORGED: &str = "198.51.100.213";

const WARNING: &str = "a peer with a private address sent `X-Forwarded-For`";

fn https() -> Setup {
    Setup::default().auth(|auth| auth.public_url("https://notes.example.com"))
}

async fn ask(app: &App, header: Option<(&str, &str)>) {
    let request = app.get("/users/me");
    let request = header.into_iter().fold(request, |request, (name, value)| request.header(name, value));
    request.send().await.fails(E::Unauthorized);
}

/// What its servers have seen, once the workers have written it down.
async fn signs(app: &App) -> Vec<ProxySign> {
    let installation = app.auth().installation();
    installation.note_proxy_signs().await.expect("the database");
    installation.proxy_signs().await.expect("the database").into_iter().map(|(sign, _)| sign).collect()
}

async fn a_header_of_an_untrusted_peer_is_noticed(cx: Cx) {
    for header in [("x-forwarded-for", FORGED), ("forwarded", "for=198.51.100.213")] {
        let app = cx.app().await;
        ask(&app, None).await;
        ask(&app, Some(("x-real-ip", FORGED))).await;
        assert_eq!(signs(&app).await, [], "{header:?}");
        let log = Listener::new();
        ask(&app, Some(header)).await;
        assert!(log.text().contains(WARNING), "{header:?}");
        // Every scenario connects from this machine.
        assert_eq!(signs(&app).await, [ProxySign::ForwardedPrivately], "{header:?}");
        app.lose_database().await;
        // Nothing is written a second time that day.
        ask(&app, Some(header)).await;
        app.auth().installation().note_proxy_signs().await.expect("no statement");
    }
}

async fn it_is_logged_once_without_the_header(cx: Cx) {
    let (app, log) = (cx.app().await, Listener::new());
    let span = tracing::info_span!("proxies-of-this-scenario", engine = cx.engine().name());
    async {
        for _ in 0..5 {
            ask(&app, Some(("x-forwarded-for", FORGED))).await;
            ask(&app, Some(("forwarded", "for=198.51.100.213;by=unseen-proxy"))).await;
        }
    }
    .instrument(span)
    .await;
    let text = log.text();
    let ours = format!("proxies-of-this-scenario{{engine=\"{}\"}}", cx.engine().name());
    assert_eq!(text.lines().filter(|line| line.contains(&ours) && line.contains(WARNING)).count(), 1);
    assert!(
        !text.contains("unseen-proxy") && !text.lines().any(|line| line.contains("auth_http") && line.contains(FORGED))
    );
}

async fn one_address_for_nearly_all_is_noticed(cx: Cx) {
    let (app, log) = (cx.app_with(https()).await, Listener::new());
    for turn in 0..1_000 {
        // Health checks come from one address, and do not count.
        if turn % 10 == 0 {
            app.get("/healthz").send().await.is(200);
        }
        assert!(turn % 200 != 0 || signs(&app).await.is_empty(), "{turn}");
        ask(&app, None).await;
    }
    assert_eq!(signs(&app).await, [ProxySign::OneAddress]);
    assert!(log.text().contains("nearly all requests come from one private address"));
}

async fn another_configuration_begins_anew(cx: Cx) {
    let app = cx.app().await;
    ask(&app, Some(("x-forwarded-for", FORGED))).await;
    assert_eq!(signs(&app).await, [ProxySign::ForwardedPrivately]);
    let trusting = |auth: auth_core::AuthBuilder| {
        ["127.0.0.0/8", "::1/128"].iter().fold(auth, |auth, net| auth.trusted_proxy(net.parse().expect("a network")))
    };
    let repaired = app.server_with(Setup::default().auth(trusting)).await;
    ask(&repaired, Some(("x-forwarded-for", FORGED))).await;
    assert_eq!(signs(&repaired).await, [], "what was seen with another list is not about this one");
    app.clock().advance(std::time::Duration::from_secs(7 * 24 * 60 * 60));
    assert_eq!(signs(&app).await, [], "it was not seen again for a week");
    ask(&app, Some(("x-forwarded-for", FORGED))).await;
    assert_eq!(signs(&app).await, [ProxySign::ForwardedPrivately]);
}

async fn the_next_start_and_the_doctor_know(cx: Cx) {
    let examine = async |app: &App| {
        let mut output = Vec::new();
        // Other things may be wrong with an app of the suite.
        let _ = auth_cli::run(app.auth(), &["doctor".to_owned()], &mut &b""[..], &mut output).await;
        let lines = String::from_utf8(output).expect("a text");
        lines.lines().filter(|line| line.contains(" proxies: ")).map(str::to_owned).collect::<Vec<_>>()
    };
    let app = cx.app_with(https()).await;
    let fine = examine(&app).await;
    assert!(fine.len() == 1 && fine[0].starts_with("ok     proxies: 0 trusted"), "{fine:?}");
    ask(&app, Some(("x-forwarded-for", FORGED))).await;
    let workers = app.auth().spawn_workers();
    for _ in 0..5_000 {
        if !app.auth().installation().proxy_signs().await.expect("the database").is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    workers.shutdown().await;
    let found = examine(&app).await;
    assert!(
        found.len() == 1 && found[0].starts_with("WRONG  proxies: seen at ") && found[0].contains(WARNING),
        "{found:?}"
    );
    let log = Listener::new();
    let next = app.server_with(https()).await;
    let workers = next.auth().spawn_workers();
    until("a warning at the start", || log.text().contains("seen before: a peer with a private address")).await;
    workers.shutdown().await;
}

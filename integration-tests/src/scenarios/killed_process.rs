//! Scenarios of a server that is killed in the middle of its work (F-01, F-02; invariants I1 to I4 and I11).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use auth_testkit::Cut;
use serde_json::json;

use crate::mails::RESET_PASSWORD;
use crate::scenario::scenarios;
use crate::victim::{Orders, Posted, Victim};
use crate::witness::{Dead, Fact, SECOND, THIRD, Witness};
use crate::{App, Cx, PASSWORD, Scenario, Target, audit};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    whatever_was_acknowledged_is_there_after_a_kill: sockets_only,
    a_kill_at_any_packet_of_a_way_in_leaves_whole_objects: direct_only servers_only,
    a_kill_at_any_packet_of_a_change_leaves_whole_objects: direct_only servers_only,
    a_kill_at_any_packet_of_an_exchange_ends_no_session: direct_only servers_only,
];

/// How much later it is after each kill: the claims of the worker that died have run out.
const LATER: u64 = 11 * 60;

/// How many clients are at work when the kill comes, and how often it does.
const CLIENTS: usize = 6;
const KILLS: u64 = 4;

fn orders(app: &App, target: Target) -> Orders {
    let database = app.database().url().to_owned();
    Orders { database, connections: 4, target: target.name().to_owned(), ahead: 0, workers: true }
}

/// Waits until nothing is left to be sent.
async fn everything_has_left(app: &App) {
    for _ in 0..10_000 {
        if app.waiting_mails().await == 0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    panic!("mails are left behind");
}

async fn whatever_was_acknowledged_is_there_after_a_kill(cx: Cx) {
    let app = cx.app().await;
    let mut orders = orders(&app, cx.target());
    let (mut people, mut mails) = (Vec::<Witness>::new(), Vec::new());
    for kill in 0..KILLS {
        let victim = Arc::new(Victim::start(&orders).await);
        let acknowledged = Arc::new(AtomicUsize::new(0));
        let known: Arc<Vec<Posted>> = Arc::new(mails.clone());
        // Those who were here before go on where they stopped, and new ones come until the end.
        let mut share: Vec<Vec<Witness>> = (0..CLIENTS).map(|_| Vec::new()).collect();
        people.drain(..).enumerate().for_each(|(n, person)| share[n % CLIENTS].push(person));
        let clients = share.into_iter().enumerate().map(|(client, mut own)| {
            let (victim, acknowledged, known) = (victim.clone(), acknowledged.clone(), known.clone());
            tokio::spawn(async move {
                for person in &mut own {
                    if person.redeem(&victim, &known, &acknowledged).await.is_err() {
                        return own;
                    }
                }
                loop {
                    let mut person = Witness::new(&format!("person-{kill}-{client}-{}", own.len()));
                    let end = person.live(&victim, own.len(), &acknowledged).await;
                    own.push(person);
                    if end.is_err() {
                        return own;
                    }
                }
            })
        });
        let clients: Vec<_> = clients.collect();
        // Somewhere, and each time somewhere else.
        let enough = 20 + usize::try_from(kill * 37 % 50).expect("a small number");
        while acknowledged.load(Ordering::SeqCst) < enough {
            assert!(!clients.iter().all(tokio::task::JoinHandle::is_finished), "the victim died by itself");
            tokio::task::yield_now().await;
            tokio::time::sleep(std::time::Duration::from_micros(200)).await;
        }
        tokio::task::spawn_blocking(victim.killer()).await.expect("it is dead");
        for client in clients {
            people.extend(client.await.expect("a client that saw nothing wrong"));
        }
        mails.extend(Arc::into_inner(victim).expect("nobody asks any more").legacy().await);
        audit::tables(&app).await;
        orders.ahead += LATER;
        let healthy = Victim::start(&orders).await;
        everything_has_left(&app).await;
        healthy.killer()();
        mails.extend(healthy.legacy().await);
        orders.workers = false;
        let healthy = Victim::start(&orders).await;
        for person in &mut people {
            person.check(&healthy, &mails).await;
            // A link that nobody knows about was used with its effect, or can be used now.
            if person.verified == Fact::Unknown || person.reset == Fact::Unknown {
                assert!(person.redeem(&healthy, &mails, &AtomicUsize::new(0)).await.is_ok());
            }
        }
        // What came to nothing can be done again.
        for person in people.iter_mut().filter(|person| person.exists == Fact::No) {
            *person = Witness::new(person.email.split('@').next().unwrap_or_default());
            person.since = mails.len();
            assert!(person.register(&healthy).await.is_ok());
        }
        orders.workers = true;
        audit::tables(&app).await;
    }
    assert!(people.iter().any(|person| person.reset == Fact::Yes), "nobody got as far as a reset");
}

/// What is killed at each of its packets.
#[derive(Clone, Copy, Debug)]
enum Flow {
    Register,
    Login,
    ChangePassword,
    Reset,
    Delete,
}

impl Flow {
    async fn run(self, person: &mut Witness, on: &Victim, token: &str) -> Result<(), Dead> {
        match self {
            Self::Register => person.register(on).await,
            Self::Login => person.log_in(on).await,
            Self::ChangePassword => person.change_password(on, SECOND).await,
            Self::Reset => person.reset(on, token, THIRD).await,
            Self::Delete => person.delete(on).await,
        }
    }
}

async fn a_kill_at_any_packet_of_a_way_in_leaves_whole_objects(cx: Cx) {
    kill_at_any_packet(cx, &[Flow::Register, Flow::Login]).await;
}

async fn a_kill_at_any_packet_of_a_change_leaves_whole_objects(cx: Cx) {
    kill_at_any_packet(cx, &[Flow::ChangePassword, Flow::Reset, Flow::Delete]).await;
}

/// Kills the server once after each packet that its database has answered.
async fn kill_at_any_packet(cx: Cx, flows: &[Flow]) {
    let app = cx.app().await;
    let proxy = app.proxy().await;
    let quiet = Orders { workers: false, connections: 1, ..orders(&app, Target::Axum) };
    let shaky = Orders { database: app.database().url_through(&proxy).expect("a URL"), ..quiet.clone() };
    // Beside the proxy, and never killed.
    let healthy = Victim::start(&quiet).await;
    for flow in flows {
        // How often something was done that nobody was told.
        let (mut packets, mut unseen) = (0, 0);
        loop {
            let mut person = Witness::new(&format!("{flow:?}-{packets}").to_lowercase());
            let mut token = String::new();
            if !matches!(flow, Flow::Register) {
                assert!(person.register(&healthy).await.is_ok() && person.log_in(&healthy).await.is_ok());
            }
            if matches!(flow, Flow::Reset) {
                let body = json!({ "email": person.email });
                app.post("/auth/forgot-password").json(body).send().await.is(202);
                token = app.token_to(&person.email, RESET_PASSWORD).await;
            }
            let victim = Victim::start(&shaky).await;
            proxy.at_packet(packets, Cut::BeforeAnswer, victim.killer());
            let result = flow.run(&mut person, &victim, &token).await;
            let came = !proxy.is_waiting();
            proxy.open();
            drop(victim);
            let expected = person.exists;
            // Nothing is sent here.
            person.owed.clear();
            person.look(&healthy).await;
            audit::tables(&app).await;
            unseen +=
                usize::from(matches!(flow, Flow::Register) && expected == Fact::Unknown && person.exists == Fact::Yes);
            if person.reset == Fact::Unknown {
                unseen += usize::from(person.passwords == [THIRD]);
                // Either it is used up and the password is new, or it works.
                assert!(person.reset(&healthy, &token, THIRD).await.is_ok());
            }
            if result.is_ok() && !came {
                break;
            }
            packets += 1;
            assert!(packets < 60, "{flow:?} never gets through");
        }
        assert!(packets > 3, "{flow:?}: {packets} packets");
        if matches!(flow, Flow::Reset | Flow::Register) {
            assert!(unseen > 0, "{flow:?}: no kill came between the commit and the answer");
        }
    }
}

/// REF-04: whether or not the token was exchanged, the client asks again and goes on.
async fn a_kill_at_any_packet_of_an_exchange_ends_no_session(cx: Cx) {
    let app = cx.app().await;
    let proxy = app.proxy().await;
    let quiet = Orders { workers: false, connections: 1, ..orders(&app, Target::Axum) };
    let shaky = Orders { database: app.database().url_through(&proxy).expect("a URL"), ..quiet.clone() };
    let healthy = Victim::start(&quiet).await;
    let ada = app.register("ada").await;
    let (mut packets, mut repeated) = (0, 0);
    loop {
        let login = app.try_login(&ada.email, PASSWORD, "jwt").await.is(200).json();
        let token = json!({ "refresh_token": login["refresh_token"] });
        let victim = Victim::start(&shaky).await;
        proxy.at_packet(packets, Cut::BeforeAnswer, victim.killer());
        let answer = victim.ask("POST", "/auth/token/refresh", None, token.clone()).await;
        let came = !proxy.is_waiting();
        proxy.open();
        drop(victim);
        repeated += app.count("authn_refresh_token WHERE answer IS NOT NULL").await;
        let (status, again) = healthy.ask("POST", "/auth/token/refresh", None, token).await.expect("an answer");
        assert_eq!(status, 200, "after {packets} packets: {again}");
        if let Some((status, first)) = &answer {
            assert_eq!((*status, &first["refresh_token"]), (200, &again["refresh_token"]));
        }
        let access = again["access_token"].as_str();
        let me = healthy.ask("GET", "/users/me", access, serde_json::Value::Null).await.expect("an answer");
        assert_eq!(me.0, 200, "{}", me.1);
        app.execute("DELETE FROM authn_session").await;
        if answer.is_some() && !came {
            break;
        }
        packets += 1;
        assert!(packets < 60, "it never gets through");
    }
    assert!(packets > 3 && repeated > 1, "{packets} packets, {repeated} times with the answer kept");
    audit::tables(&app).await;
}

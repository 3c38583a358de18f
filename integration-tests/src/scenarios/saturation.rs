//! Scenarios of more passwords than the machine can hash: the excess is turned away at once, and everybody who needs no
//! hash goes on undisturbed.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use auth_core::password::{HasherConfig, Password, PasswordConfig, PasswordPolicy, PolicyContext, Refusal};
use auth_core::{ErrorCode as E, Limits};
use serde_json::json;

use crate::scenario::scenarios;
use crate::{Answer, App, Cx, PASSWORD, Request, Scenario, Setup, race, until};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    the_excess_is_turned_away_and_the_rest_goes_on: one_server,
    clients_who_leave_give_their_place_back: one_server,
    a_flood_from_one_network_leaves_room_for_others: one_server,
];

/// This password keeps a hashing thread busy until the gate opens.
const SLOW: &str = "slow-Tractor-Orbit-19";

/// How many may wait for a thread.
const QUEUE: usize = 3;

/// A policy that takes its time over one password.
#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    fn open(&self) {
        *self.0.0.lock().expect("no holder panics") = true;
        self.0.1.notify_all();
    }
}

impl PasswordPolicy for Gate {
    fn check(&self, password: &Password, _: &PolicyContext) -> Result<(), Refusal> {
        if password.expose() == SLOW {
            let open = self.0.0.lock().expect("no holder panics");
            drop(self.0.1.wait_while(open, |open| !*open).expect("no holder panics"));
        }
        Ok(())
    }
}

/// Opens the gate when the scenario ends, also when it fails: the runtime waits for the threads behind it.
struct Opener(Gate);

impl Drop for Opener {
    fn drop(&mut self) {
        self.0.open();
    }
}

/// An app whose queue is short and whose wait is long: only an answer at once ends a request in excess.
async fn app(cx: &Cx) -> (App, Opener) {
    let gate = Gate::default();
    let policy = gate.clone();
    let config = HasherConfig { queue: QUEUE, wait: Duration::from_secs(60), ..HasherConfig::insecure_for_tests() };
    let passwords = PasswordConfig::from(config).with_policy(policy);
    let setup = Setup::default().auth(move |auth| auth.passwords(passwords.clone()));
    (cx.app_with(setup).await, Opener(gate))
}

fn slow(app: &App, n: usize) -> Request {
    app.post("/auth/register").json(json!({ "email": format!("slow{n}@example.org"), "password": SLOW }))
}

/// LOG-25.
async fn the_excess_is_turned_away_and_the_rest_goes_on(cx: Cx) {
    let (app, gate) = app(&cx).await;
    let (ada, hasher) = (app.user("ada").await, app.auth().hasher().clone());
    let places = hasher.permits() + QUEUE;
    let admitted: Vec<_> = (0..places).map(|n| tokio::spawn(slow(&app, n).send())).collect();
    until("all threads are busy", || hasher.running() == hasher.permits() && hasher.waiting() == QUEUE).await;
    let excess = race(32, |n| {
        let login = json!({ "username": ada.email, "password": PASSWORD });
        let change = json!({ "password": "kettle-Umbrella-42", "current_password": PASSWORD });
        let request = match n % 4 {
            0 => app.post("/auth/db/login").json(login),
            1 => app.post("/auth/cookie/login").json(json!({ "username": "nobody", "password": PASSWORD })),
            2 => app.patch("/users/me").by(&ada).json(change),
            _ => app.post("/auth/register").json(json!({ "email": format!("u{n}@example.org"), "password": PASSWORD })),
        };
        async move { request.send().await }
    });
    for answer in excess.await {
        let answer: Answer = answer.fails(E::Overloaded);
        let wait = answer.header("retry-after").and_then(|seconds| seconds.parse::<u32>().ok());
        assert!(wait.is_some_and(|seconds| (1..=60).contains(&seconds)), "{wait:?}");
    }
    assert_eq!((hasher.running(), hasher.waiting()), (hasher.permits(), QUEUE), "never more than there is room for");
    // Sessions need no hash.
    for _ in 0..8 {
        app.get("/users/me").by(&ada).send().await.is(200);
    }
    app.patch("/users/me").by(&ada).json(json!({ "display_name": "Ada" })).send().await.is(200);
    gate.0.open();
    for answer in admitted {
        answer.await.expect("no panic").is(201);
    }
    until("all threads are free", || (hasher.running(), hasher.waiting()) == (0, 0)).await;
    app.login(&ada, "db").await;
    assert_eq!(app.user_count().await, 1 + i64::try_from(places).expect("a few"));
}

async fn clients_who_leave_give_their_place_back(cx: Cx) {
    let (app, gate) = app(&cx).await;
    let (ada, hasher) = (app.user("ada").await, app.auth().hasher().clone());
    let places = hasher.permits() + QUEUE;
    let admitted: Vec<_> = (0..places).map(|n| tokio::spawn(slow(&app, n).send())).collect();
    until("all threads are busy", || hasher.running() == hasher.permits() && hasher.waiting() == QUEUE).await;
    for request in &admitted {
        request.abort();
    }
    for request in admitted {
        assert!(request.await.is_err_and(|failure| failure.is_cancelled()));
    }
    assert!(hasher.running() <= hasher.permits() && hasher.waiting() <= QUEUE);
    gate.0.open();
    until("all threads are free", || (hasher.running(), hasher.waiting()) == (0, 0)).await;
    app.login(&ada, "db").await;
    // A client that left may come again: what it began is there whole, or not at all.
    for n in 0..places {
        let answer = slow(&app, n).send().await;
        assert!(answer.status == 201 || answer.code() == E::RegisterUserAlreadyExists.as_str(), "{}", answer.text());
        app.try_login(&format!("slow{n}@example.org"), SLOW, "db").await.is(200);
    }
}

/// LOG-25: one network has its share of the threads and of the queue, and no more.
async fn a_flood_from_one_network_leaves_room_for_others(cx: Cx) {
    let gate = Gate::default();
    let policy = gate.clone();
    let wait = Duration::from_secs(60);
    let config = HasherConfig { queue: QUEUE, per_network: 1, wait, ..HasherConfig::insecure_for_tests() };
    let passwords = PasswordConfig::from(config).with_policy(policy);
    let proxy = "127.0.0.0/8".parse().expect("a network");
    let setup = Setup::default()
        .auth(move |auth| auth.passwords(passwords.clone()).limits(Limits::default()).trusted_proxy(proxy));
    let (app, gate) = (cx.app_with(setup).await, Opener(gate));
    let (ada, hasher) = (app.user("ada").await, app.auth().hasher().clone());
    let places = 1 + QUEUE / 2;
    let from = |request: Request, ip: &str| request.header("x-forwarded-for", ip);
    let flood: Vec<_> =
        (0..places).map(|n| tokio::spawn(from(slow(&app, n), &format!("2001:db8:1:1::{n}")).send())).collect();
    until("one of them hashes, the others wait", || hasher.running() == 1 && hasher.waiting() == QUEUE / 2).await;
    let login = || app.post("/auth/db/login").json(json!({ "username": ada.email, "password": PASSWORD }));
    from(login(), "2001:db8:1:1:ffff::1").send().await.fails(E::Overloaded);
    // The machine may have one thread only.
    if hasher.permits() > 1 {
        from(login(), "2001:db8:1:2::1").send().await.is(200);
        from(login(), "192.0.2.1").send().await.is(200);
    }
    gate.0.open();
    for answer in flood {
        answer.await.expect("no panic").is(201);
    }
    from(login(), "2001:db8:1:1::1").send().await.is(200);
}

//! The hasher as its callers see it.

use super::*;
use crate::Client;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, Version, password_hash::phc::PasswordHash};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;
use tokio::task::JoinHandle;

/// A wait that no passing test exhausts.
const LONG: Duration = Duration::from_secs(600);

fn cheap() -> PasswordHasher {
    PasswordHasher::new(HasherConfig::insecure_for_tests()).unwrap()
}

fn outcome(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Wrong => "wrong",
        Verdict::Corrupt => "corrupt",
        Verdict::Right { outdated: false } => "right",
        Verdict::Right { outdated: true } => "right, outdated",
    }
}

async fn verify(hasher: &PasswordHasher, password: &str, stored: Option<&str>) -> Verdict {
    hasher.verify(Password::new(password), stored.map(str::to_owned)).await.unwrap()
}

#[tokio::test]
async fn hashes_are_salted_phc_strings_of_the_configured_cost() {
    for (config, prefix) in [
        (HasherConfig::insecure_for_tests(), "$argon2id$v=19$m=8,t=1,p=1$"),
        (HasherConfig::default(), "$argon2id$v=19$m=19456,t=2,p=1$"),
    ] {
        let hasher = PasswordHasher::new(config).unwrap();
        let first = hasher.hash(Password::new("secret")).await.unwrap();
        let second = hasher.hash(Password::new("secret")).await.unwrap();
        assert!(first.starts_with(prefix), "{first}");
        assert_ne!(first, second);
        for (password, stored, expected) in [
            ("secret", Some(&first), "right"),
            ("secret", Some(&second), "right"),
            ("Secret", Some(&first), "wrong"),
            ("", Some(&first), "wrong"),
            ("secret", None, "wrong"),
        ] {
            assert_eq!(outcome(&verify(&hasher, password, stored.map(String::as_str)).await), expected, "{password:?}");
        }
    }
}

#[tokio::test]
async fn nothing_is_truncated_trimmed_or_folded_but_the_normal_form() {
    let hasher = cheap();
    let long = "x".repeat(72);
    for (set, typed, expected) in [
        (format!("{long}a"), format!("{long}b"), "wrong"),
        (format!("{long}a"), long.clone(), "wrong"),
        ("y".repeat(1024), "y".repeat(1023), "wrong"),
        ("secret ".into(), "secret".into(), "wrong"),
        ("secret ".into(), "secret ".into(), "right"),
        (" secret".into(), "secret".into(), "wrong"),
        ("a\0b".into(), "a\0c".into(), "wrong"),
        ("a\0b".into(), "a".into(), "wrong"),
        ("a\0b".into(), "a\0b".into(), "right"),
        ("🔑🗝".into(), "🔑🔑".into(), "wrong"),
        ("🔑🗝".into(), "🔑🗝".into(), "right"),
        ("Caf\u{E9}".into(), "Cafe\u{301}".into(), "right"),
        ("Cafe\u{301}".into(), "Caf\u{E9}".into(), "right"),
        ("Caf\u{E9}".into(), "caf\u{E9}".into(), "wrong"),
        ("abc".into(), "ａｂｃ".into(), "wrong"),
    ] {
        let stored = hasher.hash(Password::new(&set)).await.unwrap();
        assert_eq!(outcome(&verify(&hasher, &typed, Some(&stored)).await), expected, "{set:?} {typed:?}");
    }
}

#[tokio::test]
#[rustfmt::skip]
async fn broken_and_unknown_strings_are_corrupt() {
    let hasher = cheap();
    let good = hasher.hash(Password::new("secret")).await.unwrap();
    let (salt, output) = ("c29tZXNhbHRzb21lc2FsdA", "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE");
    let cases = [
        String::new(), " ".into(), "$".into(), "$$$$$".into(), "secret".into(), "\0".into(), "🔑".into(),
        "$🔑$v=19$m=8,t=1,p=1$a$b".into(), "5f4dcc3b5aa765d61d8327deb882cf99".into(),
        "$6$rounds=5000$saltsalt$hash".into(),
        "pbkdf2_sha256$260000$salt$hash".into(),
        format!("$pbkdf2-sha256$i=1000${salt}${output}"), format!("$argon2x$v=19$m=8,t=1,p=1${salt}${output}"),
        format!("argon2id$v=19$m=8,t=1,p=1${salt}${output}"), format!("$argon2id$m=8,t=1,p=1${salt}${output}"),
        format!("$argon2id$v=1$m=8,t=1,p=1${salt}${output}"),
        format!("$argon2id$v=99999999999999999999$m=8,t=1,p=1${salt}${output}"),
        format!("$argon2id$v=19$m=8,t=1,p=1${salt}"), "$argon2id$v=19$m=8,t=1,p=1$".into(),
        "$argon2id$v=19$m=8,t=1,p=1".into(), "$argon2id$v=19".into(), "$argon2id".into(),
        format!("$argon2id$v=19$m=8,t=1,p=1${salt}$"), format!("$argon2id$v=19$m=8,t=1,p=1$${output}"),
        format!("$argon2id$v=19$m=8,t=1,p=1$c2FsdA${output}"),
        format!("$argon2id$v=19$m=8,t=1,p=1${salt}$YWFhYWFhYWFhYQ"),
        format!("$argon2id$v=19$m=8,t=1,p=1${salt}$!!!!!!!!!!!!!!!!!!!!!!"),
        format!("$argon2id$v=19$m=8,t=1,p=1${salt}${output}$more"),
        format!("$argon2id$v=19$m=8,t=1,p=1${salt}${}", output.repeat(9)),
        format!("$argon2id$v=19$m=7,t=1,p=1${salt}${output}"), format!("$argon2id$v=19$m=8,t=0,p=1${salt}${output}"),
        format!("$argon2id$v=19$m=8,t=1,p=0${salt}${output}"), format!("$argon2id$v=19$m=8,t=1,p=2${salt}${output}"),
        format!("$argon2id$v=19$m=-8,t=1,p=1${salt}${output}"),
        format!("$argon2id$v=19$m=8,t=1,p=1,x=1${salt}${output}"),
        // Beyond what we are willing to compute.
        format!("$argon2id$v=19$m=1048577,t=1,p=1${salt}${output}"),
        format!("$argon2id$v=19$m=4294967295,t=1,p=1${salt}${output}"),
        format!("$argon2id$v=19$m=8,t=65,p=1${salt}${output}"),
        format!("$argon2id$v=19$m=8,t=4294967295,p=1${salt}${output}"),
        format!("$argon2id$v=19$m=1040,t=1,p=65${salt}${output}"),
        format!("$argon2id$v=19$m=4294967295,t=1,p=16777215${salt}${output}"),
        // Our own, damaged on the way.
        good[1..].into(), good[..good.len() - 2].into(), format!("{good} "), format!("{good}\n"), format!("{good}="),
        good.to_uppercase(), good.replace('$', ""), good.repeat(1000), "a".repeat(1_000_000),
    ];
    for stored in cases {
        assert_eq!(
            outcome(&verify(&hasher, "secret", Some(&stored)).await),
            "corrupt",
            "{stored:.120}"
        );
    }
    assert_eq!(outcome(&verify(&hasher, "secret", Some(&good)).await), "right");
}

#[tokio::test]
async fn hashes_of_other_parameters_are_outdated() {
    let hasher = cheap();
    let cases = [
        (Algorithm::Argon2id, Version::V0x13, (8, 1, 1, None), 16, "right"),
        (Algorithm::Argon2id, Version::V0x13, (9, 1, 1, None), 16, "right, outdated"),
        (Algorithm::Argon2id, Version::V0x13, (8, 2, 1, None), 16, "right, outdated"),
        (Algorithm::Argon2id, Version::V0x13, (16, 1, 2, None), 16, "right, outdated"),
        (Algorithm::Argon2id, Version::V0x13, (8, 1, 1, Some(16)), 16, "right, outdated"),
        (Algorithm::Argon2id, Version::V0x13, (8, 1, 1, Some(64)), 16, "right, outdated"),
        (Algorithm::Argon2id, Version::V0x13, (8, 1, 1, None), 8, "right, outdated"),
        (Algorithm::Argon2id, Version::V0x10, (8, 1, 1, None), 16, "right, outdated"),
        (Algorithm::Argon2i, Version::V0x13, (8, 1, 1, None), 16, "right, outdated"),
        (Algorithm::Argon2d, Version::V0x13, (8, 1, 1, None), 16, "right, outdated"),
    ];
    for (algorithm, version, (m, t, p, output), salt, expected) in cases {
        let argon2 = Argon2::new(algorithm, version, Params::new(m, t, p, output).unwrap());
        let stored: PasswordHash = argon2.hash_password_with_salt(b"secret", &vec![7; salt]).unwrap();
        let stored = stored.to_string();
        assert_eq!(outcome(&verify(&hasher, "wrong", Some(&stored)).await), "wrong", "{stored}");
        assert_eq!(outcome(&verify(&hasher, "secret", Some(&stored)).await), expected, "{stored}");
    }
}

#[test]
fn unusable_configurations_make_no_hasher() {
    let below = HasherConfig { memory_kib: 1024, ..HasherConfig::default() };
    for config in [below, HasherConfig { iterations: 0, ..HasherConfig::insecure_for_tests() }] {
        let problems = config.problems().join("; ");
        assert!(!problems.is_empty());
        assert!(matches!(PasswordHasher::new(config), Err(HasherError::Internal(text)) if text == problems));
    }
}

#[tokio::test]
async fn a_refused_password_is_not_hashed() {
    let (hasher, policy) = (cheap(), Arc::new(StandardPolicy::default()));
    let refused = hasher.check_and_hash(Password::new("short"), policy.clone(), PolicyContext::default()).await;
    assert!(matches!(refused, Err(HasherError::Refused(Refusal { reason })) if reason.contains("at least 8")));
    let hash = hasher
        .check_and_hash(Password::new("a perfectly fine phrase"), policy, PolicyContext::default())
        .await
        .unwrap();
    assert_eq!(outcome(&verify(&hasher, "a perfectly fine phrase", Some(&hash)).await), "right");
}

/// A policy that holds its thread until the gate opens, and counts the threads it holds.
#[derive(Default)]
struct Gate {
    open: Mutex<bool>,
    opened: Condvar,
    inside: AtomicUsize,
    peak: AtomicUsize,
}

impl PasswordPolicy for Gate {
    fn check(&self, _: &Password, _: &PolicyContext) -> Result<(), Refusal> {
        let inside = self.inside.fetch_add(1, Ordering::SeqCst) + 1;
        self.peak.fetch_max(inside, Ordering::SeqCst);
        let open = self.opened.wait_while(self.open.lock().unwrap(), |open| !*open).unwrap();
        drop(open);
        self.inside.fetch_sub(1, Ordering::SeqCst);
        Ok(())
    }
}

impl Gate {
    fn open(&self) {
        *self.open.lock().unwrap() = true;
        self.opened.notify_all();
    }
}

/// Opens the gate when a test ends, also when it fails: no thread is left waiting behind it.
struct Opener(Arc<Gate>);

impl Drop for Opener {
    fn drop(&mut self) {
        self.0.open();
    }
}

fn bounded(cores: usize, queue: usize, wait: Duration) -> PasswordHasher {
    PasswordHasher::with_cores(HasherConfig { queue, wait, ..HasherConfig::insecure_for_tests() }, cores).unwrap()
}

fn callers(hasher: &PasswordHasher, gate: &Arc<Gate>, n: usize) -> Vec<JoinHandle<Result<String, HasherError>>> {
    let call = |_| {
        let (hasher, gate) = (hasher.clone(), gate.clone());
        tokio::spawn(
            async move { hasher.check_and_hash(Password::new("secret"), gate, PolicyContext::default()).await },
        )
    };
    (0..n).map(call).collect()
}

/// Polls; a condition that never comes fails the test instead of hanging it.
async fn until(condition: impl Fn() -> bool) {
    for _ in 0..20_000 {
        if condition() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("the condition did not come true");
}

#[tokio::test]
async fn two_permits_run_two_hashes_though_fifty_callers_leave() {
    let (hasher, gate) = (bounded(2, 64, LONG), Arc::new(Gate::default()));
    let _opener = Opener(gate.clone());
    let leaving = callers(&hasher, &gate, 50);
    until(|| gate.inside.load(Ordering::SeqCst) == 2 && hasher.waiting() == 48).await;
    for caller in &leaving {
        caller.abort();
    }
    for caller in leaving {
        assert!(caller.await.unwrap_err().is_cancelled());
    }
    assert_eq!(
        (hasher.waiting(), hasher.running(), hasher.permits()),
        (0, 2, 2),
        "places are given back, running hashes keep their permits"
    );

    let staying = callers(&hasher, &gate, 50);
    until(|| hasher.waiting() == 50).await;
    assert_eq!(gate.inside.load(Ordering::SeqCst), 2);
    gate.open();
    for caller in staying {
        caller.await.unwrap().unwrap();
    }
    until(|| hasher.running() == 0).await;
    assert_eq!((hasher.waiting(), gate.peak.load(Ordering::SeqCst)), (0, 2));
}

#[tokio::test]
async fn a_full_queue_turns_away_at_once() {
    for queue in [0, 1, 5] {
        let (hasher, gate) = (bounded(1, queue, LONG), Arc::new(Gate::default()));
        let _opener = Opener(gate.clone());
        let admitted = callers(&hasher, &gate, 1 + queue);
        until(|| hasher.running() == 1 && hasher.waiting() == queue).await;
        // The gate is closed and the wait is long: only an immediate answer ends these calls.
        assert!(matches!(hasher.hash(Password::new("one more")).await, Err(HasherError::Saturated)));
        assert!(matches!(hasher.verify(Password::new("one more"), None).await, Err(HasherError::Saturated)));
        gate.open();
        for caller in admitted {
            caller.await.unwrap().unwrap();
        }
        assert!(hasher.hash(Password::new("later")).await.is_ok());
    }
}

#[tokio::test]
async fn a_long_wait_ends_in_saturation() {
    let (hasher, gate) = (bounded(1, 8, Duration::from_millis(1)), Arc::new(Gate::default()));
    let _opener = Opener(gate.clone());
    let admitted = callers(&hasher, &gate, 1);
    until(|| hasher.running() == 1).await;
    assert!(matches!(hasher.hash(Password::new("waits in vain")).await, Err(HasherError::Saturated)));
    assert_eq!(hasher.waiting(), 0);
    gate.open();
    for caller in admitted {
        caller.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn one_network_does_not_hold_the_whole_pool() {
    let (hasher, gate) = (bounded(8, 6, LONG), Arc::new(Gate::default()));
    let _opener = Opener(gate.clone());
    let of = |ip: &str| hasher.on_behalf_of(&Client::new(Some(ip.parse().unwrap()), None));
    // Two of them hash and three wait, which is half of the queue: the sixth is turned away at once.
    let flood = of("2001:db8:1:1::1");
    let mut admitted = callers(&flood, &gate, 5);
    until(|| hasher.running() == 2 && hasher.waiting() == 3).await;
    let same_network = of("2001:db8:1:1:ffff::2");
    assert!(matches!(same_network.hash(Password::new("one more")).await, Err(HasherError::Saturated)));
    // Everyone else is served as if nothing was there.
    for ip in ["2001:db8:1:2::1", "192.0.2.1", "::ffff:192.0.2.2"] {
        assert!(of(ip).hash(Password::new("at once")).await.is_ok());
    }
    admitted.extend(callers(&of("192.0.2.1"), &gate, 2));
    until(|| gate.inside.load(Ordering::SeqCst) == 4 && hasher.running() == 4).await;
    for caller in &admitted {
        caller.abort();
    }
    gate.open();
    until(|| (hasher.running(), hasher.waiting()) == (0, 0)).await;
    assert_eq!(gate.peak.load(Ordering::SeqCst), 4, "those who left were not hashed");
    assert!(flood.hash(Password::new("later")).await.is_ok());
    // The app itself is not bound, and clients without an address are one network.
    for (client, running) in [(Client::default(), 5), (Client::new(None, None), 2)] {
        let gate = Arc::new(Gate::default());
        let _opener = Opener(gate.clone());
        let admitted = callers(&hasher.on_behalf_of(&client), &gate, 5);
        until(|| hasher.running() == running && hasher.waiting() == 5 - running).await;
        gate.open();
        for caller in admitted {
            caller.await.unwrap().unwrap();
        }
    }
}

#[tokio::test]
async fn many_networks_of_one_site_do_not_hold_the_whole_pool() {
    let (hasher, gate) = (bounded(32, 8, LONG), Arc::new(Gate::default()));
    let _opener = Opener(gate.clone());
    let of = |ip: String| hasher.on_behalf_of(&Client::new(Some(ip.parse().unwrap()), None));
    let mut admitted = Vec::new();
    for network in 0..20 {
        admitted.extend(callers(&of(format!("2001:db8:1:{network:x}::1")), &gate, 1));
    }
    until(|| gate.inside.load(Ordering::SeqCst) == 16 && hasher.waiting() == 4).await;
    let turned_away = of("2001:db8:1:ffff::1".to_owned()).hash(Password::new("one more")).await;
    assert!(matches!(turned_away, Err(HasherError::Saturated)));
    assert!(of("2001:db8:2::1".to_owned()).hash(Password::new("at once")).await.is_ok());
    gate.open();
    for caller in admitted {
        caller.await.unwrap().unwrap();
    }
    assert_eq!(gate.peak.load(Ordering::SeqCst), 16);
}

#[tokio::test]
async fn a_policy_that_panics_leaks_neither_text_nor_permit() {
    struct Panics;
    impl PasswordPolicy for Panics {
        fn check(&self, password: &Password, _: &PolicyContext) -> Result<(), Refusal> {
            panic!("cannot judge {}", password.expose())
        }
    }
    let hasher = bounded(1, 0, LONG);
    let error =
        hasher.check_and_hash(Password::new("s3cr3t"), Arc::new(Panics), PolicyContext::default()).await.unwrap_err();
    assert!(matches!(&error, HasherError::Internal(text) if !text.contains("s3cr3t")), "{error}");
    assert_eq!(hasher.running(), 0);
    assert!(hasher.hash(Password::new("still works")).await.is_ok());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn hashing_threads_give_way_and_leave_others_alone() {
    #[derive(Default)]
    struct Priority(Mutex<Option<i32>>);
    impl PasswordPolicy for Priority {
        fn check(&self, _: &Password, _: &PolicyContext) -> Result<(), Refusal> {
            *self.0.lock().unwrap() = rustix::process::getpriority_process(None).ok();
            Ok(())
        }
    }
    let own = rustix::process::getpriority_process(None).unwrap();
    let (hasher, seen) = (bounded(1, 0, LONG), Arc::new(Priority::default()));
    // One after the other: what one hash lowers does not add up.
    for _ in 0..2 {
        hasher.check_and_hash(Password::new("secret"), seen.clone(), PolicyContext::default()).await.unwrap();
        assert_eq!(seen.0.lock().unwrap().take(), Some((own + 10).min(19)));
        assert_eq!(rustix::process::getpriority_process(None), Ok(own));
    }
}

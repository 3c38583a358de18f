//! Scenarios of addresses and user names: one canonical spelling, decided once, whichever way a name comes in.

use auth_core::ErrorCode as E;
use http::Method;
use serde_json::{Value, json};

use crate::scenario::scenarios;
use crate::{Answer, App, Cx, Login, PASSWORD, Request, Scenario, Setup, race};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    every_spelling_is_one_account,
    every_spelling_of_a_domain_is_one_domain,
    what_is_not_exactly_one_address_is_refused,
    reserved_names_are_refused_on_every_path,
    a_name_in_a_race_is_taken_once,
    of_two_taken_names_the_address_is_told,
    the_code_says_which_name_was_taken,
    other_accents_are_another_name,
];

/// What sets an address or a user name: a registration, a user's own change, a superuser's change.
async fn ways(app: &App) -> [(Request, Value, E); 3] {
    let (user, other, root) = (app.user("user").await, app.register("other").await, app.superuser("chief").await);
    let registration = json!({ "email": "fresh@example.org", "password": PASSWORD });
    [
        (app.post("/auth/register"), registration, E::RegisterUserAlreadyExists),
        (app.patch("/users/me").by(&user), json!({}), E::UpdateUserEmailAlreadyExists),
        (app.request(Method::PATCH, &other.path()).by(&root), json!({}), E::UpdateUserEmailAlreadyExists),
    ]
}

/// The request with one field set.
fn with(request: &Request, body: &Value, field: &str, value: &str) -> Request {
    let mut body = body.clone();
    body[field] = json!(value);
    request.clone().json(body)
}

/// REG-05.
async fn every_spelling_is_one_account(cx: Cx) {
    let app = cx.app_with(Setup::default().immediate_email_change()).await;
    let body = json!({ "email": "Ada.Lovelace@Example.org", "password": PASSWORD, "username": "Count.Ess" });
    app.post("/auth/register").json(body).send().await.is(201);
    let addresses = [
        "ada.lovelace@example.org",
        "ADA.LOVELACE@EXAMPLE.ORG",
        " Ada.Lovelace@Example.org  ",
        "aDa.lOVELACE@eXAMPLE.oRG",
    ];
    let usernames = ["count.ess", "COUNT.ESS", "  Count.Ess ", "cOUNT.eSS"];
    let ways = ways(&app).await;
    for (request, body, taken) in &ways {
        for address in addresses {
            with(request, body, "email", address).send().await.fails(*taken);
        }
        for username in usernames {
            with(request, body, "username", username).send().await.fails(E::UsernameAlreadyExists);
        }
    }
    for name in addresses.into_iter().chain(usernames) {
        for field in ["username", "name", "email"] {
            app.post("/auth/db/login").json(json!({ field: name, "password": PASSWORD })).send().await.is(200);
            app.post("/auth/db/login").form(&[(field, name), ("password", PASSWORD)]).send().await.is(200);
        }
    }
    assert_eq!(app.count("authn_address WHERE email_key = 'ada.lovelace@example.org'").await, 1);
    assert_eq!(app.count("authn_user WHERE username_key = 'count.ess'").await, 1);
    // Another name is free for each of them.
    for (n, (request, body, _)) in ways.iter().enumerate() {
        let answer = with(request, body, "email", &format!("free{n}@example.org")).send().await;
        assert!(answer.status.is_success(), "{}", answer.text());
    }
}

/// REG-09: the domain of an address and its punycode are one.
async fn every_spelling_of_a_domain_is_one_domain(cx: Cx) {
    let app = cx.app().await;
    let spellings = [
        "ada@bücher.example",
        "ada@xn--bcher-kva.example",
        "ADA@BÜCHER.EXAMPLE",
        "Ada@XN--BCHER-KVA.Example",
        " ada@bücher.example ",
    ];
    let body = |email: &str| json!({ "email": email, "password": PASSWORD });
    let account = app.post("/auth/register").json(body(spellings[0])).send().await.is(201).json();
    assert_eq!(account["email"], "ada@xn--bcher-kva.example", "stored as it travels");
    for email in spellings {
        app.post("/auth/register").json(body(email)).send().await.fails(E::RegisterUserAlreadyExists);
        app.try_login(email, PASSWORD, "db").await.is(200);
    }
    for email in ["ada@bucher.example", "ada@bücher.example.org", "ada@b\u{fc}\u{fc}cher.example"] {
        app.post("/auth/register").json(body(email)).send().await.is(201);
    }
}

/// REG-07, REG-08, REG-09.
#[rustfmt::skip]
const NO_ADDRESS: &[&str] = &[
    // Forms that a normalisation would turn into an address, and look-alikes of the separators.
    "ada＠example.org", "ada@example．org", "ada@example。org", "ada@example｡org", "ａda@example.org", "ada@ｅxample.org",
    "ada@exam\u{212a}le.org", "ada@ﬁsh.org", "ada@ſee.org", "ada@①.org", "ada@℀.org", "ada﹫example.org", "ada@example․org",
    "\u{212a}ada@example.org", "ad\u{e1}@example.org", "\u{430}da@example.org", "ada@e\u{301}xample.org", "ada@example.org\u{301}",
    "ada@exa\u{ad}mple.org", "ada@exa\u{200b}mple.org",
    // Several addresses, headers, display names, comments, quotes.
    "ada@example.org,bob@example.org", "ada@example.org;bob@example.org", "ada@example.org bob@example.org",
    "ada@example.org\r\nBcc: bob@example.org", "ada@example.org\nbob@example.org", "ada@example.org%0abob@example.org",
    "ada@example.org\0", "ada@example.org\r\n", "\tada@example.org", "\"ada\" <ada@example.org>", "ada <ada@example.org>",
    "<ada@example.org>", "\"ada\"@example.org", "\"a@b\"@example.org", "ada(x)@example.org", "ada@example.org(x)",
    "mailto:ada@example.org", "ada@example.org?bcc=bob@example.org", "ada,bob@example.org",
    // Domains.
    "ada@@example.org", "ada@example.org@evil.example", "ada@evil.example@example.org", "ada@example.org.", "ada@.example.org",
    "ada@example..org", "ada@localhost", "ada@org", "ada@127.0.0.1", "ada@[127.0.0.1]", "ada@[IPv6:::1]", "ada@2130706433",
    "ada@0x7f.1", "ada@xn--example-.com", "ada@xn--.com", "ada@xn--a.com", "ada@xn--a-ecp.ru", "ada@-a.org", "ada@a-.org",
    "ada@ab--c.org", "ada@a_b.org", "ada@example.org:25", "ada@example.org/x", "ada@*.org",
    // Halves.
    "", " ", "@", "ada", "ada@", "@example.org", ".ada@example.org", "ada.@example.org", "a..da@example.org",
];

async fn what_is_not_exactly_one_address_is_refused(cx: Cx) {
    let app = cx.app().await;
    app.register("ada").await;
    app.register("bob").await;
    let ways = ways(&app).await;
    let before = rows(&app).await;
    for address in NO_ADDRESS {
        for (request, body, _) in &ways {
            with(request, body, "email", address).send().await.rejects(&[("email", "email_invalid")]);
        }
        let login = app.try_login(address, PASSWORD, "db").await;
        assert!([400, 422].contains(&login.status.as_u16()), "{address:?} logs in: {}", login.text());
    }
    assert_eq!(rows(&app).await, before);
    for (n, (request, body, _)) in ways.iter().enumerate() {
        let answer = with(request, body, "email", &format!("plain.{n}+tag@mail.example.org")).send().await;
        assert!(answer.status.is_success(), "{}", answer.text());
    }
}

/// Every account's names.
async fn rows(app: &App) -> Vec<(String, Option<String>)> {
    let rows = app.rows("SELECT email, username FROM authn_user ORDER BY id").await;
    rows.iter().map(|row| (row.try_get_by_index(0).unwrap(), row.try_get_by_index(1).unwrap())).collect()
}

/// REG-18.
async fn reserved_names_are_refused_on_every_path(cx: Cx) {
    let app = cx.app().await;
    let reserved = [
        "admin",
        "ADMIN",
        "Root",
        " root ",
        "r00t",
        "ro-ot",
        "a.d.m.i.n",
        "adm1n",
        "admln",
        "adrnin",
        "postmaster",
        "support",
        "5upp0rt",
        "no-reply",
        "null",
        "me",
        "system",
        "vvww",
        "webrnaster",
        "si9nup",
    ];
    let look_alike = [
        "аdmin",
        "аda",
        "ａdmin",
        "ad\u{200b}min",
        "admin\u{202e}",
        "rооt",
        "ádmin",
        "ADMİN",
        "admi\u{131}",
        "\u{212a}ate",
        "ada@example.org",
        "ada lovelace",
        "ada\n",
        "ada\0",
        "<b>ada</b>",
        "../ada",
        "a",
        "",
    ];
    let ways = ways(&app).await;
    let before = rows(&app).await;
    for (request, body, _) in &ways {
        for name in reserved {
            with(request, body, "username", name).send().await.rejects(&[("username", "username_reserved")]);
        }
        for name in look_alike {
            with(request, body, "username", name).send().await.rejects(&[("username", "username_invalid")]);
        }
    }
    assert_eq!(rows(&app).await, before);
    for ((request, body, _), name) in ways.iter().zip(["rooted", "Adminetta", "supporter"]) {
        let answer = with(request, body, "username", name).send().await;
        assert!(answer.status.is_success() && answer.json()["username"] == name, "{}", answer.text());
    }
}

/// REG-04: whichever ways meet, in whatever spelling, on two servers.
async fn a_name_in_a_race_is_taken_once(cx: Cx) {
    let app = cx.app_with(Setup::default().immediate_email_change()).await;
    let servers = [app.clone(), app.second_server().await];
    let mut people = Vec::new();
    for n in 0..8 {
        people.push(app.user(&format!("u{n}")).await);
    }
    for (field, value, codes, winners) in [
        (
            "email",
            "Prize@Example.org",
            [E::RegisterUserAlreadyExists, E::UpdateUserEmailAlreadyExists],
            "authn_address WHERE email_key LIKE 'prize%'",
        ),
        ("username", "Prize", [E::UsernameAlreadyExists; 2], "authn_user WHERE username_key LIKE 'prize%'"),
    ] {
        let answers = race(16, |n| {
            let request = contender(&servers[n % 2], &people[n / 2], n, field, value);
            async move { request.send().await }
        });
        let (won, lost): (Vec<Answer>, Vec<Answer>) =
            answers.await.into_iter().partition(|answer| answer.status.is_success());
        assert_eq!(won.len(), 1, "{field}: {won:?}");
        for answer in lost {
            let code = if answer.asked.starts_with("POST") { codes[0] } else { codes[1] };
            answer.fails(code);
        }
        assert_eq!(app.count(winners).await, 1);
    }
}

/// Every other one registers, the rest change their account; upper and lower case take turns.
fn contender(server: &App, person: &Login, n: usize, field: &str, value: &str) -> Request {
    let value = if n % 4 < 2 { value.to_uppercase() } else { value.to_lowercase() };
    let mut body = json!({});
    if n.is_multiple_of(2) {
        body = json!({ "email": format!("{field}{n}@example.org"), "password": PASSWORD });
        body[field] = json!(value);
        return server.post("/auth/register").json(body);
    }
    body[field] = json!(value);
    server.patch("/users/me").by(person).json(body)
}

/// A code for each database would be one too many.
async fn of_two_taken_names_the_address_is_told(cx: Cx) {
    let app = cx.app_with(Setup::default().immediate_email_change()).await;
    let ada = json!({ "email": "ada@example.org", "password": PASSWORD, "username": "ada" });
    app.post("/auth/register").json(ada).send().await.is(201);
    for (request, mut body, code) in ways(&app).await {
        body["username"] = json!("ADA");
        with(&request, &body, "email", "ADA@example.org").send().await.fails(code);
        with(&request, &body, "email", "new@example.org").send().await.fails(E::UsernameAlreadyExists);
    }
    let other = app.rows("SELECT email FROM authn_user WHERE email = 'new@example.org'").await;
    assert!(other.is_empty());
}

/// Databases put the refused value into their message, and the value is the client's.
async fn the_code_says_which_name_was_taken(cx: Cx) {
    let app = cx.app().await;
    for (n, name) in ["username", "authn_user_username", "key.username_key", "username'for"].into_iter().enumerate() {
        let body =
            json!({ "email": format!("{name}@example.org"), "password": PASSWORD, "username": format!("name{n}") });
        app.post("/auth/register").json(body.clone()).send().await.is(201);
        let mut other = body;
        other["username"] = json!(format!("other{n}"));
        app.post("/auth/register").json(other).send().await.fails(E::RegisterUserAlreadyExists);
    }
    for (n, name) in ["email", "authn_address.email_key", "email_key"].into_iter().enumerate() {
        let body = |email: String| json!({ "email": email, "password": PASSWORD, "username": name });
        app.post("/auth/register").json(body(format!("one{n}@example.org"))).send().await.is(201);
        app.post("/auth/register")
            .json(body(format!("two{n}@example.org")))
            .send()
            .await
            .fails(E::UsernameAlreadyExists);
    }
}

/// CVE-2026-134314: databases may compare without accents, marks, case or blanks at the end.
async fn other_accents_are_another_name(cx: Cx) {
    let app = cx.app().await;
    let ada = json!({ "email": "ada@example.org", "password": PASSWORD, "username": "ada.l" });
    app.post("/auth/register").json(ada).send().await.is(201);
    app.deliver().await;
    app.mailer().forget();
    for other in
        ["\u{e1}da@example.org", "ad\u{e4}@example.org", "ada@ex\u{e1}mple.org", "a\u{301}da@example.org", "\u{e1}da.l"]
    {
        app.try_login(other, PASSWORD, "db").await.fails(E::LoginBadCredentials);
        for path in ["/auth/magic-link", "/auth/forgot-password"] {
            let answer = app.post(path).json(json!({ "email": other })).send().await;
            assert!(matches!(answer.status.as_u16(), 202 | 422), "{other}: {}", answer.text());
        }
    }
    assert!(app.kinds_to("ada@example.org").await.is_empty());
}

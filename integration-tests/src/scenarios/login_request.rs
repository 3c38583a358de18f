//! Scenarios of logins that ask in a way that no honest client does: from another site, in the address, ambiguously,
//! under another name of the body's type, or with headers that only a proxy may write.

use auth_core::ErrorCode as E;
use auth_testkit::{ALLOWED_ORIGIN, PUBLIC_URL};
use http::Method;
use serde_json::{Value, json};

use crate::scenario::scenarios;
use crate::{App, Cx, Login, PASSWORD, Request, Scenario, Setup};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    other_sites_log_nobody_in,
    credentials_in_the_query_are_refused,
    ambiguous_credentials_are_refused,
    other_types_of_bodies_are_refused,
    forwarded_addresses_count_behind_proxies_only,
    forged_headers_change_nothing,
];

const LOGINS: [&str; 4] = ["/auth/login", "/auth/cookie/login", "/auth/jwt/login", "/auth/db/login"];

async fn nobody_is_logged_in(app: &App, but_for: i64) {
    assert_eq!(app.session_count().await, but_for);
}

/// LOG-18: without any cookie, by what a form on another site can send.
async fn other_sites_log_nobody_in(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    let foreign: [(&str, &[(&str, &str)]); 12] = [
        ("attack", &[("origin", "https://evil.example")]),
        ("electron/electron#7931", &[("origin", "null")]),
        ("electron/electron#3976", &[("origin", "file://")]),
        ("attack", &[("origin", "http://localhost:3000.evil.example")]),
        ("attack", &[("origin", "https://localhost:3000")]),
        ("LanternOps/breeze#4475", &[("origin", "https://localhost:8443"), ("sec-fetch-site", "same-origin")]),
        ("dust-tt/dust#23439", &[("origin", "moz-extension://0d5e3c1b-94a7-4f5e-8b7c-2a1f6c3d9e80")]),
        ("attack", &[("origin", PUBLIC_URL), ("sec-fetch-site", "cross-site")]),
        (
            "sveltejs/kit#14889",
            &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")],
        ),
        ("kubetail-org/kubetail#1158", &[("sec-fetch-site", "same-site")]),
        ("electron/electron spec/api-net-spec.ts", &[("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "empty")]),
        ("attack", &[("origin", PUBLIC_URL), ("origin", "https://evil.example")]),
    ];
    let own: [(&str, &[(&str, &str)]); 5] = [
        ("andrii-kryvoviaz/slink#72", &[]),
        ("Fetch Metadata, section 2.2", &[("origin", PUBLIC_URL), ("sec-fetch-site", "same-origin")]),
        ("MDN Sec-Fetch-Site", &[("origin", ALLOWED_ORIGIN)]),
        ("lukacf/meerkat#113", &[("sec-fetch-site", "same-origin")]),
        (
            "jetty/jetty.project#9998",
            &[
                ("connection", "Upgrade, HTTP2-Settings"),
                ("upgrade", "h2c"),
                ("http2-settings", "AAMAAABkAARAAAAAAAIAAAAA"),
            ],
        ),
    ];
    let credentials = [("username", ada.email.as_str()), ("password", PASSWORD)];
    let bodies = |path: &str| {
        let by_form = app.post(path).form(&credentials);
        [by_form, app.post(path).json(json!({ "username": ada.email, "password": PASSWORD }))]
    };
    let carrying = |request: &Request, headers: &[(&str, &str)]| {
        headers.iter().fold(request.clone(), |request, (name, value)| request.header(name, value))
    };
    for path in LOGINS {
        for request in bodies(path) {
            for (seen, headers) in foreign {
                let answer = carrying(&request, headers).send().await;
                assert_eq!(answer.status, 403, "{seen}: {headers:?}");
                assert!(answer.fails(E::CsrfRejected).set_cookies().is_empty(), "{seen}");
            }
        }
    }
    nobody_is_logged_in(&app, 0).await;
    for (seen, headers) in own {
        for request in bodies("/auth/cookie/login") {
            let answer = carrying(&request, headers).send().await;
            assert_eq!(answer.status, 204, "{seen}: {headers:?}");
            assert_eq!(answer.cookie().0, "auth", "{seen}");
        }
    }
}

/// LOG-19.
async fn credentials_in_the_query_are_refused(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    let query = format!("username={}&password={PASSWORD}&grant_type=password", ada.email.replace('@', "%40"));
    for path in LOGINS {
        let path = format!("{path}?{query}");
        for method in [Method::GET, Method::HEAD, Method::PUT] {
            app.request(method, &path).send().await.is(405);
        }
        let missing: &[(&str, &str)] = &[("password", "missing"), ("username", "missing")];
        app.post(&path).send().await.rejects(missing);
        app.post(&path).json(json!({})).send().await.rejects(missing);
        app.post(&path).form(&[]).send().await.rejects(missing);
        // What the body says counts, whatever the address says.
        app.post(&path)
            .json(json!({ "username": ada.email, "password": "wrong-Password-1" }))
            .send()
            .await
            .fails(E::LoginBadCredentials);
    }
    nobody_is_logged_in(&app, 0).await;
    let right = json!({ "username": ada.email, "password": PASSWORD });
    app.post("/auth/db/login?username=nobody&password=x").json(right).send().await.is(200);
}

/// LOG-20: two readers of such a body might see two different logins.
async fn ambiguous_credentials_are_refused(cx: Cx) {
    let app = cx.app().await;
    let (ada, bob) = (app.register("ada").await, app.register("bob").await);
    let (a, b) = (&ada.email, &bob.email);
    let json_texts = [
        ("attack", format!(r#"{{"username":"{a}","password":"x","password":"{PASSWORD}"}}"#)),
        ("attack", format!(r#"{{"username":"{a}","password":"{PASSWORD}","password":"x"}}"#)),
        ("attack", format!(r#"{{"username":"{b}","username":"{a}","password":"{PASSWORD}"}}"#)),
        ("attack", format!(r#"{{"username":"{a}","\u0075sername":"{a}","password":"{PASSWORD}"}}"#)),
        ("hygiene", format!(r#"{{"username":"{a}","password":"{PASSWORD}","x":1,"x":2}}"#)),
        ("hygiene", format!(r#"{{"username":"{a}","password":"{PASSWORD}","x":{{"y":1,"y":2}}}}"#)),
        ("attack", format!(r#"{{"username":"{a}","email":"{b}","password":"{PASSWORD}"}}"#)),
        ("attack", format!(r#"{{"username":"{a}","name":"{a}","password":"{PASSWORD}"}}"#)),
        ("attack", format!(r#"{{"username":"{a}","password":"{PASSWORD}"}}{{"username":"{b}"}}"#)),
        ("attack", format!(r#"[{{"username":"{a}","password":"{PASSWORD}"}}]"#)),
        (
            "hygiene: two byte order marks",
            format!("\u{feff}\u{feff}{{\"username\":\"{a}\",\"password\":\"{PASSWORD}\"}}"),
        ),
        ("hygiene: JavaScript, not JSON", format!(r#"{{"username":"{a}","password":"{PASSWORD}",}}"#)),
        ("hygiene: JavaScript, not JSON", format!(r#"{{username:"{a}",password:"{PASSWORD}"}}"#)),
    ];
    let forms = [
        ("attack", format!("username={a}&password=x&password={PASSWORD}")),
        ("attack", format!("username={a}&password={PASSWORD}&password=x")),
        ("attack", format!("username={b}&username={a}&password={PASSWORD}")),
        ("attack", format!("username={a}&%75sername={a}&password={PASSWORD}")),
        ("attack", format!("username={a}&email={b}&password={PASSWORD}")),
        ("PHP and Rails, nested fields", format!("username[]={a}&password[]={PASSWORD}")),
        ("attack", "username[$ne]=&password[$ne]=".to_owned()),
        ("attack", format!("username={a};password={PASSWORD}")),
        ("attack", format!("username={a}&password={PASSWORD}&grant_type=password&grant_type=password")),
        ("RFC 6749, section 4.4", format!("username={a}&password={PASSWORD}&grant_type=client_credentials")),
        ("hygiene", format!("username={a}%00&password={PASSWORD}")),
        ("hygiene", format!("username={a}&password={PASSWORD}%ff")),
    ];
    for path in LOGINS {
        for (content_type, texts) in
            [("application/json", &json_texts[..]), ("application/x-www-form-urlencoded", &forms)]
        {
            for (seen, text) in texts {
                let answer = app.post(path).bytes(content_type, text.clone()).send().await;
                assert_eq!(answer.status, 422, "{seen}: {text}: {}", answer.text());
                assert!(!answer.text().contains(PASSWORD), "{}", answer.text());
            }
        }
        for value in [
            json!(null),
            json!(7),
            json!(1.5e300),
            json!(true),
            json!([]),
            json!([PASSWORD]),
            json!({ "$ne": "" }),
            json!([[{}]]),
        ] {
            app.post(path)
                .json(json!({ "username": a, "password": value }))
                .send()
                .await
                .rejects(&[("password", "string_type")]);
            let name = if value.is_null() { "missing" } else { "string_type" };
            let body: Value = json!({ "username": value, "password": PASSWORD });
            app.post(path).json(body).send().await.rejects(&[("username", name)]);
        }
    }
    nobody_is_logged_in(&app, 0).await;
    let plain = format!(r#"{{"username":"{a}","password":"{PASSWORD}","x":[1,1]}}"#);
    app.post("/auth/db/login").bytes("application/json", plain).send().await.is(200);
    let plain = format!("username={a}&password={PASSWORD}&grant_type=password&scope=&x=1&y=1");
    app.post("/auth/db/login").bytes("application/x-www-form-urlencoded", plain).send().await.is(200);
}

/// LOG-21: the types that a form on another site can give a body.
async fn other_types_of_bodies_are_refused(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    let body = json!({ "username": ada.email, "password": PASSWORD }).to_string();
    let types = [
        ("hygiene", ""),
        ("attack: what a form of another site can send", "text/plain"),
        ("WHATWG Fetch, section 5.2: a string and no type", "text/plain; charset=utf-8"),
        ("attack", "multipart/form-data; boundary=x"),
        ("hygiene: a name from before RFC 4627", "text/json"),
        ("hygiene", "application/jsonp"),
        ("hygiene", "application/x-json"),
        ("attack", "application/json, text/plain"),
        ("attack", "text/plain, application/json"),
        ("attack", "text/plain; application/json"),
        ("hygiene", "application/octet-stream"),
        ("hygiene", "*/*"),
        ("hygiene", "json"),
        ("hygiene", "application/"),
    ];
    for path in LOGINS {
        for (seen, content_type) in types {
            let answer = app.post(path).bytes(content_type, body.clone()).send().await;
            assert_eq!(answer.status, 415, "{seen}: {content_type}");
        }
        for (one, other) in [("application/json", "text/plain"), ("text/plain", "application/json")] {
            let twice = app.post(path).bytes(one, body.clone()).header("content-type", other);
            twice.send().await.fails(E::UnsupportedMediaType);
        }
    }
    nobody_is_logged_in(&app, 0).await;
    for content_type in ["application/json", "Application/JSON;charset=UTF-8", "application/json ; q=1"] {
        app.post("/auth/db/login").bytes(content_type, body.clone()).send().await.is(200);
    }
}

/// The address that a login with these headers is recorded under.
async fn recorded(app: &App, who: &Login, headers: &[(&str, &str)]) -> String {
    let request = app.post("/auth/db/login").json(json!({ "username": who.email, "password": PASSWORD }));
    let request = headers.iter().fold(request, |request, (name, value)| request.header(name, value));
    let login = who.with(&request.send().await.is(200));
    let event = event!(app, LoginSucceeded);
    let sessions = app.get("/auth/sessions").by(&login).send().await.is(200).json();
    let current = sessions["sessions"].as_array().unwrap().iter().find(|session| session["current"] == true).unwrap();
    let ip = current["ip"].as_str().expect("an address").to_owned();
    assert_eq!(event.client.ip.map(|ip| ip.to_string()), Some(ip.clone()), "list and event agree");
    ip
}

/// LOG-08: without a trusted proxy nothing that a client writes moves it to another address.
async fn forwarded_addresses_count_behind_proxies_only(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    for headers in [
        &[][..],
        &[("x-forwarded-for", "203.0.113.7")],
        &[("x-forwarded-for", "203.0.113.7"), ("x-forwarded-for", "203.0.113.8, 127.0.0.1")],
        &[("forwarded", "for=203.0.113.7"), ("x-real-ip", "203.0.113.7"), ("true-client-ip", "203.0.113.7")],
        &[("client-ip", "203.0.113.7"), ("cf-connecting-ip", "203.0.113.7"), ("x-client-ip", "203.0.113.7")],
    ] {
        assert_eq!(recorded(&app, &ada, headers).await, "127.0.0.1", "{headers:?}");
    }
    let behind = |auth: auth_core::AuthBuilder| {
        ["127.0.0.0/8", "10.0.0.0/8"]
            .into_iter()
            .fold(auth, |auth, net| auth.trusted_proxy(net.parse().expect("a network")))
    };
    let app = cx.app_with(Setup::default().auth(behind)).await;
    let ada = app.register("ada").await;
    for (headers, expected) in [
        (&[("x-forwarded-for", "203.0.113.7")][..], "203.0.113.7"),
        (&[("x-forwarded-for", "192.0.2.66, 203.0.113.7")], "203.0.113.7"),
        (&[("x-forwarded-for", "192.0.2.66"), ("x-forwarded-for", "203.0.113.7, 10.1.2.3")], "203.0.113.7"),
        (&[("x-forwarded-for", "192.0.2.66, ::ffff:203.0.113.7, 10.1.2.3")], "203.0.113.7"),
        (&[("x-forwarded-for", "\u{ff}, 203.0.113.7")], "203.0.113.7"),
        (&[("x-forwarded-for", "192.0.2.66, nonsense")], "127.0.0.1"),
        (&[("x-forwarded-for", "192.0.2.66, nonsense, 10.1.2.3")], "10.1.2.3"),
        (&[("x-forwarded-for", "")], "127.0.0.1"),
        (&[("forwarded", "for=192.0.2.66"), ("x-real-ip", "192.0.2.66")], "127.0.0.1"),
    ] {
        assert_eq!(recorded(&app, &ada, headers).await, expected, "{headers:?}");
    }
}

/// Headers by which proxies and frameworks are told to see another request.
async fn forged_headers_change_nothing(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    let login = json!({ "username": ada.email, "password": PASSWORD });
    let headers = [
        ("x-http-method-override", "GET"),
        ("x-method-override", "DELETE"),
        ("x-original-url", "/users"),
        ("x-rewrite-url", "/users"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-prefix", "/evil"),
        ("content-encoding", "identity"),
        ("x-user-id", "00000000-0000-0000-0000-000000000000"),
        ("x-remote-user", "root"),
    ];
    let plain = app.post("/auth/cookie/login").json(login.clone()).send().await.is(204);
    let attributes = |cookie: &str| cookie.split_once(';').map(|(_, rest)| rest.to_owned());
    for (name, value) in headers {
        let answer = app.post("/auth/cookie/login").json(login.clone()).header(name, value).send().await.is(204);
        assert_eq!(attributes(answer.set_cookies()[0]), attributes(plain.set_cookies()[0]), "{name}");
        app.get("/users/me").header(name, value).send().await.fails(E::Unauthorized);
        let wrong = json!({ "username": ada.email, "password": "wrong-Password-1" });
        app.post("/auth/cookie/login").json(wrong).header(name, value).send().await.fails(E::LoginBadCredentials);
    }
}

//! Scenarios of login with a password.

use auth_core::ErrorCode as E;
use auth_core::login::LoginConfig;
use auth_core::password::{HasherConfig, Password, PasswordHasher};
use auth_core::{Backend, CookieOptions, EventKind, LoginFailure};
use auth_testkit::{Moment, Reaction};
use serde_json::{Value, json};

use crate::scenario::scenarios;
use crate::{Answer, Cx, PASSWORD, Request, Scenario, Setup};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    answers_as_the_transport_does,
    over_https_the_cookie_is_bound_to_the_host,
    cookies_of_another_domain_lock_nobody_out,
    takes_forms_and_json_and_any_spelling,
    takes_bodies_as_clients_write_them,
    refuses_bad_credentials_all_alike,
    names_the_fields_that_do_not_validate,
    an_unverified_mailbox_waits,
    a_hook_can_refuse_a_login,
    outdated_hashes_are_renewed_at_login,
];

async fn answers_as_the_transport_does(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    for path in ["/auth/login", "/auth/cookie/login"] {
        let body = json!({ "username": ada.email, "password": PASSWORD });
        let answer = app.post(path).json(body).send().await.is(204);
        let (name, token) = answer.cookie();
        assert_eq!((name.as_str(), token.len()), ("auth", 43));
        assert_eq!(answer.session_cookies(), [format!("auth={token}; Path=/; HttpOnly; SameSite=Lax")]);
        assert!(answer.body.is_empty());
    }
    let answer = app.try_login(&ada.email, PASSWORD, "jwt").await.is(200);
    assert!(answer.set_cookies().is_empty());
    let body = answer.json();
    let (access, refresh) = (&body["access_token"], &body["refresh_token"]);
    let expected =
        json!({ "access_token": access, "token_type": "bearer", "expires_in": 600, "refresh_token": refresh });
    assert_eq!((&body, refresh.as_str().map(str::len)), (&expected, Some(88)));
    assert_eq!(body["access_token"].as_str().map(|token| token.split('.').count()), Some(3));
    let body = app.try_login(&ada.email, PASSWORD, "db").await.is(200).json();
    assert_eq!(body, json!({ "access_token": body["access_token"], "token_type": "bearer" }));
    assert_eq!(body["access_token"].as_str().map(str::len), Some(43));
    let event = event!(app, LoginSucceeded);
    assert!(
        matches!(event.kind, EventKind::LoginSucceeded { user_id, ref amr, .. } if user_id == ada.id && amr == "pwd")
    );
}

async fn over_https_the_cookie_is_bound_to_the_host(cx: Cx) {
    let backends = || vec![Backend::cookie("cookie", CookieOptions::default())];
    let setup = Setup::default().backends(backends).auth(|auth| auth.public_url("https://notes.example.com"));
    let app = cx.app_with(setup).await;
    let ada = app.register("ada").await;
    let answer = app.try_login(&ada.email, PASSWORD, "cookie").await.is(204);
    let (name, token) = answer.cookie();
    assert_eq!(answer.session_cookies(), [format!("__Host-auth={token}; Path=/; HttpOnly; SameSite=Lax; Secure")]);
    assert_eq!(answer.header("strict-transport-security"), Some("max-age=31536000"));
    let login = ada.with(&answer);
    app.get("/users/me").by(&login).send().await.is(200);
    let bye = app.post("/auth/logout").by(&login).send().await.is(204);
    assert_eq!(bye.set_cookies(), [format!("{name}=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0")]);
}

/// BR-11: the domain of the cookie was changed, and the browser has both.
async fn cookies_of_another_domain_lock_nobody_out(cx: Cx) {
    fn backends() -> Vec<Backend> {
        let options =
            CookieOptions { name: Some("sid".into()), domain: Some(".Example.com".into()), ..CookieOptions::default() };
        vec![Backend::cookie("cookie", options), Backend::bearer("db")]
    }
    let setup = Setup::default().backends(backends).auth(|auth| auth.public_url("https://app.example.com"));
    let app = cx.app_with(setup).await;
    let ada = app.register("ada").await;
    let token = |answer: &Answer| {
        let own = answer.session_cookies().into_iter().find(|cookie| !cookie.starts_with("sid=;")).map(str::to_owned);
        own.and_then(|cookie| cookie.strip_prefix("sid=")?.split(';').next().map(str::to_owned)).expect("a cookie")
    };
    let login = || app.post("/auth/login").json(json!({ "email": ada.email, "password": PASSWORD }));
    let old = token(&login().send().await.is(204));
    let both = |request: Request, new: &str| request.header("cookie", format!("sid={old}; sid={new}"));
    // Each answer removes what is not at the present domain and path, and nothing that is.
    let removes = |answer: &Answer| {
        let cookies = answer.session_cookies();
        for (domain, path) in [
            ("", "/"),
            ("", "/auth/"),
            ("; Domain=app.example.com", "/"),
            ("; Partitioned; Domain=example.com", "/"),
            ("; Domain=example.com", "/auth"),
        ] {
            let removal = format!("sid=; Path={path}; HttpOnly; SameSite=Lax; Secure{domain}; Max-Age=0");
            assert!(cookies.contains(&removal.as_str()), "{removal}: {cookies:?}");
        }
        let own = "sid=; Path=/; HttpOnly; SameSite=Lax; Secure; Domain=example.com; Max-Age=0";
        assert!(!cookies.contains(&own), "{cookies:?}");
    };
    removes(&both(app.post("/auth/logout"), &old).send().await.fails(E::Unauthorized));
    let answer = both(login(), &old).send().await.is(204);
    removes(&answer);
    let new = token(&answer);
    // The browser has one now.
    app.get("/users/me").header("cookie", format!("sid={new}")).send().await.is(200);
    let bye = app.post("/auth/logout").header("cookie", format!("sid={new}")).send().await.is(204);
    assert_eq!(bye.session_cookies().len(), 1, "nothing else is removed");
    // Of the prefix `__Host-`, a browser keeps one cookie, and one that is partitioned.
    let bound = || vec![Backend::cookie("cookie", CookieOptions::default())];
    let setup = Setup::default().backends(bound).auth(|auth| auth.public_url("https://app.example.com"));
    let app = cx.app_with(setup).await;
    let planted = app.post("/auth/logout").header("cookie", "__Host-auth=a; __Host-auth=b").send().await;
    let removal = "__Host-auth=; Path=/; HttpOnly; SameSite=Lax; Secure; Partitioned; Max-Age=0";
    assert_eq!(planted.fails(E::Unauthorized).session_cookies(), [removal]);
}

async fn takes_forms_and_json_and_any_spelling(cx: Cx) {
    let app = cx.app().await;
    let body = json!({ "email": "Ada@example.org", "password": PASSWORD, "username": "Countess" });
    app.post("/auth/register").json(body).send().await.is(201);
    for field in ["username", "name", "email"] {
        for name in ["ada@example.org", "ADA@EXAMPLE.ORG", " ada@example.org ", "countess", "COUNTESS"] {
            let login = || app.post("/auth/db/login");
            login().json(json!({ field: name, "password": PASSWORD })).send().await.is(200);
            let form =
                [(field, name), ("password", PASSWORD), ("grant_type", "password"), ("scope", ""), ("client_id", "x")];
            login().form(&form).send().await.is(200);
        }
    }
    app.try_login("countess", &PASSWORD.to_uppercase(), "db").await.fails(E::LoginBadCredentials);
}

/// BR-04: what browsers, curl, HTTP libraries and generated clients send, and where it was seen.
async fn takes_bodies_as_clients_write_them(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    let part = |name: &str, more: &str, text: &str| {
        format!("\r\nContent-Disposition: form-data; name=\"{name}\"{more}\r\n\r\n{text}\r\n")
    };
    let multipart = |boundary: &str, of_password: &str| {
        let (name, password) = (part("username", "", &ada.email), part("password", of_password, PASSWORD));
        format!("--{boundary}{name}--{boundary}{password}--{boundary}--")
    };
    let (form, json) = (
        format!("username={}&password={PASSWORD}", ada.email.replace('@', "%40")),
        json!({ "username": ada.email, "password": PASSWORD }).to_string(),
    );
    const FORM: &str = "application/x-www-form-urlencoded";
    let bodies = [
        ("curl -d", FORM, form.clone()),
        ("WHATWG Fetch, section 5.2", "application/x-www-form-urlencoded;charset=UTF-8", form.clone()),
        ("Crim/pardot-java-client#35", "application/x-www-form-urlencoded; charset=ISO-8859-1", form.clone()),
        ("fastapi/fastapi#12240", FORM, format!("grant_type=&{form}&scope=&client_id=&client_secret=")),
        ("fastapi/fastapi#12240", FORM, format!("email=&name=&{form}&remember=")),
        ("darobin/formic#10", FORM, format!("{form}&terms=0&terms=1")),
        ("n8n-io/n8n#35933", FORM, format!("\u{feff}{form}")),
        (".NET's StringContent", "application/json;charset=utf-8", json.clone()),
        ("expressjs/body-parser#474", "application/json; utf-8", json.clone()),
        ("JSON:API, section 5.2", "application/vnd.api+json", json.clone()),
        ("n8n-io/n8n#13577", "application/json", format!("\u{feff}{json}")),
        (
            "hygiene: a form that is sent as JSON",
            "application/json",
            json!({ "username": ada.email, "email": "", "name": "", "password": PASSWORD }).to_string(),
        ),
        (
            "curl -F",
            "multipart/form-data; boundary=------------------------d74496d66958873e",
            multipart("------------------------d74496d66958873e", "") + "\r\n",
        ),
        (
            "Node 20; without a last line break: langflow-ai/langflow#5660",
            "multipart/form-data; boundary=----formdata-undici-050310570035",
            multipart("----formdata-undici-050310570035", ""),
        ),
        ("react/react-native#7564", "multipart/form-data; boundary=\"Boundary+7A3B\"", multipart("Boundary+7A3B", "")),
        ("mscdex/busboy#139", "multipart/form-data; boundary=-XrQHxml_qhW/dc2h", multipart("-XrQHxml_qhW/dc2h", "")),
        ("expressjs/multer#1051", "multipart/form-data; boundary=yradnuoB=_001", multipart("yradnuoB=_001", "")),
        ("opencpu/opencpu#292", "multipart/form-data; boundary=x; charset=utf-8", multipart("x", "")),
        (
            "rest-assured/rest-assured#393",
            "multipart/form-data; boundary=x",
            multipart("x", "\r\nContent-Type: text/plain; charset=US-ASCII"),
        ),
        ("rwf2/multer#72", "multipart/form-data; boundary=x", multipart("x", "; note=\"; name=username\"")),
    ];
    for (seen, content_type, body) in bodies {
        for backend in ["db", "jwt"] {
            let login = app.post(&format!("/auth/{backend}/login")).bytes(content_type, body.clone());
            let answer = login.send().await;
            assert_eq!(answer.status, 200, "{seen}: {content_type}: {}", answer.text());
        }
    }
    for (seen, content_type, body, expected) in [
        ("WHATWG Fetch, section 5.2", "text/plain;charset=UTF-8", json.clone(), 415),
        ("coreruleset/coreruleset#3527", "application/json; charset=iso-8859-1", json.clone(), 415),
        ("attack", "application/x-www-form-urlencoded; charset=utf-16", form.clone(), 415),
        ("hygiene", "multipart/mixed; boundary=x", multipart("x", ""), 415),
        ("axios/axios#5379", "multipart/form-data", multipart("x", ""), 415),
        ("rwf2/multer#66", "multipart/form-data; boundary=x; boundary=y", multipart("x", ""), 415),
        ("attack", "multipart/form-data; boundary=x", json.clone(), 415),
        ("rwf2/multer#52", "multipart/form-data; boundary=x", multipart("x", "; filename*=UTF-8''p.txt"), 422),
        ("darobin/formic#10", FORM, format!("{form}&remember=0&remember=1"), 422),
        ("Crim/pardot-java-client#35", FORM, format!("{form}&terms=J%F6rg"), 422),
        ("attack", FORM, format!("email=&{form}&email="), 422),
        ("attack: an empty password is one", FORM, form.replace(PASSWORD, ""), 400),
    ] {
        let answer = app.post("/auth/db/login").bytes(content_type, body).send().await;
        assert_eq!(answer.status, expected, "{seen}: {content_type}: {}", answer.text());
    }
    // Compressed, and a charset by mistake: expressjs/body-parser#108, expressjs/body-parser#253.
    for coding in ["gzip", "UTF-8"] {
        let login = app.post("/auth/db/login").bytes("application/json", json.clone());
        login.header("content-encoding", coding).send().await.fails(E::UnsupportedMediaType);
    }
    // A type without a body: openapi-ts/openapi-typescript#1477, zachrybaker/ra-data-rest-client#1.
    for content_type in ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"] {
        let ada = app.login(&ada, "db").await;
        app.post("/auth/db/logout").by(&ada).bytes(content_type, "").send().await.is(204);
        let empty = app.post("/auth/db/login").bytes(content_type, "").send().await.fails(E::Validation);
        assert_eq!(empty.json()["detail"].as_array().map(Vec::len), Some(2), "{}", empty.text());
    }
    let ada = app.login(&ada, "db").await;
    app.delete("/users/me").by(&ada).bytes("application/json", "").send().await.is(204);
}

async fn refuses_bad_credentials_all_alike(cx: Cx) {
    let app = cx.app().await;
    app.register("right").await;
    app.deactivate(&app.register("inactive").await).await;
    app.remove_password(&app.register("keyless").await).await;
    app.set_password_hash(&app.register("corrupt").await, "$2b$12$x").await;
    for endpoint in ["/auth/login", "/auth/cookie/login", "/auth/jwt/login", "/auth/db/login"] {
        let mut answers = Vec::new();
        for (name, password, reason) in [
            ("right", "wrong-Password-1", LoginFailure::WrongPassword),
            ("nobody", PASSWORD, LoginFailure::UnknownUser),
            ("inactive", PASSWORD, LoginFailure::Inactive),
            ("keyless", PASSWORD, LoginFailure::NoPassword),
            ("corrupt", PASSWORD, LoginFailure::CorruptHash),
        ] {
            let body = json!({ "username": format!("{name}@example.org"), "password": password });
            let answer = app.post(endpoint).json(body).send().await.fails(E::LoginBadCredentials);
            let event = event!(app, LoginFailed);
            assert!(matches!(event.kind, EventKind::LoginFailed { reason: found, .. } if found == reason), "{event:?}");
            let mut headers = answer.headers.clone();
            headers.remove("date");
            answers.push((answer.status, headers, answer.body));
        }
        assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    }
    assert_eq!(app.session_count().await, 0);
}

async fn names_the_fields_that_do_not_validate(cx: Cx) {
    let app = cx.app().await;
    let long = "x".repeat(5000);
    let cases: [(Value, &[(&str, &str)]); 8] = [
        (json!({ "password": PASSWORD }), &[("username", "missing")]),
        (json!({ "username": "ada" }), &[("password", "missing")]),
        (json!({ "username": "ada", "email": "a@x.org", "password": PASSWORD }), &[("username", "duplicate")]),
        (
            json!({ "username": ["ada"], "password": { "$ne": "" } }),
            &[("username", "string_type"), ("password", "string_type")],
        ),
        (
            json!({ "username": "ada", "password": PASSWORD, "grant_type": "implicit" }),
            &[("grant_type", "string_pattern_mismatch")],
        ),
        (json!({ "username": long, "password": PASSWORD }), &[("username", "string_too_long")]),
        (json!({ "username": "ada", "password": long }), &[("password", "string_too_long")]),
        (
            json!({ "username": "a\u{0}", "password": "b\u{0}" }),
            &[("username", "string_characters"), ("password", "string_characters")],
        ),
    ];
    for (body, fields) in cases {
        app.post("/auth/login").json(body).send().await.rejects(fields);
    }
    let twice = [("username", "a"), ("username", "b"), ("password", PASSWORD)];
    app.post("/auth/login").form(&twice).send().await.rejects(&[("username", "duplicate")]);
    app.post("/auth/login")
        .bytes("application/x-www-form-urlencoded", "username=%ff&password=x")
        .send()
        .await
        .rejects(&[("username", "string_unicode")]);
}

async fn an_unverified_mailbox_waits(cx: Cx) {
    let app = cx.app_with(Setup::default().auth(|auth| auth.login(LoginConfig { require_verified: true }))).await;
    let ada = app.register("ada").await;
    for endpoint in ["/auth/login", "/auth/cookie/login", "/auth/jwt/login", "/auth/db/login"] {
        let body = |password: &str| json!({ "username": ada.email, "password": password });
        // Only who knows the password is told.
        app.post(endpoint).json(body("wrong-Password-1")).send().await.fails(E::LoginBadCredentials);
        app.post(endpoint).json(body(PASSWORD)).send().await.fails(E::LoginUserNotVerified);
    }
    assert_eq!(app.session_count().await, 0);
    app.verify(&ada).await;
    let login = app.login(&ada, "db").await;
    app.get("/users/me").by(&login).send().await.is(200);
}

async fn a_hook_can_refuse_a_login(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    app.hooks().react(Moment::Login, Reaction::Refuse("not on a Sunday".to_owned()));
    for endpoint in ["/auth/login", "/auth/cookie/login", "/auth/jwt/login", "/auth/db/login"] {
        let body = json!({ "username": ada.email, "password": PASSWORD });
        app.post(endpoint).json(body).send().await.fails(E::RefusedByApp);
    }
    assert_eq!(app.session_count().await, 0);
    assert!(!app.anybody_logged_in().await);
}

async fn outdated_hashes_are_renewed_at_login(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    let present = app.password_hash(&ada).await;
    assert!(present.contains("m=8,t=1,p=1"), "{present}");
    let old = app.auth().hasher().hash(Password::new(PASSWORD)).await.expect("a hash");
    app.set_password_hash(&ada, &old).await;
    app.login(&ada, "db").await;
    assert_eq!(app.password_hash(&ada).await, old, "a present hash is left alone");
    let outdated = PasswordHasher::new(HasherConfig { memory_kib: 16, ..HasherConfig::insecure_for_tests() });
    let outdated = outdated.expect("a hasher").hash(Password::new(PASSWORD)).await.expect("a hash");
    app.set_password_hash(&ada, &outdated).await;
    app.try_login(&ada.email, "wrong-Password-1", "db").await.fails(E::LoginBadCredentials);
    assert_eq!(app.password_hash(&ada).await, outdated);
    app.login(&ada, "db").await;
    assert!(app.password_hash(&ada).await.contains("m=8,t=1,p=1"));
    app.login(&ada, "db").await;
}

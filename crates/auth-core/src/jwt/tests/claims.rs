//! Forged claims.

use super::*;

#[track_caller]
fn assert_claims_refused(claims: &str, reason: &'static str) {
    for forger in Forger::all() {
        assert_accepted(&forger.good());
        assert_refused(&forger.token(&forger.header().to_string(), claims), reason);
    }
}

/// JWT-08: missing or of another type than the one that is written.
#[test]
fn refuses_missing_and_mistyped_claims() {
    let texts = [json!(null), json!(5), json!(true), json!({}), json!([ISSUER]), json!([AUDIENCE, "other"])];
    let ids = [
        json!("00000000000000000000000000000001"),
        json!("{00000000-0000-0000-0000-000000000001}"),
        json!("urn:uuid:00000000-0000-0000-0000-000000000001"),
        json!("0000000A-0000-0000-0000-000000000001"),
        json!("1"),
        json!(""),
        json!(1),
        json!([id(1)]),
        json!(null),
    ];
    let integers =
        [json!("4"), json!(4.0), json!(4.5), json!(1e30), json!(u64::MAX), json!(null), json!([4]), json!({})];
    let lists = [json!("pwd"), json!({}), json!(null), json!(["pwd", 1]), json!([["pwd"]])];

    let mut cases: Vec<(&'static str, Option<Value>)> = Vec::new();
    let mut add = |names: &[&'static str], values: &[Value]| {
        for name in names {
            cases.push((name, None));
            cases.extend(values.iter().map(|value| (*name, Some(value.clone()))));
        }
    };
    add(&["iss", "aud"], &texts);
    add(&["sub", "sid", "jti"], &ids);
    add(&["sev", "iat", "nbf", "exp", "auth_time", "aal"], &integers);
    add(&["iat", "nbf", "exp", "auth_time"], &[json!(-1), json!(i64::MIN), json!(NOW as f64)]);
    add(&["aal"], &[json!(-1), json!(256)]);
    add(&["amr"], &lists);
    cases.extend([json!(null), json!(1), json!(["read"])].map(|value| ("scope", Some(value))));
    for (name, value) in cases {
        assert_claims_refused(&with(good_claims(), name, value).to_string(), name);
    }
}

/// Numbers whose value is right and whose spelling is not.
#[test]
fn refuses_numbers_that_are_not_plain_integers() {
    for number in ["1800000600.0", "18000006e2", "1.8000006E9"] {
        let claims = good_claims().to_string().replace(r#""exp":1800000600"#, &format!(r#""exp":{number}"#));
        assert!(claims.contains(number));
        assert_claims_refused(&claims, "exp");
    }
}

#[test]
fn refuses_other_issuers_and_audiences() {
    let cases = [
        ("iss", "", "other issuer"),
        ("iss", "https://app.example/auth/", "other issuer"),
        ("iss", "https://APP.example/auth", "other issuer"),
        ("aud", "", "other audience"),
        ("aud", "app.example.attacker.example", "other audience"),
        ("aud", "app", "other audience"),
    ];
    for (name, value, reason) in cases {
        assert_claims_refused(&with(good_claims(), name, Some(json!(value))).to_string(), reason);
    }
}

/// JWT-08 and JWT-09: offsets from now in seconds, on both sides of every border.
#[test]
fn compares_times_with_thirty_seconds_of_leeway() {
    const FUTURE: Option<&str> = Some("from the future");
    const EXPIRED: Option<&str> = Some("expired");
    const LONG: Option<&str> = Some("lives too long");
    // iat, nbf, exp, auth_time
    let cases = [
        (0, 0, 600, 0, None),
        (-600, -600, 0, -600, None),
        (-629, -629, -29, -629, None),
        (-630, -630, -30, -630, EXPIRED),
        (-631, -631, -31, -631, EXPIRED),
        (-660, -660, -60, -660, EXPIRED),
        (-NOW, -NOW, -NOW, -NOW, EXPIRED),
        (30, 30, 630, 30, None),
        (31, 0, 600, 0, FUTURE),
        (0, 31, 600, 0, FUTURE),
        (0, 0, 600, 31, FUTURE),
        (0, 0, 630, 0, None),
        (0, 0, 631, 0, LONG),
        (-NOW, 0, 600, 0, LONG),
        (0, 0, i64::MAX - NOW, 0, LONG),
        (i64::MAX - NOW, 0, 600, 0, FUTURE),
        (0, i64::MAX - NOW, 600, 0, FUTURE),
    ];
    for (iat, nbf, exp, auth_time, refusal) in cases {
        let mut claims = good_claims();
        for (name, offset) in [("iat", iat), ("nbf", nbf), ("exp", exp), ("auth_time", auth_time)] {
            claims = with(claims, name, Some(json!(NOW + offset)));
        }
        for forger in Forger::all() {
            let token = forger.token(&forger.header().to_string(), &claims.to_string());
            let refused = codec().verify(&token, now()).err();
            assert_eq!(refused, refusal.map(JwtError::Refused), "{claims}");
        }
    }
}

/// Any clock, even a broken one, is answered and not panicked at.
#[test]
fn survives_any_clock() {
    let token = Forger::all()[0].good();
    let (first, last) = (time::PrimitiveDateTime::MIN.assume_utc(), time::PrimitiveDateTime::MAX.assume_utc());
    assert_eq!(codec().verify(&token, first), Err(JwtError::Refused("from the future")));
    assert_eq!(codec().verify(&token, last), Err(JwtError::Refused("expired")));
    assert!(matches!(codec().sign(&new_claims(), first), Err(JwtError::Signing(_))));
    assert!(codec().sign(&new_claims(), last).is_ok());
}

/// JWT-16: repeated claims, also inside of the app's own, and what is no object at all.
#[test]
fn refuses_claims_that_are_not_a_strict_json_object() {
    let good = good_claims().to_string();
    let rest = good.strip_prefix('{').unwrap();
    let cases = [
        format!(r#"{{"sub":"{}",{rest}"#, id(9)),
        format!(r#"{{"sub":"{}",{rest}"#, id(1)),
        format!(r#"{{"exp":4102444800,{rest}"#),
        format!(r#"{{"\u0065xp":4102444800,{rest}"#),
        format!(r#"{{"custom":{{"a":1,"a":2}},{rest}"#),
        format!(r#"{{"custom":1,"custom":2,{rest}"#),
        format!("\u{feff}{good}"),
        format!("{good} {good}"),
        format!("[{good}]"),
        "true".to_owned(),
        "{}x".to_owned(),
        "[".repeat(2000),
    ];
    for claims in cases {
        assert_claims_refused(&claims, "claims are not strict JSON");
    }
}

#[test]
fn scope_may_be_missing() {
    let claims = with(good_claims(), "scope", None);
    for forger in Forger::all() {
        let token = forger.token(&forger.header().to_string(), &claims.to_string());
        let verified = codec().verify(&token, now()).unwrap();
        assert_eq!(verified.scope, None);
        assert_eq!(serde_json::to_value(verified).unwrap(), claims);
    }
}

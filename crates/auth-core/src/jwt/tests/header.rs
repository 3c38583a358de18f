//! Forged headers.

use super::*;

const FORM: &str = "not three segments";
const BASE64: &str = "not canonical base64url";
const FOREIGN: &str = "foreign header parameter";

/// JWT-01: only the compact form with a signature.
#[test]
fn refuses_other_serialisations() {
    for forger in Forger::all() {
        let good = forger.good();
        assert_accepted(&good);
        let parts: Vec<&str> = good.split('.').collect();
        let [header, claims, signature] = parts[..] else { panic!("{good}") };
        let flattened = json!({ "protected": header, "payload": claims, "signature": signature }).to_string();
        let cases = [
            (String::new(), FORM),
            (".".to_owned(), FORM),
            ("..".to_owned(), BASE64),
            (header.to_owned(), FORM),
            (format!("{header}.{claims}"), FORM),
            (format!("{header}.{claims}."), BASE64),
            (format!(".{claims}.{signature}"), BASE64),
            (format!("{header}..{signature}"), BASE64),
            (format!("{good}."), BASE64),
            (format!(".{good}"), BASE64),
            (format!("{good}.{signature}"), BASE64),
            (format!("{good}.{claims}.{signature}"), BASE64),
            (format!("Bearer {good}"), BASE64),
            (flattened, FORM),
        ];
        for (token, reason) in cases {
            assert_refused(&token, reason);
        }
    }
}

/// JWT-01: the header cannot choose `none` or another algorithm than the key's.
#[test]
fn refuses_algorithms_that_are_not_the_keys() {
    let foreign = [
        "none",
        "None",
        "NONE",
        "nOnE",
        "",
        " EdDSA",
        "eddsa",
        "hs256",
        "HS384",
        "HS512",
        "ES384",
        "ES512",
        "ES256K",
        "RS384",
        "PS256",
        "Ed25519",
        "dir",
        "PBES2-HS256+A128KW",
    ];
    for forger in Forger::all() {
        assert_accepted(&forger.good());
        let others = Forger::all().map(|other| other.algorithm.name());
        for alg in foreign.into_iter().chain(others).filter(|alg| *alg != forger.algorithm.name()) {
            let header = with(forger.header(), "alg", Some(json!(alg))).to_string();
            let signed = forger.token(&header, &good_claims().to_string());
            assert_refused(&signed, "alg is not the key's");
            let (message, _) = signed.rsplit_once('.').unwrap();
            assert_refused(&format!("{message}."), BASE64);
            assert_refused(&format!("{message}.AA"), "alg is not the key's");
        }
    }
}

/// JWT-03, JWT-05 and the rest of the registered parameters: none is understood, so none is ignored.
#[test]
fn refuses_every_other_header_parameter() {
    let cases = [
        ("crit", json!(["exp"])),
        ("crit", json!(["http://example.com/unknown"])),
        ("crit", json!([])),
        ("b64", json!(false)),
        ("b64", json!(true)),
        ("zip", json!("DEF")),
        ("cty", json!("JWT")),
        ("enc", json!("A128GCM")),
        ("p2c", json!(4_000_000_000_u64)),
        ("jku", json!("https://attacker.example/jwks.json")),
        ("jwk", JwtKey::ed25519_pem("x", pem::OTHER_ED25519).unwrap().public_jwk().unwrap()),
        ("x5u", json!("https://attacker.example/cert.pem")),
        ("x5c", json!(["MIIB"])),
        ("x5t", json!("AAAA")),
        ("x5t#S256", json!("AAAA")),
        ("nonce", json!("1")),
        ("Alg", json!("none")),
        ("", json!(null)),
    ];
    for forger in Forger::all() {
        assert_accepted(&forger.good());
        for (name, value) in &cases {
            let header = with(forger.header(), name, Some(value.clone())).to_string();
            assert_refused(&forger.token(&header, &good_claims().to_string()), FOREIGN);
        }
    }
}

/// JWT-04 and JWT-06: `alg`, `kid` and `typ` are there, are strings, and say what they must.
#[test]
fn refuses_other_values_of_the_three_parameters() {
    let long = "k".repeat(2000);
    let kids = [
        "",
        "unknown",
        "eddsa",
        " EdDSA",
        "EdDSA\0",
        "EdDSA/../HS256",
        "../../dev/null",
        "/dev/null",
        "' OR 1=1 --",
        "https://attacker.example/key",
        "\u{202e}",
        &long,
    ];
    let typs = [
        "",
        "JWT",
        "jwt",
        "at+jwt ",
        "at+jwt\0",
        "at jwt",
        "verify+jwt",
        "auth-state+jwt",
        "dpop+jwt",
        "rt+jwt",
        "id_token",
        "secevent+jwt",
        "application/",
        "application/application/at+jwt",
        "text/at+jwt",
        "xpplication/at+jwt",
        "äpplication/at+jwt",
    ];
    let values = [json!(null), json!(1), json!(["EdDSA"]), json!({})];
    let mut cases = Vec::new();
    cases.extend(kids.map(|kid| ("kid", Some(json!(kid)), "unknown kid")));
    cases.extend(typs.map(|typ| ("typ", Some(json!(typ)), "typ is not at+jwt")));
    for name in ["alg", "kid", "typ"] {
        cases.push((name, None, name));
        cases.extend(values.clone().map(|value| (name, Some(value), name)));
    }
    for forger in Forger::all() {
        assert_accepted(&forger.good());
        for (name, value, reason) in &cases {
            let header = with(forger.header(), name, value.clone()).to_string();
            assert_refused(&forger.token(&header, &good_claims().to_string()), reason);
        }
    }
    let huge = with(Forger::all()[0].header(), "kid", Some(json!("k".repeat(10_000)))).to_string();
    assert_refused(&Forger::all()[0].token(&huge, &good_claims().to_string()), "too long");
}

/// RFC 7515 section 4.1.9: media types ignore case, and `application/` may be written out.
#[test]
fn accepts_the_spellings_of_the_token_type() {
    for typ in ["at+jwt", "AT+JWT", "at+JWT", "application/at+jwt", "Application/AT+jwt"] {
        for forger in Forger::all() {
            let header = with(forger.header(), "typ", Some(json!(typ))).to_string();
            assert_accepted(&forger.token(&header, &good_claims().to_string()));
        }
    }
}

/// JWT-16: a header that two parsers could read differently.
#[test]
fn refuses_headers_that_are_not_strict_json_objects() {
    for forger in Forger::all() {
        let name = forger.algorithm.name();
        let good = forger.header().to_string();
        let rest = good.strip_prefix('{').unwrap();
        assert_accepted(&forger.token(&format!(" {good}\n"), &good_claims().to_string()));
        let cases = [
            format!(r#"{{"alg":"none",{rest}"#),
            format!(r#"{{"alg":"{name}",{rest}"#),
            format!(r#"{{"kid":"{name}",{rest}"#),
            format!(r#"{{"t\u0079p":"at+jwt",{rest}"#),
            format!("\u{feff}{good}"),
            format!("{good}{good}"),
            format!("[{good}]"),
            "\"at+jwt\"".to_owned(),
            "null".to_owned(),
            "{".to_owned(),
        ];
        for header in cases {
            assert_refused(&forger.token(&header, &good_claims().to_string()), "header is not strict JSON");
        }
    }
}

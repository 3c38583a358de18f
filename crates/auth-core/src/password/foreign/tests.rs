//! Hashes of other implementations, whole and damaged. `vectors.json` is made by integration-tests/vectors/make.py.

use proptest::prelude::*;
use serde::Deserialize;

use super::{Foreign, UnreadableHash, bare};
use crate::password::signer_key::{FirebaseSignerKey, InvalidSignerKey};
use crate::password::work::Worker;
use crate::password::{HasherConfig, Password, Verdict};

/// The signer key in the documentation of Firebase's scrypt.
const SIGNER_KEY: &str = "jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==";

#[derive(Deserialize)]
struct Vector {
    scheme: String,
    password: String,
    hash: String,
}

fn vectors() -> Vec<Vector> {
    serde_json::from_str(include_str!("vectors.json")).unwrap()
}

/// The hash of a long password by this scheme.
fn long(scheme: &str) -> Vector {
    vectors().into_iter().find(|vector| vector.scheme == scheme && vector.password.len() > 72).unwrap()
}

fn signer_key() -> FirebaseSignerKey {
    FirebaseSignerKey::from_base64(SIGNER_KEY).unwrap()
}

fn worker() -> Worker {
    let config = HasherConfig { firebase_signer_key: Some(signer_key()), ..HasherConfig::insecure_for_tests() };
    Worker::new(&HasherConfig { memory_kib: 512, ..config }).unwrap()
}

fn matches(stored: &str, password: &str) -> bool {
    let signer = signer_key();
    Foreign::read(stored, Some(&signer)).unwrap_or_else(|why| panic!("{stored}: {why}")).matches(password)
}

/// Those "of" a text are of one that was not in a normal form (seen at Yuvomi, issue 608: Firefox on macOS sent it
/// decomposed), in normal form KC (as Synapse makes it; seen at matrix-authentication-service, pull request 4599), or longer
/// than a new password may be here.
#[test]
fn hashes_of_other_implementations_verify_and_are_outdated() {
    let worker = worker();
    for Vector { scheme, password, hash } in vectors() {
        let stored = worker.adopt(&hash).unwrap_or_else(|why| panic!("{scheme}: {hash}: {why}"));
        for (typed, expected) in
            [(password.clone(), Verdict::Right { outdated: true }), (format!("x{password}"), Verdict::Wrong)]
        {
            let (before, typed) = (worker.done(), Password::new(&typed));
            assert_eq!(worker.verify(&typed, Some(&stored)).unwrap(), expected, "{scheme}: {stored} with {password}");
            let times = u64::try_from(typed.spellings().len()).unwrap();
            assert_eq!(worker.done() - before, 512 * times, "{scheme} costs present hashes and what is not counted");
        }
    }
}

/// REG-13: what bcrypt forgets is forgotten only as long as its hash is stored.
#[test]
fn bcrypt_reads_72_bytes_and_no_nul() {
    let Vector { password, hash, .. } = long("bcrypt 2b");
    assert!(matches(&hash, &password[..72]) && matches(&hash, &format!("{}other", &password[..72])));
    assert!(!matches(&hash, &password[..71]));
    let Vector { password, hash, .. } = long("django bcrypt_sha256");
    assert!(matches(&hash, &password) && !matches(&hash, &password[..72]));
    // bcrypt repeats a key with its NUL, so that these two are one key. Made with the Python package bcrypt from "a".
    let hash = "$2b$04$/TAMlzGlpfRkgtXb2e9EhOh85cnYMTH9SW0ZGtcktTmhT5Oy4Kgl6";
    assert!(matches(hash, "a"));
    for typed in ["a\0a", "a\0", "a\0b", "", "\0"] {
        assert!(!matches(hash, typed), "{typed:?}");
    }
}

#[test]
fn exports_are_read_as_they_are() {
    let worker = worker();
    let opens = |exported: &str, password: &str| {
        let stored = worker.adopt(exported).unwrap_or_else(|why| panic!("{exported}: {why}"));
        for (typed, right) in [(password, true), ("another password", false)] {
            let verdict = worker.verify(&Password::new(typed), Some(&stored)).unwrap();
            assert_eq!(verdict == (Verdict::Right { outdated: true }), right, "{exported} with {typed}");
        }
    };
    for (exported, password) in EXPORTS {
        opens(exported, password);
    }
    let Vector { password, hash, .. } = vectors().swap_remove(1);
    let padded = format!("{}==\n", hash.replacen("6ZA$", "6ZA==$", 1));
    for exported in [&hash, &padded, &format!("argon2{hash}"), &format!("{{ARGON2ID}}{hash}")] {
        opens(exported, &password);
    }
    let ours = worker.hash(b"kettle-Umbrella-41").unwrap();
    opens(&ours, "kettle-Umbrella-41");
}

/// Spellings of other systems, with the password.
#[rustfmt::skip]
const EXPORTS: &[(&str, &str)] = &[
    // Seen at OpenDJ, issue 191: PHP's bcrypt after the name of an LDAP scheme.
    ("{BCRYPT}$2y$10$ku2Gy22F240O5jDrF8bdQusB0/3KHIXIsoHcJo0DMAsnRoNQXXB0C", "Password.1"),
    // Seen at Supabase Auth, pull request 1641, here with the line break of a file of htpasswd.
    ("$2y$10$SXEz2HeT8PUIGQXo9yeUIem8KzNxgG0d7o/.eGj2rj8KbRgAuRVlq\r\n", "test"),
    // Seen at Keycloak, issue 16797: SHA-256 with an output of 512 bits. Made with Python's hashlib.
    ("$pbkdf2-sha256$1000$8PHy8/T19vf4+fr7/P3+/w$ysbUgeEazeOj9iTDh2MosfAkgik0I2M3fjj50IYDvfTRtZ7+ix93rPvM1rwen+KvO0sD/Z+/MpySej6fjxzI6w==", "kettle-Umbrella-41"),
    // Seen at Logto, pull request 7585: SHA-512 with an output of 20 bytes. Made with Python's hashlib.
    ("pbkdf2:sha512:1000$c2FsdA$4bc7b36d03f9a3930a55055d856cc44e98fa80e2", "kettle-Umbrella-41"),
    // Seen at Ory Kratos, pull request 2689 and hash_comparator.go: N, where others have its logarithm, and padded base64.
    ("$scrypt$ln=1024,r=8,p=1$8PHy8/T19vf4+fr7/P3+/w==$qKJfGxp8yBJ4BTE/ywgbZntOoYidECfZ/1J50G332+Y=", "kettle-Umbrella-41"),
    // Seen in the same file: named iterations and length.
    ("$pbkdf2-sha256$i=1000,l=32$8PHy8/T19vf4+fr7/P3+/w==$ysbUgeEazeOj9iTDh2MosfAkgik0I2M3fjj50IYDvfQ=", "kettle-Umbrella-41"),
    // better-auth's in upper case, as SQL Server's and MySQL's hex functions print it.
    ("54EEAE641F37E5E4734185D34CEC1F12:DC9E0B2F002562892FC0EF1233ACE76B588405086404180097B42147354DAD756391E368F6567FC74020CAB9052B90B66AA9ED8BFAA2248AFA4379A50E79DF58", "kettle-Umbrella-41"),
    // The tests of Argon2's reference implementation: 1.0, of before there was a version in the string.
    ("$argon2i$m=256,t=2,p=1$c29tZXNhbHQ$/U3YPXYsSb3q9XxHvc0MLxur+GP960kN9j7emXX8zwY", "password"),
];

#[test]
fn what_stands_for_no_password_is_told_from_damage() {
    let bcrypt = "$2b$04$cRLEdczg6qmy3r7mWJdeUuvw6JWvIi4rGo0VNEbyfE0qPx8hUjvAq";
    for exported in ["", " ", "!", "*", "!!", "*LK*", "!locked", &format!("!{bcrypt}"), "{crypt}*", "!Xz0fPUyS8WZHZ6Gd"]
    {
        assert_eq!(worker().adopt(exported), Err(UnreadableHash::NoPassword), "{exported:?}");
    }
    let keyed = "$argon2id$v=19$m=64,t=2,p=1,keyid=Zm9v$c29tZXNhbHQ$/U3YPXYsSb3q9XxHvc0MLxur+GP960kN9j7emXX8zwY";
    assert_eq!(worker().adopt(keyed), Err(UnreadableHash::Peppered));
    for exported in
        ["x", "NP", "secret", "{SSHA512}abc", "$6$rounds=5000$salt$hash", "$argon2id$", "$argon2id$v=19", "{é}"]
    {
        assert_eq!(worker().adopt(exported), Err(UnreadableHash::Unknown), "{exported:?}");
    }
    assert_eq!(bare(" {bCrypt}x "), Ok("x"));
}

#[test]
fn firebase_hashes_need_the_key_of_their_project() {
    // Other parameters than the example's, URL-safe and without padding. Made with Node.
    let hash = "$firebase-scrypt$ln=10,r=4,ss=AQI$c2FsdHNhbHQ-Pj8_$cgwxWvfRRcXZ_Ghe1qGYYql3xGSoM8q0bP6mQFUsOXz7AopswYTO\
                xMkMMdUaHpOce9mKxpEGKPylCdQTC0Jq2g";
    assert!(matches(hash, "F\u{FC}\u{DF}e \u{FC}nter \u{1F511} dem Tisch") && !matches(hash, "user1password"));
    assert_eq!(Foreign::read(hash, None).err(), Some(UnreadableHash::NoFirebaseKey));
    let other = FirebaseSignerKey::from_base64(&SIGNER_KEY.replacen('j', "k", 1)).unwrap();
    let read = Foreign::read(hash, Some(&other)).unwrap();
    assert!(!read.matches("F\u{FC}\u{DF}e \u{FC}nter \u{1F511} dem Tisch"));

    let without = Worker::new(&HasherConfig::insecure_for_tests()).unwrap();
    assert_eq!(without.verify(&Password::new("user1password"), Some(hash)).unwrap(), Verdict::Corrupt);
    assert_eq!(format!("{:?}", signer_key()), "FirebaseSignerKey(***)");
    for text in ["", "secret!", "c2hvcnQ=", &SIGNER_KEY[1..]] {
        assert_eq!(FirebaseSignerKey::from_base64(text), Err(InvalidSignerKey), "{text}");
    }
}

/// Reading computes nothing, so that this also proves that the dear ones are refused before they run.
#[test]
#[rustfmt::skip]
fn what_is_damaged_or_too_dear_is_not_read() {
    let bcrypt = "N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy";
    let (salt, key) = ("c29tZXNhbHRzb21lc2FsdA", "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE");
    let signed = format!("{}YQ", "YWFh".repeat(21));
    let (hex_salt, hex_key) = ("0123456789abcdef".repeat(2), "0123456789abcdef".repeat(8));
    let accepted = [
        format!("$2b$16${bcrypt}"),
        format!("bcrypt_sha256$$2b$04${bcrypt}"),
        format!("$scrypt$ln=17,r=8,p=1${salt}${key}"),
        format!("$scrypt$ln=18,r=8,p=2${salt}${key}"),
        format!("scrypt$16384$pepper$8$5${key}="),
        format!("{hex_salt}:{hex_key}"),
        format!("{}:{hex_key}", hex_salt.to_uppercase()),
        format!("$scrypt$ln=64,r=1,p=1${salt}${key}"),
        format!("scrypt:32768:8:1$pepper${hex_key}"),
        format!("$2x$10${bcrypt}"),
        format!("$2$10${bcrypt}"),
        format!("$wp$2y$10${bcrypt}"),
        format!("$bcrypt-sha256$2a,12${}${}", &bcrypt[..22], &bcrypt[22..]),
        format!("$bcrypt-sha256$v=2,t=2b,r=12${}${}", &bcrypt[..22], &bcrypt[22..]),
        format!("pbkdf2_sha512$1000$pepper${key}="),
        format!("pbkdf2_sha1$1000$pepper${key}="),
        format!("$pbkdf2$1000${salt}${key}"),
        format!("$pbkdf2-sha1$1000${salt}${key}"),
        format!("$pbkdf2-sha512$i=1000,l=32${salt}${key}"),
        format!("pbkdf2:sha256:600000$pepper${hex_key}"),
        format!("pbkdf2_sha256$10000000$pepper${key}="),
        format!("$pbkdf2-sha256$1${salt}${key}"),
        format!("$firebase-scrypt$ln=14,r=8,ss=${salt}${signed}"),
        format!("$firebase-scrypt$ln=14,r=8,ss=Bw==${salt}${signed}=="),
    ];
    let refused = [
        // Too dear.
        format!("$2b$17${bcrypt}"), format!("$2b$31${bcrypt}"), format!("$2b$99${bcrypt}"),
        format!("$scrypt$ln=19,r=8,p=1${salt}${key}"), format!("$scrypt$ln=18,r=8,p=3${salt}${key}"),
        format!("$scrypt$ln=63,r=1,p=1${salt}${key}"), format!("$scrypt$ln=4194304,r=8,p=1${salt}${key}"),
        format!("scrypt:1048576:8:1$pepper${hex_key}"), format!("pbkdf2:sha256:10000001$pepper${hex_key}"),
        format!("$wp$2y$17${bcrypt}"), format!("$pbkdf2-sha256$i=10000001,l=32${salt}${key}"),
        // Version 1 of ASP.NET Core Identity, with SHA-256, a salt of 16 bytes, and two hundred million iterations.
        format!("AQAAAAEL68IAAAAAEA{}", "A".repeat(64)),
        format!("$scrypt$ln=4294967295,r=4294967295,p=4294967295${salt}${key}"),
        format!("$scrypt$ln=1,r=1,p=4294967295${salt}${key}"), format!("scrypt$1048576$pepper$8$1${key}="),
        format!("pbkdf2_sha256$10000001$pepper${key}="), format!("$pbkdf2-sha256$4294967296${salt}${key}"),
        format!("$firebase-scrypt$ln=19,r=8,ss=Bw==${salt}${signed}"),
        // Too cheap to be.
        format!("$2b$03${bcrypt}"), format!("$2b$00${bcrypt}"), format!("$pbkdf2-sha256$0${salt}${key}"),
        format!("$scrypt$ln=0,r=8,p=1${salt}${key}"), format!("$scrypt$ln=4,r=0,p=1${salt}${key}"),
        format!("$scrypt$ln=4,r=8,p=0${salt}${key}"), format!("scrypt$0$pepper$8$1${key}="),
        // Damaged, or of others.
        format!("$2c$10${bcrypt}"), format!("$$10${bcrypt}"), format!("$2b$4${bcrypt}"), format!("$2b$+4${bcrypt}"),
        format!("2b$10${bcrypt}"), format!("$2b$10${}", &bcrypt[1..]), format!("$2b$10${bcrypt}."),
        format!("$2b$10$!{}", &bcrypt[1..]), format!("bcrypt_sha512$$2b$10${bcrypt}"),
        format!("$scrypt$ln=4,r=8${salt}${key}"), format!("$scrypt$r=8,ln=4,p=1${salt}${key}"),
        format!("$scrypt$ln=4,r=8,p=1$${key}"), format!("$scrypt$ln=4,r=8,p=1${salt}$YWFhYWFhYWFhYWFhYWFh"),
        format!("scrypt$1000$pepper$8$1${key}="), format!("{hex_salt}:{}", &hex_key[2..]), format!(":{hex_key}"),
        format!("{hex_salt}:{hex_key}:"), format!("pbkdf2_sha384$1000$pepper${key}="),
        format!("pbkdf2_sha256$1000$${key}="), format!("pbkdf2_sha256$1000$pepper${}", "YWFh".repeat(5)),
        format!("pbkdf2_sha256$1000$pepper${}", "YWFh".repeat(22)), format!("$pbkdf2-$1000${salt}${key}"),
        format!("$pbkdf2-sha256$i=1000,l=31${salt}${key}"), format!("pbkdf2:sha256$pepper${hex_key}"),
        format!("scrypt:1000:8:1$pepper${hex_key}"), format!("$wp$2y$10${}", &bcrypt[1..]),
        format!("$bcrypt-sha256$v=3,t=2b,r=12${}${}", &bcrypt[..22], &bcrypt[22..]),
        format!("AgAAAAEAAAPoAAAAEA{}", "A".repeat(64)), format!("AQAAAAEAAAPo/////w{}", "A".repeat(64)),
        format!("AQAAAAMAAAPoAAAAEA{}", "A".repeat(64)), format!("pbkdf2_sha256$1000$pepper\u{E9}${key}="),
        format!("pbkdf2_sha256$1000${}${key}=", "salt".repeat(120)), format!("pbkdf2_sha256$1000$pepper${key}= "),
        format!("$firebase-scrypt$ln=14,r=8${salt}${signed}"), format!("$firebase-scrypt$ln=14,r=8,ss=Bw==${salt}${key}"),
        format!("$firebase-scrypt$ln=14,r=8,ss=Bw==$${signed}"), "$firebase-scrypt$".into(), "5f4dcc3b".into(),
    ];
    let signer = signer_key();
    for stored in accepted {
        assert!(Foreign::read(&stored, Some(&signer)).is_ok(), "{stored}");
    }
    for stored in refused {
        assert_eq!(Foreign::read(&stored, Some(&signer)).err(), Some(UnreadableHash::Unknown), "{stored}");
    }
}

#[test]
fn the_error_names_the_schemes() {
    let text = UnreadableHash::Unknown.to_string();
    for scheme in [
        "Argon2",
        "bcrypt",
        "$2x$",
        "WordPress",
        "scrypt",
        "better-auth",
        "PBKDF2",
        "ASP.NET",
        "Django",
        "Werkzeug",
        "Firebase",
    ] {
        assert!(text.contains(scheme), "{scheme}");
    }
}

/// A hash of another implementation, with one part of it lost, doubled or replaced.
fn damaged() -> impl Strategy<Value = String> {
    let hashes: Vec<String> = vectors().into_iter().map(|vector| vector.hash).collect();
    (proptest::sample::select(hashes), any::<proptest::sample::Index>(), 0_usize..4, "[ -~]{0,3}").prop_map(
        |(hash, place, length, inserted)| {
            let from = place.index(hash.len());
            let to = (from + length).min(hash.len());
            format!("{}{inserted}{}", &hash[..from], &hash[to..])
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_damaged_hash_neither_panics_nor_lets_anybody_in(stored in damaged()) {
        let verdict = worker().verify(&Password::new("another password"), Some(&stored));
        let verdict = verdict.map_err(|cause| TestCaseError::fail(cause.to_string()))?;
        prop_assert!(matches!(verdict, Verdict::Wrong | Verdict::Corrupt), "{stored}");
    }

    #[test]
    fn no_text_panics(stored in any::<String>(), ascii in "[ -~]{0,80}", parts in "[$a-z0-9:=,_-]{0,120}") {
        let signer = signer_key();
        for text in [stored, ascii, parts] {
            let _ = Foreign::read(&text, Some(&signer));
            let _ = worker().adopt(&text);
        }
    }
}

//! Key pairs, and tokens that no server issued.

use auth_core::jwt::JwtKey;
use auth_core::token::{JwtKeys, JwtOptions};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};

/// A key pair. These were made with OpenSSL for this suite; they protect nothing.
pub(crate) struct KeyPair {
    /// The name under which servers know it.
    pub(crate) kid: &'static str,
    /// The one algorithm that it is for.
    pub(crate) alg: &'static str,
    private: &'static str,
    /// The public half, SubjectPublicKeyInfo in PEM.
    pub(crate) public: &'static str,
}

impl KeyPair {
    /// The same pair under another name.
    pub(crate) const fn called(self, kid: &'static str) -> Self {
        Self { kid, ..self }
    }

    fn algorithm(&self) -> Algorithm {
        self.alg.parse().expect("a known algorithm")
    }

    /// The whole pair, for a server that signs.
    pub(crate) fn signing(&self) -> JwtKey {
        let key = match self.algorithm() {
            Algorithm::EdDSA => JwtKey::ed25519_pem(self.kid, self.private),
            Algorithm::ES256 => JwtKey::es256_pem(self.kid, self.private),
            other => panic!("no server signs with {other:?}"),
        };
        key.expect("a good key")
    }

    /// The public half, for a server that verifies.
    pub(crate) fn verifying(&self) -> JwtKey {
        let key = match self.algorithm() {
            Algorithm::EdDSA => JwtKey::ed25519_public_pem(self.kid, self.public),
            Algorithm::ES256 => JwtKey::es256_public_pem(self.kid, self.public),
            _ => JwtKey::rs256_public_pem(self.kid, self.public),
        };
        key.expect("a good key")
    }

    /// The public half in DER.
    pub(crate) fn der(&self) -> Vec<u8> {
        let body: String = self.public.lines().filter(|line| !line.starts_with('-')).collect();
        STANDARD.decode(body).expect("a PEM document")
    }

    /// The header of the tokens that a server signs with this key.
    pub(crate) fn header(&self) -> Value {
        json!({ "alg": self.alg, "kid": self.kid, "typ": "at+jwt" })
    }

    /// Signs whatever it is given.
    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> String {
        let pem = self.private.as_bytes();
        let key = match self.algorithm() {
            Algorithm::EdDSA => EncodingKey::from_ed_pem(pem),
            Algorithm::ES256 => EncodingKey::from_ec_pem(pem),
            _ => EncodingKey::from_rsa_pem(pem),
        };
        let message = message(header, claims);
        let key = key.expect("a good key");
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, self.algorithm());
        format!("{message}.{}", signature.expect("a signature"))
    }
}

/// What a signature is made over.
pub(crate) fn message(header: &Value, claims: &Value) -> String {
    let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
    format!("{header}.{claims}")
}

/// The header and the claims of a token.
pub(crate) fn parts(token: &str) -> (Value, Value) {
    let mut parts = token.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).expect("base64url"));
    let mut next = || serde_json::from_slice(&parts.next().expect("a segment")).expect("JSON");
    (next(), next())
}

/// How a server signs with one key and takes the tokens of others too.
pub(crate) fn options(signing: &KeyPair, verification: &[&KeyPair]) -> JwtOptions {
    let verification = verification.iter().map(|pair| pair.verifying()).collect();
    JwtOptions { keys: JwtKeys::Given { signing: signing.signing(), verification }, ..JwtOptions::default() }
}

/// The key that signs at first.
pub(crate) const OLD: KeyPair = KeyPair {
    kid: "old-2026-05",
    alg: "EdDSA",
    private: "\
-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEICzwS0hCRoSOoAdztn7gEih3o8K6X6LGyHe/w2wRDnko
-----END PRIVATE KEY-----
",
    public: "\
-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEA1MOibE2KYwL65PRFovsFG7DXpaYWmDSFFUjOe2C+sq0=
-----END PUBLIC KEY-----
",
};

/// The key that takes its place.
pub(crate) const NEW: KeyPair = KeyPair {
    kid: "new-2026-11",
    alg: "EdDSA",
    private: "\
-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIDP27JjAd4nKjEzQ3FVt3t725D1M6nGtkqnc6nCJ7P9X
-----END PRIVATE KEY-----
",
    public: "\
-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEABycwFTnl5o16Xs9OIUOwdOC/liSKfR/mW3jxjPeXycM=
-----END PUBLIC KEY-----
",
};

/// A key of the other kind that signs.
pub(crate) const P256: KeyPair = KeyPair {
    kid: "p256",
    alg: "ES256",
    private: "\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg3OaHUNGypRcUDxBi
13hHQAPS/U0BQdIujJmUpOS1Q3ShRANCAATSeX40ptdKi+FFAhmncA0aNlMRlMQB
FBJv5HCEcSvHqRiOQFN9zu4cZeQbIQ9T5ml8ARPaKlij/UIbCswGwDUh
-----END PRIVATE KEY-----
",
    public: "\
-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE0nl+NKbXSovhRQIZp3ANGjZTEZTE
ARQSb+RwhHErx6kYjkBTfc7uHGXkGyEPU+ZpfAET2ipYo/1CGwrMBsA1IQ==
-----END PUBLIC KEY-----
",
};

/// A key of the kind that a server verifies with only.
pub(crate) const RSA: KeyPair = KeyPair {
    kid: "partner-rsa",
    alg: "RS256",
    private: "\
-----BEGIN PRIVATE KEY-----
MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQCjwCpPUhBGRceL
1Q1+ajUjQDYNKkHoRewXfGi3CBehGKuPh7K+GMxoOXTuLWUa7SnPweXbHfIfMaOI
jMkApRSZNQYqeuOccCTAeuAqb2rmsOMFJEDnq7ZDfgZsSWKMjMAYJ6SvtWftx+VO
JMuC1/SpKoIYOz6uaKEIu+D76auA1j43qLlljk59SeoikoQlzh+O6Mv6Q44rFH3C
rEX6uctJfLut97MEmckRK9NA2gylAZe6WfuEeFkJlbF3UO7soXBrgFS14Wy7Ph91
P1LVEZ04Pcm+7Jb2hMR7YSoZDRdfLpiIe7I/Rw5e7ciP2plfbr7gF0g2NWbi6yiQ
CRAJzFFZAgMBAAECggEACFIqRDwZEB0ZIgGqTR90Ak3PwVUBot40vE/J2W0rmDfS
9fjxDAhiELTEvJqpbdgZ3REPD1ai+FNTKkvvJd19obhoTw3OFaO8Nly4GefuAHmC
G7+HHc6jtSPJC0UiYR6A32laTMR02sgi3pjvj39OUy9SC42tJnsyHanAacSqvqHv
lIAjS+MckK+/NrNDLctV64WeddQL/ghW046fZyLM60bEEFQK21PXn2YdowJJ+aOV
IEsRp3gawsnDxm/+8cdzwKxebJDvXZkGnp0AUwN5Rj9iR0b+74ZhkMdVIRGxQq1g
ZkOnkQrwgUbwpsmelQ9jXCvDJOknZN0nmKfZndNiZQKBgQDWQMyP4D/UKwTIHtTb
5EQIoaiueKFVMD/JRDyyD6sFxuMwO+la1HCESQljgkRbxyWQQfZlZ4/umWCJgOc/
6bqinmmIHCd1qQR1Z5Uje4Uufov/qyPZYMHm8ft3aUtCfbzJfxWg1FRSq+RwoSoQ
pflrig76eZZIf9CDES0hJGNgBQKBgQDDqD4XpXIcei47os7npq5zzEn5sEFl4rm7
8GufPJ8crRN5fSfe5UEVVXGXfxhLzk7Q1/uBxw+3uKMxNcDEubpteNQ4qsOjDG4J
BFW6RiKKJr5Ce8UIzUHKtdE/bQcMQc+plvPjlmFAPzcWWAVGd4spvoeASRShleSX
BRlylQCwRQKBgDB98A6sUaYCqo1ktQajzmYpuJTsho9SYU17XUVr2GhxUGBNXw6I
wIKgSTi1diVTmIPi+hKPcvssybW1cCF+FBjUQ8xjmua9f13XOOEUBtu0FpmiMXX0
uU48/I5VTYxaCw2L7ug8xm0DrKt1PqEP/7jAQY2dUU9NZnMTwyQaKUfFAoGAOKt0
QJkU8haZaYCAeSwX/0Y+bumUJ5SBw2OhaF/AnierKlcLw02XijxTSFPxj5NT1L2a
BT7I2KfL7KbrDI/W5XpHzZn4TDN/c3Ej+23w9x69oLgEm8YHtlTvJHXJws0U/sPQ
JC0cQeWNaRVZgc2CKzcaPBfut9aYfP1nH3700hkCgYAV5Bsxu7tNIsxkFdsfum2Z
xvzFP0XdLnutu5WDCkJXmRpPz8ggVAN2Bv1UR0Is3LFJKx69uegdnjxeLq8zXJSq
eD6dGkw5TI787Vezt4/KKDbkwKVdO4nTW6TBoVtKBoay13M95YRuZ91/itoTRGzm
mDGwrpRn5tHsBNbjlBaaIQ==
-----END PRIVATE KEY-----
",
    public: "\
-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAo8AqT1IQRkXHi9UNfmo1
I0A2DSpB6EXsF3xotwgXoRirj4eyvhjMaDl07i1lGu0pz8Hl2x3yHzGjiIzJAKUU
mTUGKnrjnHAkwHrgKm9q5rDjBSRA56u2Q34GbElijIzAGCekr7Vn7cflTiTLgtf0
qSqCGDs+rmihCLvg++mrgNY+N6i5ZY5OfUnqIpKEJc4fjujL+kOOKxR9wqxF+rnL
SXy7rfezBJnJESvTQNoMpQGXuln7hHhZCZWxd1Du7KFwa4BUteFsuz4fdT9S1RGd
OD3JvuyW9oTEe2EqGQ0XXy6YiHuyP0cOXu3Ij9qZX26+4BdINjVm4usokAkQCcxR
WQIDAQAB
-----END PUBLIC KEY-----
",
};

/// A key that no server knows.
pub(crate) const ATTACKER: KeyPair = KeyPair {
    kid: "attacker",
    alg: "ES256",
    private: "\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQguiDdl7iY9h4DNjmq
0Kt9N4vKyvZSHbNlibew5cxIr9uhRANCAAS+AXWRJkXPchZU4/iu3Ubvpua37HQX
gLEdlUUF/xhm+bEBkNrsVlrSin+rqZS6XtZme336HHJlp8xJCzbXkWjG
-----END PRIVATE KEY-----
",
    public: "\
-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEvgF1kSZFz3IWVOP4rt1G76bmt+x0
F4CxHZVFBf8YZvmxAZDa7FZa0op/q6mUul7WZnt9+hxyZafMSQs215Foxg==
-----END PUBLIC KEY-----
",
};

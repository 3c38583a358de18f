//! Mutated tokens never verify as anything else.

use super::*;

const ROUNDS: usize = 3000;

/// SplitMix64: the same numbers in every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    fn byte(&mut self) -> u8 {
        const LIKELY: &[u8] = b"AQgw-_.=e019 {}\"\0\xc3";
        match self.below(2) {
            0 => LIKELY[self.below(LIKELY.len())],
            _ => self.next() as u8,
        }
    }
}

/// One small accident: a byte changed, put in or left out, a piece dropped, doubled or moved.
fn mutate(bytes: &mut Vec<u8>, numbers: &mut Numbers) {
    let (at, to) = (numbers.below(bytes.len()), numbers.below(bytes.len()));
    let (from, until) = (at.min(to), at.max(to));
    match numbers.below(6) {
        0 => bytes[at] = numbers.byte(),
        1 => bytes[at] ^= 1 << numbers.below(8),
        2 => bytes.insert(at, numbers.byte()),
        3 => drop(bytes.drain(from..=(from + numbers.below(4)).min(until))),
        4 => bytes.extend_from_within(from..until),
        _ => bytes[from..until].rotate_left((until - from) / 2),
    }
}

#[test]
fn no_accident_verifies() {
    let codec = codec();
    for (seed, forger) in (1..).zip(Forger::all()) {
        let good = forger.good();
        assert_accepted(&good);
        let mut numbers = Numbers(seed);
        let mut refused = 0;
        for _ in 0..ROUNDS {
            let mut bytes = good.clone().into_bytes();
            for _ in 0..=numbers.below(3) {
                mutate(&mut bytes, &mut numbers);
            }
            let token = String::from_utf8_lossy(&bytes).into_owned();
            let result = codec.verify(&token, now());
            assert_eq!(result.is_ok(), token == good, "{token}");
            refused += usize::from(result.is_err());
        }
        assert!(refused > ROUNDS * 9 / 10, "{refused} of {ROUNDS} mutations changed the token");
    }
}

/// The signature is good, so everything behind it is reached: nothing panics, and what is accepted is well formed.
#[test]
fn signed_rubbish_is_refused() {
    let [_, forger, ..] = Forger::all();
    let codec = codec();
    let (header, claims) = (forger.header().to_string(), good_claims().to_string());
    let mut numbers = Numbers(5);
    let mut refused = 0;
    for round in 0..ROUNDS {
        let mut parts = [header.clone().into_bytes(), claims.clone().into_bytes()];
        mutate(&mut parts[round % 2], &mut numbers);
        let message = format!("{}.{}", encode(&parts[0]), encode(&parts[1]));
        let signature = forger.key.sign(message.as_bytes());
        match codec.verify(&format!("{message}.{}", encode(signature.unwrap())), now()) {
            Ok(claims) => assert_eq!((claims.iss.as_str(), claims.aud.as_str()), (ISSUER, AUDIENCE)),
            Err(_) => refused += 1,
        }
    }
    assert!(refused > ROUNDS / 2, "{refused} of {ROUNDS}");
}

#[test]
fn random_text_is_refused() {
    let codec = codec();
    let mut numbers = Numbers(6);
    for _ in 0..ROUNDS {
        let length = numbers.below(300);
        let bytes: Vec<u8> = (0..length).map(|_| numbers.byte()).collect();
        assert!(codec.verify(&String::from_utf8_lossy(&bytes), now()).is_err());
        let segments = [0; 3].map(|_| encode((0..numbers.below(60)).map(|_| numbers.byte()).collect::<Vec<_>>()));
        assert!(codec.verify(&segments.join("."), now()).is_err());
    }
}

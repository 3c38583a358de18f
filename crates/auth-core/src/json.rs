//! Strict JSON: what two parsers could read differently is refused.
//!
//! `serde_json::Value` silently keeps the last of several equal keys. A program that checks the first one and a program
//! that acts on the last one then disagree, so RFC 8259 section 4 leaves such objects undefined and RFC 8725 section
//! 2.4 warns of them in tokens. [`parse_strict`] refuses them at every depth.

use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// Why a text is not acceptable JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// The text is not one JSON value in UTF-8, or is nested too deeply.
    #[error("{message} at line {line} column {column}")]
    Syntax {
        /// Line of the error, counted from 1.
        line: usize,
        /// Column of the error in bytes, as `serde_json` counts it; 0 right after a line break.
        column: usize,
        /// What the parser expected, in words without a position.
        message: String,
    },
    /// An object has this key more than once.
    #[error("duplicate key {0:?}")]
    DuplicateKey(String),
}

/// Parses exactly one JSON value.
///
/// Strings may contain NUL (`\u0000`): whether one is welcome is a question of the field, not of the syntax.
///
/// # Errors
///
/// Fails with [`JsonError::Syntax`] for text that is not JSON: a byte order mark, invalid UTF-8, a lone surrogate,
/// trailing characters, more than 127 levels of nesting (the recursion limit of `serde_json`), a number out of range
/// (unless the host's tree has `serde_json/arbitrary_precision`). [`JsonError::DuplicateKey`] for an object, at any
/// depth, with two equal keys after unescaping.
pub fn parse_strict(bytes: &[u8]) -> Result<Value, JsonError> {
    // The keys are checked in a pass of their own, and `Value` reads itself: it alone knows how numbers
    // travel when some crate of the host's tree switches on `serde_json/arbitrary_precision`.
    let mut duplicate = None;
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let checked = UniqueKeys(&mut duplicate).deserialize(&mut deserializer);
    if let Some(key) = duplicate {
        return Err(JsonError::DuplicateKey(key));
    }
    checked.map_err(|error| syntax(&error))?;
    serde_json::from_slice(bytes).map_err(|error| syntax(&error))
}

/// How deep a value may be nested to be stored: MariaDB takes no more than 32 levels.
const MAX_DEPTH: usize = 30;

/// How large a number, or its inverse, may be to be stored: PostgreSQL writes out all its digits, and what is read back
/// from these may be beyond the last that a parser can hold.
const MAX_NUMBER: f64 = 1e300;

/// Checks that every database can hold a value, and give it back.
///
/// # Errors
/// Fails with what is wrong and what to do about it.
pub fn check_storable(value: &Value) -> Result<(), &'static str> {
    storable(value, MAX_DEPTH)
}

fn storable(value: &Value, depth: usize) -> Result<(), &'static str> {
    const DEEP: &str = "Nest objects and lists no deeper than 30 levels";
    let text = |text: &str| if text.contains('\0') { Err("Remove NUL characters") } else { Ok(()) };
    let inner = || depth.checked_sub(1).ok_or(DEEP);
    match value {
        Value::String(string) => text(string),
        Value::Array(items) => inner().and_then(|depth| items.iter().try_for_each(|item| storable(item, depth))),
        Value::Object(object) => inner().and_then(|depth| {
            object.iter().try_for_each(|(key, value)| text(key).and_then(|()| storable(value, depth)))
        }),
        Value::Number(number) if number.is_f64() => {
            let size = number.as_f64().unwrap_or(f64::INFINITY).abs();
            let fits = size == 0.0 || (1.0 / MAX_NUMBER..=MAX_NUMBER).contains(&size);
            if fits { Ok(()) } else { Err("Numbers should be between 1e-300 and 1e300") }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

fn syntax(error: &serde_json::Error) -> JsonError {
    let (line, column) = (error.line(), error.column());
    let text = error.to_string();
    let position = format!(" at line {line} column {column}");
    let message = text.strip_suffix(&position).unwrap_or(&text).to_owned();
    JsonError::Syntax { line, column, message }
}

/// Walks one value and notes the first key that an object repeats.
pub(crate) struct UniqueKeys<'a>(pub(crate) &'a mut Option<String>);

impl<'de> DeserializeSeed<'de> for UniqueKeys<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for UniqueKeys<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(UniqueKeys(&mut *self.0))?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let mut seen = HashSet::new();
        while let Some(key) = entries.next_key::<String>()? {
            if seen.contains(&key) {
                *self.0 = Some(key);
                return Err(A::Error::custom("duplicate key"));
            }
            seen.insert(key);
            entries.next_value_seed(UniqueKeys(&mut *self.0))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn accepts_what_serde_json_accepts_otherwise() {
        let deep = "[".repeat(127) + &"]".repeat(127);
        let cases = [
            "null",
            " {} \n",
            "[]",
            "true",
            "-12",
            "18446744073709551615",
            "1.5e3",
            r#""a\u0000b\ud83d\ude00""#,
            r#"{"a":{"a":[{"a":1},{"a":2}]},"b":{"a":null},"A":0}"#,
            r#"{"":1," ":2}"#,
            &deep,
        ];
        for text in cases {
            let expected: Value = serde_json::from_str(text).unwrap();
            assert_eq!(parse_strict(text.as_bytes()), Ok(expected), "{text}");
        }
        assert_eq!(parse_strict(br#"{"n":[1,"\u0000"]}"#), Ok(json!({"n": [1, "\0"]})));
    }

    #[test]
    fn refuses_repeated_keys_at_every_depth() {
        let cases = [
            (r#"{"a":1,"a":1}"#, "a"),
            (r#"{"a":1,"b":2,"a":3}"#, "a"),
            (r#"{"a":1,"\u0061":2}"#, "a"),
            (r#"{"":1,"":2}"#, ""),
            (r#"[0,[{"x":{"k":[],"k":[]}}]]"#, "k"),
            (r#"{"a":{"b":{"c":1,"c":2}}}"#, "c"),
            // The first repetition in reading order is named, even when the text breaks off after it.
            (r#"{"a":{"d":1,"d":2},"a":3}"#, "d"),
            (r#"{"a":1,"a""#, "a"),
        ];
        for (text, key) in cases {
            assert_eq!(parse_strict(text.as_bytes()), Err(JsonError::DuplicateKey(key.to_owned())), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_not_one_json_text() {
        let too_deep = "[".repeat(128) + &"]".repeat(128);
        let cases: [&[u8]; 16] = [
            b"",
            b"  ",
            b"{",
            b"{}{}",
            b"{} x",
            b"1 2",
            b"\xef\xbb\xbf{}",
            b"\xff\xfe{\0}\0",
            b"\"\xc3\x28\"",
            b"{\"\xff\":1}",
            br#""\ud800""#,
            b"\"a\0b\"",
            b"01",
            b"NaN",
            b"{a:1}",
            too_deep.as_bytes(),
        ];
        for text in cases {
            let result = parse_strict(text);
            assert!(matches!(result, Err(JsonError::Syntax { .. })), "{text:?}: {result:?}");
        }
    }

    #[test]
    fn what_a_database_cannot_hold_is_not_storable() {
        let nested = |depth| (0..depth).fold(json!(1), |inner, _| json!({ "a": [inner] }));
        for value in [json!(null), json!([0.0, -0.0, 1e300, -1e-300, u64::MAX, i64::MIN]), json!({"": "é"}), nested(15)]
        {
            assert_eq!(check_storable(&value), Ok(()), "{value}");
        }
        for value in
            [json!("\0"), json!({"\0": 1}), json!([f64::MAX]), json!({"a": 5e-324}), nested(16), json!([nested(15)])]
        {
            assert!(check_storable(&json!({ "v": value })).is_err(), "{value}");
        }
    }

    #[test]
    fn says_where_and_what() {
        let error = JsonError::Syntax { line: 2, column: 5, message: "expected value".to_owned() };
        assert_eq!(parse_strict(b"[1,\n    x]"), Err(error.clone()));
        assert_eq!(error.to_string(), "expected value at line 2 column 5");
        assert_eq!(JsonError::DuplicateKey("a\n".to_owned()).to_string(), r#"duplicate key "a\n""#);
    }
}

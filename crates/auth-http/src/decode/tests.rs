//! Decoding, as clients see it.

use auth_core::identifier::{Email, Username};
use auth_core::uuid::Uuid;
use serde_json::json;

use super::{Attributes, BodyType, KnownPassword, Patch, Replace, Text, body, query, request};
use crate::Problem;
use crate::tests::headers;

request! {
    /// One field of each type.
    Everything {
        #[doc = "An address."]
        email: Email,
        #[doc = "A password."]
        password: KnownPassword,
        #[doc = "A name."]
        username: Option<Username>,
        #[doc = "A text."]
        text: Patch<Text<5>>,
        #[doc = "Another address."]
        new_email: Replace<Email>,
        #[doc = "A flag."]
        flag: Option<bool>,
        #[doc = "A number."]
        number: Option<u64>,
        #[doc = "An id."]
        id: Option<Uuid>,
        #[doc = "An object."]
        attributes: Option<Attributes>,
    }
}

const JSON: &[(&str, &str)] = &[("content-type", "application/json")];

fn decode(text: &str) -> Result<Everything, Problem> {
    body(&headers(JSON), &text.to_owned().into(), BodyType::JsonOrForm)
}

/// The kinds and places of what failed.
fn failures(problem: Problem) -> Vec<(String, String)> {
    let answer: serde_json::Value = serde_json::from_slice(problem.into_response().body()).unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let list = answer["detail"].as_array().expect("a list of fields").iter();
    list.map(|entry| (text(&entry["type"]), text(entry["loc"].as_array().unwrap().last().unwrap()))).collect()
}

#[test]
fn takes_every_type() {
    let id = Uuid::from_u128(7);
    let all = decode(
        &json!({
            "email": "A@Example.com", "password": "p", "username": "Anna", "text": "ünder", "flag": true, "number": 7,
            "id": id, "attributes": {"a": [1, "b"]}, "unknown": 1
        })
        .to_string(),
    )
    .unwrap();
    assert_eq!(all.email.as_str(), "A@example.com");
    assert_eq!(all.username.unwrap().key(), "anna");
    assert_eq!(all.text.0.unwrap().unwrap().0, "ünder");
    assert_eq!((all.flag, all.number, all.id), (Some(true), Some(7), Some(id)));
    assert_eq!(all.attributes.unwrap().0["a"][1], "b");
    assert_eq!(all.password.0.expose(), "p");
}

#[test]
fn tells_missing_from_null() {
    let required = r#""email": "a@example.com", "password": "p""#;
    assert!(decode(&format!("{{{required}}}")).unwrap().text.0.is_none());
    assert!(decode(&format!("{{{required}, \"text\": null}}")).unwrap().text.0.unwrap().is_none());
    assert!(decode(&format!("{{{required}}}")).unwrap().new_email.0.is_none());
    let refused = decode(&format!("{{{required}, \"new_email\": null}}")).err().unwrap();
    assert_eq!(failures(refused), [("string_type".to_owned(), "new_email".to_owned())]);
}

#[test]
fn reports_every_failing_field_at_once() {
    let problem = decode(r#"{"email": 1, "username": "a b", "text": "123456", "flag": 1, "number": -1, "id": "x"}"#);
    let mut found = failures(problem.err().unwrap());
    found.sort();
    let expected = [
        ("bool_type", "flag"),
        ("int_parsing", "number"),
        ("missing", "password"),
        ("string_too_long", "text"),
        ("string_type", "email"),
        ("username_invalid", "username"),
        ("uuid_parsing", "id"),
    ];
    assert_eq!(found, expected.map(|(kind, field)| (kind.to_owned(), field.to_owned())));
}

#[test]
fn refuses_what_is_not_an_object_of_distinct_keys() {
    let deep = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
    for text in ["[]", "1", "{", "{\"a\":1,\"a\":2}", "{} {}", "\u{feff}{}", "null", " ", deep.as_str()] {
        let problem = decode(text).err().unwrap_or_else(|| panic!("{text:?} was taken"));
        assert_eq!(failures(problem), [("json_invalid".to_owned(), "body".to_owned())], "{text:?}");
    }
}

#[test]
fn refuses_characters_that_cannot_be_seen() {
    for character in ["\0", "\u{1}", "\n", "\u{7f}", "\u{200b}", "\u{202e}", "\u{2066}", "\u{feff}"] {
        for field in ["text", "attributes", "password"] {
            let value = match field {
                "attributes" => json!({ "key": [format!("a{character}")] }),
                _ => json!(format!("a{character}")),
            };
            let mut object = json!({ "email": "a@example.com", "password": "p" });
            object[field] = value;
            let problem = decode(&object.to_string()).err();
            assert!(problem.is_some(), "{character:?} in {field}");
        }
    }
}

#[test]
fn bounds_attributes_and_passwords() {
    let object = |password: String, text: String| {
        json!({ "email": "a@example.com", "password": password, "attributes": { "k": text } }).to_string()
    };
    assert!(decode(&object("p".repeat(4096), "a".repeat(16_000))).is_ok());
    assert!(decode(&object("p".repeat(4097), String::new())).is_err());
    assert!(decode(&object("p".to_owned(), "a".repeat(17_000))).is_err());
}

#[test]
fn takes_forms_where_they_are_allowed() {
    let form = headers(&[("content-type", "application/x-www-form-urlencoded; charset=utf-8")]);
    let text = bytes::Bytes::from_static(b"email=a%40example.com&password=p+%26");
    let all: Everything = body(&form, &text, BodyType::JsonOrForm).unwrap();
    assert_eq!(all.password.0.expose(), "p &");
    let refused: Result<Everything, _> = body(&form, &text, BodyType::Json);
    assert_eq!(refused.err().unwrap().status(), 415);
    for text in ["email=a%40example.com&password=p&password=q", "email=a%40example.com&password=%ff"] {
        let refused: Result<Everything, _> = body(&form, &text.to_owned().into(), BodyType::JsonOrForm);
        assert_eq!(failures(refused.err().unwrap()).len(), 1, "{text}");
    }
}

/// A form cannot leave out a field that it has; and it may have some for other readers.
#[test]
fn forms_have_empty_fields_and_fields_of_others() {
    let form = headers(&[("content-type", "application/x-www-form-urlencoded")]);
    let decode = |text: &str| body::<Everything>(&form, &text.to_owned().into(), BodyType::JsonOrForm);
    let all =
        decode("email=a%40example.com&password=p&username=&number=&id=&flag=&new_email=&text=&utf8=1&utf8=2").unwrap();
    assert!(all.username.is_none() && all.number.is_none() && all.id.is_none() && all.flag.is_none());
    assert!(all.new_email.0.is_none() && all.text.0.unwrap().unwrap().0.is_empty(), "an empty text is one");
    let decode = |text: &str| decode(text).map(|_| ()).map_err(failures).err().unwrap_or_default();
    let failing = |kind: &str, field: &str| vec![(kind.to_owned(), field.to_owned())];
    assert_eq!(decode("email=a%40example.com&password="), [], "an empty password is one");
    assert_eq!(decode("email=&password=p"), failing("email_invalid", "email"), "a required field that is there");
    for text in ["username=&username=", "username=&username=ada", "username=ada&username="] {
        let text = format!("email=a%40example.com&password=p&{text}");
        assert_eq!(decode(&text), failing("duplicate", "username"), "{text}");
    }
    let json = |text: &str| {
        body::<Everything>(&headers(JSON), &text.to_owned().into(), BodyType::JsonOrForm).map(|_| ()).map_err(failures)
    };
    let empty = r#"{"email": "a@example.com", "password": "p", "username": ""}"#;
    assert_eq!(json(empty), Err(failing("username_invalid", "username")), "JSON can leave out a field");
}

#[test]
fn one_of_several_fields_is_the_one_that_is_not_empty() {
    #[derive(Debug, PartialEq)]
    struct OneOf(Option<String>);

    impl super::Decode for OneOf {
        fn decode(fields: &mut super::Fields) -> Option<Self> {
            fields.exactly_one(&["a", "b"]);
            let (a, b) = (fields.take::<Option<Text<5>>>("a")?, fields.take::<Option<Text<5>>>("b")?);
            Some(Self(a.or(b).map(|text| text.0)))
        }

        fn schema() -> super::Schema {
            <Text<5> as super::field::Field>::schema()
        }
    }

    let form = [("content-type", "application/x-www-form-urlencoded")];
    for (kind, text, expected) in [
        (&form, "a=x&b=", Ok("x")),
        (&form, "a=&b=x", Ok("x")),
        (&form, "a=x", Ok("x")),
        (&form, "a=&b=", Err("missing")),
        (&form, "a=", Err("missing")),
        (&form, "", Err("missing")),
        (&form, "a=x&b=y", Err("duplicate")),
        (&form, "a=x&a=&b=", Err("duplicate")),
        (&form, "a=x&b=&b=", Err("duplicate")),
        (&[JSON[0]], r#"{"a": "x", "b": ""}"#, Ok("x")),
        (&[JSON[0]], r#"{"a": "", "b": "x"}"#, Ok("x")),
        (&[JSON[0]], r#"{"a": null, "b": "x"}"#, Ok("x")),
        (&[JSON[0]], r#"{"a": "", "b": null}"#, Ok("")),
        (&[JSON[0]], r#"{"a": "", "b": ""}"#, Err("duplicate")),
        (&[JSON[0]], r#"{"a": "x", "b": []}"#, Err("duplicate")),
        (&[JSON[0]], r#"{"a": null}"#, Err("missing")),
    ] {
        let read = body::<OneOf>(&headers(kind), &text.to_owned().into(), BodyType::JsonOrForm);
        let read = read.map_err(|problem| failures(problem).remove(0).0);
        assert_eq!(read, expected.map(|text| OneOf(Some(text.to_owned()))).map_err(str::to_owned), "{text}");
    }
}

/// The bodies of Node 20, and of curl with `-F`, and what is wrong with others.
#[test]
fn takes_forms_of_several_parts() {
    let part =
        |name: &str, text: &str| format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n");
    let whole = |parts: &[String]| bytes::Bytes::from(format!("{}--b--\r\n", parts.concat()));
    let fine = [part("email", "a@example.com"), part("password", "pä ss")];
    let decode =
        |kind: &str, text: &bytes::Bytes, accept| body::<Everything>(&headers(&[("content-type", kind)]), text, accept);
    for kind in
        ["multipart/form-data; boundary=b", "multipart/form-data; boundary=\"b\"", "Multipart/Form-Data;boundary=b"]
    {
        let all = decode(kind, &whole(&fine), BodyType::JsonOrForm).unwrap();
        assert_eq!((all.email.as_str(), all.password.0.expose()), ("a@example.com", "pä ss"), "{kind}");
    }
    let kind = "multipart/form-data; boundary=b";
    assert_eq!(decode(kind, &whole(&fine), BodyType::Json).err().unwrap().status(), 415);
    // A preamble, an epilogue and a type of the part are allowed (RFC 7578, RFC 2046).
    let typed = "--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Disposition: form-data; name=email\r\n\r\na@example.com\r\n";
    let text = format!("preamble\r\n{typed}{}--b--\r\nepilogue", fine[1]);
    assert!(decode(kind, &text.into(), BodyType::JsonOrForm).is_ok());
    let file = "--b\r\nContent-Disposition: form-data; name=\"password\"; filename=\"p.txt\"\r\n\r\np\r\n".to_owned();
    let nameless = "--b\r\nContent-Disposition: form-data\r\n\r\np\r\n".to_owned();
    for (text, kind) in [
        (whole(&[fine[0].clone(), file]), kind),
        (whole(&[fine[0].clone(), nameless]), kind),
        (whole(&[fine[0].clone(), fine[1].clone(), fine[1].clone()]), kind),
        (bytes::Bytes::from([fine.concat().as_bytes(), &b"--b\r\n"[..]].concat()), kind),
        (
            bytes::Bytes::from(
                [&b"--b\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\n\xff\r\n--b--\r\n"[..]].concat(),
            ),
            kind,
        ),
    ] {
        let refused = decode(kind, &text, BodyType::JsonOrForm);
        assert_eq!(failures(refused.err().unwrap()).len(), 1, "{kind}: {text:?}");
    }
    // LOG-21: without a boundary, or without a part, it does not count as one.
    let json = bytes::Bytes::from_static(b"{\"email\":\"a@example.com\",\"password\":\"p\"}");
    let long = format!("multipart/form-data; boundary={}", "b".repeat(71));
    for (kind, text) in [
        ("multipart/form-data", &whole(&fine)),
        ("multipart/form-data; boundary=other", &whole(&fine)),
        (long.as_str(), &bytes::Bytes::from(format!("--{0}--{0}", "b".repeat(71)))),
        (kind, &json),
    ] {
        assert_eq!(decode(kind, text, BodyType::JsonOrForm).err().unwrap().status(), 415, "{kind}");
    }
}

#[test]
fn an_empty_body_is_an_empty_object() {
    for kind in
        ["application/json", "application/x-www-form-urlencoded", "text/plain;charset=UTF-8", "multipart/form-data"]
    {
        let none: Result<Everything, _> =
            body(&headers(&[("content-type", kind)]), &bytes::Bytes::new(), BodyType::Json);
        assert_eq!(failures(none.err().unwrap()).len(), 2, "{kind}: both required fields are missing");
    }
}

#[test]
fn needs_a_content_type_that_it_knows() {
    for kind in ["text/plain", "multipart/mixed; boundary=x", "application/jsonp", "", "application/x-json"] {
        let refused: Result<Everything, _> =
            body(&headers(&[("content-type", kind)]), &"{}".to_owned().into(), BodyType::JsonOrForm);
        assert_eq!(refused.err().unwrap().status(), 415, "{kind}");
    }
    let twice = headers(&[("content-type", "application/json"), ("content-type", "text/plain")]);
    let refused: Result<Everything, _> = body(&twice, &"{}".to_owned().into(), BodyType::JsonOrForm);
    assert_eq!(refused.err().unwrap().status(), 415);
    let none: Result<Everything, _> = body(&headers(&[]), &bytes::Bytes::new(), BodyType::Json);
    assert_eq!(failures(none.err().unwrap()).len(), 2, "both required fields are missing");
}

#[test]
fn reads_queries() {
    request! {
        /// A page.
        PageQuery {
            #[doc = "How many."]
            limit: Option<u64>,
        }
    }
    assert_eq!(query::<PageQuery>(Some("limit=7&other=x")).unwrap().limit, Some(7));
    assert_eq!(query::<PageQuery>(None).unwrap().limit, None);
    for text in ["limit=", "limit=x", "limit=-1", "limit=1&limit=2", "limit=99999999999999999999"] {
        assert!(query::<PageQuery>(Some(text)).is_err(), "{text}");
    }
}

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
    for text in [
        "[]",
        "1",
        "{",
        "{\"a\":1,\"a\":2}",
        "{} {}",
        "\u{feff}\u{feff}{}",
        "{}\u{feff}",
        "\u{feff}",
        "null",
        " ",
        deep.as_str(),
    ] {
        let problem = decode(text).err().unwrap_or_else(|| panic!("{text:?} was taken"));
        assert_eq!(failures(problem), [("json_invalid".to_owned(), "body".to_owned())], "{text:?}");
    }
}

/// Bytes that a writer puts before JSON and forms, or in which it writes them.
#[test]
fn a_byte_order_mark_is_passed_over_and_other_charsets_are_named() {
    let read = |kind: &str, text: &[u8]| {
        let kind = headers(&[("content-type", kind)]);
        let read: Result<Everything, _> = body(&kind, &text.to_vec().into(), BodyType::JsonOrForm);
        read.map(|all| all.email.as_str().to_owned()).map_err(|problem| {
            let answer: serde_json::Value = serde_json::from_slice(problem.into_response().body()).unwrap();
            answer["detail"][0]["msg"].as_str().unwrap().to_owned()
        })
    };
    let form = "application/x-www-form-urlencoded";
    let json = r#"{"email":"a@example.com","password":"p"}"#;
    let not_utf_8 = "JSON decode error: the body is not UTF-8";
    let utf_16: Vec<u8> = json.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (seen, kind, text, expected) in [
        ("n8n-io/n8n#13577", "application/json", &[b"\xef\xbb\xbf", json.as_bytes()].concat()[..], Ok("a@example.com")),
        ("n8n-io/n8n#35933", form, b"\xef\xbb\xbfemail=a%40example.com&password=p", Ok("a@example.com")),
        (
            "hygiene: two of them",
            form,
            b"\xef\xbb\xbf\xef\xbb\xbfemail=a%40example.com&password=p",
            Err("Field required"),
        ),
        ("attack: a name", form, b"%ef%bb%bfemail=a%40example.com&password=p", Err("Field required")),
        (
            "zammad/zammad#2680",
            "application/json",
            b"{\"email\":\"a@example.com\",\"password\":\"J\xf6rg\"}",
            Err(not_utf_8),
        ),
        ("hygiene: UTF-16", "application/json", &[&b"\xff\xfe"[..], &utf_16].concat(), Err(not_utf_8)),
    ] {
        let expected = expected.map(str::to_owned).map_err(str::to_owned);
        assert_eq!(read(kind, text), expected, "{seen}: {:?}", String::from_utf8_lossy(text));
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
    for (seen, text) in [
        ("attack", "email=a%40example.com&password=p&password=q"),
        ("attack", "email=a%40example.com&password=p&%70assword=p"),
        ("hygiene", "email=a%40example.com&password=%ff"),
        ("Crim/pardot-java-client#35: in its charset", "email=a%40example.com&password=J%F6rg"),
    ] {
        let refused: Result<Everything, _> = body(&form, &text.to_owned().into(), BodyType::JsonOrForm);
        assert_eq!(failures(refused.err().unwrap()).len(), 1, "{seen}: {text}");
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

/// Bodies of Node 20, and of curl with `-F`, under the types that clients write.
#[test]
fn takes_forms_of_several_parts() {
    let part =
        |name: &str, text: &str| format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n");
    let whole = |parts: &[String]| bytes::Bytes::from(format!("{}--b--\r\n", parts.concat()));
    let fine = [part("email", "a@example.com"), part("password", "pä ss")];
    let decode =
        |kind: &str, text: &bytes::Bytes, accept| body::<Everything>(&headers(&[("content-type", kind)]), text, accept);
    for (seen, kind) in [
        ("curl -F", "multipart/form-data; boundary=b"),
        ("react/react-native#7564", "multipart/form-data; boundary=\"b\""),
        ("hygiene: letter case does not matter", "Multipart/Form-Data;boundary=b"),
        ("hygiene: letter case does not matter", "multipart/form-data; BOUNDARY=b"),
        ("opencpu/opencpu#292", "multipart/form-data; boundary=b; charset=utf-8"),
        ("owasp-modsecurity/ModSecurity#480", "multipart/form-data; charset=utf-8; boundary=b"),
        ("hygiene: the same kind", "multipart/form-data; charset=US-ASCII; boundary=b"),
        ("hygiene: one boundary, written twice", "multipart/form-data; boundary=b; boundary=\"b\""),
    ] {
        let all = decode(kind, &whole(&fine), BodyType::JsonOrForm).unwrap();
        assert_eq!((all.email.as_str(), all.password.0.expose()), ("a@example.com", "pä ss"), "{seen}: {kind}");
    }
    let kind = "multipart/form-data; boundary=b";
    assert_eq!(decode(kind, &whole(&fine), BodyType::Json).err().unwrap().status(), 415);
    // LOG-21: without a boundary, or without a part, it does not count as one.
    let json = bytes::Bytes::from_static(b"{\"email\":\"a@example.com\",\"password\":\"p\"}");
    let long = format!("multipart/form-data; boundary={}", "b".repeat(71));
    for (seen, kind, text) in [
        ("axios/axios#5379", "multipart/form-data", &whole(&fine)),
        ("attack", "multipart/form-data; boundary=other", &whole(&fine)),
        ("rwf2/multer#66", "multipart/form-data; boundary=b; boundary=c", &whole(&fine)),
        ("attack", "multipart/form-data; boundary=c; boundary=b", &whole(&fine)),
        ("attack", "multipart/form-data; boundary=b, multipart/form-data; boundary=c", &whole(&fine)),
        ("hygiene", "multipart/form-data; boundary=\"b", &whole(&fine)),
        ("hygiene", "multipart/form-data; boundary=", &whole(&fine)),
        ("attack", "multipart/form-data; boundary=b; charset=utf-16", &whole(&fine)),
        (
            "attack: looking for it would take its time",
            &long,
            &bytes::Bytes::from(format!("--{0}--{0}", "b".repeat(71))),
        ),
        ("attack", kind, &json),
    ] {
        assert_eq!(decode(kind, text, BodyType::JsonOrForm).err().unwrap().status(), 415, "{seen}: {kind}");
    }
}

/// Boundaries need quotes for some of their characters (RFC 2046, section 5.1.1), which clients leave out.
#[test]
fn boundaries_are_read_as_clients_write_them() {
    let most = format!("dart-http-boundary-{}", "x".repeat(51));
    for (seen, written, boundary) in [
        (
            "mscdex/busboy#139",
            "-XrQHxml_qhW/dc2hip09LUML-QC3Wo.9OiqWz8G1NGvI3L1",
            "-XrQHxml_qhW/dc2hip09LUML-QC3Wo.9OiqWz8G1NGvI3L1",
        ),
        ("expressjs/multer#1051", "yradnuoB=_00102021041678916", "yradnuoB=_00102021041678916"),
        ("expressjs/multer#83", "\"boundary_.oOo._MTcyNQ==\"", "boundary_.oOo._MTcyNQ=="),
        ("farmisen/react-native-file-uploader#15", "b*", "b*"),
        ("RFC 2046: every character that a boundary may have", "b'()+_,-./:=?", "b'()+_,-./:=?"),
        ("RFC 2046: a space inside", "\"gc0p4Jq0M:2Yt08j U534c0p\"", "gc0p4Jq0M:2Yt08j U534c0p"),
        ("RFC 2046: as long as one may be", &most, &most),
    ] {
        let part = |name: &str, text: &str| {
            format!("--{boundary}\r\nContent-Disposition: form-data; name={name}\r\n\r\n{text}\r\n")
        };
        let text = format!("{}{}--{boundary}--", part("email", "a@example.com"), part("password", "p"));
        let kind = headers(&[("content-type", &format!("multipart/form-data; boundary={written}"))]);
        let read = body::<Everything>(&kind, &text.into(), BodyType::JsonOrForm);
        assert!(read.is_ok(), "{seen}: {written}");
    }
}

/// What a part says of itself, and what becomes of a password in it.
#[test]
fn parts_are_read_as_clients_write_them() {
    let read = |part: &[u8]| {
        let email = "--b\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\na@example.com\r\n--b\r\n";
        let whole = [b"preamble\r\n", email.as_bytes(), part, b"\r\n--b--\r\nepilogue"].concat();
        let kind = headers(&[("content-type", "multipart/form-data; boundary=b")]);
        let read: Result<Everything, _> = body(&kind, &whole.into(), BodyType::JsonOrForm);
        read.map(|all| all.password.0.expose().to_owned()).map_err(|problem| failures(problem).remove(0).0)
    };
    let kinds: [(&str, &[u8], Result<&str, &str>); 21] = [
        ("curl -F", b"Content-Disposition: form-data; name=\"password\"\r\n\r\np", Ok("p")),
        ("rexyai/RestRserve#160: no quotes", b"Content-Disposition: form-data; name=password\r\n\r\np", Ok("p")),
        ("hygiene: letter case", b"CONTENT-DISPOSITION: Form-Data; NAME=password\r\n\r\np", Ok("p")),
        ("dart-archive/http_server#61, cfug/dio#765", b"content-type: text/plain; charset=utf-8\r\ncontent-transfer-encoding: binary\r\ncontent-disposition: form-data; name=\"password\"\r\n\r\np\xc3\xa4", Ok("pä")),
        ("rest-assured/rest-assured#393, OpenUnirest/unirest-java#18", b"Content-Disposition: form-data; name=\"password\"\r\nContent-Type: text/plain; charset=US-ASCII\r\n\r\np", Ok("p")),
        ("hygiene: the same kind", b"Content-Disposition: form-data; name=\"password\"\r\nContent-Type: text/plain; charset=ISO-8859-1\r\n\r\np", Ok("p")),
        ("the same, with a letter of that charset", b"Content-Disposition: form-data; name=\"password\"\r\nContent-Type: text/plain; charset=ISO-8859-1\r\n\r\np\xe4", Err("string_unicode")),
        ("hygiene: not UTF-8, and nothing said", b"Content-Disposition: form-data; name=\"password\"\r\n\r\n\xff", Err("string_unicode")),
        ("attack: ASCII that means another text", b"Content-Disposition: form-data; name=\"password\"\r\nContent-Type: text/plain; charset=utf-7\r\n\r\np", Err("string_unicode")),
        ("attack: ASCII that means another text", b"Content-Disposition: form-data; name=\"password\"\r\nContent-Type: text/plain; charset=utf-16\r\n\r\np", Err("string_unicode")),
        ("a file for a text", b"Content-Disposition: form-data; name=\"password\"; filename=\"p.txt\"\r\n\r\np", Err("string_type")),
        ("rwf2/multer#52", b"Content-Disposition: form-data; name=\"password\"; filename*=UTF-8''p.txt\r\n\r\np", Err("string_type")),
        ("seanmonstar/reqwest#1218", b"Content-Disposition: form-data; name*=UTF-8''password\r\n\r\np", Err("json_invalid")),
        ("attack: two names", b"Content-Disposition: form-data; name=\"password\"; name*=UTF-8''text\r\n\r\np", Err("json_invalid")),
        ("attack: two names", b"Content-Disposition: form-data; name=\"password\"; name=\"text\"\r\n\r\np", Err("json_invalid")),
        ("attack: something behind a quotation", b"Content-Disposition: form-data; name=\"password\"x\r\n\r\np", Err("json_invalid")),
        ("hygiene: no name", b"Content-Disposition: form-data\r\n\r\np", Err("json_invalid")),
        ("hygiene: no header", b"Content-Type: text/plain\r\n\r\np", Err("json_invalid")),
        ("rwf2/multer#72: a decoy", b"Content-Disposition: form-data; note=\"x; name=text\"; name=\"password\"\r\n\r\np", Ok("p")),
        ("rwf2/multer#72: a decoy", b"Content-Disposition: form-data; note=\"x; filename=y \"; name=\"password\"\r\n\r\np", Ok("p")),
        ("attack: the field twice", b"Content-Disposition: form-data; name=\"password\"\r\n\r\np\r\n--b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\np", Err("duplicate")),
    ];
    for (seen, part, expected) in kinds {
        let expected = expected.map(str::to_owned).map_err(str::to_owned);
        assert_eq!(read(part), expected, "{seen}: {:?}", String::from_utf8_lossy(part));
    }
    let ends = |end: &str| {
        let part =
            |name: &str, text: &str| format!("--b\r\nContent-Disposition: form-data; name={name}\r\n\r\n{text}\r\n");
        let kind = headers(&[("content-type", "multipart/form-data; boundary=b")]);
        let text = format!("{}{}{end}", part("email", "a@example.com"), part("password", "p"));
        body::<Everything>(&kind, &text.into(), BodyType::JsonOrForm).map(|_| ()).map_err(failures)
    };
    assert_eq!(ends("--b--"), Ok(()), "langflow-ai/langflow#5660, yhirose/cpp-httplib#1619");
    for end in ["--b\r\n", "--b", ""] {
        let malformed = vec![("json_invalid".to_owned(), "body".to_owned())];
        assert_eq!(ends(end), Err(malformed), "hygiene: no last boundary: {end:?}");
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

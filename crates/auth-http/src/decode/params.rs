//! The parameters of a header: what follows `;` in `Content-Type` and `Content-Disposition`.

/// A parameter: its name in lower case, and its value.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Param {
    pub(super) name: String,
    pub(super) value: Vec<u8>,
    /// Whether the value was written in quotes.
    pub(super) is_quoted: bool,
}

/// Reads the parameters of a header (RFC 9110, section 5.6.6). A value without quotes goes on to the next `;`, because clients
/// write more characters there than a token may have. What has no `=` is left out, and the first part is not a parameter.
///
/// `None` when the header can be read in two ways: a quotation that does not end, or something right behind one.
pub(super) fn params(header: &[u8]) -> Option<Vec<Param>> {
    let mut params = Vec::new();
    let mut rest = after(header, b';');
    while let Some(text) = rest {
        let end = text.iter().position(|byte| matches!(byte, b';' | b'=')).unwrap_or(text.len());
        let (name, following) = text.split_at(end);
        let Some(value) = following.strip_prefix(b"=") else {
            rest = following.strip_prefix(b";");
            continue;
        };
        let name = String::from_utf8_lossy(name.trim_ascii()).to_ascii_lowercase();
        let value = value.trim_ascii_start();
        if let Some(quoted) = value.strip_prefix(b"\"") {
            let (value, behind) = unquoted(quoted)?;
            let behind = behind.trim_ascii_start();
            rest = behind.strip_prefix(b";");
            if rest.is_none() && !behind.is_empty() {
                return None;
            }
            params.push(Param { name, value, is_quoted: true });
        } else {
            let end = value.iter().position(|byte| *byte == b';').unwrap_or(value.len());
            let (plain, following) = value.split_at(end);
            rest = following.strip_prefix(b";");
            params.push(Param { name, value: plain.trim_ascii_end().to_vec(), is_quoted: false });
        }
    }
    Some(params)
}

/// Whether every charset that a header names is one of those that are accepted; `None` when the header can be read in two ways.
pub(super) fn has_only_charsets(header: &[u8], accepted: impl Fn(&[u8]) -> bool) -> Option<bool> {
    Some(params(header)?.iter().filter(|param| param.name == "charset").all(|param| accepted(&param.value)))
}

fn after(text: &[u8], byte: u8) -> Option<&[u8]> {
    let (_, rest) = text.split_at_checked(text.iter().position(|other| *other == byte)? + 1)?;
    Some(rest)
}

/// The text up to the closing quote, and what is behind it.
fn unquoted(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut value = Vec::new();
    let mut bytes = text.iter().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => return Some((value, text.get(at + 1..)?)),
            b'\\' => value.push(*bytes.next()?.1),
            _ => value.push(*byte),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_can_be_read_in_one_way() {
        for (header, expected) in [
            ("application/json", Some(&[][..])),
            ("application/json;", Some(&[])),
            ("application/json; utf-8", Some(&[])),
            ("a/b;charset=UTF-8", Some(&[("charset", "UTF-8")])),
            ("a/b ; Charset = \"UTF-8\" ; q=1", Some(&[("charset", "UTF-8"), ("q", "1")])),
            ("a/b; boundary=-XrQ/dc=(2),:'?; x=", Some(&[("boundary", "-XrQ/dc=(2),:'?"), ("x", "")])),
            (
                "form-data; note=\"x; name=email\"; name=\"a\\\"b\"",
                Some(&[("note", "x; name=email"), ("name", "a\"b")]),
            ),
            ("form-data; name=\"a", None),
            ("form-data; name=\"a\\\"", None),
            ("form-data; name=\"a\"b", None),
            ("form-data; name=\"a\" \"b\"; x=1", None),
        ] {
            let read = params(header.as_bytes());
            let read = read.map(|all| all.into_iter().map(|one| (one.name, String::from_utf8(one.value).unwrap())));
            let expected =
                expected.map(|all| all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
            assert_eq!(read.map(Vec::from_iter), expected.map(Vec::from_iter), "{header}");
        }
    }
}

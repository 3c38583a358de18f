//! Requests of which two servers would read different things.

/// The most that the head of a request may have, in bytes.
pub(crate) const MAX_HEAD: usize = 64 * 1024;

/// The heads of the requests on a connection, seen before the HTTP implementation sees them.
///
/// hyper gives requests with two lengths, and with no host or several, a meaning of its own. A proxy in front may have
/// given them another one, so that they are refused (RFC 9112, sections 3.2, 6.1 and 6.3).
pub(crate) struct Heads(Place);

/// Where in the requests of a connection its bytes are.
enum Place {
    /// In a head, of which this has arrived.
    Head(Vec<u8>),
    /// In a body, of which so many bytes are still to come.
    Body(u64),
    /// In the last request that the connection may have.
    Last,
}

impl Heads {
    pub(crate) fn new() -> Self {
        Self(Place::Head(Vec::new()))
    }

    /// Looks at what was read. A head that is not to be taken is made into something that is not HTTP at all: hyper then
    /// answers 400 and closes.
    pub(crate) fn read(&mut self, mut bytes: &mut [u8]) {
        while !bytes.is_empty() {
            let seen = match &mut self.0 {
                Place::Last => return,
                Place::Body(left) => {
                    let seen = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                    *left = left.saturating_sub(seen as u64);
                    if *left == 0 {
                        self.0 = Place::Head(Vec::new());
                    }
                    seen
                }
                Place::Head(head) => match collect(head, bytes) {
                    Some(seen) => {
                        self.0 = what_follows(head).unwrap_or_else(|| {
                            bytes.fill(0);
                            Place::Last
                        });
                        seen
                    }
                    // hyper answers 431 and closes.
                    None if head.len() > MAX_HEAD => {
                        self.0 = Place::Last;
                        return;
                    }
                    None => return,
                },
            };
            bytes = &mut bytes[seen..];
        }
    }
}

/// Adds bytes to a head up to its end: how many, when the end is among them. Empty lines before it are not part of it.
fn collect(head: &mut Vec<u8>, bytes: &[u8]) -> Option<usize> {
    for (index, byte) in bytes.iter().enumerate() {
        if head.is_empty() && b"\r\n".contains(byte) {
            continue;
        }
        head.push(*byte);
        if head.ends_with(b"\n\r\n") || head.ends_with(b"\n\n") {
            return Some(index + 1);
        }
    }
    None
}

/// Where a head leads to; nowhere, when two servers would not agree on it.
fn what_follows(head: &[u8]) -> Option<Place> {
    let mut lines = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let is_old = lines.next().is_some_and(|line| line.ends_with(b"HTTP/1.0"));
    let (mut hosts, mut lengths, mut codings) = (0, Vec::new(), Vec::new());
    for line in lines.take_while(|line| !line.is_empty()) {
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let (name, value) = line.split_at(colon);
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        match name.to_ascii_lowercase().as_slice() {
            b"host" => hosts += 1,
            b"content-length" => lengths.push(value),
            b"transfer-encoding" => codings.push(value),
            _ => {}
        }
    }
    if hosts > 1 || (hosts == 0 && !is_old) {
        return None;
    }
    match (lengths.as_slice(), codings.as_slice()) {
        ([], []) => Some(Place::Head(Vec::new())),
        ([length], []) if length.iter().all(u8::is_ascii_digit) => {
            match std::str::from_utf8(length).ok()?.parse().ok()? {
                0 => Some(Place::Head(Vec::new())),
                length => Some(Place::Body(length)),
            }
        }
        // Where its body ends is for hyper alone to say, so that no other request may follow.
        ([], [coding]) if coding.eq_ignore_ascii_case(b"chunked") && !is_old => Some(Place::Last),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is left of a stream of requests that arrives in pieces of a size.
    fn pass(stream: &[u8], size: usize) -> Vec<u8> {
        let (mut heads, mut passed) = (Heads::new(), stream.to_vec());
        passed.chunks_mut(size).for_each(|chunk| heads.read(chunk));
        passed
    }

    #[test]
    fn a_request_has_one_host_and_one_end() {
        for (head, sound) in [
            ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", true),
            ("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", true),
            ("GET / HTTP/1.0\r\n\r\n", true),
            ("POST / HTTP/1.1\nhost: a\ncontent-length: 1\n\nx", true),
            ("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: Chunked\r\n\r\n", true),
            ("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 11\r\n\r\nhost: b\r\n\r\n", true),
            ("GET / HTTP/1.1\r\n\r\n", false),
            ("GET / HTTP/1.1\r\nhost: a\r\nHOST: b\r\n\r\n", false),
            ("POST / HTTP/1.0\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n", false),
            ("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", false),
            ("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\ncontent-length: 3\r\n\r\n", false),
            ("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ncontent-length: 3\r\n\r\n", false),
            ("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3, 3\r\n\r\n", false),
            ("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: +3\r\n\r\n", false),
            ("POST / HTTP/1.1\r\nhost: a\r\ncontent-length:\r\n\r\n", false),
            ("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 99999999999999999999\r\n\r\n", false),
            ("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n", false),
            ("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip, chunked\r\n\r\n", false),
            ("POST / HTTP/1.1\nhost: a\ncontent-length: 3\ntransfer-encoding: chunked\n\n", false),
        ] {
            for size in [1, 7, 1000] {
                assert_eq!(pass(head.as_bytes(), size) == head.as_bytes(), sound, "{head:?} by {size}");
            }
        }
    }

    #[test]
    fn every_request_of_a_connection_is_looked_at() {
        let bad = "GET /bad HTTP/1.1\r\n\r\n";
        for good in [
            "GET / HTTP/1.1\r\nhost: a\r\n\r\n",
            "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n",
            "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 22\r\n\r\nGET /bad HTTP/1.1\r\n\r\nx",
        ] {
            let stream = format!("{good}{good}{bad}");
            for size in [1, 7, 1000] {
                let passed = pass(stream.as_bytes(), size);
                assert!(passed.starts_with(format!("{good}{good}").as_bytes()), "{good:?} by {size}");
                assert_ne!(passed, stream.as_bytes(), "{good:?} by {size}");
            }
        }
    }
}

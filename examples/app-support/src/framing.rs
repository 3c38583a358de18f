//! Requests of which two servers would read different things.

/// The most that the head of a request may be.
pub(crate) const MAX_HEAD: usize = 64 * 1024;

/// The heads of the requests on a connection, seen before the HTTP implementation sees them.
///
/// hyper gives requests with two lengths, and with no host or several, a meaning of its own. A proxy before it may have
/// given them another one, so that they are refused (RFC 9112, sections 3.2 and 6.3).
pub(crate) struct Heads {
    /// What has come of a head; nothing while a body is to come.
    head: Option<Vec<u8>>,
}

impl Heads {
    pub(crate) fn new() -> Self {
        Self { head: Some(Vec::new()) }
    }

    /// The connection was written to. What is read next begins with a head, unless it was not an answer yet.
    pub(crate) fn wrote(&mut self, bytes: &[u8]) {
        if self.head.is_none() && !bytes.starts_with(b"HTTP/1.1 100") {
            self.head = Some(Vec::new());
        }
    }

    /// Looks at what was read, and makes it no HTTP at all when it is not to be taken: hyper then answers 400 and closes.
    pub(crate) fn read(&mut self, bytes: &mut [u8]) {
        let Some(head) = &mut self.head else { return };
        let known = head.len().saturating_sub(2);
        head.extend_from_slice(bytes);
        let begin = head.iter().position(|byte| !b"\r\n".contains(byte)).unwrap_or(head.len());
        head.drain(..begin);
        // An end can only be where something new is: a byte at a time must not cost more than a byte.
        let fresh = &head[known.saturating_sub(begin)..];
        let done = [&b"\n\r\n"[..], b"\n\n"].iter().any(|end| fresh.windows(end.len()).any(|bytes| bytes == *end));
        if done && !is_sound(head) {
            bytes.fill(0);
        }
        if done || head.len() > MAX_HEAD {
            self.head = None;
        }
    }
}

fn is_sound(head: &[u8]) -> bool {
    let mut lines = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let is_old = lines.next().is_some_and(|line| line.ends_with(b"HTTP/1.0"));
    let (mut hosts, mut lengths, mut codings) = (0, 0, Vec::new());
    for line in lines.take_while(|line| !line.is_empty()) {
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let (name, value) = line.split_at(colon);
        match name.to_ascii_lowercase().as_slice() {
            b"host" => hosts += 1,
            b"content-length" => lengths += 1,
            b"transfer-encoding" => codings.push(value.get(1..).unwrap_or_default().trim_ascii()),
            _ => {}
        }
    }
    let one_end = match codings.as_slice() {
        [] => lengths <= 1,
        [coding] => lengths == 0 && coding.eq_ignore_ascii_case(b"chunked"),
        _ => false,
    };
    one_end && (hosts == 1 || (is_old && hosts == 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_has_one_host_and_one_end() {
        for (head, sound) in [
            ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", true),
            ("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", true),
            ("GET / HTTP/1.0\r\n\r\n", true),
            ("POST / HTTP/1.1\nhost: a\ncontent-length: 1\n\nx", true),
            ("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: Chunked\r\n\r\n", true),
            ("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nhost: b\r\n\r\n", true),
            ("GET / HTTP/1.1\r\n\r\n", false),
            ("GET / HTTP/1.1\r\nhost: a\r\nHOST: b\r\n\r\n", false),
            ("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", false),
            ("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\ncontent-length: 3\r\n\r\n", false),
            ("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ncontent-length: 3\r\n\r\n", false),
            ("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n", false),
            ("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip, chunked\r\n\r\n", false),
            ("POST / HTTP/1.1\nhost: a\ncontent-length: 3\ntransfer-encoding: chunked\n\n", false),
        ] {
            for size in [1, 7, 1000] {
                let (mut heads, mut passed) = (Heads::new(), Vec::new());
                for chunk in head.as_bytes().chunks(size) {
                    let mut chunk = chunk.to_vec();
                    heads.read(&mut chunk);
                    passed.extend(chunk);
                }
                assert_eq!(passed == head.as_bytes(), sound, "{head:?} by {size}");
            }
        }
    }

    #[test]
    fn the_next_head_comes_after_an_answer() {
        let (good, bad) = (*b"GET / HTTP/1.1\r\nhost: a\r\n\r\n", *b"GET / HTTP/1.1\r\n\r\n");
        let mut heads = Heads::new();
        heads.read(&mut good.clone());
        let mut body = bad;
        heads.read(&mut body);
        heads.wrote(b"HTTP/1.1 100 Continue\r\n\r\n");
        heads.read(&mut body);
        assert_eq!(body, bad, "whatever it looks like");
        heads.wrote(b"HTTP/1.1 200 OK\r\n\r\n");
        heads.read(&mut body);
        assert_ne!(body, bad);
    }
}

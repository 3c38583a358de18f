//! The binaries, over sockets: they serve the library, refuse, and end in order.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::{Child, Command, Stdio};

const APPS: [(&str, &str); 2] =
    [("axum", env!("CARGO_BIN_EXE_hardened-axum")), ("poem", env!("CARGO_BIN_EXE_hardened-poem"))];

/// A running binary, ended when the test is.
struct Running {
    process: Child,
    address: String,
}

impl Running {
    fn start(binary: &str) -> Self {
        let mut command = Command::new(binary);
        command.env("BIND", "127.0.0.1:0").env("DATABASE_URL", "sqlite::memory:");
        command.env("AUTH_SECRET", "no secret but more than thirty-two bytes").env("RUST_LOG", "error");
        let mut process = command.stdout(Stdio::piped()).spawn().expect("the binary is there");
        let output = BufReader::new(process.stdout.take().expect("its output"));
        let mut lines = output.lines().map_while(Result::ok);
        let address = lines.find_map(|line| line.strip_prefix("listening on http://").map(str::to_owned));
        // What it says later has to go somewhere.
        std::thread::spawn(move || lines.count());
        Self { process, address: address.expect("its address") }
    }

    fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.address).expect("it listens")
    }

    fn answer(&self, request: &str) -> String {
        let mut stream = self.connect();
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    }

    /// What is answered to a body without end, by a client that goes on until the connection is closed.
    fn pour(&self) -> String {
        let mut stream = self.connect();
        let head = "POST /auth/login HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n\
            transfer-encoding: chunked\r\n\r\n";
        stream.write_all(head.as_bytes()).expect("it reads");
        let mut writer = stream.try_clone().expect("a socket");
        let pouring = std::thread::spawn(move || {
            let chunk = [b"1000\r\n".as_slice(), &[b' '; 0x1000], b"\r\n"].concat();
            while writer.write_all(&chunk).is_ok() {}
        });
        let mut line = String::new();
        BufReader::new(&stream).read_line(&mut line).expect("an answer, and no reset");
        stream.shutdown(Shutdown::Both).expect("a socket");
        pouring.join().expect("it ends when the connection does");
        line
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended as it should.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn the_binaries_serve_refuse_and_end() {
    for (name, binary) in APPS {
        let mut app = Running::start(binary);
        let body = r#"{"email":"ada@example.com","password":"kettle-Umbrella-42-river"}"#;
        let register = format!(
            "POST /auth/register HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        let both =
            "POST /auth/login HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n";
        for (request, status) in [
            (register.as_str(), "201"),
            ("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n", "401"),
            (both, "400"),
        ] {
            let answer = app.answer(request);
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{name}: {request:?}: {answer:?}");
        }
        assert!(app.pour().starts_with("HTTP/1.1 413 "), "{name}");
        let asked = Command::new("kill").args(["-TERM", &app.process.id().to_string()]).status();
        assert!(asked.expect("a program to send signals").success());
        assert!(app.process.wait().expect("it ends").success(), "{name}");
    }
}

"""A mail server for tests: keeps what it is sent, and misbehaves on demand. Needs aiosmtpd, and trustme for TLS.

    python3 sink.py [--port N] [--tls starttls|implicit] [--user NAME --password PASSWORD]

Prints one line of JSON when it is ready: {"smtp": port, "api": port, "certificate": PEM of its authority, or null}.
Ends when its standard input is closed, so that none is left behind. Listens on 127.0.0.1 alone.

API, in JSON:
    GET  /messages   every message so far, in order
    POST /mode       {"refuse": ["451", ...]}  answers the next messages with these codes
                     {"drop": N}               keeps the next N messages and cuts the connection instead of saying so
                     {"hold": true}            keeps messages and says nothing until {"hold": false}
    GET  /state      {"held": N, "connections": N}
"""

import argparse
import asyncio
import email
import email.policy
import http.server
import json
import logging
import os
import ssl
import sys
import threading
import warnings

from aiosmtpd.smtp import SMTP, AuthResult

MESSAGES = []
MODE = {"refuse": [], "drop": 0, "hold": False}
STATE = {"held": 0, "connections": 0}


class Server(SMTP):
    """Counts connections."""

    def connection_made(self, transport):
        # Called a second time when STARTTLS is done.
        if self.transport is None:
            STATE["connections"] += 1
        super().connection_made(transport)


class Handler:
    def __init__(self, implicit):
        self.implicit = implicit

    async def handle_DATA(self, server, session, envelope):
        if MODE["refuse"]:
            # Servers repeat the address when they refuse a message.
            return f"{MODE['refuse'].pop(0)} <{envelope.rcpt_tos[0]}> is not welcome"
        MESSAGES.append(describe(envelope, self.implicit or session.ssl is not None, bool(session.authenticated)))
        if MODE["drop"]:
            MODE["drop"] -= 1
            server.transport.abort()
            return "250 never seen"
        STATE["held"] += 1
        while MODE["hold"]:
            await asyncio.sleep(0.005)
        STATE["held"] -= 1
        return "250 OK"


def describe(envelope, encrypted, authenticated):
    message = email.message_from_bytes(envelope.original_content, policy=email.policy.default)
    parts = [part for part in message.walk() if not part.is_multipart()]
    return {
        "from": envelope.mail_from,
        "to": envelope.rcpt_tos,
        "encrypted": encrypted,
        "authenticated": authenticated,
        "type": message.get_content_type(),
        "headers": [[name, str(value)] for name, value in message.items()],
        "parts": [[part.get_content_type(), part.get_content()] for part in parts],
        "raw": envelope.original_content.decode("utf-8", "replace"),
    }


class Api(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer({"/messages": MESSAGES, "/state": STATE}[self.path])

    def do_POST(self):
        MODE.update(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        self.answer(MODE)

    def answer(self, value):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def encryption():
    import trustme

    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context, authority.cert_pem.bytes().decode()


def login(options):
    if options.user is None:
        return {}
    expected = (options.user.encode(), options.password.encode())

    def authenticator(server, session, envelope, mechanism, data):
        return AuthResult(success=(data.login, data.password) == expected, handled=False)

    return {"authenticator": authenticator, "auth_required": True, "auth_require_tls": options.tls == "starttls"}


async def serve(options):
    # It is told about passwords without TLS and about clients that refuse its certificate: both are meant so.
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    context, certificate = encryption() if options.tls else (None, None)
    implicit = options.tls == "implicit"
    settings = {"hostname": "sink.example", "enable_SMTPUTF8": True, **login(options)}
    if options.tls == "starttls":
        settings["tls_context"] = context
    loop = asyncio.get_running_loop()
    smtp = await loop.create_server(
        lambda: Server(Handler(implicit), loop=loop, **settings),
        "127.0.0.1",
        options.port,
        ssl=context if implicit else None,
    )
    api = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api)
    threading.Thread(target=api.serve_forever, daemon=True).start()
    threading.Thread(target=leave_with_parent, daemon=True).start()
    ready = {"smtp": smtp.sockets[0].getsockname()[1], "api": api.server_port, "certificate": certificate}
    print(json.dumps(ready), flush=True)
    await smtp.serve_forever()


def leave_with_parent():
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--tls", choices=["starttls", "implicit"])
    parser.add_argument("--user")
    parser.add_argument("--password", default="")
    asyncio.run(serve(parser.parse_args()))

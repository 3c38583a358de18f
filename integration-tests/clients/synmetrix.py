"""Uses an app by the client of Synmetrix, as it is published: `synmetrix.py URL LOG`.

All six methods of `AuthClient`, and what it makes of refusals. `LOG` is where the app writes its mails.
"""

import asyncio
import json
import logging
import re
import sys
import time

import httpx
from synmetrix_python_client.auth import AuthClient, AuthError

PATIENCE = 60  # seconds
PASSWORD, OTHER = "kettle-Umbrella-42-river", "lantern-Meadow-17-copper"


class PatientClient(httpx.AsyncClient):
    """Waits for answers longer than the five seconds that are its default: machines may be busy."""

    def __init__(self, **settings):
        super().__init__(timeout=PATIENCE, **settings)


httpx.AsyncClient = PatientClient


def quiet():
    logger = logging.getLogger("quiet")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    return logger


async def refused(work, status, message):
    """Insists that the app refuses, in the words of the server that the client was written for."""
    try:
        await work
    except AuthError as error:
        answer = json.loads(error.message)
        assert error.status_code == status, error
        assert (answer["statusCode"], answer["message"]) == (status, message), answer
    else:
        raise AssertionError(f"this must fail with {message}")


def check(tokens):
    assert len(tokens.user_id) == 36, tokens
    assert (tokens.allowed_roles, tokens.default_role) == (["user"], "user"), tokens
    assert time.time() < tokens.access_token_expires_at <= time.time() + 601, tokens
    return tokens


async def password(url):
    client = AuthClient(f"{url}/hasura/", logger=quiet())
    email = "ada@example.com"
    first = check(await client.register(email, PASSWORD))
    await refused(client.register(email, PASSWORD), 400, "Account already exists.")
    second = check(await client.login(email, PASSWORD))
    assert second.user_id == first.user_id
    third = check(await client.refresh_token())
    assert third.refresh_token != second.refresh_token
    # One that is kept elsewhere.
    check(await client.refresh_token(first.refresh_token))
    await client.change_password(PASSWORD, OTHER)
    await refused(client.refresh_token(third.refresh_token), 401, "Invalid or expired refresh token.")
    await refused(client.login(email, PASSWORD), 401, "Username and password do not match")
    await refused(client.login("nobody@example.com", PASSWORD), 401, "Username and password do not match")
    tokens = check(await client.login(email, OTHER))
    await refused(client.change_password(PASSWORD, OTHER), 401, "Incorrect current password.")
    await client.logout()
    await refused(client.refresh_token(tokens.refresh_token), 401, "Invalid or expired refresh token.")


async def confirm(url, log):
    """Opens the mail, as a person does."""
    for _ in range(PATIENCE * 10):
        with open(log, encoding="utf-8", errors="replace") as lines:
            found = re.search(r"/confirm-login\?token=([A-Za-z0-9_-]+)", lines.read())
        if found:
            break
        await asyncio.sleep(0.1)
    async with httpx.AsyncClient() as browser:
        page = await browser.get(f"{url}/confirm-login?token={found[1]}")
        assert "Python" in page.text and "grace@example.com" in page.text, page.text
        answer = await browser.post(f"{url}/hasura/auth/magic-link/confirm", json={"token": found[1]})
        assert answer.status_code == 204, answer.text


async def mail(url, log):
    client = AuthClient(f"{url}/hasura", logger=quiet())
    tokens, _ = await asyncio.gather(client.send_magic_link("grace@example.com"), confirm(url, log))
    check(tokens)
    check(await client.refresh_token())
    await client.logout(all_sessions=False)


async def main(url, log):
    await password(url)
    await mail(url, log)


asyncio.run(main(*sys.argv[1:]))

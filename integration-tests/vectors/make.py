"""Makes password hashes with other implementations than ours, with fresh salts, as a JSON list on the standard output.

The committed list, crates/auth-core/src/password/foreign/vectors.json, is the output of one run. The contract suite
runs this anew where a Python with the packages argon2-cffi, bcrypt, django, passlib and werkzeug is found, see README.md.
Costs are low, so that unoptimised test builds get by; schemes whose costs are fixed have theirs.
"""

import base64
import hashlib
import hmac
import json
import os
import secrets
import unicodedata

import argon2
import bcrypt
import django.conf
from django.contrib.auth import hashers
from werkzeug.security import generate_password_hash

# What passlib has of its own, because it does not know the newest package bcrypt.
os.environ["PASSLIB_BUILTIN_BCRYPT"] = "enabled"
from passlib.hash import bcrypt as passlib_bcrypt  # noqa: E402
from passlib.hash import bcrypt_sha256, pbkdf2_sha1, pbkdf2_sha256, pbkdf2_sha512, scrypt  # noqa: E402

passlib_bcrypt.set_backend("builtin")
bcrypt_sha256.set_backend("builtin")
django.conf.settings.configure()

PASSWORDS = ["kettle-Umbrella-41", "Füße ünter 🔑 dem Tisch", "ﬁnance Ⅸ ½", "0123456789" * 9]


def bcrypt_hash(password, rounds=4, prefix=b"2b"):
    # This package refuses what others cut off.
    secret = password.encode()[:72]
    return bcrypt.hashpw(secret, bcrypt.gensalt(rounds, prefix)).decode()


def bcrypt_2y(password):
    # PHP's name for what others call 2b.
    return bcrypt_hash(password, 5).replace("$2b$", "$2y$")


def argon2_hash(kind):
    hasher = argon2.PasswordHasher(time_cost=2, memory_cost=64, parallelism=2, type=kind)
    return hasher.hash


def django_hash(hasher_class, **costs):
    hasher = hasher_class()
    for name, value in costs.items():
        setattr(hasher, name, value)
    return lambda password: hasher.encode(password, hasher.salt())


def django_bcrypt(password):
    hasher = hashers.BCryptPasswordHasher()
    hasher.rounds = 4
    return hasher.encode(password.encode()[:72].decode(), hasher.salt())


def better_auth(password):
    salt = secrets.token_hex(16)
    secret = unicodedata.normalize("NFKC", password).encode()
    key = hashlib.scrypt(secret, salt=salt.encode(), n=16384, r=16, p=1, maxmem=2**26, dklen=64)
    return f"{salt}:{key.hex()}"


def wordpress(password):
    # wp_hash_password of WordPress 6.8.
    digest = hmac.digest(b"wp-sha384", password.strip(" \t\n\r\0\x0b").encode(), "sha384")
    return "$wp" + bcrypt_hash(base64.b64encode(digest).decode()).replace("$2b$", "$2y$")


def asp_net(password):
    # PasswordHasher.HashPasswordV3 of ASP.NET Core Identity, with SHA-512.
    salt = secrets.token_bytes(16)
    header = b"\1" + b"".join(number.to_bytes(4, "big") for number in (2, 1000, len(salt)))
    return base64.b64encode(header + salt + hashlib.pbkdf2_hmac("sha512", password.encode(), salt, 1000, 32)).decode()


def unnormalised(form):
    """Hashes another spelling than the one that is typed in NFC."""
    return lambda password: bcrypt_hash(unicodedata.normalize(form, password))


# The example in the documentation of https://github.com/firebase/scrypt, whose signer key is
# jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==
FIREBASE = {
    "scheme": "firebase",
    "password": "user1password",
    "hash": "$firebase-scrypt$ln=14,r=8,ss=Bw==$42xEC+ixf3L2lw==$"
    "lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==",
}

SCHEMES = {
    "argon2id": argon2_hash(argon2.Type.ID),
    "argon2i": argon2_hash(argon2.Type.I),
    "argon2d": argon2_hash(argon2.Type.D),
    "bcrypt 2b": bcrypt_hash,
    "bcrypt 2a": lambda password: bcrypt_hash(password, prefix=b"2a"),
    "bcrypt 2y": bcrypt_2y,
    "passlib pbkdf2-sha1": pbkdf2_sha1.using(rounds=1000).hash,
    "passlib pbkdf2-sha256": pbkdf2_sha256.using(rounds=1000).hash,
    "passlib pbkdf2-sha512": pbkdf2_sha512.using(rounds=1000).hash,
    "passlib scrypt": scrypt.using(rounds=10, block_size=8, parallelism=1).hash,
    "passlib scrypt, parallel": scrypt.using(rounds=8, block_size=4, parallelism=3).hash,
    "django argon2": django_hash(hashers.Argon2PasswordHasher, time_cost=1, memory_cost=64, parallelism=1),
    "django bcrypt": django_bcrypt,
    "django bcrypt_sha256": django_hash(hashers.BCryptSHA256PasswordHasher, rounds=4),
    "django pbkdf2_sha1": django_hash(hashers.PBKDF2SHA1PasswordHasher, iterations=1000),
    "django pbkdf2_sha256": django_hash(hashers.PBKDF2PasswordHasher, iterations=1000),
    "django scrypt": django_hash(hashers.ScryptPasswordHasher, work_factor=1024, parallelism=2),
    "better-auth": better_auth,
    "bcrypt 2": passlib_bcrypt.using(ident="2", rounds=4, truncate_error=False).hash,
    "passlib bcrypt_sha256": bcrypt_sha256.using(rounds=4).hash,
    "passlib bcrypt_sha256, version 1": bcrypt_sha256.using(rounds=4, version=1, ident="2a").hash,
    "wordpress": wordpress,
    "werkzeug pbkdf2": lambda password: generate_password_hash(password, "pbkdf2:sha256:1000"),
    "werkzeug scrypt": lambda password: generate_password_hash(password, "scrypt:1024:8:1"),
    "asp.net v3, SHA-512": asp_net,
}

# The tests of crypt_blowfish, wrapper.c in https://www.openwall.com/crypt/, and libxcrypt agrees.
BCRYPT_2X = {
    "scheme": "bcrypt 2x",
    "password": "\u0451",
    "hash": "$2x$05$6bNw2HLQYeqHYyBfLMsv/OiwqTymGIGzFsA4hOTWebfehXHNprcAS",
}

# PasswordHasherTest.cs in https://github.com/dotnet/aspnetcore.
ASP_NET = [
    {
        "scheme": "asp.net v2",
        "password": "my password",
        "hash": "AAABAgMEBQYHCAkKCwwNDg+ukCEMDf0yyQ29NYubggHIVY0sdEUfdyeM+E1LtH1uJg==",
    },
    {
        "scheme": "asp.net v3",
        "password": "my password",
        "hash": "AQAAAAEAACcQAAAAEAABAgMEBQYHCAkKCwwNDg+yWU7rLgUwPZb1Itsmra7cbxw2EFpwpVFIEtP+JIuUEw==",
    },
]

# Texts that other systems hash as they are: decomposed, in NFKC, and longer than a new password may be here.
TEXTS = {
    "bcrypt of a decomposed text": (bcrypt_hash, unicodedata.normalize("NFD", "schlüssel-Größe-42-Bär")),
    "bcrypt of NFKC": (unnormalised("NFKC"), "ﬁnance Ⅸ ﬂow 42"),
    "django pbkdf2_sha256 of NFKC": (
        lambda password: SCHEMES["django pbkdf2_sha256"](unicodedata.normalize("NFKC", password)),
        unicodedata.normalize("NFD", "ﬁnance Ⅸ ½ Bär"),
    ),
    "argon2id of a decomposed text": (SCHEMES["argon2id"], unicodedata.normalize("NFD", "schlüssel-Größe-42-Bär")),
    "passlib pbkdf2-sha256 of 4096 bytes": (SCHEMES["passlib pbkdf2-sha256"], "0123456789abcdef" * 256),
    "bcrypt of 4096 bytes": (bcrypt_hash, "0123456789abcdef" * 256),
}

vectors = [FIREBASE]
for scheme, make in SCHEMES.items():
    # Normalisation is what the third password is about; one more of so dear a hash would prove nothing.
    passwords = [PASSWORDS[0], PASSWORDS[2]] if scheme == "better-auth" else PASSWORDS
    # passlib's own bcrypt is slow.
    passwords = PASSWORDS[:2] if scheme.startswith("passlib bcrypt") or scheme == "bcrypt 2" else passwords
    vectors += [{"scheme": scheme, "password": password, "hash": make(password)} for password in passwords]
vectors += [BCRYPT_2X, *ASP_NET]
vectors += [{"scheme": scheme, "password": text, "hash": make(text)} for scheme, (make, text) in TEXTS.items()]
print("[\n" + ",\n".join(json.dumps(vector, ensure_ascii=False) for vector in vectors) + "\n]")

"""Makes password hashes with other implementations than ours, with fresh salts, as a JSON list on the standard output.

The committed list, crates/auth-core/src/password/foreign/vectors.json, is the output of one run. The contract suite
runs this anew where a Python with the packages argon2-cffi, bcrypt, django and passlib is found, see README.md.
Costs are low, so that unoptimised test builds get by; schemes whose costs are fixed have theirs.
"""

import hashlib
import json
import secrets
import unicodedata

import argon2
import bcrypt
import django.conf
from django.contrib.auth import hashers
from passlib.hash import pbkdf2_sha1, pbkdf2_sha256, pbkdf2_sha512, scrypt

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
}

vectors = [FIREBASE]
for scheme, make in SCHEMES.items():
    # Normalisation is what the third password is about; one more of so dear a hash would prove nothing.
    passwords = [PASSWORDS[0], PASSWORDS[2]] if scheme == "better-auth" else PASSWORDS
    vectors += [{"scheme": scheme, "password": password, "hash": make(password)} for password in passwords]
print("[\n" + ",\n".join(json.dumps(vector, ensure_ascii=False) for vector in vectors) + "\n]")

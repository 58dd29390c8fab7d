"""Sessions: a signed cookie of bounded life that names an API key, never holds it."""

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

LIFE = timedelta(hours=8)


@dataclass(frozen=True)
class Session:
    key_id: str
    expires: int  # seconds since the epoch
    nonce: str


@dataclass(frozen=True)
class Sessions:
    secret: bytes = field(repr=False)
    clock: Callable[[], float] = time.time

    def open(self, key_id: str) -> Session:
        expires = int(self.clock() + LIFE.total_seconds())
        return Session(key_id, expires, secrets.token_hex(16))

    def cookie(self, session: Session) -> str:
        return f"{_text(session)}.{self._sign('session', session)}"

    def read(self, cookie: str) -> Session | None:
        """None if it is not ours or its life is over."""
        match cookie.split("."):
            case [key_id, expires, nonce, signature] if expires.isascii() and expires.isdecimal():
                session = Session(key_id, int(expires[:12]), nonce)
            case _:
                return None
        genuine = _same(signature, self._sign("session", session))
        return session if genuine and self.clock() < session.expires else None

    def token(self, session: Session) -> str:
        """Sent along with every write; a page of another origin can't read it."""
        return self._sign("csrf", session)

    def is_token(self, text: str, session: Session) -> bool:
        return _same(text, self.token(session))

    def _sign(self, purpose: str, session: Session) -> str:
        message = f"{purpose}\n{_text(session)}".encode(errors="replace")
        return hmac.new(self.secret, message, hashlib.sha256).hexdigest()


def _text(session: Session) -> str:
    return f"{session.key_id}.{session.expires}.{session.nonce}"


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), wanted.encode())

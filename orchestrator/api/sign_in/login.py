"""Opens and closes sessions."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import parse_qsl

from aiohttp import web

from orchestrator.api.door import HOUSE, read_body
from orchestrator.api.limits import address_of
from orchestrator.api.pages import led_to, page
from orchestrator.api.sign_in.gate import COOKIE, GATE, check_origin, end_session
from orchestrator.api.sign_in.sessions import LIFE
from orchestrator.errors import Forbidden, Rejected, Unauthorized, UnsupportedMedia
from orchestrator.models import Caller

LONGEST_FORM = 4096  # bytes
MOST_FIELDS = 10


@dataclass(frozen=True)
class Entrance:
    """Where people come in who want to see one of the pages; the session is good for all."""

    path: str  # of the page, without a slash at its end
    home: str  # where it begins
    title: str
    hint: str
    button: str
    admit: Callable[[Caller], Caller]  # raises Forbidden

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get(self.login, self.show),
            web.post(self.login, self.open_session),
            web.post(f"{self.path}/logout", self.close_session),
        ]

    @property
    def login(self) -> str:
        return f"{self.path}/login"

    async def show(self, _: web.Request) -> web.Response:
        return self.form()

    def form(self, fault: str = "", *, status: int = 200) -> web.Response:
        return page("login.html", status=status, entrance=self, fault=fault)

    async def open_session(self, request: web.Request) -> web.Response:
        """Raises Forbidden for another origin, RateLimited."""
        check_origin(request)
        house, sessions = request.app[HOUSE], request.app[GATE].sessions
        key = (await read_form(request)).get("key", "")
        try:
            caller = self.admit(await house.keys.caller(key.strip()))
        except (Unauthorized, Forbidden) as error:
            await house.strangers.take(address_of(request, trusted=house.trusted_proxies))
            return self.form(error.message, status=401)
        answer = led_to(self.home)
        _set_cookie(request, answer, sessions.cookie(sessions.open(caller.key_id)), LIFE)
        return answer

    async def close_session(self, request: web.Request) -> web.Response:
        check_origin(request)
        await end_session(request)
        answer = led_to(self.login)
        _set_cookie(request, answer, "", timedelta())
        return answer


async def read_form(request: web.Request) -> dict[str, str]:
    """Raises UnsupportedMedia, BodyTooLarge, TooSlow, Rejected."""
    if request.content_type != "application/x-www-form-urlencoded":
        raise UnsupportedMedia
    body = await read_body(request, longest=LONGEST_FORM)
    try:
        return dict(parse_qsl(body.decode(errors="replace"), max_num_fields=MOST_FIELDS))
    except ValueError:
        raise Rejected from None


def _set_cookie(request: web.Request, answer: web.Response, value: str, life: timedelta) -> None:
    answer.set_cookie(
        COOKIE,
        value,
        max_age=int(life.total_seconds()),
        path="/",
        httponly=True,
        samesite="Strict",
        secure=request.headers.get("Origin", "").startswith("https:"),
    )

"""The token: who is let in, what the cookie is, and what guessing brings."""

from collections.abc import Callable
from http.cookies import SimpleCookie
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from bakeoff.errors import UsageError
from bakeoff.web.access import MOST_GUESSES, Access, make_token
from bakeoff.web.serve import address, with_token
from bakeoff.web.settings import Settings

Call = Callable[..., TestClient]
TOKEN = "quả-bí-ngô/=;\"' của chúng ta"


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def test_only_who_logged_in_sees_projects(client: Call, finished: Path) -> None:
    called = client(finished, token=TOKEN)
    assert called.get("/api/app").json()["login"] is True
    assert called.get("/api/projects").status_code == 401
    answer = called.post("/api/login", json={"token": TOKEN})
    assert answer.status_code == 204
    assert called.get("/api/projects").json()["projects"][0]["name"] == "tickets"
    assert called.post("/api/logout", json={}).status_code == 204
    assert called.get("/api/projects").status_code == 401


def test_the_cookie_is_for_this_page_only_and_holds_no_token(client: Call, finished: Path) -> None:
    called = client(finished, token=TOKEN)
    sent = {"token": TOKEN, "path": "/team/bakeoff/"}
    answer = called.post("/api/login", json=sent, headers={"x-forwarded-proto": "https"})
    [(name, cookie)] = SimpleCookie(answer.headers["set-cookie"]).items()
    assert (cookie["path"], cookie["samesite"].lower(), cookie["httponly"], cookie["secure"]) == (
        "/team/bakeoff/", "strict", True, True,
    )  # fmt: skip
    assert TOKEN not in answer.headers["set-cookie"]
    assert name != Access("another token of a server on another port").cookie
    plain = called.post("/api/login", json={"token": TOKEN}).headers["set-cookie"]
    assert "secure" not in plain.lower()


@pytest.mark.parametrize("path", ["/; Domain=evil.example", "/a\r\nSet-Cookie: x=y/", "//", "evil/", "/a", "/../"])
def test_a_path_cannot_change_the_cookie(client: Call, finished: Path, path: str) -> None:
    answer = client(finished, token=TOKEN).post("/api/login", json={"token": TOKEN, "path": path})
    [cookie] = answer.headers.get_list("set-cookie")
    attributes = [part.strip().lower().partition("=") for part in cookie.split(";")[1:]]
    assert {name for name, _, _ in attributes} == {"httponly", "max-age", "path", "samesite"}
    assert dict((name, value) for name, _, value in attributes)["path"] in ("/", "/../")


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Bearer "}, {"authorization": "Bearer wrong"}, {"authorization": TOKEN.encode()},
        {"authorization": "Basic dGVhbTp4"}, {"cookie": "a=b; c"}, {"cookie": '"; \\'}, {"cookie": "x" * 5000},
        {"x-forwarded-for": "127.0.0.1"}, {"forwarded": "for=127.0.0.1"}, {"x-real-ip": "127.0.0.1"},
    ],
)  # fmt: skip
def test_what_is_no_token_lets_nobody_in(client: Call, finished: Path, headers: dict[str, str]) -> None:
    called = client(finished, token=TOKEN)
    assert called.get("/api/projects", headers=headers).status_code == 401
    assert called.post("/api/projects", json={}, headers=headers).status_code == 401
    cookie = Access(TOKEN).cookie
    for value in ("", "wrong", Access("x" * 20).session, '"a;b"'):
        assert called.get("/api/projects", headers={"cookie": f"{cookie}={value}"}).status_code == 401


def test_a_program_shows_the_token_itself(client: Call, finished: Path) -> None:
    token = make_token()
    assert client(finished, token=token).get("/api/projects", headers=bearer(token)).status_code == 200
    assert client(finished, token=token).get("/api/openapi.json").status_code == 401


def test_guessing_is_told_to_wait_and_locks_nobody_out(client: Call, finished: Path) -> None:
    token = make_token()
    called = client(finished, token=token)
    half = MOST_GUESSES // 2
    first = [called.post("/api/login", json={"token": f"guess {i}"}).status_code for i in range(half)]
    first += [called.get("/api/projects", headers=bearer(f"other {i}")).status_code for i in range(half)]
    assert first == [401] * MOST_GUESSES
    for answer in (
        called.post("/api/login", json={"token": "guess 11"}), called.get("/api/projects", headers=bearer("guess 12"))
    ):  # fmt: skip
        assert answer.status_code == 429
        assert 0 < int(answer.headers["retry-after"]) <= 61
    assert called.get("/api/projects").status_code == 401  # who shows nothing is sent to the login page
    assert called.get("/api/projects", headers=bearer(token)).status_code == 200
    assert called.post("/api/login", json={"token": token}).status_code == 204
    assert called.get("/api/projects").status_code == 200


def test_an_old_cookie_shown_again_and_again_is_one_guess() -> None:
    now = [0.0]
    access = Access("t" * 20, clock=lambda: now[0])
    for _ in range(50):
        assert not access.lets_in({"cookie": f"{access.cookie}=old"})
    assert access.seconds_to_wait() == 0
    for i in range(50):
        assert not access.lets_in({"cookie": f"{access.cookie}=guess{i}"})
    assert access.seconds_to_wait() > 0
    now[0] = 61.0
    assert access.seconds_to_wait() == 0


def test_who_can_be_reached_by_others_has_a_token() -> None:
    """A proxy on this machine makes everybody a neighbour: `behind` alone needs one."""
    folder = Path()
    assert with_token(Settings(folder)).token is None
    for one in (Settings(folder, host="0.0.0.0"), Settings(folder, host="127.0.0.2"), Settings(folder, behind=("a",))):
        made = with_token(one).token
        assert made is not None
        assert len(made) >= 43
    assert with_token(Settings(folder, host="::", token="k" * 16)).token == "k" * 16
    with pytest.raises(UsageError, match="15 characters"):
        with_token(Settings(folder, token="k" * 15))


def test_the_address_holds_the_token_where_no_server_sees_it() -> None:
    assert address(Settings(Path(), token="a/b c#d"), 1) == "http://127.0.0.1:1/#/login/a%2Fb%20c%23d"
    assert address(Settings(Path(), host="::1"), 2) == "http://[::1]:2/"
    assert "0.0.0.0" not in address(Settings(Path(), host="0.0.0.0"), 3)


def test_without_a_token_login_changes_nothing(client: Call, finished: Path) -> None:
    called = client(finished)
    assert called.get("/api/app").json()["login"] is False
    answer = called.post("/api/login", json={"token": "x"})
    assert (answer.status_code, answer.headers.get("set-cookie")) == (204, None)

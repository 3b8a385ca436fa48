"""Serve the page: choose a port, print the address, open the browser, and end quietly."""

import errno
import os
import signal
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from urllib.parse import quote

import uvicorn

from bakeoff.addresses import LOOPBACK
from bakeoff.errors import OutsideError, UsageError
from bakeoff.web.access import FEWEST_CHARACTERS, make_token
from bakeoff.web.app import create_app, guard
from bakeoff.web.security import WILDCARD
from bakeoff.web.settings import Settings
from bakeoff.web.warming import warm, warm_the_rest
from bakeoff.web.workspace import Workspace

TRIED_PORTS = 20
"""From the asked one on, where it is taken."""

MOST_CONNECTIONS = 500
"""At once; beyond it, 503. A page keeps two to six."""


def listen(settings: Settings) -> socket.socket:
    """A socket on the asked port, or on the next free one.

    Raises:
        OutsideError: no such address on this machine, or none of the ports is free.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    last: OSError | None = None
    tried = TRIED_PORTS if settings.port and not settings.behind else 1  # a proxy looks for us at this one
    for port in range(settings.port, settings.port + tried):
        # The protocol by name: asyncio sends small answers at once only on such a socket, else 40 ms late.
        found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            found.bind((settings.host, port))
            found.listen(128)
        except OSError as error:
            found.close()
            last = error
            if error.errno != errno.EADDRINUSE:
                break
        else:
            return found
    assert last is not None
    raise OutsideError(
        f"cannot serve on {settings.host}:{settings.port}: {last.strerror or last}",
        hint="name another: bakeoff open --port 9000 (or --host)",
    )


def with_token(settings: Settings) -> Settings:
    """The settings; with a token, where others than the people of this machine can connect.

    A reverse proxy on this machine connects from this machine, whoever asks it: `behind` alone wants a token too.

    Raises:
        UsageError: the token that was chosen is too short.
    """
    if settings.token is not None and len(settings.token) < FEWEST_CHARACTERS:
        raise UsageError(
            f"the token has {len(settings.token)} characters; it takes {FEWEST_CHARACTERS}",
            hint="leave it out: then one is made that nobody guesses",
        )
    open_to_others = settings.host not in LOOPBACK or bool(settings.behind)
    return replace(settings, token=make_token()) if open_to_others and settings.token is None else settings


def address(settings: Settings, port: int) -> str:
    """What to open: with the token, where there is one."""
    host = _own_address() if settings.host in WILDCARD else settings.host
    host = f"[{host}]" if ":" in host else host
    token = f"#/login/{quote(settings.token, safe='')}" if settings.token else ""
    return f"http://{host}:{port}/{token}"


def _own_address() -> str:
    """Under which others in the network reach this machine. Sends nothing: it asks the routing table."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        try:
            asked.connect(("192.0.2.1", 9))
            found: str = asked.getsockname()[0]
        except OSError:
            return "127.0.0.1"
    return found


def _has_screen() -> bool:
    """Somebody sits there; else `webbrowser` may start one for the terminal, in the middle of the answer."""
    return sys.platform != "linux" or any(
        os.environ.get(one) for one in ("DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME")
    )


def _warm(workspace: Workspace) -> None:
    warm(workspace)
    warm_the_rest()


def serve(settings: Settings, *, started: Callable[[str], None], browser: bool) -> None:
    """Serve until it is stopped by Ctrl-C or SIGTERM. Runs go on by themselves.

    Args:
        settings: of the server.
        started: is told the address as soon as the server answers.
        browser: open the address in the user's browser.

    Raises:
        UsageError: the token is too short.
        OutsideError: no such address on this machine, or none of the ports is free.
    """
    settings = with_token(settings)
    listening = listen(settings)
    url = address(settings, listening.getsockname()[1])
    app = create_app(settings)
    config = uvicorn.Config(
        guard(app), log_level="warning", access_log=False, server_header=False, date_header=False, ws="none",
        timeout_graceful_shutdown=2, lifespan="off", proxy_headers=False, http="h11",
        limit_concurrency=MOST_CONNECTIONS,
    )  # fmt: skip
    server = uvicorn.Server(config)
    inner = server.startup

    async def startup(sockets: list[socket.socket] | None = None) -> None:
        await inner(sockets=sockets)
        if server.started:
            started(url)
            threading.Thread(target=_warm, args=(app.state.workspace,), name="warming", daemon=True).start()
            if browser and _has_screen():
                threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()

    server.startup = startup  # type: ignore[method-assign]
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # ended by a system is ended as by Ctrl-C
    with suppress(KeyboardInterrupt):  # uvicorn has ended in order, and then hands the signal on
        server.run(sockets=[listening])

"""A line between a browser and a server that breaks in the midst of an upload and stays dead until mended."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
from collections.abc import Iterator

PIECE_BYTES = 65536


class Line(socketserver.ThreadingTCPServer):
    """Carries every byte both ways. `break_at`: the first connection to send more bytes than this is cut."""

    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.far = ("127.0.0.1", port)
        self.break_at: int | None = None
        self.broken = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def verify_request(self, *_: object) -> bool:
        """A dead line takes no call."""
        return not self.broken.is_set()

    def mend(self) -> None:
        self.break_at = None
        self.broken.clear()


class _Connection(socketserver.BaseRequestHandler):
    server: Line

    def handle(self) -> None:
        with socket.create_connection(self.server.far) as far:
            threading.Thread(target=_carry, args=(far, self.request), daemon=True).start()
            sent = 0
            for piece in _pieces(self.request):
                sent += len(piece)
                if self.server.break_at is not None and sent > self.server.break_at:
                    self.server.broken.set()
                    break
                far.sendall(piece)
            _hang_up(far)


def _pieces(source: socket.socket) -> Iterator[bytes]:
    with contextlib.suppress(OSError):
        while piece := source.recv(PIECE_BYTES):
            yield piece


def _carry(source: socket.socket, to: socket.socket) -> None:
    with contextlib.suppress(OSError):
        for piece in _pieces(source):
            to.sendall(piece)
    _hang_up(to)


def _hang_up(end: socket.socket) -> None:
    """Nothing more comes; what was sent before is still read, as from one who walked out of range."""
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def line(port: int) -> Iterator[Line]:
    """A line to the server at this port of this machine."""
    with Line(port) as made:
        threading.Thread(target=made.serve_forever, args=(0.05,), daemon=True).start()
        yield made
        made.shutdown()

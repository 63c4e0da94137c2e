"""What stands between a bot and its Redis, and does not always do what it should."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Middlebox:
    """Passes on what comes to `port`, as a firewall does until it forgets a connection."""

    target: int
    port: int = 0
    connections: int = 0  # so far
    loses_answer: bool = False  # the next one: the connection ends in its place
    _known: set[socket.socket] = field(default_factory=set)
    _sockets: list[socket.socket] = field(default_factory=list)

    def forget_connections(self) -> None:
        """Pass nothing on for those that there are, and tell nobody."""
        self._known.clear()

    def accept(self, listener: socket.socket) -> None:
        with suppress(OSError):  # it is closed
            while True:
                client, _ = listener.accept()
                server = socket.create_connection(("127.0.0.1", self.target))
                self.connections += 1
                self._known |= {client, server}
                self._sockets += [client, server]
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=self._pass_on, args=pair, daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                if source not in self._known:
                    continue
                if self.loses_answer and source.getpeername()[1] == self.target:
                    self.loses_answer = False
                    break
                sink.sendall(data)
        for each in (source, sink):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        for each in self._sockets:
            each.close()


@contextmanager
def middlebox(target: int) -> Iterator[Middlebox]:
    """One before the `target`, a port of this machine, until the block is left."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        box = Middlebox(target, listener.getsockname()[1])
        thread = threading.Thread(target=box.accept, args=(listener,), daemon=True)
        thread.start()
        yield box
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5.0)
        box.close()

"""A name server on loopback that answers as it is told, and may change its answer."""

from __future__ import annotations

import ipaddress
import socket
import struct
import threading
import time

A, AAAA = 1, 28
NXDOMAIN, SERVFAIL = 3, 2


class FakeDns:
    """`names` maps a name to its answers in turn, the last one for ever: addresses, or an error
    code."""

    def __init__(self, names: dict[str, list[list[str] | int]], *, delay_s: float = 0.0) -> None:
        """`delay_s`: before each answer, one after another."""
        self.names = names
        self._delay_s = delay_s
        self.asked: list[str] = []

    def __enter__(self) -> FakeDns:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join()
        self._socket.close()

    def turn(self) -> None:
        """Every name gives its next answer."""
        for answers in self.names.values():
            if len(answers) > 1:
                answers.pop(0)

    def _serve(self) -> None:
        while True:
            query, client = self._socket.recvfrom(1024)
            if not query:
                return
            time.sleep(self._delay_s)
            self._socket.sendto(self._answer(query), client)

    def _answer(self, query: bytes) -> bytes:
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1 : at + 1 + query[at]].decode())
            at += 1 + query[at]
        (kind,) = struct.unpack(">H", query[at + 1 : at + 3])
        name = ".".join(labels).lower()
        self.asked.append(name)
        known = self.names.get(name, [NXDOMAIN])[0]
        question = query[12 : at + 5]
        if isinstance(known, int):
            return query[:2] + struct.pack(">HHHHH", 0x8180 | known, 1, 0, 0, 0) + question
        wanted = 6 if kind == AAAA else 4
        found = [
            ip
            for ip in map(ipaddress.ip_address, known)
            if ip.version == wanted and kind in (A, AAAA)
        ]
        rows = b"".join(
            b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 0, len(ip.packed)) + ip.packed
            for ip in found
        )
        return query[:2] + struct.pack(">HHHHH", 0x8180, 1, len(found), 0, 0) + question + rows

# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What health checks speak to beside a web server: python3 peer.py udp|tcp|smtp|dns|https."""

from __future__ import annotations

import http.server
import socket
import socketserver
import ssl
import sys

PORTS = {"udp": 9000, "tcp": 9001, "smtp": 9025, "dns": 9053, "https": 9443}
CERTIFICATE = "/etc/ssl/peer.pem"


class Udp(socketserver.BaseRequestHandler):
    """Says back what it is told, and who it is when it is asked for that."""

    def handle(self) -> None:
        data, server = self.request
        name = socket.gethostname().encode()
        server.sendto(name if data == b"who" else data, self.client_address)


class Tcp(socketserver.BaseRequestHandler):
    """Accepts, and no more."""


class Smtp(socketserver.StreamRequestHandler):
    """As far as HELO and QUIT."""

    def handle(self) -> None:
        self.wfile.write(b"220 peer\r\n")
        for line in self.rfile:
            self.wfile.write(b"221 bye\r\n" if line.upper().startswith(b"QUIT") else b"250 peer\r\n")


class Dns(socketserver.BaseRequestHandler):
    """Every name has the address 192.0.2.1."""

    def handle(self) -> None:
        query, server = self.request
        # A response, recursion available, one answer; the question again, and a pointer to its name.
        header = query[:2] + b"\x81\x80" + b"\x00\x01\x00\x01\x00\x00\x00\x00"
        question = query[12 : query.index(b"\x00", 12) + 5]
        answer = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04" + bytes([192, 0, 2, 1])
        server.sendto(header + question + answer, self.client_address)


class Https(http.server.BaseHTTPRequestHandler):
    """A page, over TLS."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "3")
        self.end_headers()
        self.wfile.write(b"ok\n")

    def log_message(self, *_arguments: object) -> None:
        """The journal is for what is unusual."""


def main() -> None:
    """Serve for ever."""
    kind = sys.argv[1]
    handler = {"udp": Udp, "tcp": Tcp, "smtp": Smtp, "dns": Dns, "https": Https}[kind]
    socketserver.TCPServer.allow_reuse_address = True
    family = socketserver.ThreadingUDPServer if kind in ("udp", "dns") else socketserver.ThreadingTCPServer
    with family(("0.0.0.0", PORTS[kind]), handler) as server:
        if kind == "https":
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(CERTIFICATE)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        server.serve_forever()


if __name__ == "__main__":
    main()

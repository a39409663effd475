"""A slow line: what a server says in one go comes in pieces, as it does over a weak network."""

from __future__ import annotations

import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PIECES = 12
PAUSE = 0.03


@contextmanager
def slow(site: str) -> Iterator[str]:
    """The address under which the pages of `site` come slowly; nothing of it is kept by the browser."""

    class Line(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            carried = {name: self.headers[name] for name in ("accept-language", "cookie") if name in self.headers}
            with urllib.request.urlopen(urllib.request.Request(site + self.path, headers=carried)) as answer:
                kind, body = answer.headers["content-type"], answer.read()
            self.send_response(200)
            for name, value in {"content-type": kind, "content-length": len(body), "cache-control": "no-store"}.items():
                self.send_header(name, str(value))
            self.end_headers()
            pieces = PIECES if kind.startswith("text/html") else 1
            size = -(-len(body) // pieces)
            for start in range(0, len(body), size):
                self.wfile.write(body[start : start + size])
                time.sleep(PAUSE if pieces > 1 else 0)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Line)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

"""The sample portal: a small web server on loopback that shows the sample's pages and takes a new
post."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from service.demo import sample


class SamplePortal:
    """Serves on a free port of 127.0.0.1 from `start` to `stop`. Answers conditionally, as a decent
    server does."""

    def __init__(self) -> None:
        self._posts = sample.seed_posts()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(
            target=self._server.serve_forever, daemon=True, name="sample-portal"
        )
        self.base_url = f"http://127.0.0.1:{self._server.server_port}"

    @property
    def posts(self) -> tuple[sample.SamplePost, ...]:
        return self._posts

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def publish(self, post: sample.SamplePost) -> None:
        """Puts a post on top of its section."""
        self._posts = (post, *self._posts)

    def replace(self, post: sample.SamplePost) -> None:
        """Shows a post as it is now, under its old address."""
        self._posts = tuple(post if one.path == post.path else one for one in self._posts)

    def answer(self, path: str) -> tuple[str, bytes] | None:
        """Content type and body of a page, None where there is none."""
        posts = self._posts
        if path in (sample.DIRECTIVES, sample.NEWS):
            return "text/html; charset=utf-8", sample.listing_page(posts, path).encode()
        if path.startswith("/portal/VanBan/"):
            return "application/pdf", sample.sample_pdf()
        for post in posts:
            if post.path == path:
                return "text/html; charset=utf-8", sample.article_page(post, posts).encode()
        return None


def _handler(portal: SamplePortal) -> type[BaseHTTPRequestHandler]:
    class PortalHandler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            found = portal.answer(urlsplit(self.path).path)
            content_type, body = found or ("text/plain; charset=utf-8", b"404\n")
            etag = f'"{hash(body):x}"'
            is_known = found is not None and self.headers.get("If-None-Match") == etag
            self.send_response(304 if is_known else 200 if found else 404)
            self.send_header("ETag", etag)
            if not is_known:
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if not is_known and self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815  # the name http.server calls

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
            """Says nothing: the demo's own report is what people read."""

    return PortalHandler

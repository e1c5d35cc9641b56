"""The demo's web process, served by gunicorn as the real ones are; started by the tests as a process."""

import sys

import kit_demo

from services.kit import web
from services.kit.testing import keys, settings


def main() -> None:
    """Serve until SIGTERM; the public key is handed over, because each process would make its own."""
    given = settings(
        kit_demo.SERVICE,
        web_url=sys.argv[1],
        worker_url="",
        home=None,  # type: ignore[arg-type]
        port=int(sys.argv[2]),
        verify_key=sys.argv[3] or keys()[1],
    )
    web.serve(given, lambda: kit_demo.make_app(given, body_limit=256 * 1024), worker_class="gthread", threads=2)


if __name__ == "__main__":
    main()

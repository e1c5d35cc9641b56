"""The gateway's processes by name: `python -m gateway web|worker`."""

import sys

if sys.argv[1:] == ["web"]:
    # Before anything opens a socket or starts a thread: thousands of streams share one process as greenlets.
    from gevent import monkey

    monkey.patch_all()

from gateway import settings
from gateway.app import make_app
from gateway.stopping import stopping_promptly
from gateway.worker import loops
from services.kit.process import run_named
from services.kit.settings import load
from services.kit.web import serve
from services.kit.worker import work


def web() -> None:
    """Serve HTTP with gevent until SIGTERM: streams and slow phones cost a greenlet each."""
    own = settings.load()
    serve(own.kit, lambda: stopping_promptly(make_app(own)), worker_class="gevent")


def worker() -> None:
    """Run the background loops until SIGTERM; they sign nothing and call nobody, so the kit's settings are enough."""
    kit = load("gateway")
    work(kit, lambda engine: loops(kit, engine))


if __name__ == "__main__":
    run_named("gateway", {"web": web, "worker": worker})

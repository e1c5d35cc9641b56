"""The service's processes by name: `python -m services.tickets web|worker`."""

from services.kit.outbox import Waker
from services.kit.process import run_named
from services.kit.web import serve
from services.kit.worker import work
from services.tickets import settings
from services.tickets.app import make_app
from services.tickets.worker import loops


def web() -> None:
    """Serve the API until SIGTERM."""
    own = settings.load()
    serve(own.kit, lambda: make_app(own), worker_class="gthread", threads=8)


def worker() -> None:
    """Run the background loops until SIGTERM."""
    own = settings.load(signs=False)
    work(own.kit, lambda engine: loops(own, engine, Waker(engine)))


if __name__ == "__main__":
    run_named("services.tickets", {"web": web, "worker": worker})

"""The service's processes by name: `python -m services.surveys web|worker`."""

from services.kit.outbox import Waker
from services.kit.process import run_named
from services.kit.web import serve
from services.kit.worker import work
from services.surveys import settings
from services.surveys.app import make_app
from services.surveys.worker import loops


def web() -> None:
    """Serve the API until SIGTERM."""
    own = settings.load()
    serve(own.kit, lambda: make_app(own.kit, own.rules), worker_class="gthread", threads=4)


def worker() -> None:
    """Run the background loops until SIGTERM."""
    own = settings.load()
    work(own.kit, lambda engine: loops(own, engine, Waker(engine)))


if __name__ == "__main__":
    run_named("services.surveys", {"web": web, "worker": worker})

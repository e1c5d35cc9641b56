"""The service's processes by name: `python -m services.notify web|worker`."""

from services.kit.process import run_named
from services.kit.web import serve
from services.kit.worker import work
from services.notify import settings
from services.notify.app import make_app
from services.notify.worker import loops


def web() -> None:
    """Serve the API until SIGTERM."""
    own = settings.load()
    serve(
        own.kit,
        lambda: make_app(
            own.kit,
            own.more_apprise_schemes,
            vapid_key=own.vapid_key,
            allow_loopback=own.allow_loopback,
            by_mail=own.smtp is not None,
        ),
        worker_class="gthread",
        threads=4,
    )


def worker() -> None:
    """Run the background loops until SIGTERM."""
    own = settings.load()
    work(own.kit, lambda engine: loops(own, engine))


if __name__ == "__main__":
    run_named("services.notify", {"web": web, "worker": worker})

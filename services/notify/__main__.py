"""The service's processes by name: `python -m services.notify web|worker`."""

import sys

from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from services.kit import process, web
from services.kit.database import make_engine
from services.notify import settings, worker
from services.notify.app import make_app


def run_web() -> None:
    """Serve the API until SIGTERM."""
    own = settings.load()
    process.set_up("notify", "web")
    web.serve(own.kit, lambda: make_app(own.kit, own.more_apprise_schemes), worker_class="gthread", threads=4)


def run_worker() -> None:
    """Run the background loops until SIGTERM."""
    own = settings.load()
    process.set_up("notify", "worker")
    engine = make_engine(own.kit.worker_database_url, pool_size=8, name="notify-worker")
    process.run_loops(worker.loops(own, engine), ready=lambda: answers(engine), health_port=own.kit.metrics_port)


def answers(engine: Engine) -> bool:
    """Return whether the database answers a query."""
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except OperationalError:
        return False
    return True


if __name__ == "__main__":
    processes = {"web": run_web, "worker": run_worker}
    if len(sys.argv) != 2 or sys.argv[1] not in processes:
        sys.exit(f"usage: python -m services.notify {'|'.join(processes)}")
    processes[sys.argv[1]]()

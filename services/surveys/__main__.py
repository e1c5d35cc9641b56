"""The service's processes by name: `python -m services.surveys web|worker`."""

import sys

from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from services.kit import outbox, process, web
from services.kit.database import make_engine
from services.surveys import settings, worker
from services.surveys.app import make_app


def run_web() -> None:
    """Serve the API until SIGTERM."""
    kit = settings.load().kit
    process.set_up(kit.service, "web")
    web.serve(kit, lambda: make_app(kit), worker_class="gthread", threads=4)


def run_worker() -> None:
    """Run the background loops until SIGTERM."""
    own = settings.load()
    process.set_up(own.kit.service, "worker")
    engine = make_engine(own.kit.worker_database_url, pool_size=8, name="surveys-worker")
    waker = outbox.Waker(engine)
    loops = worker.loops(own, engine, waker)
    process.run_loops(loops, ready=lambda: answers(engine), health_port=own.kit.metrics_port)
    waker.close()


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
        sys.exit(f"usage: python -m services.surveys {'|'.join(processes)}")
    processes[sys.argv[1]]()

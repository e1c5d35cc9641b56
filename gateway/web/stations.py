"""The stations of a request, as residents and visitors see how far it is."""

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

# The five stations of a request, and at which of them each status is.
STATIONS: tuple[tuple[LazyString, str], ...] = (
    (_l("Reported"), "document"),
    (_l("Taken"), "person"),
    (_l("On the way"), "map"),
    (_l("At work"), "wrench"),
    (_l("Done"), "check"),
)
STATION_OF = {
    "filed": 0,
    "acknowledged": 0,
    "reopened": 0,
    "claimed": 1,
    "assigned": 1,
    "on_the_way": 2,
    "on_site": 3,
    "in_progress": 3,
    "waiting": 3,
    "completed": 4,
    "confirmed": 4,
    "closed": 4,
}

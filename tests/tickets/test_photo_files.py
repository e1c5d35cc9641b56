"""Files that nobody recorded: a kill or a refusal leaves none for long, and nothing that is in use is taken."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from sqlalchemy import Engine, select
from werkzeug.test import TestResponse

from services.kit import clock, testing
from services.kit.database import transaction
from services.kit.errors import Unavailable
from services.kit.identity import system_actor
from services.tickets import pictures
from services.tickets.erasing import remove_photos
from services.tickets.models import photo_removals, photos
from services.tickets.photo_files import APART, REMOVED_AFTER, record_photo, store_file
from services.tickets.pictures import read_picture
from tests.tickets.refusals import is_problem
from tests.tickets.walking import jpeg

if TYPE_CHECKING:
    from services.tickets.settings import TicketsSettings
    from tests.tickets.conftest import Estate


class Files:
    """The files of one desk, and what becomes of them an hour later."""

    def __init__(self, folder: Path, web: Engine, worker: Engine, estate: "Estate") -> None:
        self.folder, self.store = folder, pictures.DiskStore(folder)
        self.web, self.worker, self.estate = web, worker, estate

    def left_behind(self) -> str:
        """Store a file as whoever is killed before the record does."""
        photo_id = testing.fresh()
        store_file(self.web, system_actor(self.estate.organisation_id), self.store, photo_id, read_picture(jpeg()))
        return photo_id

    def noted(self) -> list[str]:
        mine = photo_removals.c.organisation_id == self.estate.organisation_id
        with self.worker.connect() as db:
            return list(db.execute(select(photo_removals.c.photo_id).where(mine)).scalars())

    def an_hour_later(self) -> None:
        with testing.at(clock.now() + REMOVED_AFTER):
            remove_photos(self.worker, self.store)


@pytest.fixture
def files(settings: "TicketsSettings", web_engine: Engine, worker_engine: Engine, estate: "Estate") -> Files:
    return Files(settings.kit.home / "photos", web_engine, worker_engine, estate)


@pytest.fixture
def upload(estate: "Estate") -> Callable[[], TestResponse]:
    ticket = estate.file()

    def send() -> TestResponse:
        return estate.client.post(
            f"/api/v1/tickets/{ticket['id']}/photos",
            data={"photo": (io.BytesIO(jpeg()), "photo.jpg")},
            headers=testing.bearer(estate.people["resident"]),
        )

    return send


def test_a_photo_that_is_never_recorded_goes_again(files: Files) -> None:
    photo_id = files.left_behind()
    assert files.noted() == [photo_id]
    remove_photos(files.worker, files.store)
    assert files.store.get(photo_id), "it may still be recorded"
    files.an_hour_later()
    assert files.noted() == []
    assert list(files.folder.rglob(f"{photo_id}*")) == []


def test_a_recorded_photo_stays_and_nothing_is_noted_of_it(files: Files, upload: Callable[[], TestResponse]) -> None:
    photo_id = upload().json["id"]
    assert files.noted() == []
    files.an_hour_later()
    assert files.store.get(photo_id)


def test_what_took_an_hour_is_not_recorded_without_its_file(
    files: Files, upload: Callable[[], TestResponse], monkeypatch: pytest.MonkeyPatch, app: Flask
) -> None:
    store = app.extensions["photos"]
    put = store.put

    def slowly(photo_id: str, picture: pictures.Picture) -> None:
        put(photo_id, picture)
        files.an_hour_later()

    monkeypatch.setattr(store, "put", slowly)
    is_problem(upload(), 503)
    with files.worker.connect() as db:
        mine = photos.c.organisation_id == files.estate.organisation_id
        assert db.execute(select(photos.c.id).where(mine)).all() == []
    monkeypatch.undo()
    assert upload().status_code == 201


def test_what_is_about_to_be_removed_is_not_recorded_any_more(files: Files) -> None:
    photo_id = files.left_behind()
    desk = system_actor(files.estate.organisation_id)
    with (
        testing.at(clock.now() + REMOVED_AFTER - APART),
        transaction(files.web, desk) as db,
        pytest.raises(Unavailable),
    ):
        record_photo(db, {"id": photo_id})
    assert files.noted() == [photo_id]


def test_a_store_that_goes_away_keeps_the_notes_of_what_it_has(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    photo_id = files.left_behind()

    def away(_photo_id: str) -> None:
        raise Unavailable("away", "away")

    monkeypatch.setattr(files.store, "remove", away)
    with pytest.raises(Unavailable):
        files.an_hour_later()
    assert files.noted() == [photo_id]
    monkeypatch.undo()
    files.an_hour_later()
    assert files.noted() == []

"""What the notify API takes and gives."""

from services.notify.schemas.notices import NoticePage, NoticesQuery, NoticeView, Preferences

__all__ = ["NoticePage", "NoticeView", "NoticesQuery", "Preferences"]

"""Tables between people's spreadsheets and us: read with distrust, written so that no text is a formula."""

from services.kit.tables.reading import Finding, Heading, Row, Table, check_row, read_table, refused
from services.kit.tables.writing import CSV, XLSX, Cell, Sheet, as_csv, as_xlsx, local_moment

__all__ = [
    "CSV",
    "XLSX",
    "Cell",
    "Finding",
    "Heading",
    "Row",
    "Sheet",
    "Table",
    "as_csv",
    "as_xlsx",
    "check_row",
    "local_moment",
    "read_table",
    "refused",
]

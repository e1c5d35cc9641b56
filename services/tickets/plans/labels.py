"""The label at a checkpoint: a code to read, to type, or to scan. Pure."""

# A label may be the print of a spot, whose picture holds an address that ends in the code.
_ADDRESS = "/q/"


def same_label(read: str | None, label: str) -> bool:
    """Return whether what somebody read is what a label says: the code, typed in capitals or not, or its address."""
    return read is not None and _code_of(read) == _code_of(label)


def _code_of(text: str) -> str:
    code = text.rpartition(_ADDRESS)[2] if _ADDRESS in text else text
    return code.partition("?")[0].strip().strip("/").casefold()

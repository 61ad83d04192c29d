"""What can be an id: asked before a text from outside gets anywhere near the database."""

MAX_ID = 10**18 - 1


def is_id(text: str) -> bool:
    """Whether it can be an id: the database has no longer ones, and takes no other digits."""
    return text.isascii() and text.isdigit() and len(text) <= len(str(MAX_ID))

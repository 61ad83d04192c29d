"""What a person asked for and cannot have."""


class Refused(Exception):
    """It cannot be done now; the text tells the person who asked why, and what to do."""

"""Line ends, as browsers and files of all kinds bring them. Pure."""


def lf(text: str) -> str:
    """The text with LF as its only line end."""
    return text.replace("\r\n", "\n").replace("\r", "\n")

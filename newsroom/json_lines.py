"""JSON Lines: files of which every line is one object. Pure."""

import json
from collections.abc import Mapping
from typing import Any


def json_line(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False) + "\n"

"""Rows of test/data/h1_requests.txt and h1_responses.txt; the format is explained in test/data/README.md."""
import pathlib
import re

DATA = pathlib.Path(__file__).resolve().parents[1] / "data"
ESCAPES = {"r": b"\r", "n": b"\n", "t": b"\t", "\\": b"\\"}


def unescape(text):
    def one(match):
        return bytes([int(match[1][1:], 16)]) if match[1][0] == "x" else ESCAPES[match[1]]

    out, at = b"", 0
    for match in re.finditer(r"\\(x[0-9a-fA-F]{2}|[rnt\\])", text):
        out += text[at:match.start()].encode("latin-1") + one(match)
        at = match.end()
    return out + text[at:].encode("latin-1")


class Row:
    def __init__(self, values):
        self.values = values
        self.name, self.bytes = values["name"], values["bytes"]
        words = values["expect"].split()
        self.status = int(words[1]) if words[0] == "refuse" else 0  # 0: accepted
        self.in_body = words[-1] == "in-body"

    def get(self, key, default=None):
        return self.values.get(key, default)


def read_rows(name):
    rows, values = [], {}
    for line in [*(DATA / name).read_text(encoding="latin-1").split("\n"), ""]:
        if not line or line.startswith("#"):
            if values:
                rows.append(Row(values))
            values = {}
            continue
        key, value = line.split(": ", 1)
        key, _, times = key.partition("*")
        if len(value) >= 2 and value[0] == value[-1] == "|":
            values[key] = values.get(key, b"") + unescape(value[1:-1]) * int(times or 1)
        else:
            values[key] = value
    return rows

#!/usr/bin/env python3
"""Writes the messages of a table of test/data as seeds, one file a row, named after it.

    python3 test/fuzz/expand_rows.py TABLE FOLDER
"""
import pathlib
import re
import sys

LONGEST = 80 * 1024  # longer rows prove a limit, and cost a fuzzer more than they teach it
ESCAPE = re.compile(rb"\\(x[0-9a-fA-F]{2}|.)")
PLAIN = {b"r": b"\r", b"n": b"\n", b"t": b"\t", b"\\": b"\\"}


def unescape(text):
    return ESCAPE.sub(lambda m: bytes([int(m[1][1:], 16)]) if m[1][:1] == b"x" else PLAIN[m[1]], text)


def rows(table):
    """(name, bytes) of each record; test/data/README.md has the format."""
    name, message = None, b""
    for line in table.read_bytes().split(b"\n") + [b""]:
        if not line or line.startswith(b"#"):
            if name:
                yield name, message
            name, message = None, b""
        elif line.startswith(b"name: "):
            name = line[6:].decode()
        elif found := re.fullmatch(rb"bytes(?:\*(\d+))?: \|(.*)\|", line, re.DOTALL):
            message += unescape(found[2]) * int(found[1] or 1)


def main():
    table, folder = (pathlib.Path(argument) for argument in sys.argv[1:])
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {name: message for name, message in rows(table) if len(message) <= LONGEST}
    for old in set(folder.iterdir()) - {folder / name for name in wanted}:
        old.unlink()
    for name, message in wanted.items():
        (folder / name).write_bytes(message)


if __name__ == "__main__":
    main()

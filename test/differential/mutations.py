"""Streams of bytes a client may send: rows of the byte tables and seeds of the fuzz targets, cut, spliced and garbled.

Every stream follows from (seed, number) alone, so that a find is repeated by its number."""
import pathlib
import random
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test/integration"))

from rows import read_rows  # noqa: E402

LONGEST = 6000  # bytes of a stream; what limits of size do has tables of its own
# What framing, routing and line ends hang on: most mutations of a random byte would only be refused as such.
LINES = [
    b"Content-Length: 5\r\n", b"Content-Length: 0\r\n", b"content-length:5\r\n", b"Content-Length: 05\r\n",
    b"Content-Length: +5\r\n", b"Content-Length: 5, 5\r\n", b"Content-Length : 5\r\n", b"Content_Length: 5\r\n",
    b"Transfer-Encoding: chunked\r\n", b"transfer-encoding:CHUNKED\r\n", b"Transfer-Encoding: identity\r\n",
    b"Transfer-Encoding: gzip, chunked\r\n", b"Transfer-Encoding:\tchunked\r\n", b"Transfer-Encoding : chunked\r\n",
    b"Transfer-Encoding:\x0bchunked\r\n", b"Transfer_Encoding: chunked\r\n", b"X: y\r\n Transfer-Encoding: chunked\r\n",
    b"Host: b\r\n", b"Connection: close\r\n", b"Connection: Content-Length\r\n", b"Connection: transfer-encoding, te\r\n",
    b"TE: trailers\r\n", b"Expect: 100-continue\r\n", b"Upgrade: websocket\r\nConnection: upgrade\r\n",
    b"Upgrade: h2c\r\nConnection: upgrade, http2-settings\r\nHTTP2-Settings: AAMAAABk\r\n", b"X: a\rb\r\n", b"X: a\nb\r\n",
    b"X: \x80\xff\r\n", b": empty\r\n", b"X-Long: " + b"a" * 300 + b"\r\n", b"Trailer: X\r\n", b"Keep-Alive: 5\r\n",
    b"Proxy-Connection: keep-alive\r\n", b"Cookie: a=b\r\nCookie: c=d\r\n", b"X-Empty:\r\n", b"X-Tab:\t\t\r\n"]
PIECES = [b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"\0", b" ", b"\t", b":", b";", b",", b"0", b"5", b"a", b"\x7f", b"\x80",
          b"0\r\n\r\n", b"5\r\nhello\r\n", b"5;x=y\r\nhello\r\n", b"5 \r\nhello\r\n", b"0x5\r\nhello\r\n", b"ffffffffffffffff\r\n",
          b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"HTTP/1.1", b"HTTP/1.0", b"/../", b"%2f", b"%00", b"//", b"?", b"#",
          b"http://a/", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"]
TARGETS = [b"/", b"*", b"http://a/b", b"/a?b=%20", b"//a", b"/a/./b/../c", b"/%2e%2e/", b"/a;b=c", b"a:80"]
METHODS = [b"GET", b"POST", b"HEAD", b"PUT", b"DELETE", b"OPTIONS", b"PATCH"]


def read_seeds():
    """(those the gateway takes, all of them)"""
    rows = [row for row in read_rows("h1_requests.txt") if len(row.bytes) < LONGEST]
    found = {row.bytes for row in rows}
    for target in ("h1_request", "h1_forward"):
        for folder in ("seeds", "regressions"):
            found |= {f.read_bytes() for f in (ROOT / "test/fuzz" / folder / target).glob("*") if f.stat().st_size < LONGEST}
    return sorted(row.bytes for row in rows if not row.status), sorted(found)


def insert_line(dice, text):
    """One more field, somewhere behind the request line or in the middle of nowhere."""
    ends = [i + 2 for i in range(len(text) - 1) if text[i:i + 2] == b"\r\n"] or [len(text)]
    at = dice.choice(ends[:12])
    return text[:at] + dice.choice(LINES) + text[at:]


def insert_piece(dice, text):
    at = dice.randrange(len(text) + 1)
    return text[:at] + dice.choice(PIECES) + text[at:]


def change_byte(dice, text):
    if not text:
        return text
    at = dice.randrange(len(text))
    new = dice.choice([text[at] ^ (1 << dice.randrange(8)), dice.randrange(256), dice.choice(b"\r\n \t:;,05a")])
    return text[:at] + bytes([new]) + text[at + 1:]


def cut(dice, text):
    at = dice.randrange(len(text) + 1)
    return text[:at] + text[at + dice.choice([1, 1, 2, 3, 10, 100]):]


def double(dice, text):
    at = dice.randrange(len(text) + 1)
    piece = text[at:at + dice.choice([1, 2, 8, 40])]
    return text[:at] + piece + text[at:]


def double_line(dice, text):
    lines = text.split(b"\r\n")
    at = dice.randrange(len(lines))
    return b"\r\n".join(lines[:at + 1] + [lines[dice.randrange(len(lines))]] + lines[at + 1:])


def new_start(dice, text):
    """Another method, target or version in the first line."""
    words, end, rest = text.partition(b"\r\n")[0].split(b" "), b"\r\n", text.partition(b"\r\n")[2]
    if len(words) == 3:
        at = dice.randrange(3)
        words[at] = dice.choice((METHODS, TARGETS, [b"HTTP/1.1", b"HTTP/1.0"])[at])
    return b" ".join(words) + end + rest


MUTATIONS = (insert_line, insert_line, insert_piece, change_byte, cut, double, double_line, new_start)


def make_stream(seeds, seed, number):
    dice = random.Random(f"{seed} {number}")
    # Mostly what is taken, changed little: what is refused at once shows nothing of what is sent.
    text = b"".join(dice.choice(seeds[dice.random() < 0.15]) for _ in range(dice.choice((1, 1, 2, 3))))
    for _ in range(dice.choice((0, 1, 1, 1, 2, 2, 3))):
        text = dice.choice(MUTATIONS)(dice, text)
    return text[:LONGEST]

"""Bodies of 0 bytes to 1 GiB, sized and chunked, both ways: every byte arrives, once, and memory stays flat (req 49)."""
import threading
import unittest
import zlib

from harness import SLOW, Backend, Client, Folder, Pintle, answer, gateway, route, service, to

SIZES = (0, 1, 100, 16383, 16384, 16385, 65535, 65536, 65537, 262144, 262145, 1 << 20, 20_000_003)
LARGE = (1 << 30) if SLOW <= 1 else (1 << 27)
BLOCK = bytes((i * 7919 >> 5) & 0xff for i in range(1 << 18))


def blocks(size, step=len(BLOCK)):
    """`size` bytes that tell where they are from."""
    while size > 0:
        yield memoryview(BLOCK)[:min(step, size)]
        size -= min(step, size)


def chunk_size(size):
    return 1021 if size < (1 << 20) else len(BLOCK)


def send(sock, framing, size):
    for block in blocks(size, chunk_size(size)):
        sock.sendall(block if framing == "sized" else b"%x\r\n%s\r\n" % (len(block), block))
    if framing == "chunked":
        sock.sendall(b"0\r\n\r\n")


def field(framing, size):
    return f"Content-Length: {size}" if framing == "sized" else "Transfer-Encoding: chunked"


class Sum:
    """Takes payload as it comes and keeps only what proves it."""

    def __init__(self, stream):
        self.stream, self.size, self.crc = stream, 0, 0

    def take(self, count):
        buffer = memoryview(bytearray(min(count, 1 << 20)))
        while count > 0:
            if self.stream.buffer:
                data, self.stream.buffer = self.stream.buffer[:count], self.stream.buffer[count:]
            else:
                got = self.stream.sock.recv_into(buffer, min(count, len(buffer)))
                if got == 0:
                    raise ConnectionError("peer closed")
                data = buffer[:got]
            self.size, self.crc, count = self.size + len(data), zlib.crc32(data, self.crc), count - len(data)

    def read(self, headers):
        names = {n.lower(): v for n, v in headers}
        if names.get("transfer-encoding") != "chunked":
            self.take(int(names["content-length"]))
            return self
        while (size := int(self.stream.until(b"\r\n"), 16)) > 0:
            self.take(size)
            assert self.stream.exactly(2) == b"\r\n"
        assert self.stream.exactly(2) == b"\r\n"
        return self


def expected(size):
    crc = 0
    for block in blocks(size, chunk_size(size)):
        crc = zlib.crc32(block, crc)
    return size, crc


class Bodies(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.backend = Backend("b", script=cls.play)
        cls.addClassCleanup(cls.backend.close)
        folder = Folder()
        cls.addClassCleanup(folder.close)
        folder.write("all", gateway(), service("b", [cls.backend.port]), route("r", [{"backendRefs": [to("b")]}]))
        cls.pintle = Pintle(folder, "--threads", "1")
        cls.pintle.__enter__()
        cls.addClassCleanup(cls.pintle.__exit__, None, None, None)

    @staticmethod
    def play(stream, sock):
        """/FRAMING/SIZE gives such a body; a POST is answered with what came."""
        while True:
            first, headers, _ = stream.head()
            if first.startswith("POST "):
                seen = Sum(stream).read(headers)
                sock.sendall(answer(f"{seen.size} {seen.crc}"))
                continue
            _, framing, size = first.split(" ")[1].split("/")
            sock.sendall(f"HTTP/1.1 200 OK\r\n{field(framing, int(size))}\r\n\r\n".encode())
            send(sock, framing, int(size))

    def download(self, client, framing, size):
        client.send(f"GET /{framing}/{size} HTTP/1.1\r\nHost: x.test\r\n\r\n")
        got = Sum(client).read(client.head()[1])
        self.assertEqual((got.size, got.crc), expected(size), (framing, size))

    def upload(self, client, framing, size):
        client.send(f"POST / HTTP/1.1\r\nHost: x.test\r\n{field(framing, size)}\r\n\r\n")
        sender = threading.Thread(target=send, args=(client.sock, framing, size), daemon=True)
        sender.start()
        told = client.response().body.decode()
        sender.join()
        self.assertEqual(told, "%d %d" % expected(size), (framing, size))

    def test_sizes_on_one_connection(self):
        with Client(self.pintle.port(), seconds=60) as client:
            for size in SIZES:
                for framing in ("sized", "chunked"):
                    self.download(client, framing, size)
                    self.upload(client, framing, size)
        self.assertLessEqual(self.backend.connections, 2)

    def run_large(self, move, framing):
        with Client(self.pintle.port(), seconds=120) as client:
            move(client, framing, 1 << 20)
            before = self.pintle.rss_kib()
            move(client, framing, LARGE)
            self.assertLess(self.pintle.rss_kib() - before, 2048 * SLOW)

    def test_large_chunked_download(self):
        self.run_large(self.download, "chunked")

    def test_large_chunked_upload(self):
        self.run_large(self.upload, "chunked")


if __name__ == "__main__":
    unittest.main()

"""A backend that keeps every byte it is sent, by connection, and answers each request it reads."""
import contextlib
import socket
import threading


class Closed(Exception):
    pass


class Connection:
    """Bytes of one upstream connection that no parser was given yet, and what this backend read in them."""

    def __init__(self):
        self.bytes = bytearray()
        self.requests = []  # (method, target, length of the body)
        self.between = True  # no part of a further request has come
        self.over = False


class Recorder:
    def __init__(self):
        self.lock = threading.Lock()
        self.open, self.answered = [], 0
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self.listener.accept()
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection = Connection()
                with self.lock:
                    self.open.append(connection)
                threading.Thread(target=self.serve, args=(sock, connection), daemon=True).start()

    def serve(self, sock, connection):
        with contextlib.suppress(OSError, Closed, ValueError, IndexError):
            self.answer_all(sock, connection)
        with self.lock:
            connection.over = True
        sock.close()

    def answer_all(self, sock, connection):
        buffer = b""

        def fill():
            nonlocal buffer
            data = sock.recv(65536)
            if not data:
                raise Closed
            with self.lock:
                connection.bytes += data
                connection.between = False
            buffer += data

        def until(mark):
            nonlocal buffer
            while mark not in buffer:
                fill()
            piece, _, buffer = buffer.partition(mark)
            return piece

        def exactly(count):
            nonlocal buffer
            while len(buffer) < count:
                fill()
            buffer = buffer[count:]

        while True:
            lines = until(b"\r\n\r\n").split(b"\r\n")
            method, target, _ = lines[0].split(b" ")
            fields = {line.partition(b":")[0].lower(): line.partition(b":")[2].strip() for line in lines[1:]}
            if b"expect" in fields:
                sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            length = 0
            if b"transfer-encoding" in fields:
                while (size := int(until(b"\r\n").partition(b";")[0], 16)) != 0:
                    exactly(size + 2)
                    length += size
                while until(b"\r\n"):
                    pass
            elif b"content-length" in fields:
                length = int(fields[b"content-length"])
                exactly(length)
            with self.lock:
                connection.requests.append((method.decode("latin-1"), target.decode("latin-1"), length))
                connection.between = not buffer
                self.answered += 1
            sock.sendall(b"HTTP/1.1 200 OK\r\nX-Answer: recorder\r\nContent-Length: 0\r\n\r\n")

    def take(self):
        """[(bytes, requests, whole)]: what has come on connections that stand between two requests or are over. Others
        are left until they are: a connection whose request was aborted is never used again."""
        taken = []
        with self.lock:
            for connection in self.open:
                if connection.bytes and (connection.between or connection.over):
                    taken.append((bytes(connection.bytes), connection.requests, connection.between))
                    connection.bytes, connection.requests = bytearray(), []
            self.open = [c for c in self.open if not c.over]
        return taken

    def close(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

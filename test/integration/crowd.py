"""Thousands of connections of one kind, driven by one thread and epoll: what a flood is made of."""
import contextlib
import resource
import select
import socket
import struct
import threading
import time

RESET = struct.pack("ii", 1, 0)


def raise_descriptor_limit():
    """To the hard limit, which is returned: how large a crowd may be."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


class Member:
    """`began`: connected, later the first answer; `ended`: closed by the peer."""
    __slots__ = ("sock", "began", "ended", "first")

    def __init__(self, sock):
        self.sock, self.began, self.ended, self.first = sock, time.monotonic(), None, b""


class Crowd:
    """Each connection sends `first`, then `drip` every second. What comes is dropped, or not read at all."""

    def __init__(self, port, count, first=b"", drip=b"", reads=True, receive_buffer=None):
        self.port, self.first, self.drip, self.reads, self.receive_buffer = port, first, drip, reads, receive_buffer
        self.members, self.epoll, self.stop = {}, select.epoll(), threading.Event()
        self.left = threading.Event()  # every member was closed by the peer
        began = time.monotonic()
        for _ in range(count):
            self.join()
        self.joining = time.monotonic() - began  # s that it took them all to come
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def join(self):
        sock = socket.socket()
        if self.receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.receive_buffer)
        sock.settimeout(20)
        sock.connect(("127.0.0.1", self.port))
        sock.setblocking(False)
        member = Member(sock)
        with contextlib.suppress(OSError):
            sock.send(self.first)
        self.members[sock.fileno()] = member
        self.epoll.register(sock, (select.EPOLLIN if self.reads else 0) | select.EPOLLRDHUP)

    def run(self):
        due = time.monotonic() + 1
        while not self.stop.is_set():
            for fd, events in self.epoll.poll(0.05):
                self.look(self.members[fd], events)
            if self.drip and time.monotonic() >= due:
                due += 1
                for member in self.members.values():
                    if member.ended is None:
                        with contextlib.suppress(OSError):
                            member.sock.send(self.drip)
            if all(m.ended for m in self.members.values()):
                self.left.set()

    def look(self, member, events):
        over = events & (select.EPOLLHUP | select.EPOLLERR) or (not self.reads and events & select.EPOLLRDHUP)
        if self.reads and events & select.EPOLLIN:
            try:
                data = member.sock.recv(65536)
                if not member.first and data.startswith(b"HTTP/1.1 200"):
                    member.began = time.monotonic()  # idle from here on
                member.first = member.first or data[:40]
                over = not data
            except OSError:
                over = True
        if over and member.ended is None:
            member.ended = time.monotonic()
            self.epoll.unregister(member.sock)

    def lifetimes(self):
        return sorted(m.ended - m.began for m in self.members.values() if m.ended)

    def answers(self):
        """How often each status line came."""
        counts = {}
        for member in self.members.values():
            line = member.first[:12].decode("latin-1")
            counts[line] = counts.get(line, 0) + 1
        return counts

    def close(self):
        if self.stop.is_set():
            return
        self.stop.set()
        self.thread.join()
        for member in self.members.values():
            member.sock.close()
        self.epoll.close()

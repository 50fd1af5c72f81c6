"""Two ledgers that are joined afterwards: an open-loop client that sends at a fixed rate whatever comes back, and a
backend that records every id it saw. So lost, misrouted and duplicated requests are counted, not guessed.

    ledger.py client [ADDRESS:]PORT RATE SECONDS HOST PATH[,PATH...] [tls]   prints one JSON object when done
    ledger.py backend NAME [[ADDRESS:]PORT]                                  prints its port, serves until stdin closes, prints its ids

The address is 127.0.0.1 unless told. A request that failed also tells, on the clock of the machine, since when its connection stood, and when
it was written and failed. A kept connection that the other side has closed is not used again, as any client looks first;
how many were found so is told, too.
"""
import asyncio
import json
import ssl
import sys
import time


PATIENCE = 20  # seconds a request may take


def address_and_port(text):
    address, _, port = text.rpartition(":")
    return address or "127.0.0.1", int(port)


async def read_response(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    length, close = 0, False
    for line in lines[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
        elif name.lower() == b"connection" and value.strip().lower() == b"close":
            close = True
    body = await reader.readexactly(length)
    return int(lines[0].split(b" ")[1]), body, close


class LoadClient:
    def __init__(self, where, host, tls):
        self.where, self.host, self.idle, self.results, self.worst, self.found_closed = where, host, [], [], 0.0, 0
        self.tls = None
        if tls:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            self.tls.check_hostname = False
            self.tls.verify_mode = ssl.CERT_NONE

    async def connect(self):
        """Also since when it stands."""
        pair = await asyncio.open_connection(*self.where, ssl=self.tls, server_hostname=self.host if self.tls else None)
        return *pair, time.monotonic()

    def take_idle(self):
        while self.idle:
            reader, writer, stood = self.idle.pop()
            if not (reader.at_eof() or reader.exception() or writer.is_closing()):
                return reader, writer, stood
            self.found_closed += 1
            writer.close()
        return None

    async def one(self, number, path, intended):
        ident = f"{path.strip('/')}-{number}"
        times = {"connected": None, "written": None}
        try:
            # Every tenth request opens a connection of its own, the rest reuse.
            kept = self.take_idle() if number % 10 else None
            async with asyncio.timeout(PATIENCE):
                reader, writer, times["connected"] = kept or await self.connect()
                writer.write(f"GET {path}/{ident} HTTP/1.1\r\nHost: {self.host}\r\nX-Id: {ident}\r\n\r\n".encode())
                times["written"] = time.monotonic()
                status, body, close = await read_response(reader)
            if close:
                writer.close()
            else:
                self.idle.append((reader, writer, times["connected"]))
            self.results.append([ident, status, body.decode("latin-1")])
        except (OSError, EOFError, asyncio.IncompleteReadError) as error:
            now = time.monotonic()
            what = f"{type(error).__name__} on a {'kept' if kept else 'new'} connection {now - intended:.1f} s after it was due"
            self.results.append([ident, 0, what, {**times, "failed": now, "error": type(error).__name__}])
        self.worst = max(self.worst, time.monotonic() - intended)

    async def run(self, rate, seconds, paths):
        start, tasks = time.monotonic(), []
        for number in range(int(rate * seconds)):
            intended = start + number / rate
            if (pause := intended - time.monotonic()) > 0:
                await asyncio.sleep(pause)
            tasks.append(asyncio.create_task(self.one(number, paths[number % len(paths)], intended)))
        await asyncio.wait_for(asyncio.gather(*tasks), 60)
        for _, writer, _ in self.idle:
            writer.close()


async def client(arguments):
    rate, seconds, host, paths = float(arguments[1]), float(arguments[2]), arguments[3], arguments[4]
    load = LoadClient(address_and_port(arguments[0]), host, arguments[5:] == ["tls"])
    await load.run(rate, seconds, paths.split(","))
    print(json.dumps({"results": load.results, "worst_ms": load.worst * 1000, "found_closed": load.found_closed}))


async def backend(arguments):
    name, seen = arguments[0], []

    async def serve(reader, writer):
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                for line in head.split(b"\r\n"):
                    if line.lower().startswith(b"x-id:"):
                        seen.append(line[5:].strip().decode())
                body = name.encode()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.close()  # cancelled: the ledger is closed while the gateway still holds its connections

    server = await asyncio.start_server(serve, *address_and_port(arguments[1] if arguments[1:] else "0"), backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    print(json.dumps(seen), flush=True)


if __name__ == "__main__":
    asyncio.run({"client": client, "backend": backend}[sys.argv[1]](sys.argv[2:]))

"""Programs that stand beside a flood, each a process of its own so that the flood's clients cannot slow it:

    peers.py control PORT RATE HOST [kept]   a well-behaved open-loop client: a request every 1/RATE s whatever came back,
                                             every second one on a new connection (kept: all on four that stay; patient:
                                             a request whose connection is closed before an answer is repeated 50 ms
                                             later); it ends with its input
    peers.py backend                         answers everything; a path that ends in /big/N with N bytes; a body is awaited to its end
"""
import asyncio
import json
import os
import subprocess
import sys
import time

SLOW = float(os.environ.get("PINTLE_TEST_SLOWNESS", "1"))
PATIENCE = 5.0 * SLOW  # s for one answer
KEPT = 4


class Peer:
    def __init__(self, *words):
        self.process = subprocess.Popen([sys.executable, __file__, *map(str, words)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


class Control(Peer):
    """`with Control(port) as control:` around an attack; afterwards `control.result` says how it fared."""

    def __init__(self, port, rate=50, host="x.test", connections="new"):
        super().__init__("control", port, rate / SLOW, host, connections)
        self.result = None

    def __enter__(self):
        self.process.stdout.readline()  # it has begun
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            out, _ = self.process.communicate("")
            self.result = json.loads(out)
        self.close()

    def expect_unharmed(self, test, least=10):
        test.assertGreaterEqual(self.result["asked"], least)
        test.assertEqual(self.result["failed"], [], f"of {self.result['asked']} requests of the control client")


class CountingBackend(Peer):
    def __init__(self):
        super().__init__("backend")
        self.port = int(self.process.stdout.readline())


async def read_answer(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    length = next((int(line[15:]) for line in lines if line.startswith(b"content-length:")), 0)
    await reader.readexactly(length)
    return int(head.split(b" ")[1]), b"connection: close" in lines


async def control(port, rate, host, connections):
    request = f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
    idle, latencies, failed = asyncio.Queue(), [], []
    for _ in range(KEPT if connections == "kept" else 0):
        idle.put_nowait(await asyncio.open_connection("127.0.0.1", port))

    async def ask(reader, writer):
        writer.write(request)
        status, last = await read_answer(reader)
        if last or idle.qsize() >= KEPT:
            writer.close()
        else:
            idle.put_nowait((reader, writer))
        return status

    async def ask_kept():
        """On a connection that was idle; it may have been closed just now, then a new one is due (RFC 9112 section 9.3.1)."""
        try:
            return await ask(*await idle.get())
        except (ConnectionError, asyncio.IncompleteReadError):
            if connections == "kept":
                raise
            return await ask(*await asyncio.open_connection("127.0.0.1", port))

    async def once(number):
        """None, or what went wrong."""
        try:
            if connections != "kept" and (number % 2 == 0 or idle.empty()):
                status = await ask(*await asyncio.open_connection("127.0.0.1", port))
            else:
                status = await ask_kept()
            return None if status == 200 else status
        except (OSError, EOFError) as error:
            return f"{type(error).__name__}: {error}"

    async def until_answered(number):
        while isinstance(fault := await once(number), str) and connections == "patient":
            await asyncio.sleep(0.05)
        return fault

    async def one(number):
        began = time.monotonic()
        try:
            fault = await asyncio.wait_for(until_answered(number), PATIENCE)
        except asyncio.TimeoutError:
            fault = "no answer in time"
        if fault is not None:
            failed.append(fault)
        latencies.append(time.monotonic() - began)

    print("ready", flush=True)
    over = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    start, tasks = time.monotonic(), []
    while not over.done():
        pause = start + len(tasks) / float(rate) - time.monotonic()
        if pause > 0:
            await asyncio.wait([over], timeout=pause)
        if not over.done():
            tasks.append(asyncio.create_task(one(len(tasks))))
    await asyncio.gather(*tasks)
    ordered = sorted(latencies) or [0]
    print(json.dumps({"asked": len(tasks), "failed": failed, "p50_ms": 1000 * ordered[len(ordered) // 2],
                      "p99_ms": 1000 * ordered[int(0.99 * (len(ordered) - 1))], "worst_ms": 1000 * ordered[-1]}))


async def read_body(reader, head):
    lines = head.lower().split(b"\r\n")
    if b"transfer-encoding: chunked" in lines:
        while (size := int((await reader.readuntil(b"\r\n")).partition(b";")[0], 16)) != 0:
            await reader.readexactly(size + 2)
        await reader.readuntil(b"\r\n")
    for line in lines:
        if line.startswith(b"content-length:"):
            await reader.readexactly(int(line[15:]))


async def backend():
    block = bytes(1 << 16)

    async def serve(reader, writer):
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                await read_body(reader, head)
                target = head.split(b" ", 2)[1]
                _, big, count = target.partition(b"/big/")
                size = int(count) if big else 2
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
                while size > 0:
                    writer.write(block[:size] if big else b"ok")
                    await writer.drain()
                    size -= len(block)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    import resource
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    asyncio.run({"control": control, "backend": backend}[sys.argv[1]](*sys.argv[2:]))

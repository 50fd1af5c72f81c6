"""Programs that stand beside a flood, each a process of its own so that the flood's clients cannot slow it:

    peers.py control PORT RATE HOST [kept]   a well-behaved open-loop client: a request every 1/RATE s whatever came back,
                                             every second one on a new connection (kept: none); ends with its input
    peers.py backend                         answers everything; /big/N with N bytes; a body is awaited to its end
"""
import asyncio
import json
import os
import subprocess
import sys
import time

SLOW = float(os.environ.get("PINTLE_TEST_SLOWNESS", "1"))
PATIENCE = 5.0 * SLOW  # s for one answer


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
    idle, latencies, failed = [], [], []

    async def one(number):
        began = time.monotonic()
        try:
            fresh = connections == "new" and number % 2 == 0
            reader, writer = idle.pop() if idle and not fresh else await asyncio.open_connection("127.0.0.1", port)
            writer.write(request)
            status, last = await read_answer(reader)
            if fresh or last:
                writer.close()
            else:
                idle.append((reader, writer))
            if status != 200:
                failed.append(status)
        except (OSError, EOFError) as error:
            failed.append(f"{type(error).__name__}: {error}")
        latencies.append(time.monotonic() - began)

    async def patiently(number):
        try:
            await asyncio.wait_for(one(number), PATIENCE)
        except asyncio.TimeoutError:
            failed.append("no answer in time")

    over = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    start, tasks = time.monotonic(), []
    while not over.done():
        pause = start + len(tasks) / float(rate) - time.monotonic()
        if pause > 0:
            await asyncio.wait([over], timeout=pause)
        if not over.done():
            tasks.append(asyncio.create_task(patiently(len(tasks))))
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
                size = int(target[5:]) if target.startswith(b"/big/") else 2
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
                while size > 0:
                    writer.write(block[:size] if target.startswith(b"/big/") else b"ok")
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

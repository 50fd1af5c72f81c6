"""A way to a server on which no connection lasts: cutter.py ADDRESS:PORT SECONDS. Prints its own port, passes bytes on both ways
and cuts every connection, reset, so often; ends, and prints how many it cut, when its input closes."""
import asyncio
import json
import socket
import struct
import sys


class Cutter:
    def __init__(self, address, port):
        self.target, self.open, self.cut = (address, int(port)), set(), 0

    async def serve(self, reader, writer):
        try:
            onward = await asyncio.open_connection(*self.target)
        except OSError:
            return writer.close()
        writers = (writer, onward[1])
        self.open.add(writers)
        await asyncio.gather(self.pass_on(reader, onward[1]), self.pass_on(onward[0], writer))
        self.open.discard(writers)

    async def pass_on(self, reader, writer):
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        writer.close()

    async def cut_every(self, seconds):
        while True:
            await asyncio.sleep(seconds)
            for writers in list(self.open):
                self.cut += 1
                for writer in writers:
                    # Closed without lingering: the peer sees a reset.
                    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    writer.transport.abort()


async def main(where, seconds):
    cutter = Cutter(*where.rsplit(":", 1))
    server = await asyncio.start_server(cutter.serve, cutter.target[0], 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    cutting = asyncio.create_task(cutter.cut_every(float(seconds)))
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    cutting.cancel()
    print(json.dumps(cutter.cut), flush=True)


asyncio.run(main(*sys.argv[1:]))

#!/usr/bin/env python3
"""WebSocket backends: server.py ADDRESS NAMESPACE/SERVICE:PORT... Each is served on a free port of the address, and the line
`NAMESPACE/SERVICE:PORT=ADDRESS:NUMBER` is printed. It answers each message with its name and the message.
"""
import asyncio
import sys

import websockets


def answer_as(name):
    async def answer(connection):
        async for message in connection:
            await connection.send(f"{name} heard {message}")
    return answer


async def main():
    for backend in sys.argv[2:]:
        server = await websockets.serve(answer_as(backend.split("/")[1].split(":")[0]), sys.argv[1], 0)
        print(f"{backend}={sys.argv[1]}:{server.sockets[0].getsockname()[1]}", flush=True)
    await asyncio.Future()


asyncio.run(main())

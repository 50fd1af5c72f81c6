#!/usr/bin/env python3
"""Sends each line of its input as a message and prints the answer: client.py URL ADDRESS"""
import asyncio
import sys

import websockets


async def main(url, address):
    async with websockets.connect(url, host=address, open_timeout=20) as connection:
        while line := await asyncio.to_thread(sys.stdin.readline):
            await connection.send(line.rstrip())
            print(await connection.recv(), flush=True)


asyncio.run(main(*sys.argv[1:]))

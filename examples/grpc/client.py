#!/usr/bin/env python3
"""Calls one method and prints the answer, or the status: client.py ADDRESS:PORT AUTHORITY SERVICE/METHOD TEXT [NAME=VALUE | SECONDS]"""
import sys

import grpc

where, authority, method, text, *more = sys.argv[1:]
options = [("grpc.default_authority", authority), ("grpc.enable_http_proxy", 0)]
metadata = [tuple(word.split("=")) for word in more if "=" in word]
timeout = next((float(word) for word in more if "=" not in word), 20)
with grpc.insecure_channel(where, options) as channel:
    try:
        print(channel.unary_unary(f"/{method}")(text.encode(), metadata=metadata, timeout=timeout).decode())
    except grpc.RpcError as error:
        # A deadline may be noticed at either end, each in words of its own.
        deadline = error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        print(error.code().name + ("" if deadline else f": {error.details()}"))

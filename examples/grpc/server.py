#!/usr/bin/env python3
"""gRPC backends: server.py ADDRESS NAMESPACE/SERVICE:PORT... Each is served on a free port of the address, and the line
`NAMESPACE/SERVICE:PORT=ADDRESS:NUMBER` is printed. It answers every method with a text; Sleep takes its time for it.
"""
import concurrent.futures
import sys
import time

import grpc


class Answer(grpc.GenericRpcHandler):
    def __init__(self, name):
        self.name = name

    def service(self, call):
        return grpc.unary_unary_rpc_method_handler(lambda message, _: self.answer(call.method, message))

    def answer(self, method, message):
        if method.endswith("/Sleep"):
            time.sleep(2)
        return f"{self.name} got {method}: {message.decode()}".encode()


servers = []
for backend in sys.argv[2:]:
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers([Answer(backend.split("/")[1].split(":")[0])])
    print(f"{backend}={sys.argv[1]}:{server.add_insecure_port(sys.argv[1] + ':0')}", flush=True)
    server.start()
    servers.append(server)
servers[0].wait_for_termination()

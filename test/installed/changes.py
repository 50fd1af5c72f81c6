"""On the node: makes routes over the API, fast, and times the first answer of each. Prints one JSON object.

    changes.py make COUNT NAMESPACE GATEWAY                routes r-0 .. as fast as eight connections go
    changes.py time COUNT NAMESPACE GATEWAY ADDRESS        one after the other, each timed from the API's answer to its own first 200
    changes.py flip COUNT NAMESPACE SLICE RATE             an EndpointSlice's first endpoint: ready, not ready, .. so often a second
    changes.py revoke COUNT NAMESPACE GRANT ADDRESS HOST PATH   a ReferenceGrant deleted while so many clients ask without a pause

The route of `make` and `time` redirects, so no backend has a part in it.
"""
import base64
import collections
import concurrent.futures
import http.client
import json
import os
import ssl
import subprocess
import sys
import tempfile
import threading
import time


def connection():
    told = json.loads(subprocess.run(["kubectl", "config", "view", "--raw", "-o", "json"], capture_output=True, check=True).stdout)
    context = ssl.create_default_context(cadata=base64.b64decode(told["clusters"][0]["cluster"]["certificate-authority-data"]).decode())
    user = told["users"][0]["user"]
    with tempfile.NamedTemporaryFile() as pem:
        pem.write(base64.b64decode(user["client-certificate-data"]) + base64.b64decode(user["client-key-data"]))
        pem.flush()
        context.load_cert_chain(pem.name)
    return http.client.HTTPSConnection(told["clusters"][0]["cluster"]["server"].removeprefix("https://"), context=context)


def make_route(api, name, namespace, gateway):
    route = {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": name},
             "spec": {"parentRefs": [{"name": gateway}], "hostnames": [f"{name}.many.test"],
                      "rules": [{"matches": [{"path": {"value": "/"}}],
                                 "filters": [{"type": "RequestRedirect", "requestRedirect": {"hostname": "there.test", "statusCode": 302}}]}]}}
    api.request("POST", f"/apis/gateway.networking.k8s.io/v1/namespaces/{namespace}/httproutes", json.dumps(route),
                {"Content-Type": "application/json"})
    answer = api.getresponse()
    body = answer.read()
    assert answer.status in (201, 409), body


def make(count, namespace, gateway):
    mine = threading.local()

    def one(number):
        if not hasattr(mine, "api"):
            mine.api = connection()
        make_route(mine.api, f"r-{number}", namespace, gateway)

    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(count)))
    return {"seconds": time.monotonic() - began}


def first_answer(client, host):
    began = time.monotonic()
    while time.monotonic() - began < 30:
        client.request("GET", "/", headers={"Host": host})
        answer = client.getresponse()
        answer.read()
        if answer.status == 302:
            return (time.monotonic() - began) * 1000
        time.sleep(0.0005)
    raise AssertionError(f"{host} is not served within 30 s")


def timed(count, namespace, gateway, address):
    """Each replica has to serve it; kept connections to several, the slowest counts."""
    api, clients = connection(), [http.client.HTTPConnection(address, 80) for _ in range(6)]
    times = []
    for number in range(count):
        name = f"t-{os.getpid()}-{number}"
        make_route(api, name, namespace, gateway)
        made = time.monotonic()
        for client in clients:
            first_answer(client, f"{name}.many.test")
        times.append((time.monotonic() - made) * 1000)
        time.sleep(0.02)
    times.sort()
    return {"p50": times[len(times) // 2], "p99": times[int(len(times) * 0.99)], "worst": times[-1]}


def send(api, method, path, body=None):
    api.request(method, path, body and json.dumps(body), {"Content-Type": "application/merge-patch+json"})
    answer = api.getresponse()
    text = answer.read()
    assert answer.status == 200, text
    return json.loads(text)


def flip(count, namespace, name, rate):
    api, path = connection(), f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices/{name}"
    endpoints = send(api, "GET", path)["endpoints"]
    began = time.monotonic()
    for number in range(count):
        time.sleep(max(0.0, began + number / float(rate) - time.monotonic()))
        endpoints[0]["conditions"] = {"ready": number % 2 == 1}
        send(api, "PATCH", path, {"endpoints": endpoints})
    return {"changes": count, "seconds": time.monotonic() - began}


def revoke(count, namespace, grant, address, host, path):
    """When the last 200 began, counted from the API's answer to the DELETE."""
    answers, done = [], threading.Event()

    def ask():
        client = http.client.HTTPConnection(address, 80)
        while not done.is_set():
            began = time.monotonic()
            client.request("GET", path, headers={"Host": host})
            answer = client.getresponse()
            answer.read()
            answers.append((began, answer.status))

    clients = [threading.Thread(target=ask) for _ in range(count)]
    for one in clients:
        one.start()
    time.sleep(2)
    send(connection(), "DELETE", f"/apis/gateway.networking.k8s.io/v1beta1/namespaces/{namespace}/referencegrants/{grant}")
    deleted = time.monotonic()
    time.sleep(3)
    done.set()
    for one in clients:
        one.join()
    statuses = collections.Counter(status for _, status in answers)
    return {"last_200_ms": (max(began for began, status in answers if status == 200) - deleted) * 1000, "answers": statuses}


if __name__ == "__main__":
    what, count, *rest = sys.argv[1:]
    print(json.dumps({"make": make, "time": timed, "flip": flip, "revoke": revoke}[what](int(count), *rest)))

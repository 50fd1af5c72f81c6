"""Which module may include which. The table restates docs/architecture.md; CMake links by the same table."""
import re

from common import Finding, code_files, expect, read

SUBJECT = "include edges between modules"

SHARED = ("base", "http", "route", "runtime")
CONTROLLER = ("api", "kube", "source", "store", "resolve", "status", "compile", "infra", "reconcile")
ALLOWED = {
    "base": set(),
    "http": {"base"},
    "route": {"base", "http"},
    "runtime": {"base", "http", "route"},
    "net": set(SHARED),
    "observe": set(SHARED),
    "http1": {*SHARED, "net", "observe"},
    "http2": {*SHARED, "net", "observe", "http1"},
    "upstream": {*SHARED, "net", "observe", "http1", "http2"},
    "proxy": {*SHARED, "net", "observe", "http1", "http2", "upstream"},
    "l4": {*SHARED, "net", "observe", "http1", "http2", "upstream"},
    "worker": {*SHARED, "net", "observe", "http1", "http2", "upstream", "proxy", "l4"},
}
for position, module in enumerate(CONTROLLER):
    ALLOWED[module] = {*SHARED, *CONTROLLER[:position]}
EVERYTHING = {*ALLOWED, "admin", "app"}
ALLOWED["admin"] = EVERYTHING - {"app"}
ALLOWED["app"] = EVERYTHING

# Libraries whose headers cost every includer seconds: never in the vocabulary both halves share.
HEAVY = ("boost/asio", "boost/beast", "nlohmann/", "yaml-cpp/", "spdlog/", "CLI/", "re2/", "openssl/")
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]')


def module_of(path):
    """The module a path belongs to, or None: include/pintle/M, src/M, controller/M, dataplane/M."""
    parts = path.split("/")
    if parts[0] == "include" and len(parts) > 3:
        return parts[2]
    if parts[0] == "pintle" and len(parts) > 2:
        return parts[1]
    if parts[0] in ("src", "controller", "dataplane") and len(parts) > 2:
        return parts[1]
    return None


def check_text(path, text):
    findings = []
    inside_tests = path.startswith("test/")
    module = module_of(path[len("test/unit/"):] if path.startswith("test/unit/controller/") or
                       path.startswith("test/unit/dataplane/") else path)
    for number, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        quote, target = match.groups()

        def found(what):
            findings.append(Finding(path, number, what))

        if quote == '"' and target.startswith("pintle/"):
            found(f'write <{target}>: the shared vocabulary is included with <>')
        if quote == "<" and target.split("/")[0] in ("controller", "dataplane"):
            found(f'write "{target}": <> is for include/pintle and libraries')
        if quote == '"' and ("/" not in target or target.startswith("..")):
            found(f'"{target}" is not written from the root')
        other = module_of(target)
        if inside_tests:
            half = path.split("/")[2] if path.startswith("test/unit/") else ""
            if {half, target.split("/")[0]} == {"controller", "dataplane"}:
                found(f"a test of {half}/ includes {target}")
            continue
        if path.startswith("include/") and target.startswith(HEAVY):
            found(f"<{target}> is heavy: keep it behind a .cpp")
        if target.split("/")[0] == "test":
            found(f"the product includes the test file {target}")
        if module is None or other is None or other == module:
            continue
        if module not in ALLOWED:
            found(f"the module {module} is not in the table of test/lint/edges.py")
            return findings
        if other in EVERYTHING and other not in ALLOWED[module]:
            found(f"{module} may not include {other} ({target})")
    return findings


def check(options):
    return [finding for name in code_files() for finding in check_text(name, read(name))]


def self_test():
    complaints = []
    bad = {
        "controller/api/x.cpp": '#include "controller/resolve/model.hpp"',
        "controller/compile/x.cpp": '#include "dataplane/net/poller.hpp"',
        "dataplane/proxy/x.cpp": '#include "controller/api/object.hpp"',
        "dataplane/net/x.hpp": '#include "dataplane/http1/session.hpp"',
        "dataplane/observe/x.hpp": '#include "dataplane/net/buffer.hpp"',
        "include/pintle/base/x.hpp": "#include <pintle/route/table.hpp>",
        "include/pintle/route/x.hpp": "#include <re2/re2.h>",
        "src/route/x.cpp": '#include "src/app/serve.hpp"',
        "src/base/x.cpp": '#include "pintle/base/error.hpp"',
        "dataplane/l4/x.cpp": '#include "dataplane/proxy/exchange.hpp"',
        "test/unit/controller/api/x_test.cpp": '#include "dataplane/net/buffer.hpp"',
        "controller/store/x.cpp": '#include "store.hpp"',
        "controller/new/x.cpp": '#include "controller/api/object.hpp"',
    }
    good = {
        "controller/resolve/x.cpp": '#include "controller/store/store.hpp"',
        "controller/api/x.hpp": "#include <pintle/runtime/compiled.hpp>",
        "dataplane/worker/x.cpp": '#include "dataplane/proxy/exchange.hpp"',
        "dataplane/http1/x.cpp": '#include "dataplane/observe/metrics.hpp"',
        "src/app/x.cpp": '#include "controller/api/object.hpp"',
        "src/admin/x.cpp": '#include "dataplane/observe/metrics.hpp"',
        "test/unit/dataplane/net/x_test.cpp": '#include "test/fake/upstream.hpp"',
        "src/route/x.cpp": '#include "src/route/tree.hpp"\n#include <re2/re2.h>',
    }
    for path, text in bad.items():
        expect(complaints, check_text(path, text), f"{path}: {text} passed")
    for path, text in good.items():
        expect(complaints, not check_text(path, text), f"{path}: {text} was flagged")
    return complaints

"""libddwaf with its recommended rules: reads events, answers how long their evaluation took.

It never counts the making of objects or the reading of JSON: only the call that evaluates.
"""
import json
import os
import sys
import time
from urllib.parse import parse_qs

for name in ("DD_TRACE_ENABLED", "DD_INSTRUMENTATION_TELEMETRY_ENABLED", "DD_REMOTE_CONFIGURATION_ENABLED"):
    os.environ[name] = "false"

import ddtrace.appsec
from ddtrace.appsec._ddwaf import waf
from ddtrace.appsec._ddwaf.ddwaf_types import DEFAULT_ALLOCATOR, ddwaf_context_eval, ddwaf_object

# Limit: one minute; the longest evaluation seen, of 6 MB, took less than a second.
TIMEOUT_US = 60_000_000

rules = os.path.join(os.path.dirname(ddtrace.appsec.__file__), "rules.json")
with open(rules, "rb") as file:
    engine = waf.DDWaf(file.read(), b"", b"")


def evaluate(event):
    """How many nanoseconds the evaluation of one HTTP event takes, and how it ended."""
    event = json.loads(event)
    addresses = {
        "server.request.query": parse_qs(event["rawQueryString"]),
        "server.request.headers.no_cookies": event["headers"],
        "server.request.uri.raw": event["rawPath"],
        "server.request.body": json.loads(event["body"]),
    }
    values = ddwaf_object.create_without_limits(addresses)
    result = ddwaf_object()
    context = engine._at_request_start()
    started = time.perf_counter_ns()
    status = ddwaf_context_eval(context.ctx, values, DEFAULT_ALLOCATOR, result, TIMEOUT_US)
    return time.perf_counter_ns() - started, status


print("ready", flush=True)
while length := sys.stdin.buffer.readline():
    took, status = evaluate(sys.stdin.buffer.read(int(length)))
    print(took, status, flush=True)

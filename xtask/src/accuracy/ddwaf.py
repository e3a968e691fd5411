"""libddwaf with its recommended rules: reads events, one JSON line each, and answers with verdicts.

It never undoes what AWS does to an event beyond what a tracer would: query, path, headers and cookies are
taken apart, a body is parsed by its type, and any other event is one JSON tree.
"""
import base64
import json
import os
import sys
import time
from urllib.parse import parse_qs, unquote, unquote_plus

for name in ("DD_TRACE_ENABLED", "DD_INSTRUMENTATION_TELEMETRY_ENABLED", "DD_REMOTE_CONFIGURATION_ENABLED"):
    os.environ[name] = "false"

import ddtrace.appsec
from ddtrace.appsec._ddwaf import waf
from ddtrace.appsec._ddwaf.ddwaf_types import DEFAULT_ALLOCATOR, ddwaf_context_eval, ddwaf_object

# Limit: one second for a value, far more than any of the corpus needs.
TIMEOUT_US = 1_000_000

rules = os.path.join(os.path.dirname(ddtrace.appsec.__file__), "rules.json")
with open(rules, "rb") as file:
    engine = waf.DDWaf(file.read(), b"", b"")


def body_of(event):
    """The body as a tracer would parse it."""
    body, kind = event.get("body"), event["headers"].get("content-type", "")
    if body is None:
        return None
    if event.get("isBase64Encoded"):
        body = base64.b64decode(body).decode("utf8", "replace")
    if "json" in kind:
        try:
            return json.loads(body)
        except ValueError:
            return body
    return parse_qs(body, keep_blank_values=True) if "form" in kind else body


def addresses(event):
    """What the rules look at."""
    if isinstance(event, dict) and "s3" in (event.get("Records") or [{}])[0]:
        # Given as a function would read it, which is more than a tracer does.
        return {"server.request.body": {"key": unquote_plus(event["Records"][0]["s3"]["object"]["key"])}}
    if not isinstance(event, dict) or "rawPath" not in event:
        return {"server.request.body": event}
    found = {
        "server.request.uri.raw": event["rawPath"],
        "server.request.headers.no_cookies": event["headers"],
        "server.request.query": event.get("queryStringParameters") or {},
        "server.request.path_params": event.get("pathParameters") or {},
        "server.request.cookies": {cookie.partition("=")[0]: unquote(cookie.partition("=")[2]) for cookie in event.get("cookies") or []},
    }
    body = body_of(event)
    return found if body is None else {**found, "server.request.body": body}


print("ready", flush=True)
for line in sys.stdin:
    item = json.loads(line)
    values = ddwaf_object.create_without_limits(addresses(item["event"]))
    result = ddwaf_object()
    context = engine._at_request_start()
    started = time.perf_counter_ns()
    ddwaf_context_eval(context.ctx, values, DEFAULT_ALLOCATOR, result, TIMEOUT_US)
    took = time.perf_counter_ns() - started
    print(json.dumps({"id": item["id"], "verdict": "block" if result.struct["events"] else "pass", "ns": took}))

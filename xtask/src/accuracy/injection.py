"""libinjection's two questions, asked of every key and value of an event: reads events, answers with verdicts.

It never undoes an encoding, because libinjection leaves that to its callers.
"""
import base64
import json
import sys
import time
from urllib.parse import parse_qsl, unquote, unquote_plus

import libinjection


def leaves(value):
    """Every key and every text of a JSON tree."""
    stack = [value]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            stack.extend(value.keys())
            stack.extend(value.values())
        elif isinstance(value, list):
            stack.extend(value)
        elif isinstance(value, str):
            yield value


def texts(event):
    """The event's texts as a web framework would hand them on."""
    yield from leaves(event)
    if isinstance(event, dict) and "s3" in (event.get("Records") or [{}])[0]:
        yield unquote_plus(event["Records"][0]["s3"]["object"]["key"])
    if not isinstance(event, dict) or "rawPath" not in event:
        return
    yield unquote(event["rawPath"])
    for cookie in event.get("cookies") or []:
        yield unquote(cookie.partition("=")[2])
    body, kind = event.get("body"), event["headers"].get("content-type", "")
    if body is None:
        return
    if event.get("isBase64Encoded"):
        body = base64.b64decode(body).decode("utf8", "replace")
    if "form" in kind:
        for pair in parse_qsl(body, keep_blank_values=True):
            yield from pair
    elif "json" in kind:
        try:
            yield from leaves(json.loads(body))
        except ValueError:
            pass
    yield body


def is_attack(text):
    """True if either question is answered with yes."""
    text = text.encode("utf8", "replace").decode("utf8")
    return libinjection.is_sql_injection(text)["is_sqli"] or libinjection.is_xss(text)["is_xss"]


for line in sys.stdin:
    item = json.loads(line)
    started = time.perf_counter_ns()
    hit = any(is_attack(text) for text in texts(item["event"]))
    took = time.perf_counter_ns() - started
    print(json.dumps({"id": item["id"], "verdict": "block" if hit else "pass", "ns": took}))

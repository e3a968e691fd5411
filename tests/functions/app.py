"""A function over awslambdaric whose answer is its event, byte for byte.

It never hides what it received: with ECHO_RECORD set, the raw bytes' SHA-256 goes to that file.
"""

import hashlib
import json
import os
import time

import pages
import secrets_of_its_own as secrets
from awslambdaric.lambda_runtime_client import BaseLambdaRuntimeClient
from awslambdaric.lambda_runtime_marshaller import LambdaMarshaller

_wait_next = BaseLambdaRuntimeClient.wait_next_invocation
MODE = os.environ.get("ECHO_MODE", "echo")


def _wait_and_record(self):
    invocation = _wait_next(self)
    raw = invocation.event_body
    raw = raw if isinstance(raw, bytes) else raw.encode("utf-8", "surrogatepass")
    if path := os.environ.get("ECHO_RECORD"):
        digest = hashlib.sha256(raw).hexdigest()
        with open(path, "ab", buffering=0) as file:
            file.write(f"{invocation.invoke_id} {digest} {len(raw)}\n".encode())
    return invocation


class _RawMarshaller(LambdaMarshaller):
    """The client's own means to receive and to answer bytes instead of parsed JSON."""

    def unmarshal_request(self, request, content_type="application/json"):
        return request


# The handler is given one event; its bytes and its id stand together only in here.
BaseLambdaRuntimeClient.wait_next_invocation = _wait_and_record
if MODE in ("echo", "sleep"):
    BaseLambdaRuntimeClient.marshaller = _RawMarshaller()


RESTORED = False
if MODE.startswith("snap"):
    from snapshot_restore_py import register_after_restore

    @register_after_restore
    def _restored():
        global RESTORED
        if MODE == "snap-broken":
            raise ValueError("the restore broke")
        RESTORED = True


def handler(event, context):
    if MODE == "snap":
        return {"restored": RESTORED}
    if MODE == "pages":
        return pages.answer(event)
    if MODE == "secrets":
        return secrets.answer(event)
    if MODE == "error":
        raise ValueError("x" * int(os.environ.get("ECHO_ERROR_CHARACTERS", "20")))
    if MODE == "large":
        return "x" * (int(os.environ["ECHO_ANSWER_BYTES"]) - 2)
    if MODE == "sleep":
        time.sleep(0.2)
    if MODE == "pid":
        return {"pid": os.getpid()}
    if MODE == "environment":
        return {key: os.environ.get(key) for key in event}
    if MODE == "die" and event.get("die"):
        os._exit(7)
    return event

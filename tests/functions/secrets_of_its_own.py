"""A function that gives its own key away: in every way of writing, in every part of an answer.

It never says anything else, so that whatever leaves is the key.
"""

import base64
import gzip
import html
import json
import os
import urllib.parse
import zlib

KEY = os.environ.get("AWS_SECRET_ACCESS_KEY", "")


def _base64(data):
    return base64.b64encode(data if isinstance(data, bytes) else data.encode()).decode()


WAYS = {
    "plain": lambda text: text,
    "reversed": lambda text: text[::-1],
    "json": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "json all": lambda text: "".join(f"\\u{ord(sign):04x}" for sign in text),
    "url": lambda text: urllib.parse.quote(text, safe=""),
    "url all": lambda text: "".join(f"%{ord(sign):02x}" for sign in text),
    "html": lambda text: html.escape(text).replace("/", "&#x2F;").replace("+", "&#43;"),
    "html all": lambda text: "".join(f"&#{ord(sign)};" for sign in text),
    "hex": lambda text: text.encode().hex(),
    "hex capitals": lambda text: text.encode().hex().upper(),
    "base64": _base64,
    "base64 behind one": lambda text: _base64("a" + text),
    "base64 behind two": lambda text: _base64("ab" + text),
    "base64 for urls": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "base64 in lines": lambda text: base64.encodebytes(b"a line of text " * 3 + text.encode()).decode(),
    "base64 twice": lambda text: _base64(_base64(text)),
    "json in json": lambda text: json.dumps(json.dumps({"key": text})),
}


def _http(body="", **others):
    return {"statusCode": 200, "headers": {"content-type": "text/plain"}, "body": body, **others}


def _packed(data, coding):
    headers = {"content-type": "text/html", "content-encoding": coding}
    return _http(_base64(data), isBase64Encoded=True, headers=headers)


PARTS = {
    "text": lambda text: text,
    "document": lambda text: {"rows": [{"key": text}]},
    "name": lambda text: {text: 1},
    "halves": lambda text: {"one": text[: len(text) // 2], "two": text[len(text) // 2 :]},
    "body": _http,
    "json body": lambda text: _http(json.dumps({"deep": json.dumps({"key": text})})),
    "base64 body": lambda text: _http(_base64(text), isBase64Encoded=True),
    "no base64 body": lambda text: _http("(" + text, isBase64Encoded=True),
    "gzip body": lambda text: _packed(gzip.compress(text.encode(), mtime=0), "gzip"),
    "deflate body": lambda text: _packed(zlib.compress(text.encode()), "deflate"),
    "header": lambda text: _http(headers={"x-own": text}),
    "many headers": lambda text: _http(multiValueHeaders={"x-own": ["a", text]}),
    "cookie": lambda text: _http(cookies=["a=b", text]),
    "status": lambda text: _http(statusDescription=text),
    "batch": lambda text: {"batchItemFailures": [{"itemIdentifier": text}]},
}


def answer(event):
    text = WAYS[event["way"]](KEY)
    match event["part"]:
        case "error":
            raise ValueError(f"no database at {text}")
        case "error type":
            raise type(text, (Exception,), {})("a message")
        case part:
            return PARTS[part](text)


if os.environ.get("ECHO_MODE") == "secrets at start":
    raise RuntimeError(f"no database at {KEY}")

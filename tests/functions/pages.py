"""A function that shows what it was asked for: as a page, in a header, in the error of a database.

It never escapes anything unless its caller asks for that, so that somebody else has to notice.
"""

import base64
import html
import json
import os
import sqlite3
import urllib.parse


def _page(text):
    return {
        "statusCode": 200,
        "headers": {"content-type": "text/html; charset=utf-8"},
        "body": f"<!doctype html><title>Search</title><h1>Results for {text}</h1>\n",
    }


def _field(text):
    return {
        "statusCode": 200,
        "headers": {"content-type": "text/html"},
        "body": f"<form><input name=q value={text}></form>",
    }


def _header(text):
    return {"statusCode": 302, "headers": {"location": f"/next?{text}"}, "body": ""}


def _error(text, escaped):
    rows = sqlite3.connect(":memory:")
    try:
        if escaped:
            found = rows.execute("select ? as name", (text,)).fetchall()
        else:
            found = rows.execute(f"select '{text}' as name").fetchall()
    except sqlite3.Error as error:
        return {"statusCode": 500, "body": f"sqlite3.OperationalError: {error} in '{text}'"}
    return {"statusCode": 200, "body": repr(found)}


def _source():
    path = os.path.join(os.path.dirname(__file__), "pages.py")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    return {"statusCode": 200, "headers": {"content-type": "text/plain"}, "body": text}


def _environment():
    body = "\n".join(f"{name}={value}" for name, value in os.environ.items())
    return {"statusCode": 200, "headers": {"content-type": "text/plain"}, "body": body}


def _script(text):
    return json.dumps(text)[1:-1].replace("<", "\\u003c")


# Each place: what stands before the text and behind it, the type of it all, and what escapes.
PLACES = {
    "quoted": ('<input value="', '">', "text/html", html.escape),
    "single": ("<a title='", "'>x</a>", "text/html", html.escape),
    "script": ('<script>var q = "', '";</script>', "text/html", _script),
    "link": ('<a href="', '">x</a>', "text/html", lambda text: "/go?to=" + urllib.parse.quote(text)),
    "style": ("<style>p { color: ", " }</style>", "text/html", html.escape),
    "drawing": ("<svg><text>", "</text></svg>", "image/svg+xml", html.escape),
    "call": ("", '({"a":1});', "text/javascript", lambda text: "".join(filter(str.isalnum, text))),
}


def _placed(place, text, escaped):
    before, behind, kind, escape = PLACES[place]
    body = before + (escape(text) if escaped else text) + behind
    return {"statusCode": 200, "headers": {"content-type": kind}, "body": body}


def _sent(event, carrier):
    """The text, from where its caller has put it."""
    match carrier:
        case "cookie":
            return urllib.parse.unquote(event["cookies"][0].split("=", 1)[1])
        case "path":
            return urllib.parse.unquote(event["rawPath"][1:])
        case "header":
            return event["headers"]["x-name"]
        case "base64":
            return base64.b64decode(event["body"]).decode()
        case "form":
            return urllib.parse.parse_qs(event["body"])["q"][0]
        case "graphql":
            return json.loads(event["body"])["variables"]["q"]
        case _:
            return event["queryStringParameters"].get("q", "")


def answer(event):
    query = event["queryStringParameters"]
    text, escaped = _sent(event, query.get("in")), query.get("how") == "escaped"
    match query["as"]:
        case "cookie":
            value = urllib.parse.quote(text) if escaped else text
            return {"statusCode": 200, "body": "", "cookies": [f"last={value}"]}
        case place if place in PLACES:
            return _placed(place, text, escaped)
        case "page":
            return _page(html.escape(text) if escaped else text)
        case "field":
            return _field('"' + html.escape(text) + '"' if escaped else text)
        case "header":
            return _header(urllib.parse.quote(text) if escaped else text)
        case "error":
            return _error(text, escaped)
        case "source":
            return _source()
        case _:
            return _environment()

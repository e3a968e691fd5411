"""A function that shows what it was asked for: as a page, in a header, in the error of a database.

It never escapes anything unless its caller asks for that, so that somebody else has to notice.
"""

import html
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


def answer(event):
    query = event["queryStringParameters"]
    text, escaped = query.get("q", ""), query.get("how") == "escaped"
    match query["as"]:
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

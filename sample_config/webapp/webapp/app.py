"""The application, as WSGI: ``/`` greets, ``/health`` says ok, ``/version`` says which build this is."""

import html
import json
from pathlib import Path
from urllib.parse import parse_qs

BUILD = Path(__file__).resolve().parent.parent / "build.json"


def build():
    """What was built: commit and number; a working copy has neither."""
    try:
        return json.loads(BUILD.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {"commit": "working copy", "build": "0"}


def greeting(name):
    """The sentence on the page."""
    return f"Hello, {name.strip() or 'world'}!"


def page(name, about):
    """The page of a build, with everything from outside escaped."""
    return (
        "<!doctype html><meta charset=utf-8><title>webapp</title>"
        f"<h1>{html.escape(greeting(name))}</h1>"
        f"<p>build {html.escape(about['build'])} of {html.escape(about['commit'])}</p>"
    )


def application(environ, start_response):
    """The WSGI application."""
    path = environ.get("PATH_INFO", "/")
    if path == "/":
        name = parse_qs(environ.get("QUERY_STRING", "")).get("name", [""])[0]
        status, kind, body = "200 OK", "text/html; charset=utf-8", page(name, build())
    elif path == "/health":
        status, kind, body = "200 OK", "text/plain", "ok"
    elif path == "/version":
        status, kind, body = "200 OK", "application/json", json.dumps(build())
    else:
        status, kind, body = "404 Not Found", "text/plain", "not found"
    content = body.encode("utf-8")
    start_response(status, [("Content-Type", kind), ("Content-Length", str(len(content)))])
    return [content]

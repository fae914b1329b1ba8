"""Who the visitor is, asked of Magpie for each request. Python 3.8 or later, nothing but its standard library.

    python3 server.py        环境变量: MAGPIE (Magpie 的地址), PORT

`visitor` takes a WSGI environment, so it serves as it is in Flask (`request.environ`). In Django it is `request.META`,
whose path is decoded further: there `request.get_full_path()` is the X-Forwarded-Uri.
"""

import json
import os
import sys
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen
from wsgiref.simple_server import make_server

MAGPIE = os.environ.get("MAGPIE", "http://127.0.0.1:8080")


def visitor(environ):
    """The session of a visitor who is signed in and None, or None and where to send one who is not."""
    query = environ.get("QUERY_STRING", "")
    fields = {
        # The browser's own: the cookie says who it is, the host whose site this is.
        "Cookie": environ.get("HTTP_COOKIE", ""),
        "Host": environ["HTTP_HOST"],
        # The login comes back to here. WSGI has decoded the path, and a field takes no line break.
        "X-Forwarded-Uri": quote(environ["PATH_INFO"].encode("latin-1")) + ("?" + query if query else ""),
    }
    try:
        with urlopen(Request(MAGPIE + "/session", headers=fields), timeout=3) as answer:
            return json.load(answer), None
    except HTTPError as answer:
        if answer.code != 401:
            raise
        return None, json.load(answer)["login"]


def application(environ, start_response):
    def reply(status, body, *fields):
        start_response(status, [("Content-Type", "application/json"), ("Cache-Control", "no-store"), *fields])
        return [json.dumps(body).encode()]

    try:
        session, login = visitor(environ)
    except OSError as error:  # HTTPError, too. Nobody is let in because Magpie cannot be asked.
        print(error, file=sys.stderr)
        return reply("503 Service Unavailable", {"error": "the login service cannot be reached"})
    if session:
        return reply("200 OK", {"hello": session["openid"]})
    # A page is sent to the login; a script is told, since a redirect would end at WeChat, where it may not read.
    if "text/html" in environ.get("HTTP_ACCEPT", ""):
        return reply("302 Found", {}, ("Location", login))
    return reply("401 Unauthorized", {"login": login})


if __name__ == "__main__":
    make_server("127.0.0.1", int(os.environ.get("PORT", 3000)), application).serve_forever()

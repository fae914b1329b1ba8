"""A site of its own that logs its visitors in at a Magpie elsewhere. Python 3.8 or later, its standard library alone.

    python3 server.py        环境变量: MAGPIE (Magpie 的公开地址), SITE, SITE_SECRET, ORIGIN (本站地址), PORT

Magpie's configuration lists the site: sites: [{ name: "shop", origin: "https://shop.example.org", secret: … }].
"""

import base64
import hashlib
import json
import os
import secrets
import sys
import time
from http.cookies import CookieError, SimpleCookie
from urllib.error import HTTPError
from urllib.parse import parse_qsl, quote, urlencode
from urllib.request import Request, urlopen
from wsgiref.simple_server import make_server

MAGPIE = os.environ.get("MAGPIE", "http://127.0.0.1:8080")
SITE = os.environ.get("SITE", "shop")
SECRET = os.environ.get("SITE_SECRET", "")
ORIGIN = os.environ.get("ORIGIN", "http://127.0.0.1:3000")

# Who is signed in here, and until when, by the digest of his cookie. A site that has sessions already keeps the openid
# in those.
SESSIONS = {}
SESSION_SECONDS = 8 * 3600


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


def login(path, browser):
    """Where to send a visitor who has to log in. The nonce ties the login to his browser. Whoever sees it in a URL
    becomes nobody by it, since only the browser has the cookie it is the digest of; but until it is used he could log
    that browser in as somebody else, so the cookie is for one login."""
    return MAGPIE + "/redirect?" + urlencode({"site": SITE, "to": path, "nonce": digest(browser)})


def redeem(ticket, browser):
    """The visitor whose ticket it is, or None. The nonce comes from the cookie, never from the URL. Without the cookie
    it is one that nobody began a login with: that spends the ticket, and lets nobody in."""
    browser = browser or secrets.token_urlsafe(32)
    credentials = base64.b64encode((SITE + ":" + SECRET).encode()).decode()
    body = urlencode({"ticket": ticket, "nonce": digest(browser)}).encode()
    request = Request(MAGPIE + "/tickets/redeem", body, {"Authorization": "Basic " + credentials})
    try:
        with urlopen(request, timeout=5) as answer:
            return json.load(answer)
    except HTTPError as answer:
        if answer.code != 403:  # Not the visitor's fault: a wrong secret, or Magpie in trouble.
            raise
        return None


def signed_in(session):
    """The visitor with this cookie, or None."""
    visitor, end = SESSIONS.get(digest(session), (None, 0))
    return visitor if time.time() < end else None


def sign_in(visitor):
    """A new session, with a cookie of its own."""
    now = time.time()
    for name in [name for name, (_, end) in SESSIONS.items() if end <= now]:
        del SESSIONS[name]
    session = secrets.token_urlsafe(32)
    SESSIONS[digest(session)] = (visitor, now + SESSION_SECONDS)
    return session


def cookies(environ):
    try:
        return {name: each.value for name, each in SimpleCookie(environ.get("HTTP_COOKIE", "")).items()}
    except CookieError:
        return {}


def cookie(name, value, seconds):
    secure = "; Secure" if ORIGIN.startswith("https:") else ""
    return ("Set-Cookie", name + "=" + value + "; Path=/; HttpOnly; SameSite=Lax; Max-Age=" + str(seconds) + secure)


def application(environ, start_response):
    def reply(status, body, *fields):
        # No page that follows, and no site it leads to, learns this page's address, in which a ticket may stand.
        safe = [("Cache-Control", "no-store"), ("Referrer-Policy", "no-referrer")]
        start_response(status, [("Content-Type", "application/json"), *safe, *fields])
        return [json.dumps(body).encode()]

    jar = cookies(environ)
    browser = jar.get("shop_browser", "")
    visitor = signed_in(jar.get("shop_session", ""))
    query = parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    rest = [(name, value) for name, value in query if name not in ("magpie_ticket", "magpie_nonce", "wechat_error")]
    # WSGI has decoded the path: as it is, "/%5Cevil.example" led to that host, and "%0D%0A" ended the line.
    path = "/" + quote(environ["PATH_INFO"].encode("latin-1").lstrip(b"/")) + ("?" + urlencode(rest) if rest else "")
    given = dict(query)

    if "magpie_ticket" in given:
        try:
            newcomer = redeem(given["magpie_ticket"], browser)
        except OSError as error:  # HTTPError, too. Nobody is let in because Magpie cannot be asked.
            print(error, file=sys.stderr)
            return reply("503 Service Unavailable", {"error": "the login service cannot be reached"})
        if newcomer:
            session = cookie("shop_session", sign_in(newcomer), SESSION_SECONDS)
            # On to the same page without the ticket, so that it is in no history, bookmark or shared link.
            return reply("302 Found", {}, ("Location", path), session, cookie("shop_browser", "", 0))
        if visitor:
            return reply("302 Found", {}, ("Location", path))
        # No redirect: a browser without cookies would come back for ever.
        return reply("403 Forbidden", {"error": "this login was not begun here, or is too old", "again": path})
    if "wechat_error" in given:
        return reply("403 Forbidden", {"error": "you did not allow the login", "again": path})
    if visitor:
        return reply("200 OK", {"hello": visitor["openid"]})
    if "text/html" not in environ.get("HTTP_ACCEPT", ""):
        return reply("401 Unauthorized", {"error": "nobody is signed in"})
    # One for all tabs, so that the login in one does not spoil that in another.
    browser = browser or secrets.token_urlsafe(32)
    return reply("302 Found", {}, ("Location", login(path, browser)), cookie("shop_browser", browser, 900))


if __name__ == "__main__":
    if not SECRET:
        sys.exit("SITE_SECRET is not set")
    make_server("127.0.0.1", int(os.environ.get("PORT", 3000)), application).serve_forever()

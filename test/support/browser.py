"""A browser that signs in: it keeps the cookie, and says where its pages come from."""
import base64
import hashlib
import hmac
import json
import struct
import time
import urllib.parse

from web_client import JSON, Web

COOKIE = "__Host-postrider"


class Browser(Web):
    """Keeps the cookies, and says where its pages come from. `seat`: which of several people who are signed in it asks as."""

    def __init__(self, server, host="mail.example.test", seat=0, cookies=None):
        super().__init__(server)
        self.host = f"{host}:{server.ports['https']}"
        self.origin = f"https://{self.host}"
        self.name, self.prefix = (f"{COOKIE}-{seat}", f"/u/{seat}") if seat else (COOKIE, "")
        self.cookies = {} if cookies is None else cookies

    def beside(self, seat):
        """Another seat of the same browser."""
        return Browser(self.server, self.host.split(":")[0], seat, self.cookies)

    @property
    def cookie(self):
        return self.cookies.get(self.name)

    @cookie.setter
    def cookie(self, value):
        self.cookies[self.name] = value

    def ask(self, method, path, body=None, fields=(), **options):
        own = {"Host": self.host, "Origin": self.origin, "Sec-Fetch-Site": "same-origin", "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0"}
        if any(self.cookies.values()):
            own["Cookie"] = "; ".join(["other=1", *(f"{name}={value}" for name, value in self.cookies.items() if value)])
        answer = super().ask(method, self.prefix + path, body, {**own, **dict(fields)}, **options)
        self.keep(answer)
        return answer

    def keep(self, answer):
        told = answer.fields.get("set-cookie")
        if told:
            name, value = told.split(";")[0].split("=", 1)
            assert name == self.name and {"Path=/", "Secure", "HttpOnly", "SameSite=Strict"} <= set(told.split("; "))
            self.cookie = value or None

    def json_to(self, path, **question):
        return self.ask("POST", path, json.dumps(question), JSON)

    def form_to(self, path, *pairs, **fields):
        body = urllib.parse.urlencode([*pairs, *fields.items()])
        return self.ask("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"})

    def sign_in(self, password=None, address="alice@example.test"):
        answer = self.json_to("/auth/login", username=address, password=password or self.server.passwords[address])
        assert answer.status == 200, answer.body
        return answer.json

    @property
    def state(self):
        answer = self.get("/auth/account")
        assert answer.status == 200, answer.body
        return answer.json


def code(secret, at=0):
    """RFC 6238, written once more."""
    mac = hmac.new(base64.b32decode(secret), struct.pack(">Q", int(time.time()) // 30 + at), hashlib.sha1).digest()
    part = struct.unpack(">I", mac[mac[-1] & 15:][:4])[0] & 0x7fffffff
    return f"{part % 1000000:06}"


def codes_on(browser):
    """Switches codes on; the secret and the recovery codes."""
    begun = browser.json_to("/auth/codes/begin").json
    secret = begun["codes"]["secret"]
    assert f"secret={secret}" in begun["codes"]["uri"] and begun["codes"]["uri"].startswith("otpauth://totp/")
    assert all(len(row) == len(begun["qr"]) and set(row) <= {"0", "1"} for row in begun["qr"]) and begun["qr"][0].startswith("1111111")
    assert browser.json_to("/auth/codes/set", ticket=begun["ticket"], code="000000").json["reason"] == "wrong"
    done = browser.json_to("/auth/codes/set", ticket=begun["ticket"], code=code(secret))
    assert done.status == 200, done.body
    return secret, done.json["recoveryCodes"]

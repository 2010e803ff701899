"""Requests to the web role: plain ones by http.client, WebSockets by python3-websockets."""
import base64
import http.client
import json

from server import TIMEOUT

JSON = {"Content-Type": "application/json"}
CORE = "urn:ietf:params:jmap:core"
MAIL = "urn:ietf:params:jmap:mail"


class Answer:
    def __init__(self, response):
        self.status, self.body = response.status, response.read()
        self.fields = {name.lower(): value for name, value in response.getheaders()}

    @property
    def json(self):
        return json.loads(self.body)


def basic(server, address, password=None):
    word = f"{address}:{password or server.passwords[address]}"
    return {"Authorization": "Basic " + base64.b64encode(word.encode()).decode()}


class Web:
    """One connection, as one person."""

    def __init__(self, server, address=None, password=None, service="https", source=None):
        self.server, self.address = server, address
        source = (source, 0) if source else None
        if service == "https":
            self.http = http.client.HTTPSConnection("127.0.0.1", server.ports["https"], timeout=TIMEOUT, context=server.tls(), source_address=source)
        else:
            self.http = http.client.HTTPConnection("127.0.0.1", server.ports["http"], timeout=TIMEOUT, source_address=source)
        self.fields = basic(server, address, password) if address else {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.http.close()

    def ask(self, method, path, body=None, fields=(), **options):
        self.http.request(method, path, body, {**self.fields, **dict(fields)}, **options)
        return Answer(self.http.getresponse())

    def get(self, path, **fields):
        return self.ask("GET", path, fields={name.replace("_", "-"): value for name, value in fields.items()})

    # ---- JMAP ----

    @property
    def session(self):
        return self.get("/jmap/session").json

    @property
    def account(self):
        return next(number for number, account in self.session["accounts"].items() if account["isPersonal"])

    def call(self, *calls, using=(CORE, MAIL)):
        """The arguments of each response, in order; each call is (method, arguments)."""
        request = {"using": list(using), "methodCalls": [[method, arguments, f"c{i}"] for i, (method, arguments) in enumerate(calls)]}
        answer = self.ask("POST", "/jmap/api", json.dumps(request), JSON)
        assert answer.status == 200, (answer.status, answer.body)
        return [(name, arguments) for name, arguments, _ in answer.json["methodResponses"]]

    def upload(self, body, kind="application/octet-stream", **options):
        return self.ask("POST", f"/jmap/upload/{self.account}", body, {"Content-Type": kind}, **options)

    def download(self, blob, name="file", kind="application/octet-stream", **fields):
        return self.get(f"/jmap/download/{self.account}/{blob}/{name}?type={kind}", **fields)

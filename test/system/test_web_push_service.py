"""Web Push (RFC 8620 section 7.2, RFC 8030, RFC 8291): what a push service gets, by a receiver of ours over HTTPS."""
import base64
import http.client
import json
import os
import re
import time

import pytest
from cryptography.hazmat.primitives import hashes, hmac, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from server import TIMEOUT, wait_for
from web_client import CORE, MAIL, Web


class Person(Web):
    """The net's servers have certificates of their names, and none of 127.0.0.1."""

    def __init__(self, server):
        super().__init__(server, server.sender)
        self.http = http.client.HTTPSConnection("127.0.0.1", server.ports["https"], timeout=TIMEOUT, context=server.tls(check_hostname=False))


def b64(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def derive(salt, secret, info, length):
    """HKDF (RFC 5869) for at most 32 octets."""
    def mac(key, text):
        m = hmac.HMAC(key, hashes.SHA256())
        m.update(text)
        return m.finalize()
    return mac(mac(salt, secret), info + b"\1")[:length]


class Device:
    """A subscriber: its keys, and the other half of RFC 8291, written from the RFC."""

    def __init__(self):
        self.key, self.auth = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)
        self.point = self.key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)

    @property
    def keys(self):
        return {"p256dh": b64(self.point), "auth": b64(self.auth)}

    def decrypt(self, body):
        salt, size, length = body[:16], int.from_bytes(body[16:20], "big"), body[20]
        point, sealed = body[21:21 + length], body[21 + length:]
        assert length == 65 and len(sealed) <= size
        ecdh = self.key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point))
        secret = derive(self.auth, ecdh, b"WebPush: info\0" + self.point + point, 32)
        key, nonce = derive(salt, secret, b"Content-Encoding: aes128gcm\0", 16), derive(salt, secret, b"Content-Encoding: nonce\0", 12)
        text = AESGCM(key).decrypt(nonce, sealed, None)
        assert text.rstrip(b"\0")[-1:] == b"\2"
        return json.loads(text.rstrip(b"\0")[:-1])


def octets(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def sender_of(field, service):
    """The key that has signed a token of VAPID (RFC 8292) for this push service."""
    token, key = re.fullmatch(r"vapid t=([^,]+), k=(\S+)", field).groups()
    head, claims, signature = token.split(".")
    said = json.loads(octets(claims))
    assert json.loads(octets(head)) == {"typ": "JWT", "alg": "ES256"}
    assert said["aud"] == f"https://{service.name}" and said["sub"].startswith("mailto:") and 0 < said["exp"] - time.time() <= 86400
    r, s = octets(signature)[:32], octets(signature)[32:]
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), octets(key))
    public.verify(encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big")), f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
    return key


@pytest.fixture
def service(road, provider):
    name = f"push{road.number}.example"
    made = road.report_host(name)
    made.name = name
    road.publish()
    return made


def posted(service, number):
    wait_for(lambda: len(service.posts) >= number, what=f"push {number}")
    return service.posts[number - 1]


def change(web, name):
    """A mailbox is made: a change of the account."""
    _, answer = web.call(("Mailbox/set", {"accountId": web.account, "create": {"m": {"name": name}}}))[0]
    assert answer["created"], answer


def subscribe(web, service, **properties):
    _, answer = web.call(("PushSubscription/set", {"create": {"s": {
        "deviceClientId": "device", "url": f"https://{service.name}/push?x=1", **properties}}}), using=(CORE,))[0]
    assert "oldState" not in answer and "newState" not in answer and "accountId" not in answer
    return answer["created"]["s"]


def update(web, number, **properties):
    return web.call(("PushSubscription/set", {"update": {number: properties}}), using=(CORE,))[0][1]


def test_a_subscription_is_verified_and_told_of_changes(provider, service):
    device = Device()
    with Person(provider) as web:
        made = subscribe(web, service, keys=device.keys)
        assert made["types"] is None and made["expires"].endswith("Z") and "url" not in made
        path, fields, body = posted(service, 1)
        assert path == "/push?x=1" and fields["Content-Encoding"] == "aes128gcm" and int(fields["TTL"]) > 0
        assert fields["Host"] == service.name and fields["Content-Type"] == "application/json"
        assert sender_of(fields["Authorization"], service) == web.session["capabilities"]["urn:ietf:params:jmap:webpush-vapid"]["applicationServerKey"]
        said = device.decrypt(body)
        assert said["@type"] == "PushVerification" and said["pushSubscriptionId"] == made["id"]
        # Until the code has come back nothing else is pushed.
        change(web, "one")
        assert "invalidProperties" in update(web, made["id"], verificationCode="x" * 32)["notUpdated"][made["id"]]["type"]
        assert update(web, made["id"], verificationCode=said["verificationCode"])["updated"] == {made["id"]: None}
        _, got = web.call(("PushSubscription/get", {}), using=(CORE,))[0]
        assert got["list"] == [{"id": made["id"], "deviceClientId": "device", "verificationCode": said["verificationCode"],
                                "expires": made["expires"], "types": None}] and "state" not in got
        change(web, "two")
        state = web.call(("Mailbox/get", {"accountId": web.account, "ids": []}))[0][1]["state"]

        def told():
            return any(device.decrypt(body).get("changed", {}).get(web.account, {}).get("Mailbox") == state for _, _, body in service.posts[1:])
        wait_for(told, what="the state of the mailboxes")
        # 410: it is gone, and the server forgets it.
        service.status = 410
        change(web, "three")
        wait_for(lambda: web.call(("PushSubscription/get", {}), using=(CORE,))[0][1]["list"] == [], what="the end of the subscription")


EMAIL_PUSH = "urn:ietf:params:jmap:emailpush"


def test_emails_that_are_delivered_are_pushed_as_the_filter_wants(provider, service):
    device = Device()
    with Person(provider) as web:
        assert web.session["capabilities"][EMAIL_PUSH] == web.session["accounts"][web.account]["accountCapabilities"][EMAIL_PUSH] == {}
        inbox = web.call(("Mailbox/query", {"accountId": web.account, "filter": {"role": "inbox"}}))[0][1]["ids"][0]
        wanted = {web.account: {"filter": {"operator": "AND", "conditions": [{"inMailbox": inbox, "notKeyword": "$seen"}, {"subject": "ÜRGENT news"}]},
                                "properties": ["from", "subject", "id", "preview", "mailboxIds", "keywords"], "urgency": "high"}}
        _, answer = web.call(("PushSubscription/set", {"create": {"s": {
            "deviceClientId": "device", "url": f"https://{service.name}/push", "keys": device.keys, "types": [], "emailPush": wanted}}}), using=(CORE, EMAIL_PUSH))[0]
        number = answer["created"]["s"]["id"]
        update(web, number, verificationCode=device.decrypt(posted(service, 1)[2])["verificationCode"])
        _, got = web.call(("PushSubscription/get", {"ids": [number]}), using=(CORE, EMAIL_PUSH))[0]
        assert got["list"][0]["emailPush"] == wanted
        assert "emailPush" not in web.call(("PushSubscription/get", {"ids": [number]}), using=(CORE,))[0][1]["list"][0]

        # Before it has been looked at again, it is not known as verified: what is delivered until then is not told.
        def arrives():
            provider.deliver(web.address, b"Subject: dull\r\nFrom: x@else.example\r\n\r\nx\r\n")
            provider.deliver(web.address, "Subject: =?utf-8?q?Good_=C3=BCrgent_news?=\r\nFrom: =?utf-8?q?J=C3=B6?= <jo@else.example>\r\n\r\nHello.\r\n".encode())
            return len(service.posts) >= 2
        wait_for(arrives, what="the push of an email")
        _, fields, body = service.posts[1]
        said = device.decrypt(body)
        assert fields["Urgency"] == "high" and said["@type"] == "EmailPush" and said["accountId"] == web.account and said["state"].isdigit()
        for email in said["emails"]:
            assert list(email) == ["from", "subject", "id", "preview", "mailboxIds", "keywords"]
            assert email["from"] == [{"name": "Jö", "email": "jo@else.example"}] and email["subject"] == "Good ürgent news"
            assert email["preview"] == "Hello." and email["mailboxIds"] == {inbox: True} and email["keywords"] == {}
            read, = web.call(("Email/get", {"accountId": web.account, "ids": [email["id"]], "properties": ["subject"]}))[0][1]["list"]
            assert read["subject"] == email["subject"]
        # Nothing more, once it does not want it any more; types: [] wants no states either.
        assert web.call(("PushSubscription/set", {"update": {number: {"emailPush": None}}}), using=(CORE, EMAIL_PUSH))[0][1]["updated"] == {number: None}
        assert web.call(("PushSubscription/get", {"ids": [number]}), using=(CORE, EMAIL_PUSH))[0][1]["list"][0]["emailPush"] is None
        assert all(device.decrypt(body)["@type"] == "EmailPush" for _, _, body in service.posts[1:])


def test_without_keys_what_is_pushed_is_json_and_types_choose(provider, service):
    with Person(provider) as web:
        made = subscribe(web, service, types=["Identity", "Todo"])
        _, fields, body = posted(service, 1)
        said = json.loads(body)
        assert fields["Content-Encoding"] is None and said["@type"] == "PushVerification"
        update(web, made["id"], verificationCode=said["verificationCode"])
        change(web, "unwanted")
        _, answer = web.call(("Identity/get", {"accountId": web.account}), using=(CORE, "urn:ietf:params:jmap:submission"))[0]
        identity = answer["list"][0]["id"]
        web.call(("Identity/set", {"accountId": web.account, "update": {identity: {"name": "New"}}}), using=(CORE, "urn:ietf:params:jmap:submission"))
        # The identities themselves are made when somebody first asks for them: that is a change, too.
        wait_for(lambda: len(service.posts) >= 2, what="the change of the identity")
        for _, _, body in service.posts[1:]:
            assert set(json.loads(body)["changed"][web.account]) == {"Identity"}
        destroyed = web.call(("PushSubscription/set", {"destroy": [made["id"]]}), using=(CORE,))[0][1]
        assert destroyed["destroyed"] == [made["id"]]


def test_a_push_service_that_is_busy_is_told_later_what_holds_then(provider, service):
    """A restart forgets neither the subscription nor that it is verified."""
    with Person(provider) as web:
        made = subscribe(web, service)
        update(web, made["id"], verificationCode=json.loads(posted(service, 1)[2])["verificationCode"])
        key = sender_of(posted(service, 1)[1]["Authorization"], service)
    assert provider.stop() == 0
    provider.start()
    with Person(provider) as web:
        assert web.session["capabilities"]["urn:ietf:params:jmap:webpush-vapid"]["applicationServerKey"] == key
        change(web, "after")
        found = json.loads(posted(service, 2)[2])
        assert found["@type"] == "StateChange" and list(found["changed"]) == [web.account]
        service.status = 503
        change(web, "busy")
        posted(service, 3)
        provider.wait_event("push-not-taken", status="503")
        count = len(service.posts)
        change(web, "more")
        # It waits for half a minute: nothing comes in the next seconds, which is looked at by what comes to another subscriber.
        other = subscribe(web, service)
        wait_for(lambda: any(json.loads(body).get("pushSubscriptionId") == other["id"] for _, _, body in service.posts[count:]), what="the other's code")
        assert [json.loads(body)["@type"] for _, _, body in service.posts[count:]].count("StateChange") == 0


def test_a_push_service_must_prove_who_it_is(road, provider):
    name = f"false{road.number}.example"
    host = road.report_host(name, road.ca.issue("other.example"))
    host.name = name
    road.publish()
    with Person(provider) as web:
        subscribe(web, host)
        event = provider.wait_event("push-not-taken", host=name)
        assert "certificate" in event.fields["why"] and host.posts == []


def test_what_is_not_allowed_is_refused(provider):
    with Person(provider) as web:
        for url in ("http://x.example/", "https://127.0.0.1/", "https://x.example:25/", "https://a@x.example/", "https://[::1]/", "https:///x"):
            _, answer = web.call(("PushSubscription/set", {"create": {"s": {"deviceClientId": "d", "url": url}}}), using=(CORE,))[0]
            assert answer["notCreated"]["s"]["type"] == "invalidProperties", url
        assert MAIL in web.session["capabilities"]

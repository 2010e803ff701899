"""The web role as browsers and JMAP programs meet it."""


def test_the_domain_names_the_service(server):
    records = server.cli("dns", "records", "example.test").stdout.decode()
    assert f"_jmap._tcp.example.test. 3600 IN SRV 0 1 {server.ports['https']} mail.example.test." in " ".join(records.split())

#!/usr/bin/env python3
"""Messages that we compose, read by Python's email package.

    compose_differential.py COMPOSE_TOOL [ROUNDS [SEED]]

Random addresses, subjects, texts and attachments, with names in several scripts. What comes out must be ASCII in lines of
998 octets at most, and Python must read in it what went in: names, addresses, subject, both texts, every octet of each file.
"""
import email
import email.header
import email.policy
import email.utils
import pathlib
import random
import re
import subprocess
import sys
import tempfile

WORDS = ['a', 'letter', 'Grüße', 'из', 'Москвы', '漢字かな', '😀', '=?utf-8?q?x?=', 'x' * 70, '100%', '"quoted"', 'a.b', '(c)', 'd;e', "it's", 'ß' * 60,
         '\\', '<tag>', '日本語' * 30]
TEXTS = ['plain text', 'Grüße aus Köln', 'пишу по-русски', '漢字かな', 'From here', '.', '', '= = =', 'a blank at the end ', 'x' * 1200, '\x07', '\x00',
         '\x0b\x0c', '--=_0123456789abcdef', 'ß' * 600]
ENDS = ['\n', '\r\n', '\r']


def words(rng, most):
    return ' '.join(rng.choice(WORDS) for _ in range(1 + rng.randrange(most)))


def text(rng):
    return ''.join(rng.choice(TEXTS) + rng.choice(ENDS) for _ in range(rng.randrange(12))) + rng.choice(TEXTS)


def lines(content):
    content = re.sub('\r\n|\r|\n', '\n', content)
    return content if not content or content.endswith('\n') else content + '\n'


def person(rng):
    """(name, address, as it is typed)"""
    address = f'{rng.choice(["joe", "a.b", "x+y", "o=o"])}{rng.randrange(100)}@{rng.choice(["example.org", "example.net", "sub.example.org"])}'
    if rng.randrange(3) == 0:
        return '', address, address
    # An encoded word that somebody types as a name is read as one: that is no fault of ours.
    name = words(rng, 3).replace('=?utf-8?q?x?=', 'y')
    quoted = name.replace('\\', '\\\\').replace('"', '\\"')
    return name, address, f'"{quoted}" <{address}>'


def file_name(rng):
    # Python takes quotes and angle brackets around a whole name away.
    while True:
        name = words(rng, 5).replace('/', '-').encode()[:255].decode(errors='ignore').strip()
        if name and name[0] not in '"<':
            return name


def check(raw, sender, people, subject, plain, html, files):
    assert raw.isascii(), 'octets beyond ASCII'
    assert b'\x00' not in raw and b'\r' not in raw.replace(b'\r\n', b'') and b'\n' not in raw.replace(b'\r\n', b'')
    assert max(map(len, raw.split(b'\r\n'))) <= 998, 'a line is too long'
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert not message.defects, message.defects
    # The newer reader of addresses (until Python 3.13) leaves a blank between two encoded words.
    older = email.message_from_bytes(raw, policy=email.policy.compat32)
    for field, expected in (('From', [sender]), ('To', people)):
        got = [(str(email.header.make_header(email.header.decode_header(name))), address)
               for name, address in email.utils.getaddresses([older[field].replace('\r\n', '')])]
        assert got == [(name, address) for name, address, _ in expected], (field, got, expected)
    assert message['Subject'] == subject, (message['Subject'], subject)
    attached = list(message.iter_attachments()) if files else []
    assert [(a.get_filename(), a.get_payload(decode=True)) for a in attached] == files, [a.get_filename() for a in attached]
    body = message.get_body(('plain',))
    if plain or not html:
        assert lines(body.get_content()) == lines(plain), (body.get_content(), plain)
    body = message.get_body(('html',))
    assert (body is None) == (not html)
    if html:
        assert lines(body.get_content()) == lines(html)


def main():
    tool, *numbers = sys.argv[1:]
    rounds, seed = (list(map(int, numbers)) + [300, 1][len(numbers):])[:2]
    rng = random.Random(seed)
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        paths = [pathlib.Path(folder, str(i)) for i in range(8)]
        for number in range(rounds):
            sender, people = person(rng), [person(rng) for _ in range(1 + rng.randrange(8))]
            subject, plain, html = words(rng, 12), text(rng), rng.choice(['', text(rng)])
            files = [(file_name(rng), rng.randbytes(rng.randrange(300))) for _ in range(rng.randrange(4))]
            paths[0].write_bytes(plain.encode())
            paths[1].write_bytes(html.encode())
            args = [tool, sender[2], ', '.join(p[2] for p in people), subject, paths[0], paths[1]]
            for path, (name, content) in zip(paths[2:], files):
                path.write_bytes(content)
                args += [name, path]
            done = subprocess.run(args, capture_output=True, check=False)
            try:
                assert done.returncode == 0, done.stderr
                check(done.stdout, sender, people, subject, plain, html, files)
            except Exception as problem:  # whatever Python says of it
                wrong += 1
                print(f'round {number}: {problem!r}')
    print(f'{rounds} messages, {wrong} read otherwise')
    return 1 if wrong else 0


sys.exit(main())

#!/usr/bin/env python3
"""Messages made fit for 7-bit hosts, judged by Python's email package.

    downgrade_differential.py MESSAGE_TOOL [ROUNDS [SEED]]

Messages of random structure, with text in several charsets and binary data, unencoded, go through our conversion. What
comes out must be ASCII in lines of 998 octets at most, and must be to Python what the message was before: the same
parts, types and fields, and every leaf's content, octet for octet.
"""
import email
import email.policy
import pathlib
import random
import subprocess
import sys
import tempfile

OURS = {'content-transfer-encoding', 'mime-version'}
TEXTS = ['plain text', 'Grüße aus Köln, wie man sie eben schickt', 'naïve café', 'пишу по-русски', '漢字かな', 'From here', '.', '', '= = =',
         'a blank at the end ', 'x' * 1200]
CHARSETS = ['utf-8', 'iso-8859-1', 'koi8-r', 'euc-jp']


def lines(rng):
    charset = rng.choice(CHARSETS)
    text = '\r\n'.join(rng.choice(TEXTS) for _ in range(rng.randrange(8)))
    return charset, text.encode(charset, 'replace')


def leaf(rng):
    if rng.randrange(4):
        charset, body = lines(rng)
        subtype = rng.choice(['plain', 'html', 'x-odd'])
        return f'Content-Type: text/{subtype}; charset={charset}\r\n', rng.choice(['', '8bit', '8BIT', 'binary']), body
    return 'Content-Type: image/x\r\n', 'binary', rng.randbytes(rng.randrange(300))


def entity(rng, depth):
    """A part as (fields, body)."""
    kind = rng.randrange(5)
    if depth > 3 or kind < 3:
        fields, encoding, body = leaf(rng)
        if encoding:
            fields += f'Content-Transfer-Encoding: {encoding}\r\n'
        return fields.encode(), body
    if kind == 3:
        fields, body = entity(rng, depth + 1)
        return b'Content-Type: message/rfc822\r\n' + rng.choice([b'', b'Content-Transfer-Encoding: 8bit\r\n']), \
            b'Subject: forwarded\r\n' + fields + b'\r\n' + body
    boundary = f'b{depth}-{rng.randrange(1000)}'.encode()
    parts = [b'\r\n'.join(entity(rng, depth + 1)) for _ in range(1 + rng.randrange(3))]
    body = b''.join(b'--' + boundary + b'\r\n' + part + b'\r\n' for part in parts) + b'--' + boundary + b'--\r\n'
    return b'Content-Type: multipart/mixed; boundary="' + boundary + b'"\r\n', body


def described(raw):
    """What Python sees: of each part its depth, type, fields and content."""
    found = []

    def walk(part, depth):
        fields = [(name.lower(), value) for name, value in part.items() if name.lower() not in OURS]
        content = None if part.is_multipart() else part.get_payload(decode=True)
        found.append((depth, part.get_content_type(), fields, content))
        for child in part.get_payload() if part.is_multipart() else []:
            walk(child, depth + 1)

    walk(email.message_from_bytes(raw, policy=email.policy.compat32), 0)
    return found


def main():
    tool, *numbers = sys.argv[1:]
    rounds, seed = (list(map(int, numbers)) + [300, 1][len(numbers):])[:2]
    rng = random.Random(seed)
    wrong = converted = 0
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, 'message')
        for number in range(rounds):
            fields, body = entity(rng, 0)
            raw = b'From: a@example.org\r\nMIME-Version: 1.0\r\n' + fields + b'\r\n' + body
            path.write_bytes(raw)
            done = subprocess.run([tool, 'downgrade', path], capture_output=True)
            out = done.stdout
            problem = None
            if done.returncode:
                problem = done.stderr.decode()
            elif not out.isascii() or b'\0' in out:
                problem = 'not 7 bits'
            elif max(map(len, out.split(b'\r\n'))) > 998:
                problem = 'a line is too long'
            elif described(raw) != described(out):
                problem = 'it is not what it was'
            converted += raw != out
            if problem:
                wrong += 1
                print(f'message {number} (seed {seed}): {problem}\n{raw!r}\n{out!r}\n')
    print(f'{rounds} messages, {converted} converted, {wrong} wrong')
    return wrong > 0 or converted < rounds // 3


if __name__ == '__main__':
    sys.exit(main())

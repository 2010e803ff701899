#!/usr/bin/env python3
"""Includes point one way. The table says which folders each folder of src/ may include; a folder's own name is never needed in its row.

Files that use each other in a circle are found by circles.py. Only src/io includes the event and TLS libraries, only src/store the index's. A role includes no other role: roles meet in messages alone.
"""
import pathlib
import re
import sys

import circles

TEXT = {'base', 'format'}
PROTOCOL = TEXT | {'mime', 'trust/login'}
PROCESS = TEXT | {'config', 'io', 'mail', 'process', 'trust/dns', 'trust/zone'}
EDGE = PROCESS | {'edge', 'trust/login', 'mime'}
ALLOWED = {
    'base': set(),
    'io': {'base'},
    'format': {'base'},
    'mime': TEXT,
    'mail': TEXT,
    'folder': TEXT | {'mail'},
    'smime': TEXT | {'mime', 'mail'},
    'sieve': TEXT | {'mime'},
    'answer': TEXT | {'mime', 'sieve'},
    'extract': TEXT | {'mime'},
    'search': TEXT | {'mime'},
    'report': TEXT | {'io', 'mime', 'extract'},
    'dsn': TEXT | {'mime'},
    'trust/login': TEXT,
    'trust/dns': TEXT,
    'trust/route': TEXT | {'trust/dns'},
    'trust/sender': TEXT | {'mime', 'trust/dns'},
    'trust/zone': TEXT | {'trust/dns', 'trust/route', 'trust/sender'},
    'store': TEXT | {'io'},
    'account': TEXT | {'mail', 'mime', 'store'},
    'directory': TEXT | {'mime', 'store', 'account'},
    'queue': TEXT | {'dsn', 'store'},
    'ledger': {'base', 'store'},
    'trace': TEXT | {'dsn', 'store'},
    'smtp': PROTOCOL | {'dsn'},
    'pop3': PROTOCOL,
    'managesieve': PROTOCOL | {'mail'},
    'imap': PROTOCOL | {'mail', 'query'},
    'query': TEXT | {'mail', 'mime'},
    'http': TEXT,
    'jmap': PROTOCOL | {'dsn', 'mail', 'query', 'sieve', 'trust/sender'},
    'config': TEXT | {'io', 'trust/login'},
    'process': PROCESS - {'process'} | {'mime', 'trust/sender'},
    'edge': EDGE - {'edge'},
    'role/log': PROCESS,
    'role/content': PROCESS | {'mime', 'extract', 'report', 'search', 'smime'},
    'role/rules': PROCESS | {'mime', 'sieve', 'answer'},
    'role/keys': PROCESS | {'http', 'trust/route', 'trust/sender'},
    'role/dns': PROCESS,
    'role/auth': PROCESS | {'trust/login'},
    'role/store': PROCESS | {'mime', 'search', 'dsn', 'store', 'account', 'directory', 'queue', 'ledger', 'trace'},
    'role/relay': PROCESS | {'mime', 'dsn', 'smtp', 'http', 'report', 'trust/route'},
    'role/relay/report': PROCESS | {'extract', 'mime', 'report', 'http', 'trust/sender', 'role/relay'},
    'role/relay/submit': PROCESS | {'mime', 'dsn', 'smtp', 'trust/sender', 'role/relay'},
    'role/relay/notify': PROCESS | {'mime', 'dsn', 'smtp', 'trust/route', 'role/relay'},
    'role/smtp': EDGE | {'dsn', 'report', 'smtp', 'trust/route', 'trust/sender'},
    'role/pop3': EDGE | {'pop3'},
    'role/imap': EDGE | {'imap'},
    'role/web': EDGE | {'http', 'jmap', 'sieve'},
    'role/managesieve': EDGE | {'managesieve', 'sieve'},
    'role/web': EDGE | {'http', 'jmap', 'sieve'},
}
TOP = {'master', 'cli'}  # may include every folder, but the roles only as said below
# The process table names each role; the command line opens a data folder itself while no server runs.
ROLES_FROM = {'master/roles.c': re.compile('role/.*'), 'cli': re.compile('role/store')}
LIBRARIES = {  # header -> folders that may include it
    r'lmdb\.h': {'store'},
    r'zstd\.h': {'http', 'store'},
    r'xxhash\.h': {'store'},
    r'event2?/.*|event\.h': {'io'},
    r'openssl/ssl\.h': {'io'},
    r'openssl/cms\.h': {'smime', 'role/keys'},
    r'unbound\.h': {'role/dns'},
    r'seccomp\.h': {'process'},
    r'unicode/.*': {'format', 'mime', 'trust/login'},
    r'idn2\.h': {'format'},
    r'llhttp\.h|nghttp2/.*': {'http'},
    r'jansson\.h': {'jmap'},
    r'qrencode\.h': {'role/web'},
    r'expat\.h': {'extract'},
    r'zlib\.h': {'extract', 'http', 'io'},
}


def may_include(path, folder, target):
    if folder == target or (folder == 'role/relay' and target in ('role/relay/notify', 'role/relay/report', 'role/relay/submit')):
        return True
    if folder in TOP:
        rule = ROLES_FROM.get(path, ROLES_FROM.get(folder))
        return not target.startswith('role/') or bool(rule and rule.fullmatch(target))
    return target in ALLOWED.get(folder, set())


def main():
    root = pathlib.Path(__file__).resolve().parent.parent / 'src'
    wrong = []
    files = sorted(root.rglob('*.[ch]'))
    for file in files:
        path = str(file.relative_to(root))
        folder = str(file.parent.relative_to(root))
        if folder not in ALLOWED and folder not in TOP:
            wrong.append(f'{path}: test/layers.py does not know the folder {folder}')
        lines = file.read_text().splitlines()
        for number, line in enumerate(lines, 1):
            own = re.match(r'#include "([^"]+)"', line)
            system = re.match(r'#include <([^>]+)>', line)
            if own:
                target = own.group(1).rpartition('/')[0]
                if not target:
                    wrong.append(f'{path}:{number}: include with the folder: {line}')
                elif not may_include(path, folder, target):
                    wrong.append(f'{path}:{number}: {folder} may not include {own.group(1)}')
            if system:
                for pattern, folders in LIBRARIES.items():
                    if re.fullmatch(pattern, system.group(1)) and folder not in folders:
                        wrong.append(f'{path}:{number}: {folder} may not include <{system.group(1)}>')
        if len(lines) > 700:
            wrong.append(f'{path}: more than 700 lines: split it by concept')
    wrong += circles.problems({str(file.relative_to(root)): file.read_text() for file in files})
    print('\n'.join(wrong) if wrong else f'layers: {len(files)} files, all includes point one way, no new circles')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())

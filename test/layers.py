#!/usr/bin/env python3
"""Includes point one way: daemon -> protocols -> account, queue, filter, trust -> store -> format, io -> base.

Protocols never include one another, only src/io includes the event and TLS libraries, only src/store the index's.
"""
import pathlib
import re
import sys

ALLOWED = {
    'base': set(),
    'io': {'base'},
    'format': {'base'},
    'store': {'base', 'format', 'io'},
    'trust': {'base', 'format'},
    'account': {'base', 'format', 'store'},
    'queue': {'base', 'format', 'store'},
    'filter': {'base', 'format'},
    'smtp': {'base', 'format', 'account', 'queue', 'trust'},
    'pop3': {'base', 'format', 'account', 'trust'},
    'http': {'base', 'format'},
}
LIBRARIES = {  # header -> folders that may include it
    r'lmdb\.h': {'store'},
    r'zstd\.h': {'store'},
    r'xxhash\.h': {'store'},
    r'event2?/.*|event\.h': {'io'},
    r'openssl/ssl\.h': {'io'},
    r'unbound\.h': {'daemon'},
    r'confuse\.h': {'daemon'},
    r'seccomp\.h': {'daemon'},
    r'unicode/.*': {'format', 'trust'},
    r'idn2\.h': {'format'},
    r'http_parser\.h': {'http'},
}


def main():
    root = pathlib.Path(__file__).resolve().parent.parent / 'src'
    wrong = []
    files = sorted(root.rglob('*.[ch]'))
    for path in files:
        folder = path.relative_to(root).parts[0]
        for number, line in enumerate(path.read_text().splitlines(), 1):
            own = re.match(r'#include "([^"]+)"', line)
            system = re.match(r'#include <([^>]+)>', line)
            if own:
                target = own.group(1).split('/')[0]
                if '/' not in own.group(1):
                    wrong.append(f'{path}:{number}: include with the folder: {line}')
                elif folder != 'daemon' and target != folder and target not in ALLOWED.get(folder, set()):
                    wrong.append(f'{path}:{number}: {folder} may not include {target}')
            if system:
                for pattern, folders in LIBRARIES.items():
                    if re.fullmatch(pattern, system.group(1)) and folder not in folders:
                        wrong.append(f'{path}:{number}: {folder} may not include <{system.group(1)}>')
        if len(path.read_text().splitlines()) > 720:
            wrong.append(f'{path}: more than 720 lines: split it by concept')
    print('\n'.join(wrong) if wrong else f'layers: {len(files)} files, all includes point one way')
    return 1 if wrong else 0


sys.exit(main())

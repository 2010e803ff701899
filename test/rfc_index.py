#!/usr/bin/env python3
"""doc/rfc.md against the source: every RFC that src/ names stands in the table, every file that the table names exists.

Understands "RFC 5321", "RFC4013" and simple lists: "RFC 1939, 2449 and 5034".
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
NAMED = re.compile(r'\bRFC ?(\d{3,5})((?:(?:, and |, | and )\d{4}\b)*)')
ROW = re.compile(r'\| (\d{3,5}) \|')


def named(text):
    """The numbers of the RFCs that a text names."""
    found = set()
    # A list may go on behind a line's end, as comments do.
    for match in NAMED.finditer(re.sub(r'\n\s*(\*|//)?\s*', ' ', text)):
        found.add(int(match.group(1)))
        found.update(int(number) for number in re.findall(r'\d{4}', match.group(2)))
    return found


def main():
    wrong = []
    places = {}
    for path in sorted((ROOT / 'src').rglob('*.[ch]')):
        for number in named(path.read_text()):
            places.setdefault(number, path.relative_to(ROOT))
    rows = [line for line in (ROOT / 'doc/rfc.md').read_text().splitlines() if ROW.match(line)]
    listed = [int(ROW.match(row).group(1)) for row in rows]
    for number in sorted(set(places) - set(listed)):
        wrong.append(f'{places[number]}: RFC {number} is not in doc/rfc.md')
    if listed != sorted(set(listed)):
        wrong.append('doc/rfc.md: the rows are not in order, or one stands twice')
    for row in rows:
        if len(row.split('|')) != 7:
            wrong.append(f'doc/rfc.md: not five columns: {row}')
        for name in re.findall(r'`((?:src|test|doc)/[^`]+)`', row):
            if not (ROOT / name).exists():
                wrong.append(f'doc/rfc.md: there is no file {name}')
    print('\n'.join(wrong) if wrong else f'rfc index: {len(rows)} RFCs, {len(places)} named in the source')
    return 1 if wrong else 0


sys.exit(main())

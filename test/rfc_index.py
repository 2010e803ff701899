#!/usr/bin/env python3
"""doc/rfc.md against the source.

Every RFC that src/ names has an entry in the list of all, in order; of the RFCs that have a table of their own, every section that src/
names as "RFC 5321 section 4.5.3.2" has a row, in order, and one of the files of each row says so; every file that the page names exists. Understands "RFC 5321", "RFC4013" and
simple lists: "RFC 1939, 2449 and 5034", "RFC 2045 sections 6.7 and 6.8".
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
NAMED = re.compile(r'\bRFC ?(\d{3,5})((?:(?:, and |, | and )\d{4}\b)*)')
SECTION = re.compile(r'\bRFC ?(\d{3,5}),? sections? (\d+(?:\.\d+)*)((?:(?:, and |, | and )\d+(?:\.\d+)+)*)')
ENTRY = re.compile(r'- \*\*RFC (\d{3,5})\*\*: ')
TABLE = re.compile(r'^## RFC (\d{3,5}): .*?\n\n\| section \|.*?\n\|[-|]+\n((?:\|.*\n)+)', re.M)


def flat(text):
    """A list may go on behind a line's end, as comments do."""
    return re.sub(r'\n\s*(\*|//)?\s*', ' ', text)


def named(text):
    """The numbers of the RFCs that a text names."""
    found = set()
    for match in NAMED.finditer(text):
        found.add(int(match.group(1)))
        found.update(int(number) for number in re.findall(r'\d{4}', match.group(2)))
    return found


def sections(text):
    """Pairs of an RFC and one of its sections, as a text names them."""
    for match in SECTION.finditer(text):
        yield int(match.group(1)), match.group(2)
        for section in re.findall(r'\d+(?:\.\d+)+', match.group(3)):
            yield int(match.group(1)), section


def main():
    wrong = []
    places, parts, first = {}, {}, {}
    page = (ROOT / 'doc/rfc.md').read_text()
    for path in sorted((ROOT / 'src').rglob('*.[ch]')):
        text = flat(path.read_text())
        for number in named(text):
            places.setdefault(number, path.relative_to(ROOT))
        name = str(path.relative_to(ROOT))
        parts[name] = set(sections(text))
        for part in parts[name]:
            first.setdefault(part, name)
    listed = [int(match.group(1)) for match in map(ENTRY.match, page.splitlines()) if match]
    for number in sorted(set(places) - set(listed)):
        wrong.append(f'{places[number]}: RFC {number} is not in the list of doc/rfc.md')
    if listed != sorted(set(listed)):
        wrong.append('doc/rfc.md: the list is not in order, or an RFC stands twice')
    count = 0
    for number, table in TABLE.findall(page):
        rows = [row.strip('|').split('|')[0].strip() for row in table.splitlines()]
        count += len(rows)
        keys = [[int(step) for step in row.split('.')] for row in rows]
        if any(a >= b for a, b in zip(keys, keys[1:])):
            wrong.append(f'doc/rfc.md: the sections of RFC {number} are not in order, or one stands twice')
        for row in table.splitlines():
            section, files = row.strip('|').split('|')[0].strip(), re.findall(r'`(src/[^`]+)`', row)
            if files and not any((int(number), section) in parts.get(name, ()) for name in files):
                wrong.append(f'doc/rfc.md: none of {" ".join(files)} says "RFC {number} section {section}"')
        for (rfc, section), path in sorted(first.items()):
            if rfc == int(number) and section not in rows:
                wrong.append(f'{path}: RFC {rfc} section {section} is not in the table of doc/rfc.md')
    if count == 0:
        wrong.append('doc/rfc.md: no table of sections was found')
    for name in re.findall(r'`((?:src|test|doc)/[^`]+)`', page):
        if not (ROOT / name).exists():
            wrong.append(f'doc/rfc.md: there is no file {name}')
    print('\n'.join(wrong) if wrong else f'rfc index: {len(listed)} RFCs, {count} sections; {len(places)} and {len(first)} named in the source')
    return 1 if wrong else 0


sys.exit(main())

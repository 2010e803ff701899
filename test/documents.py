#!/usr/bin/env python3
"""The documents against the tree: every file of ours that one names exists, every link leads somewhere, no line is longer than 140 columns.

A name without a folder (`dane.c`) stands for a file of that name in src/ or test/.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LINE_MAX = 140
SPAN = re.compile(r'`([A-Za-z0-9_/.*\[\]-]+)`')
LINK = re.compile(r'\]\(([^)#:\s]*)(?:#([^)\s]+))?\)')
OURS = ('src/', 'test/', 'doc/', 'data/', 'scripts/')
# Names with a hole that a reader fills, and files of a data folder or of the reader's own.
MADE = {'test/fuzz/fuzz_NAME.c', 'test/fuzz/corpus/NAME', 'src/role/NAME', 'test/frames/ROLE', 'src/cli/cli_NAME.c', 'data/'}


# The rows of doc/ipc.md that test/ipc_index.py reads: a message, its number, the two roles, its fields; and those of doc/log.md that
# test/log_index.py reads: an event, its levels, its fields.
MESSAGE = re.compile(r'\| [a-z0-9-]+ (\d+ \||\| (debug|info|warning|error)\b)')


def headings(text):
    """The anchors of a page, as the usual renderers make them."""
    found = set()
    for line in text.splitlines():
        if line.startswith('#'):
            title = re.sub(r'[`*]', '', line.lstrip('#').strip().lower())
            found.add(re.sub(r'[^\w\- ]', '', title).replace(' ', '-'))
    return found


def exists(name):
    """A path, with `*` for any characters and `[ch]` for the header and the source."""
    return all(any(ROOT.glob(one)) for one in ([name.replace('[ch]', c) for c in 'ch'] if '[ch]' in name else [name]))


def check_names(page, text, sources):
    for name in SPAN.findall(text):
        if name in MADE:
            continue
        if name.startswith(OURS) and not exists(name.rstrip('/')) and not exists(name + '.c'):
            yield f'{page}: there is no {name}'
        elif '/' not in name and '*' not in name and re.search(r'\w\.(c|h|\[ch\])$', name):
            count = sources.count(name.replace('[ch]', 'c'))
            if count == 0:
                yield f'{page}: neither src/ nor test/ has a file {name}'


def check_links(page, text, path):
    for target, anchor in LINK.findall(text):
        file = (path.parent / target) if target else path
        if not file.exists():
            yield f'{page}: the link to {target} leads nowhere'
        elif anchor and file.suffix == '.md' and anchor not in headings(file.read_text()):
            yield f'{page}: {target or page} has no section {anchor}'


def main():
    sources = [path.name for folder in ('src', 'test') for path in (ROOT / folder).rglob('*.[ch]')]
    pages = sorted((ROOT / 'doc').glob('*.md')) + [ROOT / 'README.md', ROOT / 'CONTRIBUTING.md', ROOT / 'test/talk/README.md']
    wrong = []
    for path in pages:
        page, text = str(path.relative_to(ROOT)), path.read_text()
        prose = re.sub(r'(?ms)^```.*?^```', '', text)
        wrong += check_names(page, prose, sources)
        wrong += check_links(page, prose, path)
        wrong += [f'{page}:{number}: longer than {LINE_MAX} columns'
                  for number, line in enumerate(text.splitlines(), 1) if len(line) > LINE_MAX and not MESSAGE.match(line)]
    print('\n'.join(wrong) if wrong else f'documents: {len(pages)} pages, all names and links lead somewhere')
    return 1 if wrong else 0


sys.exit(main())

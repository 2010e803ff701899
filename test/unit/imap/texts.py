#!/usr/bin/env python3
"""src/imap/imap_texts.c against the sources: each text that a session says to people is in the table, and each text of the table is said.

What BAD explains is not asked for: that is English, behind a general text.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
TABLE = ROOT / 'src/imap/imap_texts.c'
STRING = r'"((?:[^"\\]|\\.)*)"'
# The functions that say something, and which of their literals are texts: those with a blank in them, or the last one.
CALL = re.compile(r'\b(imap_(?:ok|no|bye|no_error|put_text|put_note|appending_refuse)|put_code)\(((?:[^()"]|"(?:[^"\\]|\\.)*"|\((?:[^()"]|"(?:[^"\\]|\\.)*"|\([^()]*\))*\))*)\)')
# Texts that reach these from tables and variables.
BESIDE = [('src/imap/imap_login.c', r'\[LOGIN_\w+\] = \{' + STRING + r', ' + STRING, 2),
          ('src/imap/imap_command.c', r'\{E\w+, ' + STRING + r',\s*' + STRING, 2),
          ('src/imap/imap_command.c', r'\*about = ' + STRING, 1),
          ('src/imap/imap_annotation.c', r'\*text = ' + STRING, 1)]
CODED = re.compile(r'"(?:NO )?\[(?:LIMIT|UNAVAILABLE|TOOBIG|CANNOT)\] ' + STRING[1:])
MACROS = {'COMPARATOR': 'i;unicode-casemap'}


def joined(text):
    """Comments are left out, macros that stand in texts are put in, and literals side by side are one."""
    text = re.sub(r'/\*.*?\*/', ' ', text, flags=re.S)
    for name, value in MACROS.items():
        text = re.sub(r'(" ?)\b' + name + r'\b', rf'\1"{value}"', text)
    return re.sub(r'"\s+"', '', text).replace('""i;', 'i;')


def is_text(literal):
    return re.match(r'[A-Za-z%]', literal) and re.search(r'[a-z]', literal) and not re.match(r'[A-Z][A-Z-]+ [(%A-Z]', literal)


def main():
    rows = re.findall(r'^    \{\{' + STRING, TABLE.read_text(), re.M)
    said = {}
    for path in [*sorted((ROOT / 'src/imap').glob('*.c')), ROOT / 'src/role/imap/role_imap.c']:
        if path == TABLE:
            continue
        text = joined(path.read_text())
        for name, arguments in CALL.findall(text):
            for literal in re.findall(STRING, arguments):
                if is_text(literal):
                    said.setdefault(literal, path.name)
        for literal in CODED.findall(text):
            said.setdefault(literal, path.name)
        for name, pattern, group in BESIDE:
            if str(path).endswith(name):
                for match in re.finditer(pattern, text):
                    said.setdefault(match.group(group), path.name)
    wrong = [f'{place}: "{text}" is not in imap_texts.c' for text, place in said.items() if text not in rows]
    general = {'the command is wrong'}
    wrong += [f'imap_texts.c: nobody says "{text}"' for text in rows if text not in said and text not in general]
    print('\n'.join(wrong) if wrong else f'texts: {len(rows)} texts, {len(said)} are said')
    return 1 if wrong or len(said) < 100 else 0


if __name__ == '__main__':
    sys.exit(main())

#!/usr/bin/env python3
"""The pages of role web: each sentence that one says stands in the tables of its languages, once, and each row is complete.

Looked at are the sentences in web_text(), titles and links of pages, refusals, and what auth says of passwords and names.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
WEB = ROOT / 'src/role/web'
LANGUAGES = 8
STRING = r'"(?:[^"\\]|\\.)*"'
TEXT = rf'{STRING}(?:\s*{STRING})*'
ROW = re.compile(rf'^    \{{((?:{TEXT}|[\s,])*)\}},$', re.M)
# Who says what: the files, and where a sentence stands in them.
SAID = [
    ('src/role/web/*.c', rf'web_text\(\s*\w+,\s*(?:[^"()]*[?]\s*)?({TEXT})(?:\s*:\s*({TEXT}))?'),
    ('src/role/web/*.c', rf'web_html_begin\(\s*&?\w+,\s*\w+,\s*(?:[^"()]*[?]\s*)?({TEXT})'),
    ('src/role/web/web_auth*.c', rf'put_link\(\s*&out,\s*in,\s*{STRING},\s*({TEXT})'),
    ('src/role/web/web_auth_account.c', rf'(?:\bput|put_tag)\(out, in, ({TEXT})'),
    ('src/role/web/web_auth_account.c', rf'begin_section\(out, in, {STRING}, ({TEXT})'),
    ('src/role/web/web_auth_account.c', rf'put_button\(out, in, {STRING},[^"]*?({TEXT}),\s*({TEXT}|NULL)'),
    ('src/role/web/web_config_text.c', rf'put_row\(\s*out,\s*c,\s*in,\s*{STRING},\s*({TEXT})'),
    ('src/role/web/web_auth.c', rf'\brefuse\(e, \d+, ({TEXT})'),
    ('src/role/web/web_auth.c', rf'\[SIGN_\w+\] = \{{\d+,\s*"\w+",\s*({TEXT})'),
    ('src/role/auth/auth_sign*.c', rf'SIGN_(?:WEAK|INVALID), ({TEXT})'),
    ('src/trust/login/strength.c', rf'(?:return|\[[A-Z_]+\] =) ({TEXT})[,;]'),
]
# What no person ever sees: answers to programs that ask wrongly.
PROGRAMS = {'the question has other fields', 'there is no such end', ''}


def value(text):
    return ''.join(part[1:-1] for part in re.findall(STRING, text))


def main():
    wrong, known = [], set()
    for path in sorted(WEB.glob('web_texts*.c')):
        for row in ROW.finditer(path.read_text()):
            texts = [value(text) for text in re.findall(TEXT, row.group(1))]
            if len(texts) != LANGUAGES or not all(texts):
                wrong.append(f'{path.name}: {texts[0]!r} has {len(texts)} texts, and {LANGUAGES} languages')
            if texts[0] in known:
                wrong.append(f'{path.name}: {texts[0]!r} stands in the tables twice')
            known.add(texts[0])
    said = 0
    for files, pattern in SAID:
        for path in sorted(ROOT.glob(files)):
            for found in re.finditer(pattern, path.read_text()):
                for sentence in {value(text) for text in found.groups() if text} - PROGRAMS:
                    said += 1
                    if sentence not in known:
                        wrong.append(f'{path.relative_to(ROOT)}: {sentence!r} is said in English alone')
    if said < 100:
        wrong.append(f'only {said} sentences were found: this test no longer reads the sources rightly')
    print('\n'.join(wrong) or f'{said} sentences, {len(known)} texts in {LANGUAGES} languages')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())

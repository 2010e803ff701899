#!/usr/bin/env python3
"""doc/log.md against the source: every event that a line of the log may have stands in the table with its levels and fields, and nothing else does. With --write: writes levels and fields anew, and adds events with "?" for their meaning."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / 'doc/log.md'
ROW = re.compile(r'^\| ([a-z0-9-]+) \| ([a-z, ]+) \| ([^|]*) \| ([^|]*) \|$', re.M)
LEVEL = r'LOG_(DEBUG|INFO|WARNING|ERROR)'
# Events whose names are not literals of the call: file, and how a name stands there (with its level, if that differs).
NAMED = {
    'src/role/store/store_queue_notes.c': rf'\{{"([a-z-]+)", {LEVEL}, TRACE_',
    'src/role/keys/signing_work.c': r'\[SIGNING_\w+\] = \{"([a-z-]+)"',
    'src/process/link.c': r'refuse\(link, frame, "([a-z-]+)"\)',
    'src/role/relay/notify/relay_notify.c': r'log_notice\([^"]*"([a-z-]+)"',
}
EVERYWHERE = {r'login_event = "([a-z0-9-]+)"': 'info', r'login_failed_event = "([a-z0-9-]+)"': 'warning', r'right_break\(\s*[^,]+,\s*"([a-z-]+)"': 'error',
              r'question_break\(\s*[^,]+,\s*"([a-z-]+)"': 'error', r'"(script-(?:put-active|put|active|removed|renamed))"': 'info'}
LOGIN = ['client', 'reason', 'address']


# Files whose fields are gathered before the call: they stand anywhere in the file.
GATHERED = {'src/role/store/store_queue_notes.c': r'(?:add_text\(&f, |log_(?:string|i64|u64)\()"(\w+)"',
            'src/role/smtp/smtp_upload.c': r'log_(?:text|string)\("(\w+)"', 'src/edge/login.c': r'log_(?:text|string)\("(\w+)"'}
LEVELS = {'smtp-kept': ['info'], 'smtp-not-kept': ['warning']}


def calls(text):
    for match in re.finditer(r'\blog_(?:event|record|fields)\(', text):
        depth, at = 1, match.end()
        while depth:
            if text[at] == '"':
                at += 1
                while text[at] != '"':
                    at += 2 if text[at] == '\\' else 1
            depth += (text[at] == '(') - (text[at] == ')')
            at += 1
        yield text[match.end():at - 1]


def fields_of(body):
    found = re.findall(r'\blog_(?:text|string|u64|i64)\(\s*(?:[^",]*\?\s*)?"(\w+)"', body)
    return found + ['error'] * ('log_errno(' in body) + ['result'] * ('log_result(' in body)


def events():
    """Event -> its levels, its fields."""
    found = {}

    def note(name, levels, fields):
        old = found.setdefault(name, (set(), []))
        old[0].update(level.lower() for level in levels)
        old[1].extend(field for field in fields if field not in old[1])

    for path in sorted((ROOT / 'src').rglob('*.c')):
        text = re.sub(r'/\*.*?\*/', '', path.read_text(), flags=re.S)
        for pattern, level in EVERYWHERE.items():
            for name in re.findall(pattern, text):
                note(name, [level], LOGIN if 'login' in pattern else ['account', 'by', 'script', 'name', 'to'] if 'script' in pattern else ['account'])
        named = NAMED.get(str(path.relative_to(ROOT)))
        for body in calls(text):
            head = re.split(r'\blog_(?:text|string|u64|i64|errno|result)\(|\bfields\b', body)[0]
            levels, fields = re.findall(LEVEL, head), fields_of(body)
            if not fields and str(path.relative_to(ROOT)) in GATHERED:
                fields = list(dict.fromkeys(re.findall(GATHERED[str(path.relative_to(ROOT))], text)))
            names = re.findall(r'"([a-z][a-z0-9-]*)"', head)
            if not names and named:
                for match in re.finditer(named, text):
                    note(match.group(1), match.groups()[1:] or levels, fields)
            for name in names:
                note(name, LEVELS.get(name, levels), fields)
    return found


def queued_mail():
    """The fields of every line on queued mail: any of them may be left out."""
    name = 'src/role/store/store_queue_notes.c'
    return list(dict.fromkeys(re.findall(GATHERED[name], (ROOT / name).read_text())))


def row(name, levels, fields, meaning):
    if set(queued_mail()) <= set(fields):
        fields = [field for field in fields if field not in queued_mail()] + ['those of queued mail']
    order = [level for level in ('debug', 'info', 'warning', 'error') if level in levels]
    return f'| {name} | {", ".join(order)} | {", ".join(fields)} | {meaning} |'


def main():
    found, text = events(), PAGE.read_text()
    if '--write' in sys.argv:
        meanings = {name: meaning for name, _, _, meaning in ROW.findall(text)}
        table = '\n'.join(row(name, *found[name], meanings.get(name, '?')) for name in sorted(found))
        begin = text.index('| event | level |')
        end = re.search(r'\n\n|\n?\Z', text[begin:]).start() + begin
        PAGE.write_text(text[:begin] + '| event | level | fields | what it means |\n|---|---|---|---|\n' + table + text[end:])
        return 0
    listed = {match[0]: match for match in ROW.findall(text) if match[0] != 'event'}
    problems = [f'{name} is not listed' for name in sorted(found.keys() - listed.keys())]
    problems += [f'{name} is listed, and no line has it' for name in sorted(listed.keys() - found.keys())]
    for name in sorted(found.keys() & listed.keys()):
        expected = row(name, *found[name], listed[name][3])
        if expected != f'| {" | ".join(listed[name])} |':
            problems.append(f'{name} is now: {expected}')
        if listed[name][3].strip() in ('', '?'):
            problems.append(f'{name} has no meaning')
    section = text.split('## Fields of queued mail', 1)[-1].split('\n## ', 1)[0]
    told = [name for names in re.findall(r'^\| ([a-z, ]+) \|', section, re.M) for name in names.split(', ') if name != 'field']
    if sorted(told) != sorted(queued_mail()):
        problems.append(f'the fields of queued mail are now: {", ".join(queued_mail())}')
    for problem in problems:
        print(f'doc/log.md: {problem}')
    if not problems:
        print(f'log index: {len(found)} events')
    return bool(problems)


if __name__ == '__main__':
    sys.exit(main())

#!/usr/bin/env python3
"""doc/ipc.md against the source: every message of src/process/messages_*.c stands in a table with its number, senders, receivers and
fields, and nothing else does."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
ROLES = set(re.findall(r'X\(ROLE_\w+, \d+, "(\w+)"\)', (ROOT / 'src/process/message.h').read_text()))
GROUPS = {'edges': {'smtp', 'pop3', 'imap'}, 'all': ROLES - {'master', 'admin'}, 'role': ROLES - {'master', 'admin'}}
ROW = re.compile(r'^\| ([a-z0-9-]+) (\d+) \|([^|]*)\|([^|]*)\|', re.M)


def numbers(common, header):
    """The enums of the pairs: name -> number. `common` has the first number of each pair."""
    first = {name: int(number) for name, number in re.findall(r'(MESSAGES_\w+) = (\d+)', common)}
    found, last = {}, -1
    for body in re.findall(r'enum messages_\w+ \{(.*?)\};', header, re.S):
        for name, pair, more in re.findall(r'(MESSAGE_\w+)(?: = (MESSAGES_\w+)(?: \+ (\d+))?)?', re.sub(r'/\*.*?\*/', '', body, flags=re.S)):
            last = first[pair] + int(more or 0) if pair else last + 1
            found[name] = last
    return found


def numbers_of_vocabulary(word, header):
    """The enum of what can be asked of an account: of its mail (mail.h), of its emails (mail_email.h), of its scripts (script.h), of out of office (vacation.h)."""
    found, last = {}, -1
    body = re.search(rf'enum {word.lower()}_type \{{(.*?)\}};', header, re.S).group(1)
    for name, number in re.findall(rf'({word}_\w+)(?: = (\d+))?', re.sub(r'/\*.*?\*/', '', body, flags=re.S)):
        last = int(number) if number else last + 1
        found[name] = last
    del found[f'{word}_TYPES_END']
    return found


def roles_of_table(text):
    found = set()
    for word in re.findall(r'\w+', text):
        found |= GROUPS['all'] if word == 'EVERYBODY' else GROUPS['edges'] if word == 'EDGES' else {word.removeprefix('ROLE_').lower()}
    return found


def roles_of_page(text):
    found = set()
    for word in re.findall(r'\w+', text):
        if word not in ('and', 'or'):
            found |= GROUPS.get(word, {word})
    return found


def fields(source):
    """Struct -> the names of its fields."""
    found = {}
    for body in re.split(r'^SCHEMA\(', source, flags=re.M)[1:]:
        body = body.split(');')[0]
        struct = re.match(r'\s*(\w+)', body).group(1)
        found[struct] = [(name, element) for name, element in
                         re.findall(rf'FIELD_\w+\(\s*{struct},\s*(\w+)(?:,[^,()]*,\s*&(\w+)_schema)?', body)]
    return found


def page(text):
    """Message -> (number, senders, receivers, what is said of its fields)."""
    found = {}
    for name, number, ways, rest in ROW.findall(text):
        ways = ways.strip()
        if ways == 'role to master':
            way = roles_of_page('role'), {'master'}
        elif ',' not in ways:
            way = {'master'}, roles_of_page(ways)
        else:
            pairs = [pair.split(',') for pair in ways.split(';')]
            # "edges, relay, keys": the last one receives.
            way = (set().union(*(roles_of_page(' '.join(pair[:-1])) for pair in pairs)),
                   set().union(*(roles_of_page(pair[-1]) for pair in pairs)))
        found[name] = (int(number), *way, rest)
    return found


def main():
    folder = ROOT / 'src/process'
    source, header = (''.join(file.read_text() for file in sorted(folder.glob('messages*' + suffix))) for suffix in ('.c', '.h'))
    known = numbers((folder / 'message.h').read_text(), header)
    for word, file in (('MAIL', 'mail'), ('EMAIL', 'mail_email'), ('SCRIPT', 'script'), ('VACATION', 'vacation'), ('SUBMISSION', 'submission'), ('IDENTITY', 'identity'), ('PUSH', 'push'), ('HISTORY', 'mail_history'), ('TRACING', 'mail_trace'), ('MASKED', 'masked'), ('SHARING', 'sharing'), ('FILE_LINK', 'file_link')):
        known |= numbers_of_vocabulary(word, (ROOT / f'src/mail/{file}.h').read_text())
    structs, said, wrong = fields(source), page((ROOT / 'doc/ipc.md').read_text()), []
    rows = re.findall(r'\[((?:MESSAGE|MAIL|EMAIL|SCRIPT|VACATION|SUBMISSION|IDENTITY|PUSH|HISTORY|TRACING|MASKED|SHARING|FILE_LINK)_\w+) - MESSAGES_\w+\] = \{"([\w-]+)", ([^,]+), ([^,]+), &(\w+)_schema(?:, (\w+))?(?:, \.also = \{([^,]+), ([^}]+)\})?\}', source)
    wrong += [f'{kind} has no row' for kind in sorted(known.keys() - {row[0] for row in rows})]
    for kind, name, senders, receivers, struct, _, also_from, also_to in rows:
        senders, receivers = f'{senders} | {also_from}', f'{receivers} | {also_to}'
        if name not in said:
            wrong.append(f'{name} {known[kind]} is not in doc/ipc.md')
            continue
        number, by, to, text = said.pop(name)
        if number != known[kind]:
            wrong.append(f'{name} has the number {known[kind]}, not {number}')
        for what, true, told in (('sent by', roles_of_table(senders), by), ('sent to', roles_of_table(receivers), to)):
            if true != told:
                wrong.append(f'{name} is {what} {", ".join(sorted(true))}; the page says {", ".join(sorted(told))}')
        for field, _ in structs[struct]:
            if struct != 'message_empty' and not re.search(rf'\b{field}\b', text):
                wrong.append(f'{name}: the field {field} is not named')
    wrong += [f'{name} is no message any more' for name in said]
    for line in wrong:
        print(f'doc/ipc.md: {line}')
    if not wrong:
        print(f'ipc index: {len(rows)} messages')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())

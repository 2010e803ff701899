"""Circles of files: a unit (a .c file with its own header) that uses another, which uses the first one in the end.

A unit uses another when it names a function or a variable that the other one defines, and that a header which it includes declares.
Types, macros and inline functions make no circle: they are headers' own. A circle can only be understood, tested and changed as a whole.
So none may come up but these, each one module in several files behind one header.
"""
import collections
import re
import sys

TRUE = {
    'account change': ({'account/change', 'account/keywords'}, 'a change writes at its end how often its messages use each keyword'),
    'io/tls': ({'io/tls', 'io/tls_client'}, 'a context of either kind, one count of its users'),
    'smtp client': ({'smtp/smtp_client' + name for name in ('', '_body', '_hello', '_login', '_transaction')},
                    'one machine, a file for each stage'),
    'embedded store': ({'store/embedded'} | {'store/embedded_' + name for name in ('check', 'commit', 'log', 'read', 'rebuild', 'trouble', 'upload')},
                       'one engine: the committer, its log and its index'),
    'mime': ({'mime/mime', 'mime/mime_header'}, 'one parser; a header that ends too early hands its lines back'),
    'right': ({'role/store/right' + name for name in ('', '_access', '_account', '_acl', '_across', '_act', '_annotations', '_append', '_appended', '_changes', '_copy', '_email_changes', '_email_find', '_email_first', '_email_import', '_email_set', '_email_table', '_emails', '_file', '_file_link', '_expunge', '_fetch', '_find', '_find_newest', '_find_places', '_import', '_kept', '_keywords',
                                                      '_mailboxes', '_maildrop', '_metadata', '_noted', '_open_mailbox', '_push', '_quota', '_read', '_read_parts', '_receipt', '_remove', '_script_put', '_script_filed', '_script_note', '_script_try', '_scripts', '_show', '_submission', '_submissions', '_identity', '_states', '_store', '_threads', '_tree', '_upload', '_vacation', '_history', '_trace', '_masked', '_principals', '_share_notes', '_sharing', '_smime',
                                                      '_watch', '_admin')} | {'role/store/question'},
              'the channel of one account, a file for each thing that it may do'),
    'sasl': ({'trust/login/sasl' + name for name in ('', '_cram_md5', '_login', '_plain', '_scram')}, 'a table of mechanisms, and its rows'),
}
# What is still to be taken apart.
YET = [{'role/smtp/smtp_hooks', 'role/smtp/smtp_recipient', 'role/smtp/smtp_upload'}]

# At the beginning of a line, without `static`: NAME(, NAME =, NAME[...] or NAME;
DEFINED = re.compile(r'^(?!static\b|typedef\b|extern\b|return\b|else\b)(?:const |unsigned |struct |enum )*[a-z]\w*[\w \*]*?\b(\w+)(?:\(|\s*(?:\[[^\]]*\])*\s*(?:=|;))',
                     re.M)
INCLUDED = re.compile(r'^#include "([^"]+)"', re.M)


def without_comments(text):
    text = re.sub(r'/\*.*?\*/|//[^\n]*', ' ', text, flags=re.S)
    return re.sub(r'"(?:\\.|[^"\\\n])*"', '""', text)


def declared_in(header):
    """Names before an opening parenthesis at the outermost level, and variables."""
    flat = re.sub(r'\{[^{}]*\}', ' ', re.sub(r'\{[^{}]*\}', ' ', header))
    return set(re.findall(r'\b([a-z]\w+)\s*\(', flat)) | set(re.findall(r'^extern [^;(]*?\b(\w+)\s*(?:\[[^\]]*\])*;', flat, re.M)) | {
        name for line in re.findall(r'^\w+_handler ([^;]+);', flat, re.M) for name in re.findall(r'\w+', line)}


def edges_of(texts):
    code = {path: without_comments(text) for path, text in texts.items()}
    includes = {path: [header for header in INCLUDED.findall(text) if header in texts] for path, text in texts.items()}
    declared = {path: declared_in(text) for path, text in code.items() if path.endswith('.h')}
    defined = {name: path[:-2] for path, text in code.items() if path.endswith('.c') for name in DEFINED.findall(text) if name != 'main'}
    edges = collections.defaultdict(dict)
    for path in (path for path in code if path.endswith('.c')):
        seen, todo = set(), list(includes[path])
        while todo:
            header = todo.pop()
            if header not in seen:
                seen.add(header)
                todo += includes[header]
        visible = set().union(*(declared[header] for header in seen))
        for name in visible & set(re.findall(r'(?<![\w.>])([a-z]\w+)\b', re.sub(r'\b(?:struct|enum|union) \w+', ' ', code[path]))):
            if defined.get(name, path[:-2]) != path[:-2]:
                edges[path[:-2]].setdefault(defined[name], name)
    return edges


def circles_of(edges):
    """Tarjan's strongly connected components, of more than one unit."""
    number, low, stack, found = {}, {}, [], []

    def visit(unit):
        number[unit] = low[unit] = len(number)
        stack.append(unit)
        for other in edges.get(unit, ()):
            if other not in number:
                visit(other)
                low[unit] = min(low[unit], low[other])
            elif other in stack:
                low[unit] = min(low[unit], number[other])
        if low[unit] == number[unit]:
            at = stack.index(unit)
            if len(stack) - at > 1:
                found.append(set(stack[at:]))
            del stack[at:]

    sys.setrecursionlimit(10000)
    for unit in list(edges):
        if unit not in number:
            visit(unit)
    return found


def problems(texts):
    """texts: path below src -> text. A line for each circle that is not known."""
    edges = edges_of(texts)
    known = [units for units, _ in TRUE.values()] + YET
    wrong = []
    for circle in circles_of(edges):
        if any(circle <= units for units in known):
            continue
        uses = [f'{a} uses {b} ({name})' for a in sorted(circle) for b, name in sorted(edges[a].items()) if b in circle]
        wrong.append(f'a circle of {len(circle)} files, which only make sense together: ' + '; '.join(uses[:40]))
    return wrong

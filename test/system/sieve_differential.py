#!/usr/bin/env python3
"""Sieve against Pigeonhole (dovecot-sieve): generated scripts over generated mails. Each script holds some thirty tests, and a
flag tells of each whether it held; then actions. Where the two differ the test is told, unless the table below has a reason.

    test/system/sieve_differential.py build/test/sieve_tool [SCRIPTS [SEED]]
"""
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile

SENDER, RECIPIENT = "ann+list@example.com", "joe+news@example.org"
TESTS = 30  # in one script

REQUIRE = ('require ["fileinto", "copy", "imap4flags", "variables", "relational", "comparator-i;ascii-numeric", "envelope", "subaddress", "body", '
           '"date", "index", "encoded-character", "regex", "mime", "foreverypart"];\n')

WORDS = ["hello", "Hello", "HELLO world", "a", "b", "*", "?", "\\", "", " ", "x" * 40, "007", "42", "9", "invoice 42", "[work]", "Größe", "日本語", "ä",
         "=?utf-8?q?=C3=84nn?=", "ann", "joe", "example", "example.com", "ann@example.com", "ann+list@example.com", "list", "news", "a\tb", "1st", "-5", "+", "@"]
NAMES = ["Subject", "From", "To", "Cc", "X-A", "x-b", "Date", "Received", "X-Empty", "Sender", "Reply-To", "Missing", "Comments", "Message-ID"]
ADDRESS_NAMES = ["From", "To", "Cc", "Sender", "Reply-To", "Bcc"]
ADDRESSES = ["ann@example.com", "Ann <ann+list@example.com>", '"Doe, Jane" <jane@Example.NET>', "<joe+@example.org>", "joe (the boss) <joe@example.org>", "a.b-c@x.example",
             '"quoted name"@example.com', "team: a@example.org, b@example.org;", "=?utf-8?q?=C3=84nn?= <ann@example.com>", "ann+a+b@example.com"]
DATES = ["Mon, 6 May 2024 08:59:00 +0200", "6 May 2024 08:59 -0530", "Fri, 02 Jan 1970 00:00:00 +0000", "Fri, 31 Dec 1999 23:59:59 -0800", "no date"]


EXPRESSIONS = ["h.llo", "^a", "[a-c]+", "(a|b)*x", "ex(am)ple", "wor[lk]d?", "^$", ".*@.*[.]com$", "[[:digit:]]+", "x{2,3}", "x*", "(ann|joe)[+@]", "^[^@]*$", r"\[work\]",
               "(a)(b)?", "[]a]", "l+o w", "(list|news)$", "^([0-9]+)", "a.b"]


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def strings(r, pool, most=3):
    chosen = [r.choice(pool) for _ in range(r.randrange(1, most + 1))]
    return quoted(chosen[0]) if len(chosen) == 1 and r.random() < 0.7 else "[" + ", ".join(quoted(one) for one in chosen) + "]"


def field(r, name):
    if name in ADDRESS_NAMES:
        body = ", ".join(r.choice(ADDRESSES) for _ in range(r.randrange(1, 4)))
    elif name == "Date":
        body = r.choice(DATES)
    elif name == "Received":
        body = f"from a by b; {r.choice(DATES)}"
    elif name == "X-Empty":
        body = r.choice(["", " ", "\t"])
    else:
        body = r.choice([" ", "  ", "\r\n "]).join(r.choice(WORDS) for _ in range(r.randrange(5)))
        # A line of blanks alone, and a body that begins on the second line, are read in more than one way.
        body = re.sub(r"\r\n (?=\r\n|$)", "", body).lstrip()
    return f"{name}: {body}\r\n"


def part(r, depth):
    kind = r.choice(["text/plain", "text/plain; charset=utf-8", "text/html", "application/x-thing", "image/png"] + (["multipart/mixed", "message/rfc822"] if depth < 2 else []))
    if kind == "multipart/mixed":
        boundary = f"b{depth}{r.randrange(1000)}"
        parts = "".join(f"--{boundary}\r\n{part(r, depth + 1)}\r\n" for _ in range(r.randrange(1, 4)))
        return f'Content-Type: {kind}; boundary="{boundary}"\r\n\r\nbefore\r\n{parts}--{boundary}--\r\nbehind\r\n'
    if kind == "message/rfc822":
        return f"Content-Type: {kind}\r\n\r\nSubject: inner\r\n\r\n{r.choice(WORDS)} inner\r\n"
    return f"Content-Type: {kind}\r\n\r\n{r.choice(WORDS)} {r.choice(WORDS)}\r\n"


def mail(r):
    names = r.sample(NAMES[:-3], r.randrange(2, 9)) + r.choices(["X-A", "Received", "To"], k=r.randrange(3))
    header = "".join(field(r, name) for name in names)
    if r.random() < 0.5:
        return (header + "MIME-Version: 1.0\r\n" + part(r, 0)).encode()
    return (header + "\r\n" + "".join(r.choice(WORDS) + "\r\n" for _ in range(r.randrange(5)))).encode()


def matching(r, parts=False):
    match = r.choice(["", ":is", ":contains", ":contains", ":matches", ":matches", ":value", ":count", ":regex"])
    comparator = r.choice(["", "", 'i;ascii-casemap', 'i;octet', 'i;ascii-numeric'])
    if comparator == "i;ascii-numeric" and match in (":contains", ":matches", ":regex"):
        comparator = ""
    if match in (":value", ":count"):
        match = f'{match} "{r.choice(["eq", "ne", "gt", "ge", "lt", "le"])}"'
        comparator = "i;ascii-numeric" if match.startswith(":count") else comparator
    tags = [match, f':comparator "{comparator}"' if comparator else ""]
    if parts:
        tags.append(r.choice(["", "", ":all", ":localpart", ":domain", ":user", ":detail"]))
    r.shuffle(tags)
    return " ".join(tag for tag in tags if tag), match


def keys(r, match):
    if match.startswith(":count"):
        return strings(r, ["0", "1", "2", "3"], 2)
    if match == ":regex":
        return strings(r, EXPRESSIONS, 2)
    if match == ":matches":
        patterns = ["*", "?", "*o*", "h?llo*", "*\\**", "*ex*com", "??", "*@*", "*+*@*", "* *", "", "a*", "*[work]*", "*4?*", "*日*", "\\?"]
        return strings(r, patterns, 2)
    return strings(r, WORDS)


def index(r):
    return "" if r.random() < 0.7 else f":index {r.randrange(1, 4)}" + r.choice(["", " :last"])


def test(r, depth=0):
    kind = r.randrange(12 if depth < 2 else 10)
    tags, match = matching(r, kind in (1, 2))
    if kind == 0 and r.random() < 0.3:
        option = r.choice(["", "", ":type", ":subtype", ":contenttype", ':param "charset"', ':param ["boundary", "name"]'])
        return f"header :mime {r.choice(['', ':anychild'])} {option} {tags} {strings(r, NAMES + ['Content-Type'] * 6)} {keys(r, match)}"
    if kind == 0 or kind >= 12:
        return f"header {tags} {index(r)} {strings(r, NAMES)} {keys(r, match)}"
    if kind == 1:
        return f"address {tags} {index(r)} {strings(r, ADDRESS_NAMES)} {keys(r, match)}"
    if kind == 2:
        return f"envelope {tags} {strings(r, ['from', 'to'], 2)} {keys(r, match)}"
    if kind == 3:
        return f"exists {strings(r, NAMES)}"
    if kind == 4:
        return f"size {r.choice([':over', ':under'])} {r.choice(['0', '100', '300', '500', '1K', '1M'])}"
    if kind == 5:
        how = r.choice([":raw", ":text", ":content " + strings(r, ["", "text", "text/plain", "text/html", "multipart", "application/x-thing", "message/rfc822"], 2)])
        return f"body {tags} {how} {keys(r, match)}"
    if kind == 6:
        what = r.choice(["year", "month", "day", "date", "julian", "hour", "minute", "second", "time", "iso8601", "std11", "zone", "weekday"])
        zone = r.choice(["", ':zone "+0100"', ":originalzone", ':zone "-0530"'])
        return f'date {tags} {index(r)} {zone or ":originalzone"} {quoted(r.choice(["Date", "Received"]))} "{what}" {keys(r, match)}'
    if kind == 7:
        return f"string {tags} {strings(r, WORDS)} {keys(r, match)}"
    if kind == 8:
        return f"hasflag {tags} {keys(r, match)}"
    if kind == 9:
        return r.choice(["true", "false", f"not {test(r, depth + 1)}" if depth < 2 else "true"])
    return f"{r.choice(['allof', 'anyof'])} ({', '.join(test(r, depth + 1) for _ in range(r.randrange(1, 4)))})"


def actions(r):
    lines = []
    if r.random() < 0.3:
        lines.append(f'foreverypart {{ set "n" "${{n}}x"; if header :mime {strings(r, ["Content-Type", "Subject"], 1)} {keys(r, "")} {{ break; }} '
                     f'if header :mime :type "content-type" ["text", "multipart"] {{ set "n" "${{n}}t"; }} }} fileinto :copy "n ${{n}}";')
    for i in range(r.randrange(4)):
        tags, match = matching(r, False)
        if r.random() < 0.5:
            modifier = " ".join(r.sample([":lower", ":upperfirst", ":length", ":quotewildcard"], r.randrange(3)))
            lines.append(f'if header :matches {strings(r, NAMES, 2)} {keys(r, ":matches")} {{ set {modifier} "v" "${{1}}.${{2}}"; fileinto :copy "m{i} ${{v}}"; }}')
        else:
            lines.append(f'if {test(r)} {{ {r.choice(["discard;", "keep;", "stop;", f"""redirect "r{i}@example.com";""", f"""fileinto "f{i}";"""])} }}')
    return lines


def script(r):
    tests = [test(r) for _ in range(TESTS)]
    lines = [f'if {one} {{ setflag "v{i}" "t{i}"; addflag "all" "t{i}"; }}' for i, one in enumerate(tests)]
    last = actions(r)
    return tests, last, REQUIRE + "\n".join(lines) + '\nfileinto :copy :flags "${all}" "flags";\n' + "\n".join(last) + "\n"


# ---- Pigeonhole ----

CONFIG = """mail_uid = {user}
mail_gid = {group}
first_valid_uid = 0
first_valid_gid = 0
mail_home = {folder}/home
mail_location = maildir:{folder}/mail
ssl = no
plugin {{
  sieve_max_actions = 64
}}
"""


def set_up(folder):
    user = ("nobody", "nogroup") if os.getuid() == 0 else (os.getuid(), os.getgid())
    (folder / "home").mkdir()
    os.chmod(folder, 0o777)
    os.chmod(folder / "home", 0o777)
    (folder / "dovecot.conf").write_text(CONFIG.format(user=user[0], group=user[1], folder=folder))


def theirs(folder, script_path, mail_path):
    run = subprocess.run(["sieve-test", "-c", folder / "dovecot.conf", "-f", SENDER, "-r", RECIPIENT, "-a", RECIPIENT, script_path, mail_path], capture_output=True)
    said = run.stdout.decode(errors="replace")
    if "Performed actions:" not in said:
        return None, run.stderr.decode(errors="replace")
    done, last = [], None
    for line in said.splitlines():
        if line.startswith(" * store message in folder: "):
            last = ["store", line[len(" * store message in folder: "):], []]
        elif line.startswith(" * redirect message to: "):
            last = ["redirect", line[len(" * redirect message to: "):].strip("<>"), []]
        elif line.startswith(" * "):
            last = [line[3:], "", []]
        elif line.startswith("        + add IMAP flags: "):
            last[2] = line[len("        + add IMAP flags: "):].split()
            continue
        else:
            continue
        done.append(last)
    return normal(done), ""


def normal(done):
    """Comparable: to keep is to store in INBOX, to discard is to do nothing."""
    out = []
    for kind, target, flags in done:
        if kind in ("store", "redirect"):
            out.append((kind, " ".join(target.split()), tuple(sorted(flags))))
    return sorted(out)


def ours(line):
    if line.startswith(("errors ", "fails ")):
        return None, line
    done = []
    for one in line.split("\t") if line else []:
        kind, _, rest = one.partition(" ")
        target, _, flags = rest.partition("[") if kind != "store" else rest.rpartition("[")[0::2] and (rest.rpartition("[")[0], "[", rest.rpartition("[")[2])
        done.append(["store" if kind == "keep" else kind, "INBOX" if kind == "keep" else target.strip(), flags.rstrip("]").split()])
    return normal(done), ""


def flags_of(done):
    return {flag for kind, target, flags in done if target == "flags" for flag in flags}


# Where Pigeonhole 0.5.19, which Debian 12 has, is known to differ: what such a test looks like, and why.
REASONS = [
    (r':value "', "it orders texts of different lengths by more than their octets; later versions order them as we do"),
    (r'^(?=.*"i;ascii-numeric")(?!.*:count)', "texts without digits are equal by i;ascii-numeric (RFC 4790 section 9.1.1); it finds that they differ"),
    (r":count .*:index|:index .*:count", "it counts nothing beside :index"),
    (r":param ", "it takes a parameter that is not there for an empty one; for us it is no value"),
    (r"date .*:index", "its test date passes over :index"),
    (r"string (?!.*:comparator)", "its test string compares by i;octet where nothing is said (RFC 5228 section 2.7.3: i;ascii-casemap)"),
    (r":matches .*\?", "it takes one octet for ?; later versions take one character"),
    (r":detail .*:count|:count .*:detail", "it counts addresses without a detail; for us they are no values"),
    (r"body (?![^()]*:content)", "it finds no body where there is an empty one (RFC 5173 section 4)"),
]


# Scripts that only one of us runs to its end.
ENDS = [
    ("holds a control character", "a mailbox cannot have a control character in its name here"),
    ("assertion failed", "it panics"),
    ("invalid utf-8", "it takes one octet for ?; later versions take one character"),
]


def reason_for(one, message):
    for pattern, why in REASONS:
        if re.search(pattern, one) and ("body" not in pattern or message.partition("\r\n\r\n")[2].strip() == ""):
            return why
    return None


def compare(tests, last, message, mine, other):
    """Differences as sentences, and the reasons of those that are known."""
    told, known = [], []
    text = message.decode(errors="replace")
    for flag in sorted(flags_of(mine) ^ flags_of(other)):
        one = tests[int(flag[1:])]
        why = reason_for(one, text)
        (known if why else told).append(why or f"{'we' if flag in flags_of(mine) else 'Pigeonhole'} alone: {one}")
    rest = [[x for x in done if x[1] != "flags"] for done in (mine, other)]
    if rest[0] != rest[1]:
        why = next((why for why in (reason_for(line, text) for line in last) if why), None)
        (known if why else told).append(why or f"actions: we {rest[0]}, Pigeonhole {rest[1]}: {last}")
    return told, known


def main():
    if not shutil.which("sieve-test"):
        sys.exit(77)  # skipped: scripts/setup check installs it
    tool = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 100
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    r = random.Random(seed)
    wrong, reasons, run = 0, {}, 0
    with tempfile.TemporaryDirectory(prefix="sieve-") as name, subprocess.Popen([tool, SENDER, RECIPIENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        folder = pathlib.Path(name)
        set_up(folder)
        for i in range(count):
            tests, last, text = script(r)
            message = mail(r)
            (folder / "s.sieve").write_bytes(text.encode())
            (folder / "m.eml").write_bytes(message)
            process.stdin.write(f"{folder}/s.sieve {folder}/m.eml\n".encode())
            process.stdin.flush()
            mine, my_error = ours(process.stdout.readline().decode(errors="replace").rstrip("\n"))
            other, their_error = theirs(folder, folder / "s.sieve", folder / "m.eml")
            run += len(tests)
            if mine is None or other is None:
                why = next((why for pattern, why in ENDS if re.search(pattern, my_error + their_error)), None)
                if why:
                    reasons[why] = reasons.get(why, 0) + 1
                elif (mine is None) != (other is None):
                    wrong += 1
                    print(f"script {i}: we: {my_error or 'fine'}; Pigeonhole: {their_error.strip()[:300] or 'fine'}")
                continue
            told, known = compare(tests, last, message, mine, other)
            for why in known:
                reasons[why] = reasons.get(why, 0) + 1
            for what in told:
                wrong += 1
                print(f"script {i}: {what}\n{message.decode(errors='replace') if os.environ.get('SHOW') else ''}")
        process.stdin.close()
    for why, times in sorted(reasons.items()):
        print(f"{times} tests differ: {why}")
    print(f"{run} tests in {count} scripts (seed {seed}): {wrong} unexplained differences")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

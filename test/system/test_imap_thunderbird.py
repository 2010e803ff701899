"""Thunderbird on IMAP and submission, as its user sees it: each thing that is done in its window has arrived on the server, and what comes to the
server is told in the window. THUNDERBIRD_SHOTS=FOLDER keeps pictures of it.
"""

import email.message
import email.policy
import os
import pathlib
import shutil

import pytest

from display import Display
from imap_client import connect, contents, names, ok, quoted
from server import wait_for
from thunderbird import Thunderbird

ALICE, BOB = "alice@example.test", "bob@example.test"


@pytest.fixture(scope="module")
def window(shared, shared_folder, request):
    if not request.config.getoption("--long"):
        pytest.skip("starts a large program: --long")
    if missing := [name for name in ("thunderbird", "Xvfb") if shutil.which(name) is None]:
        pytest.skip(f"not installed: {', '.join(missing)} (scripts/setup long installs it)")
    display = Display(shared_folder)
    try:
        made = Thunderbird(display, shared_folder / "thunderbird")
        try:
            made.set_up(shared, ALICE)
            yield made
        finally:
            made.close()
    finally:
        display.close()


@pytest.fixture
def bird(window, server, request):
    """The same window for all: each test has subjects and folders of its own."""
    yield window
    if folder := os.environ.get("THUNDERBIRD_SHOTS"):
        window.display.screenshot(pathlib.Path(folder) / f"{request.node.name}.png")


def letter(subject, text="Bring the melon.\r\n", sender="Carol <carol@else.test>", attached=None):
    message = email.message.EmailMessage(policy=email.policy.SMTP)
    message["From"], message["To"], message["Subject"] = sender, ALICE, subject
    message["Message-ID"] = f"<{abs(hash(subject))}@else.test>"
    message["Date"] = "Mon, 01 Jan 2024 10:00:00 +0000"
    message.set_content(text)
    if attached:
        message.add_attachment(attached, filename="plans.txt")
    return message.as_bytes()


def arrive(bird, server, *subjects):
    """Delivers what isn't there yet, and lets the window look for it."""
    there = held(server, "INBOX")
    for subject in subjects:
        if subject not in there:
            server.deliver(ALICE, letter(subject))
    bird.run("""for (const subject of args) await until('the new mail', () => {
        if (!find(role('Inbox'), subject)) role('Inbox').getNewMessages(null, null);
        return find(role('Inbox'), subject); }, 500);""", *subjects)


def held(server, mailbox, address=ALICE):
    """{subject: flags} of a mailbox, as the server has it."""
    parse = email.message_from_bytes
    return {str(parse(body, policy=email.policy.default)["Subject"]): {flag.decode() for flag in flags}
            for body, flags in contents(server, address, [quoted(mailbox)[1:-1]])[quoted(mailbox)[1:-1]]}


def test_the_roles_of_folders_are_known(bird):
    for role, name in (("Inbox", "INBOX"), ("Drafts", "Drafts"), ("SentMail", "Sent"), ("Trash", "Trash"), ("Junk", "Junk"), ("Archive", "Archive")):
        assert bird.run("return role(args[0])?.URI ?? null", role).endswith(f"/{name}"), role


def test_new_mail_appears_by_idle(bird, server):
    """It begins to idle a while after its last command, and passes over an EXISTS in the answer to another command. So the first mail may come too
    early, and a later one is noticed; nobody asks it to look."""
    for number in range(1, 6):
        server.deliver(ALICE, letter(f"送信済み {number}"))
        if bird.run("return await until('', () => find(role('Inbox'), args[0]), 20, 5000).then(() => true, () => false)", f"送信済み {number}"):
            break
    found = bird.run("return messages(role('Inbox')).map(m => m.mime2DecodedSubject).filter(subject => subject.startsWith(args[0]))", "送信済み")
    assert found == [f"送信済み {n}" for n in range(1, number + 1)]


def read(bird, server, subject):
    bird.run("""await pick(role('Inbox'), args[0]);
        await until('the text', () => about.messageBrowser?.contentWindow?.gMessage?.mime2DecodedSubject === args[0])""", subject)
    wait_for(lambda: held(server, "INBOX")[subject] == {"\\Seen"}, what="\\Seen on the server")


def test_a_message_is_read(bird, server):
    arrive(bird, server, "Пікнік")
    assert held(server, "INBOX")["Пікнік"] == set()
    read(bird, server, "Пікнік")
    text = bird.run("return about.messageBrowser.contentWindow.getMessagePaneBrowser().contentPrincipal.spec ?? ''")
    assert text.startswith("imap"), text


def test_a_message_is_flagged_tagged_and_marked_unread(bird, server):
    arrive(bird, server, "To do")
    read(bird, server, "To do")
    bird.run("command('cmd_markAsFlagged')")
    wait_for(lambda: held(server, "INBOX")["To do"] == {"\\Seen", "\\Flagged"}, what="\\Flagged on the server")
    bird.run("command('cmd_tag1')")
    wait_for(lambda: held(server, "INBOX")["To do"] == {"\\Seen", "\\Flagged", "$label1"}, what="the tag on the server")
    bird.run("command('cmd_markAsUnread')")
    wait_for(lambda: held(server, "INBOX")["To do"] == {"\\Flagged", "$label1"}, what="no \\Seen on the server")


def test_flags_that_another_program_sets_appear(bird, server):
    arrive(bird, server, "Changed elsewhere")
    other = connect(server)
    ok(other.select())
    number = ok(other.search(None, "SUBJECT", '"Changed elsewhere"'))[0].decode()
    ok(other.store(number, "+FLAGS", "(\\Flagged $label2)"))
    other.logout()
    bird.run("""const message = find(role('Inbox'), 'Changed elsewhere');
        await until('the flag and the tag', () => message.isFlagged && message.getStringProperty('keywords').includes('$label2'))""")


def test_folders_in_any_script_are_made_and_renamed(bird, server):
    bird.run("root().createSubfolder(args[0], null); await until('the folder', () => folder(args[0]))", "Свято")
    bird.run("folder(args[0]).createSubfolder(args[1], null); await until('the folder below it', () => folder(args[0] + '/' + args[1]))", "Свято", "二〇二四年 & более")
    assert {quoted("Свято")[1:-1], quoted("Свято/二〇二四年 & более")[1:-1]} <= set(names(connect(server)))
    bird.run("folder(args[0]).rename(args[1], null); await until('the new name', () => folder(args[1] + '/二〇二四年 & более'))", "Свято", "ההודעות")
    assert quoted("ההודעות/二〇二四年 & более")[1:-1] in names(connect(server))


def test_messages_are_moved_and_copied(bird, server):
    arrive(bird, server, "One", "Two", "Three")
    bird.run("root().createSubfolder('Work', null); await until('the folder', () => folder('Work'))")
    for subject, moved in (("One", True), ("Two", False)):
        bird.run("""const message = await pick(role('Inbox'), args[0]);
            await new Promise((resolve, reject) => MailServices.copy.copyMessages(role('Inbox'), [message], folder('Work'), args[1],
                listener(resolve, reject), null, true))""", subject, moved)
    wait_for(lambda: set(held(server, "Work")) == {"One", "Two"}, what="both messages in Work")
    left = set(held(server, "INBOX"))
    assert {"Two", "Three"} <= left and "One" not in left
    bird.run("about.displayFolder(folder('Work')); await until('both messages', () => find(folder('Work'), 'One') && find(folder('Work'), 'Two'))")


def test_a_deleted_message_goes_to_the_trash_and_is_gone_when_that_is_emptied(bird, server):
    arrive(bird, server, "Old", "New")
    bird.run("await pick(role('Inbox'), 'Old'); command('cmd_delete');")
    wait_for(lambda: set(held(server, "Trash")) == {"Old"}, what="the message in the trash")
    left = set(held(server, "INBOX"))
    assert "New" in left and "Old" not in left
    bird.run("role('Trash').emptyTrash(null)")
    wait_for(lambda: held(server, "Trash") == {}, what="an empty trash")


def test_a_message_is_archived(bird, server):
    arrive(bird, server, "Keep")
    bird.run("await pick(role('Inbox'), 'Keep'); command('cmd_archive');")
    wait_for(lambda: "Keep" not in held(server, "INBOX"), what="the message out of the inbox")
    wait_for(lambda: "Archive/2024" in names(connect(server)) and "Keep" in held(server, "Archive/2024"), what="the message in the archive")


def test_a_message_is_sent_and_kept(bird, server):
    bird.run("""const fields = Cc["@mozilla.org/messengercompose/composefields;1"].createInstance(Ci.nsIMsgCompFields);
        Object.assign(fields, { to: "bob@example.test", subject: "Зустріч", body: "о десятій\\n" });
        const params = Cc["@mozilla.org/messengercompose/composeparams;1"].createInstance(Ci.nsIMsgComposeParams);
        Object.assign(params, { composeFields: fields, type: Ci.nsIMsgCompType.New, format: Ci.nsIMsgCompFormat.PlainText,
                                identity: MailServices.accounts.defaultAccount.defaultIdentity });
        MailServices.compose.OpenComposeWindowWithParams(null, params);
        const composer = () => Services.wm.getMostRecentWindow("msgcompose");
        await until('the window', () => composer()?.document.getElementById("msgSubject")?.value === "Зустріч" && composer().gMsgCompose?.editor);
        composer().goDoCommand("cmd_sendNow");
        await until('the end of the window', () => !composer())""")
    wait_for(lambda: set(held(server, "Sent")) == {"Зустріч"}, what="a copy in Sent")
    wait_for(lambda: set(held(server, "INBOX", BOB)) == {"Зустріч"}, what="bob's mail")


def test_a_search_on_the_server_finds_words_in_the_text_and_in_attachments(bird, server):
    server.deliver(ALICE, letter("Вечірка", "Bring a watermelon, please.\r\n"))
    server.deliver(ALICE, letter("Plans", "See below.\r\n", attached="the guests: Zuzana, Oliwia\n"))
    arrive(bird, server, "Вечірка", "Plans")
    search = """const session = Cc["@mozilla.org/messenger/searchSession;1"].createInstance(Ci.nsIMsgSearchSession);
        session.addScopeTerm(Ci.nsMsgSearchScope.onlineMail, role('Inbox'));
        const term = session.createTerm(), value = term.value;
        value.attrib = term.attrib = Ci.nsMsgSearchAttrib[args[0]];
        value.str = args[1];
        term.value = value;
        term.op = Ci.nsMsgSearchOp.Contains;
        session.appendTerm(term);
        const hits = [];
        await new Promise(resolve => { session.registerListener({ onSearchHit: message => hits.push(message.mime2DecodedSubject), onSearchDone: resolve, onNewSearch() {} });
                                       session.search(null); });
        return hits"""
    assert bird.run(search, "Body", "watermelon") == ["Вечірка"]
    assert bird.run(search, "Body", "Oliwia") == ["Plans"]
    assert bird.run(search, "Subject", "вечірка") == ["Вечірка"]
    assert bird.run(search, "Body", "nowhere") == []


def test_a_shared_folder_appears_and_is_read(bird, server):
    other = connect(server, BOB)
    ok(other.create("Team"))
    ok(other.append("Team", "", None, letter("For all")))
    ok(other.setacl("Team", ALICE, "lrs"))
    server.cli("mailbox", "accept", ALICE, BOB, "Team")
    bird.run("""MailServices.accounts.defaultAccount.incomingServer.performExpand(null);
        const team = await until('the shared folder', () => folder('bob@example.test/Team'));
        about.displayFolder(team);
        await pick(team, 'For all');
        await until('it is read', () => find(team, 'For all').isRead)""")
    assert b"UNSEEN 1" in ok(other.status("Team", "(UNSEEN)"))[0], "what alice has read, bob has not"
    other.logout()

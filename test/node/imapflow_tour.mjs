// What a program built on imapflow does with an account. It is told where by JSON as its argument; it ends with 0, or says what differed.
import assert from "node:assert/strict";
import fs from "node:fs";
import { ImapFlow } from "imapflow";

const { port, user, pass, certificate } = JSON.parse(process.argv[2]);

async function connect(more) {
    const client = new ImapFlow({
        host: "127.0.0.1", port, secure: true, servername: "mail.example.test", tls: { ca: fs.readFileSync(certificate) },
        auth: { user, pass }, logger: false, ...more,
    });
    client.on("error", error => { throw error; });
    await client.connect();
    return client;
}

const letter = number => `From: Carol <carol@else.test>\r\nTo: alice@example.test\r\nSubject: =?utf-8?b?${Buffer.from(`Пікнік ${number}`).toString("base64")}?=\r\n` +
    `Message-ID: <flow-${number}@else.test>\r\nDate: Mon, 01 Jan 2024 10:00:00 +0000\r\n\r\nBring melon number ${number}.\r\n`;
// IMAP4rev1 has \Recent, which is nobody's to set.
const flags = message => [...message.flags].filter(flag => flag !== "\\Recent").sort();
const all = async found => { const list = []; for await (const one of found) list.push(one); return list; };
// The event with these properties. It may come before it is asked for, so this is called before what brings it about.
const told = (client, name, fits) => new Promise(resolve => client.on(name, event => fits(event) && resolve(event)));

const client = await connect({ qresync: true });
for (const capability of ["CONDSTORE", "QRESYNC", "MOVE", "UIDPLUS", "SPECIAL-USE", "OBJECTID", "LIST-STATUS", "IDLE"])
    assert(client.capabilities.has(capability), capability);
assert(client.enabled.has("CONDSTORE") || client.enabled.has("QRESYNC"));

// Folders.
const roles = Object.fromEntries((await client.list()).filter(box => box.specialUse).map(box => [box.specialUse, box.path]));
assert.deepEqual(roles, { "\\Inbox": "INBOX", "\\Drafts": "Drafts", "\\Sent": "Sent", "\\Junk": "Junk", "\\Trash": "Trash", "\\Archive": "Archive" });
const { path } = await client.mailboxCreate(["Свято", "二〇二四年 & более"]);
assert.equal(path, "Свято/二〇二四年 & более");
assert.equal((await client.mailboxCreate(path)).created, false);
await client.mailboxCreate("Moved");
assert((await client.list()).some(box => box.path === path));

// Messages.
const added = [];
for (let number = 1; number <= 4; number++)
    added.push(await client.append(path, letter(number), number % 2 ? ["\\Seen"] : ["$Work"], new Date("2024-01-02T03:04:05Z")));
assert.deepEqual(added.map(one => one.uid), [1, 2, 3, 4]);
const status = await client.status(path, { messages: true, unseen: true, uidNext: true, uidValidity: true, highestModseq: true });
assert.deepEqual([status.messages, status.unseen, status.uidNext], [4, 2, 5]);

let lock = await client.getMailboxLock(path);
const messages = await all(client.fetch("1:*", { uid: true, flags: true, envelope: true, bodyStructure: true, internalDate: true, size: true, source: true, threadId: true }));
assert.equal(messages.length, 4);
for (const [index, message] of messages.entries()) {
    assert.equal(message.envelope.subject, `Пікнік ${index + 1}`);
    assert.equal(message.envelope.from[0].address, "carol@else.test");
    assert.equal(message.bodyStructure.type, "text/plain");
    assert.equal(message.internalDate.toISOString(), "2024-01-02T03:04:05.000Z");
    assert.equal(message.source.toString(), letter(index + 1));
    assert.equal(message.size, letter(index + 1).length);
    assert(message.emailId && message.threadId && message.modseq);
}
assert.deepEqual(flags(messages[1]), ["$Work"]);
assert.deepEqual(await client.search({ subject: "пікнік", seen: true }, { uid: true }), [1, 3]);
assert.deepEqual(await client.search({ body: "melon number 4" }, { uid: true }), [4]);
assert.deepEqual(await client.search({ or: [{ keyword: "$Work" }, { from: "nobody" }] }, { uid: true }), [2, 4]);
const { content } = await client.download("2", "TEXT", { uid: true });
assert.equal((await all(content)).join(""), "Bring melon number 2.\r\n");

// Flags, and what has changed since (RFC 7162).
const before = client.mailbox.highestModseq;
assert(await client.messageFlagsAdd("2:3", ["\\Flagged", "$Label1"], { uid: true }));
assert(await client.messageFlagsRemove("2", ["$Work"], { uid: true }));
const changed = await all(client.fetch("1:*", { uid: true, flags: true }, { uid: true, changedSince: before }));
assert.deepEqual(changed.map(one => [one.uid, flags(one)]), [[2, ["$Label1", "\\Flagged"]], [3, ["$Label1", "\\Flagged", "\\Seen"]]]);

// Move, copy, delete.
const moved = await client.messageMove("1", "Moved", { uid: true });
assert.deepEqual([...moved.uidMap], [[1, 1]]);
assert.deepEqual([...(await client.messageCopy("2:3", "Moved", { uid: true })).uidMap], [[2, 2], [3, 3]]);
assert(await client.messageDelete("4", { uid: true }));
assert.deepEqual(await client.search({ all: true }, { uid: true }), [2, 3]);

// What another session does is told while this one idles: by VANISHED, since QRESYNC is on.
const other = await connect();
const otherLock = await other.getMailboxLock(path);
const came = told(client, "exists", event => event.count === 3);
const flagged = told(client, "flags", event => event.flags.has("\\Answered"));
const gone = told(client, "expunge", event => event.uid === 3);
const idling = client.idle();
await other.append(path, letter(5));
await came;
await other.messageFlagsAdd("2", ["\\Answered"], { uid: true });
await flagged;
await other.messageDelete("3", { uid: true });
assert((await gone).vanished);
await other.noop();
otherLock.release();
lock.release();
await other.logout();

// Renaming and deleting.
lock = await client.getMailboxLock("Moved");
assert.equal(client.mailbox.exists, 3);
lock.release();
await client.mailboxClose();
await client.mailboxRename("Moved", "Свято/Moved");
await client.mailboxDelete(path);
assert(!(await client.list()).some(box => box.path === path));
await client.logout();
await idling;
console.log("all as it must be");

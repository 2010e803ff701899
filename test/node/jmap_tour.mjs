// What programs built on jmap-jam and on jmap-client-ts do with an account. They are told where by JSON as the argument; this ends with 0, or says what
// differed. Both sign in with a token.
import assert from "node:assert/strict";
import JamClient from "jmap-jam";
import jmapClientTs from "jmap-client-ts";

const { base, token, user } = JSON.parse(process.argv[2]);
const sessionUrl = `${base}/.well-known/jmap`;

// ---- jmap-jam ----

const jam = new JamClient({ sessionUrl, bearerToken: token });
const session = await jam.session;
assert.equal(session.username, user);
const accountId = await jam.getPrimaryAccount();
const [mailboxes] = await jam.api.Mailbox.get({ accountId });
const inbox = mailboxes.list.find(box => box.role === "inbox"), drafts = mailboxes.list.find(box => box.role === "drafts");
assert(inbox && drafts);

// What a mail program shows first: the newest of the INBOX, and what stands in a list, in one request.
const [{ ids, list }] = await jam.requestMany(r => {
    const ids = r.Email.query({ accountId, filter: { inMailbox: inbox.id }, sort: [{ property: "receivedAt", isAscending: false }], limit: 10, calculateTotal: true });
    return { ids, list: r.Email.get({ accountId, ids: ids.$ref("/ids"), properties: ["subject", "from", "preview", "keywords", "threadId"] }) };
});
assert.equal(ids.total, 3);
assert.deepEqual(list.list.map(email => email.subject).sort(), ["Пікнік 1", "Пікнік 2", "Пікнік 3"]);
assert(list.list.every(email => email.from[0].email === "carol@else.test" && email.preview.startsWith("Bring melon")));

// An attachment goes up, becomes a part of a draft, and comes down again.
const attachment = new TextEncoder().encode("a,b\n1,2\n");
const uploaded = await jam.uploadBlob(accountId, new Blob([attachment], { type: "text/csv" }));
assert.equal(uploaded.size, attachment.length);
const [made] = await jam.api.Email.set({ accountId, create: { draft: {
    mailboxIds: { [drafts.id]: true }, keywords: { $draft: true, $seen: true }, from: [{ email: user }], to: [{ name: "Каріна", email: "carol@else.test" }],
    subject: "Звіт", textBody: [{ partId: "text", type: "text/plain" }], bodyValues: { text: { value: "Ось він.\n" } },
    attachments: [{ blobId: uploaded.blobId, type: "text/csv", name: "звіт.csv" }] } } });
assert(made.created?.draft, JSON.stringify(made.notCreated));
const [drafted] = await jam.api.Email.get({ accountId, ids: [made.created.draft.id], properties: ["subject", "to", "attachments", "bodyValues", "textBody"], fetchTextBodyValues: true });
const email = drafted.list[0];
assert.equal(email.subject, "Звіт");
assert.equal(email.to[0].name, "Каріна");
assert.equal(Object.values(email.bodyValues)[0].value.trim(), "Ось він.");
assert.equal(email.attachments[0].name, "звіт.csv");
const down = await jam.downloadBlob({ accountId, blobId: email.attachments[0].blobId, mimeType: "text/csv", fileName: "x.csv" });
assert.equal(down.headers.get("content-type"), "text/csv");
assert.deepEqual(new Uint8Array(await down.arrayBuffer()), attachment);

// An error is an error in the client's eyes.
await assert.rejects(jam.api.Email.get({ accountId: "A0", ids: [] }));

// ---- jmap-client-ts ----

const transport = {
    get: async (url, headers) => (await fetch(url, { headers })).json(),
    post: async (url, body, headers) => (await fetch(url, { method: "POST", headers: { ...headers, "Content-Type": "application/json" }, body: JSON.stringify(body) })).json(),
};
const client = new jmapClientTs.Client({ sessionUrl, accessToken: token, transport });
await client.fetchSession();
const state = (await client.email_get({ accountId, ids: [] })).state;
const found = await client.email_query({ accountId, filter: { from: "carol", hasKeyword: "$seen" } });
assert.deepEqual(found.ids, []);
const [first] = ids.ids;
const set = await client.email_set({ accountId, ifInState: state, update: { [first]: { "keywords/$seen": true, "keywords/work": true } }, destroy: [made.created.draft.id] });
assert(first in set.updated && set.destroyed.includes(made.created.draft.id));
const changes = await client.email_changes({ accountId, sinceState: state });
assert.deepEqual([changes.created, changes.updated, changes.destroyed], [[], [first], [made.created.draft.id]]);
assert.deepEqual((await client.email_query({ accountId, filter: { hasKeyword: "work" } })).ids, [first]);
const box = (await client.mailbox_set({ accountId, create: { a: { name: "Свято", parentId: null } } })).created.a;
await client.email_set({ accountId, update: { [first]: { mailboxIds: { [box.id]: true } } } });
const moved = (await client.mailbox_get({ accountId, ids: [box.id, inbox.id] })).list;
assert.deepEqual(moved.map(one => [one.totalEmails, one.unreadEmails]), [[1, 0], [2, 2]]);
await assert.rejects(client.email_set({ accountId, ifInState: state, destroy: [first] }), { type: "stateMismatch" });

console.log("all as it must be");

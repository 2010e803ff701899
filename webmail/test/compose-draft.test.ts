import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answer, blank, copyOf, fromMailto, isKey, newKey, withOpenQuote } from '../src/features/compose/draft/answer.ts';
import { envelopeRecipients, fromEmail, innerBody, localDate, originalOf, toEmail, type FetchedEmail } from '../src/features/compose/draft/email.ts';
import { answeringSender, isSubaddress } from '../src/features/compose/draft/sender.ts';
import { blankText, exchangeSignatureText } from '../src/features/compose/draft/signature.ts';
import type { Draft, Original, Person, Phrases, Sender } from '../src/features/compose/draft/types.ts';

const sender = (id: string, email: string, more: Partial<Sender> = {}): Sender => ({ id, name: 'Alice', email, replyTo: null, bcc: null, textSignature: '', htmlSignature: '', ...more });
const senders = [sender('I1-1', 'alice@example.test', { textSignature: 'Alice\nExample Ltd' }), sender('I1-2', 'sales@example.test', { name: 'Sales', htmlSignature: '<b>Sales</b>' })];
const phrases: Phrases = { wrote: (date, who) => `On ${date.toISOString().slice(0, 10)}, ${who} wrote:`, date: (date) => date.toISOString(), forwarded: 'Forwarded message', from: 'From', dated: 'Date', subject: 'Subject', to: 'To', cc: 'Cc' };
const person = (email: string, name: string | null = null): Person => ({ name, email });
const begin = (mode: 'rich' | 'plain' = 'rich') => ({ key: newKey(() => new Uint8Array(20).fill(7)), accountId: 'A1', senders, usual: 'I1-1', mode });
const original = (more: Partial<Original> = {}): Original => ({
  id: 'E1-5', blobId: 'B1-5', subject: 'Plans', from: [person('bob@example.test', 'Bob')], to: [person('alice@example.test')], cc: [], bcc: [], replyTo: [], messageId: ['m1@example.test'],
  inReplyTo: [], references: [], sentAt: '2026-05-03T14:32:00+02:00', receivedAt: '2026-05-03T12:33:00Z', size: 500, deliveredTo: [], html: null, text: 'Hello,\n\nBob', attachments: [], ...more,
});
const emails = (list: Person[]): string[] => list.map((p) => p.email);

test('an answer goes to who wrote, or where the writer asks for it', () => {
  assert.deepEqual(emails(answer(original(), 'reply', null, begin(), phrases).to), ['bob@example.test']);
  assert.deepEqual(emails(answer(original({ replyTo: [person('list@example.net')] }), 'reply', null, begin(), phrases).to), ['list@example.net']);
  const all = answer(original({ to: [person('ALICE@example.test'), person('carol@example.net'), person('bob@example.test')], cc: [person('dave@example.net'), person('carol@example.net'), person('alice+x@example.test')] }), 'replyAll', null, begin(), phrases);
  assert.deepEqual([emails(all.to), emails(all.cc)], [['bob@example.test', 'carol@example.net'], ['dave@example.net']]);
});

test('an answer to my own mail goes to those who got it', () => {
  const mine = original({ from: [person('sales@example.test')], to: [person('bob@example.test')], cc: [person('carol@example.net'), person('alice@example.test')] });
  const reply = answer(mine, 'reply', null, begin(), phrases);
  assert.deepEqual([emails(reply.to), emails(reply.cc), reply.identityId], [['bob@example.test'], [], 'I1-2']);
  const all = answer(mine, 'replyAll', null, begin(), phrases);
  assert.deepEqual([emails(all.to), emails(all.cc)], [['bob@example.test'], ['carol@example.net']]);
});

test('an answer comes from the address that was written to', () => {
  const from = (more: Partial<Original>) => answeringSender(original(more), senders, 'I1-1');
  assert.deepEqual(from({ to: [person('sales@example.test')] }), { identityId: 'I1-2', fromEmail: null });
  assert.deepEqual(from({ to: [person('alice+Shop@example.test')] }), { identityId: 'I1-1', fromEmail: 'alice+Shop@example.test' });
  assert.deepEqual(from({ to: [person('list@example.net')], deliveredTo: ['sales@example.test'] }), { identityId: 'I1-2', fromEmail: null });
  assert.deepEqual(from({ to: [person('alice@example.test'), person('sales@example.test')], deliveredTo: ['sales@example.test'] }), { identityId: 'I1-2', fromEmail: null });
  assert.deepEqual(from({ to: [person('nobody@example.net')] }), { identityId: 'I1-1', fromEmail: null });
  assert.ok(!isSubaddress('alice+@example.test', 'alice@example.test') && !isSubaddress('alice+x@example.net', 'alice@example.test') && !isSubaddress('malice+x@example.test', 'alice@example.test'));
});

test('an answer joins the conversation', () => {
  const reply = answer(original({ references: ['a@x', 'b@x'], inReplyTo: ['b@x'] }), 'reply', null, begin(), phrases);
  assert.deepEqual([reply.references, reply.inReplyTo, reply.subject, reply.answers], [['a@x', 'b@x', 'm1@example.test'], ['m1@example.test'], 'Re: Plans', { emailId: 'E1-5', keyword: '$answered' }]);
  assert.deepEqual(answer(original({ inReplyTo: ['b@x'] }), 'reply', null, begin(), phrases).references, ['b@x', 'm1@example.test']);
  const many = Array.from({ length: 200 }, (_, i) => `${i}@x`);
  const long = answer(original({ references: many }), 'reply', null, begin(), phrases).references;
  assert.deepEqual([long.length, long[0], long.at(-1), long.at(-2)], [50, '0@x', 'm1@example.test', '199@x']);
  const forward = answer(original(), 'forward', null, begin(), phrases);
  assert.deepEqual([forward.inReplyTo, forward.subject, forward.answers?.keyword, forward.to], [[], 'Fwd: Plans', '$forwarded', []]);
});

test('quotes: plain text is cited line by line, HTML as it is, and names cannot become markup', () => {
  const plain = answer(original(), 'reply', null, begin('plain'), phrases);
  assert.equal(plain.quote, null);
  assert.ok(plain.text.endsWith('On 2026-05-03, Bob wrote:\n> Hello,\n>\n> Bob'), plain.text);
  const html = '<p style="color:red">Hi &nbsp;<b>you</p><!-- unclosed';
  const rich = answer(original({ html }), 'reply', html, begin(), phrases);
  assert.ok(rich.quote!.html.includes(`<blockquote type="cite">${html}</blockquote>`));
  const evil = answer(original({ from: [person('e@x.test', '<img src=x onerror=alert(1)>')], subject: '<script>' }), 'forward', null, begin(), phrases);
  assert.ok(!evil.quote!.html.includes('<img') && !evil.quote!.html.includes('<script'), evil.quote!.html);
});

test('files go along with what is passed on, pictures of the text with an answer', () => {
  const attachments = [{ key: 'a', blobId: 'P1-5-1', name: 'cat.png', type: 'image/png', size: 1, cid: 'cat@x' }, { key: 'b', blobId: 'P1-5-2', name: 'a.pdf', type: 'application/pdf', size: 1, cid: null }];
  const html = '<img src="cid:cat@x">';
  const names = (kind: 'reply' | 'forward' | 'forwardAttached', mode: 'rich' | 'plain' = 'rich') => answer(original({ html, attachments }), kind, html, begin(mode), phrases).attachments.map((a) => a.name);
  assert.deepEqual(names('reply'), ['cat.png']);
  assert.deepEqual(names('forward'), ['cat.png', 'a.pdf']);
  assert.deepEqual(names('forward', 'plain'), ['cat.png', 'a.pdf']);
  assert.deepEqual(names('forwardAttached'), ['Plans.eml']);
  const hidden = answer(original({ html: '<p>no picture</p>', attachments }), 'forward', '<p>no picture</p>', begin(), phrases);
  assert.deepEqual(hidden.attachments.map((a) => a.cid), [null, null], 'what the text does not show is a file');
});

test('signatures change with the identity, unless somebody wrote in them', () => {
  assert.equal(blankText(senders[0]), '\n\n-- \nAlice\nExample Ltd');
  assert.equal(exchangeSignatureText('Hi\n\n-- \nAlice\nExample Ltd\n\n> quoted', senders[0], senders[1]), 'Hi\n\n-- \nSales\n\n> quoted');
  assert.equal(exchangeSignatureText('Hi\n\n-- \nAlice changed', senders[0], senders[1]), 'Hi\n\n-- \nAlice changed');
});

test('links that begin a mail bring no files and no fields of their own', () => {
  const draft = fromMailto('mailto:bob@example.test,bad?cc=carol%40example.net&subject=A%0d%0aBcc:%20x&body=one%0D%0Atwo%20%3Cb%3E&attach=/etc/passwd&from=x@y.test', begin());
  assert.deepEqual([emails(draft.to), emails(draft.cc), draft.subject, draft.attachments], [['bob@example.test'], ['carol@example.net'], 'A Bcc: x', []]);
  assert.ok(draft.html.startsWith('<div>one</div><div>two &lt;b&gt;</div>'), draft.html);
  assert.ok(draft.text.startsWith('one\ntwo <b>'));
  assert.equal(fromMailto('mailto:%E0%A4%A', begin()).to.length, 0);
});

/** What the server would answer for what it was given. */
function stored(created: Record<string, any>): FetchedEmail {
  const { textBody, htmlBody, attachments = [], bodyValues, ...fields } = created;
  const parts = [...textBody, ...(htmlBody ?? [])].map((p: any) => ({ type: 'text/plain', blobId: `P-${p.partId}`, disposition: null, cid: null, name: null, size: 1, ...p }));
  const files = attachments.map((a: any) => ({ partId: '9', name: null, cid: null, size: 1, ...a }));
  return { id: 'E1-9', blobId: 'B1-9', receivedAt: '2026-05-03T12:33:00Z', size: 1, ...fields, textBody: [parts[0]], htmlBody: [parts.at(-1)], attachments: files, bodyValues } as unknown as FetchedEmail;
}

function keep(draft: Draft): Draft {
  return fromEmail(stored(toEmail(draft, senders.find((s) => s.id === draft.identityId), { sends: false, mailboxId: 'M1-2', date: new Date() })), 'A1', senders);
}

test('a draft that is kept at the server comes back as it was', () => {
  const html = '<p style="color:red">Hi <b>you</p><div class="postrider-quote">older</div><!-- unclosed';
  const draft = answer(original({ html, to: [person('alice+shop@example.test')] }), 'replyAll', html, begin(), phrases);
  draft.html = '<div>My words</div>';
  draft.bcc = [person('x@y.test', 'X, "Y"')];
  draft.attachments = [{ key: '0-U1-3', blobId: 'U1-3', name: 'a b.pdf', type: 'application/pdf', size: 1, cid: null }];
  const back = keep(draft);
  assert.deepEqual({ ...back, text: '', quote: null }, { ...draft, text: '', quote: null });
  assert.equal(back.quote!.html, draft.quote!.html);
  assert.equal(back.quote!.kind, 'reply');
  assert.deepEqual({ ...keep(back), text: '' }, { ...back, text: '' });
  const template = { ...blank(begin('plain')), template: true, text: `${'long '.repeat(50)}line\n\n  indented\n-- \nAlice` };
  assert.equal(keep(template).text, template.text);
  assert.equal(keep(template).template, true);
});

test('written text that holds the mark of a quote stays written text', () => {
  const draft = { ...blank(begin()), html: '<div class="postrider-quote">pasted</div><div>mine</div>' };
  assert.ok(keep(draft).html.includes('pasted') && keep(draft).quote === null);
});

test('drafts of other programs can be written on', () => {
  const email = stored({ textBody: [{ partId: 't' }], htmlBody: [{ partId: 'h', type: 'text/html' }], bodyValues: { t: { value: 'a' }, h: { value: '<html><head><style>p{}</style></head><BODY class="x>y"><p>Hi</p></BODY></html>' } }, from: [{ name: null, email: 'sales@example.test' }], subject: null, messageId: null, keywords: {} });
  const draft = fromEmail({ ...email, 'header:X-Postrider-Draft:asText': '{"identity":7,"answers":["E1-1","$deleted"],' } as FetchedEmail, 'A1', senders);
  assert.deepEqual([draft.html, draft.identityId, draft.answers, draft.key], ['<p>Hi</p>', 'I1-2', null, 'E1-9']);
  assert.equal(innerBody('no body'), 'no body');
});

test('what is sent tells nothing about how it was written, and goes to each once', () => {
  const draft = answer(original(), 'reply', null, begin(), phrases);
  draft.cc = [person('BOB@example.test'), person('c@d.test')];
  const email = toEmail(draft, senders[0], { sends: true, mailboxId: 'M1-2', date: new Date() });
  assert.ok(!Object.keys(email).some((name) => name.startsWith('header:X-')));
  assert.deepEqual(envelopeRecipients(draft), ['bob@example.test', 'c@d.test']);
  assert.ok(!JSON.stringify(toEmail({ ...draft, subject: 'a\r\nX: b', to: [person('a@b.test', 'n\r\nX: y')] }, senders[0], { sends: true, mailboxId: 'M1-2', date: new Date() }).subject).includes('\\n'));
});

test('a picture that was taken out of the text does not go along', () => {
  const attachments = [{ key: 'a', blobId: 'U1-1', name: 'cat.png', type: 'image/png', size: 1, cid: 'cat@x' }];
  const made = (html: string) => toEmail({ ...blank(begin()), html, attachments }, senders[0], { sends: true, mailboxId: 'M', date: new Date() }) as any;
  assert.deepEqual([made('<img src="cid:cat@x">').attachments[0].disposition, made('<img src="cid:cat@x">').attachments[0].cid, made('').attachments], ['inline', 'cat@x', undefined]);
});

test('a copy is a mail of its own', () => {
  const copy = copyOf(answer(original(), 'reply', null, begin(), phrases), 'Dother', senders);
  assert.deepEqual([copy.messageId, copy.inReplyTo, copy.references, copy.answers, emails(copy.to)], ['Dother@example.test', [], [], null, ['bob@example.test']]);
});

test('a quote that is opened is among the words', () => {
  const open = withOpenQuote(answer(original(), 'reply', null, begin(), phrases));
  assert.equal(open.quote, null);
  assert.ok(open.html.includes('<blockquote type="cite">') && open.text.includes('> Hello,'));
});

test('keys and dates', () => {
  assert.ok(isKey(newKey(() => crypto.getRandomValues(new Uint8Array(20)))) && !isKey('E1-5'));
  assert.match(localDate(new Date('2026-05-03T12:00:00Z')), /^2026-05-0\dT\d\d:00:00[+-]\d\d:\d\d$|^2026-05-0\dT\d\d:\d\d:00[+-]\d\d:\d\d$/);
  assert.equal(new Date(localDate(new Date('2026-05-03T12:00:00Z'))).toISOString(), '2026-05-03T12:00:00.000Z');
});

test('an original is read with its bodies', () => {
  const email = stored({ textBody: [{ partId: 't', 'header:Content-Type:asText': 'text/plain; format=flowed' }], bodyValues: { t: { value: 'one \ntwo\n' } }, from: [{ name: null, email: 'b@c.test' }], messageId: ['x@y'] });
  const read = originalOf({ ...email, 'header:Delivered-To:asAddresses:all': [[{ name: null, email: 'alice@example.test' }]] } as FetchedEmail);
  assert.deepEqual([read.text, read.html, read.deliveredTo], ['one two\n', null, ['alice@example.test']]);
});

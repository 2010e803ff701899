/** Writing in a browser: sending and taking back, later, drafts that survive, answers, hostile quotes, no connection. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import type { Browser, Locator, Page } from 'playwright-core';
import { demo, eventually, holdNotices, keptHere, launch, type Server, signedIn } from './server.ts';

let server: Server;
let browser: Browser;
const ALICE = 'alice@example.test';
const BOB = 'bob@example.test';
const USING = ['urn:ietf:params:jmap:core', 'urn:ietf:params:jmap:mail', 'urn:ietf:params:jmap:submission'];
const MAC = process.platform === 'darwin';

before(async () => {
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
  [server, browser] = await Promise.all([demo(), launch()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

function basic(who: string): Record<string, string> {
  return { authorization: `Basic ${Buffer.from(`${who}:${server.passwords[who]}`).toString('base64')}` };
}

const account = (who: string): string => (who === ALICE ? 'A1' : 'A2');

async function jmap(who: string, name: string, args: Record<string, unknown>): Promise<any> {
  const answer = await fetch(`${server.origin}/jmap/api`, { method: 'POST', headers: { ...basic(who), 'content-type': 'application/json' }, body: JSON.stringify({ using: USING, methodCalls: [[name, { accountId: account(who), ...args }, 'a']] }) });
  const { methodResponses } = (await answer.json()) as { methodResponses: [string, any, string][] };
  assert.equal(methodResponses[0]![0], name, JSON.stringify(methodResponses));
  return methodResponses[0]![1];
}

async function mailbox(who: string, role: string): Promise<string> {
  const { list } = await jmap(who, 'Mailbox/get', { ids: null });
  return list.find((one: any) => one.role === role).id;
}

async function find(who: string, subject: string, role: string): Promise<any[]> {
  const { ids } = await jmap(who, 'Email/query', { filter: { inMailbox: await mailbox(who, role), subject } });
  return (await jmap(who, 'Email/get', { ids, properties: ['blobId', 'subject', 'keywords', 'references', 'inReplyTo', 'from', 'to', 'textBody', 'bodyValues', 'messageId', 'header:X-Postrider-Draft:asText'], fetchTextBodyValues: true })).list;
}

/** What is "saved" is on this machine's disk, and at the server a moment later. */
async function draftAtServer(subject: string): Promise<any> {
  return eventually(async () => {
    const list = await find(ALICE, subject, 'drafts');
    return list.length === 1 && list[0];
  }, `the draft "${subject}" is at the server`);
}

async function deliver(who: string, message: string): Promise<string> {
  const { blobId } = (await (await fetch(`${server.origin}/jmap/upload/${account(who)}`, { method: 'POST', headers: { ...basic(who), 'content-type': 'message/rfc822' }, body: message.replace(/\r?\n/g, '\r\n') })).json()) as { blobId: string };
  const done = await jmap(who, 'Email/import', { emails: { one: { blobId, mailboxIds: { [await mailbox(who, 'inbox')]: true } } } });
  return done.created.one.id;
}

async function source(who: string, blobId: string): Promise<string> {
  return (await fetch(`${server.origin}/jmap/download/${account(who)}/${blobId}/mail?type=message/rfc822`, { headers: basic(who) })).text();
}

/** What python's parser sees: another one than ours. */
function parsed(message: string): { type: string; name: string | null; cid: string | null; disposition: string | null; text: string; flowed: boolean }[] {
  const script = `
import sys, json, email, email.policy
m = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
print(json.dumps([{"type": p.get_content_type(), "name": p.get_filename(), "cid": p["Content-ID"], "disposition": p.get_content_disposition(), "flowed": p.get_param("format") == "flowed",
  "text": "" if p.is_multipart() else p.get_payload(decode=True).decode("utf-8", "replace"), "defects": len(p.defects)} for p in m.walk()]))`;
  const { stdout, stderr } = spawnSync('/usr/bin/python3', ['-c', script], { input: message, encoding: 'utf8' });
  assert.equal(stderr, '');
  return JSON.parse(stdout);
}

const key = (name: string): string => name.replace('Ctrl', MAC ? 'Meta' : 'Control');

async function newMail(page: Page): Promise<Locator> {
  await page.locator('[data-list], .list, main').first().waitFor();
  await page.keyboard.press('c');
  const form = page.locator('.dock-window:not(.dock-folded)').last();
  await form.waitFor();
  await ready(form);
  return form;
}

function editor(form: Locator): Locator {
  return form.frameLocator('.compose-frame').locator('#editor');
}

async function ready(form: Locator): Promise<void> {
  await editor(form).waitFor();
}

async function write(form: Locator, to: string, subject: string, text: string): Promise<void> {
  await form.locator('[data-field=to] input').fill(`${to},`);
  await form.locator('[data-field=to] input').press('Enter');
  await form.locator('.compose-subject').fill(subject);
  await editor(form).click();
  await form.page().keyboard.type(text);
}

/** Editors put blanks that do not break where one is at an element's edge. */
const plain = (text: string): string => text.replace(/\u00a0/g, ' ').replace(/\u200b/g, '');

const saved = (form: Locator): Promise<void> => form.locator('.compose-state', { hasText: /^Saved$/ }).waitFor();
const errors = (page: { errors: string[] }): string[] => page.errors.filter((one) => !/Blocked script execution|Failed to load resource|ERR_INTERNET_DISCONNECTED|WebSocket/.test(one));

let alice: Page & { errors: string[] };

test('a mail that nobody writes on leaves no draft', async () => {
  const page = await signedIn(browser, server);
  const form = await newMail(page);
  await editor(form).click();
  await form.locator('[data-field=to] input').press('Escape');
  await form.waitFor({ state: 'detached' });
  // What was done here before is at the server when this is.
  await deliver(ALICE, 'Subject: A sign\nMessage-ID: <sign@example.test>\n\nHere\n');
  const sign = page.locator('[role=row]', { hasText: 'A sign' });
  await sign.click();
  await page.keyboard.press('e');
  await eventually(async () => (await find(ALICE, 'A sign', 'archive')).length, 'it is archived');
  assert.deepEqual((await jmap(ALICE, 'Email/query', { filter: { inMailbox: await mailbox(ALICE, 'drafts') } })).ids, []);
  await page.context().close();
});

test('a mail with text, a link, a file and a picture is sent, taken back, and sent again', async () => {
  alice = await signedIn(browser, server);
  const form = await newMail(alice);
  await write(form, `Bob <${BOB}>`, 'Everything in one', 'Hello Bob, ');
  await alice.keyboard.press(key('Ctrl+b'));
  await alice.keyboard.type('bold');
  await alice.keyboard.press(key('Ctrl+b'));
  await alice.keyboard.type(` ${'and a long line of words '.repeat(8)}`);
  await form.locator('.compose-picker').setInputFiles({ name: 'Übersicht 1.txt', mimeType: 'text/plain', buffer: Buffer.from('contents of the file') });
  const pictures = form.locator('.compose-tools input[type=file]');
  await pictures.setInputFiles({ name: 'dot.png', mimeType: 'image/png', buffer: Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64') });
  await editor(form).locator('img').waitFor();
  await saved(form);
  const draft = await draftAtServer('Everything in one');
  assert.ok(draft && draft.keywords.$draft);
  await holdNotices(alice);
  await alice.keyboard.press(key('Ctrl+Enter'));
  await form.waitFor({ state: 'detached' });
  await eventually(async () => (await find(ALICE, 'Everything in one', 'sent')).length === 1, 'it lies in Sent');
  // The server holds it for 20 s: nothing else is waited for before it is taken back.
  await alice.locator('.toast .button').click();
  const again = alice.locator('.dock-window');
  await again.waitFor();
  await ready(again);
  assert.match(plain(await editor(again).innerText()), /Hello Bob, bold and a long line/);
  await eventually(async () => (await find(ALICE, 'Everything in one', 'sent')).length === 0, 'it left Sent');
  await saved(again);
  await again.getByRole('button', { name: 'Send', exact: true }).click();
  await again.waitFor({ state: 'detached' });
  await eventually(async () => (await find(ALICE, 'Everything in one', 'sent')).length === 1, 'it lies in Sent again');
  await eventually(async () => (await find(ALICE, 'Everything in one', 'drafts')).length === 0, 'no draft is left');
  assert.deepEqual(errors(alice), []);
});

test('what was written survives a window that goes without a word', async () => {
  const context = alice.context();
  const page = await context.newPage();
  await page.goto(`${server.origin}/mail/inbox`);
  const form = await newMail(page);
  await write(form, BOB, 'Not lost', 'first line');
  await saved(form);
  await page.keyboard.type(' and some more');
  await eventually(() => keptHere(page, 'and some more'), 'it is kept in this browser');
  await page.reload();
  const again = page.locator('.dock-window');
  await again.waitFor();
  await ready(again);
  assert.match(await editor(again).innerText(), /first line and some more/);
  await page.close();
  const other = await context.newPage();
  await other.goto(`${server.origin}/mail/inbox`);
  await eventually(async () => {
    const drafts = await find(ALICE, 'Not lost', 'drafts');
    return drafts.length === 1 && Object.values(drafts[0].bodyValues as Record<string, { value: string }>)[0]!.value.includes('and some more');
  }, 'the server has the whole draft, once');
  await other.close();
});

test('of a draft with a file one version is left, whenever it was written on and put away', async () => {
  const page = await alice.context().newPage();
  await page.goto(`${server.origin}/mail/inbox`);
  const form = await newMail(page);
  await write(form, BOB, 'One version', 'first');
  await form.locator('.compose-picker').setInputFiles({ name: 'plan.txt', mimeType: 'text/plain', buffer: Buffer.from('the plan') });
  const versionWith = (text: string): Promise<any> => eventually(async () => {
    const drafts = await find(ALICE, 'One version', 'drafts');
    return drafts.length === 1 && Object.values(drafts[0].bodyValues as Record<string, { value: string }>)[0]!.value.includes(text) && parsed(await source(ALICE, drafts[0].blobId)).some(({ text }) => text === 'the plan') && drafts[0];
  }, `one version is there, with "${text}" and its file`);
  await versionWith('first');
  await editor(form).click();
  await page.keyboard.press(key('Ctrl+End'));
  await page.keyboard.type(' second');
  await versionWith('first second');
  await page.keyboard.type(' third');
  await form.getByRole('button', { name: 'Close' }).click();
  await form.waitFor({ state: 'detached' });
  const left = await versionWith('first second third');
  await jmap(ALICE, 'Email/set', { destroy: [left.id] });
  await page.close();
});

test('a mail goes out later, and its place tells so; it can be had back', async () => {
  const form = await newMail(alice);
  await write(form, BOB, 'For tomorrow', 'Good morning');
  await form.locator('.compose-later').click();
  await alice.getByRole('menuitem', { name: /Tomorrow morning/ }).click();
  await form.waitFor({ state: 'detached' });
  const [submission] = await eventually(async () => {
    const { ids } = await jmap(ALICE, 'EmailSubmission/query', { filter: { undoStatus: 'pending' } });
    const { list } = await jmap(ALICE, 'EmailSubmission/get', { ids });
    const far = list.filter((one: any) => Date.parse(one.sendAt) > Date.now() + 3_600_000);
    return far.length === 1 && far;
  }, 'the server holds it');
  assert.equal(new Date(submission.sendAt).getMinutes(), 0);
  await alice.locator('.waiting-link').click();
  const dialog = alice.getByRole('dialog', { name: 'Scheduled' });
  await dialog.getByText('For tomorrow').waitFor();
  await alice.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  assert.equal(await alice.locator('.folder, .waiting-link').filter({ hasText: 'Scheduled' }).count(), 1);
  // The mail itself says when it goes out, too.
  await alice.goto(`${server.origin}/mail/sent`);
  await alice.locator('[role=row]', { hasText: 'For tomorrow' }).click();
  await alice.locator('.draft-banner', { hasText: 'The mail goes out' }).getByRole('button', { name: 'Do not send' }).click();
  await eventually(async () => (await find(ALICE, 'For tomorrow', 'drafts')).length === 1, 'it is a draft again');
  await alice.goto(`${server.origin}/mail/inbox`);
  await alice.locator('[role=row], .list-empty').first().waitFor();
  assert.deepEqual(errors(alice), []);
});

test('an answer goes from the address that was written to, quotes safely, joins the conversation and marks what it answers', async () => {
  const id = await deliver(ALICE, `From: Carol <carol@example.net>
To: alice+shop@example.test
Subject: Your order
Message-ID: <order@example.net>
Date: Sat, 28 Nov 2026 10:00:00 +0000
MIME-Version: 1.0
Content-Type: text/html; charset=utf-8

<html><head><style>* { color: red } @import url(${server.origin}/hit)</style></head><body bgcolor="#ffeecc" onload="parent.hit=1"><p style="color: green">Thanks</p>
<img src=x onerror="parent.hit=1"><svg onload="parent.hit=1"></svg><script>parent.hit=1</script><form action="${server.origin}/hit"><input name=a></form></blockquote></div><b>tail</b></body></html>
`);
  const row = alice.getByText('Your order').first();
  await row.waitFor();
  await alice.keyboard.press('Escape');
  await row.click();
  // The mail's own frame hands its keys on.
  await alice.frameLocator('.message-frame').getByText('Thanks').click();
  await alice.keyboard.press('r');
  // What is typed before the editor is there does not act on the list, and is not lost.
  await alice.keyboard.type('Sea');
  const form = alice.locator('.reply-form, .dock-window').last();
  await form.waitFor();
  await ready(form);
  const box = alice.locator('.conversation-messages');
  await eventually(() => box.evaluate((element) => element.querySelector('.compose-send')!.getBoundingClientRect().bottom <= element.getBoundingClientRect().bottom), 'Send is in sight');
  await eventually(async () => /^Sea/.test(plain(await editor(form).innerText())), 'what was typed stands in the text');
  await saved(form);
  // The draft is in the conversation, as the list has heard; beside the form it is not shown, but when it is put away.
  await eventually(async () => (await find(ALICE, 'Re: Your order', 'drafts')).length === 1, 'the draft is at the server');
  await alice.locator('[data-list] [role=row]', { hasText: 'Your order' }).locator('.row-count', { hasText: '2' }).waitFor();
  const shown = alice.locator('.conversation-messages .message, .conversation-messages .message-folded');
  assert.equal(await shown.count(), 1, 'beside the form the draft is not shown');
  await form.getByRole('button', { name: 'Close' }).click();
  await form.waitFor({ state: 'detached' });
  await eventually(async () => (await shown.count()) === 2, 'the draft is shown');
  await alice.locator('.reply-box').getByRole('button', { name: 'Go on with the draft' }).click();
  await ready(form);
  await eventually(async () => (await shown.count()) === 1, 'it is hidden again');
  assert.equal(await form.locator('.compose-from').innerText(), 'alice+shop@example.test');
  await editor(form).click();
  await alice.keyboard.type('You are welcome.');
  for (const name of ['Bold', 'Close']) {
    await form.getByRole('button', { name, exact: true }).focus();
    await alice.keyboard.press('e');
    await alice.keyboard.press('#');
  }
  await form.getByRole('button', { name: 'Show the quoted mail and edit it' }).click();
  await editor(form).locator('blockquote').waitFor();
  const html = await editor(form).locator('blockquote').innerHTML();
  assert.doesNotMatch(html, /onerror|onload|<script|<svg|<form|<input|@import/i);
  assert.match(html, /color: ?green/);
  // The quoted sheet does not reach what is written.
  assert.notEqual(await editor(form).locator('div').first().evaluate((element) => getComputedStyle(element).color), 'rgb(255, 0, 0)');
  assert.equal(await alice.evaluate(() => (window as any).hit), undefined);
  await alice.keyboard.press(key('Ctrl+Enter'));
  await form.waitFor({ state: 'detached' });
  const [sent] = await eventually(async () => {
    const list = await find(ALICE, 'Re: Your order', 'sent');
    return list.length === 1 && list;
  }, 'the answer lies in Sent');
  assert.deepEqual([sent.from[0].email, sent.to[0].email, sent.inReplyTo, sent.references, sent['header:X-Postrider-Draft:asText']], ['alice+shop@example.test', 'carol@example.net', ['order@example.net'], ['order@example.net'], null]);
  const answered = await eventually(async () => {
    const [mail] = (await jmap(ALICE, 'Email/get', { ids: [id], properties: ['keywords', 'mailboxIds'] })).list;
    return mail.keywords.$answered && mail;
  }, 'the mail is marked as answered');
  assert.deepEqual(Object.keys(answered.mailboxIds), [await mailbox(ALICE, 'inbox')], 'letters beside the text archive and delete nothing');
  assert.deepEqual(errors(alice), []);
});

test('a draft that two devices write on becomes two, and no text is lost', async () => {
  const first = await newMail(alice);
  await write(first, BOB, 'Two devices', 'beginning');
  await saved(first);
  const phone = await signedIn(browser, server);
  const draft = await draftAtServer('Two devices');
  await phone.goto(`${server.origin}/compose/${draft.id}`);
  const page = phone.locator('.compose-page');
  await page.waitFor();
  await ready(page);
  await editor(page).click();
  await phone.keyboard.press(key('Ctrl+End'));
  await phone.keyboard.type(' from the phone');
  await saved(page);
  await editor(first).click();
  await alice.keyboard.press(key('Ctrl+End'));
  await alice.keyboard.type(' from the desk');
  const drafts = await eventually(async () => {
    const list = await find(ALICE, 'Two devices', 'drafts');
    return list.length === 2 && list[0].messageId[0] !== list[1].messageId[0] && list;
  }, 'both versions are kept, as mails of their own');
  const texts = drafts.map((one) => Object.values(one.bodyValues as Record<string, { value: string }>)[0]!.value).join('\n');
  assert.match(texts, /from the phone/);
  assert.match(texts, /from the desk/);
  await first.getByText('also changed on another device').waitFor();
  await first.getByRole('button', { name: 'Close' }).click();
  await phone.context().close();
});

test('without a connection a mail waits, and goes when there is one', async () => {
  const form = await newMail(alice);
  await write(form, BOB, 'Under way', 'from the train');
  await saved(form);
  await alice.context().setOffline(true);
  await alice.keyboard.press(key('Ctrl+Enter'));
  await alice.getByText('The mail waits in the outbox').waitFor();
  await alice.locator('.waiting-link').click();
  await alice.getByRole('dialog', { name: 'Scheduled' }).getByText('waits for a connection').waitFor();
  assert.equal((await find(ALICE, 'Under way', 'sent')).length, 0);
  await alice.keyboard.press('Escape');
  await alice.context().setOffline(false);
  await eventually(async () => (await find(ALICE, 'Under way', 'sent')).length === 1, 'it was sent');
});

test('what is forgotten is asked for: recipients, a file, a subject', async () => {
  const form = await newMail(alice);
  await form.getByRole('button', { name: 'Send', exact: true }).click();
  await form.getByText('Nobody is named').waitFor();
  await write(form, BOB, '', 'See the attachment.');
  await form.getByRole('button', { name: 'Send', exact: true }).click();
  await alice.getByRole('dialog', { name: 'Send without a file?' }).waitFor();
  await alice.keyboard.press('Escape');
  await alice.getByRole('dialog', { name: 'Send without a file?' }).waitFor({ state: 'detached' });
  await editor(form).click();
  await alice.keyboard.press(key('Ctrl+Enter'));
  await alice.getByRole('dialog', { name: 'Send without a file?' }).getByRole('button', { name: 'Go on writing' }).click();
  await alice.keyboard.type(' It is here.');
  assert.match(plain(await editor(form).innerText()), /It is here\./);
  await form.getByRole('button', { name: 'Discard' }).click();
  await form.waitFor({ state: 'detached' });
  await eventually(() => alice.evaluate(() => document.activeElement?.closest('[data-list], .conversation-messages') !== null), 'the focus is where the mail is');
});

/** What the browser does when somebody pastes. */
async function paste(page: Page, html: string): Promise<void> {
  await page.evaluate((text) => {
    const window = document.querySelector<HTMLIFrameElement>('.dock-window:not(.dock-folded) .compose-frame')!.contentWindow as Window & typeof globalThis;
    const data = new window.DataTransfer();
    data.setData('text/html', text);
    data.setData('text/plain', 'text');
    window.document.querySelector('#editor')!.dispatchEvent(new window.ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
  }, html);
}

test('what is pasted loses what office programs put around it, and what could do harm', async () => {
  const form = await newMail(alice);
  await editor(form).click();
  await paste(alice, `<html xmlns:o="urn:schemas-microsoft-com:office:office"><body><!--StartFragment--><p class=MsoNormal><b><span style='font-size:12.0pt;font-family:"Times New Roman",serif;color:black'>Title<o:p></o:p></span></b></p>
<p class=MsoListParagraph style='text-indent:-.25in;mso-list:l0 level1 lfo1'><![if !supportLists]><span style='mso-list:Ignore'>·<span style='font:7.0pt "Times New Roman"'>&nbsp;&nbsp; </span></span><![endif]>First item</p>
<p class=MsoListParagraph style='text-indent:-.25in;mso-list:l0 level1 lfo1'><![if !supportLists]><span style='mso-list:Ignore'>·<span style='font:7.0pt "Times New Roman"'>&nbsp;&nbsp; </span></span><![endif]>Second item</p><!--EndFragment--></body></html>`);
  await editor(form).locator('li').nth(1).waitFor();
  assert.deepEqual(await editor(form).locator('li').allInnerTexts(), ['First item', 'Second item']);
  assert.equal(await editor(form).locator('b').innerText(), 'Title');
  assert.doesNotMatch(await editor(form).innerHTML(), /Mso|mso-|Times|o:p/);
  await paste(alice, `<p>Then</p><img src="data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="><img src=x onerror="parent.hit=1"><a href="javascript:parent.hit=1">link</a><style>*{color:red}</style><iframe src="${server.origin}/hit"></iframe>`);
  await editor(form).locator('img').first().waitFor();
  assert.doesNotMatch(await editor(form).innerHTML(), /onerror|javascript:|<style|<iframe/);
  assert.equal(await alice.evaluate(() => (window as any).hit), undefined);
  await form.locator('.compose-subject').fill('Pasted');
  await saved(form);
  const draft = await draftAtServer('Pasted');
  const parts = parsed(await source(ALICE, draft.blobId));
  assert.deepEqual(parts.map((p) => p.type), ['multipart/alternative', 'text/plain', 'multipart/related', 'text/html', 'image/png']);
  assert.ok(parts[3]!.text.includes(`src="cid:${parts[4]!.cid!.replace(/[<>]/g, '')}"`) && !parts[3]!.text.includes('data:'), parts[3]!.text);
  await form.getByRole('button', { name: 'Discard' }).click();
  await form.waitFor({ state: 'detached' });
  await eventually(async () => (await find(ALICE, 'Pasted', 'trash')).length === 1, 'it lies in the trash');
  assert.deepEqual(errors(alice), []);
});

test('a name and a signature are kept as they are typed, and stand in the next mail', async () => {
  await alice.goto(`${server.origin}/settings/identities`);
  const card = alice.locator('.identity');
  await card.locator('input[autocomplete=name]').fill('Alice Example');
  const signature = card.frameLocator('.signature-frame').locator('#editor');
  await signature.click();
  await alice.keyboard.type('Alice, by hand');
  await eventually(async () => {
    const { list } = await jmap(ALICE, 'Identity/get', { ids: null });
    return list[0].name === 'Alice Example' && /Alice, by hand/.test(list[0].htmlSignature) && list[0].textSignature === 'Alice, by hand';
  }, 'the server has them');
  await alice.goto(`${server.origin}/mail/inbox`);
  // A page that begins anew shows what this browser has kept until the server has answered.
  const form = await eventually(async () => {
    const one = await newMail(alice);
    if ((await editor(one).locator('.postrider-signature').count()) > 0) return one;
    await one.getByRole('button', { name: 'Discard' }).click();
    await one.waitFor({ state: 'detached' });
    return false;
  }, 'a new mail has the signature');
  assert.match(await editor(form).locator('.postrider-signature').innerText(), /Alice, by hand/);
  await form.locator('.compose-subject').fill('Signed');
  await saved(form);
  const draft = await draftAtServer('Signed');
  assert.deepEqual(draft.from, [{ name: 'Alice Example', email: ALICE }]);
  assert.match(Object.values(draft.bodyValues as Record<string, { value: string }>)[0]!.value, /\n-- \r?\nAlice, by hand/);
  await form.getByRole('button', { name: 'Discard' }).click();
  await form.waitFor({ state: 'detached' });
});

test('a recipient to whom nothing comes is told of before the mail is sent', async () => {
  const form = await newMail(alice);
  await write(form, `${BOB}, nobody@example.test`, 'Lost', 'text');
  const said = form.locator('.recipients-failing', { hasText: 'nobody@example.test: There is no such mailbox on this server.' });
  await said.waitFor();
  assert.equal(await said.getAttribute('role'), 'status');
  const chip = form.locator('.recipient', { hasText: 'nobody@example.test' });
  assert.match((await chip.getAttribute('class'))!, /recipient-wrong/);
  assert.match((await chip.locator('.recipient-name').getAttribute('aria-description'))!, /no such mailbox/);
  assert.doesNotMatch((await form.locator('.recipient', { hasText: 'bob' }).getAttribute('class'))!, /recipient-wrong/);
  // It is asked about once, and holds nobody up.
  await form.getByRole('button', { name: 'Send', exact: true }).click();
  const question = alice.getByRole('dialog', { name: 'Send although it cannot arrive?' });
  assert.match(await question.innerText(), /does not reach nobody@example\.test/);
  await question.getByRole('button', { name: 'Go on writing' }).click();
  await chip.getByRole('button', { name: 'Remove nobody@example.test' }).click();
  await said.waitFor({ state: 'detached' });
  await form.getByRole('button', { name: 'Discard' }).click();
});

test('no barrier stands in a composer', async () => {
  const form = await newMail(alice);
  await write(form, `${BOB}, anna@gmial.com`, 'Barriers', 'text');
  await form.locator('.compose-picker').setInputFiles({ name: 'a.txt', mimeType: 'text/plain', buffer: Buffer.from('a') });
  // The app forbids scripts of others, so axe is put in by the browser's own door.
  const axe = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  const session = await alice.context().newCDPSession(alice);
  await session.send('Runtime.evaluate', { expression: axe });
  const found = await alice.evaluate(async () => {
    const { violations } = await (window as any).axe.run('.dock-window', { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'], iframes: false });
    return violations.map((one: any) => `${one.id}: ${one.nodes.map((node: any) => node.html).join(' ')}`);
  });
  assert.deepEqual(found, []);
  await form.getByRole('button', { name: 'Discard' }).click();
});

test('bob reads what alice wrote', async () => {
  const [mail] = await eventually(async () => {
    const list = await find(BOB, 'Everything in one', 'inbox');
    return list.length > 0 && list;
  }, 'it was held for twenty seconds, and delivered');
  assert.equal((await find(BOB, 'Everything in one', 'inbox')).length, 1);
  const parts = parsed(await source(BOB, mail.blobId));
  assert.deepEqual(parts.map((p) => p.type), ['multipart/mixed', 'multipart/alternative', 'text/plain', 'multipart/related', 'text/html', 'image/png', 'text/plain']);
  const [, , text, , html, picture, file] = parts;
  assert.ok(text!.flowed && text!.text.split('\n').every((line) => line.length <= 80));
  assert.match(text!.text.replace(/ \r?\n/g, ' '), /Hello Bob, bold and a long line/);
  assert.match(html!.text, /<b>bold<\/b>/);
  assert.ok(html!.text.includes(`cid:${picture!.cid!.replace(/[<>]/g, '')}`), html!.text);
  assert.deepEqual([picture!.disposition, file!.disposition, file!.name, file!.text], ['inline', 'attachment', 'Übersicht 1.txt', 'contents of the file']);
  assert.doesNotMatch(html!.text, /blob:|data-src|data-cid|\u200b/);
});

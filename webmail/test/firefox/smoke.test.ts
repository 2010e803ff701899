/** What people do most, in Debian's Firefox: `FIREFOX` names another one. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { demo, type Server } from '../browser/server.ts';
import { Firefox } from './marionette.ts';

const ALICE = 'alice@example.test';
let server: Server;
let firefox: Firefox;

before(async () => {
  [server, firefox] = await Promise.all([demo(), Firefox.start(process.env['FIREFOX'] ?? '/usr/bin/firefox-esr')]);
  for (let at = 1; at <= 3; at++)
    server.deliver(ALICE, `From: Bob <bob@example.net>\nTo: ${ALICE}\nSubject: News ${at}\nMessage-ID: <f${at}@example.net>\nContent-Type: text/html\nDate: Mon, 0${at} Jun 2026 10:00:00 +0000\n\n<p style="color:red">Text <b>${at}</b><script>top.document.title="bad"</script><img src=x onerror="top.document.title='bad'">\n`);
});
after(async () => {
  await firefox?.stop();
  await server?.stop();
});

const counts = (): Record<string, number> => Object.fromEntries((JSON.parse(server.run('mailbox', 'list', ALICE, '--json')) as { path: string; messages: number }[]).map((one) => [one.path, one.messages]));
const mailText = 'return [...document.querySelectorAll("iframe")].map((frame) => frame.contentDocument?.body?.innerText ?? "").join()';

async function serverHas(mailbox: string, count: number): Promise<void> {
  for (let tries = 0; counts()[mailbox] !== count; tries++) {
    if (tries === 300) assert.fail(`${mailbox} has ${counts()[mailbox]} messages, not ${count}; the page says: ${await firefox.run<string>('return document.body.innerText')}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

test('somebody signs in and sees the list', async () => {
  await firefox.go(`${server.origin}/`);
  await firefox.fill('[name=username]', ALICE);
  await firefox.fill('[name=password]', server.passwords[ALICE]!);
  await firefox.click('form button');
  await firefox.row('News 3');
});

test('HTML is read, and nothing of it runs', async () => {
  await firefox.clickRow('News 3');
  await firefox.waitFor('the text of the mail', `${mailText}.includes("Text 3")`);
  assert.equal(await firefox.run('return getComputedStyle([...document.querySelectorAll("iframe")].map((frame) => frame.contentDocument.querySelector("p")).find(Boolean)).color'), 'rgb(255, 0, 0)');
  assert.doesNotMatch(await firefox.run<string>('return document.title'), /bad/);
});

test('a mail is archived, and comes back by undo', async () => {
  await firefox.press('u');
  await firefox.press('e');
  await firefox.gone('News 3');
  await serverHas('Archive', 1);
  await firefox.press('z');
  await firefox.row('News 3');
  await serverHas('Archive', 0);
});

test('a mail is written and sent', async () => {
  await firefox.press('c');
  await firefox.fill('[data-field=to] input', 'bob@example.test,');
  await firefox.fill('.compose-subject', 'From Firefox');
  await firefox.click('.compose-send button');
  await serverHas('Sent', 1);
});

test('without a network what was here is read, and what is done waits', async () => {
  await firefox.waitFor('the service worker', 'return navigator.serviceWorker.controller !== null || navigator.serviceWorker.ready.then((one) => one.active !== null)');
  await firefox.go(`${server.origin}/mail/inbox`);
  await firefox.clickRow('News 2');
  await firefox.waitFor('the text of the mail', `${mailText}.includes("Text 2")`);
  await firefox.network(false);
  await firefox.go(`${server.origin}/mail/inbox`);
  await firefox.clickRow('News 2');
  await firefox.waitFor('the text of the mail', `${mailText}.includes("Text 2")`);
  await firefox.press('u');
  await firefox.press('e');
  await firefox.gone('News 2');
  assert.equal(counts()['Archive'], 0);
  await firefox.network(true);
  await serverHas('Archive', 1);
});

/** Hostile messages as the true server gives them out: it takes out what runs, asks or loads. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import type { Hostile } from './hostile.ts';
import type { Server } from './server.ts';

const ALICE = 'alice@example.test';

/** Sends them through the server, which takes out what runs or loads. */
export async function cleanedByServer(server: Server, browser: Browser, list: Hostile[]): Promise<Hostile[]> {
  const source = path.join(server.folder, 'hostile');
  for (const part of ['cur', 'new', 'tmp']) fs.mkdirSync(path.join(source, part), { recursive: true });
  const head = 'Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64\n\n';
  for (const [n, { html }] of list.entries()) fs.writeFileSync(path.join(source, 'new', `${n}.test`), `Subject: ${n}\n${head}${Buffer.from(html).toString('base64').replace(/.{76}/g, '$&\n')}\n`);
  server.run('mailbox', 'import', ALICE, source, '--into', 'INBOX');
  const { request } = await browser.newContext({ ignoreHTTPSErrors: true });
  const answer = await request.post(`${server.origin}/jmap/api`, {
    headers: { authorization: `Basic ${Buffer.from(`${ALICE}:${server.passwords[ALICE]}`).toString('base64')}`, 'content-type': 'application/json' },
    data: {
      using: ['core', 'mail'].map((name) => `urn:ietf:params:jmap:${name}`).concat('urn:postrider:params:jmap:cleanhtml'),
      methodCalls: [
        ['Email/query', { accountId: 'A1', limit: list.length + 100 }, 'q'],
        ['Email/get', { accountId: 'A1', '#ids': { resultOf: 'q', name: 'Email/query', path: '/ids' }, properties: ['subject', 'bodyValues'], fetchHTMLBodyValues: true, cleanHTMLBodyValues: true }, 'g'],
      ],
    },
  });
  const found = ((await answer.json()) as any).methodResponses[1][1].list as { subject: string; bodyValues: Record<string, { value: string; isTruncated: boolean }> }[];
  const values = new Map(found.map((email) => [email.subject, Object.values(email.bodyValues)[0]!]));
  assert.ok(list.every((_, n) => values.get(String(n))?.isTruncated === false));
  return list.map((one, n) => ({ ...one, html: values.get(String(n))!.value }));
}

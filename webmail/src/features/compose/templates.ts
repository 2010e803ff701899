/** Templates: mails that others are made from. They lie in a mailbox of their own, as drafts, so that every device and program has them. */
import { t } from '../../base/words.ts';
import { Batch } from '../../jmap/batch.ts';
import type { Id, Mailbox, SetError } from '../../jmap/types.ts';
import { mail } from '../../model/current.ts';
import { done, say } from '../../model/undo.ts';
import type { MenuItem } from '../../ui/Menu.tsx';
import { isOffline, randomKey, sendersOf, templatesMailbox, type Composer } from './composer.ts';
import { compose, openDraft } from './composers.ts';
import { copyOf } from './draft/answer.ts';
import { htmlOfText, textOfHtml } from './draft/html.ts';
import type { Draft } from './draft/types.ts';
import { filled } from './fill.ts';
import { destroyVersions, fetchDraft, moveEmail, storeVersion } from './remote.ts';

export interface Template {
  id: Id;
  name: string;
}

/** As many as a menu can show; more belong into folders. */
const TEMPLATES_MAX = 50;

async function mailboxForTemplates(accountId: Id): Promise<Id> {
  const there = templatesMailbox(mail(), accountId);
  if (there) return there;
  const request = new Batch(mail().layer);
  const set = request.call<{ created?: Record<string, { id: Id }> | null; notCreated?: Record<string, SetError> | null }>('Mailbox/set', { accountId, create: { templates: { name: 'Templates', isSubscribed: true } } });
  await request.send();
  const id = set.answer.created?.['templates']?.id;
  if (id) {
    const again = new Batch(mail().layer);
    const got = again.call<{ list: Mailbox[] }>('Mailbox/get', { accountId, ids: [id] });
    await again.send();
    mail().mailboxes.put(accountId, got.answer.list);
  }
  if (!id) throw new Error(`The mailbox for templates was refused: ${set.answer.notCreated?.['templates']?.type}`);
  return id;
}

export async function templates(accountId: Id): Promise<Template[]> {
  const mailbox = templatesMailbox(mail(), accountId);
  if (!mailbox) return [];
  const request = new Batch(mail().layer);
  const query = request.call('Email/query', { accountId, filter: { inMailbox: mailbox }, sort: [{ property: 'subject', isAscending: true }], limit: TEMPLATES_MAX });
  const got = request.call<{ list: { id: Id; subject: string | null }[] }>('Email/get', { accountId, '#ids': query.result('/ids'), properties: ['subject'] });
  await request.send();
  return got.answer.list.map(({ id, subject }) => ({ id, name: subject?.trim() || t('compose.template.unnamed') }));
}

async function apply(composer: Composer, template: Template): Promise<void> {
  const { accountId } = composer.draft.peek();
  const from = await fetchDraft(mail().layer, accountId, template.id, sendersOf(mail(), accountId));
  if (!from) {
    say(t('compose.template.gone'), true);
    return;
  }
  const draft = composer.draft.peek();
  const today = new Intl.DateTimeFormat(undefined, { dateStyle: 'long' }).format(new Date());
  const plain = (text: string): string => filled(text, draft, today);
  composer.change({
    subject: draft.subject || plain(from.subject),
    cc: draft.cc.length ? draft.cc : from.cc,
    bcc: draft.bcc.length ? draft.bcc : from.bcc,
    to: draft.to.length ? draft.to : from.to,
    attachments: [...draft.attachments, ...from.attachments.map((a) => ({ ...a, key: randomKey() }))],
  });
  const text = from.mode === 'plain' ? from.text : textOfHtml(from.html);
  if (draft.mode === 'plain') composer.change({ text: plain(text) + composer.draft.peek().text });
  else composer.editor?.insert(filled(from.mode === 'plain' ? htmlOfText(from.text) : from.html, draft, today, (value) => value.replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`)));
}

async function keepAsTemplate(composer: Composer): Promise<void> {
  const source = composer.sync();
  const { accountId } = source;
  const key = randomKey();
  const draft: Draft = { ...copyOf(source, key, sendersOf(mail(), accountId)), to: source.to, quote: null, template: true };
  try {
    const { emailId } = await storeVersion(mail().layer, draft, composer.sender, null, await mailboxForTemplates(accountId));
    done({ words: t('compose.template.kept'), undo: () => destroyVersions(mail().layer, accountId, [emailId]) });
  } catch (error) {
    if (!isOffline(error)) reportError(error);
    say(t('compose.template.notKept'), true);
  }
}

/** Entries of a composer's menu. */
export async function templateItems(composer: Composer): Promise<MenuItem[]> {
  const { accountId, template } = composer.draft.peek();
  if (template) return [];
  const all = await templates(accountId).catch((): Template[] => []);
  return [
    ...(all.length ? [{ heading: t('compose.template.insert') }] : []),
    ...all.map((one) => ({ id: one.id, words: one.name, icon: 'file-text', run: () => void apply(composer, one) })),
    { separator: 'keep' },
    { id: 'keep', words: t('compose.template.keep'), icon: 'plus', run: () => void keepAsTemplate(composer) },
  ];
}

export async function newTemplate(): Promise<void> {
  const accountId = mail().mainAccount;
  await mailboxForTemplates(accountId);
  const composer = await compose();
  composer.change({ template: true, html: '<div><br></div>', text: '' });
}

export async function editTemplate(template: Template): Promise<void> {
  const composer = await openDraft(template.id);
  if (composer && !composer.draft.peek().template) composer.change({ template: true });
}

/** Into the trash, from where it can be had back as any mail can. */
export async function removeTemplate(template: Template, again: () => void): Promise<void> {
  const store = mail();
  const accountId = store.mainAccount;
  const trash = store.mailboxWithRole('trash')?.id;
  const from = templatesMailbox(store, accountId);
  if (!trash || !from) return;
  await moveEmail(store.layer, accountId, template.id, trash);
  again();
  done({
    words: t('compose.template.removed', { name: template.name }),
    async undo() {
      await moveEmail(store.layer, accountId, template.id, from);
      again();
    },
  });
}

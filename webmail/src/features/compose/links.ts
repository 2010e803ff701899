/** Files of a mail that go as links: which do, and what its text says of each. The text, and the ids that are noted with the draft, are all that is kept. */
import { computed, signal, type ReadonlySignal } from '@preact/signals';
import { wholeDay } from '../../base/dates.ts';
import { sizeWords } from '../../base/sizes.ts';
import { t } from '../../base/words.ts';
import { ask } from '../../jmap/batch.ts';
import type { Id, SetError } from '../../jmap/types.ts';
import { LayerError } from '../../layer/layer.ts';
import { mail } from '../../model/current.ts';
import { type FileLink, type FileLinkLimits, fileLinkLimits, FileLinkRefused, fileLinks, hasFileLinks, linkAbove, linkName, loadFileLinks, makeFileLink, removeFileLink } from '../../model/fileLinks.ts';
import { done, forget, say, type Undoable } from '../../model/undo.ts';
import { newKey } from './draft/answer.ts';
import { goesAlong } from './draft/email.ts';
import { type FileBlock, fitMail, linkedOf, namesFile, withBlock, withoutBlock } from './draft/fileBlocks.ts';
import type { Attachment, Draft } from './draft/types.ts';
import type { Editor } from './editor/editor.ts';
import type { Uploads } from './files.ts';
import { forgetLinks, linksLeft, noteLinks } from './linksLeft.ts';
import { isUsed, pathOf } from './linkUse.ts';
import type { Local } from './local.ts';

/** As much of a composer as is worked on. */
export interface Written {
  readonly draft: { peek(): Draft; readonly value: Draft };
  readonly uploads: Uploads;
  readonly editor: Editor | undefined;
  readonly local: Local;
  change(changes: Partial<Draft>): void;
}

/** A file that was taken out of a mail, or thrown away with it, can be had back for so long; then nobody can fetch it any more. */
const TAKEN_OUT_MS = 10_000;

/** What the mail says of the file. */
export function blockOf({ url, name, size, expires }: FileLink): FileBlock {
  return { url, name, about: t('fileLink.about', { size: sizeWords(size), date: wholeDay(new Date(expires)) }) };
}

/** What would bring a file back that shall go, while it can. */
const undoable = new Map<Id, Undoable>();

/** Can be undone for a while; then `final`, unless it was. A page that goes does not wait: what it asks first, the next one may have to do. */
function untilFinal(entry: Undoable, ids: readonly Id[], own: string | undefined, final: (entry: Undoable) => void): void {
  const { undo } = entry;
  noteLinks(ids, own);
  for (const id of ids) undoable.set(id, entry);
  const stop = (): void => {
    for (const id of ids) undoable.delete(id);
    clearTimeout(timer);
    removeEventListener('pagehide', end);
  };
  const end = (): void => {
    stop();
    noteLinks(ids, own, true);
    final(entry);
  };
  const timer = setTimeout(end, TAKEN_OUT_MS);
  addEventListener('pagehide', end);
  entry.undo = () => {
    stop();
    forgetLinks(ids);
    return undo();
  };
  done(entry);
}

export class Links {
  /** Counts changes of the text: which files it names is looked at anew. */
  private readonly looks = signal(0);
  /** Blobs of what was uploaded in this window, by the link that it became. */
  private readonly blobs = new Map<Id, Id>();
  /** Of attachments whose link is being made: which links there were before. */
  private readonly known = new Map<string, ReadonlySet<Id>>();
  private last: readonly FileLink[] = [];
  private isOver = false;
  /** Those that were made for this mail, and that its text names. */
  readonly shown: ReadonlySignal<readonly FileLink[]>;
  /** The text names one that is there no more: it was removed, or its time is over. */
  readonly leadsNowhere: ReadonlySignal<boolean>;

  constructor(private readonly mail: Written) {
    const isKnown = signal(this.ids.length === 0);
    if (!isKnown.peek() && this.limits) void loadFileLinks().then(() => (isKnown.value = true), () => undefined);
    this.leadsNowhere = computed(() => {
      this.looks.value;
      const there = fileLinks.value ?? [];
      return isKnown.value && (mail.draft.value.linkIds ?? []).some((id) => !there.some((link) => link.id === id) && this.names(pathOf(id)));
    });
    this.shown = computed(() => {
      this.looks.value;
      const ids = mail.draft.value.linkIds ?? [];
      const now = ids.length ? (fileLinks.value ?? []).filter((link) => ids.includes(link.id) && this.names(link.url)) : [];
      // The same ones are no news for whoever shows them.
      if (now.length !== this.last.length || now.some((link, at) => link !== this.last[at])) this.last = now;
      return this.last;
    });
  }

  private get ids(): readonly Id[] {
    return this.mail.draft.peek().linkIds ?? [];
  }

  /** Undefined: nothing goes as a link here. A template lasts longer than any. */
  get limits(): FileLinkLimits | undefined {
    const { accountId, template } = this.mail.draft.peek();
    return template ? undefined : fileLinkLimits(accountId);
  }

  /** `address`: whole, or a part of it. */
  private names(address: string): boolean {
    const draft = this.mail.draft.peek();
    return draft.mode === 'rich' && this.mail.editor ? this.mail.editor.namesFile(address) : namesFile(draft, address);
  }

  /** Somebody has written. */
  look(): void {
    if (this.ids.length) this.looks.value++;
  }

  private attached(): number {
    const draft = this.mail.draft.peek();
    return draft.attachments.filter((a) => !a.asLink && goesAlong(draft, a)).reduce((sum, a) => sum + a.size, 0);
  }

  /** Which of these files go as links by themselves. */
  plan(sizes: readonly number[]): boolean[] {
    const { limits } = this;
    return limits ? linkedOf(sizes, this.attached(), linkAbove().peek(), limits.attachMax) : sizes.map(() => false);
  }

  /** Whether the mail can carry it as an attachment. */
  fits(size: number): boolean {
    return fitMail(this.attached() + size, this.limits?.attachMax ?? Infinity);
  }

  // ---- an attachment becomes a link ----

  /** It is at the server: from here on the text says where. */
  async make(attachment: Attachment, blobId: Id): Promise<void> {
    const { key, name, type, size } = attachment;
    const link = (await this.madeBefore(attachment)) ?? (await this.madeNow(key, { blobId, name, type, size }));
    const now = this.mail.draft.peek().attachments.find((a) => a.key === key);
    if (!now?.asLink) {
      // Meanwhile it was taken away, or shall be an attachment.
      await removeFileLink(link.id);
      if (now) this.setAttachment(key, { blobId });
      return;
    }
    if (this.isOver) {
      // The mail was thrown away; had back, it makes another one.
      await removeFileLink(link.id);
      return;
    }
    this.blobs.set(link.id, blobId);
    this.mail.uploads.rename(key, link.id);
    this.mail.change({ attachments: this.mail.draft.peek().attachments.filter((a) => a.key !== key), linkIds: [...this.ids, link.id] });
    this.put(link);
  }

  private async madeNow(key: string, file: Parameters<typeof makeFileLink>[0]): Promise<FileLink> {
    this.known.set(key, new Set(fileLinks.peek()?.map(({ id }) => id)));
    const link = await makeFileLink(file);
    this.known.delete(key);
    return link;
  }

  /** An attempt whose answer did not come may have made it: then it is there, and was not before. */
  private async madeBefore({ key, name, size }: Attachment): Promise<FileLink | undefined> {
    const before = this.known.get(key);
    if (before || !fileLinks.peek()) await loadFileLinks();
    return before && fileLinks.peek()?.find((link) => !before.has(link.id) && !this.ids.includes(link.id) && link.name === linkName(name) && link.size === size);
  }

  private setAttachment(key: string, changes: Partial<Attachment>): void {
    this.mail.change({ attachments: this.mail.draft.peek().attachments.map((a) => (a.key === key ? { ...a, ...changes } : a)) });
  }

  /** "Send as a link", of any attachment. */
  send(attachment: Attachment): void {
    const { key } = attachment;
    const { uploads } = this.mail;
    this.setAttachment(key, { asLink: true });
    if (attachment.blobId !== null) this.resume({ ...attachment, asLink: true });
    else if (uploads.states.peek()[key]?.state !== 'running') uploads.again();
  }

  /** An attachment that was to become a link when the page went. */
  resume({ key, size, blobId, type, name, cid }: Attachment): void {
    const { accountId } = this.mail.draft.peek();
    this.mail.uploads.addMade({ key, size, blobId, type, name, cid }, () => ownUpload(accountId, blobId!, type));
  }

  /** "Attach instead", while it is on its way. */
  keepAttached(attachment: Attachment): void {
    const { uploads } = this.mail;
    this.setAttachment(attachment.key, { asLink: undefined });
    // A part of the draft is an attachment as it is.
    if (attachment.blobId !== null) uploads.forget(attachment.key);
    else uploads.again();
  }

  // ---- a link that the text has ----

  canAttach(link: FileLink): boolean {
    return this.fits(link.size) && (this.blobs.has(link.id) || this.mail.uploads.file(link.id) !== undefined);
  }

  /** "Attach instead". */
  attach(link: FileLink): void {
    const file = this.mail.uploads.file(link.id);
    const blobId = this.blobs.get(link.id) ?? null;
    const key = newKey(() => crypto.getRandomValues(new Uint8Array(20)));
    const attachment: Attachment = { key, blobId, name: link.name, type: link.type, size: link.size, cid: null };
    this.take(link);
    this.mail.uploads.rename(link.id, key);
    this.mail.change({ attachments: [...this.mail.draft.peek().attachments, attachment], linkIds: this.ids.filter((id) => id !== link.id) });
    if (blobId === null && file) this.mail.uploads.add(attachment, file);
    void this.removeUnused(link.id, this.mail.draft.peek().key);
  }

  /** Out of the text at once; from the server when it cannot be had back any more. */
  remove(link: FileLink): void {
    this.take(link);
    untilFinal(
      {
        words: t('compose.attachment.removed', { name: link.name }),
        undo: () => this.put(link),
      },
      [link.id],
      this.mail.draft.peek().key,
      (entry) => {
        if (this.names(link.url)) return forgetLinks([link.id]);
        forget(entry);
        this.mail.uploads.remove(link.id);
        void this.removeUnused(link.id, this.mail.draft.peek().key);
      },
    );
  }

  /** Kept where another mail may have it, sent or written. `own`: see isUsed. */
  private async removeUnused(id: Id, own?: string): Promise<void> {
    noteLinks([id], own, true);
    try {
      if (await isUsed(id, this.mail.local, own)) return forgetLinks([id]);
    } catch {
      // One that somebody was sent does not come back, so nothing is removed blindly.
      return say(t('fileLink.removedLater'), true);
    }
    if (await removeFileLink(id)) forgetLinks([id]);
  }

  /**
   * What pages have left, for when the program begins, and when there is a connection again. `others`: see throwAway; `all`: see linksLeft.
   * Each is tried; rejects with what was in the way of the first one that failed.
   */
  static async removeLeft(local: Local, others: () => readonly { links: Links }[], all = false): Promise<void> {
    if (!hasFileLinks()) return;
    let why: unknown;
    for (const { id, own } of linksLeft(all)) {
      try {
        const isElsewhere = others().some(({ links }) => links.names(pathOf(id)));
        const stays = isElsewhere || (await isUsed(id, local, own));
        if (!stays && !(await removeFileLink(id, undefined, false))) continue;
        forgetLinks([id]);
        const entry = undoable.get(id);
        if (entry && !stays) forget(entry);
      } catch (error) {
        why ??= error;
      }
    }
    if (why !== undefined) throw why;
  }

  /** A link that is being made is kept no more. */
  stop(): void {
    this.isOver = true;
  }

  /**
   * The mail was thrown away, which `entry` takes back: links that no other mail has go once that cannot be done any more. `isGone`: the
   * server has put the draft away. `others`: mails that are still written, and may have got a piece of its text.
   */
  throwAway(entry: Undoable, isGone: Promise<boolean>, others: () => readonly { links: Links }[]): void {
    const isElsewhere = (id: Id): boolean => others().some(({ links }) => links.names(pathOf(id)));
    const ids = this.ids.filter((id) => !isElsewhere(id));
    if (ids.length === 0) return done(entry);
    let isBack = false;
    const { undo } = entry;
    entry.undo = () => {
      isBack = true;
      return undo();
    };
    untilFinal(entry, ids, undefined, async () => {
      if (!(await isGone) || isBack) return forgetLinks(ids);
      forget(entry);
      for (const id of ids)
        if (isElsewhere(id)) forgetLinks([id]);
        else void this.removeUnused(id);
    });
  }

  // ---- the text ----

  private put(link: FileLink): void {
    const draft = this.mail.draft.peek();
    const { editor } = this.mail;
    if (draft.mode === 'rich' && editor) editor.putFile(blockOf(link));
    else this.mail.change(textOf(withBlock(draft, blockOf(link))));
    this.look();
  }

  private take(link: FileLink): void {
    const draft = this.mail.draft.peek();
    const { editor } = this.mail;
    if (draft.mode === 'rich' && editor) editor.takeFile(link.url);
    else this.mail.change(textOf(withoutBlock(draft, link)));
    this.look();
  }

  /** A draft in another form: what it says of files is written anew, as text says it otherwise than HTML. */
  across(draft: Draft, change: (draft: Draft) => Draft): Draft {
    const blocks = [...this.shown.peek()].map(blockOf);
    return blocks.reduce(withBlock, change(blocks.reduce(withoutBlock, draft)));
  }
}

function textOf({ html, text }: Draft): Pick<Draft, 'html' | 'text'> {
  return { html, text };
}

/** A part of a mail goes with it: a link is made of an upload of its own (RFC 9404 section 4.1). */
async function ownUpload(accountId: Id, blobId: Id, type: string): Promise<Id> {
  const create = { file: { type, data: [{ blobId }] } };
  const answer = await ask<{ created: Record<string, { id: Id }> | null; notCreated: Record<string, SetError> | null }>(mail().layer, 'Blob/upload', { accountId, create });
  const made = answer.created?.['file'];
  if (made) return made.id;
  const why = answer.notCreated?.['file']?.type;
  if (why === 'tooLarge' || why === 'overQuota') throw new LayerError('limit', `The server did not copy the file: ${why}.`);
  throw new FileLinkRefused(t('fileLink.gone'));
}

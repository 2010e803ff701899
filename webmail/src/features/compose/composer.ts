/** One mail that is being written: its state, and how it is kept. Views show it and call it; it knows none of them but the editor. */
import { signal, type Signal } from '@preact/signals';
import { CORE, type CoreLimits } from '../../jmap/types.ts';
import { LayerError } from '../../layer/layer.ts';
import type { Store } from '../../model/store.ts';
import { newKey, withOpenQuote, messageIdFor } from './draft/answer.ts';
import { goesAlong, isShown } from './draft/email.ts';
import { htmlOfText, textOfHtml } from './draft/html.ts';
import { isAddress, sameAddress, withoutRepeats } from './draft/people.ts';
import { exchangeSignatureText, signatureHtml } from './draft/signature.ts';
import type { Attachment, Draft, Mode, Person, Sender } from './draft/types.ts';
import type { Editor } from './editor/editor.ts';
import { Uploads } from './files.ts';
import { Links } from './links.ts';
import type { Kept, Local, Sending } from './local.ts';
import { wordsOf } from './refusals.ts';
import { blobsOfVersion, destroyVersions, Refused, storeVersion, versionsOf } from './remote.ts';
import { Saver, type SaveState } from './saver.ts';

export type Look = 'docked' | 'folded' | 'page' | 'inline';

export interface Context {
  store: Store;
  local: Local;
}

export function sendersOf(store: Store, accountId: string): Sender[] {
  return store.identities.all(accountId) as Sender[];
}

export function randomKey(): string {
  return newKey(() => crypto.getRandomValues(new Uint8Array(20)));
}

/** What a browser does not say of a file. */
function typeOf(file: File): string {
  return /^[\w.+-]+\/[\w.+-]+$/.test(file.type) ? file.type : /\.eml$/i.test(file.name) ? 'message/rfc822' : 'application/octet-stream';
}

export class Composer {
  readonly draft: Signal<Draft>;
  readonly look: Signal<Look>;
  readonly state: Signal<SaveState> = signal('unchanged');
  /** A sentence about what went wrong. */
  readonly problem: Signal<string | null> = signal(null);
  /** Recipients that the server has refused. */
  readonly refused: Signal<readonly string[]> = signal([]);
  /** Also changed on another device: both versions were kept. */
  readonly conflict = signal(false);
  readonly shows: Signal<{ cc: boolean; bcc: boolean }>;
  /** Text in the fields of recipients that is no address yet. */
  readonly unread: Signal<Partial<Record<'to' | 'cc' | 'bcc', string>>> = signal({});
  readonly uploads: Uploads;
  readonly links: Links;
  /** Which conversation it answers: its reply box shows it. */
  readonly threadId: Signal<string | null> = signal(null);
  /** It is to be sent, and waits for its files. */
  readonly leaves: Signal<boolean> = signal(false);
  /** Lets other windows write on it. */
  letGo: () => void = () => undefined;
  editor: Editor | undefined;
  /** The version whose parts the attachments are; null: it is not known, and may be any of those that it began with. */
  private source: string | null = null;
  private begun: ReadonlySet<string>;
  /** Versions that are still to be removed from the server. */
  private readonly older: Signal<readonly string[]>;
  private readonly writer: string;
  private knowsAll = false;
  private readonly saver: Saver;
  private readonly addresses = new Map<string, string>();
  private over = false;
  /** What is done to its versions, one after the other. */
  private turn: Promise<void> = Promise.resolve();
  private readonly deafen: () => void;

  constructor(
    private readonly context: Context,
    draft: Draft,
    look: Look,
    private emailId: string | null = null,
    stale: readonly string[] = [],
    files: Record<string, Blob> = {},
    /** Of the window that it was written in before: that one may have made versions that nobody knows of. */
    private readonly earlier: string | null = null,
  ) {
    this.writer = earlier ?? randomKey();
    this.begun = new Set(emailId === null ? [] : [emailId, ...stale]);
    this.older = signal(stale);
    this.draft = signal(draft);
    this.look = signal(look);
    this.shows = signal({ cc: draft.cc.length > 0, bcc: draft.bcc.length > 0 });
    const limits = context.store.layer.session.capabilities[CORE] as CoreLimits | undefined;
    this.uploads = new Uploads(context.store.layer, draft.accountId, limits?.maxSizeUpload ?? Infinity, (key, blobId) => this.uploaded(key, blobId));
    this.links = new Links(this);
    for (const attachment of draft.attachments) {
      const file = files[attachment.key];
      if (attachment.asLink && attachment.blobId !== null) this.links.resume(attachment);
      else if (file && attachment.blobId === null) this.uploads.add(attachment, file);
    }
    for (const id of draft.linkIds ?? []) if (files[id]) this.uploads.keep(id, files[id]);
    this.saver = new Saver({
      now: () => Date.now(),
      later: (ms, run) => {
        const timer = setTimeout(run, ms);
        return () => clearTimeout(timer);
      },
      keepLocal: () => context.local.put(this.kept()),
      keepAtServer: () => this.keepAtServer(),
      size: () => this.draft.peek().attachments.reduce((sum, a) => sum + a.size, 0),
      told: (state) => (this.state.value = state),
    });
    this.deafen = context.store.layer.listen((event) => void (event.kind === 'named' && this.emailId !== null && this.emailId in event.ids && this.arrived()));
  }

  get key(): string {
    return this.draft.peek().key;
  }

  get sender(): Sender | undefined {
    const { accountId, identityId } = this.draft.peek();
    return sendersOf(this.context.store, accountId).find((s) => s.id === identityId);
  }

  /** The version at the server. */
  get version(): string | null {
    return this.emailId;
  }

  get local(): Local {
    return this.context.local;
  }

  get replaced(): readonly string[] {
    return this.older.peek();
  }

  kept(sending: Sending | null = null): Kept {
    return { draft: this.current(), emailId: this.emailId, stale: [...this.older.peek()], writer: this.writer, edited: Date.now(), isAtServer: !this.hasUnsaved, files: this.uploads.all(), sending };
  }

  /** With what the editor holds. */
  private current(): Draft {
    const draft = this.draft.peek();
    return this.editor && draft.mode === 'rich' ? { ...draft, html: this.editor.html() } : draft;
  }

  /** Takes over what the editor holds: before it goes, or anybody reads the draft. */
  sync(): Draft {
    const now = this.current();
    if (now !== this.draft.peek() && now.html !== this.draft.peek().html) this.draft.value = now;
    return this.draft.peek();
  }

  change(changes: Partial<Draft>): void {
    this.draft.value = { ...this.draft.peek(), ...changes };
    this.problem.value = null;
    this.links.look();
    this.saver.changed();
  }

  /** The editor says so; its text is read when it is saved. */
  written(): void {
    this.links.look();
    this.saver.changed();
  }

  setPeople(field: 'to' | 'cc' | 'bcc', people: Person[]): void {
    this.refused.value = this.refused.peek().filter((email) => people.some((p) => p.email === email));
    this.change({ [field]: people });
  }

  setSender(identityId: string, fromEmail: string | null): void {
    const before = this.sender;
    const { store } = this.context;
    const draft = this.sync();
    const after = sendersOf(store, draft.accountId).find((s) => s.id === identityId);
    // Whom the one always lets know does not hear of what the other writes.
    const bcc = withoutRepeats([...draft.bcc.filter((p) => !before?.bcc?.some((q) => sameAddress(p.email, q.email))), ...(after?.bcc ?? [])]);
    if (bcc.length) this.shows.value = { ...this.shows.peek(), bcc: true };
    this.change({ identityId, fromEmail, bcc, text: exchangeSignatureText(draft.text, before, after) });
    if (before?.id !== identityId) this.editor?.setSignature(signatureHtml(after));
  }

  setMode(mode: Mode): void {
    const draft = this.sync();
    if (draft.mode === mode) return;
    this.change(this.links.across(draft, (bare) => {
      if (mode === 'rich') return { ...bare, mode, html: htmlOfText(bare.text) };
      const open = withOpenQuote({ ...bare, text: textOfHtml(bare.html) });
      return { ...open, mode, attachments: open.attachments.map((a) => ({ ...a, cid: null })) };
    }));
  }

  openQuote(): void {
    const { quote } = this.sync();
    if (!quote) return;
    this.editor?.append(quote.html);
    this.change({ quote: null, html: this.editor?.html() ?? withOpenQuote(this.draft.peek()).html });
    this.editor?.focus();
  }

  removeQuote(): void {
    this.change({ quote: null });
  }

  // ---- files ----

  addFiles(files: readonly File[]): void {
    const linked = this.links.plan(files.map(({ size }) => size));
    const added = files.map((file, at): [Attachment, File] => [{ key: randomKey(), blobId: null, name: file.name, type: typeOf(file), size: file.size, cid: null, ...(linked[at] && { asLink: true }) }, file]);
    this.change({ attachments: [...this.draft.peek().attachments, ...added.map(([attachment]) => attachment)] });
    for (const [attachment, file] of added) this.uploads.add(attachment, file, attachment.asLink ? this.links.limits?.space : undefined);
  }

  /** A picture within the text: its Content-ID. */
  addPicture(file: File): string {
    const key = randomKey();
    const cid = messageIdFor(key, this.draft.peek().messageId);
    const attachment: Attachment = { key, blobId: null, name: file.name || 'picture', type: file.type, size: file.size, cid };
    this.addresses.set(cid, URL.createObjectURL(file));
    this.change({ attachments: [...this.draft.peek().attachments, attachment] });
    this.uploads.add(attachment, file);
    // Once it stands in the text, the list of files leaves it out.
    setTimeout(() => this.sync());
    return cid;
  }

  /** Where the editor's frame finds a picture; null: not yet (`loadPicture` gets it), or it is none of this mail. */
  addressOf(cid: string): string | null {
    const known = this.addresses.get(cid);
    if (known) return known;
    const attachment = this.draft.peek().attachments.find((a) => a.cid === cid);
    const file = attachment && this.uploads.file(attachment.key);
    if (!file) return null;
    const address = URL.createObjectURL(file);
    this.addresses.set(cid, address);
    return address;
  }

  /** From the server: the frame itself may load nothing. Blobs of a version go with it, so what is shown stays in this browser. */
  async loadPicture(cid: string): Promise<string | null> {
    const { accountId, attachments } = this.draft.peek();
    const attachment = attachments.find((a) => a.cid === cid);
    if (!attachment?.blobId || !/^image\/(?:png|jpeg|gif|webp|avif)$/.test(attachment.type)) return null;
    const answer = await fetch(this.context.store.layer.blobUrl(accountId, attachment.blobId, attachment.name, attachment.type));
    if (!answer.ok) return null;
    const picture = new Blob([await answer.arrayBuffer()], { type: attachment.type });
    // Taken out of the text, and put back, it is uploaded anew.
    this.uploads.keep(attachment.key, picture);
    const address = this.addresses.get(cid) ?? URL.createObjectURL(picture);
    this.addresses.set(cid, address);
    return address;
  }

  removeAttachment(key: string): void {
    this.uploads.remove(key);
    this.change({ attachments: this.draft.peek().attachments.filter((a) => a.key !== key) });
  }

  private async uploaded(key: string, blobId: string): Promise<void> {
    const attachment = this.draft.peek().attachments.find((a) => a.key === key);
    if (attachment?.asLink) await this.links.make(attachment, blobId);
    else this.change({ attachments: this.draft.peek().attachments.map((a) => (a.key === key ? { ...a, blobId } : a)) });
  }

  // ---- keeping ----

  /** The mailbox that it is kept in. */
  home(): string | undefined {
    const { store } = this.context;
    const { accountId, template } = this.draft.peek();
    return (template ? templatesMailbox(store, accountId) : undefined) ?? store.mailboxWithRole('drafts', accountId)?.id;
  }

  private mailboxId(): string {
    const id = this.home();
    if (!id) throw new Refused('noDrafts', 'the account has no mailbox for drafts');
    return id;
  }

  private inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.turn.then(work);
    this.turn = done.catch(() => undefined);
    return done;
  }

  private async keepAtServer(): Promise<void> {
    try {
      await this.inTurn(() => this.storeAtServer());
    } catch (error) {
      if (error instanceof Refused) this.problem.value = wordsOf(error);
      throw error;
    }
  }

  private async storeAtServer(): Promise<void> {
    const { layer } = this.context.store;
    const mailboxId = this.mailboxId();
    this.uploadReturned();
    await this.findOwn(mailboxId);
    await this.followBlobs();
    const draft = this.sync();
    const before = this.emailId;
    const stored = await storeVersion(layer, draft, this.sender, before, mailboxId, this.writer);
    this.emailId = stored.emailId;
    if (before) this.older.value = [...this.older.peek(), before];
    await this.followBlobs();
    if (before && !stored.hadBefore) await this.findOthers(mailboxId);
    if (!this.over) await this.removeOlder();
  }

  /** They go once the newest is at the server. Those that the attachments may be parts of stay. */
  private async removeOlder(all = false): Promise<void> {
    const gone = this.older.peek().filter((id) => all || (this.source === null ? !this.begun.has(id) : id !== this.source));
    await destroyVersions(this.context.store.layer, this.draft.peek().accountId, gone, this.emailId);
    this.older.value = this.older.peek().filter((id) => !gone.includes(id));
  }

  /** The newest version is at the server. */
  private arrived(): void {
    if (this.state.peek() === 'failed') this.saver.changed();
    this.tidy();
  }

  /** What was read from an older version is read from the newest, if the server has that; then the older ones go. */
  tidy(): void {
    void this.inTurn(async () => {
      if (this.over || !this.older.peek().length) return;
      await this.followBlobs();
      if (this.over) return;
      await this.removeOlder();
      if (!this.over) await this.context.local.put(this.kept());
    }).catch((error: unknown) => void (isOffline(error) || reportError(error)));
  }

  /** The person signs out: no version will be made here of what older ones have. */
  removeAllOlder(): Promise<void> {
    return this.inTurn(() => this.removeOlder(true));
  }

  /**
   * Attachments are parts of a version, and go with it. Once the newest version is at the server they are read from there; until then the
   * one that they come from must stay.
   */
  private async followBlobs(): Promise<void> {
    const draft = this.draft.peek();
    if (!draft.attachments.some((a) => a.blobId !== null)) {
      this.source = null;
      this.begun = new Set();
      return;
    }
    if (!this.emailId || this.emailId === this.source) return;
    const blobs = await blobsOfVersion(this.context.store.layer, draft, this.emailId);
    if (!blobs) return;
    const now = this.draft.peek();
    const attachments = now.attachments.map((a) => ({ ...a, blobId: a.blobId === null ? null : (blobs.get(a.key) ?? (goesAlong(now, a) ? a.blobId : null)) }));
    if (attachments.some(({ blobId }, at) => blobId !== now.attachments[at]!.blobId)) this.draft.value = { ...now, attachments };
    this.source = this.emailId;
  }

  /** Pictures that were taken out, and came back by undo: the version that had them is gone. */
  private uploadReturned(): void {
    const draft = this.sync();
    for (const attachment of draft.attachments) {
      const file = this.uploads.file(attachment.key);
      if (file && attachment.blobId === null && isShown(draft, attachment) && !this.uploads.states.peek()[attachment.key]) this.uploads.add(attachment, file);
    }
  }

  /** A window that went in the midst of saving has left versions behind: the next one replaces them. */
  private async findOwn(mailboxId: string): Promise<void> {
    if (this.knowsAll || this.earlier === null) return;
    // The server alone can find them: what the layer has not sent yet would be found by nobody, and stay beside the next version.
    if (this.context.store.status.peek().waiting !== 0) throw new LayerError('offline', 'Changes are on their way.');
    const { accountId, key } = this.draft.peek();
    const versions = await versionsOf(this.context.store.layer, accountId, mailboxId, key, this.emailId);
    const own = versions.filter((one) => one.writer === this.writer && one.id !== this.emailId).map((one) => one.id);
    this.begun = new Set([...this.begun, ...own]);
    this.older.value = [...new Set([...this.older.peek(), ...own])];
    this.knowsAll = true;
  }

  /** The version before was gone: it was changed elsewhere, or thrown away there. What is written here stays in any case. */
  private async findOthers(mailboxId: string): Promise<void> {
    const { accountId, key } = this.draft.peek();
    const found = await versionsOf(this.context.store.layer, accountId, mailboxId, key, this.emailId);
    const others = found.filter(({ id, writer }) => id !== this.emailId && writer !== this.writer && !this.older.peek().includes(id));
    if (!others.length) return;
    // From here on it is a mail of its own, so that no device takes the other one's for an older version.
    const own = randomKey();
    await this.context.local.remove(accountId, key);
    this.draft.value = { ...this.draft.peek(), key: own, messageId: messageIdFor(own, this.draft.peek().messageId) };
    this.conflict.value = true;
    this.saver.changed();
  }

  /** Everything that was written is in this browser when it resolves; at the server soon. */
  async flush(): Promise<void> {
    await this.saver.flush();
    await this.turn;
  }

  flushLocal(): Promise<void> {
    return this.saver.flushLocal();
  }

  get isUnchanged(): boolean {
    return this.state.peek() === 'unchanged' && this.emailId === null;
  }

  /** Something of it, its files included, is in this browser alone. */
  get hasUnsaved(): boolean {
    const draft = this.draft.peek();
    return !this.saver.isSaved || draft.attachments.some((a) => a.blobId === null && goesAlong(draft, a) && this.uploads.file(a.key) !== undefined);
  }

  /** The server has all of it, and no older version besides. An effect that asks is told when that changes. */
  get isFinished(): boolean {
    this.state.value;
    this.draft.value;
    return this.older.value.length === 0 && !this.hasUnsaved;
  }

  /** Ends keeping: it was sent or thrown away. */
  async stop(): Promise<void> {
    this.over = true;
    this.sync();
    await this.saver.stop();
    await this.turn;
  }

  /** It hears of nothing any more; and the browser's memory of what was shown. */
  release(): void {
    this.deafen();
    for (const address of this.addresses.values()) if (address.startsWith('blob:')) URL.revokeObjectURL(address);
  }

  connectionIsBack(): void {
    this.uploads.again();
    if (this.state.peek() === 'failed') this.saver.changed();
  }

  // ---- before it is sent ----

  /** Why it cannot be sent: a key of words; null: it can. */
  hindrance(): string | null {
    const draft = this.draft.peek();
    const all = [...draft.to, ...draft.cc, ...draft.bcc];
    if (Object.values(this.unread.peek()).some((text) => text?.trim())) return 'compose.problem.unread';
    if (!all.length) return 'compose.problem.noRecipients';
    if (all.some((p) => !isAddress(p.email))) return 'compose.problem.badAddress';
    if (Object.values(this.uploads.states.peek()).some((u) => u.state === 'tooLarge')) return 'compose.problem.tooLarge';
    return null;
  }

  /** What was written, without quote and signature, as text. */
  words(): string {
    const draft = this.sync();
    const text = draft.mode === 'plain' ? draft.text : textOfHtml(draft.html);
    return text.split('\n').filter((line) => !line.startsWith('>')).join('\n').split('\n-- \n')[0]!;
  }
}

/** By its role where the server knows it, else by its name. */
export function templatesMailbox(store: Store, accountId: string): string | undefined {
  const all = store.mailboxes.all(accountId);
  return (all.find((m) => m.role === 'templates') ?? all.find((m) => m.parentId === null && m.name.toLowerCase() === 'templates'))?.id;
}

export function isOffline(error: unknown): boolean {
  return error instanceof LayerError && (error.kind === 'offline' || error.kind === 'signed-out');
}


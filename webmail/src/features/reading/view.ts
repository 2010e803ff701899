/** The state of the open conversation: which messages are open, and how each is shown. */
import { batch, computed, effect, signal, type Signal, untracked } from '@preact/signals';
import { afterPaint } from '../../ui/paint.ts';
import type { Id } from '../../jmap/types.ts';
import { change } from '../../model/change.ts';
import { mail } from '../../model/current.ts';
import { draftsWritten, isWhole, loadThread, loadWhole, openMessage } from '../../model/reading.ts';
import { LayerError } from '../../layer/layer.ts';

export type Loading = 'loading' | 'shown' | 'gone' | 'offline' | 'failed';

/** How one message is shown. */
export interface MessageView {
  open: Signal<boolean>;
  /** All addresses, and what else its header says. */
  details: Signal<boolean>;
  /** Pictures from elsewhere. */
  remote: Signal<boolean>;
  /** Its own colours on a dark screen. */
  original: Signal<boolean>;
}

export class ConversationView {
  readonly loading = signal<Loading>('loading');
  readonly failure = signal('');
  /** Older messages that are folded into one line. */
  readonly olderShown = signal(false);
  /** Grows when messages have come while it is open. */
  readonly arrived = signal(0);
  private readonly messages = new Map<Id, MessageView>();
  private readonly known = new Set<Id>();
  /** Those that it was opened with. */
  private readonly begun = signal<ReadonlySet<Id>>(new Set());
  private ended = false;
  private arriving: Promise<void> | undefined;
  private readonly ends: (() => void)[] = [];

  constructor(readonly threadId: Id) {
    void this.load();
    const store = mail();
    this.ends.push(
      /* What came into the conversation while it is open. */
      effect(() => {
        const thread = store.threads.of(threadId).value;
        if (this.loading.value === 'shown' && thread?.emailIds.some((id) => !this.known.has(id))) untracked(() => this.arrive());
      }),
      /* Another one is read when that one was thrown away. */
      effect(() => {
        const ids = this.ids();
        const read = openMessage.value;
        if (read !== undefined && this.known.has(read) && ids.length > 0 && !ids.includes(read)) openMessage.value = ids.at(-1);
      }),
      effect(() => {
        if (store.status.value.connection === 'online') untracked(() => this.loading.peek() === 'offline' && void this.load());
      }),
    );
  }

  private arrive(): void {
    this.arriving ??= this.loadArrived()
      .catch((error: unknown) => {
        if (!(error instanceof LayerError)) reportError(error);
      })
      .finally(() => (this.arriving = undefined));
  }

  private async loadArrived(): Promise<void> {
    const store = mail();
    await loadThread(store, this.threadId);
    if (this.ended) return;
    const fresh = (store.threads.peek(this.threadId)?.emailIds ?? []).filter((id) => !this.known.has(id));
    for (const id of fresh) this.known.add(id);
    await loadWhole(store, fresh);
    if (this.ended) return;
    batch(() => {
      this.arrived.value++;
      for (const id of fresh) this.view(id).open.value = true;
    });
    this.seen(fresh);
  }

  /** As text, so that what follows it is drawn anew only when messages come or go. */
  private readonly shownIds = computed(() => {
    this.arrived.value;
    return this.order(mail().threads.of(this.threadId).value?.emailIds ?? []).join(' ');
  });

  ids(): Id[] {
    return this.shownIds.value.split(' ').filter(Boolean);
  }

  private order(ids: readonly Id[]): Id[] {
    const store = mail();
    const junk = new Set([store.mailboxWithRole('trash')?.id, store.mailboxWithRole('junk')?.id]);
    const known = ids.filter((id) => store.emails.of(id).value);
    /* What was thrown away is not read with the rest, unless all was. */
    const kept = known.filter((id) => !Object.keys(store.emails.peek(id)!.mailboxIds).every((box) => junk.has(box)));
    const read = kept.filter((id) => !this.isWritten(id));
    return read.length ? read : kept.length ? kept : known;
  }

  /** A draft that this window writes on. Of one that has just come it is known only once it is whole. */
  private isWritten(id: Id): boolean {
    const written = draftsWritten.value;
    const email = mail().emails.peek(id)!;
    if (!written || !('$draft' in email.keywords)) return false;
    return isWhole(email) ? written.split(' ').includes(email.messageId?.[0] ?? '') : !this.begun.value.has(id);
  }

  view(id: Id): MessageView {
    let found = this.messages.get(id);
    if (!found) this.messages.set(id, (found = { open: signal(false), details: signal(false), remote: signal(false), original: signal(false) }));
    return found;
  }

  async load(): Promise<void> {
    const store = mail();
    this.loading.value = 'loading';
    try {
      if (!(await loadThread(store, this.threadId))) {
        this.loading.value = 'gone';
        return;
      }
      for (const id of store.threads.peek(this.threadId)?.emailIds ?? []) this.known.add(id);
      this.begun.value = new Set(this.known);
      const ids = this.order(store.threads.peek(this.threadId)?.emailIds ?? []);
      const open = ids.filter((id, i) => i === ids.length - 1 || !('$seen' in store.emails.peek(id)!.keywords));
      batch(() => {
        for (const id of open) this.view(id).open.value = true;
        openMessage.value = ids.at(-1);
      });
      await loadWhole(store, open);
      if (this.ended) return;
      this.loading.value = 'shown';
      this.seen(open);
    } catch (error) {
      if (!(error instanceof LayerError)) reportError(error);
      this.loading.value = error instanceof LayerError && error.kind === 'offline' ? 'offline' : 'failed';
    }
  }

  /** Opens a message, and reads it from the server if it must. */
  async open(id: Id): Promise<void> {
    const store = mail();
    batch(() => {
      this.view(id).open.value = true;
      openMessage.value = id;
    });
    if (!isWhole(store.emails.peek(id))) await loadWhole(store, [id]);
    if (!this.ended) this.seen([id]);
  }

  fold(id: Id): void {
    this.view(id).open.value = false;
  }

  async openAll(): Promise<void> {
    const ids = this.order(mail().threads.peek(this.threadId)?.emailIds ?? []);
    this.olderShown.value = true;
    await loadWhole(mail(), ids);
    batch(() => ids.forEach((id) => (this.view(id).open.value = true)));
    this.seen(ids);
  }

  /** All are open on paper, and not marked as read by it. The function that is returned folds them again. */
  async openForPrint(): Promise<() => void> {
    const ids = this.ids();
    const folded = ids.filter((id) => !this.view(id).open.peek());
    const older = this.olderShown.peek();
    try {
      await loadWhole(mail(), ids);
    } catch (error) {
      // What is here is printed.
      if (!(error instanceof LayerError)) throw error;
    }
    batch(() => {
      this.olderShown.value = true;
      for (const id of folded) this.view(id).open.value = isWhole(mail().emails.peek(id));
    });
    return () =>
      batch(() => {
        this.olderShown.value = older;
        for (const id of folded) this.view(id).open.value = false;
      });
  }

  foldAll(): void {
    const ids = this.order(mail().threads.peek(this.threadId)?.emailIds ?? []);
    batch(() => ids.forEach((id) => (this.view(id).open.value = id === ids.at(-1))));
    openMessage.value = ids.at(-1);
  }

  /** What was shown has been read. It is not undone by itself: "unread" is an action of its own. */
  private seen(ids: readonly Id[]): void {
    const store = mail();
    const unread = ids.filter((id) => isWhole(store.emails.peek(id)) && !('$seen' in store.emails.peek(id)!.keywords));
    /* First what was asked for is painted. */
    if (unread.length) afterPaint(() => void change(store, { emails: unread, keywords: { $seen: true } }));
  }

  end(): void {
    this.ended = true;
    for (const end of this.ends) end();
    openMessage.value = undefined;
  }
}

/** The one that is on the screen: actions work on it. */
export const shownConversation = signal<ConversationView | undefined>(undefined);

/** How the message that actions work on is shown. */
export function shownMessage(): { id: Id; view: MessageView } | undefined {
  const conversation = shownConversation.peek();
  const id = openMessage.peek();
  return conversation && id ? { id, view: conversation.view(id) } : undefined;
}

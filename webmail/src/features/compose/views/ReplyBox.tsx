/** At the foot of a conversation: answering is one key or one click away, and what was begun stays here. */
import { useEffect, useRef } from 'preact/hooks';
import { t } from '../../../base/words.ts';
import { mail } from '../../../model/current.ts';
import type { Id } from '../../../jmap/types.ts';
import { Button, IconButton } from '../../../ui/Button.tsx';
import type { Composer } from '../composer.ts';
import { answerIfWanted, boxes, closeComposer, composers, leaveBox, openDraft, respond } from '../composers.ts';
import { Form, windowOf } from './Form.tsx';
import { expand, titleOf } from './Dock.tsx';

export function ReplyBox({ threadId }: { threadId: Id }) {
  useEffect(() => {
    boxes.add(threadId);
    answerIfWanted();
    return () => leaveBox(threadId);
  }, [threadId]);
  const composer = composers.value.find((one) => one.threadId.value === threadId && one.look.value === 'inline');
  if (composer) return <Inline composer={composer} />;
  const store = mail();
  const ids = store.threads.of(threadId).value?.emailIds ?? [];
  const emails = ids.map((id) => store.emails.of(id).value).filter((email) => email !== undefined);
  const newest = emails.filter((email) => !('$draft' in email.keywords)).at(-1);
  const draft = composers.value.some((one) => one.threadId.value === threadId) ? undefined : emails.filter((email) => '$draft' in email.keywords).at(-1);
  if (!newest && !draft) return null;
  return (
    <div class="reply-box">
      {draft && <Button icon="pencil" onClick={() => void openDraft(draft.id, 'inline').then((opened) => opened && (opened.threadId.value = threadId))}>{t('compose.reply.draft')}</Button>}
      {newest && (
        <>
          <Button icon="reply" keys="r" onClick={() => void respond(newest.id, 'reply', 'inline')}>{t('compose.reply')}</Button>
          <Button icon="reply-all" keys="a" onClick={() => void respond(newest.id, 'replyAll', 'inline')}>{t('compose.replyAll')}</Button>
          <Button icon="forward" keys="f" onClick={() => void respond(newest.id, 'forward', 'inline')}>{t('compose.forward')}</Button>
        </>
      )}
    </div>
  );
}

function Inline({ composer }: { composer: Composer }) {
  const root = useRef<HTMLElement>(null);
  // Below a long mail, "Send" would be out of sight.
  useEffect(() => root.current?.scrollIntoView({ block: 'nearest' }), []);
  const undock = () => {
    composer.sync();
    composer.look.value = 'docked';
    };
  return (
    <section ref={root} class="reply-form" aria-label={titleOf(composer)} {...windowOf(composer)}>
      <header class="reply-head">
        <span class="reply-title">{titleOf(composer)}</span>
        <IconButton icon="panel-bottom" label={t('compose.window')} onClick={undock} />
        <IconButton icon="maximize-2" label={t('compose.expand')} onClick={() => expand(composer)} />
        <IconButton icon="x" label={t('compose.close')} keys="Escape" onClick={() => void closeComposer(composer)} />
      </header>
      <Form composer={composer} />
    </section>
  );
}

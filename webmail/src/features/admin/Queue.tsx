/** Mail that waits to be sent elsewhere, with its reasons in words. */
import { t } from '../../base/words.ts';
import { Button } from '../../ui/Button.tsx';
import { askYes } from '../../ui/Dialog.tsx';
import { Command, Count, Shown, When, askLines, sayOctets } from './parts.tsx';
import { listOf, put, useLoaded } from './api.ts';

interface Entry {
  id: string;
  state: 'waiting' | 'active' | 'held' | 'notifying';
  sender: string;
  size: number;
  arrivedAt: string;
  expiresAt: string;
  isHeld: boolean;
  heldWhy: string | null;
  recipients: { address: string; state: string; attempts: number; nextAttempt: string | null; cause: string | null; reply: string | null; host: string | null }[];
  command: string;
}

export function Queue() {
  const queue = useLoaded(() => listOf<Entry>('QueueEntry', null), '');
  const done = async (change: Parameters<typeof put>[1], words: string) => {
    const taken = await put('QueueEntry', change, words);
    if (taken) await queue.again();
    return taken;
  };
  return (
    <Shown of={queue}>
      {({ list, total, command }) => (
        <>
          {list.length === 0 && <p class="admin-well">{t('admin.queueEmpty')}</p>}
          {list.map((one) => (
            <section key={one.id} class="admin-card" aria-label={one.id}>
              <h3 class="admin-title">{one.sender || t('admin.report')} <span class="admin-quiet">{t(`admin.queueState.${one.state}`)} · {sayOctets(one.size)} · <When date={one.arrivedAt} /></span></h3>
              <ul class="admin-lines">
                {one.recipients.map((to) => (
                  <li key={to.address}>
                    {to.address}: {to.cause ?? to.reply ?? t('admin.firstAttempt')}
                    {to.host && ` (${to.host})`}
                    {to.nextAttempt && <> · {t('admin.nextAttempt')} <When date={to.nextAttempt} /></>}
                  </li>
                ))}
              </ul>
              {one.heldWhy && <p class="admin-text">{one.heldWhy}</p>}
              <div class="set-buttons">
                <Button onClick={() => void done({ update: [one.id, { retryNow: true }] }, t('admin.retried'))}>{t('admin.retry')}</Button>
                {one.isHeld ? (
                  <Button onClick={() => void done({ update: [one.id, { isHeld: false }] }, t('admin.released'))}>{t('admin.release')}</Button>
                ) : (
                  <Button onClick={() => askLines(t('admin.hold'), t('admin.holdText'), t('admin.hold'), [{ key: 'why', label: t('admin.why') }], ({ why }) => done({ update: [one.id, { isHeld: true, heldWhy: why, heldUntil: null }] }, t('admin.held')))}>{t('admin.hold')}</Button>
                )}
                <Button
                  onClick={async () => {
                    const sure = await askYes({ title: t('admin.bounceThis', { id: one.id }), text: t('admin.bounceText'), ok: t('admin.bounce'), cancel: t('admin.cancel'), danger: true });
                    if (sure) await done({ destroy: one.id, bounce: true }, t('admin.bounced'));
                  }}
                >
                  {t('admin.bounce')}
                </Button>
              </div>
              <Command text={one.command} />
            </section>
          ))}
          <Count shown={list.length} total={total} />
          <Command text={command} />
        </>
      )}
    </Shown>
  );
}

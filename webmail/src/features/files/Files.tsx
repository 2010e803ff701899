/** The page of files behind links: what is there, for how long, and how often it was fetched; its link, a longer or shorter time, an end. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { shortDate, wholeDate, wholeDay } from '../../base/dates.ts';
import { sizeWords } from '../../base/sizes.ts';
import { t } from '../../base/words.ts';
import { mail } from '../../model/current.ts';
import { changeFileLink, type FileLink, fileLinkLimits, fileLinks, LINK_ABOVE, linkAbove, loadFileLinks, removeFileLink, setLinkAbove } from '../../model/fileLinks.ts';
import { say } from '../../model/undo.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { askYes } from '../../ui/Dialog.tsx';
import { openMenu } from '../../ui/Menu.tsx';
import { SkeletonRows } from '../../ui/Skeleton.tsx';
import { choicesOf, utcDate } from './choices.ts';

export function Files() {
  return (
    <>
      <p class="set-text">{t('fileLink.text')}</p>
      <Above />
      <section class="set-section" aria-labelledby="files-list">
        <h3 id="files-list" class="set-title">{t('fileLink.list')}</h3>
        <List />
      </section>
      <p class="set-command">{t('settings.command')} <code>postrider file list {mail().layer.session.username}</code></p>
    </>
  );
}

/** From which size a file goes as a link by itself. */
function Above() {
  const above = linkAbove();
  return (
    <fieldset class="set-row files-above">
      <legend class="set-label">{t('fileLink.above')}</legend>
      <p class="set-text">{t('fileLink.aboveText')}</p>
      <div class="set-choices">
        {LINK_ABOVE.map((megabytes) => (
          <label key={megabytes} class="set-choice">
            <input type="radio" name="link-above" checked={above.value === megabytes} onChange={() => setLinkAbove(megabytes)} />
            {megabytes ? t('fileLink.above.size', { size: sizeWords(megabytes * 1_000_000) }) : t('fileLink.above.never')}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function List() {
  const failed = useSignal(false);
  const isOffline = mail().status.value.connection === 'offline';
  const load = () => void loadFileLinks().then(() => (failed.value = false), () => (failed.value = true));
  // Once the connection is back, what was done meanwhile is seen.
  useEffect(load, [isOffline]);
  const all = fileLinks.value;
  if (isOffline && !all) return <p role="status">{t('fileLink.offline')}</p>;
  if (failed.value && !isOffline) return <p role="alert">{t('settings.cannotLoad')} <Button onClick={load}>{t('settings.tryAgain')}</Button></p>;
  if (!all) return <SkeletonRows rows={3} label={t('fileLink.loading')} />;
  if (all.length === 0) return <p>{t('fileLink.none')}</p>;
  const used = all.reduce((sum, { size }) => sum + size, 0);
  return (
    <>
      <p class="set-text files-sum">{t('fileLink.sum', { count: all.length, used: sizeWords(used), space: sizeWords(fileLinkLimits()?.space ?? 0) })}</p>
      <ul class="set-list">{all.map((one) => <Row key={one.id} one={one} />)}</ul>
    </>
  );
}

function Row({ one }: { one: FileLink }) {
  const expires = new Date(one.expires);
  return (
    <li class="set-item">
      <div class="set-item-words">
        <strong><a href={one.url} target="_blank" rel="noreferrer" dir="auto">{one.name}</a></strong>
        <span class="set-text">
          <time dateTime={one.expires} title={wholeDate(expires)}>{t('fileLink.about', { size: sizeWords(one.size), date: wholeDay(expires) })}</time>
          {' · '}
          {t('fileLink.fetched', { count: one.downloads })}
          {one.lastDownload && <>{' · '}<time dateTime={one.lastDownload} title={wholeDate(new Date(one.lastDownload))}>{t('fileLink.lastFetched', { when: shortDate(new Date(one.lastDownload), new Date()) })}</time></>}
        </span>
      </div>
      <IconButton icon="copy" label={t('fileLink.copy', { name: one.name })} onClick={() => void copy(one)} />
      <IconButton icon="clock" label={t('fileLink.until', { name: one.name })} popup="menu" onClick={(event) => openTimes(event.currentTarget as Element, one)} />
      <IconButton icon="trash" label={t('fileLink.remove', { name: one.name })} onClick={() => void remove(one)} />
    </li>
  );
}

async function copy({ url, name }: FileLink): Promise<void> {
  try {
    await navigator.clipboard.writeText(url);
    say(t('fileLink.copied', { name }));
  } catch {
    say(t('fileLink.notCopied'), true);
  }
}

function openTimes(anchor: Element, { id, name }: FileLink): void {
  const items = choicesOf(fileLinkLimits()?.maxDays ?? 0, new Date()).map(({ days, expires }) => ({
    id: String(days),
    words: t('fileLink.days', { count: days }),
    keys: wholeDay(expires),
    run: () => void changeFileLink(id, { expires: utcDate(expires) }, t('fileLink.kept', { name, date: wholeDay(expires) })),
  }));
  openMenu(anchor, items, { label: t('fileLink.until', { name }), align: 'end' });
}

/** What others have the link of cannot be fetched from this moment on: so it cannot be undone, and is asked for. */
async function remove({ id, name }: FileLink): Promise<void> {
  if (await askYes({ title: t('fileLink.removeTitle', { name }), text: t('fileLink.removeText'), ok: t('fileLink.removeOk'), cancel: t('fileLink.keep'), danger: true })) await removeFileLink(id, t('fileLink.removed', { name }));
}

/** The body of a message: HTML in its frame, or plain text as lines of the page. */
import { computed, useSignal, useSignalEffect } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { t } from '../../base/words.ts';
import { place } from '../../frame/router.ts';
import type { EmailBodyPart } from '../../jmap/types.ts';
import { mail } from '../../model/current.ts';
import { accountOfId, writeTo, type WholeEmail } from '../../model/reading.ts';
import { parseSearch, wordsOf } from '../../model/search.ts';
import { Button } from '../../ui/Button.tsx';
import { askYes } from '../../ui/Dialog.tsx';
import { followPage, type PageFrame } from '../../ui/pageFrame.ts';
import { highlight } from './highlight.ts';
import { FRAME_PAGE, MailFrame, SANDBOX, type Shown } from './html/frame.ts';
import { PictureLine } from './images.tsx';
import { allowsPictures, fetchPicture } from './pictures.ts';
import { readPlain, type Line } from './plain.ts';
import type { MessageView } from './view.ts';

/** In a search, what was searched for. */
const searched = computed(() => (place.value.kind === 'search' ? wordsOf(parseSearch(place.value.text)) : []));

interface Content {
  html: string | undefined;
  text: { value: string; type: string }[];
  truncated: boolean;
}

function contentOf(email: WholeEmail): Content {
  const values = (parts: readonly EmailBodyPart[]) => parts.flatMap((part) => (part.partId && email.bodyValues[part.partId] ? [{ part, value: email.bodyValues[part.partId]! }] : []));
  const html = values(email.htmlBody).filter(({ part }) => part.type === 'text/html');
  const plain = values(email.textBody).filter(({ part }) => part.type !== 'text/html');
  const used = html.length ? html : plain;
  return {
    html: html.length ? html.map(({ value }) => value.value).join('\n') : undefined,
    text: plain.map(({ part, value }) => ({ value: value.value, type: (part as EmailBodyPart & { 'header:Content-Type:asText'?: string | null })['header:Content-Type:asText'] ?? '' })),
    truncated: used.some(({ value }) => value.isTruncated),
  };
}

export function Body({ email, view }: { email: WholeEmail; view: MessageView }) {
  const content = contentOf(email);
  const isEmpty = content.html === undefined && content.text.every(({ value }) => value.trim() === '');
  return (
    <div class="message-body">
      {content.html !== undefined ? <HtmlBody email={email} html={content.html} view={view} /> : isEmpty ? <p class="message-note">{t('reading.empty')}</p> : <PlainBody text={content.text} distrusts={email.verdict?.level === 'danger'} />}
      {content.truncated && <p class="message-note">{t('reading.truncated')}</p>}
    </div>
  );
}

function Lines({ lines }: { lines: readonly Line[] }) {
  const groups: { quote: number; lines: Line[] }[] = [];
  for (const line of lines) {
    const last = groups.at(-1);
    if (last && last.quote === line.quote) last.lines.push(line);
    else groups.push({ quote: line.quote, lines: [line] });
  }
  return (
    <>
      {groups.map((group, i) => (
        <div key={i} class="plain-lines" data-quote={Math.min(group.quote, 4) || undefined} dir="auto">
          {group.lines.map((line, j) => (
            <span key={j}>
              {j > 0 && '\n'}
              {line.pieces.map((piece, k) => (piece.href ? <Link key={k} text={piece.text} href={piece.href} /> : piece.text))}
            </span>
          ))}
        </div>
      ))}
    </>
  );
}

function Link({ text, href }: { text: string; href: string }) {
  const write = (event: MouseEvent): void => {
    if (!href.startsWith('mailto:')) return;
    event.preventDefault();
    writeTo.emit({ mailto: href });
  };
  return (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow" onClick={write}>
      {text}
    </a>
  );
}

function PlainBody({ text, distrusts }: { text: Content['text']; distrusts: boolean }) {
  /* One listener for all links: who sent the message is in doubt. */
  const doubt = (event: MouseEvent): void => {
    const link = (event.target as Element).closest('a');
    if (!distrusts || !link || link.protocol === 'mailto:') return;
    event.preventDefault();
    void askAboutLink(link.href, '', link.hostname);
  };
  const words = searched.value;
  const root = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => highlight(root.current!, words), [words, ...text.map(({ value }) => value)]);
  return (
    <div ref={root} class="plain" onClickCapture={doubt}>
      {text.map(({ value, type }, i) => {
        const plain = readPlain(value, type);
        return (
          <div key={i}>
            <Lines lines={plain.own} />
            {plain.quoted.length > 0 && (
              <details class="plain-quote">
                <summary aria-label={t('reading.quoted')} title={t('reading.quoted')}>
                  •••
                </summary>
                <Lines lines={plain.quoted} />
              </details>
            )}
            {plain.signature.length > 0 && (
              <div class="plain-signature">
                <Lines lines={plain.signature} />
              </div>
            )}
          </div>
        );
      })}
    </div>
  );
}

/** The colour behind the conversation, where the app is dark; as computed styles write it. */
function darkSurface(element: Element): string | undefined {
  if (document.documentElement.dataset['theme'] !== 'dark') return undefined;
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  if (!canvas) return 'rgb(20, 22, 24)';
  /* Tokens are in OKLCH; a pixel of it is in sRGB. */
  canvas.fillStyle = getComputedStyle(element).getPropertyValue('--color-ground');
  canvas.fillRect(0, 0, 1, 1);
  const [r, g, b] = canvas.getImageData(0, 0, 1, 1).data;
  return `rgb(${r}, ${g}, ${b})`;
}

async function askAboutLink(url: string, shown: string, real: string): Promise<void> {
  const words = shown ? { title: t('reading.linkTitle'), text: t('reading.linkText', { shown, real }) } : { title: t('reading.linkDanger'), text: t('reading.linkDangerText', { real }) };
  const go = await askYes({ ...words, ok: t('reading.linkOpen', { real }), cancel: t('reading.linkStay'), danger: true });
  if (go) window.open(url, '_blank', 'noopener,noreferrer');
}

function HtmlBody({ email, html, view }: { email: WholeEmail; html: string; view: MessageView }) {
  const element = useRef<HTMLIFrameElement>(null);
  const viewer = useRef<MailFrame | undefined>(undefined);
  const following = useRef<PageFrame | undefined>(undefined);
  const isLost = useSignal(false);
  const shown = useSignal<Shown | undefined>(undefined);
  const accountId = accountOfId(mail(), email.id);

  useLayoutEffect(() => {
    const frame = element.current!;
    const host = {
      fetchPicture: (picture: Parameters<typeof fetchPicture>[2], signal: AbortSignal) => fetchPicture(accountId, email, picture, signal),
      key: (event: KeyboardEvent) => {
        const again = new KeyboardEvent('keydown', { key: event.key, code: event.code, ctrlKey: event.ctrlKey, shiftKey: event.shiftKey, altKey: event.altKey, metaKey: event.metaKey, repeat: event.repeat, bubbles: true, cancelable: true });
        if (!frame.dispatchEvent(again)) event.preventDefault();
      },
      write: (mailto: string) => writeTo.emit({ mailto }),
      ask: (url: string, said: string, real: string) => void askAboutLink(url, said, real),
      words: { quote: t('reading.quoted') },
      distrusts: email.verdict?.level === 'danger',
    };
    const fill = (): void => {
      isLost.value = false;
      viewer.current?.end();
      viewer.current = new MailFrame(frame, host, (result) => (shown.value = result));
      const remote = view.remote.peek() || allowsPictures(email);
      if (remote) view.remote.value = true;
      viewer.current.fill(html, { darkSurface: view.original.peek() ? undefined : darkSurface(frame), remote, fold: true, words: searched.peek() });
    };
    following.current = followPage(frame, FRAME_PAGE, { shown: fill, lost: () => (isLost.value = true) });
    /* The theme may change while the message is open. */
    const themes = new MutationObserver(() => viewer.current?.colour(view.original.peek() ? undefined : darkSurface(frame)));
    themes.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    return () => {
      themes.disconnect();
      following.current?.end();
      viewer.current?.end();
      viewer.current = undefined;
    };
  }, [email.id, html]);

  useSignalEffect(() => {
    const original = view.original.value;
    const frame = element.current;
    if (frame && viewer.current) viewer.current.colour(original ? undefined : darkSurface(frame));
  });

  const showPictures = (): void => {
    view.remote.value = true;
    void viewer.current?.showRemote();
  };
  return (
    <>
      {shown.value && email.verdict?.level !== 'danger' && <PictureLine email={email} shown={shown.value} remote={view.remote.value} show={showPictures} />}
      {isLost.value && (
        <p class="message-note" role="alert">
          {t('reading.frameLost')} <Button kind="quiet" onClick={() => following.current?.again()}>{t('reading.tryAgain')}</Button>
        </p>
      )}
      <iframe ref={element} class="message-frame" title={t('reading.messageText')} sandbox={SANDBOX} />
    </>
  );
}

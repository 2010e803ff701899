/** The text of the mail: the editor in its frame, or plain text; and the quote below it, folded. */
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { again } from '../../../base/again.ts';
import { t } from '../../../base/words.ts';
import { Button, IconButton } from '../../../ui/Button.tsx';
import { askText } from '../../../ui/Dialog.tsx';
import { arrowStep } from '../../../ui/direction.ts';
import type { Composer } from '../composer.ts';
import { stopTyping, takeTyped } from '../early.ts';
import type { Command, Format } from '../editor/editor.ts';

export function Body({ composer, toolbar, focuses }: { composer: Composer; toolbar: boolean; focuses: boolean }) {
  return composer.draft.value.mode === 'plain' ? <PlainBody composer={composer} focuses={focuses} /> : <RichBody composer={composer} toolbar={toolbar} focuses={focuses} />;
}

function PlainBody({ composer, focuses }: { composer: Composer; focuses: boolean }) {
  const area = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    const typed = takeTyped(composer.key);
    if (typed) composer.change({ text: typed + composer.draft.peek().text });
    if (!focuses) return;
    area.current?.focus();
    requestAnimationFrame(() => area.current?.setSelectionRange(typed.length, typed.length));
  }, []);
  return (
    <textarea
      ref={area}
      class="compose-plain"
      aria-label={t('compose.text')}
      placeholder={t('compose.placeholder')}
      value={composer.draft.value.text}
      onInput={(event) => composer.change({ text: event.currentTarget.value })}
      onPaste={(event) => {
        const files = [...(event.clipboardData?.files ?? [])];
        if (!files.length || event.clipboardData?.types.includes('text/plain')) return;
        event.preventDefault();
        composer.addFiles(files);
      }}
    />
  );
}

const NO_FORMAT: Format = { bold: false, italic: false, underline: false, strike: false, bullets: false, numbers: false, quote: false, link: null };

function RichBody({ composer, toolbar, focuses }: { composer: Composer; toolbar: boolean; focuses: boolean }) {
  const frame = useRef<HTMLIFrameElement>(null);
  const format = useSignal(NO_FORMAT);
  const failed = useSignal(false);
  const attempt = useSignal(0);
  useEffect(() => {
    let gone = false;
    let begun = '';
    const open = async () => {
      const { Editor } = await again(() => import('../editor/editor.ts'));
      const element = frame.current;
      if (gone || !element) return;
      const editor = await Editor.open(
        element,
        {
          // The editor also speaks when it only makes room for a cursor: nobody has written then, and no draft is kept of it.
          changed: () => {
            if (!composer.isUnchanged || composer.editor?.html() !== begun) composer.written();
          },
          picture: (file) => composer.addPicture(file),
          files: (files) => composer.addFiles(files),
          addressOf: (cid) => composer.addressOf(cid),
          loadPicture: (cid) => composer.loadPicture(cid),
          selected: (now) => (format.value = now),
        },
        t('compose.text'),
        t('compose.placeholder'),
      );
      if (gone) {
        editor.close();
        return;
      }
      editor.setHtml(composer.draft.peek().html);
      begun = editor.html();
      composer.editor = editor;
      failed.value = false;
      if (focuses) editor.focus();
      const typed = takeTyped(composer.key);
      if (!typed) return;
      editor.insertText(typed);
      composer.written();
    };
    open().catch((error: unknown) => {
      reportError(error);
      stopTyping(composer.key);
      failed.value = true;
    });
    return () => {
      gone = true;
      const { editor } = composer;
      if (!editor) return;
      composer.sync();
      composer.editor = undefined;
      editor.close();
    };
  }, [attempt.value]);
  const quote = composer.draft.value.quote;
  return (
    <div class="compose-rich">
      {failed.value && (
        <p class="compose-problem" role="alert">
          {t('compose.problem.editor')} <Button kind="quiet" onClick={() => attempt.value++}>{t('compose.again')}</Button>
        </p>
      )}
      <iframe ref={frame} class="compose-frame" title={t('compose.text')} />
      {quote && (
        <div class="compose-quote">
          <IconButton icon="ellipsis" label={t('compose.quote.open')} onClick={() => composer.openQuote()} />
          <span class="compose-quote-words">{t(quote.kind === 'forward' ? 'compose.quote.forwardedBelow' : 'compose.quote.below')}</span>
          <IconButton icon="x" label={t('compose.quote.remove')} onClick={() => composer.removeQuote()} />
        </div>
      )}
      {toolbar && <Toolbar composer={composer} format={format.value} />}
    </div>
  );
}

async function askLink(composer: Composer, now: string | null): Promise<void> {
  const { editor } = composer;
  if (!editor) return;
  const answer = await askText({
    title: t('compose.link.title'),
    label: t('compose.link.label'),
    value: now ?? '',
    ok: t('compose.link.ok'),
    cancel: t('compose.cancel'),
    wrong: (text) => (/^(?:javascript|data|vbscript|file):/i.test(text) ? t('compose.link.wrong') : undefined),
  });
  editor.focus();
  if (answer) editor.link(answer);
}

function Toolbar({ composer, format }: { composer: Composer; format: Format }) {
  const run = (command: Command) => composer.editor?.run(command);
  const picture = useRef<HTMLInputElement>(null);
  const tools: [Command, string, boolean, string?][] = [
    ['bold', 'bold', format.bold, 'Ctrl+B'],
    ['italic', 'italic', format.italic, 'Ctrl+I'],
    ['underline', 'underline', format.underline, 'Ctrl+U'],
    ['strike', 'strikethrough', format.strike],
    ['bullets', 'list', format.bullets],
    ['numbers', 'list-ordered', format.numbers],
    [format.quote ? 'unquote' : 'quote', 'text-quote', format.quote],
  ];
  const move = (event: KeyboardEvent) => {
    const step = arrowStep(event);
    if (!step) return;
    const all = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>('button')];
    const at = all.indexOf(document.activeElement as HTMLElement);
    all[(at + step + all.length) % all.length]?.focus();
    event.preventDefault();
  };
  return (
    <div class="compose-tools" role="toolbar" aria-label={t('compose.tools')} onKeyDown={move}>
      {tools.map(([command, icon, pressed, keys], index) => (
        <IconButton key={icon} icon={icon} label={t(`compose.tool.${command === 'unquote' ? 'quote' : command}`)} pressed={pressed} keys={keys} tabIndex={index ? -1 : 0} onClick={() => run(command)} />
      ))}
      <IconButton icon="link" label={t('compose.tool.link')} pressed={format.link !== null} tabIndex={-1} onClick={() => (format.link === null ? void askLink(composer, null) : composer.editor?.link(null))} />
      <IconButton icon="image" label={t('compose.tool.picture')} tabIndex={-1} onClick={() => picture.current?.click()} />
      <IconButton icon="remove-formatting" label={t('compose.tool.clear')} tabIndex={-1} onClick={() => run('clear')} />
      <input
        ref={picture}
        type="file"
        hidden
        multiple
        accept="image/png,image/jpeg,image/gif,image/webp,image/avif"
        onChange={(event) => {
          for (const file of event.currentTarget.files ?? []) composer.editor?.insertPicture(composer.addPicture(file), file.name);
          event.currentTarget.value = '';
        }}
      />
    </div>
  );
}

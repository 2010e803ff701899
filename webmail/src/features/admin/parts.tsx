/** What the pages of administration are made of. */
import type { ComponentChildren } from 'preact';
import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { t } from '../../base/words.ts';
import { currentLocale, shortDate, wholeDate } from '../../base/dates.ts';
import { go, pathOf } from '../../frame/router.ts';
import { say } from '../../model/undo.ts';
import { Button } from '../../ui/Button.tsx';
import { Dialog } from '../../ui/Dialog.tsx';
import { openOverlay } from '../../ui/overlay.tsx';
import { SkeletonRows } from '../../ui/Skeleton.tsx';
import type { Loaded } from './api.ts';

/** The page's content when it is there; else why it is not. */
export function Shown<T>({ of, children }: { of: Loaded<T>; children: (value: T) => ComponentChildren }) {
  const value = of.value.value;
  if (of.failed.value) return <p role="alert">{t('admin.cannotLoad')} <Button onClick={() => void of.again()}>{t('admin.tryAgain')}</Button></p>;
  return value === undefined ? <SkeletonRows rows={6} label={t('admin.loading')} /> : <>{children(value)}</>;
}

export function Command({ text }: { text: string | undefined }) {
  return text ? <p class="admin-command">{t('admin.command')} <code>{text}</code></p> : null;
}

/** How much of the whole is shown. Where there is nothing, something else says so. */
export function Count({ shown, total }: { shown: number; total: number }) {
  return total > 0 ? <p class="admin-text">{t('admin.shown', { count: shown, total })}</p> : null;
}

export function When({ date }: { date: string | null }) {
  if (!date) return <>{t('admin.never')}</>;
  const at = new Date(date);
  return <time dateTime={date} title={wholeDate(at)}>{shortDate(at, new Date())}</time>;
}

export function Find({ text, onChange }: { text: string; onChange(text: string): void }) {
  return (
    <input class="field-input admin-find" type="search" aria-label={t('admin.find')} placeholder={t('admin.find')} value={text} onInput={(event) => onChange(event.currentTarget.value)} />
  );
}

export function Table({ label, heads, children }: { label: string; heads: string[]; children: ComponentChildren }) {
  return (
    <div class="admin-scroll" tabIndex={0} role="region" aria-label={label}>
      <table class="admin-table" aria-label={label}>
        <thead><tr>{heads.map((head) => (head ? <th key={head} scope="col">{head}</th> : <td key="acts" />))}</tr></thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

export interface Asked {
  key: string;
  label: string;
  /** newPassword: it can be read while it is typed, and no spelling is looked up elsewhere. */
  type?: 'text' | 'email' | 'newPassword';
  value?: string;
  mayBeEmpty?: boolean;
}

/** Asks for some lines; `save` says whether they were taken. `saved`: what comes when they were, though the dialog was closed meanwhile. */
export function askLines(title: string, text: string | undefined, ok: string, lines: Asked[], save: (values: Record<string, string>) => Promise<boolean>, saved?: (values: Record<string, string>) => void): void {
  openOverlay('dialog', (self) => <LinesDialog title={title} text={text} ok={ok} lines={lines} save={save} saved={saved} close={self.close} />);
}

interface LinesProps {
  title: string;
  text: string | undefined;
  ok: string;
  lines: Asked[];
  save(values: Record<string, string>): Promise<boolean>;
  saved?(values: Record<string, string>): void;
  close(): void;
}

function LinesDialog({ title, text, ok, lines, save, saved, close }: LinesProps) {
  const values = useSignal<Record<string, string>>(Object.fromEntries(lines.map((line) => [line.key, line.value ?? ''])));
  const isSaving = useRef(false);
  return (
    <Dialog title={title} close={close}>
      <form
        class="dialog-form admin-form"
        onSubmit={async (event) => {
          event.preventDefault();
          // Enter twice asks once. What is saved is what was there then.
          if (isSaving.current) return;
          isSaving.current = true;
          const asked = values.peek();
          const taken = await save(asked);
          isSaving.current = false;
          if (!taken) return;
          close();
          saved?.(asked);
        }}
      >
        {text && <p class="dialog-text">{text}</p>}
        {lines.map((line) => (
          <label key={line.key} class="field">
            <span class="field-label">{line.label}</span>
            <input class="field-input" {...typeOf(line.type)} autocomplete="off" required={!line.mayBeEmpty} value={values.value[line.key]} onInput={(event) => (values.value = { ...values.peek(), [line.key]: event.currentTarget.value })} />
          </label>
        ))}
        <div class="dialog-buttons">
          <Button onClick={close}>{t('admin.cancel')}</Button>
          <Button kind="primary" submit>{ok}</Button>
        </div>
      </form>
    </Dialog>
  );
}

function typeOf(type: Asked['type']) {
  if (type === 'email') return { type: 'email' as const };
  return type === 'newPassword' ? { type: 'text' as const, spellcheck: false, autocapitalize: 'off' as const } : { type: 'text' as const };
}

/** The password that somebody has now, which nobody can ask for later. */
export function showPassword(name: string, password: string): void {
  openOverlay('dialog', (self) => (
    <Dialog title={t('admin.passwordOf', { name })} close={self.close}>
      <p class="dialog-text">{t('admin.passwordOnce')}</p>
      <code class="set-secret" dir="ltr">{password}</code>
      <div class="dialog-buttons">
        <Button icon="copy" onClick={() => void copy(password)}>{t('admin.copy')}</Button>
        <Button kind="primary" onClick={self.close}>{t('admin.done')}</Button>
      </div>
    </Dialog>
  ));
}

export async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    say(t('admin.copied'));
  } catch {
    say(t('admin.notCopied'), true);
  }
}

/** Octets for people. */
export function sayOctets(octets: number): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'];
  let at = 0;
  let value = octets;
  while (value >= 1_000 && at < units.length - 1) {
    value /= 1_000;
    at++;
  }
  return new Intl.NumberFormat(currentLocale(), { style: 'unit', unit: units[at]!, unitDisplay: 'short', maximumFractionDigits: value < 10 && at > 0 ? 1 : 0 }).format(value);
}

export function PageLink({ page, class: name, children }: { page: string; class?: string; children: ComponentChildren }) {
  return (
    <a
      class={name}
      href={pathOf({ kind: 'admin', page })}
      onClick={(event) => {
        event.preventDefault();
        go({ kind: 'admin', page });
      }}
    >
      {children}
    </a>
  );
}

/** Bars with their numbers in words: readable without colour, and for those who hear it. */
/** page: where what they count is told, one by one. */
export function Bars({ label, bars, page }: { label: string; bars: { words: string; value: number }[]; page: string }) {
  const most = Math.max(1, ...bars.map((bar) => bar.value));
  const width = 100 / Math.max(1, bars.length);
  return (
    <figure class="admin-chart">
      <figcaption><PageLink page={page}>{label}</PageLink></figcaption>
      <svg viewBox="0 0 100 40" preserveAspectRatio="none" role="img" aria-label={`${label}: ${bars.filter((bar) => bar.value > 0).map((bar) => `${bar.words}: ${bar.value}`).join(', ') || t('admin.nothing')}`}>
        <line x1="0" y1="39.5" x2="100" y2="39.5" class="admin-axis" />
        {bars.map((bar, at) => (
          <rect key={bar.words} x={at * width + width * 0.1} width={width * 0.8} y={39 - (bar.value / most) * 38} height={(bar.value / most) * 38} class="admin-bar"><title>{`${bar.words}: ${bar.value}`}</title></rect>
        ))}
      </svg>
      <span class="admin-most">{bars.some((bar) => bar.value > 0) ? t('admin.most', { count: most }) : t('admin.nothing')}</span>
    </figure>
  );
}

/** Windows at the foot of the screen, several side by side; each folds to its title, and grows to the whole page. */
import { useEffect, useRef } from 'preact/hooks';
import { t } from '../../../base/words.ts';
import { go, place } from '../../../frame/router.ts';
import { IconButton } from '../../../ui/Button.tsx';
import type { Composer } from '../composer.ts';
import { active, closeComposer, composers } from '../composers.ts';
import { Form, windowOf } from './Form.tsx';

export function titleOf(composer: Composer): string {
  const { subject, answers, template } = composer.draft.value;
  return subject.trim() || t(template ? 'compose.template.title' : answers ? 'compose.title.answer' : 'compose.title.new');
}

/** Docked windows that the screen has room for; the older ones are folded. */
function room(): number {
  return Math.max(1, Math.floor((innerWidth - 80) / 580));
}

export function Dock() {
  const here = place.value;
  const docked = composers.value.filter((one) => one.look.value !== 'inline' && !(here.kind === 'compose' && here.id === one.key));
  const open = docked.filter((one) => one.look.value !== 'folded');
  useEffect(() => {
    for (const one of open.filter((c) => c !== active.peek()).slice(0, Math.max(0, open.length - room()))) one.look.value = 'folded';
  }, [open.length]);
  if (!docked.length) return null;
  return (
    <div class="dock">
      {docked.map((composer) => (
        <Window key={composer.key} composer={composer} />
      ))}
    </div>
  );
}

export function expand(composer: Composer): void {
  composer.sync();
  composer.look.value = 'page';
  active.value = composer;
  go({ kind: 'compose', id: composer.key });
}

function Window({ composer }: { composer: Composer }) {
  const folded = composer.look.value === 'folded';
  const root = useRef<HTMLElement>(null);
  const fold = () => {
    composer.sync();
    composer.look.value = folded ? 'docked' : 'folded';
    if (folded) active.value = composer;
    };
  return (
    <section ref={root} class={`dock-window${folded ? ' dock-folded' : ''}`} role="dialog" aria-label={titleOf(composer)} {...(folded ? {} : windowOf(composer))}>
      <header class="dock-head">
        <button type="button" class="dock-title" aria-expanded={!folded} onClick={fold}>{titleOf(composer)}</button>
        <IconButton icon={folded ? 'chevron-up' : 'minus'} label={t(folded ? 'compose.unfold' : 'compose.fold')} onClick={fold} />
        <IconButton icon="maximize-2" label={t('compose.expand')} onClick={() => expand(composer)} />
        <IconButton icon="x" label={t('compose.close')} keys="Escape" onClick={() => void closeComposer(composer)} />
      </header>
      {!folded && <Form composer={composer} />}
    </section>
  );
}

/** Places that are a page of their own: settings and administration with their lists of pages, and the composer over the whole window. */
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { t } from '../base/words.ts';
import { Icon } from '../ui/Icon.tsx';
import { IconButton } from '../ui/Button.tsx';
import { best } from '../ui/Picker.tsx';
import { ErrorFence } from './fence.tsx';
import { HOME, go, pathOf, place } from './router.ts';
import { pagesOf, type Page } from './slots.ts';
import { layout } from './view.ts';

export function PagePane() {
  const here = place.value;
  if (here.kind === 'compose') {
    const page = pagesOf('compose')[0];
    const Component = page?.component;
    return (
      <main class="page page-compose">
        {Component && (
          <ErrorFence key={here.id}>
            <Component />
          </ErrorFence>
        )}
      </main>
    );
  }
  if (here.kind !== 'settings' && here.kind !== 'admin') return null;
  return <Pages kind={here.kind} name={here.page} />;
}

function Pages({ kind, name }: { kind: 'settings' | 'admin'; name: string | undefined }) {
  const text = useSignal('');
  const pages = pagesOf(kind);
  // On a phone the list of pages is a place of its own.
  const isPhone = layout.value.isPhone;
  const current = pages.find((page) => page.name === name) ?? (isPhone ? undefined : pages[0]);
  const title = (page: Page) => t(`${kind}.${page.name}`);
  const found = best(text.value, pages, (page) => [title(page), ...(page.keys ?? []).map((key) => t(key))].join(' '));
  const Component = current?.component;
  const heading = useRef<HTMLHeadingElement>(null);
  // Whoever comes by the palette or from a list hears where it is; whoever goes by the links of the page list stays on its link.
  useEffect(() => {
    const frame = requestAnimationFrame(() => {
      if (document.activeElement === null || document.activeElement === document.body) heading.current?.focus({ preventScroll: true });
    });
    return () => cancelAnimationFrame(frame);
  }, [current?.name]);
  return (
    <main class="page page-settings">
      {(!isPhone || !current) && (
        <nav class="page-list" aria-label={t(`frame.stop.${kind}`)}>
          <h1 class="page-title">{t(`frame.stop.${kind}`)}</h1>
          <label class="page-search">
            <Icon name="search" />
            <span class="spoken">{t('frame.findSetting')}</span>
            <input
              type="search"
              value={text.value}
              placeholder={t('frame.findSetting')}
              onInput={(event) => (text.value = event.currentTarget.value)}
            />
          </label>
          <ul>
            {found.map((page) => (
              <li key={page.name}>
                <a
                  class="page-link"
                  href={pathOf({ kind, page: page.name })}
                  aria-current={page === current ? 'page' : undefined}
                  onClick={(event) => {
                    event.preventDefault();
                    go({ kind, page: page.name }, { replace: !isPhone });
                  }}
                >
                  {page.icon && <Icon name={page.icon} />}
                  {title(page)}
                </a>
              </li>
            ))}
          </ul>
          {found.length === 0 && <p class="page-none">{t('frame.noSetting')}</p>}
        </nav>
      )}
      {current && Component && (
        <div class="page-body">
          {isPhone && <h1 class="spoken">{t(`frame.stop.${kind}`)}</h1>}
          <header class="page-head">
            <IconButton icon="arrow-left" label={t('frame.back')} onClick={() => (isPhone ? go({ kind }) : go(HOME))} />
            <h2 ref={heading} class="page-title" tabIndex={-1}>{title(current)}</h2>
          </header>
          {/* A page that only tells something has nothing else that keys could scroll it by. */}
          <div class="page-content" tabIndex={0} role="group" aria-label={title(current)}>
            <ErrorFence key={current.name}>
              <Component />
            </ErrorFence>
          </div>
        </div>
      )}
    </main>
  );
}

/** Domains with what the daily look at their DNS records found, and the aliases in them. */
import { useSignal } from '@preact/signals';
import { t } from '../../base/words.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { askYes } from '../../ui/Dialog.tsx';
import { openMenu } from '../../ui/Menu.tsx';
import { say } from '../../model/undo.ts';
import { Command, Count, Find, Shown, Table, When, askLines } from './parts.tsx';
import { WantedOf, type Wanted } from './Wanted.tsx';
import { listOf, put, useLoaded } from './api.ts';

interface Domain {
  id: string;
  name: string;
  aliasOf: string | null;
  catchAll: string | null;
  isDisabled: boolean;
  keys: { selector: string; algorithm: string; state: string; isPublished: boolean }[];
  separator: string;
  records: { lookedAt: string; wrong: string[] } | null;
  /** Which records it should have; null: it was not looked at yet. */
  wanted: Wanted[] | null;
}

/** How long a look at all name servers may take, and how often it is asked whether it is over, in ms. */
const LOOK_MS = 20_000;
const ASK_MS = 1_000;

export function Domains() {
  const domains = useLoaded(() => listOf<Domain>('Domain', null), '');
  const done = async (change: Parameters<typeof put>[1], words: string) => {
    const taken = await put('Domain', change, words);
    if (taken) await domains.again();
    return taken;
  };
  const looking = useSignal<string | undefined>(undefined);
  const find = (name: string) => domains.value.peek()?.list.find((one) => one.name === name);
  /** Has the records looked at, and waits for what is found. */
  const look = async (name: string) => {
    const before = find(name);
    if (!before || looking.peek() !== undefined) return;
    looking.value = name;
    try {
      if (!(await put('Domain', { update: [before.id, { look: true }] }, t('admin.lookBegun', { name })))) return;
      const end = Date.now() + LOOK_MS;
      while (Date.now() < end) {
        await new Promise((resolve) => setTimeout(resolve, ASK_MS));
        await domains.again();
        if (find(name)?.records?.lookedAt !== before.records?.lookedAt) return;
      }
      say(t('admin.lookLate'), true);
    } finally {
      looking.value = undefined;
    }
  };
  const add = async (name: string) => {
    const taken = await done({ create: { name } }, t('admin.added', { name }));
    // Whoever adds one wants to know what to publish.
    if (taken) void look(name.toLowerCase());
    return taken;
  };
  return (
    <>
      <div class="admin-bar-top">
        <Button kind="primary" icon="plus" onClick={() => askLines(t('admin.addDomain'), t('admin.addDomainText'), t('admin.add'), [{ key: 'name', label: t('admin.name') }], ({ name }) => add(name!))}>{t('admin.addDomain')}</Button>
      </div>
      <Shown of={domains}>
        {({ list, command }) => (
          <>
            {list.map((one) => (
              <section key={one.id} class="admin-card" aria-label={one.name}>
                <h3 class="admin-title">{one.name}</h3>
                <p class="admin-text">
                  {[one.isDisabled && t('admin.disabled'), one.aliasOf && t('admin.sameAs', { name: one.aliasOf }), one.catchAll && t('admin.catchAll', { address: one.catchAll })].filter(Boolean).join(' · ')}
                </p>
                <RecordsOf domain={one} />
                <WantedOf domain={one} />
                <div class="set-buttons">
                  <Button icon="refresh-cw" disabled={looking.value !== undefined} onClick={() => void look(one.name)}>{t(looking.value === one.name ? 'admin.checking' : 'admin.checkNow')}</Button>
                  <Button onClick={() => askAddresses(one, done)}>{t('admin.change')}</Button>
                  <Button onClick={() => void done({ update: [one.id, { isDisabled: !one.isDisabled }] }, t(one.isDisabled ? 'admin.isEnabled' : 'admin.isDisabled', { name: one.name }))}>{t(one.isDisabled ? 'admin.enable' : 'admin.disable')}</Button>
                  <Button
                    onClick={async () => {
                      const sure = await askYes({ title: t('admin.removeThis', { name: one.name }), text: t('admin.removeDomainText'), ok: t('admin.remove'), cancel: t('admin.cancel'), danger: true });
                      if (sure) await done({ destroy: one.id }, t('admin.removed', { name: one.name }));
                    }}
                  >
                    {t('admin.remove')}
                  </Button>
                </div>
              </section>
            ))}
            <Command text={command} />
          </>
        )}
      </Shown>
    </>
  );
}

function askAddresses(one: Domain, done: (change: Parameters<typeof put>[1], words: string) => Promise<boolean>): void {
  const lines = [
    { key: 'aliasOf', label: t('admin.aliasOf'), value: one.aliasOf ?? '', mayBeEmpty: true },
    { key: 'catchAll', label: t('admin.catchAllTo'), value: one.catchAll ?? '', mayBeEmpty: true },
    { key: 'separator', label: t('admin.separator'), value: one.separator, mayBeEmpty: true },
  ];
  askLines(one.name, undefined, t('admin.set'), lines, ({ aliasOf, catchAll, separator }) =>
    done({ update: [one.id, { aliasOf: aliasOf || null, catchAll: catchAll || null, separator: separator ?? '' }] }, t('admin.changed', { name: one.name })),
  );
}

function RecordsOf({ domain: { records, keys, name } }: { domain: Domain }) {
  const unpublished = keys.filter((key) => !key.isPublished && key.state !== 'retired');
  return (
    <>
      {!records && <p class="admin-text">{t('admin.notLooked')}</p>}
      {records && records.wrong.length === 0 && <p class="admin-text">{t('admin.recordsGood')} <When date={records.lookedAt} /></p>}
      {records && records.wrong.length > 0 && <ul class="admin-problems">{records.wrong.map((one) => <li key={one}>{one}</li>)}</ul>}
      {unpublished.length > 0 && <p class="admin-text">{t('admin.keysUnpublished', { list: unpublished.map((key) => key.selector).join(', ') })}</p>}
      <Command text={`postrider dns check ${name}`} />
    </>
  );
}

interface Alias {
  id: string;
  address: string;
  targets: string[];
  command: string;
}

function targetsOf(line: string | undefined): string[] {
  return (line ?? '').split(/[\s,]+/).filter(Boolean);
}

export function Aliases() {
  const text = useSignal('');
  const aliases = useLoaded(() => listOf<Alias>('Alias', text.value ? { text: text.value } : null), text.value);
  const done = async (change: Parameters<typeof put>[1], words: string) => {
    const taken = await put('Alias', change, words);
    if (taken) await aliases.again();
    return taken;
  };
  return (
    <>
      <div class="admin-bar-top">
        <Find text={text.value} onChange={(value) => (text.value = value)} />
        <Button
          kind="primary"
          icon="plus"
          onClick={() =>
            askLines(t('admin.addAlias'), t('admin.addAliasText'), t('admin.add'), [
              { key: 'address', label: t('admin.address'), type: 'email' },
              { key: 'targets', label: t('admin.targets') },
            ], ({ address, targets }) => done({ create: { address, targets: targetsOf(targets) } }, t('admin.added', { name: address! })))
          }
        >
          {t('admin.addAlias')}
        </Button>
      </div>
      <Shown of={aliases}>
        {({ list, total, command }) => (
          <>
            {list.length === 0 && <p class="admin-text">{t(text.value ? 'admin.nothing' : 'admin.aliasesNone')}</p>}
            {list.length > 0 && <Table label={t('admin.aliases')} heads={[t('admin.address'), t('admin.targets'), '']}>
              {list.map((one) => (
                <tr key={one.id}>
                  <th scope="row">{one.address}</th>
                  <td>{one.targets.join(', ')}</td>
                  <td class="admin-cell-end"><IconButton icon="ellipsis" popup="menu" label={t('admin.more', { name: one.address })} onClick={(event) => openAliasMenu(one, event.currentTarget as Element, done)} /></td>
                </tr>
              ))}
            </Table>}
            <Count shown={list.length} total={total} />
            <Command text={command} />
          </>
        )}
      </Shown>
    </>
  );
}

function openAliasMenu(one: Alias, anchor: Element, done: (change: Parameters<typeof put>[1], words: string) => Promise<boolean>): void {
  const name = one.address;
  openMenu(
    anchor,
    [
      {
        id: 'change',
        words: t('admin.change'),
        run: () => askLines(name, undefined, t('admin.set'), [{ key: 'targets', label: t('admin.targets'), value: one.targets.join(', ') }], ({ targets }) => done({ update: [one.id, { targets: targetsOf(targets) }] }, t('admin.changed', { name }))),
      },
      { id: 'command', words: t('admin.showCommand'), run: () => say(`${t('admin.command')} ${one.command}`) },
      {
        id: 'remove',
        words: t('admin.remove'),
        danger: true,
        run: async () => {
          const sure = await askYes({ title: t('admin.removeThis', { name }), text: t('admin.removeAliasText'), ok: t('admin.remove'), cancel: t('admin.cancel'), danger: true });
          if (sure) await done({ destroy: one.id }, t('admin.removed', { name }));
        },
      },
    ],
    { label: name },
  );
}

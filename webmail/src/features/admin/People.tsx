/** Accounts of this server. What hurts says so first. */
import { useSignal } from '@preact/signals';
import { t } from '../../base/words.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { askYes } from '../../ui/Dialog.tsx';
import { openMenu } from '../../ui/Menu.tsx';
import { say } from '../../model/undo.ts';
import { newPassword } from './password.ts';
import { type Asked, Command, Count, Find, Shown, Table, When, askLines, sayOctets, showPassword } from './parts.tsx';
import { listOf, put, useLoaded } from './api.ts';

interface Person {
  id: string;
  address: string;
  isDisabled: boolean;
  isAdministrator: boolean;
  quota: number | null;
  usedOctets: number;
  usedMessages: number;
  hasSecondStep: boolean;
  sessions: unknown[];
  lastUsed: string | null;
  command: string;
}

const MEGABYTE = 1_000_000;

const passwordLine = (): Asked => ({ key: 'password', label: t('admin.password'), type: 'newPassword', value: newPassword() });

export function People() {
  const text = useSignal('');
  const people = useLoaded(() => listOf<Person>('Person', text.value ? { text: text.value } : null), text.value);
  const done = async (change: Parameters<typeof put>[1], words: string) => {
    const taken = await put('Person', change, words);
    if (taken) await people.again();
    return taken;
  };
  return (
    <>
      <div class="admin-bar-top">
        <Find text={text.value} onChange={(value) => (text.value = value)} />
        <Button
          kind="primary"
          icon="user-plus"
          onClick={() =>
            askLines(t('admin.addPerson'), t('admin.addPersonText'), t('admin.add'), [
              { key: 'address', label: t('admin.address'), type: 'email' },
              passwordLine(),
            ], ({ address, password }) => done({ create: { address, password } }, t('admin.added', { name: address! })), ({ address, password }) => showPassword(address!, password!))
          }
        >
          {t('admin.addPerson')}
        </Button>
      </div>
      <Shown of={people}>
        {({ list, total, command }) => (
          <>
            <Table label={t('admin.people')} heads={[t('admin.address'), t('admin.used'), t('admin.lastUsed'), t('admin.state'), '']}>
              {list.map((one) => (
                <tr key={one.id}>
                  <th scope="row">{one.address}</th>
                  <td>{one.quota ? t('admin.ofQuota', { used: sayOctets(one.usedOctets), quota: sayOctets(one.quota) }) : sayOctets(one.usedOctets)}</td>
                  <td><When date={one.lastUsed} /></td>
                  <td>{[one.isDisabled && t('admin.disabled'), one.isAdministrator && t('admin.administrator'), one.hasSecondStep && t('admin.secondStep')].filter(Boolean).join(', ') || t('admin.active')}</td>
                  <td class="admin-cell-end"><IconButton icon="ellipsis" popup="menu" label={t('admin.more', { name: one.address })} onClick={(event) => openPersonMenu(one, event.currentTarget as Element, done)} /></td>
                </tr>
              ))}
            </Table>
            <Count shown={list.length} total={total} />
            <Command text={command} />
          </>
        )}
      </Shown>
    </>
  );
}

function openPersonMenu(one: Person, anchor: Element, done: (change: Parameters<typeof put>[1], words: string) => Promise<boolean>): void {
  const name = one.address;
  openMenu(
    anchor,
    [
      { id: 'disable', words: t(one.isDisabled ? 'admin.enable' : 'admin.disable'), run: () => void done({ update: [one.id, { isDisabled: !one.isDisabled }] }, t(one.isDisabled ? 'admin.isEnabled' : 'admin.isDisabled', { name })) },
      {
        id: 'password',
        words: t('admin.newPassword'),
        run: () =>
          askLines(t('admin.newPasswordOf', { name }), t('admin.addPersonText'), t('admin.set'), [passwordLine()], ({ password }) =>
            done({ update: [one.id, { password }] }, t('admin.passwordSet', { name })), ({ password }) => showPassword(name, password!)),
      },
      {
        id: 'quota',
        words: t('admin.setQuota'),
        run: () =>
          askLines(t('admin.quotaOf', { name }), t('admin.quotaText'), t('admin.set'), [{ key: 'quota', label: t('admin.megabytes'), value: one.quota ? String(one.quota / MEGABYTE) : '', mayBeEmpty: true }], ({ quota }) =>
            done({ update: [one.id, { quota: quota ? Math.round(Number(quota) * MEGABYTE) : null }] }, t('admin.quotaSet', { name }))),
      },
      { id: 'command', words: t('admin.showCommand'), run: () => say(`${t('admin.command')} ${one.command}`) },
      { id: 'sessions', words: t('admin.endSessions', { count: one.sessions.length }), run: () => void done({ update: [one.id, { sessions: [] }] }, t('admin.sessionsEnded', { name })) },
      ...(one.hasSecondStep ? [{ id: 'second', words: t('admin.removeSecondStep'), run: () => void done({ update: [one.id, { hasSecondStep: false }] }, t('admin.secondStepRemoved', { name })) }] : []),
      {
        id: 'remove',
        words: t('admin.removePerson'),
        danger: true,
        run: async () => {
          const text = t('admin.removePersonText', { count: one.usedMessages });
          if (await askYes({ title: t('admin.removeThis', { name }), text, ok: t('admin.remove'), cancel: t('admin.cancel'), danger: true })) await done({ destroy: one.id }, t('admin.removed', { name }));
        },
      },
    ],
    { label: name },
  );
}

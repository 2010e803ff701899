/** Health on one screen; numbers lead to what they count. */
import { sayNumber, t } from '../../base/words.ts';
import { shortDate } from '../../base/dates.ts';
import { Bars, Command, PageLink, Shown, Table, When, sayOctets } from './parts.tsx';
import { accountId, asked, useLoaded } from './api.ts';

interface HealthAnswer {
  version: string;
  queue: { messages: number; octets: number; held: number; active: number; oldest: string | null; byAge: number[] };
  storage: { freeOctets: number; volumeOctets: number; indexOctets: number; isNearlyFull: boolean; isReadOnly: boolean; damaged: number; isStuck: boolean };
  certificates: { names: string[]; expires: string }[];
  domains: { name: string; lookedAt: string | null; wrong: number }[];
  logins: { from: string; refused: number; locked: number }[];
  mail: { from: string; received: number; delivered: number; sent: number; failed: number }[];
  settings: { name: string; text: string }[];
  roles: { name: string; state: 'ready' | 'starting' | 'stopping' | 'finishing' | 'down'; process: number; since: string | null; memoryOctets: number; restarts: number }[];
  command: string;
}

const AGES = ['hour', 'hours', 'day', 'days', 'older'];
/** A certificate that ends sooner is told as a problem, in days. */
const SOON = 14;

export function Health() {
  const health = useLoaded(async () => {
    const call = await asked((batch) => batch.call<{ list: HealthAnswer[]; command?: string }>('Health/get', { accountId: accountId(), ids: null }));
    return { ...call.answer.list[0]!, command: call.answer.list[0]?.command ?? call.answer.command ?? '' };
  }, '');
  return <Shown of={health}>{(now) => <Screen now={now} />}</Shown>;
}

function Screen({ now }: { now: HealthAnswer }) {
  const hour = (from: string) => new Intl.DateTimeFormat(document.documentElement.lang, { hour: 'numeric' }).format(new Date(from));
  const problems = problemsOf(now);
  const unlooked = now.domains.filter((one) => !one.lookedAt).length;
  // Before the first look there is no domain among them.
  const isUnlooked = now.domains.length === 0 || unlooked > 0;
  return (
    <>
      {problems.length > 0 && <ul class="admin-problems">{problems.map((one) => <li key={one}>{one}</li>)}</ul>}
      {problems.length === 0 && (isUnlooked ? <p class="admin-text">{t('admin.wellUnlooked', { count: unlooked })}</p> : <p class="admin-well">{t('admin.allWell')}</p>)}
      <div class="admin-tiles">
        <Tile page="queue" title={t('admin.queue')} number={sayNumber(now.queue.messages)} text={t('admin.queueText', { held: now.queue.held, active: now.queue.active })} />
        <Tile page="people" title={t('admin.storage')} number={sayOctets(now.storage.freeOctets)} text={t('admin.storageText', { all: sayOctets(now.storage.volumeOctets), index: sayOctets(now.storage.indexOctets) })} />
        <DomainsTile domains={now.domains} unlooked={unlooked} />
        <Tile title={t('admin.version')} number={now.version} text="" />
      </div>
      <div class="admin-charts">
        <Bars page="trace" label={t('admin.mailIn')} bars={now.mail.map((one) => ({ words: hour(one.from), value: one.received }))} />
        <Bars page="trace" label={t('admin.mailOut')} bars={now.mail.map((one) => ({ words: hour(one.from), value: one.sent }))} />
        <Bars page="trace" label={t('admin.loginsRefused')} bars={now.logins.map((one) => ({ words: hour(one.from), value: one.refused }))} />
        <Bars page="queue" label={t('admin.queueAges')} bars={now.queue.byAge.map((value, at) => ({ words: t(`admin.age.${AGES[at]}`), value }))} />
      </div>
      <h3 class="admin-title">{t('admin.certificates')}</h3>
      <ul class="admin-lines">{now.certificates.map((one) => <li key={one.expires + one.names.join()}>{one.names.join(', ')} · {t('admin.expires')} <When date={one.expires} /></li>)}</ul>
      <h3 class="admin-title">{t('admin.roles')}</h3>
      <Roles roles={now.roles} />
      <Command text={now.command} />
    </>
  );
}

function Roles({ roles }: { roles: HealthAnswer['roles'] }) {
  return (
    <Table label={t('admin.roles')} heads={[t('admin.role'), t('admin.state'), t('admin.roleNumber'), t('admin.since'), t('admin.memory'), t('admin.restarts')]}>
      {roles.map((role) => (
        <tr key={`${role.name} ${role.process}`}>
          <th scope="row">{role.name}</th>
          <td>{t(`admin.roleState.${role.state}`)}</td>
          <td>{role.process || ''}</td>
          <td><When date={role.since} /></td>
          <td>{sayOctets(role.memoryOctets)}</td>
          <td>{role.restarts}</td>
        </tr>
      ))}
    </Table>
  );
}

function problemsOf(now: HealthAnswer): string[] {
  const ending = now.certificates.filter((one) => Date.parse(one.expires) < Date.now() + SOON * 86_400_000);
  return [
    ...(now.storage.isReadOnly ? [t('admin.readOnly')] : []),
    ...(now.storage.isStuck ? [t('admin.stuck')] : []),
    ...(now.storage.isNearlyFull ? [t('admin.nearlyFull', { free: sayOctets(now.storage.freeOctets) })] : []),
    ...(now.storage.damaged > 0 ? [t('admin.damaged', { count: now.storage.damaged })] : []),
    ...ending.map((one) => t('admin.certificateEnds', { names: one.names.join(', '), when: shortDate(new Date(one.expires), new Date()) })),
    ...now.domains.filter((one) => one.wrong > 0).map((one) => t('admin.recordsWrong', { domain: one.name, count: one.wrong })),
    ...now.roles.filter((one) => one.state === 'down').map((one) => t('admin.roleDown', { name: one.name })),
    ...now.settings.map((one) => one.text),
  ];
}

function DomainsTile({ domains, unlooked }: { domains: HealthAnswer['domains']; unlooked: number }) {
  const wrong = domains.filter((one) => one.wrong > 0).length;
  const title = t('admin.domains');
  if (unlooked === domains.length) return <Tile page="domains" title={title} number={t('admin.notChecked')} text={t('admin.noneLooked')} />;
  return <Tile page="domains" title={title} number={sayNumber(domains.length)} text={wrong === 0 && unlooked > 0 ? t('admin.someNotLooked', { count: unlooked }) : t('admin.domainsText', { count: wrong })} />;
}

function Tile({ page, title, number, text }: { page?: string; title: string; number: string; text: string }) {
  const inside = (
    <>
      <span class="admin-tile-title">{title}</span>
      <strong class={/\p{Nd}/u.test(number) ? 'admin-tile-number' : 'admin-tile-words'}>{number}</strong>
      <span class="admin-tile-text">{text}</span>
    </>
  );
  if (!page) return <div class="admin-tile">{inside}</div>;
  return (
    <PageLink page={page} class="admin-tile">
      {inside}
    </PageLink>
  );
}

/** What became of a message, reports of other servers, and the settings of this one. */
import { useSignal } from '@preact/signals';
import { eventWords, type TraceEvent } from '../../base/traceWords.ts';
import { t } from '../../base/words.ts';
import { wholeDate } from '../../base/dates.ts';
import { Button } from '../../ui/Button.tsx';
import { Command, Count, Find, Shown, Table, When } from './parts.tsx';
import { accountId, asked, listOf, useLoaded } from './api.ts';

interface TraceAnswer {
  id: string;
  events: TraceEvent[];
  state: string;
  command: string;
}

export function Trace() {
  const text = useSignal('');
  const wanted = useSignal('');
  const found = useLoaded(async () => (wanted.value ? listOf<TraceAnswer>('Trace', { text: wanted.value, days: 30 }, 50) : undefined), wanted.value);
  return (
    <>
      <p class="admin-text">{t('admin.traceText')}</p>
      <form
        class="admin-bar-top"
        onSubmit={(event) => {
          event.preventDefault();
          wanted.value = text.value.trim();
        }}
      >
        <Find text={text.value} onChange={(value) => (text.value = value)} />
        <Button kind="primary" icon="search" submit>{t('admin.look')}</Button>
      </form>
      {wanted.value && (
        <Shown of={found}>
          {(answer) => (
            <>
              {answer && answer.list.length === 0 && <p class="admin-text">{t('admin.traceNone')}</p>}
              {answer?.list.map((one) => (
                <section key={one.id} class="admin-card" aria-label={one.id}>
                  <h3 class="admin-title">{one.id}</h3>
                  <p>{one.state}</p>
                  <ol class="admin-lines">{one.events.map((event, at) => <li key={at}><EventLine event={event} /></li>)}</ol>
                  <Command text={one.command} />
                </section>
              ))}
            </>
          )}
        </Shown>
      )}
    </>
  );
}

function EventLine({ event }: { event: TraceEvent }) {
  const { what, more } = eventWords(event);
  const time = String(event['time']);
  return (
    <>
      <time class="admin-quiet" dateTime={time}>{wholeDate(new Date(time))}</time> <span dir="auto">{what}</span> {more && <span class="admin-quiet">{more}</span>}
    </>
  );
}

interface ReportAnswer {
  id: string;
  kind: 'dmarc' | 'tls';
  domain: string;
  organisation: string;
  begin: string;
  end: string;
  receivedAt: string;
}

export function Reports() {
  const reports = useLoaded(() => listOf<ReportAnswer>('Report', null), '');
  return (
    <Shown of={reports}>
      {({ list, total, command }) => (
        <>
          {list.length === 0 && <p class="admin-text">{t('admin.reportsNone')}</p>}
          {list.length > 0 && (
            <Table label={t('admin.reports')} heads={[t('admin.domain'), t('admin.kind'), t('admin.from'), t('admin.received')]}>
              {list.map((one) => (
                <tr key={one.id}>
                  <th scope="row">{one.domain}</th>
                  <td>{one.kind.toUpperCase()}</td>
                  <td>{one.organisation}</td>
                  <td><When date={one.receivedAt} /></td>
                </tr>
              ))}
            </Table>
          )}
          <Count shown={list.length} total={total} />
          <Command text={command} />
        </>
      )}
    </Shown>
  );
}

interface SettingAnswer {
  id: string;
  name: string;
  value: string | string[] | number | boolean | null;
  isDefault: boolean;
  text: string;
}

export function Settings() {
  const text = useSignal('');
  const settings = useLoaded(async () => {
    const call = await asked((batch) => batch.call<{ list: SettingAnswer[]; command: string }>('Setting/get', { accountId: accountId(), ids: null }));
    return call.answer;
  }, '');
  return (
    <>
      <p class="admin-text">{t('admin.settingsText')}</p>
      <div class="admin-bar-top"><Find text={text.value} onChange={(value) => (text.value = value)} /></div>
      <Shown of={settings}>
        {({ list, command }) => (
          <>
            <dl class="admin-settings">
              {list.filter((one) => `${one.name} ${one.text}`.toLowerCase().includes(text.value.toLowerCase())).map((one) => (
                <div key={one.id}>
                  <dt><code>{one.name}</code> {!one.isDefault && <span class="admin-quiet">{t('admin.notDefault')}</span>}</dt>
                  <dd><code>{one.value === null ? t('admin.secret') : Array.isArray(one.value) ? one.value.join(', ') || '–' : String(one.value)}</code></dd>
                  <dd class="admin-text">{one.text}</dd>
                </div>
              ))}
            </dl>
            <Command text={command} />
          </>
        )}
      </Shown>
    </>
  );
}

/** Which DNS records a domain should have, each to be copied to where its DNS is kept. */
import { t } from '../../base/words.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { Table, copy } from './parts.tsx';

export interface Wanted {
  part: string;
  need: 'required' | 'recommended' | 'optional';
  name: string;
  ttl: number;
  type: string;
  data: string;
  why: string;
}

/** As a zone file has it. Pure. */
export function zoneLine({ name, ttl, type, data }: Pick<Wanted, 'name' | 'ttl' | 'type' | 'data'>): string {
  return `${name}. ${ttl} IN ${type} ${data}`;
}

export function WantedOf({ domain: { wanted } }: { domain: { wanted: Wanted[] | null } }) {
  if (!wanted) return <p class="admin-text">{t('admin.wantedUnknown')}</p>;
  return (
    <details class="admin-wanted">
      <summary>{t('admin.wanted', { count: wanted.length })}</summary>
      <p class="admin-text">{t('admin.wantedText')}</p>
      <Table label={t('admin.wanted', { count: wanted.length })} heads={[t('admin.recordName'), t('admin.recordType'), t('admin.recordValue'), t('admin.recordNeed'), '']}>
        {wanted.map((one) => (
          <tr key={`${one.name} ${one.type} ${one.data}`} title={one.why}>
            <th scope="row" dir="ltr">{one.name}</th>
            <td>{one.type}</td>
            <td dir="ltr"><code>{one.data}</code></td>
            <td>{t(`admin.need.${one.need}`)}</td>
            <td class="admin-cell-end"><IconButton icon="copy" label={t('admin.copyRecord', { name: `${one.type} ${one.name}` })} onClick={() => void copy(one.data)} /></td>
          </tr>
        ))}
      </Table>
      <div class="set-buttons">
        <Button icon="copy" onClick={() => void copy(wanted.map(zoneLine).join('\n'))}>{t('admin.copyAll')}</Button>
      </div>
    </details>
  );
}

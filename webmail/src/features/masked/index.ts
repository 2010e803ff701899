/** Masked addresses: their page in the settings. Compose makes one for a mail by itself. */
import { addPage } from '../../frame/slots.ts';
import { hasMasked } from '../../model/masked.ts';
import { Masked } from './Masked.tsx';

export function installMasked(): void {
  addPage('settings', { name: 'masked', icon: 'venetian-mask', order: 22, keys: ['masked.new', 'masked.text'], possible: hasMasked, component: Masked });
}

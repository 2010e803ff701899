/** Files behind links: their page in the settings. Compose makes the links. */
import { addPage } from '../../frame/slots.ts';
import { hasFileLinks } from '../../model/fileLinks.ts';
import { Files } from './Files.tsx';

export function installFiles(): void {
  addPage('settings', { name: 'files', icon: 'link', order: 27, keys: ['settings.files.keys', 'fileLink.above', 'fileLink.text'], possible: hasFileLinks, component: Files });
}

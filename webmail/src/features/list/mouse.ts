/** What the mouse does with rows. The list hears it for all of them: a row has no listeners of its own. */
import { actions } from '../../actions/registry.ts';
import { wholeDate } from '../../base/dates.ts';
import { t } from '../../base/words.ts';
import { pathOf, place } from '../../frame/router.ts';
import type { Id } from '../../jmap/types.ts';
import { starOne } from '../../model/acts.ts';
import { LayerError } from '../../layer/layer.ts';
import { mail, pane } from '../../model/current.ts';
import { isWhole, loadWhole, originalFile } from '../../model/reading.ts';
import { dragged } from '../../model/drag.ts';
import { openConversation } from './current.ts';
import { hovered } from './hover.ts';
import { openRowMenu } from './menu.ts';

function keyAt(target: EventTarget | null): Id | undefined {
  return target instanceof Element ? (target.closest('[data-key]')?.getAttribute('data-key') ?? undefined) : undefined;
}

function act(name: string, key: Id): void {
  const ids: Record<string, string> = { archive: 'mail.archive', trash: 'mail.trash' };
  if (name === 'check') pane.toggle(key);
  else if (name === 'star') void starOne(key);
  else if (name === 'read') pane.withTargets([key], () => actions.run('mail.read') || actions.run('mail.unread'));
  else if (ids[name]) pane.withTargets([key], () => actions.run(ids[name]!));
}

export const rowEvents = {
  onPointerOver(event: PointerEvent) {
    if (event.pointerType !== 'mouse') return;
    hovered.value = keyAt(event.target);
    // Written out when somebody points at it: a list that is drawn has dozens of them.
    const time = event.target instanceof Element ? event.target.closest('time') : null;
    if (time) time.title = wholeDate(new Date(time.dateTime));
  },
  onPointerLeave() {
    hovered.value = undefined;
  },
  onClick(event: MouseEvent) {
    const key = keyAt(event.target);
    if (key === undefined || event.button !== 0) return;
    const button = event.target instanceof Element ? event.target.closest('[data-act]')?.getAttribute('data-act') : undefined;
    if (event.shiftKey) {
      if (pane.focused.peek() === undefined) pane.focus(key);
      pane.selectTo(key);
    } else if (button) act(button, key);
    else if (event.ctrlKey || event.metaKey) pane.toggle(key);
    else if (pane.selecting.peek() && isTouch(event)) pane.toggle(key);
    else {
      pane.focus(key);
      openConversation(key, { replace: pane.open.peek() !== undefined });
    }
  },
  onAuxClick(event: MouseEvent) {
    const key = keyAt(event.target);
    const here = place.peek();
    if (event.button !== 1 || key === undefined) return;
    event.preventDefault();
    if (here.kind === 'folder' || here.kind === 'search') open(pathOf({ ...here, thread: key }), '_blank', 'noopener');
  },
  onPointerDown(event: PointerEvent) {
    // What is dragged out of the window is a file, if the message is here when the drag begins.
    const key = keyAt(event.target);
    const id = key !== undefined && event.pointerType === 'mouse' && event.button === 0 ? pane.list.peek()?.emailsOf(key).at(-1) : undefined;
    if (id !== undefined) loadWhole(mail(), [id]).catch((error: unknown) => error instanceof LayerError || reportError(error));
  },
  onMouseDown(event: MouseEvent) {
    // Neither marks text with Shift nor scrolls with the middle button.
    if (event.shiftKey || event.button === 1) event.preventDefault();
  },
  onContextMenu(event: MouseEvent) {
    const key = keyAt(event.target);
    if (key === undefined) return;
    event.preventDefault();
    if (!pane.isSelected(key)) {
      pane.clear();
      pane.focus(key);
      void openRowMenu({ x: event.clientX, y: event.clientY }, [key]);
    } else void openRowMenu({ x: event.clientX, y: event.clientY });
  },
  onDragStart(event: DragEvent) {
    const key = keyAt(event.target);
    if (key === undefined || !event.dataTransfer) return;
    if (!pane.isSelected(key)) {
      pane.clear();
      pane.select([key], true);
      dragSelected = true;
    }
    const count = pane.count();
    dragged.value = { kind: 'conversations', count };
    // A folder takes them from where they are, a label does not.
    event.dataTransfer.effectAllowed = 'copyMove';
    event.dataTransfer.setData('text/plain', t('list.dragged', { count }));
    const file = count === 1 ? fileOf(pane.targets()[0]!) : undefined;
    if (file) event.dataTransfer.setData('DownloadURL', file);
    const image = document.createElement('div');
    image.className = 'drag-image';
    image.textContent = t('list.dragged', { count });
    document.body.append(image);
    event.dataTransfer.setDragImage(image, 12, 12);
    setTimeout(() => image.remove());
  },
  onDragEnd() {
    dragged.value = undefined;
    if (dragSelected) pane.clear();
    dragSelected = false;
  },
};

/** The newest message of a row, as Chromium takes a file out of a page: its type, name and address. */
function fileOf(key: Id): string | undefined {
  const id = pane.list.peek()?.emailsOf(key).at(-1);
  const email = id === undefined ? undefined : mail().emails.peek(id);
  if (!isWhole(email)) return undefined;
  const { name, url } = originalFile(mail(), email);
  return `message/rfc822:${name}:${new URL(url, location.href).href}`;
}

/** The row was selected for the drag alone. */
let dragSelected = false;

function isTouch(event: MouseEvent): boolean {
  return event instanceof PointerEvent && event.pointerType === 'touch';
}

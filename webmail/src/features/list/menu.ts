/** Menus of conversations: on a row, behind "more", and the pickers of folders and labels. */
import { actions, isPossible, nameOf } from '../../actions/registry.ts';
import { isLabelKeyword, keywordOfLabel, labelOfKeyword } from '../../base/labels.ts';
import { t } from '../../base/words.ts';
import { shownKeysOf } from '../../frame/keys.ts';
import type { Id } from '../../jmap/types.ts';
import { isOnEverything, listMailbox, moveTo, setLabel, targetAccounts, targetEmails } from '../../model/acts.ts';
import { mail, pane } from '../../model/current.ts';
import { isWhole, loadWhole } from '../../model/reading.ts';
import { holdTargets, namedMessage, targetMessage } from '../../model/target.ts';
import { LayerError } from '../../layer/layer.ts';
import { knownLabels, labelColour, makeLabel } from '../../model/labels.ts';
import { createMailbox, mailboxIcon, mailboxesInOrder, mailboxPath } from '../../model/mailboxes.ts';
import { setting } from '../../model/settings.ts';
import { say } from '../../model/undo.ts';
import { openMenu, type MenuItem } from '../../ui/Menu.tsx';
import { best, openPicker, type Choice } from '../../ui/Picker.tsx';

/** In this order; what is not there or not possible is left out. */
export const ENTRIES = [
  ['compose.reply', 'compose.replyAll', 'compose.forward'],
  ['mail.archive', 'mail.toInbox', 'mail.trash', 'mail.destroy', 'mail.junk', 'mail.notJunk'],
  ['mail.read', 'mail.unread', 'mail.star', 'mail.pin', 'mail.snooze', 'mail.cancelReminder', 'mail.mute'],
  ['mail.move', 'mail.label'],
  ['rules.fromMessage', 'reading.block', 'reading.unsubscribe'],
  ['reading.print', 'reading.download', 'mail.export', 'reading.original', 'reading.why', 'reading.trace'],
];
/** What some entries need to know stands in the whole message. A menu that comes later than this seems slow, so it comes without them. */
const WAIT_MS = 50;

/** keys: of rows that are not selected; without it, what is selected or has the focus. */
export async function openRowMenu(anchor: Element | { x: number; y: number }, keys?: Id[]): Promise<void> {
  const within = <T>(run: () => T): T => (keys ? pane.withTargets(keys, run) : run());
  const email = within(targetMessage);
  if (email && !isWhole(email)) {
    const whole = loadWhole(mail(), [email.id]).catch((error: unknown) => void (error instanceof LayerError || reportError(error)));
    await Promise.race([whole, new Promise((resolve) => setTimeout(resolve, WAIT_MS))]);
  }
  const items = ENTRIES.flatMap((ids, i): MenuItem[] => [
    ...ids.flatMap((id): MenuItem[] => {
      const action = actions.get(id);
      if (!action || !within(() => isPossible(action))) return [];
      return [
        {
          id,
          words: t(nameOf(action)),
          icon: action.icon,
          keys: shownKeysOf(action),
          danger: id === 'mail.destroy',
          run: () => within(() => void actions.run(id)),
        },
      ];
    }),
    { separator: String(i) },
  ]);
  openMenu(anchor, items, { label: t('list.actions') });
}

export function pickFolder(): void {
  const within = holdTargets();
  const one = namedMessage();
  const there = one ? Object.keys(one.mailboxIds) : [listMailbox()?.id];
  const [accountId, ...others] = targetAccounts();
  if (accountId === undefined) return;
  if (others.length > 0) return say(t('acts.severalAccounts'), true);
  const choices: Choice[] = mailboxesInOrder(mail(), [accountId])
    .filter((one) => !there.includes(one.id) && one.myRights.mayAddItems && one.role !== 'drafts' && one.role !== 'scheduled' && one.role !== 'snoozed')
    .map((one) => ({
      id: one.id,
      words: mailboxPath(mail(), one),
      icon: mailboxIcon(one.role),
      colour: setting('folderColours').peek()[one.id],
      run: () => void within(() => moveTo(one)),
    }));
  openPicker({
    label: t('list.moveTo'),
    placeholder: t('folders.findFolder'),
    none: t('folders.noFolder'),
    choices: (text) => {
      const name = text.trim();
      const found = best(name, choices, (choice) => choice.words);
      if (name === '' || name.includes('/') || choices.some((one) => one.words.toLocaleLowerCase() === name.toLocaleLowerCase())) return found;
      return [...found, { id: 'new', words: t('list.moveToNew', { name }), icon: 'folder-plus', run: () => void moveToNew(accountId, name, within) }];
    },
  });
}

async function moveToNew(accountId: Id, name: string, within: <T>(run: () => T) => T): Promise<void> {
  const id = await createMailbox(mail(), accountId, name, null);
  const made = id === undefined ? undefined : mail().mailboxes.peek(id);
  if (made) await within(() => moveTo(made));
}

export function pickLabels(): void {
  const within = holdTargets();
  // Of all that a query finds, only what is loaded can be asked; what is done here is known.
  const all = isOnEverything() ? pane.list.peek() : undefined;
  const set = new Map<string, boolean>();
  const loaded = all?.keys().flatMap((key) => all.emailsOf(key)).flatMap((id) => mail().emails.peek(id) ?? []) ?? [];
  const state = (keyword: string): boolean | 'mixed' => {
    if (all) return set.get(keyword) ?? (loaded.some((email) => keyword in email.keywords) ? 'mixed' : false);
    const emails = within(() => targetEmails());
    const having = emails.filter((email) => keyword in email.keywords).length;
    return having === 0 ? false : having === emails.length ? true : 'mixed';
  };
  const choice = (keyword: string): Choice => {
    const checked = state(keyword);
    const name = labelOfKeyword(keyword);
    const colour = labelColour(keyword);
    return {
      id: keyword,
      words: name,
      icon: 'tag',
      colour,
      checked,
      stays: true,
      run: () => {
        set.set(keyword, checked !== true);
        void within(() => setLabel(keyword, checked !== true, name));
      },
    };
  };
  openPicker({
    label: t('list.label'),
    placeholder: t('list.findLabel'),
    none: t('list.noLabels'),
    choices: (text) => {
      const name = text.trim();
      const keyword = keywordOfLabel(name);
      const found = best(name, knownLabels.peek(), labelOfKeyword).map(choice);
      if (keyword === undefined || !isLabelKeyword(keyword) || knownLabels.peek().includes(keyword)) return found;
      return [
        ...found,
        {
          id: 'new',
          words: t('list.newLabel', { name }),
          icon: 'plus',
          run: () => {
            makeLabel(keyword);
            void within(() => setLabel(keyword, true, labelOfKeyword(keyword)));
          },
        },
      ];
    },
  });
}

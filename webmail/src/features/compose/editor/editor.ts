/** The editor of rich text: Squire in its frame, with what a mail needs. It takes and gives HTML whose pictures are "cid:" references. */
import type Squire from 'squire-rte';
import { squireOf } from 'squire:frame';
import { FILE_CLASS, isBareBlock, placeOfBlock, type FileBlock } from '../draft/fileBlocks.ts';
import { SIGNATURE_CLASS } from '../draft/signature.ts';
import { dressFrame, giveFont, openFrame, passKeys, type FrameWindow } from './frame.ts';
import { cleanPaste, prepareOffice, takeDataPictures } from './paste.ts';
import { prepareQuote } from './quote.ts';
import { htmlInside, htmlOfElement } from './serialise.ts';
import { SOURCE, sanitizerOf, type Sanitizer } from './sanitize.ts';

export interface EditorHost {
  changed(): void;
  /** A picture came into the text: its Content-ID, under which it is shown. */
  picture(file: File): string;
  /** Files that are no pictures were pasted or dropped. */
  files(files: File[]): void;
  /** Where a picture of the mail can be seen; null: it is none of its own. */
  addressOf(cid: string): string | null;
  /** The same for one that must be fetched first. */
  loadPicture(cid: string): Promise<string | null>;
  selected(format: Format): void;
}

export interface Format {
  bold: boolean;
  italic: boolean;
  underline: boolean;
  strike: boolean;
  bullets: boolean;
  numbers: boolean;
  quote: boolean;
  link: string | null;
}

export type Command = 'bold' | 'italic' | 'underline' | 'strike' | 'bullets' | 'numbers' | 'quote' | 'unquote' | 'clear' | 'undo' | 'redo' | 'left' | 'center' | 'right' | 'code';

const NO_FORMAT: Format = { bold: false, italic: false, underline: false, strike: false, bullets: false, numbers: false, quote: false, link: null };

function isPicture(file: File): boolean {
  return /^image\/(?:png|jpeg|gif|webp|avif)$/.test(file.type);
}

export class Editor {
  private constructor(
    readonly window: FrameWindow,
    private readonly frame: HTMLIFrameElement,
    private readonly root: HTMLElement,
    private readonly squire: Squire,
    private readonly sanitizer: Sanitizer,
    private readonly host: EditorHost,
    /** Whether what comes may bring sheets: a quote that was opened has its own. What is pasted may not. */
    private readonly keeps: { styles: boolean },
  ) {}

  static async open(frame: HTMLIFrameElement, host: EditorHost, label: string, placeholder: string): Promise<Editor> {
    const window = await openFrame(frame);
    dressFrame(window, frame);
    void giveFont(window).catch((error: unknown) => reportError(error));
    const root = window.document.createElement('div');
    root.id = 'editor';
    root.setAttribute('role', 'textbox');
    root.setAttribute('aria-multiline', 'true');
    root.setAttribute('aria-label', label);
    root.dataset['placeholder'] = placeholder;
    window.document.body.append(root);
    passKeys(window, frame);
    const sanitizer = sanitizerOf(window);
    const Class = squireOf(window);
    let editor: Editor | undefined;
    const keeps = { styles: false };
    const squire = new Class(root, {
      blockTag: 'DIV',
      tagAttributes: { blockquote: { type: 'cite' }, a: { rel: 'noopener noreferrer' } },
      undo: { documentSizeThreshold: 200_000, undoLimit: 100 },
      sanitizeToDOMFragment: (html) => {
        const fragment = sanitizer.fragment(prepareOffice(html), keeps.styles);
        editor?.showPictures(fragment);
        return fragment;
      },
      didError: (error: unknown) => reportError(error),
    });
    editor = new Editor(window, frame, root, squire, sanitizer, host, keeps);
    editor.listen();
    return editor;
  }

  /** The frame follows when somebody changes how the program looks. */
  private readonly theme = new MutationObserver(() => dressFrame(this.window, this.frame));

  private listen(): void {
    const { squire, host } = this;
    this.theme.observe(globalThis.document.documentElement, { attributes: true });
    squire.addEventListener('input', () => {
      this.markEmpty();
      host.changed();
    });
    squire.addEventListener('pathChange', () => host.selected(this.format()));
    squire.addEventListener('select', () => host.selected(this.format()));
    squire.addEventListener('cursor', () => host.selected(this.format()));
    squire.addEventListener('willPaste', (event) => {
      const { fragment } = (event as CustomEvent<{ fragment?: DocumentFragment }>).detail;
      if (!fragment) return;
      cleanPaste(fragment);
      takeDataPictures(fragment, (file) => host.picture(file));
      this.showPictures(fragment);
    });
    squire.addEventListener('pasteImage', (event) => this.takeFiles([...((event as CustomEvent<{ clipboardData: DataTransfer }>).detail.clipboardData.files ?? [])]));
    // Files alone: before Squire, which looks for text in a drop.
    const document = this.window.document;
    document.addEventListener('dragover', (event) => event.dataTransfer?.types.includes('Files') && event.preventDefault());
    document.addEventListener('drop', (event) => {
      if (!event.dataTransfer?.files.length) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      this.takeFiles([...event.dataTransfer.files]);
    }, true);
    document.addEventListener('paste', (event) => {
      const data = event.clipboardData;
      if (!data?.files.length || data.types.includes('text/html') || [...data.files].every(isPicture)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      this.takeFiles([...data.files]);
    }, true);
    // A click below the text is a click at its end.
    document.addEventListener('mousedown', (event) => {
      if (event.target !== document.body && event.target !== document.documentElement) return;
      event.preventDefault();
      squire.focus();
    });
  }

  private takeFiles(files: File[]): void {
    for (const file of files.filter(isPicture)) this.insertPicture(this.host.picture(file), file.name);
    const others = files.filter((file) => !isPicture(file));
    if (others.length) this.host.files(others);
  }

  insertPicture(cid: string, alt: string): void {
    const image = this.squire.insertImage('', { alt, [SOURCE]: `cid:${cid}` });
    image.removeAttribute('src');
    this.showPictures(this.root);
    this.host.changed();
  }

  /** The mail's own pictures are seen as soon as they are here. */
  private showPictures(root: ParentNode): void {
    for (const image of root.querySelectorAll<HTMLImageElement>(`img[${SOURCE}]:not([src])`)) {
      const source = image.getAttribute(SOURCE)!;
      if (source.startsWith('data:')) image.src = source;
      if (!source.startsWith('cid:')) continue;
      let cid = source.slice(4);
      try {
        cid = decodeURIComponent(cid);
      } catch {
        // It is no escaped text: then it stands for itself.
      }
      const address = this.host.addressOf(cid);
      if (address) image.src = address;
      else void this.host.loadPicture(cid).then((loaded) => loaded && (image.src = loaded), () => undefined);
    }
  }

  private markEmpty(): void {
    const words = this.root.cloneNode(true) as HTMLElement;
    for (const signature of words.querySelectorAll(`.${SIGNATURE_CLASS}`)) signature.remove();
    this.root.toggleAttribute('data-empty', !words.textContent?.trim() && !words.querySelector('img, table, hr, li'));
  }

  setHtml(html: string): void {
    this.keeps.styles = true;
    this.squire.setHTML(html);
    this.keeps.styles = false;
    this.showPictures(this.root);
    this.markEmpty();
    this.squire.moveCursorToStart();
  }

  html(): string {
    const copy = this.root.cloneNode(true) as HTMLElement;
    for (const mark of copy.querySelectorAll('[id^="squire-selection"]')) mark.remove();
    return htmlInside(copy).replace(/\u200b/g, '');
  }

  /** Behind what is written: a quote that somebody opens. */
  append(html: string): void {
    this.squire.saveUndoState();
    const fragment = this.sanitizer.fragment(html, true);
    this.showPictures(fragment);
    const space = this.window.document.createElement('div');
    space.append(this.window.document.createElement('br'));
    this.root.append(space, fragment);
    this.host.changed();
  }

  private linkTo(address: string): HTMLAnchorElement | undefined {
    return [...this.root.querySelectorAll('a')].find((link) => link.getAttribute('href')?.includes(address));
  }

  /** Whether the text has a link with this address, or one that it is a part of. */
  namesFile(address: string): boolean {
    return this.linkTo(address) !== undefined;
  }

  /** What is said of a file behind a link, at the end of what is written. */
  putFile(block: FileBlock): void {
    this.squire.saveUndoState();
    const children = [...this.root.children];
    const place = placeOfBlock(children.map(htmlOfElement).join(''), block);
    let at = 0;
    const next = children.find((child) => (at += htmlOfElement(child).length) > place.at);
    this.root.insertBefore(this.sanitizer.fragment(place.html), next ?? null);
    this.markEmpty();
    this.host.changed();
  }

  takeFile(url: string): void {
    const link = this.linkTo(url);
    if (!link) return;
    this.squire.saveUndoState();
    const block = link.closest(`.${FILE_CLASS}`);
    (block && isBareBlock(block.textContent ?? '') ? block : link).remove();
    this.markEmpty();
    this.host.changed();
  }

  setSignature(html: string): void {
    const old = this.root.querySelector(`.${SIGNATURE_CLASS}`);
    if (!html) {
      old?.remove();
    } else {
      const block = this.window.document.createElement('div');
      block.className = SIGNATURE_CLASS;
      block.append(this.sanitizer.fragment(html));
      if (old) old.replaceWith(block);
      else this.root.append(block);
    }
    this.markEmpty();
    this.host.changed();
  }

  /** Behind the cursor: what a template holds. */
  insert(html: string): void {
    this.squire.insertHTML(html, false);
  }

  insertText(text: string): void {
    this.squire.insertPlainText(text, false);
  }

  focus(): void {
    this.frame.focus();
    this.window.focus();
    this.squire.focus();
  }

  get hasFocus(): boolean {
    return document.activeElement === this.frame && this.window.document.activeElement === this.root;
  }

  format(): Format {
    const { squire } = this;
    if (!this.root.isConnected) return NO_FORMAT;
    const link = squire.hasFormat('A') ? (this.linkAtCursor() ?? '') : null;
    const path = squire.getPath();
    return {
      bold: squire.hasFormat('B'),
      italic: squire.hasFormat('I'),
      underline: squire.hasFormat('U'),
      strike: squire.hasFormat('S'),
      bullets: /(?:^|>)UL/.test(path),
      numbers: /(?:^|>)OL/.test(path),
      quote: /(?:^|>)BLOCKQUOTE/.test(path),
      link,
    };
  }

  private linkAtCursor(): string | null {
    let node: Node | null = this.squire.getSelection().startContainer;
    for (; node && node !== this.root; node = node.parentNode) if (node.nodeName === 'A') return (node as HTMLAnchorElement).getAttribute('href');
    return null;
  }

  run(command: Command): void {
    const { squire } = this;
    const now = this.format();
    switch (command) {
      case 'bold': now.bold ? squire.removeBold() : squire.bold(); break;
      case 'italic': now.italic ? squire.removeItalic() : squire.italic(); break;
      case 'underline': now.underline ? squire.removeUnderline() : squire.underline(); break;
      case 'strike': now.strike ? squire.removeStrikethrough() : squire.strikethrough(); break;
      case 'bullets': now.bullets ? squire.removeList() : squire.makeUnorderedList(); break;
      case 'numbers': now.numbers ? squire.removeList() : squire.makeOrderedList(); break;
      case 'quote': squire.increaseQuoteLevel(); break;
      case 'unquote': squire.decreaseQuoteLevel(); break;
      case 'left': case 'center': case 'right': squire.setTextAlignment(command); break;
      case 'code': squire.toggleCode(); break;
      case 'clear': squire.removeAllFormatting(); break;
      case 'undo': squire.undo(); break;
      case 'redo': squire.redo(); break;
    }
    this.focus();
    this.host.selected(this.format());
  }

  /** null takes the link away. Only addresses that a mail may lead to. */
  link(address: string | null): boolean {
    if (address === null) {
      this.squire.removeLink();
      return true;
    }
    const whole = /^[a-z][a-z0-9+.-]*:/i.test(address) ? address : address.includes('@') && !address.includes('/') ? `mailto:${address}` : `https://${address}`;
    if (!/^(?:https?|mailto|tel):/i.test(whole)) return false;
    if (this.squire.getSelection().collapsed && !this.linkAtCursor()) this.squire.insertPlainText(address, false);
    else this.squire.makeLink(whole);
    return true;
  }

  prepareQuote(html: string, scope: string): string {
    return prepareQuote(html, this.window, this.sanitizer, scope);
  }

  close(): void {
    this.theme.disconnect();
    this.squire.destroy();
  }
}

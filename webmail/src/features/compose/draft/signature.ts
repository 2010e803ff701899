/** Signatures: what stands below what is written, one for each identity. */
import { escapeHtml, htmlOfText, textOfHtml } from './html.ts';
import type { Sender } from './types.ts';

/** The element that holds it in HTML: a change of identity finds it by this class. */
export const SIGNATURE_CLASS = 'postrider-signature';

export function signatureHtml(sender: Sender | undefined): string {
  if (!sender) return '';
  if (sender.htmlSignature.trim()) return sender.htmlSignature;
  return sender.textSignature.trim() ? htmlOfText(sender.textSignature.replace(/\s+$/, '')) : '';
}

export function signatureText(sender: Sender | undefined): string {
  if (!sender) return '';
  const text = sender.textSignature.trim() ? sender.textSignature : textOfHtml(sender.htmlSignature);
  return text.replace(/\s+$/, '');
}

export function signatureBlock(sender: Sender | undefined): string {
  const html = signatureHtml(sender);
  return html ? `<div class="${SIGNATURE_CLASS}">${html}</div>` : '';
}

/** What a new mail begins with: an empty line for the words, then the signature. */
export function blankHtml(sender: Sender | undefined): string {
  const block = signatureBlock(sender);
  return `<div><br></div>${block && `<div><br></div>${block}`}`;
}

export function blankText(sender: Sender | undefined): string {
  const text = signatureText(sender);
  return text && `\n\n-- \n${text}`;
}

/** Text with the signature of another identity. A signature that somebody has changed stays. */
export function exchangeSignatureText(text: string, from: Sender | undefined, to: Sender | undefined): string {
  const old = signatureText(from);
  const mark = `\n-- \n${old}`;
  const at = old ? text.indexOf(mark) : -1;
  const now = signatureText(to);
  if (at >= 0) return text.slice(0, at) + (now && `\n-- \n${now}`) + text.slice(at + mark.length);
  return !old && now && !/\n-- \n/.test(text) ? `${text.replace(/\s+$/, '')}\n\n-- \n${now}` : text;
}

/** Name and address as somebody's first signature. */
export function suggestedSignature(name: string): string {
  return name ? `<div>${escapeHtml(name)}</div>` : '';
}

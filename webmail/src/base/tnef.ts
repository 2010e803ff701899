/** What a winmail.dat holds (MS-OXTNEF): the names and octets of its attachments. Pure. */

export interface TnefFile {
  name: string;
  octets: Uint8Array;
}

const SIGNATURE = 0x223e9f78;
const ATTACH_RENDER = 0x00069002;
const ATTACH_TITLE = 0x00018010;
const ATTACH_DATA = 0x0006800f;
const FILES_MAX = 500;

/** Undefined: it is none. What is damaged behind the first files is left out. */
export function readTnef(octets: Uint8Array): TnefFile[] | undefined {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  if (octets.length < 6 || view.getUint32(0, true) !== SIGNATURE) return undefined;
  const files: TnefFile[] = [];
  let at = 6;
  /* Level, attribute, length, octets, checksum: section 2.1.3.1. */
  while (at + 11 <= octets.length && files.length < FILES_MAX) {
    const attribute = view.getUint32(at + 1, true);
    const length = view.getUint32(at + 5, true);
    if (length > octets.length - at - 11) break;
    const data = octets.subarray(at + 9, at + 9 + length);
    if (attribute === ATTACH_RENDER) files.push({ name: '', octets: new Uint8Array() });
    const file = files.at(-1);
    if (file && attribute === ATTACH_TITLE) file.name = new TextDecoder('latin1').decode(data).replace(/\0.*$/s, '');
    else if (file && attribute === ATTACH_DATA) file.octets = data;
    at += 11 + length;
  }
  return files;
}

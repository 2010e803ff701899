/** Names of files, as a sender wrote them and as a disk takes them. */

/** A name as it is: without signs that nobody sees, that turn the direction of writing, or that are half of one. */
export function plainName(name: string): string {
  return name.replace(/[\p{Cc}\p{Cs}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}]/gu, '');
}

/** Of a name, what every file system takes; its end counts, which says what it is. */
const NAME_MAX = 200;

/** A name that a file system takes, and that hides nothing: no path in it. */
export function fileName(part: { name: string | null; type: string }): string {
  const name = plainName(part.name ?? '').replace(/[\\/:*?"<>|]/g, '_').trim();
  if (name && !/^\.+$/.test(name)) return plainName(name.slice(-NAME_MAX));
  return part.type === 'message/rfc822' ? 'message.eml' : 'file';
}

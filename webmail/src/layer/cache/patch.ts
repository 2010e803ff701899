/** Patches of RFC 8620 section 5.3: `path` with "/" between its parts, null takes away. */

export type Patch = Record<string, unknown>;
type Json = Record<string, unknown>;

const part = (text: string): string => text.replaceAll('~1', '/').replaceAll('~0', '~');
export const escaped = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The object with the patch applied; the given one is left as it is. Paths through what is no object are left out: the server judges. */
export function patched<T extends object>(object: T, patch: Patch): T {
  const result = { ...object } as Json;
  for (const [path, value] of Object.entries(patch)) {
    const parts = path.split('/').map(part);
    let at = result;
    for (const name of parts.slice(0, -1)) {
      const inner = at[name];
      if (inner !== undefined && inner !== null && !isObject(inner)) break;
      at[name] = { ...(inner as Json | undefined) };
      at = at[name] as Json;
    }
    const last = parts.at(-1)!;
    if (value === null && parts.length > 1) delete at[last];
    else at[last] = value;
  }
  return result as T;
}

/** One patch that does what two do, one after the other. */
export function joined(first: Patch, second: Patch): Patch {
  const result = { ...first };
  for (const [path, value] of Object.entries(second)) {
    for (const old of Object.keys(result)) if (old.startsWith(`${path}/`)) delete result[old];
    const above = Object.keys(result).find((old) => path.startsWith(`${old}/`));
    if (above === undefined) {
      result[path] = value;
      continue;
    }
    const inner = { [path.slice(above.length + 1)]: value };
    result[above] = patched((result[above] ?? {}) as Json, inner);
    if (!path.slice(above.length + 1).includes('/') && value === null) delete (result[above] as Json)[part(path.slice(above.length + 1))];
  }
  return result;
}

/**
 * Whole sets as patches of what they change of what is shown: {"keywords": {...}} becomes {"keywords/$seen": true}. So that what another
 * device does to the same set in the meantime is not undone.
 */
export function narrowed(patch: Patch, shown: Json | undefined, names: readonly string[]): Patch {
  if (!shown) return patch;
  const result: Patch = {};
  for (const [path, value] of Object.entries(patch)) {
    const old = shown[path];
    if (!names.includes(path) || !isObject(value) || !isObject(old)) {
      result[path] = value;
      continue;
    }
    for (const name of Object.keys(old)) if (!(name in value)) result[`${path}/${escaped(name)}`] = null;
    for (const name of Object.keys(value)) if (!(name in old)) result[`${path}/${escaped(name)}`] = value[name];
  }
  return result;
}

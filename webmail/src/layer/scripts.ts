/** Addresses of workers, under Trusted Types: only files of the program's own may become one, whatever else goes wrong. */

import { SEAT_NUMBER } from '../base/seat.ts';

interface Policy {
  createScriptURL(url: string): unknown;
}

type Factory = { createPolicy(name: string, rules: { createScriptURL(url: string): string }): Policy };

const OURS = new RegExp(String.raw`^(/u/${SEAT_NUMBER})?/(assets/layer\.[\w-]+\.js|service-worker\.js)$`);

let policy: Policy | undefined;

/** Throws when it is no worker of ours. */
export function ownScript(path: string): string {
  const check = (url: string): string => {
    if (!OURS.test(url)) throw new TypeError(`${url} is no worker of this program`);
    return url;
  };
  const factory = (globalThis as { trustedTypes?: Factory }).trustedTypes;
  policy ??= factory?.createPolicy('scripts', { createScriptURL: check });
  return (policy ? policy.createScriptURL(path) : check(path)) as string;
}

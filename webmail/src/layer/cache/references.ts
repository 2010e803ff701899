/** References to the results of earlier calls: RFC 8620 section 3.7. */
import type { Invocation } from '../../jmap/types.ts';
import type { Json } from './emails.ts';

export class MethodError extends Error {
  constructor(readonly type: string, readonly description?: string) {
    super(type);
  }
}

/** The answer to a call that cannot be done; what is no reason of JMAP is thrown again. */
export function refusal(error: unknown, callId: string): Invocation {
  if (!(error instanceof MethodError)) throw error;
  return ['error', { type: error.type, ...(error.description && { description: error.description }) }, callId];
}

interface Reference {
  resultOf: string;
  name: string;
  path: string;
}

export function referred(args: Json): Reference[] {
  return Object.entries(args)
    .filter(([name]) => name.startsWith('#'))
    .map(([, reference]) => reference as Reference);
}

/** The arguments with what they refer to in its place. */
export function resolved(args: Json, answers: readonly Invocation[]): Json {
  const result: Json = {};
  for (const [name, value] of Object.entries(args)) {
    if (!name.startsWith('#')) {
      result[name] = value;
      continue;
    }
    if (name.slice(1) in args) throw new MethodError('invalidArguments', `both ${name} and ${name.slice(1)}`);
    const { resultOf, name: method, path } = value as Reference;
    const answer = answers.find(([, , id]) => id === resultOf);
    if (!answer || answer[0] !== method) throw new MethodError('invalidResultReference');
    result[name.slice(1)] = at(answer[1], path.split('/').slice(1));
  }
  return result;
}

/** What of it refers to answers that are there is resolved; what refers to calls of the same request is left to whoever answers these. */
export function partlyResolved(args: Json, calls: readonly Invocation[], before: readonly Invocation[]): Json {
  const inside = Object.entries(args).filter(([name, value]) => name.startsWith('#') && calls.some(([, , id]) => id === (value as Json)['resultOf']));
  const outside = Object.entries(args).filter(([name]) => !inside.some(([other]) => other === name));
  return { ...resolved(Object.fromEntries(outside), before), ...Object.fromEntries(inside) };
}

function at(value: unknown, path: readonly string[]): unknown {
  if (!path.length) return value;
  const [first, ...rest] = path as [string, ...string[]];
  if (first === '*' && Array.isArray(value)) {
    return value.flatMap((one) => {
      const found = at(one, rest);
      return found;
    });
  }
  const name = first.replaceAll('~1', '/').replaceAll('~0', '~');
  if (typeof value !== 'object' || value === null || !(name in value)) throw new MethodError('invalidResultReference');
  return at((value as Json)[name], rest);
}

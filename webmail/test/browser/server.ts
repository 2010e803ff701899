/**
 * A server of its own for tests in a browser, and Chromium. `demo()` starts the demo system in a folder of its own, on ports that no other
 * test on this machine has (environment WEBMAIL_PORT_BASE: on these); `Browser` signs somebody in.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { chromium, type Browser as Chromium, type Page } from 'playwright-core';

declare const __ROOT__: string;

/** Nothing of ours takes so long, not even where ten things share a processor: what has not come by then does not come. */
export const PATIENCE_MS = 120_000;
export const program = process.env['POSTRIDER'] ?? path.join(__ROOT__, '../build/postrider');

export interface Server {
  origin: string;
  folder: string;
  passwords: Record<string, string>;
  run(...args: string[]): string;
  /** Brings one message into somebody's mailbox. */
  deliver(to: string, message: string, into?: string): void;
  /** One call of JMAP, by one of the accounts of example.test: what is answered. */
  ask(who: string, name: string, args: Record<string, unknown>): Promise<any>;
  /** The processes of a role, of the neighbour's too. */
  processesOf(role: string): number[];
  /** Kills all of it at once, as if the power had gone; then it starts with these settings besides those that it was made with. */
  restart(settings?: Record<string, string>): Promise<void>;
  stop(): Promise<void>;
}

const USING = [...['core', 'mail', 'submission', 'blob'].map((name) => `urn:ietf:params:jmap:${name}`), 'urn:postrider:params:jmap:filelink'];
const ACCOUNTS: Record<string, string> = { 'alice@example.test': 'A1', 'bob@example.test': 'A2' };

const NAME_SERVER_OFFSET = 53; // the demo's own, and no service's

/** What the demo may add to each standard port. `ports` holds them, until its input is closed or this process ends. */
async function freeBase(): Promise<{ base: number; ports?: ChildProcess }> {
  const given = process.env['WEBMAIL_PORT_BASE'];
  if (given !== undefined) return { base: Number(given) };
  const { stdout: listed, error } = spawnSync(program, ['config', 'services'], { encoding: 'utf8' });
  if (error) throw new Error(`${program} does not run: ${error.message}`);
  const offsets = listed.split('\n').map((line) => Number(line.split(/\s+/)[1])).filter((offset) => offset > 0);
  const ports = spawn('/usr/bin/python3', [path.join(__ROOT__, '../test/support/ports.py'), ...[...offsets, NAME_SERVER_OFFSET].map(String)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const said = await new Promise<string>((resolve) => {
    let line = '';
    // The whole line: who is cut off in the middle of it ends, and holds no port any more.
    ports.stdout!.on('data', (data: Buffer) => {
      line += data.toString();
      if (line.endsWith('\n')) resolve(line);
    });
    ports.once('exit', () => resolve(''));
  });
  const base = Number.parseInt(said, 10);
  if (!(base > 0)) throw new Error('test/support/ports.py gave no ports');
  // A test that fails before it stops the server must not wait for this.
  ports.stdout!.destroy();
  (ports.stdin as unknown as { unref(): void }).unref();
  ports.unref();
  return { base, ports };
}

/** Browsers of this file's tests: one that stays open keeps the run from its end. */
const launched: Promise<Chromium>[] = [];

/** Where no server starts, the browser that was started beside it is closed. */
export async function demo(): Promise<Server> {
  try {
    return await startDemo();
  } catch (error) {
    for (const one of launched) await one.then((browser) => browser.close()).catch(() => undefined);
    throw error;
  }
}

async function startDemo(): Promise<Server> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'webmail-test-'));
  const { base, ports } = await freeBase();
  const start = async (): Promise<ChildProcess> => {
    const made = spawn(program, ['demo', '--dir', path.join(folder, 'var'), '--port-base', String(base)], { stdio: ['ignore', 'pipe', 'pipe'] });
    await started(made);
    return made;
  };
  let child = await start();
  const config = path.join(folder, 'var/postrider.conf');
  const asMade = fs.readFileSync(config, 'utf8');
  const lines = fs.readFileSync(path.join(folder, 'var/demo-accounts'), 'utf8') + fs.readFileSync(path.join(folder, 'var/example.net/demo-accounts'), 'utf8');
  const passwords = Object.fromEntries(lines.split('\n').filter(Boolean).map((line) => line.split(/\s+/) as [string, string]));
  const run = (...args: string[]): string => {
    const done = spawnSync(program, ['--config', config, ...args], { encoding: 'utf8' });
    if (done.status !== 0) throw new Error(`postrider ${args.join(' ')}: ${done.stderr}`);
    return done.stdout;
  };
  let count = 0;
  const origin = `https://127.0.0.1:${base + 443}`;
  return {
    origin,
    folder,
    passwords,
    run,
    deliver(to, message, into = 'INBOX') {
      const source = path.join(folder, `import-${++count}`);
      for (const part of ['cur', 'new', 'tmp']) fs.mkdirSync(path.join(source, part), { recursive: true });
      fs.writeFileSync(path.join(source, 'new', '1.test'), message);
      // It came when its file was written (as Maildir has it): each a second after the one before, so that their order is known.
      const came = new Date(Date.now() - 60_000 + count * 1_000);
      fs.utimesSync(path.join(source, 'new', '1.test'), came, came);
      run('mailbox', 'import', to, source, '--into', into);
    },
    async ask(who, name, args) {
      process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
      const headers = { authorization: `Basic ${Buffer.from(`${who}:${passwords[who]}`).toString('base64')}`, 'content-type': 'application/json' };
      const answer = await fetch(`${origin}/jmap/api`, { method: 'POST', headers, body: JSON.stringify({ using: USING, methodCalls: [[name, { accountId: ACCOUNTS[who], ...args }, 'a']] }) });
      const [answered, said] = ((await answer.json()) as { methodResponses: [string, any][] }).methodResponses[0]!;
      if (answered !== name) throw new Error(`${name}: ${JSON.stringify(said)}`);
      return said;
    },
    processesOf: (role) => ours(folder).filter(({ name }) => name === role).map(({ pid }) => pid),
    async restart(settings = {}) {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      const all = ours(folder).map(({ pid }) => pid);
      for (const pid of [child.pid!, ...all]) kill(pid);
      await ended;
      await eventually(() => all.every((pid) => !fs.existsSync(`/proc/${pid}`)), 'all processes of the server have ended');
      fs.writeFileSync(config, asMade + Object.entries(settings).map(([name, value]) => `${name} = "${value}"\n`).join(''));
      child = await start();
    },
    async stop() {
      ports?.stdin!.end();
      const ended = new Promise((resolve) => child.once('exit', resolve));
      if (child.exitCode === null) child.kill('SIGTERM');
      else return;
      await ended;
      fs.rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** All processes whose parent is a server of this folder, by the names of their roles. */
function ours(folder: string): { name: string; pid: number }[] {
  return fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    try {
      const parent = /^PPid:\s+(\d+)$/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))![1]!;
      if (!fs.readFileSync(`/proc/${parent}/cmdline`, 'utf8').includes(`${folder}/var`)) return [];
      return [{ name: fs.readFileSync(`/proc/${pid}/comm`, 'utf8').trim(), pid: Number(pid) }];
    } catch {
      return []; // It has ended meanwhile.
    }
  });
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}

function started(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    const late = setTimeout(() => reject(new Error(`the server did not start:\n${said}`)), PATIENCE_MS);
    const hear = (data: Buffer): void => {
      said += data.toString();
      if (!/^postrider ready/m.test(said)) return;
      clearTimeout(late);
      resolve();
    };
    child.stdout!.on('data', hear);
    child.stderr!.on('data', (data: Buffer) => (said += data.toString()));
    child.once('exit', (code) => {
      clearTimeout(late);
      reject(new Error(`the server ended with ${code}:\n${said}`));
    });
  });
}

export function launch(): Promise<Chromium> {
  const browser = chromium.launch({ executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', args: ['--no-sandbox', '--ignore-certificate-errors'] });
  launched.push(browser);
  return browser;
}

/** A page in which this person is signed in. Whatever the page reports as an error fails the test that looks at `errors`. */
export async function signedIn(browser: Chromium, server: Server, who = 'alice@example.test', options: Parameters<Chromium['newContext']>[0] = {}): Promise<Page & { errors: string[] }> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1280, height: 800 }, ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = Object.assign(await context.newPage(), { errors: [] as string[] });
  page.on('pageerror', (error) => page.errors.push(String(error)));
  page.on('console', (message) => message.type() === 'error' && page.errors.push(message.text()));
  await page.goto(`${server.origin}/`);
  await page.fill('[name=username]', who);
  await page.fill('[name=password]', server.passwords[who]!);
  await Promise.all([page.waitForURL('**/mail/inbox'), page.click('form[action="/auth/login"] button')]);
  return page;
}

/** Looks again and again, until there is something. */
export async function eventually<T>(look: () => T | undefined | false | Promise<T | undefined | false>, what: string | (() => string)): Promise<T> {
  for (const end = Date.now() + PATIENCE_MS; ; await new Promise((resolve) => setTimeout(resolve, 100))) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > end) throw new Error(`never: ${typeof what === 'string' ? what : what()}`);
  }
}

/** Notices stay, as under the mouse, until it has been over them: their Undo is there however long the steps before it take. */
export async function holdNotices(page: Page): Promise<void> {
  await page.locator('.toasts').dispatchEvent('pointerenter');
}

/** Settings, rules, sharing, import and more come together, a moment after the first screen: a menu that was opened before lacks what they do. */
export async function allThere(page: Page): Promise<void> {
  await page.locator('a.rail-stop[href$="/settings"]').waitFor();
}

/** Keys of a sequence: the program waits about a second for the next one. */
export async function sequence(page: Page, ...keys: string[]): Promise<void> {
  await Promise.all(keys.map((key) => page.keyboard.press(key)));
}

/** A draft with this text is kept in the browser. */
export async function keptHere(page: Page, text: string): Promise<boolean> {
  return page.evaluate(async (wanted) => {
    const db = await new Promise<IDBDatabase>((resolve, reject) => {
      const opening = indexedDB.open('postrider-compose');
      opening.onsuccess = () => resolve(opening.result);
      opening.onerror = () => reject(opening.error);
    });
    const drafts = await new Promise<unknown[]>((resolve) => {
      const asking = db.transaction('drafts').objectStore('drafts').getAll();
      asking.onsuccess = () => resolve(asking.result);
    });
    db.close();
    return JSON.stringify(drafts).includes(wanted);
  }, text);
}

/**
 * Debian's Firefox, driven by Marionette: the protocol that it brings itself, "LENGTH:JSON" over TCP. A command is [0, id, name, parameters],
 * its answer [1, id, error, result].
 */
import { spawn, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

const STARTS_WITHIN_MS = 60_000;
/** How long something may take to appear. */
const APPEARS_WITHIN_MS = 30_000;
const STEP_MS = 50;
/** The key under which WebDriver names an element. */
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';

type Json = Record<string, any>;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function eventually<T>(what: string, within: number, look: () => Promise<T | undefined>): Promise<T> {
  for (const until = Date.now() + within; ; await pause(STEP_MS)) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > until) throw new Error(`${what} did not come within ${within} ms`);
  }
}

export class Firefox {
  private buffer = Buffer.alloc(0);
  private number = 0;
  private readonly open = new Map<number, { resolve(result: any): void; reject(error: Error): void }>();

  private constructor(
    private readonly child: ChildProcess,
    private readonly profile: string,
    private readonly socket: net.Socket,
  ) {
    socket.on('data', (data) => this.take(data));
    socket.on('close', () => this.open.forEach(({ reject }) => reject(new Error('Firefox has ended.'))));
  }

  static async start(program: string): Promise<Firefox> {
    const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'webmail-firefox-'));
    // Any free port, which it writes into its profile.
    fs.writeFileSync(path.join(profile, 'user.js'), 'user_pref("marionette.port", 0);\nuser_pref("network.proxy.type", 0);\nuser_pref("network.proxy.allow_hijacking_localhost", true);\nuser_pref("datareporting.policy.dataSubmissionEnabled", false);\n');
    const child = spawn(program, ['--marionette', '--remote-allow-system-access', '--headless', '--no-remote', '--profile', profile, 'about:blank'], { stdio: 'ignore', env: { ...process.env, HOME: profile } });
    const port = await eventually('the port of Marionette', STARTS_WITHIN_MS, async () => {
      if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}`);
      const file = path.join(profile, 'MarionetteActivePort');
      const text = fs.existsSync(file) ? fs.readFileSync(file, 'utf8').trim() : '';
      return text ? Number(text) : undefined;
    });
    const socket = net.connect(port, '127.0.0.1');
    const firefox = new Firefox(child, profile, socket);
    await new Promise((resolve, reject) => socket.once('data', resolve).once('error', reject));
    await firefox.say('WebDriver:NewSession', { acceptInsecureCerts: true });
    await firefox.say('WebDriver:SetWindowRect', { width: 1280, height: 900 });
    return firefox;
  }

  private take(data: Buffer): void {
    this.buffer = Buffer.concat([this.buffer, data]);
    for (;;) {
      const colon = this.buffer.indexOf(':');
      const end = colon < 0 ? 0 : colon + 1 + Number(this.buffer.subarray(0, colon).toString());
      if (colon < 0 || this.buffer.length < end) return;
      const said = JSON.parse(this.buffer.subarray(colon + 1, end).toString()) as unknown;
      this.buffer = this.buffer.subarray(end);
      // The first one says only who speaks.
      if (!Array.isArray(said)) continue;
      const [, id, error, result] = said as [number, number, Json | null, Json];
      const waiting = this.open.get(id);
      this.open.delete(id);
      if (error) waiting?.reject(new Error(`${error['error']}: ${error['message']}`));
      else waiting?.resolve(result && 'value' in result ? result['value'] : result);
    }
  }

  private say(name: string, parameters: Json = {}): Promise<any> {
    const id = ++this.number;
    const text = JSON.stringify([0, id, name, parameters]);
    this.socket.write(`${Buffer.byteLength(text)}:${text}`);
    return new Promise((resolve, reject) => this.open.set(id, { resolve, reject }));
  }

  /** The body of a function in the page; elements come as WebDriver has them. */
  run<T>(script: string, ...args: unknown[]): Promise<T> {
    return this.say('WebDriver:ExecuteScript', { script, args, sandbox: null });
  }

  async go(url: string): Promise<void> {
    await this.say('WebDriver:Navigate', { url });
  }

  /** Waits until an element that the script returns is there. */
  private element(script: string, what: string): Promise<Json> {
    return eventually(what, APPEARS_WITHIN_MS, async () => (await this.run<Json | null>(script, what)) ?? undefined);
  }

  private find(selector: string): Promise<Json> {
    return this.element('return document.querySelector(arguments[0])', selector);
  }

  async fill(selector: string, text: string): Promise<void> {
    const element = await this.find(selector);
    await this.say('WebDriver:ElementSendKeys', { id: element[ELEMENT], text });
  }

  async click(selector: string): Promise<void> {
    const element = await this.find(selector);
    await this.say('WebDriver:ElementClick', { id: element[ELEMENT] });
  }

  /** A row of the list by what stands in it. */
  row(words: string): Promise<Json> {
    return this.element('return [...document.querySelectorAll("[role=row]")].find((row) => row.innerText.includes(arguments[0])) ?? null', words);
  }

  async clickRow(words: string): Promise<void> {
    await this.say('WebDriver:ElementClick', { id: (await this.row(words))[ELEMENT] });
  }

  async waitFor(what: string, script: string, ...args: unknown[]): Promise<void> {
    await eventually(what, APPEARS_WITHIN_MS, async () => ((await this.run<boolean>(script, ...args)) ? true : undefined));
  }

  gone(words: string): Promise<void> {
    return this.waitFor(`the list without ${words}`, 'return ![...document.querySelectorAll("[role=row]")].some((row) => row.innerText.includes(arguments[0]))', words);
  }

  /** Keys as the keyboard sends them, wherever the focus is. */
  async press(keys: string): Promise<void> {
    const actions = [...keys].flatMap((value) => [{ type: 'keyDown', value }, { type: 'keyUp', value }]);
    await this.say('WebDriver:PerformActions', { actions: [{ type: 'key', id: 'keyboard', actions }] });
  }

  /** Without: all goes to a proxy that is not there. Firefox's own "offline" leaves out this machine. */
  async network(isThere: boolean): Promise<void> {
    const script = `const set = (name, value) => Services.prefs[typeof value === 'number' ? 'setIntPref' : 'setStringPref']('network.proxy.' + name, value);
      set('ssl', '127.0.0.1'); set('ssl_port', 9); set('type', arguments[0] ? 0 : 1);
      Services.obs.notifyObservers(null, 'net:cancel-all-connections');`;
    await this.say('Marionette:SetContext', { value: 'chrome' });
    await this.say('WebDriver:ExecuteScript', { script, args: [isThere] });
    await this.say('Marionette:SetContext', { value: 'content' });
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGTERM');
    await ended;
    fs.rmSync(this.profile, { recursive: true, force: true });
  }
}

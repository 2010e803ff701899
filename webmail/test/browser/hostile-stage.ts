/**
 * Where layers of safety are tried one at a time: a server that gives out the program's pages with the fields of the true server's answers, of
 * which only those of the layer that is tried are left. So no program that is shipped has a switch for a layer. A second server, on a port of
 * its own, is the one that nothing may ask; it notes who does.
 */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import * as esbuild from 'esbuild';
import type { Hostile } from './hostile.ts';
import { eventually } from './server.ts';

declare const __ROOT__: string;

/** The layers through which a message's HTML goes, by the numbers that doc/security.md gives them. `none`: all are off. */
export type Layer = 'none' | 'server' | 'purifier' | 'sandbox' | 'frame policy' | 'trusted types' | 'app policy' | 'links';

export interface Fields {
  app: string;
  frame: string;
}

export interface Stage {
  origin: string;
  tracker: string;
  layer: Layer;
  /** What the listening server was asked for: paths, and the Referer of each. */
  asked: { path: string; referrer: string }[];
  /** The page of the frame, and messages, as they are and as the true server gives them out. */
  framePage: string;
  mail: Hostile[];
  cleaned: Hostile[];
  /** What the messages could ask for has been asked for: `show` and `write` of the page end with what is slowest. */
  settled(): Promise<void>;
  close(): void;
}

/** What of a policy is this one's: `sandbox` is a layer, the rest another. */
function directives(policy: string, wanted: (name: string) => boolean): string {
  return policy.split(';').map((one) => one.trim()).filter((one) => wanted(one.split(' ')[0]!)).join('; ');
}

const isSandbox = (name: string): boolean => name === 'sandbox';
const isTrustedTypes = (name: string): boolean => /trusted-types/.test(name);

/** The policy of the program's page, and of the frame's, while only `layer` is on. */
function policies(layer: Layer, { app, frame }: Fields): { app: string; frame: string } {
  return {
    app: layer === 'trusted types' ? directives(app, isTrustedTypes) : layer === 'app policy' ? directives(app, (name) => !isTrustedTypes(name)) : '',
    frame: layer === 'sandbox' ? directives(frame, isSandbox) : layer === 'frame policy' ? directives(frame, (name) => !isSandbox(name)) : '',
  };
}

const SLOW = '<link rel="prefetch" href="@@/prefetch"><video src="@@/video" autoplay muted></video><a id="click" href="#x" ping="@@/ping">x</a>';
const SLOW_COUNT = 3;

export async function listening(answer: http.RequestListener): Promise<[http.Server, string]> {
  const server = http.createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return [server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`];
}

export async function openStage(fields: Fields): Promise<Stage> {
  const made = await esbuild.build({ entryPoints: [path.join(__ROOT__, 'test/browser/hostile-alone-page.ts')], bundle: true, format: 'esm', target: 'chrome120', write: false });
  const script = made.outputFiles[0]!.text;
  const asked: Stage['asked'] = [];
  const [listener, tracker] = await listening((request, response) => {
    asked.push({ path: request.url!, referrer: request.headers.referer ?? '' });
    response.setHeader('content-type', 'text/html');
    response.end('');
  });
  const [server, origin] = await listening((request, response) => {
    const policy = policies(stage.layer, fields);
    const [, kind, number] = request.url!.split('/');
    const message = kind === 'message' ? stage.mail[Number(number)] : kind === 'clean' ? stage.cleaned[Number(number)] : undefined;
    const isFrame = message !== undefined || request.url === '/frame-mail.html';
    const allowed = isFrame ? policy.frame : policy.app;
    /* What browsers ask for late, without any layer: when it has come, so has what others would have asked for before it. */
    if (request.url === '/slow') return response.setHeader('content-type', 'text/html').end(SLOW.replaceAll('@@', `${tracker}/slow`));
    if (allowed) response.setHeader('content-security-policy', allowed);
    response.setHeader('content-type', request.url === '/page.js' ? 'text/javascript' : 'text/html; charset=utf-8');
    if (message) return response.end(message.html);
    if (isFrame) return response.end(stage.framePage);
    if (request.url === '/page.js') return response.end(script);
    response.statusCode = request.url === '/' ? 200 : 404;
    response.end(request.url === '/' ? '<!doctype html><title>Stage</title><script type="module" src="/page.js"></script><body><div id="place"></div>' : '');
  });
  const stage: Stage = {
    origin,
    tracker,
    layer: 'none',
    asked,
    framePage: '',
    mail: [],
    cleaned: [],
    async settled() {
      await eventually(() => new Set(asked.filter(({ path: at }) => at.startsWith('/slow/')).map(({ path: at }) => at)).size === SLOW_COUNT, 'what is asked for late was asked for');
    },
    close() {
      server.close();
      listener.close();
    },
  };
  return stage;
}

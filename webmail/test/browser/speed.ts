/** What an action costs in a real browser: from the key or click to the paint that shows it, tasks that held the page up, memory. */
import fs from 'node:fs';
import path from 'node:path';
import type { Browser, CDPSession, Page } from 'playwright-core';

/** The browser tells the time of an event in steps of 8 ms, and none below this. */
const LEAST_MS = 16;

/** Between two actions, in ms: 0 is as fast as a machine can, so that what an action leaves to be done after its paint holds up the next. */
const PACE = Number(process.env['PACE'] ?? 0);

interface Told {
  events: { name: string; ms: number }[];
  tasks: { ms: number; where: string }[];
}

/** To be installed before the page is loaded. */
export async function watch(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const told: { events: { name: string; ms: number }[]; tasks: { ms: number; where: string }[] } = ((globalThis as any).told = { events: [], tasks: [] });
    new PerformanceObserver((list) => told.events.push(...list.getEntries().map((one) => ({ name: one.name, ms: one.duration })))).observe({ type: 'event', buffered: true, durationThreshold: 16 } as PerformanceObserverInit);
    // Which script it was: the observer of long tasks does not say.
    new PerformanceObserver((list) => {
      for (const one of list.getEntries() as any[]) {
        const scripts = one.scripts.map((script: any) => `${script.invoker} ${script.sourceFunctionName} ${Math.round(script.duration)}`).join('; ');
        told.tasks.push({ ms: one.duration, where: scripts || `${Math.round(one.styleAndLayoutStart ? one.startTime + one.duration - one.styleAndLayoutStart : 0)} of layout and paint` });
      }
    }).observe({ type: 'long-animation-frame', buffered: true });
  });
}

export async function take(page: Page): Promise<Told> {
  return page.evaluate(
    () =>
      new Promise<Told>((resolve) =>
        requestAnimationFrame(() =>
          setTimeout(() => {
            const { told } = globalThis as any;
            resolve({ events: told.events.splice(0), tasks: told.tasks.splice(0) });
          }, 60),
        ),
      ),
  );
}

export interface Cost {
  name: string;
  times: number[];
  /** What the page's thread worked for it, in ms of the processor: others on the machine do not count. */
  work: number[];
  tasks: Told['tasks'];
}

const at = (sorted: readonly number[], part: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;

/** PROFILE: a folder for a profile of each action, which the browser's own tools open. */
const PROFILE = process.env['PROFILE'];

export async function profiled(page: Page, name: string, work: () => Promise<void>): Promise<void> {
  if (!PROFILE) return work();
  const session = await page.context().newCDPSession(page);
  await session.send('Profiler.enable');
  await session.send('Profiler.start');
  await work();
  const { profile } = await session.send('Profiler.stop');
  fs.mkdirSync(PROFILE, { recursive: true });
  fs.writeFileSync(path.join(PROFILE, `${name.replace(/\W+/g, '-')}.cpuprofile`), JSON.stringify(profile));
  await session.detach();
}

/** Each time by itself: what the event with the longest way to its paint took. */
export async function measure(page: Page, name: string, times: number, act: (n: number) => Promise<void>, after?: (n: number) => Promise<void>): Promise<Cost> {
  const cost: Cost = { name, times: [], work: [], tasks: [] };
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  await profiled(page, name, () => repeat(page, session, cost, times, act, after));
  await session.detach();
  return cost;
}

async function worked(session: CDPSession): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics');
  return 1000 * metrics.find(({ name }) => name === 'TaskDuration')!.value;
}

async function repeat(page: Page, session: CDPSession, cost: Cost, times: number, act: (n: number) => Promise<void>, after?: (n: number) => Promise<void>): Promise<void> {
  for (let n = 0; n < times; n++) {
    await take(page);
    if (PACE) await page.waitForTimeout(PACE);
    const before = await worked(session);
    await act(n);
    const told = await take(page);
    cost.work.push((await worked(session)) - before);
    cost.times.push(Math.max(LEAST_MS, ...told.events.map(({ ms }) => ms)));
    cost.tasks.push(...told.tasks);
    await after?.(n);
  }
}

export function row({ name, times, work, tasks }: Cost): string {
  const sorted = [...times].sort((a, b) => a - b);
  const worked = [...work].sort((a, b) => a - b);
  const longest = tasks.reduce((most, one) => Math.max(most, one.ms), 0);
  return `| ${name} | ${at(sorted, 0.5)} | ${at(sorted, 0.95)} | ${Math.round(at(worked, 0.5))} | ${Math.round(longest)} | ${tasks.filter((one) => one.ms > 50).length} |`;
}

/** Scripts of the longest frames of all, for who wants to know why. */
export function longest(costs: readonly Cost[], count = 8): string[] {
  const all = costs.flatMap((cost) => cost.tasks.map((task) => ({ ...task, name: cost.name })));
  return all.sort((a, b) => b.ms - a.ms).slice(0, count).map(({ name, ms, where }) => `${Math.round(ms)} ms in "${name}": ${where}`);
}

/** Octets of the page's and its workers' objects after all rubbish is gone, and what the process has of its own, in MB. */
export async function memory(browser: Browser, page: Page): Promise<{ page: number; workers: number; process: number }> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const own = await session.send('Runtime.getHeapUsage');
  const workers = await heapOfWorkers(session);
  await session.detach();
  return { page: own.usedSize / 1e6, workers: workers / 1e6, process: await processOf(browser) };
}

async function heapOfWorkers(session: CDPSession): Promise<number> {
  const ids: string[] = [];
  session.on('Target.attachedToTarget', ({ sessionId }) => ids.push(sessionId));
  await session.send('Target.setAutoAttach', { autoAttach: true, waitForDebuggerOnStart: false, flatten: false });
  let sum = 0;
  for (const id of ids) {
    for (const [number, method] of ['HeapProfiler.enable', 'HeapProfiler.collectGarbage', 'Runtime.getHeapUsage'].entries()) {
      const answered = new Promise<{ result: { usedSize?: number } }>((resolve) =>
        session.on('Target.receivedMessageFromTarget', ({ sessionId, message }) => sessionId === id && JSON.parse(message).id === number && resolve(JSON.parse(message))),
      );
      await session.send('Target.sendMessageToTarget', { sessionId: id, message: JSON.stringify({ id: number, method, params: {} }) });
      sum += (await answered).result.usedSize ?? 0;
    }
  }
  return sum;
}

/** Of the largest renderer, what no other process shares. */
async function processOf(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  const sizes = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => {
    try {
      const text = fs.readFileSync(`/proc/${id}/smaps_rollup`, 'utf8');
      return [...text.matchAll(/^Private_\w+:\s+(\d+) kB$/gm)].reduce((sum, [, kb]) => sum + Number(kb), 0) / 1000;
    } catch {
      return 0;
    }
  });
  return Math.max(0, ...sizes);
}

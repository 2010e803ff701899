// "squire:frame": the editor Squire as a function of the window that it works in. The package speaks of the globals of its own page; the
// editor lives in a frame whose page may run no script at all, so it is the app's code that must speak of the frame's globals.
import fs from 'node:fs';
import path from 'node:path';

const GLOBALS = ['CharacterData', 'CustomEvent', 'DocumentFragment', 'Element', 'Event', 'HTMLAnchorElement', 'HTMLDivElement', 'HTMLElement', 'HTMLInputElement', 'HTMLLIElement', 'HTMLOListElement', 'MutationObserver', 'Node', 'Range', 'Text', 'document'];

export function squire(here, inputs) {
  return {
    name: 'squire',
    setup(build) {
      build.onResolve({ filter: /^squire:frame$/ }, () => ({ path: 'frame', namespace: 'squire' }));
      build.onLoad({ filter: /.*/, namespace: 'squire' }, () => {
        const file = path.join(here, 'node_modules/squire-rte/dist/squire-raw.mjs');
        inputs?.add(file);
        const source = fs.readFileSync(file, 'utf8');
        const tail = /export \{\s*Squire_default as default\s*\};\s*$/;
        if (!tail.test(source)) throw new Error('squire-rte: its file ends in another way than this build knows');
        return { contents: `export function squireOf(window) {\nconst { ${GLOBALS.join(', ')} } = window;\nconst getComputedStyle = window.getComputedStyle.bind(window);\n${source.replace(tail, 'return Squire_default;')}\n}\n`, loader: 'js' };
      });
    },
  };
}

// What the sources import that is no file: "words:en", all English words as one object; "icons:all", the drawings that src/ui/icons.json names.
import fs from 'node:fs';
import path from 'node:path';

/** words/LANGUAGE/*.json as one object; a key that two files have is an error. */
export function joinedWords(here, language, inputs) {
  const folder = path.join(here, 'words', language);
  const all = {};
  for (const name of fs.readdirSync(folder).sort()) {
    inputs?.add(path.join(folder, name));
    for (const [key, text] of Object.entries(JSON.parse(fs.readFileSync(path.join(folder, name), 'utf8')))) {
      if (key in all) throw new Error(`${name}: the key ${key} stands in another file, too`);
      all[key] = text;
    }
  }
  return all;
}

export function words(here, inputs) {
  return {
    name: 'words',
    setup(build) {
      build.onResolve({ filter: /^words:/ }, ({ path: name }) => ({ path: name.slice(6), namespace: 'words' }));
      build.onLoad({ filter: /.*/, namespace: 'words' }, ({ path: language }) => ({ contents: JSON.stringify(joinedWords(here, language, inputs)), loader: 'json' }));
    },
  };
}

export function icons(here, inputs) {
  return {
    name: 'icons',
    setup(build) {
      build.onResolve({ filter: /^icons:all$/ }, () => ({ path: 'all', namespace: 'icons' }));
      build.onLoad({ filter: /.*/, namespace: 'icons' }, () => {
        const list = path.join(here, 'src/ui/icons.json');
        inputs?.add(list);
        const nodes = JSON.parse(fs.readFileSync(path.join(here, 'node_modules/lucide-static/icon-nodes.json'), 'utf8'));
        const used = {};
        for (const name of JSON.parse(fs.readFileSync(list, 'utf8'))) {
          if (!nodes[name]) throw new Error(`src/ui/icons.json: lucide has no icon ${name}`);
          used[name] = nodes[name];
        }
        return { contents: JSON.stringify(used), loader: 'json' };
      });
    },
  };
}

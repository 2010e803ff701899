// Stands before each compiled test: what a browser has, and the Node of Debian 12 only when it is asked for.
import { File as NodeFile } from 'node:buffer';
import { webcrypto as nodeCrypto } from 'node:crypto';
import { Duplex as NodeDuplex } from 'node:stream';
import { createInflateRaw as nodeInflateRaw } from 'node:zlib';

globalThis.crypto ??= nodeCrypto;
globalThis.File ??= NodeFile;
const NodeDecompression = globalThis.DecompressionStream;
try {
  new NodeDecompression('deflate-raw');
} catch {
  globalThis.DecompressionStream = function (kind) {
    return kind === 'deflate-raw' ? NodeDuplex.toWeb(nodeInflateRaw()) : new NodeDecompression(kind);
  };
}
globalThis.requestAnimationFrame ??= (work) => setTimeout(() => work(performance.now()));
globalThis.cancelAnimationFrame ??= clearTimeout;

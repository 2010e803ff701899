/* What build/plugins.mjs gives for these names. */
declare module 'words:en' {
  const words: Record<string, string>;
  export default words;
}
declare module 'icons:all' {
  const icons: Record<string, [tag: string, attributes: Record<string, string>][]>;
  export default icons;
}
declare module '*.css';
declare const __WORKERS__: Record<string, string>;
declare const __DEV__: boolean;

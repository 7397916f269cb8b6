/** libheif's WebAssembly build has no types for the file that is used here; `heic.ts` says what it calls. */
declare module "libheif-js/libheif-wasm/libheif-bundle.js" {
  const open: unknown;
  export = open;
}

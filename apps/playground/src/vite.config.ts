import { defineConfig } from 'vite'

/** Assets lie flat below /playground/, where apps/api serves them; their names hold a hash of what is in them. */
export default defineConfig({
  base: '/playground/',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: { outDir: '../dist', emptyOutDir: true, assetsDir: '', assetsInlineLimit: 0, target: 'es2023' },
})

// tsc leaves .lua files behind: copies each beside the compiled module that reads it. Run in a package's folder.
import { cpSync } from 'node:fs'
import { extname } from 'node:path'
import { statSync } from 'node:fs'

cpSync('src', 'dist', {
  recursive: true,
  filter: (path) => statSync(path).isDirectory() || extname(path) === '.lua',
})

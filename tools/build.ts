/**
 * `npm run build`: what is published, in dist/: a few files of plain JavaScript, since loading hundreds takes most of the time
 * to start, and the declarations. The repository itself runs unbuilt.
 */
import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { build } from 'esbuild'

rmSync('dist', { recursive: true, force: true })
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc')
execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { stdio: 'inherit' })
// As deep as src/server: files of the package are found from there by the same relative paths.
await build({
  entryPoints: ['src/main.ts', 'src/index.ts', 'src/server/worker-main.ts'],
  outdir: 'dist/chunks',
  entryNames: '[name]',
  chunkNames: '[name]-[hash]',
  bundle: true,
  splitting: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  target: 'node24',
  keepNames: true,
  logLevel: 'warning',
})
writeFileSync('dist/main.js', "import './chunks/main.js'\n")
writeFileSync('dist/index.js', "export * from './chunks/index.js'\n")

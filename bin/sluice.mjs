#!/usr/bin/env node
// Finds a Node that is new enough and runs the proxy with it: the one that npm installed beside this package
// (optionalDependencies), else the one that runs this file.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const floor = 24
const require = createRequire(import.meta.url)
const built = new URL('../dist/main.js', import.meta.url)
const main = existsSync(built) ? built : new URL('../src/main.ts', import.meta.url)
const major = Number(process.versions.node.split('.')[0])

function pinnedNode() {
  for (const name of [`node-${process.platform}-${process.arch}`, `node-bin-${process.platform}-${process.arch}`]) {
    try {
      return require.resolve(`${name}/bin/node`)
    } catch {}
  }
}

const node = pinnedNode()
if (node === undefined || node === process.execPath) {
  if (major < floor) {
    console.error(
      `sluice: Node ${floor} or newer is needed, this is ${process.version}; npm install node-${process.platform}-${process.arch}`,
    )
    process.exit(1)
  }
  await import(main.href)
} else {
  const child = spawn(node, [fileURLToPath(main), ...process.argv.slice(2)], { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'])
    process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGKILL' ? 137 : 1)))
}

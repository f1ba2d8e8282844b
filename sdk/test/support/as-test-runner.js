/** Runs one module of as-test: its bindings take the host's functions from the globals, and here they all answer OK. */
import { readFileSync, readSync, writeSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { hostFunctions } from '../../../src/wasm/abi.ts'

for (const name of Object.keys(hostFunctions)) globalThis[name] = () => 0

// as-test talks to the runner in ArrayBuffers.
const write = process.stdout.write.bind(process.stdout)
process.stdout.write = (chunk, ...rest) =>
  chunk instanceof ArrayBuffer ? writeSync(1, new Uint8Array(chunk)) > 0 : write(chunk, ...rest)
process.stdin.read = size => {
  const bytes = new Uint8Array(size ?? 0)
  let length = 0
  while (length < bytes.length) {
    const read = readSync(0, bytes, length, bytes.length - length, null)
    if (read === 0) break
    length += read
  }
  return bytes.buffer.slice(0, length)
}

const file = resolve(process.argv[2] ?? '')
const { instantiate } = await import(pathToFileURL(file.replace(/\.wasm$/, '.js')).href)
await instantiate(new WebAssembly.Module(readFileSync(file)), {})

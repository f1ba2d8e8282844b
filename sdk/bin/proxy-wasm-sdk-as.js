#!/usr/bin/env node
/** `npx proxy-wasm-sdk-as migrate FILE…`: rewrites programs of older SDKs, and their asconfig.json and package.json. */
import { readFileSync, writeFileSync } from 'node:fs'
import { migrate } from './migrate.js'

const usage = `usage: proxy-wasm-sdk-as migrate FILE…

Rewrites AssemblyScript files of @solo-io/proxy-runtime, @kong/proxy-wasm-sdk and @gcoredev/proxy-wasm-sdk-as for this SDK,
in place: imports, and calls that have other names or parameters here. Give asconfig.json and package.json too.
Prints what changed and what is left to do, by file and line.`

const [command, ...files] = process.argv.slice(2)
if (command === 'help' || command === '--help') console.log(usage)
else if (command !== 'migrate' || files.length === 0) {
  console.error(usage)
  process.exitCode = 2
} else
  for (const file of files) {
    try {
      const before = readFileSync(file, 'utf8')
      const { text, notes } = migrate(file, before)
      if (text !== before) writeFileSync(file, text)
      console.log(`${file}: ${text === before ? 'nothing to change' : 'changed'}`)
      for (const { line, message } of notes) console.log(`${file}:${line}: ${message}`)
    } catch (error) {
      console.error(`${file}: ${error instanceof Error ? error.message : String(error)}`)
      process.exitCode = 1
    }
  }

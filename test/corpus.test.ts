/**
 * Real configurations with the verdict of Envoy 1.40: what Envoy accepts is accepted, but for features that sluice names as
 * unsupported; what Envoy refuses is refused. Runs where the collection is (SLUICE_CORPUS, or ../shared/corpus).
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { RE2JS } from 're2js'
import { ConfigErrors } from '../src/base/errors.ts'
import { loadBootstrap } from '../src/config/load-bootstrap.ts'
import { findMessage } from '../src/config/protos.ts'
import { noOpenssl } from './support/certificates.ts'

const corpus = process.env['SLUICE_CORPUS'] ?? fileURLToPath(new URL('../../shared/corpus', import.meta.url))
const verdicts = join(corpus, 'verdicts.tsv')
const skip = !existsSync(verdicts)
  ? `no corpus at ${corpus}`
  : noOpenssl !== false
    ? `${noOpenssl}, which makes the corpus's certificates`
    : false

interface Row {
  readonly path: string
  readonly verdict: string
  readonly reason: string
}

let folder = ''
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-corpus-'))
  if (skip === false) execFileSync('sh', [join(corpus, 'stub-files', 'make.sh'), folder], { stdio: 'ignore' })
})
after(() => rmSync(folder, { recursive: true, force: true }))

function rows(): Row[] {
  const lines = readFileSync(verdicts, 'utf8').trim().split('\n').slice(1)
  return lines
    .map(line => {
      const [path = '', verdict = '', , reason = ''] = line.split('\t')
      return { path, verdict, reason }
    })
    .filter(row => existsSync(join(corpus, 'configs', row.path)))
}

/** The faults that were found, one a line; '' when the file is accepted. */
function faults(row: Row, allowUnsupported: boolean): string {
  let configPath = join(corpus, 'configs', row.path)
  const text = readFileSync(configPath, 'utf8')
  if (text.includes('@STUB@')) {
    configPath = join(folder, `config-${basename(row.path)}`)
    writeFileSync(configPath, text.replaceAll('@STUB@', folder))
  }
  const node = row.verdict.includes('node-flags') || row.reason.startsWith('needs --service-node')
  const flags = node ? { serviceNode: 'n', serviceCluster: 'c' } : {}
  try {
    loadBootstrap({ configPath, allowUnsupported, compileRegex: pattern => RE2JS.compile(pattern), ...flags })
    return ''
  } catch (error) {
    if (error instanceof ConfigErrors) return error.message
    throw error
  }
}

test('what Envoy accepts fails only for features that are named as unsupported', { skip }, t => {
  const valid = rows().filter(row => row.verdict.startsWith('valid'))
  const wrong = valid.map(row => [row.path, faults(row, true)] as const).filter(([, text]) => text !== '')
  assert.deepEqual(wrong, [])
  const accepted = valid.filter(row => faults(row, false) === '').length
  t.diagnostic(`${accepted} of ${valid.length} accepted (${((100 * accepted) / valid.length).toFixed(1)} %)`)
})

test('what Envoy refuses is refused', { skip }, () => {
  const invalid = rows().filter(row => row.verdict === 'invalid' && !isMissingContrib(row))
  assert.deepEqual(
    invalid.filter(row => faults(row, false) === '').map(row => row.path),
    [],
  )
})

/** Envoy's usual binary does not know types of its contrib extensions; we do. */
function isMissingContrib(row: Row): boolean {
  const name = /could not find @type '[^']*\/([\w.]+)'/.exec(row.reason)?.[1]
  return name !== undefined && (findMessage(name)?.file.startsWith('contrib/') ?? false)
}

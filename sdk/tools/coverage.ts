/**
 * Writes sdk/COVERAGE.md: for each function and callback of ABI 0.2.1 what the SDK has for it and which test shows it.
 * Read from the sources, so that a hole shows; `node sdk/tools/coverage.ts` writes, a test compares and looks for holes.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { hostFunctions } from '../../src/wasm/abi.ts'

export interface CoverageRow {
  readonly abi: string
  /** Public functions and methods, or the methods that filters override. */
  readonly sdk: readonly string[]
  readonly tests: readonly string[]
}

interface SdkFunction {
  /** `Class.method` or the function's name. */
  readonly name: string
  /** What a call looks like, and where there may be one: '' anywhere, or in one file. */
  readonly call: RegExp
  readonly file: string
  readonly callers: string
  readonly isPublic: boolean
  readonly body: string
}

const sdk = join(import.meta.dirname, '..')
/** What ABI 0.2.1 has a module export. */
const callbacks = [
  ...['proxy_abi_version_0_2_1', 'proxy_on_memory_allocate', 'malloc', 'proxy_on_context_create', 'proxy_on_vm_start'],
  ...['proxy_validate_configuration', 'proxy_on_configure', 'proxy_on_tick', 'proxy_on_queue_ready'],
  ...['proxy_on_new_connection', 'proxy_on_downstream_data', 'proxy_on_upstream_data'],
  ...['proxy_on_downstream_connection_close', 'proxy_on_upstream_connection_close'],
  ...['proxy_on_request_headers', 'proxy_on_request_body', 'proxy_on_request_trailers', 'proxy_on_request_metadata'],
  ...['proxy_on_response_headers', 'proxy_on_response_body', 'proxy_on_response_trailers'],
  ...['proxy_on_response_metadata', 'proxy_on_http_call_response', 'proxy_on_grpc_receive_initial_metadata'],
  ...['proxy_on_grpc_receive', 'proxy_on_grpc_receive_trailing_metadata', 'proxy_on_grpc_close'],
  ...['proxy_on_foreign_function', 'proxy_on_done', 'proxy_on_log', 'proxy_on_delete'],
]
/** Callbacks that the SDK answers by itself. */
const internal: Readonly<Record<string, string>> = {
  proxy_abi_version_0_2_1: '(marker)',
  proxy_on_memory_allocate: '(memory of the SDK)',
  malloc: '(memory of the SDK)',
}

export function coverage(): CoverageRow[] {
  const functions = sdkFunctions()
  const titles = testTitles()
  const testsOf = (abi: string): string[] =>
    [...titles].filter(([, title]) => new RegExp(`\\b${abi}\\b`).test(title)).map(([file]) => file)
  const hostNames = Object.entries(hostFunctions)
    .filter(([name, { versions }]) => versions.includes('0.2.1') && name.startsWith('proxy_'))
    .map(([name]) => name)
  return [
    ...hostNames.map(abi => ({
      abi,
      sdk: publicCallers(functions, new RegExp(`\\bhost\\.${abi}\\(`)),
      tests: unique(testsOf(abi)),
    })),
    ...callbacks.map(abi => ({ abi, sdk: overridable(functions, abi), tests: unique(testsOf(abi)) })),
  ]
}

export function holes(rows: readonly CoverageRow[]): string[] {
  return rows.filter(row => row.sdk.length === 0 || row.tests.length === 0).map(row => row.abi)
}

export function markdown(rows: readonly CoverageRow[]): string {
  const code = (names: readonly string[]): string =>
    names.map(name => (name.startsWith('(') ? name : `\`${name}\``)).join(', ')
  const line = ({ abi, sdk, tests }: CoverageRow): string => `| \`${abi}\` | ${code(sdk)} | ${tests.join(', ')} |`
  return [
    '# What of the proxy-wasm ABI 0.2.1 the SDK has',
    '',
    'Written by `node sdk/tools/coverage.ts`; a test keeps it so.',
    '',
    '| ABI | SDK | test |',
    '|---|---|---|',
    ...rows.map(line),
    '',
  ].join('\n')
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)]
}

/** Public functions that contain `call`, directly or through others that are not public. */
function publicCallers(
  functions: readonly SdkFunction[],
  call: RegExp,
  callers = '',
  seen = new Set<string>(),
): string[] {
  const found: string[] = []
  for (const callee of functions) {
    const key = `${callee.file} ${callee.name}`
    if (seen.has(key) || !call.test(callee.body) || (callers !== '' && callers !== callee.file)) continue
    seen.add(key)
    found.push(...(callee.isPublic ? [callee.name] : publicCallers(functions, callee.call, callee.callers, seen)))
  }
  return unique(found)
}

/** The methods of contexts that an export ends in. */
function overridable(functions: readonly SdkFunction[], abi: string): string[] {
  const known = internal[abi]
  if (known !== undefined) return [known]
  const methods = new Set<string>()
  const look = (body: string, depth: number): void => {
    for (const [, method] of body.matchAll(/\.((?:on[A-Z]|createContext|validateConfiguration)\w*)\(/g))
      methods.add(method as string)
    if (depth < 2)
      for (const { name, body: inner } of functions)
        if (new RegExp(`(?<![.\\w])${name}\\(`).test(body)) look(inner, depth + 1)
  }
  const entry = functions.find(({ name }) => name === abi)
  if (entry !== undefined) look(entry.body, 0)
  return [...methods]
}

function sdkFunctions(): SdkFunction[] {
  const index = readFileSync(join(sdk, 'assembly/index.ts'), 'utf8')
  const exported = (name: string): boolean => new RegExp(`\\b${name}\\b`).test(index)
  const functions: SdkFunction[] = []
  for (const file of globSync('assembly/*.ts', { cwd: sdk }).toSorted()) {
    if (/\/(host|index)\.ts$/.test(file)) continue
    const lines = readFileSync(join(sdk, file), 'utf8').split('\n')
    let className = ''
    for (const [index, line] of lines.entries()) {
      const type = /^export (?:abstract )?class (\w+)/.exec(line)
      if (type !== null) className = type[1] as string
      if (line === '}') className = ''
      const top = /^(?:export )?function (\w+)/.exec(line)
      const method = className === '' ? null : /^ {2}(private )?(?:get )?(\w+)\(.*$/.exec(line)
      const name = top?.[1] ?? method?.[2]
      if (name === undefined || name === 'constructor') continue
      const end = lines.indexOf(top === null ? '  }' : '}', index)
      const isOneLine = line.endsWith('}')
      functions.push({
        name: top === null ? `${className}.${name}` : name,
        call: new RegExp(top === null ? `\\bthis\\.${name}\\(` : `(?<![.\\w])${name}\\(`),
        file,
        callers: top === null || !line.startsWith('export') ? file : '',
        isPublic: top === null ? method?.[1] === undefined : exported(name),
        body: isOneLine ? line : lines.slice(index + 1, end).join('\n'),
      })
    }
  }
  return functions
}

/** Test files and their titles; rows of a test's table count as titles. */
function testTitles(): [file: string, title: string][] {
  return globSync('test/*.test.ts', { cwd: sdk })
    .toSorted()
    .flatMap(file =>
      readFileSync(join(sdk, file), 'utf8')
        .split('\n')
        .filter(
          line => /^\s*test\(/.test(line) || /^\s*\['proxy_\w+', \[/.test(line) || /^\s*'proxy_[\w, ]+:?/.test(line),
        )
        .map((line): [string, string] => [basename(file), line]),
    )
}

if (import.meta.main) {
  const rows = coverage()
  const missing = holes(rows)
  writeFileSync(join(sdk, 'COVERAGE.md'), markdown(rows))
  console.log(markdown(rows))
  console.log(missing.length === 0 ? `${rows.length} entries, no holes` : `holes: ${missing.join(', ')}`)
}

/** The table of stock filters in filters/README.md, read from their folders: `npm run build:filters` writes it. */
import { globSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

const repository = join(import.meta.dirname, '..')
const head = '| filter | for | does | size |\n|---|---|---|---|\n'

export const filterReadme = join(repository, 'filters/README.md')

/** The README's text with a table of what is there now. Throws where a filter lacks a file, or the README its table. */
export function withFilterTable(text: string): string {
  const begin = text.indexOf('| filter |')
  const end = text.indexOf('\n\n', begin)
  if (begin < 0 || end < 0) throw new Error('filters/README.md has no table of filters')
  const rows = globSync('filters/*/assembly/index.ts', { cwd: repository })
    .toSorted()
    .map(entry => row(basename(dirname(dirname(entry)))))
  return text.slice(0, begin) + head + rows.join('\n') + text.slice(end)
}

function row(name: string): string {
  const folder = join(repository, 'filters', name)
  const [title, , ...lines] = readFileSync(join(folder, 'README.md'), 'utf8').split('\n')
  if (title !== `# ${name}`) throw new Error(`filters/${name}/README.md must begin with "# ${name}"`)
  const paragraph = lines.slice(0, lines.indexOf('')).join(' ')
  const isNetwork = readFileSync(join(folder, 'envoy.yaml'), 'utf8').includes(
    'envoy.extensions.filters.network.wasm.v3.Wasm',
  )
  const purpose = paragraph.replace(/^A network filter: (.)/, (_, letter: string) => letter.toUpperCase())
  const kilobytes = Math.ceil(statSync(join(folder, `${name}.wasm`)).size / 1024)
  return `| [${name}](${name}/README.md) | ${isNetwork ? 'connections' : 'HTTP'} | ${firstSentence(purpose)} | ${kilobytes} KB |`
}

function firstSentence(text: string): string {
  const end = text.indexOf('. ')
  return end < 0 ? text : text.slice(0, end + 1)
}

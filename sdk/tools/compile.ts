/** Compiles AssemblyScript filters with the SDK's own settings, as the guide tells users to. */
import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { main } from 'assemblyscript/asc'

const repository = join(import.meta.dirname, '../..')

/**
 * Builds `entry` to `outFile`. Throws with the compiler's messages when it fails.
 * @param transforms of other packages, that run before the SDK's
 * @returns the module
 */
export async function compile(
  entry: string,
  outFile: string,
  transforms: readonly string[] = [],
): Promise<Uint8Array<ArrayBuffer>> {
  const config = join(repository, 'sdk/asconfig.json')
  const messages: string[] = []
  const { error } = await main(
    [
      ...[entry, '--outFile', outFile, '--config', config, '--baseDir', repository].map(argument =>
        argument.startsWith('/') ? relative(repository, argument) : argument,
      ),
      ...transforms.flatMap(transform => ['--transform', transform]),
    ],
    { stderr: { write: (text: string | Uint8Array) => void messages.push(String(text)) } },
  )
  if (error !== null) throw new Error(`${entry}:\n${messages.join('')}`)
  return new Uint8Array(readFileSync(outFile))
}

/** Path of a filter of `sdk/test/assembly`. */
export function filterEntry(name: string): string {
  return join(repository, 'sdk/test/assembly', `${name}.ts`)
}

/**
 * Where decoded messages came from. A message itself carries nothing: a side table on the thread that decoded it leads
 * to the source and the path in it, and line and column are only looked up when an error must be told.
 */
import { ConfigError, type Place } from '../base/errors.ts'
import { camelCase } from './schema.ts'

/** A text that configuration was read from. */
export interface Source {
  readonly file: string
  /** Of the deepest part of the path that exists; 1-based, 0:0 when the source has no lines. */
  locate(path: readonly (string | number)[]): { readonly line: number; readonly column: number }
}

/** One step of a path, from the leaf to the root: shared by all that lies below. */
export interface PathNode {
  readonly parent: PathNode | undefined
  readonly key: string | number
}

interface Origin {
  readonly source: Source
  readonly path: PathNode | undefined
}

const origins = new WeakMap<object, Origin>()

/** For the decoder. */
export function setOrigin(message: object, source: Source, path: PathNode | undefined): void {
  origins.set(message, { source, path })
}

/** For messages made from another one, by merging or default. */
export function copyOrigin(from: object, to: object): void {
  const origin = origins.get(from)
  if (origin !== undefined) origins.set(to, origin)
}

/**
 * Place of a message, or of one of its fields (`connectTimeout`, and `filters` with index 0). `undefined` when it is not
 * known: in workers, and for messages that code made.
 */
export function positionOf(message: object, field?: string, index?: number | string): Place | undefined {
  const origin = origins.get(message)
  if (origin === undefined) return undefined
  let path = origin.path
  if (field !== undefined) path = { parent: path, key: snakeCase(field) }
  if (index !== undefined) path = { parent: path, key: index }
  return placeOf(origin.source, path)
}

/** A `ConfigError` at a message or one of its fields. */
export function configError(
  message: object,
  field: string | undefined,
  reason: string,
  index?: number | string,
): ConfigError {
  return new ConfigError(reason, positionOf(message, field, index))
}

export function placeOf(source: Source, path: PathNode | undefined): Place {
  const keys: (string | number)[] = []
  for (let node = path; node !== undefined; node = node.parent) keys.unshift(node.key)
  return { file: source.file, ...source.locate(keys), path: pathText(keys) }
}

/** `listeners[0].typed_per_filter_config["envoy.filters.http.cors"]` */
function pathText(keys: readonly (string | number)[]): string {
  let text = ''
  for (const key of keys) {
    if (typeof key === 'number') text += `[${key}]`
    else if (/^[\w@-]+$/.test(key)) text += text === '' ? key : `.${key}`
    else text += `[${JSON.stringify(key)}]`
  }
  return text
}

/** Whether a key in a file names the same field as a path's key: both spellings are allowed. */
export function sameKey(inFile: string, inPath: string): boolean {
  return inFile === inPath || camelCase(inFile) === camelCase(inPath)
}

function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)
}

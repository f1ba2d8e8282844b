/** Errors in configuration: what a user must correct, and where. Thrown by the control plane only. */

/** Where something stands in a configuration; `file` is '' and `line` 0 when it did not come from a file. */
export interface Place {
  readonly file: string
  /** 1-based. */
  readonly line: number
  /** 1-based. */
  readonly column: number
  /** `static_resources.listeners[0].name` */
  readonly path: string
}

const nowhere: Place = { file: '', line: 0, column: 0, path: '' }

/** One fault. `message` is the whole line to print: `envoy.yaml:12:7 static_resources…: reason`. */
export class ConfigError extends Error implements Place {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly path: string
  /** What is wrong and what is right, without the place. */
  readonly reason: string

  constructor(reason: string, place: Place = nowhere) {
    super(describe(reason, place))
    this.name = 'ConfigError'
    this.file = place.file
    this.line = place.line
    this.column = place.column
    this.path = place.path
    this.reason = reason
  }
}

/** All faults that were found in one go; `message` has one line for each. */
export class ConfigErrors extends Error {
  readonly errors: readonly ConfigError[]

  constructor(errors: readonly ConfigError[]) {
    super(errors.map(error => error.message).join('\n'))
    this.name = 'ConfigErrors'
    this.errors = errors
  }
}

function describe(reason: string, place: Place): string {
  const position = place.line > 0 ? `${place.file}:${place.line}:${place.column}` : place.file
  const where = [position, place.path].filter(part => part !== '').join(' ')
  return where === '' ? reason : `${where}: ${reason}`
}

/** What a log says of something that was thrown. */
export function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

/** An expression that cannot be compiled; the message starts with line and column: `1:5: …`. */
export class CelSyntaxError extends Error {
  constructor(reason: string, source: string, offset: number) {
    const before = source.slice(0, offset).split('\n')
    super(source === '' ? reason : `${before.length}:${(before.at(-1)?.length ?? 0) + 1}: ${reason}`)
    this.name = 'CelSyntaxError'
  }
}

/** Text of an `envoy.config.core.v3.DataSource`. */
import { readFileSync } from 'node:fs'
import { configError } from '../config/position.ts'
import type { DataSource } from '../config/v3.ts'

/** Throws `ConfigError` with the place when the file or variable cannot be read. */
export function readDataSource(message: DataSource): string {
  if (message.inlineString !== undefined) return message.inlineString
  if (message.inlineBytes !== undefined) return Buffer.from(message.inlineBytes).toString('utf8')
  if (message.environmentVariable !== undefined) {
    const value = process.env[message.environmentVariable]
    if (value === undefined)
      throw configError(message, 'environmentVariable', `${message.environmentVariable} is not set`)
    return value
  }
  try {
    return readFileSync(message.filename ?? '', 'utf8')
  } catch (error) {
    throw configError(message, 'filename', `cannot read ${message.filename}: ${(error as Error).message}`)
  }
}

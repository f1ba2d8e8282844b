/** Drives a million streams through filters and tells memory and time: `node sdk/tools/leak.ts [streams]`. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runStreams, type StreamsResult } from '../test/support/streams.ts'
import { compile, filterEntry } from './compile.ts'

export interface LeakRow extends StreamsResult {
  readonly filter: string
  readonly streams: number
  /** Streams that are open at the same time. */
  readonly open: number
}

/** @param count streams of each filter; of the one that makes much garbage a twentieth */
export async function* leakRows(count: number): AsyncGenerator<LeakRow> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-sdk-'))
  try {
    for (const [filter, streams] of [
      ['header', count],
      ['log-headers', count],
      ['body', Math.ceil(count / 20)],
    ] as const) {
      const code = await compile(filterEntry(filter), join(folder, `${filter}.wasm`))
      for (const open of [1, 1000]) yield { filter, streams, open, ...runStreams(code, streams, open) }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** One line. Growth after the first tenth is a leak. */
export function leakLine({ filter, streams, open, early, late, nanosecondsPerStream }: LeakRow): string {
  const kilobytes = (bytes: number): string => `${Math.round(bytes / 1024)} KB`.padStart(8)
  return (
    `${filter.padEnd(12)} ${String(streams).padStart(8)} streams, ${String(open).padStart(4)} open: ${kilobytes(early)} ` +
    `after a tenth, ${kilobytes(late)} at the end, ${Math.round(nanosecondsPerStream)} ns each` +
    (late === early ? '' : ': LEAK')
  )
}

if (import.meta.main)
  for await (const row of leakRows(Number(process.argv[2] ?? 1_000_000))) {
    console.log(leakLine(row))
    if (row.late !== row.early) process.exitCode = 1
  }

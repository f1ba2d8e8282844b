/**
 * Files that access logs append to. Lines are buffered and written in the background, so that a slow or full disk
 * costs lines (`filesystem.write_failed`), never a request. Follows Envoy's `AccessLogFileImpl`; the files are opened
 * with O_APPEND, so that all threads share them line by line.
 */
import { accessSync, closeSync, constants, existsSync, openSync, write, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { logger } from './log.ts'

const log = logger('file')
/** How soon a pipe that was full is tried again. */
const retryAfterMs = 50
/** Lines beyond this are lost while the file takes none. */
const bufferLimitBytes = 8 * 1024 * 1024
const flushLimitBytes = 1024 * 1024
const stdoutFd = 1
const stderrFd = 2

interface Count {
  inc(): void
  add(n: number): void
  sub?(n: number): void
}

/** What of a stats scope is needed here. */
interface Stats {
  counter(name: string): Count
  gauge(name: string): Count & { sub(n: number): void }
}

export interface AccessLogFilesOptions {
  readonly flushIntervalMs: number
  /** A buffer of this size is written at once. */
  readonly flushMinBytes: number
  readonly stats: Stats
  /** False: it is only checked that the file could be opened (validation). */
  readonly openFiles: boolean
}

/** The access log files of one thread, one object a path. */
export class AccessLogFiles {
  readonly #options: AccessLogFilesOptions
  readonly #stats: FileStats
  readonly #files = new Map<string, AccessLogFile>()
  #timer: NodeJS.Timeout | undefined

  constructor(options: AccessLogFilesOptions) {
    this.#options = options
    this.#stats = new FileStats(options.stats)
  }

  /** @throws Error (`unable to open file '…': …`) */
  open(path: string): AccessLogFile {
    let file = this.#files.get(path)
    if (file === undefined) {
      file = new AccessLogFile(path, this.#options, this.#stats)
      this.#files.set(path, file)
      this.#timer ??= setInterval(() => this.flush('timer'), this.#options.flushIntervalMs).unref()
    }
    return file
  }

  /** After a log rotation: what was buffered goes to the old file, the rest to the new one at the same path. */
  reopen(): void {
    for (const file of this.#files.values()) file.reopen()
  }

  flush(reason?: 'timer'): void {
    for (const file of this.#files.values()) file.flush(reason)
  }

  /** Writes what is buffered: before it returns, or once the write that is under way is done. Never rejects. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    const files = [...this.#files.values()]
    this.#files.clear()
    await Promise.all(files.map(file => file.close()))
  }
}

class FileStats {
  readonly writeBuffered: Count
  readonly writeCompleted: Count
  readonly writeFailed: Count
  readonly flushedByTimer: Count
  readonly reopenFailed: Count
  readonly totalBuffered: Count & { sub(n: number): void }

  constructor(stats: Stats) {
    this.writeBuffered = stats.counter('filesystem.write_buffered')
    this.writeCompleted = stats.counter('filesystem.write_completed')
    this.writeFailed = stats.counter('filesystem.write_failed')
    this.flushedByTimer = stats.counter('filesystem.flushed_by_timer')
    this.reopenFailed = stats.counter('filesystem.reopen_failed')
    this.totalBuffered = stats.gauge('filesystem.write_total_buffered')
  }
}

export class AccessLogFile {
  readonly path: string
  readonly #flushMinBytes: number
  readonly #enabled: boolean
  readonly #stats: FileStats
  #fd: number
  #buffered: string[] = []
  #bufferedBytes = 0
  /** What is being written now; a pipe that is full waits for `#retry`. */
  #inFlight: Buffer | undefined
  #retry: NodeJS.Timeout | undefined
  #reopenAfterWrite = false
  #closed = false
  /** Called when the last write, under way as the file was closed, is done. */
  #onFinished: (() => void) | undefined
  #complained = false

  constructor(path: string, options: AccessLogFilesOptions, stats: FileStats) {
    this.path = path
    this.#flushMinBytes = options.flushMinBytes
    this.#enabled = options.openFiles
    this.#stats = stats
    this.#fd = this.#enabled ? open(path) : check(path)
  }

  /** @param line with its line end */
  write(line: string): void {
    if (!this.#enabled || this.#closed) return
    if (this.#bufferedBytes + line.length > bufferLimitBytes) {
      this.#stats.writeFailed.inc()
      return
    }
    this.#buffered.push(line)
    this.#bufferedBytes += line.length
    this.#stats.writeBuffered.inc()
    this.#stats.totalBuffered.add(line.length)
    if (this.#bufferedBytes >= this.#flushMinBytes) this.flush()
  }

  flush(reason?: 'timer'): void {
    if (this.#bufferedBytes === 0 || this.#inFlight !== undefined || this.#closed) return
    if (reason === 'timer') this.#stats.flushedByTimer.inc()
    this.#write(this.#take())
  }

  reopen(): void {
    if (!this.#enabled || isStandard(this.path)) return
    if (this.#inFlight === undefined && this.#bufferedBytes > 0) this.flush()
    if (this.#inFlight === undefined) this.#reopenNow()
    else this.#reopenAfterWrite = true
  }

  /** Resolves when everything is written. */
  close(): Promise<void> {
    if (this.#closed || !this.#enabled) return Promise.resolve()
    this.#closed = true
    if (this.#inFlight === undefined || this.#retry !== undefined) {
      this.#finish()
      return Promise.resolve()
    }
    // A thread that ends takes writes with it that have not begun: its owner waits.
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#onFinished = resolve
    return promise
  }

  #finish(): void {
    clearTimeout(this.#retry)
    const rest = Buffer.concat([this.#inFlight ?? Buffer.alloc(0), this.#take()])
    this.#inFlight = undefined
    try {
      for (let at = 0; at < rest.length; ) at += writeSync(this.#fd, rest, at)
      if (rest.length > 0) this.#stats.writeCompleted.inc()
    } catch (error) {
      this.#fail(error as Error)
    }
    if (!isShared(this.#fd)) closeSync(this.#fd)
    this.#onFinished?.()
  }

  #take(): Buffer {
    const bytes = Buffer.from(this.#buffered.join(''), 'latin1')
    this.#stats.totalBuffered.sub(this.#bufferedBytes)
    this.#buffered = []
    this.#bufferedBytes = 0
    return bytes
  }

  #write(bytes: Buffer): void {
    this.#inFlight = bytes
    this.#retry = undefined
    write(this.#fd, bytes, 0, Math.min(flushLimitBytes, bytes.length), null, (error, written) => {
      if (error?.code === 'EAGAIN') {
        if (this.#closed) this.#finish()
        else this.#retry = setTimeout(() => this.#write(bytes), retryAfterMs).unref()
        return
      }
      if (error) this.#fail(error)
      else if (written < bytes.length) {
        this.#write(bytes.subarray(written))
        return
      } else {
        this.#complained = false
        this.#stats.writeCompleted.inc()
      }
      this.#inFlight = undefined
      if (this.#closed) {
        this.#finish()
        return
      }
      if (this.#reopenAfterWrite) this.#reopenNow()
      if (this.#bufferedBytes >= this.#flushMinBytes) this.flush()
    })
  }

  #reopenNow(): void {
    this.#reopenAfterWrite = false
    try {
      const fd = open(this.path)
      closeSync(this.#fd)
      this.#fd = fd
    } catch (error) {
      this.#stats.reopenFailed.inc()
      log.warn((error as Error).message)
    }
  }

  #fail(error: Error): void {
    this.#stats.writeFailed.inc()
    if (!this.#complained) log.warn(`cannot write to ${this.path}: ${error.message}; access log lines are lost`)
    this.#complained = true
  }
}

function isStandard(path: string): boolean {
  return path === '/dev/stdout' || path === '/dev/stderr'
}

/** Of the process, for when stdout and stderr cannot be opened anew: not ours to close. */
function isShared(fd: number): boolean {
  return fd === stdoutFd || fd === stderrFd
}

/**
 * Without blocking, so that a pipe whose reader stands still costs lines and not one of the few threads that also
 * look up names. Opened anew for us alone: how others see the same terminal or pipe is left as it is.
 */
function open(path: string): number {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK } = constants
  try {
    return openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK, 0o644)
  } catch (error) {
    if (path === '/dev/stdout') return stdoutFd
    if (path === '/dev/stderr') return stderrFd
    throw cannotOpen(path, error as NodeJS.ErrnoException)
  }
}

/** Opening would make the file: a trial must not. */
function check(path: string): -1 {
  if (isStandard(path)) return -1
  try {
    accessSync(existsSync(path) ? path : dirname(path), constants.W_OK)
    return -1
  } catch (error) {
    throw cannotOpen(path, error as NodeJS.ErrnoException)
  }
}

function cannotOpen(path: string, error: NodeJS.ErrnoException): Error {
  const reasons: Record<string, string> = { ENOENT: 'No such file or directory', EACCES: 'Permission denied' }
  return new Error(`unable to open file '${path}': ${reasons[error.code ?? ''] ?? error.message}`, { cause: error })
}

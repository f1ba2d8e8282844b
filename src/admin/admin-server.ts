/**
 * The admin listener: an HTTP server on the main thread that finds a request's endpoint and sends what it answers.
 * Follows `source/server/admin/admin.cc`.
 */
import { chmodSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { logger } from '../base/log.ts'
import { type Address, addressToString } from '../core/address.ts'
import type { Scope } from '../stats/scope.ts'
import type { AdminContext } from './admin-context.ts'
import { type AdminPath, type AdminRequest, type AdminResponse, parseQuery } from './admin-path.ts'
import { adminPaths } from './admin-paths.ts'
import { AdminStats } from './admin-stats.ts'
import { unknownPath } from './home.ts'

const log = logger('admin')
const chunkLength = 64 * 1024
const idleTimeoutMs = 3_600_000
const maxConnections = 1024
const formLimitBytes = 64 * 1024
/** How long an answer may take once the listener is closed. */
const closeAfterMs = 1000

export interface AdminServerOptions {
  /** Port 0 takes a free one. */
  readonly address: Address
  /** `--admin-address-path`: gets the bound address. */
  readonly addressPath?: string | undefined
  /** `allow_paths`; none: all. */
  readonly allowPaths: readonly ((path: string) => boolean)[]
  /** The process's root scope. */
  readonly stats: Scope
  /** Told of every answered request (`admin.access_log`). */
  readonly onRequest?: ((exchange: AdminExchange) => void) | undefined
}

/** A request that was answered, for access logs. */
export interface AdminExchange {
  readonly request: IncomingMessage
  readonly status: number
  readonly contentType: string
  readonly bytesSent: number
  readonly startMonotonicMs: number
}

export class AdminServer {
  readonly #context: AdminContext
  readonly #options: AdminServerOptions
  readonly #server: Server
  readonly #stats: AdminStats
  #closing = false

  constructor(context: AdminContext, options: AdminServerOptions) {
    this.#context = context
    this.#options = options
    this.#stats = new AdminStats(options.stats)
    this.#server = createServer({ keepAliveTimeout: idleTimeoutMs }, (request, response) => {
      void this.#serve(request, response)
    })
    this.#server.maxConnections = maxConnections
    this.#server.on('connection', socket => this.#stats.onConnection(socket))
  }

  /** @returns the bound address. Rejects when the address is taken or the address file cannot be written. */
  async listen(): Promise<Address> {
    const { address, addressPath } = this.#options
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#server.once('error', (error: NodeJS.ErrnoException) => reject(cannotBind(address, error)))
    if (address.kind === 'pipe') {
      const abstract = address.path.startsWith('@')
      if (!abstract) rmSync(address.path, { force: true })
      this.#server.listen(abstract ? `\0${address.path.slice(1)}` : address.path, resolve)
    } else if (address.kind === 'ip') this.#server.listen(address.port, address.ip, resolve)
    else reject(new Error('the admin listener takes a socket address or a pipe'))
    await promise
    this.#server.on('error', error => log.warn(error.message))
    if (address.kind === 'pipe' && address.mode && !address.path.startsWith('@')) chmodSync(address.path, address.mode)
    const bound = address.kind === 'ip' ? { ...address, port: (this.#server.address() as AddressInfo).port } : address
    if (addressPath !== undefined) writeFileSync(addressPath, addressToString(bound))
    log.info(`admin address: ${addressToString(bound)}`)
    return bound
  }

  /** Answers that are under way are still sent. */
  async close(): Promise<void> {
    this.#closing = true
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#server.close(() => resolve())
    this.#server.closeIdleConnections()
    const late = setTimeout(() => this.#server.closeAllConnections(), closeAfterMs)
    await promise
    clearTimeout(late)
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const startMonotonicMs = performance.now()
    this.#stats.onRequest()
    let { status = 200, contentType = 'text/plain; charset=UTF-8', body } = await this.#answer(request)
    response.statusCode = status
    response.setHeader('content-type', contentType)
    response.setHeader('cache-control', 'no-cache, max-age=0')
    response.setHeader('x-content-type-options', 'nosniff')
    response.setHeader('date', new Date().toUTCString())
    response.setHeader('server', 'envoy')
    if (request.httpVersion === '1.1') {
      response.setHeader('transfer-encoding', 'chunked')
      response.removeHeader('connection')
    }
    let bytesSent = 0
    const chunks = function* (): Iterable<Buffer> {
      for (const chunk of joined(body)) {
        const bytes = Buffer.from(chunk)
        bytesSent += bytes.length
        yield bytes
      }
    }
    try {
      if (request.method === 'HEAD') response.end()
      else await pipeline(Readable.from(chunks()), response)
    } catch (error) {
      // Most often the client has gone.
      log.debug(`cannot answer ${request.url}: ${(error as Error).message}`)
    }
    if (this.#closing) request.socket.destroySoon()
    this.#stats.onComplete(status, performance.now() - startMonotonicMs)
    this.#options.onRequest?.({ request, status, contentType, bytesSent, startMonotonicMs })
  }

  async #answer(message: IncomingMessage): Promise<AdminResponse> {
    const [path = '', query = ''] = (message.url ?? '').split(/\?(.*)/s)
    const form = await readForm(message)
    if (form === undefined) return { status: 413, body: 'Payload Too Large' }
    const request: AdminRequest = { method: message.method ?? 'GET', path, query: parseQuery(query || form) }
    const { allowPaths } = this.#options
    if (allowPaths.length > 0 && !allowPaths.some(allows => allows(path)))
      return { status: 403, body: `request to path ${path} not allowed` }
    const found = findPath(path)
    if (found === undefined) return unknownPath(adminPaths)
    if (found.post && request.method !== 'POST')
      return { status: 405, body: `Method ${request.method} not allowed, POST required.` }
    try {
      return await found.handle(request, this.#context)
    } catch (error) {
      log.error(`${path}: ${(error as Error).stack}`)
      return { status: 500, body: `${(error as Error).message}\n` }
    }
  }
}

function findPath(path: string): AdminPath | undefined {
  return adminPaths.find(each => each.path === path)
}

/** The body as parameters; '' when it is no form, undefined when it is too long. */
async function readForm(message: IncomingMessage): Promise<string | undefined> {
  if (message.headers['content-type'] !== 'application/x-www-form-urlencoded') {
    message.resume()
    return ''
  }
  let form = ''
  try {
    for await (const chunk of message.setEncoding('latin1')) {
      if (form.length <= formLimitBytes) form += chunk as string
    }
  } catch {
    // The client has gone.
    return ''
  }
  return form.length > formLimitBytes ? undefined : form
}

/** Pieces put together, so that a line is not a write. */
function* joined(body: string | Iterable<string>): Iterable<string> {
  if (typeof body === 'string') {
    yield body
    return
  }
  let chunk = ''
  for (const piece of body) {
    chunk += piece
    if (chunk.length < chunkLength) continue
    yield chunk
    chunk = ''
  }
  if (chunk !== '') yield chunk
}

function cannotBind(address: Address, error: NodeJS.ErrnoException): Error {
  const reasons: Record<string, string> = {
    EADDRINUSE: 'Address already in use',
    EACCES: 'Permission denied',
    EADDRNOTAVAIL: 'Cannot assign requested address',
  }
  return new Error(`cannot bind '${addressToString(address)}': ${reasons[error.code ?? ''] ?? error.message}`, {
    cause: error,
  })
}

/**
 * Runs the HTTP filters of one stream, downwards for the request and upwards for the response: iteration, pauses,
 * buffers, local replies. Follows Envoy's `source/common/http/filter_manager.cc`, whose rules each function keeps.
 */
import type { StreamResetReason } from '../core/codec.ts'
import { HeaderMap } from '../core/header-map.ts'
import type {
  DataStatus,
  DownstreamWatermarkCallbacks,
  HeadersStatus,
  HttpFilter,
  HttpFilterCallbacks,
  LocalReply,
  TrailersStatus,
} from '../core/http-filter.ts'
import { ChunkBuffer } from './body-buffer.ts'
import {
  ChainedFilter,
  running,
  stateAfterHeaders,
  stopped,
  stoppedAllBuffer,
  stoppedAllWatermark,
} from './chained-filter.ts'
import type { FilterChainOwner } from './filter-chain-owner.ts'
import { localReplies, type PreparedReply, prepareLocalReply } from './local-reply.ts'

/** What call is going on, as bits. */
const inDecodeHeaders = 1
const inDecodeData = 2
const inDecodeTrailers = 4
const inEncode1xx = 8
const inEncodeHeaders = 16
const inEncodeData = 32
const inEncodeTrailers = 64
const atEndOfStream = 128
const inDecode = inDecodeHeaders | inDecodeData | inDecodeTrailers
const inEncode = inEncode1xx | inEncodeHeaders | inEncodeData | inEncodeTrailers

const empty = new Uint8Array(0)

export class FilterChain {
  readonly owner: FilterChainOwner
  readonly filters: ChainedFilter[] = []
  requestBuffer: ChunkBuffer | undefined = undefined
  responseBuffer: ChunkBuffer | undefined = undefined
  decoderBufferLimitBytes: number
  encoderBufferLimitBytes: number
  isHead = false
  isGrpc = false
  /** The codec has given the last event of the request. */
  remoteComplete = false
  /** The last event of the response entered the chain. */
  localComplete = false
  /** Final response headers went to the codec. */
  headersSent = false
  destroyed = false
  #encodeComplete = false
  #calls = 0
  #decodeAborted = false
  #encodeAborted = false
  #has1xx = false
  #prepared: PreparedReply | undefined = undefined
  #decodeStreaming = true
  #encodeStreaming = true
  #requestPaused = false
  #responsePaused = false
  /** Of the data callback that is going on: the buffer it iterates over, else what the filter made of its chunk. */
  #iterating: ChunkBuffer | undefined = undefined
  #replacement: Uint8Array | undefined = undefined
  #added: Uint8Array | undefined = undefined
  #watermarkCallbacks: DownstreamWatermarkCallbacks[] | undefined = undefined
  /** How often downstream's write buffer is too full. */
  highWatermarks = 0

  constructor(owner: FilterChainOwner, bufferLimitBytes: number) {
    this.owner = owner
    this.decoderBufferLimitBytes = bufferLimitBytes
    this.encoderBufferLimitBytes = bufferLimitBytes
  }

  /** Makes one filter after those made before. A factory that throws answers the stream with 500. */
  addFilter(filterConfigName: string, factory: (callbacks: HttpFilterCallbacks) => HttpFilter): void {
    const chained = new ChainedFilter(this, filterConfigName, this.filters.length)
    try {
      chained.filter = factory(chained)
    } catch (error) {
      this.owner.onFilterError(filterConfigName, error)
      chained.filter = failedFilter(chained)
    }
    this.filters.push(chained)
  }

  // ── request ──

  /** @param start index of the first filter to call */
  decodeHeaders(start: number, headers: HeaderMap, endStream: boolean): void {
    const filters = this.filters
    const last = filters.length - 1
    // A filter that added a body to a headers-only request: from it on, the body follows the headers.
    let bodyAddedBy: ChainedFilter | undefined
    for (let i = start; i <= last; i++) {
      const current = filters[i] as ChainedFilter
      const filterEnd = endStream && bodyAddedBy === undefined
      current.decodeEnded = filterEnd
      let status: HeadersStatus = 'continue'
      if (current.filter.decodeHeaders !== undefined) {
        const bits = filterEnd ? inDecodeHeaders | atEndOfStream : inDecodeHeaders
        this.#calls |= bits
        try {
          status = current.filter.decodeHeaders(headers, filterEnd)
        } catch (error) {
          this.#failed(current, error)
        }
        this.#calls &= ~bits
        if (this.#decodeAborted) return this.#sendPrepared()
        if (this.destroyed) return
      }
      current.decodeState = stateAfterHeaders(status)
      if (current.decodeState === running) current.decodeHeadersContinued = true
      if (status === 'continue-and-dont-end-stream') endStream = false
      if (filterEnd) this.#tellDecodeComplete(current)
      if (this.destroyed) return
      // The last filter's stop holds nothing back: a body that an earlier filter added still has to reach it.
      if (i < last && (this.localComplete || current.decodeState !== running)) break
      if (endStream && this.requestBuffer !== undefined && bodyAddedBy === undefined) bodyAddedBy = current
    }
    if (bodyAddedBy !== undefined && !this.destroyed) {
      bodyAddedBy.decodeState = stopped
      this.continueDecoding(bodyAddedBy)
    }
    if (endStream) this.owner.disarmRequestTimeout()
  }

  /** @param buffered `data` is what requestBuffer holds */
  decodeData(start: number, data: Uint8Array, endStream: boolean, buffered = false): void {
    this.owner.onActivity()
    if (this.localComplete || this.destroyed) return
    const filters = this.filters
    const last = filters.length - 1
    const hadTrailers = this.owner.requestTrailers !== undefined
    let trailersAddedBy: ChainedFilter | undefined
    for (let i = start; i <= last; i++) {
      const current = filters[i] as ChainedFilter
      if (current.decodeState >= stoppedAllBuffer) {
        this.#decodeStreaming = current.decodeState === stoppedAllWatermark
        if (!buffered) this.#bufferRequest(data)
        return
      }
      // Its message is over: what a nested continue left here is not for it, nor for those after it.
      if (current.decodeEnded) return
      const filterEnd = endStream && this.owner.requestTrailers === undefined
      current.decodeEnded = filterEnd
      let status: DataStatus = 'continue'
      if (current.filter.decodeData !== undefined) {
        const bits = endStream ? inDecodeData | atEndOfStream : inDecodeData
        this.#calls |= bits
        this.#iterating = buffered ? this.requestBuffer : undefined
        const version = this.#iterating === undefined ? 0 : this.#iterating.version
        try {
          status = current.filter.decodeData(data, filterEnd)
        } catch (error) {
          this.#failed(current, error)
        }
        this.#calls &= ~bits
        if (this.#decodeAborted) return this.#sendPrepared()
        if (this.destroyed) return
        if (this.#iterating !== undefined) {
          if (this.#iterating.version !== version) data = this.#iterating.all()
          this.#iterating = undefined
        } else if (this.#replacement !== undefined || this.#added !== undefined) {
          if (this.#added !== undefined && status === 'stop-no-buffer') {
            data = empty
            status = 'stop-and-buffer'
          }
          data = this.#takeChanged(data)
        }
      }
      if (filterEnd) this.#tellDecodeComplete(current)
      if (this.destroyed) return
      if (endStream && !hadTrailers && this.owner.requestTrailers !== undefined) {
        endStream = false
        trailersAddedBy = current
      }
      if (status === 'continue') {
        if (current.decodeState === running) {
          if (i === last && buffered) this.#dropRequestBuffer()
          continue
        }
        if (!buffered) this.#bufferRequest(data)
        this.continueDecoding(current)
      } else {
        current.decodeState = stopped
        if (status !== 'stop-no-buffer') {
          this.#decodeStreaming = status === 'stop-and-watermark'
          if (!buffered) this.#bufferRequest(data)
        } else if (i === last) {
          if (buffered) this.#dropRequestBuffer()
        } else if (buffered) {
          this.requestBuffer?.drain(data.length)
          this.checkRequestLimit()
        } else if (this.remoteComplete && !hadTrailers && this.requestBuffer === undefined) {
          // Continuing must still be able to end the stream, with an empty chunk.
          this.requestBuffer = new ChunkBuffer()
        }
      }
      if (i < last) break
    }
    if (this.destroyed) return
    if (trailersAddedBy !== undefined)
      this.decodeTrailers(trailersAddedBy.nextDecode(), this.owner.requestTrailers as HeaderMap)
    if (endStream) this.owner.disarmRequestTimeout()
  }

  decodeTrailers(start: number, trailers: HeaderMap): void {
    if (this.localComplete || this.destroyed) return
    const filters = this.filters
    for (let i = start; i < filters.length; i++) {
      const current = filters[i] as ChainedFilter
      if (current.decodeState >= stoppedAllBuffer) return
      current.decodeEnded = true
      let status: TrailersStatus = 'continue'
      if (current.filter.decodeTrailers !== undefined) {
        this.#calls |= inDecodeTrailers
        try {
          status = current.filter.decodeTrailers(trailers)
        } catch (error) {
          this.#failed(current, error)
        }
        this.#calls &= ~inDecodeTrailers
        if (this.#decodeAborted) return this.#sendPrepared()
        if (this.destroyed) return
      }
      this.#tellDecodeComplete(current)
      if (this.destroyed) return
      if (status === 'stop') {
        if (current.decodeState === running) current.decodeState = stopped
        return
      }
      if (current.decodeState !== running) return this.continueDecoding(current)
    }
    this.owner.disarmRequestTimeout()
  }

  continueDecoding(current: ChainedFilter): void {
    // A response may be complete already: the request then goes no further.
    if (this.localComplete || this.destroyed || current.decodeState === running) return
    current.decodeFromCurrent = current.decodeState >= stoppedAllBuffer
    current.decodeState = running
    const owner = this.owner
    if (!current.decodeHeadersContinued) {
      current.decodeHeadersContinued = true
      const end = this.remoteComplete && this.requestBuffer === undefined && owner.requestTrailers === undefined
      this.decodeHeaders(current.index + 1, owner.requestHeaders as HeaderMap, end)
    }
    // Trailers that a filter adds to the data that comes now are passed on by decodeData.
    const hadTrailers = owner.requestTrailers !== undefined
    if (this.requestBuffer !== undefined && !this.destroyed)
      this.decodeData(current.nextDecode(), this.requestBuffer.all(), this.remoteComplete && !hadTrailers, true)
    if (hadTrailers && !this.destroyed) this.decodeTrailers(current.nextDecode(), owner.requestTrailers as HeaderMap)
    current.decodeFromCurrent = false
  }

  addDecodedData(current: ChainedFilter, data: Uint8Array): void {
    const calls = this.#calls
    if (calls & inDecodeData && this.#iterating === undefined) this.#add(data)
    else if (calls & (inDecodeData | inDecodeHeaders) || current.decodeState !== running) {
      this.#decodeStreaming = false
      this.#bufferRequest(data)
    } else this.decodeData(current.index + 1, data, false)
  }

  injectDecodedData(current: ChainedFilter, data: Uint8Array, endStream: boolean): void {
    if (this.destroyed) return
    if (!current.decodeHeadersContinued) {
      current.decodeHeadersContinued = true
      this.decodeHeaders(current.index + 1, this.owner.requestHeaders as HeaderMap, false)
    }
    this.decodeData(current.nextDecode(), data, endStream)
  }

  addDecodedTrailers(): HeaderMap {
    if (!(this.#calls & atEndOfStream)) throw new Error('trailers can only be added in the last data callback')
    this.owner.requestTrailers ??= new HeaderMap()
    return this.owner.requestTrailers
  }

  #tellDecodeComplete(current: ChainedFilter): void {
    if (current.filter.decodeComplete === undefined) return
    try {
      current.filter.decodeComplete()
    } catch (error) {
      this.#failed(current, error)
    }
  }

  #bufferRequest(data: Uint8Array): void {
    this.requestBuffer ??= new ChunkBuffer()
    this.requestBuffer.append(data)
    this.checkRequestLimit()
  }

  #dropRequestBuffer(): void {
    this.requestBuffer = undefined
    this.checkRequestLimit()
  }

  /** After each change of the buffer: over the limit 413 or a pause, below half of it reading goes on. */
  checkRequestLimit(): void {
    const limit = this.decoderBufferLimitBytes
    const length = this.requestBuffer === undefined ? 0 : this.requestBuffer.length
    if (this.#requestPaused) {
      if (length > limit / 2 && limit > 0) return
      this.#requestPaused = false
      this.owner.resumeReading()
    } else if (limit > 0 && length > limit && !this.destroyed && !this.localComplete) {
      if (this.#decodeStreaming) {
        this.#requestPaused = true
        this.owner.pauseReading()
      } else {
        this.owner.onRequestDataTooLarge()
        this.sendLocalReply(localReplies.payloadTooLarge)
      }
    }
  }

  // ── response ──

  /** 100 or another 1xx from upstream; swallowed unless `proxy_100_continue`, for sluice has answered 100 itself. */
  encode1xxHeaders(headers: HeaderMap): void {
    const owner = this.owner
    if (this.destroyed || !owner.proxy100Continue || owner.responseHeaders !== undefined) return
    owner.informationalHeaders = headers
    this.#has1xx = true
    this.#encode1xxHeaders(this.filters.length - 1, headers)
  }

  #encode1xxHeaders(start: number, headers: HeaderMap): void {
    this.owner.onActivity()
    for (let i = start; i >= 0; i--) {
      const current = this.filters[i] as ChainedFilter
      let status: 'continue' | 'stop' = 'continue'
      if (current.filter.encode1xxHeaders !== undefined) {
        this.#calls |= inEncode1xx
        try {
          status = current.filter.encode1xxHeaders(headers)
        } catch (error) {
          this.#failed(current, error)
        }
        this.#calls &= ~inEncode1xx
        if (this.#encodeAborted || this.destroyed) return
      }
      if (status === 'stop') {
        current.encodeState = stopped
        return
      }
      current.encode1xxContinued = true
    }
    this.owner.sendInformationalHeaders(headers)
  }

  /** The response enters, from the terminal filter or as a local reply. */
  startResponse(headers: HeaderMap, endStream: boolean): void {
    if (this.destroyed || this.owner.responseHeaders !== undefined) return
    this.owner.responseHeaders = headers
    this.localComplete = endStream
    this.encodeHeaders(this.filters.length - 1, headers, endStream)
  }

  responseData(data: Uint8Array, endStream: boolean): void {
    if (this.destroyed || this.localComplete || this.owner.responseHeaders === undefined) return
    this.localComplete = endStream
    this.encodeData(this.filters.length - 1, data, endStream)
  }

  responseTrailers(trailers: HeaderMap): void {
    if (this.destroyed || this.localComplete || this.owner.responseHeaders === undefined) return
    this.owner.responseTrailers = trailers
    this.localComplete = true
    this.encodeTrailers(this.filters.length - 1, trailers)
  }

  encodeHeaders(start: number, headers: HeaderMap, endStream: boolean): void {
    const owner = this.owner
    owner.onActivity()
    owner.disarmRequestTimeout()
    let bodyAddedBy: ChainedFilter | undefined
    for (let i = start; i >= 0; i--) {
      const current = this.filters[i] as ChainedFilter
      const filterEnd = endStream && bodyAddedBy === undefined
      current.encodeEnded = filterEnd
      let status: HeadersStatus = 'continue'
      if (current.filter.encodeHeaders !== undefined) {
        const bits = filterEnd ? inEncodeHeaders | atEndOfStream : inEncodeHeaders
        this.#calls |= bits
        try {
          status = current.filter.encodeHeaders(headers, filterEnd)
        } catch (error) {
          this.#failed(current, error)
        }
        this.#calls &= ~bits
        if (this.#encodeAborted || this.destroyed) return
      }
      current.encodeState = stateAfterHeaders(status)
      if (current.encodeState === running) current.encodeHeadersContinued = true
      if (status === 'continue-and-dont-end-stream') endStream = false
      if (filterEnd) this.#tellEncodeComplete(current)
      if (this.destroyed) return
      if (current.encodeState !== running) {
        if (!filterEnd) this.#continueAddedResponseBody(bodyAddedBy)
        return
      }
      if (endStream && this.responseBuffer !== undefined && bodyAddedBy === undefined) bodyAddedBy = current
    }
    if (headers.list[0] !== ':status' && !headers.has(':status')) return this.sendLocalReply(localReplies.missingStatus)
    const end = endStream && bodyAddedBy === undefined
    this.headersSent = true
    owner.sendHeaders(headers, end)
    if (this.destroyed) return
    if (end) this.#endEncode()
    else this.#continueAddedResponseBody(bodyAddedBy)
  }

  #continueAddedResponseBody(by: ChainedFilter | undefined): void {
    if (by === undefined || this.destroyed) return
    by.encodeState = stopped
    this.continueEncoding(by)
  }

  /** @param buffered `data` is what responseBuffer holds */
  encodeData(start: number, data: Uint8Array, endStream: boolean, buffered = false): void {
    const owner = this.owner
    owner.onActivity()
    const hadTrailers = owner.responseTrailers !== undefined
    let trailersAddedBy: ChainedFilter | undefined
    for (let i = start; i >= 0; i--) {
      const current = this.filters[i] as ChainedFilter
      if (current.encodeState >= stoppedAllBuffer) {
        this.#encodeStreaming = current.encodeState === stoppedAllWatermark
        if (!buffered) this.#bufferResponse(data)
        return
      }
      if (current.encodeEnded) return
      const filterEnd = endStream && owner.responseTrailers === undefined
      current.encodeEnded = filterEnd
      let status: DataStatus = 'continue'
      if (current.filter.encodeData !== undefined) {
        const bits = endStream ? inEncodeData | atEndOfStream : inEncodeData
        this.#calls |= bits
        this.#iterating = buffered ? this.responseBuffer : undefined
        const version = this.#iterating === undefined ? 0 : this.#iterating.version
        try {
          status = current.filter.encodeData(data, filterEnd)
        } catch (error) {
          this.#failed(current, error)
        }
        this.#calls &= ~bits
        if (this.#encodeAborted || this.destroyed) return
        if (this.#iterating !== undefined) {
          if (this.#iterating.version !== version) data = this.#iterating.all()
          this.#iterating = undefined
        } else if (this.#replacement !== undefined || this.#added !== undefined) {
          if (this.#added !== undefined && status === 'stop-no-buffer') {
            data = empty
            status = 'stop-and-buffer'
          }
          data = this.#takeChanged(data)
        }
      }
      if (filterEnd) this.#tellEncodeComplete(current)
      if (this.destroyed) return
      if (endStream && !hadTrailers && owner.responseTrailers !== undefined && trailersAddedBy === undefined)
        trailersAddedBy = current
      if (status === 'continue') {
        if (current.encodeState === running) continue
        if (!buffered) this.#bufferResponse(data)
        return this.continueEncoding(current)
      }
      current.encodeState = stopped
      if (status !== 'stop-no-buffer') {
        this.#encodeStreaming = status === 'stop-and-watermark'
        if (!buffered) this.#bufferResponse(data)
      } else if (buffered) {
        this.responseBuffer?.drain(data.length)
        this.checkResponseLimit()
      } else if (this.localComplete && owner.responseTrailers === undefined && this.responseBuffer === undefined) {
        this.responseBuffer = new ChunkBuffer()
      }
      return
    }
    const written = buffered ? this.responseBuffer : undefined
    if (buffered) this.responseBuffer = undefined
    const end = endStream && trailersAddedBy === undefined
    owner.sendData(data, end)
    written?.release()
    if (this.destroyed) return
    if (buffered) this.checkResponseLimit()
    if (end) this.#endEncode()
    else if (trailersAddedBy !== undefined)
      this.encodeTrailers(trailersAddedBy.nextEncode(), owner.responseTrailers as HeaderMap)
  }

  encodeTrailers(start: number, trailers: HeaderMap): void {
    const owner = this.owner
    owner.onActivity()
    for (let i = start; i >= 0; i--) {
      const current = this.filters[i] as ChainedFilter
      if (current.encodeState >= stoppedAllBuffer) return
      current.encodeEnded = true
      let status: TrailersStatus = 'continue'
      if (current.filter.encodeTrailers !== undefined) {
        this.#calls |= inEncodeTrailers
        try {
          status = current.filter.encodeTrailers(trailers)
        } catch (error) {
          this.#failed(current, error)
        }
        this.#calls &= ~inEncodeTrailers
        if (this.#encodeAborted || this.destroyed) return
      }
      this.#tellEncodeComplete(current)
      if (this.destroyed) return
      if (status === 'stop') {
        if (current.encodeState === running) current.encodeState = stopped
        return
      }
      if (current.encodeState !== running) return this.continueEncoding(current)
    }
    owner.sendTrailers(trailers)
    if (!this.destroyed) this.#endEncode()
  }

  continueEncoding(current: ChainedFilter): void {
    if (this.#encodeComplete || this.destroyed || current.encodeState === running) return
    current.encodeFromCurrent = current.encodeState >= stoppedAllBuffer
    current.encodeState = running
    const owner = this.owner
    if (this.#has1xx && !current.encode1xxContinued) {
      current.encode1xxContinued = true
      this.#encode1xxHeaders(current.index - 1, owner.informationalHeaders as HeaderMap)
      if (owner.responseHeaders === undefined || this.destroyed) return
    }
    if (!current.encodeHeadersContinued) {
      current.encodeHeadersContinued = true
      const end = this.localComplete && this.responseBuffer === undefined && owner.responseTrailers === undefined
      this.encodeHeaders(current.index - 1, owner.responseHeaders as HeaderMap, end)
    }
    const hadTrailers = owner.responseTrailers !== undefined
    if (this.responseBuffer !== undefined && !this.destroyed)
      this.encodeData(current.nextEncode(), this.responseBuffer.all(), this.localComplete && !hadTrailers, true)
    if (hadTrailers && !this.destroyed) this.encodeTrailers(current.nextEncode(), owner.responseTrailers as HeaderMap)
    current.encodeFromCurrent = false
  }

  addEncodedData(current: ChainedFilter, data: Uint8Array): void {
    const calls = this.#calls
    if (calls & inEncodeData && this.#iterating === undefined) this.#add(data)
    else if (calls & (inEncodeData | inEncodeHeaders) || current.encodeState !== running) {
      this.#encodeStreaming = false
      this.#bufferResponse(data)
    } else if (!this.destroyed) this.encodeData(current.index - 1, data, false)
  }

  injectEncodedData(current: ChainedFilter, data: Uint8Array, endStream: boolean): void {
    if (this.destroyed || this.#encodeComplete) return
    if (!current.encodeHeadersContinued) {
      current.encodeHeadersContinued = true
      this.encodeHeaders(current.index - 1, this.owner.responseHeaders as HeaderMap, false)
      if (this.destroyed) return
    }
    this.encodeData(current.nextEncode(), data, endStream)
  }

  addEncodedTrailers(): HeaderMap {
    if (!(this.#calls & atEndOfStream)) throw new Error('trailers can only be added in the last data callback')
    this.owner.responseTrailers ??= new HeaderMap()
    return this.owner.responseTrailers
  }

  #tellEncodeComplete(current: ChainedFilter): void {
    if (current.filter.encodeComplete === undefined) return
    try {
      current.filter.encodeComplete()
    } catch (error) {
      this.#failed(current, error)
    }
  }

  #endEncode(): void {
    this.#encodeComplete = true
    this.owner.endStream()
  }

  #bufferResponse(data: Uint8Array): void {
    this.responseBuffer ??= new ChunkBuffer()
    this.responseBuffer.append(data)
    this.checkResponseLimit()
  }

  /** As checkRequestLimit; over the limit 500 (or a reset when headers are gone), or the upstream is paused. */
  checkResponseLimit(): void {
    const limit = this.encoderBufferLimitBytes
    const length = this.responseBuffer === undefined ? 0 : this.responseBuffer.length
    if (this.#responsePaused) {
      if (length > limit / 2 && limit > 0) return
      this.#responsePaused = false
      this.onBelowWriteBufferLowWatermark()
    } else if (limit > 0 && length > limit && !this.destroyed && !this.#encodeComplete) {
      if (this.#encodeStreaming) {
        this.#responsePaused = true
        this.onAboveWriteBufferHighWatermark()
      } else {
        this.owner.onResponseDataTooLarge()
        this.sendLocalReply(localReplies.responseTooLarge)
      }
    }
  }

  // ── both ──

  replaceCurrentData(data: Uint8Array): void {
    if (this.#iterating !== undefined) {
      this.#iterating.drain(this.#iterating.length)
      this.#iterating.append(data)
    } else this.#replacement = data
  }

  /**
   * Answers the request. Inside a decoder callback the reply waits until the callback has returned. Before response
   * headers it passes the encoder filters; once they have started it goes to the codec; after that only a reset is left.
   */
  sendLocalReply(reply: LocalReply): void {
    if (this.destroyed) return
    const owner = this.owner
    if (this.#calls & inDecode) this.#decodeAborted = true
    else if (this.#calls & inEncode) this.#encodeAborted = true
    if (owner.takeLocalReply !== undefined) return owner.takeLocalReply(reply)
    const info = owner.streamInfo
    info.responseCodeDetails = reply.details.includes(' ') ? reply.details.replace(/\s/g, '_') : reply.details
    if (reply.flags !== undefined) info.responseFlags |= reply.flags
    owner.onLocalReply(reply.status)
    if (owner.responseHeaders === undefined && owner.informationalHeaders === undefined) {
      if (this.#prepared !== undefined) return
      owner.createFilterChain()
      this.#prepared = prepareLocalReply(reply, this.isGrpc, this.isHead, owner)
      if (!(this.#calls & inDecode)) this.#sendPrepared()
    } else if (!this.headersSent) {
      this.#encodeStreaming = true
      this.#encodeAborted = true
      this.#sendDirectly(prepareLocalReply(reply, this.isGrpc, this.isHead, owner))
    } else {
      owner.resetStream('local-reset', '')
    }
  }

  #sendPrepared(): void {
    const prepared = this.#prepared
    if (prepared === undefined || this.destroyed) return
    this.#prepared = undefined
    const bodiless = prepared.body.length === 0
    this.startResponse(prepared.headers, bodiless)
    if (!bodiless) this.responseData(prepared.body, true)
  }

  #sendDirectly(prepared: PreparedReply): void {
    const owner = this.owner
    const bodiless = prepared.body.length === 0
    owner.responseHeaders = prepared.headers
    this.headersSent = true
    this.localComplete = true
    owner.sendHeaders(prepared.headers, bodiless)
    if (!bodiless && !this.destroyed) owner.sendData(prepared.body, true)
    if (!this.destroyed) this.#endEncode()
  }

  resetStream(reason: StreamResetReason, details: string): void {
    if (this.destroyed) return
    if (this.#calls & inDecode) this.#decodeAborted = true
    else if (this.#calls & inEncode) this.#encodeAborted = true
    this.owner.resetStream(reason, details)
  }

  /** The downstream's write buffer is full: whoever produces the response pauses. */
  onAboveWriteBufferHighWatermark(): void {
    this.highWatermarks++
    const callbacks = this.#watermarkCallbacks
    if (callbacks !== undefined) for (const each of callbacks) each.onAboveWriteBufferHighWatermark()
  }

  onBelowWriteBufferLowWatermark(): void {
    if (this.highWatermarks === 0) return
    this.highWatermarks--
    const callbacks = this.#watermarkCallbacks
    if (callbacks !== undefined) for (const each of callbacks) each.onBelowWriteBufferLowWatermark()
  }

  addDownstreamWatermarkCallbacks(callbacks: DownstreamWatermarkCallbacks): void {
    if (this.#watermarkCallbacks === undefined) this.#watermarkCallbacks = [callbacks]
    else this.#watermarkCallbacks.push(callbacks)
    for (let i = 0; i < this.highWatermarks; i++) callbacks.onAboveWriteBufferHighWatermark()
  }

  removeDownstreamWatermarkCallbacks(callbacks: DownstreamWatermarkCallbacks): void {
    const all = this.#watermarkCallbacks
    if (all === undefined) return
    // Nearly always there is one.
    if (all.at(-1) === callbacks) all.pop()
    else if (all.includes(callbacks)) all.splice(all.indexOf(callbacks), 1)
  }

  /** Marks and tells the filters; nothing is called after `destroy`. */
  onStreamComplete(): void {
    for (let i = 0; i < this.filters.length; i++) {
      const current = this.filters[i] as ChainedFilter
      if (current.filter.onStreamComplete === undefined) continue
      try {
        current.filter.onStreamComplete()
      } catch (error) {
        this.owner.onFilterError(current.filterConfigName, error)
      }
    }
  }

  log(): void {
    for (let i = 0; i < this.filters.length; i++) {
      const current = this.filters[i] as ChainedFilter
      if (current.filter.log === undefined) continue
      try {
        current.filter.log()
      } catch (error) {
        this.owner.onFilterError(current.filterConfigName, error)
      }
    }
  }

  destroy(): void {
    this.destroyed = true
    for (let i = 0; i < this.filters.length; i++) {
      const current = this.filters[i] as ChainedFilter
      if (current.filter.onDestroy === undefined) continue
      try {
        current.filter.onDestroy()
      } catch (error) {
        this.owner.onFilterError(current.filterConfigName, error)
      }
    }
  }

  #add(data: Uint8Array): void {
    this.#added = this.#added === undefined ? data : Buffer.concat([this.#added, data])
  }

  #takeChanged(data: Uint8Array): Uint8Array {
    const chunk = this.#replacement ?? data
    const added = this.#added
    this.#replacement = undefined
    this.#added = undefined
    return added === undefined ? chunk : chunk.length === 0 ? added : Buffer.concat([chunk, added])
  }

  #failed(current: ChainedFilter, error: unknown): void {
    this.owner.onFilterError(current.filterConfigName, error)
    this.sendLocalReply(localReplies.filterError)
  }
}

/** Stands in for a filter that could not be made. */
function failedFilter(callbacks: HttpFilterCallbacks): HttpFilter {
  return {
    decodeHeaders() {
      callbacks.sendLocalReply(localReplies.filterError)
      return 'stop'
    },
  }
}

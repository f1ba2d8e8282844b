/**
 * Limits against floods: frames that cost their sender little and us much. Follows Envoy's
 * `source/common/http/http2/protocol_constraints.cc`.
 */
import type { Connection } from '../../core/connection.ts'
import type { Http2Settings } from './settings.ts'
import type { Http2Stats } from './stats.ts'

/** So many frames share one entry of the queue of unsent frames. */
const framesPerMark = 16

/** Frames that were written up to a byte of the connection. */
interface Mark {
  endByte: number
  frames: number
  controlFrames: number
}

export class ProtocolConstraints {
  readonly #connection: Connection
  readonly #settings: Http2Settings
  readonly #stats: Http2Stats
  readonly #checkFrom: number
  /** `http2.…` or Envoy's words for a limit that was passed; '' while all is well. */
  violation = ''

  #streams = 0
  #dataFramesSent = 0
  #emptyFrames = 0
  #priorityFrames = 0
  #windowUpdates = 0
  #resetsSpent = 0
  #resetsFilledMs = 0

  /** Frames that the kernel has not taken, to within `framesPerMark`, oldest first from `#first` on. */
  #marks: Mark[] = []
  #first = 0
  #bytes = 0
  #frames = 0
  #controlFrames = 0

  constructor(connection: Connection, settings: Http2Settings, stats: Http2Stats) {
    this.#connection = connection
    this.#settings = settings
    this.#stats = stats
    this.#checkFrom = Math.min(settings.maxOutboundFrames, settings.maxOutboundControlFrames)
  }

  onStreamOpened(): void {
    this.#streams++
  }

  // ── inbound: each returns whether the limit is kept ──

  /** DATA, HEADERS, CONTINUATION. @param empty nothing but padding in it, and it ends no stream */
  trackPayload(empty: boolean): boolean {
    if (!empty) {
      this.#emptyFrames = 0
      return true
    }
    if (++this.#emptyFrames <= this.#settings.maxConsecutiveEmptyFrames) return true
    this.#stats.inboundEmptyFramesFlood.inc()
    this.violation = 'http2.inbound_empty_frames_flood'
    return false
  }

  /** RST_STREAM of a client: a bucket of `streamResetBurst` that fills again by `streamResetsPerSecond`. */
  trackReset(nowMs: number): boolean {
    const { streamResetBurst, streamResetsPerSecond } = this.#settings
    const earned = ((nowMs - this.#resetsFilledMs) * streamResetsPerSecond) / 1000
    this.#resetsFilledMs = nowMs
    this.#resetsSpent = Math.max(0, this.#resetsSpent - earned) + 1
    return this.#resetsSpent <= streamResetBurst
  }

  trackPriority(): boolean {
    if (++this.#priorityFrames <= this.#settings.maxPriorityFramesPerStream * (1 + this.#streams)) return true
    this.#stats.inboundPriorityFramesFlood.inc()
    this.violation = 'Too many PRIORITY frames'
    return false
  }

  trackWindowUpdate(): boolean {
    const allowed = 5 + 2 * (this.#streams + this.#settings.maxWindowUpdatesPerDataFrame * this.#dataFramesSent)
    if (++this.#windowUpdates <= allowed) return true
    this.#stats.inboundWindowUpdateFramesFlood.inc()
    this.violation = 'Too many WINDOW_UPDATE frames'
    return false
  }

  // ── outbound ──

  onDataFrame(bytes: number): void {
    this.#dataFramesSent++
    this.onFrame(bytes, false)
  }

  /** @param control acknowledges PING or SETTINGS, or resets a stream */
  onFrame(bytes: number, control: boolean): void {
    this.#bytes += bytes
    this.#frames++
    if (control) this.#controlFrames++
    const last = this.#marks[this.#marks.length - 1]
    if (last !== undefined && last.frames < framesPerMark && this.#first < this.#marks.length) {
      last.endByte = this.#bytes
      last.frames++
      if (control) last.controlFrames++
    } else this.#marks.push({ endByte: this.#bytes, frames: 1, controlFrames: control ? 1 : 0 })
    if (this.#frames > this.#checkFrom) this.#check()
  }

  #check(): void {
    if (this.violation !== '') return
    this.#forgetSent()
    if (this.#frames > this.#settings.maxOutboundFrames) {
      this.#stats.outboundFlood.inc()
      this.violation = 'Too many frames in the outbound queue.'
    } else if (this.#controlFrames > this.#settings.maxOutboundControlFrames) {
      this.#stats.outboundControlFlood.inc()
      this.violation = 'Too many control frames in the outbound queue.'
    }
  }

  #forgetSent(): void {
    const sent = this.#bytes - this.#connection.bufferedBytes
    for (; this.#first < this.#marks.length; this.#first++) {
      const mark = this.#marks[this.#first] as Mark
      if (mark.endByte > sent) break
      this.#frames -= mark.frames
      this.#controlFrames -= mark.controlFrames
    }
    if (this.#first === 0) return
    this.#marks = this.#marks.slice(this.#first)
    this.#first = 0
  }
}

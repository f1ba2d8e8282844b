/** A connection without a socket: remembers what was written and how it was closed. */
import type { Address } from '../../src/core/address.ts'
import type { CloseType, Connection } from '../../src/core/connection.ts'

const nowhere: Address = { kind: 'ip', ip: '127.0.0.1', port: 1, version: 4 }

export class FakeConnection implements Connection {
  readonly id = 1
  readonly localAddress = nowhere
  readonly remoteAddress = nowhere
  state: 'open' | 'closing' | 'closed' = 'open'
  readonly bufferLimitBytes: number = 0
  readonly bufferedBytes = 0
  readonly aboveHighWatermark = false
  readonly transportFailureReason = ''
  localCloseReason = ''
  readonly nextProtocol = ''
  /** All that was written, latin1. */
  written = ''
  closedAs: CloseType | undefined = undefined
  readDisables = 0

  enableHalfClose(): void {
    // No socket.
  }

  addCallbacks(): void {
    // No events.
  }

  removeCallbacks(): void {
    // No events.
  }

  write(data: Uint8Array | string): void {
    this.written += typeof data === 'string' ? data : Buffer.from(data).toString('latin1')
  }

  readDisable(disable: boolean): void {
    this.readDisables += disable ? 1 : -1
  }

  close(type: CloseType): void {
    this.closedAs = type
    this.state = 'closed'
  }

  setNoDelay(): void {
    // No socket.
  }

  /** What was written since the last call. */
  take(): string {
    const written = this.written
    this.written = ''
    return written
  }
}

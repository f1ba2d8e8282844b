/** A token bucket that fills steadily, of one thread or of all. Follows Envoy's `AtomicTokenBucketImpl`. */
import type { SharedRegister } from '../../base/shared-cells.ts'

export interface TokenBucketSettings {
  readonly maxTokens: number
  readonly tokensPerSecond: number
}

export class TokenBucket {
  readonly settings: TokenBucketSettings
  readonly #register: SharedRegister
  readonly #now: () => number

  /**
   * @param register holds the moment at which the bucket was empty, or would have been: what has passed since then is in it
   * @param now in seconds, the same for all threads
   */
  constructor(settings: TokenBucketSettings, register: SharedRegister, now: () => number = monotonicSeconds) {
    this.settings = settings
    this.#register = register
    this.#now = now
  }

  /** All or nothing; none at all is refused, as by Envoy. Less than none puts tokens back. */
  consume(tokens: number): boolean {
    const { maxTokens, tokensPerSecond } = this.settings
    const now = this.#now()
    let taken = false
    this.#register.update(since => {
      const oldest = now - maxTokens / tokensPerSecond
      // 0: never used, so it is full.
      const emptyAt = (since === 0 ? oldest : Math.max(since, oldest)) + tokens / tokensPerSecond
      taken = tokens < 0 || (tokens > 0 && emptyAt <= now + epsilon)
      return taken ? emptyAt : undefined
    })
    return taken
  }

  get remainingTokens(): number {
    const { maxTokens, tokensPerSecond } = this.settings
    const since = this.#register.value
    return since === 0 ? maxTokens : Math.min(maxTokens, (this.#now() - since + epsilon) * tokensPerSecond)
  }

  /** Until there is a whole token. */
  get nextTokenSeconds(): number {
    const remaining = this.remainingTokens
    return remaining >= 1 ? 0 : (1 - remaining) / this.settings.tokensPerSecond
  }
}

/** Sums of floating point numbers are a little off. */
const epsilon = 1e-9

function monotonicSeconds(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds + nanoseconds / 1e9
}

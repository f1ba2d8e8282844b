/** The token buckets of a `LocalRateLimit`: one for each configured descriptor, and the default one. Follows Envoy's `LocalRateLimiterImpl`. */
import { ownRegister, type SharedRegister } from '../../../../base/shared-cells.ts'
import { toBytes } from '../../../../base/latin1.ts'
import { configError } from '../../../../config/position.ts'
import type {
  LocalRateLimit,
  LocalRateLimitDescriptor,
  TokenBucket as TokenBucketMessage,
} from '../../../../config/v3.ts'
import type { RateLimitDescriptor } from '../../../../core/rate-limit.ts'
import { TokenBucket, type TokenBucketSettings } from '../../../common/token-bucket.ts'

const leastFillMs = 50
const defaultMaxDynamicDescriptors = 20

export interface Decision {
  readonly allowed: boolean
  readonly bucket: TokenBucket | undefined
  /** The descriptor only shows what it would do. */
  readonly shadow: boolean
  readonly rateLimitHeaders: boolean | undefined
}

interface Limit {
  readonly bucket: TokenBucket
  readonly shadow: boolean
}

interface ConfiguredDescriptor {
  readonly settings: TokenBucketSettings
  readonly shadow: boolean
  /** '' takes any value, each with a bucket of its own. */
  readonly entries: readonly (readonly [key: string, value: string])[]
}

interface LimiterSettings {
  readonly byKey: ReadonlyMap<string, ConfiguredDescriptor>
  readonly wildcards: readonly ConfiguredDescriptor[]
  readonly bucket: TokenBucketSettings | undefined
  readonly alwaysConsumesDefault: boolean
  readonly maxDynamic: number
}

/** Throws `ConfigError`. */
export function makeLimiterSettings(message: LocalRateLimit): LimiterSettings {
  const byKey = new Map<string, ConfiguredDescriptor>()
  const wildcards: ConfiguredDescriptor[] = []
  for (const each of message.descriptors) {
    const descriptor = makeDescriptor(each)
    if (descriptor.entries.some(([, value]) => value === '')) wildcards.push(descriptor)
    else {
      const key = keyOf(descriptor.entries)
      if (byKey.has(key))
        throw configError(each, 'entries', `duplicate descriptor in the local rate descriptor: ${textOf(descriptor)}`)
      byKey.set(key, descriptor)
    }
  }
  return {
    byKey,
    wildcards,
    bucket: message.tokenBucket && bucketSettings(message.tokenBucket),
    alwaysConsumesDefault: message.alwaysConsumeDefaultTokenBucket ?? true,
    maxDynamic: message.maxDynamicDescriptors ?? defaultMaxDynamicDescriptors,
  }
}

function makeDescriptor(message: LocalRateLimitDescriptor): ConfiguredDescriptor {
  if (message.tokenBucket === undefined) throw configError(message, 'tokenBucket', 'is required')
  return {
    settings: bucketSettings(message.tokenBucket),
    shadow: message.shadowMode,
    entries: message.entries.map(({ key, value }) => [toBytes(key), toBytes(value)] as const),
  }
}

function bucketSettings(message: TokenBucketMessage): TokenBucketSettings {
  const fillMs = message.fillInterval ?? 0
  if (fillMs < leastFillMs)
    throw configError(message, 'fillInterval', 'local rate limit token bucket fill timer must be >= 50ms')
  return { maxTokens: message.maxTokens, tokensPerSecond: ((message.tokensPerFill ?? 1) * 1000) / fillMs }
}

function textOf({ entries }: ConfiguredDescriptor): string {
  return entries.map(([key, value]) => `${key}=${value}`).join(', ')
}

function keyOf(entries: ConfiguredDescriptor['entries']): string {
  return entries.map(([key, value]) => `${key}\0${value}`).join('\0')
}

export class LocalRateLimiter {
  readonly #settings: LimiterSettings
  readonly #limits = new Map<string, Limit>()
  /** Of wildcards, the one that was used longest ago first. */
  readonly #dynamic = new Map<string, Limit>()
  readonly #default: TokenBucket | undefined

  /** @param register of a bucket, by what tells it from the others of this limiter; left out: they are this one's alone */
  constructor(settings: LimiterSettings, register: (name: string) => SharedRegister = ownRegister) {
    this.#settings = settings
    for (const [key, { settings: bucket, shadow }] of settings.byKey)
      this.#limits.set(key, { bucket: new TokenBucket(bucket, register(key)), shadow })
    this.#default = settings.bucket && new TokenBucket(settings.bucket, register(''))
  }

  /** Takes tokens for a request with these descriptors. */
  decide(descriptors: readonly RateLimitDescriptor[]): Decision {
    const matches = this.#matches(descriptors)
    // The slowest first: what it refuses takes no tokens of the others.
    if (matches.length > 1)
      matches.sort((a, b) => a.bucket.settings.tokensPerSecond - b.bucket.settings.tokensPerSecond)
    for (const { bucket, shadow, hitsAddend, rateLimitHeaders } of matches)
      if (!bucket.consume(hitsAddend ?? 1)) return { allowed: false, bucket, shadow, rateLimitHeaders }
    const [first] = matches
    const common = { shadow: false, rateLimitHeaders: first?.rateLimitHeaders }
    const bucket = this.#default
    if (bucket !== undefined && (first === undefined || this.#settings.alwaysConsumesDefault) && !bucket.consume(1))
      return { ...common, allowed: false, bucket }
    return { ...common, allowed: true, bucket: first === undefined ? bucket : first.bucket }
  }

  /** Takes tokens that nobody waits for. */
  charge(descriptors: readonly RateLimitDescriptor[]): void {
    for (const { bucket, hitsAddend } of this.#matches(descriptors)) bucket.consume(hitsAddend ?? 1)
  }

  #matches(descriptors: readonly RateLimitDescriptor[]): (Limit & RateLimitDescriptor)[] {
    return descriptors.flatMap(descriptor => {
      const limit = this.#limits.get(keyOf(descriptor.entries)) ?? this.#dynamicLimit(descriptor)
      return limit === undefined ? [] : [{ ...limit, ...descriptor }]
    })
  }

  #dynamicLimit({ entries }: RateLimitDescriptor): Limit | undefined {
    const wildcard = this.#settings.wildcards.find(each => fits(each.entries, entries))
    if (wildcard === undefined) return undefined
    const key = keyOf(entries)
    const limit = this.#dynamic.get(key) ?? {
      bucket: new TokenBucket(wildcard.settings, ownRegister()),
      shadow: wildcard.shadow,
    }
    this.#dynamic.delete(key)
    this.#dynamic.set(key, limit)
    if (this.#dynamic.size > this.#settings.maxDynamic) {
      const [oldest] = this.#dynamic.keys()
      this.#dynamic.delete(oldest as string)
    }
    return limit
  }
}

function fits(wanted: ConfiguredDescriptor['entries'], entries: ConfiguredDescriptor['entries']): boolean {
  return (
    wanted.length === entries.length &&
    wanted.every(([key, value], i) => {
      const [otherKey, otherValue] = entries[i] as readonly [string, string]
      return key === otherKey && (value === '' || value === otherValue)
    })
  )
}

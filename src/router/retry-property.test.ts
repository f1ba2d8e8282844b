/** Whatever upstreams do and whenever: a request is answered once, attempts have their limit, and nothing stays behind. */
import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import fc from 'fast-check'
import {
  Counts,
  factoryContext,
  FakeCallbacks,
  FakeCluster,
  fakeHost,
  type FakeStream,
  filterContext,
  messageOf,
  requestHeaders,
  streamInfo,
} from '../../test/support/routing.ts'
import type { RouteConfiguration, Router } from '../config/v3.ts'
import type { StreamResetReason } from '../core/codec.ts'
import type { HeaderMap } from '../core/header-map.ts'
import type { LocalReply } from '../core/http-filter.ts'
import { makeRouteTable } from './route-table.ts'
import { RouterFilter } from './router.ts'
import { makeRouterSettings } from './router-settings.ts'

mock.timers.enable({ apis: ['setTimeout'] })

const reasons: readonly StreamResetReason[] = [
  'remote-reset',
  'connection-termination',
  'remote-refused-stream-reset',
  'protocol-error',
]

type Event =
  | { readonly do: 'tick'; readonly ms: number }
  | { readonly do: 'data' | 'trailers' }
  | { readonly do: 'pause' | 'resume' }
  | { readonly do: 'ready' | 'fail' | 'goOn'; readonly nth: number }
  | { readonly do: 'answer'; readonly nth: number; readonly status: number; readonly whole: boolean }
  | { readonly do: 'reset'; readonly nth: number; readonly reason: StreamResetReason }

const nth = fc.nat(5)
const event: fc.Arbitrary<Event> = fc.oneof(
  fc.record({ do: fc.constant('tick' as const), ms: fc.constantFrom(1, 30, 300, 1000, 2000) }),
  fc.record({ do: fc.constantFrom('data' as const, 'trailers' as const) }),
  fc.record({ do: fc.constantFrom('pause' as const, 'resume' as const) }),
  fc.record({ do: fc.constantFrom('ready' as const, 'fail' as const, 'goOn' as const), nth }),
  fc.record({
    do: fc.constant('answer' as const),
    nth,
    status: fc.constantFrom(200, 200, 302, 429, 500, 503),
    whole: fc.boolean(),
  }),
  fc.record({ do: fc.constant('reset' as const), nth, reason: fc.constantFrom(...reasons) }),
)

const setups = fc.record({
  events: fc.array(event, { maxLength: 25 }),
  ready: fc.boolean(),
  hedges: fc.boolean(),
  retries: fc.nat(3),
  resources: fc.nat(2),
  hosts: fc.integer({ min: 1, max: 2 }),
  body: fc.boolean(),
})

class Callbacks extends FakeCallbacks {
  answers = 0

  override sendLocalReply(reply: LocalReply): void {
    // After response headers it becomes a reset.
    if (this.responseHeaders !== undefined) this.ended = true
    else {
      this.answers++
      super.sendLocalReply(reply)
    }
  }

  override encodeHeaders(headers: HeaderMap, endStream: boolean): void {
    this.answers++
    super.encodeHeaders(headers, endStream)
  }
}

class Run {
  readonly cluster = new FakeCluster()
  readonly callbacks: Callbacks
  readonly router: RouterFilter
  /** What their upstreams have ended. */
  readonly over = new Set<FakeStream>()
  readonly answered = new Set<FakeStream>()
  readonly connected = new Set<FakeStream>()
  complete = false
  pauses = 0
  hasBody = false

  constructor(hedges: boolean, retries: number) {
    const context = factoryContext(new Map([['up', this.cluster]]), new Counts())
    const table = makeRouteTable(
      messageOf<RouteConfiguration>(
        'envoy.config.route.v3.RouteConfiguration',
        `{validate_clusters: false, virtual_hosts: [{name: v, domains: ["*"], routes: [{match: {prefix: /}, per_request_buffer_limit_bytes: 8,
          route: {cluster: up, timeout: 10s, hedge_policy: {hedge_on_per_try_timeout: ${hedges}},
          retry_policy: {retry_on: "5xx,reset", num_retries: ${retries}, per_try_timeout: 1s}}}]}]}`,
      ),
      context,
    )
    this.callbacks = new Callbacks(table.route(requestHeaders('/'), streamInfo(), 0))
    const message = messageOf<Router>('envoy.extensions.filters.http.router.v3.Router', '{}')
    this.router = new RouterFilter(this.callbacks, makeRouterSettings(message, filterContext(context)))
  }

  isOver(stream: FakeStream): boolean {
    return this.over.has(stream) || stream.resetReason !== undefined || stream.cancelled
  }

  play(each: Event): void {
    if (this.callbacks.ended) return
    if (each.do === 'tick') return mock.timers.tick(each.ms)
    if (!('nth' in each))
      return each.do === 'pause' || each.do === 'resume' ? this.watermark(each.do) : this.request(each.do)
    const { streams } = this.cluster
    const stream = streams[each.nth % Math.max(streams.length, 1)]
    if (stream === undefined || this.isOver(stream)) return
    if (!this.connected.has(stream)) return this.connect(stream, each)
    if (each.do === 'answer' && !this.answered.has(stream)) {
      this.answered.add(stream)
      if (each.whole) this.over.add(stream)
      stream.respond(each.status, each.whole)
    } else if (each.do === 'goOn' && this.answered.has(stream)) {
      this.over.add(stream)
      stream.decoder.decodeData(Buffer.from('rest'), true)
    } else if (each.do === 'reset') {
      this.over.add(stream)
      stream.callbacks?.onResetStream(each.reason, '')
    }
  }

  connect(stream: FakeStream, each: Event): void {
    if (each.do === 'fail') {
      this.over.add(stream)
      stream.poolCallbacks.onPoolFailure('remote-connection-failure', 'refused', stream.host)
    } else if (each.do === 'ready') {
      this.connected.add(stream)
      stream.ready()
    }
  }

  request(what: 'data' | 'trailers'): void {
    if (!this.hasBody || this.complete) return
    if (what === 'data') this.router.decodeData(Buffer.from('body'), false)
    else this.finishRequest()
  }

  finishRequest(): void {
    if (this.complete || this.callbacks.ended) return
    this.complete = true
    this.router.decodeData(Buffer.alloc(0), true)
  }

  watermark(what: 'pause' | 'resume'): void {
    const watching = this.callbacks.watermarks
    if (watching === undefined) this.pauses = 0
    else if (what === 'pause') {
      this.pauses++
      watching.onAboveWriteBufferHighWatermark()
    } else if (this.pauses > 0) {
      this.pauses--
      watching.onBelowWriteBufferLowWatermark()
    }
  }
}

test('a request is answered once, attempts have their limit, and nothing stays behind', () => {
  fc.assert(
    fc.property(setups, ({ events, ready, hedges, retries, resources, hosts, body }) => {
      const run = new Run(hedges, retries)
      const { cluster, callbacks, router } = run
      cluster.ready = false
      cluster.retries.max = resources
      if (hosts > 1) cluster.hosts = [fakeHost('a'), fakeHost('b')]
      run.hasBody = body
      run.complete = !body
      callbacks.requestHeaders = requestHeaders('/')
      router.decodeHeaders(callbacks.requestHeaders, !body)
      if (ready && cluster.streams.length > 0) run.connect(cluster.last, { do: 'ready', nth: 0 })
      for (const each of events) run.play(each)
      run.finishRequest()
      // The route's timeout ends what upstreams do not.
      for (let i = 0; i < 30 && callbacks.answers === 0; i++) mock.timers.tick(1000)
      assert.equal(callbacks.answers, 1)
      router.onDestroy()

      assert.ok(cluster.streams.length <= 1 + retries, `${cluster.streams.length} attempts`)
      assert.equal(cluster.retries.count, 0)
      for (const stream of cluster.streams) {
        assert.ok(run.isOver(stream), 'an attempt stays behind')
        assert.equal(stream.readDisables, 0)
      }
      assert.equal(callbacks.watermarks, undefined)
      assert.equal(callbacks.readPauses, 0)
      const before = cluster.streams.length
      mock.timers.tick(60_000)
      assert.equal(cluster.streams.length, before)
      assert.equal(callbacks.answers, 1)
    }),
    { numRuns: 1000, seed: 4 },
  )
})

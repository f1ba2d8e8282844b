import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setLogSink } from '../base/log.ts'
import type { JsonValue } from '../config/json-source.ts'
import type { Cluster_DnsLookupFamily as DnsLookupFamily } from '../config/v3.ts'
import { clusterMessage, makeClusters, noContext, socketAddress } from '../../test/support/clusters.ts'
import { Signal } from '../../test/support/sockets.ts'
import { choose, type DnsResolver, type ResolvedAddress } from './dns.ts'

setLogSink({ write: () => {} })

/** Answers in the order in which a test says, and lets it wait for the questions. */
class ScriptedResolver implements DnsResolver {
  readonly questions: string[] = []
  readonly #answers: (readonly string[] | Error)[]
  #asked = new Signal<void>()

  constructor(...answers: (readonly string[] | Error)[]) {
    this.#answers = answers
  }

  async resolve(name: string, family: DnsLookupFamily): Promise<readonly ResolvedAddress[]> {
    this.questions.push(name)
    const asked = this.#asked
    this.#asked = new Signal()
    queueMicrotask(() => asked.fire())
    const answer = this.#answers.length > 1 ? this.#answers.shift() : this.#answers[0]
    if (answer === undefined || answer instanceof Error) throw answer ?? new Error('no answer')
    return choose(answer.map(parse), family)
  }

  /** Resolves with the n-th question (1 is the first). */
  async question(n: number): Promise<void> {
    while (this.questions.length < n) await this.#asked.promise
  }
}

function parse(ip: string): ResolvedAddress {
  return { ip, version: ip.includes(':') ? 6 : 4, ttlSeconds: undefined }
}

function dnsCluster(type: string, names: readonly string[], more: Record<string, JsonValue> = {}) {
  return clusterMessage({
    name: 'c',
    type,
    dns_refresh_rate: '0.005s',
    load_assignment: {
      cluster_name: 'c',
      endpoints: [{ lb_endpoints: names.map(name => ({ endpoint: { address: socketAddress(name, 80) } })) }],
    },
    ...more,
  })
}

describe('DNS clusters', { timeout: 20_000 }, () => {
  it('STRICT_DNS: every address is a host, and start waits for them', async () => {
    const resolver = new ScriptedResolver(['10.0.0.1', '10.0.0.2'])
    const { clusters, context } = makeClusters([dnsCluster('STRICT_DNS', ['a.test'])], { resolver })
    const cluster = clusters.get('c')
    assert.equal(cluster?.chooseHost(noContext), undefined)
    await clusters.start()
    assert.deepEqual(
      cluster?.hosts.map(host => [host.addressString, host.hostname]),
      [
        ['10.0.0.1:80', 'a.test'],
        ['10.0.0.2:80', 'a.test'],
      ],
    )
    assert.equal(context.gauge('cluster.c.membership_total'), 2)
    assert.equal(context.gauge('cluster.c.max_host_weight'), 1)
    clusters.close()
  })

  it('STRICT_DNS: hosts come and go, those that stay are kept, a failure changes nothing', async () => {
    const resolver = new ScriptedResolver(['10.0.0.1', '10.0.0.2'], ['10.0.0.2', '10.0.0.3'], new Error('SERVFAIL'), [
      '10.0.0.2',
      '10.0.0.3',
    ])
    const { clusters, context } = makeClusters([dnsCluster('STRICT_DNS', ['a.test'])], { resolver })
    await clusters.start()
    const stays = clusters.get('c')?.hosts[1]
    await resolver.question(4)
    await new Promise(setImmediate)
    const hosts = clusters.get('c')?.hosts
    assert.deepEqual(
      hosts?.map(host => host.addressString),
      ['10.0.0.2:80', '10.0.0.3:80'],
    )
    assert.equal(hosts?.[0], stays)
    clusters.close()
    assert.equal(context.counter('cluster.c.update_failure'), 1)
    assert.equal(context.counter('cluster.c.membership_change'), 2)
    assert.ok(context.counter('cluster.c.update_no_rebuild') >= 1)
  })

  it('STRICT_DNS: names that cannot be resolved do not hold the start', async () => {
    const resolver = new ScriptedResolver(new Error('NXDOMAIN'))
    const { clusters, context } = makeClusters([dnsCluster('STRICT_DNS', ['a.test', 'b.test'])], { resolver })
    await clusters.start()
    assert.equal(clusters.get('c')?.chooseHost(noContext), undefined)
    assert.equal(context.counter('cluster.c.update_failure'), 2)
    clusters.close()
  })

  it('LOGICAL_DNS: one host, which moves', async () => {
    const resolver = new ScriptedResolver(['10.0.0.1', '10.0.0.2'], ['10.0.0.9'])
    const { clusters } = makeClusters([dnsCluster('LOGICAL_DNS', ['a.test'])], { resolver })
    await clusters.start()
    const host = clusters.get('c')?.hosts[0]
    assert.equal(host?.addressString, '10.0.0.1:80')
    await resolver.question(2)
    await new Promise(setImmediate)
    assert.equal(clusters.get('c')?.hosts[0], host)
    assert.equal(host?.addressString, '10.0.0.9:80')
    clusters.close()
  })

  it('LOGICAL_DNS takes one endpoint', () => {
    assert.throws(
      () => makeClusters([dnsCluster('LOGICAL_DNS', ['a.test', 'b.test'])]),
      /test.json.*load_assignment: LOGICAL_DNS clusters must have a single/,
    )
  })

  it('dns_lookup_family chooses among the addresses', () => {
    const all = ['10.0.0.1', '::1', '::2'].map(parse)
    const chosen = (family: DnsLookupFamily): string =>
      choose(all, family)
        .map(each => each.ip)
        .join(' ')
    assert.equal(chosen('AUTO'), '::1 ::2')
    assert.equal(chosen('V4_ONLY'), '10.0.0.1')
    assert.equal(chosen('V6_ONLY'), '::1 ::2')
    assert.equal(chosen('V4_PREFERRED'), '10.0.0.1')
    assert.equal(chosen('ALL'), '10.0.0.1 ::1 ::2')
  })

  it('stops asking when it is closed', async () => {
    const resolver = new ScriptedResolver(['10.0.0.1'])
    const { clusters } = makeClusters([dnsCluster('STRICT_DNS', ['a.test'])], { resolver })
    await clusters.start()
    await resolver.question(2)
    clusters.close()
    const asked = resolver.questions.length
    await new Promise(resolve => setTimeout(resolve, 20))
    assert.equal(resolver.questions.length, asked)
  })
})

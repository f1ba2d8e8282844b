/** The host's probe cases, done through the SDK: its filters get what the probe got from Envoy 1.40, on sluice and on Envoy. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { foreignCases } from '../../test/wasm/foreign-cases.ts'
import { grpcCases } from '../../test/wasm/grpc-cases.ts'
import { probeCases } from '../../test/wasm/probe-cases.ts'
import { networkCases } from '../../test/wasm/network-cases.ts'
import networkGolden from '../../test/wasm/network-golden.json' with { type: 'json' }
import golden from '../../test/wasm/probe-golden.json' with { type: 'json' }
import { type NetworkOutcome, runNetwork } from '../../test/wasm/run-network.ts'
import { type ProbeOutcome, runProbe } from '../../test/wasm/run-probe.ts'
import { compile, filterEntry } from '../tools/compile.ts'
import { proxies } from './support/proxy.ts'

/** Cases that the SDK has no words for. */
const inexpressible: Readonly<Record<string, string>> = {
  'bad pointers': 'the SDK takes texts and ArrayBuffers, never addresses',
  'close: other streams': 'each kind of stream has its function, there is none for an unknown kind',
  'continue: upstream': 'no host continues the upstream side, and the SDK has no function for it',
  'continue what runs': 'the same',
}

/** Reading calls of the SDK answer null, 0 or nothing, whatever status refused them or whether there is nothing. */
const refused =
  /^( {2}(?:get|pairs|mapsize|buf|prop|hasprop) .*) -> (?:[1-9]\d*|0 null|0 none)$|^( {2}buf .*) -> 0 null\/0$/

function asTheSdkTells<T extends { readonly log: readonly string[] }>({ log, ...rest }: T): T {
  return { ...rest, log: log.map(line => line.replace(refused, '$1$2 -> none').replace('null/0', '')) } as unknown as T
}

const folder = mkdtempSync(join(tmpdir(), 'sluice-sdk-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const file = join(folder, 'probe.wasm')
await compile(filterEntry('probe'), file)

for (const { kind, skip } of proxies)
  describe(`a filter of the SDK gets from ${kind} what the probe got from Envoy 1.40`, { skip }, () => {
    let outcomes: Record<string, ProbeOutcome> = {}
    before(async () => {
      outcomes = await runProbe(kind, '', file)
    })
    for (const { name, differs, endsEnvoy } of [...probeCases, ...foreignCases, ...grpcCases]) {
      const reason = inexpressible[name] ?? (kind === 'sluice' ? differs : undefined) ?? false
      if (endsEnvoy)
        it(`${name}, which Envoy does not survive`, { skip: kind === 'envoy' }, () => {
          const steps = outcomes[name]?.log.filter(line => !line.startsWith(' '))
          assert.deepEqual(steps?.slice(-3), ['log', 'done', 'delete'])
        })
      else
        it(name, { skip: reason }, () => {
          const recorded = (golden as unknown as Record<string, ProbeOutcome>)[name] as ProbeOutcome
          assert.deepEqual(outcomes[name], asTheSdkTells(recorded))
        })
    }
  })

for (const { kind, skip } of proxies)
  describe(`a network filter of the SDK gets from ${kind} what the probe got from Envoy 1.40`, { skip }, () => {
    let outcomes: Record<string, NetworkOutcome> = {}
    before(async () => {
      outcomes = await runNetwork(kind, '', file)
    })
    for (const { name, differs } of networkCases)
      it(name, { skip: (kind === 'sluice' && differs) || (inexpressible[name] ?? false) }, () => {
        const recorded = (networkGolden as Record<string, NetworkOutcome>)[name] as NetworkOutcome
        assert.deepEqual(outcomes[name], asTheSdkTells(recorded))
      })
  })

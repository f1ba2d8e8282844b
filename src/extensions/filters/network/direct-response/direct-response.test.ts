import assert from 'node:assert/strict'
import { once } from 'node:events'
import { it } from 'node:test'
import { decode, TestContext } from '../../../../../test/support/clusters.ts'
import { socketPair } from '../../../../../test/support/sockets.ts'
import type { DirectResponseFilter } from '../../../../config/v3.ts'
import { NetworkFilterChain } from '../../../../network/filter-chain.ts'
import { directResponse } from './direct-response.ts'

it('direct_response answers and closes', { timeout: 20_000 }, async () => {
  await using pair = await socketPair()
  const message = decode<DirectResponseFilter>('envoy.extensions.filters.network.direct_response.v3.Config', {
    response: { inline_string: 'grüße' },
  })
  const factory = directResponse.create(message, new TestContext())
  const chain = new NetworkFilterChain(pair.server.connection, [factory], { listenerName: '', filterChainName: '' })
  chain.start()
  let text = ''
  pair.client.on('data', (data: Buffer) => (text += data.toString('utf8')))
  await once(pair.client, 'end')
  assert.equal(text, 'grüße')
  assert.equal(chain.streamInfo.responseCodeDetails, 'direct_response')
})

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { it } from 'node:test'
import { TestContext } from '../../../../../test/support/clusters.ts'
import { socketPair } from '../../../../../test/support/sockets.ts'
import { NetworkFilterChain } from '../../../../network/filter-chain.ts'
import { echo } from './echo.ts'

it('echo sends back everything, the end included, to a reader of any speed', { timeout: 20_000 }, async () => {
  await using pair = await socketPair(64 * 1024)
  const factory = echo.create({}, new TestContext())
  new NetworkFilterChain(pair.server.connection, [factory], { listenerName: '', filterChainName: '' }).start()
  const data = Buffer.alloc(8 * 1024 * 1024, 'abcdefg')
  pair.client.pause()
  pair.client.end(data)
  await pair.server.high.promise
  const chunks: Buffer[] = []
  pair.client.on('data', (chunk: Buffer) => chunks.push(chunk))
  pair.client.resume()
  await once(pair.client, 'end')
  assert.ok(Buffer.concat(chunks).equals(data))
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { HpackDecoder, HpackEncoder } from './hpack.ts'
import { huffmanDecode, huffmanEncode, huffmanLength } from './huffman.ts'

const limits = { listBytes: 1 << 20, fieldCount: 1000 }

function bytes(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(/\s/g, ''), 'hex')
}

function decode(decoder: HpackDecoder, hex: string | Uint8Array): string[] | string {
  const list: string[] = []
  const result = decoder.decode(typeof hex === 'string' ? bytes(hex) : hex, limits, list)
  return result === 'ok' ? list : result
}

function encode(encoder: HpackEncoder, list: string[]): Buffer {
  const out = Buffer.alloc(HpackEncoder.maxBytes(list))
  return out.subarray(0, encoder.encode(list, out, 0))
}

const request1 = [':method', 'GET', ':scheme', 'http', ':path', '/', ':authority', 'www.example.com']
const request2 = [...request1, 'cache-control', 'no-cache']
const request3 = `:method GET :scheme https :path /index.html :authority www.example.com custom-key custom-value`.split(
  ' ',
)
const response = (status: string, second: string, more: string[] = []) => [
  ':status',
  status,
  'cache-control',
  'private',
  'date',
  `Mon, 21 Oct 2013 20:13:${second} GMT`,
  'location',
  'https://www.example.com',
  ...more,
]
const cookie = 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1'

describe('HPACK: the examples of RFC 7541', () => {
  it('C.2: single fields', () => {
    const custom = new HpackDecoder()
    assert.deepEqual(decode(custom, '400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572'), [
      'custom-key',
      'custom-header',
    ])
    assert.equal(custom.tableBytes, 55)
    assert.deepEqual(decode(new HpackDecoder(), '040c 2f73 616d 706c 652f 7061 7468'), [':path', '/sample/path'])
    const never = new HpackDecoder()
    assert.deepEqual(decode(never, '1008 7061 7373 776f 7264 0673 6563 7265 74'), ['password', 'secret'])
    assert.equal(never.tableBytes, 0)
    assert.deepEqual(decode(new HpackDecoder(), '82'), [':method', 'GET'])
  })

  const series: [name: string, tableSize: number, blocks: [hex: string, list: string[], tableBytes: number][]][] = [
    [
      'C.3: requests without Huffman',
      4096,
      [
        ['8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d', request1, 57],
        ['8286 84be 5808 6e6f 2d63 6163 6865', [...request1, 'cache-control', 'no-cache'], 110],
        ['8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65', request3, 164],
      ],
    ],
    [
      'C.4: requests with Huffman',
      4096,
      [
        ['8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff', request1, 57],
        ['8286 84be 5886 a8eb 1064 9cbf', request2, 110],
        ['8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf', request3, 164],
      ],
    ],
    [
      'C.5: responses without Huffman, with eviction',
      256,
      [
        [
          '4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
          response('302', '21'),
          222,
        ],
        ['4803 3330 37c1 c0bf', response('307', '21'), 222],
        [
          '88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31',
          response('200', '22', ['content-encoding', 'gzip', 'set-cookie', cookie]),
          215,
        ],
      ],
    ],
    [
      'C.6: responses with Huffman, with eviction',
      256,
      [
        [
          '4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3',
          response('302', '21'),
          222,
        ],
        ['4883 640e ffc1 c0bf', response('307', '21'), 222],
        [
          '88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07',
          response('200', '22', ['content-encoding', 'gzip', 'set-cookie', cookie]),
          215,
        ],
      ],
    ],
  ]
  for (const [name, tableSize, blocks] of series) {
    it(name, () => {
      const decoder = new HpackDecoder()
      decoder.setMaxTableSize(tableSize)
      if (tableSize === 256) assert.deepEqual(decode(decoder, '3fe1 01'), [])
      for (const [hex, list, tableBytes] of blocks) {
        assert.deepEqual(decode(decoder, hex), list)
        assert.equal(decoder.tableBytes, tableBytes)
      }
    })
  }

  it('C.4: encoded to the same bytes, but for paths that are left out of the table', () => {
    const encoder = new HpackEncoder()
    assert.equal(encode(encoder, request1).toString('hex'), '828684418cf1e3c2e5f23a6ba0ab90f4ff')
    assert.equal(encode(encoder, request2).toString('hex'), '828684be5886a8eb10649cbf')
    assert.equal(encode(encoder, request3).toString('hex'), '828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf')
    assert.equal(encoder.tableBytes, 164)
  })
})

describe('HPACK decoder: refusals and limits', () => {
  const wrong: [name: string, hex: string][] = [
    ['index 0', '80'],
    ['an index beyond the table', 'be'],
    ['a name index beyond the table', '7f00 0161'],
    ['a string that is cut off', '4003 6162'],
    ['no value', '4001 61'],
    ['an integer that is cut off', 'ff'],
    ['an integer without end', 'ff80 8080 8080 8080 01'],
    ['a table size over the limit', '3fe2 1f'],
    ['a table size after a field', '8220'],
    ['Huffman padding of zeros', '4001 6181 18'],
    ['Huffman padding of 8 bits', '4001 6182 1fff'],
    ['Huffman EOS', '4001 6184 ffff ffff'],
  ]
  for (const [name, hex] of wrong)
    it(`refuses ${name}`, () => assert.equal(decode(new HpackDecoder(), hex), 'compression-error'))

  it('wants to hear of a smaller table', () => {
    const decoder = new HpackDecoder()
    decoder.setMaxTableSize(100)
    assert.equal(decode(decoder, '82'), 'compression-error')
    const told = new HpackDecoder()
    told.setMaxTableSize(0)
    assert.deepEqual(decode(told, '2082'), [':method', 'GET'])
  })

  it('keeps its table right over lists that are too long', () => {
    const decoder = new HpackDecoder()
    const list: string[] = []
    const small = { listBytes: 5, fieldCount: 10 }
    assert.equal(decoder.decode(bytes('4001 6101 62 4001 6301 64 4001 6501 66'), small, list), 'too-large')
    assert.deepEqual(list, ['a', 'b', 'c', 'd'])
    assert.deepEqual(decode(decoder, 'bec0'), ['e', 'f', 'a', 'b'])
    assert.equal(decoder.decode(bytes('bebe be'), { listBytes: 1000, fieldCount: 2 }, []), 'too-large')
  })

  it('empties the table for an entry that does not fit', () => {
    const decoder = new HpackDecoder()
    decode(decoder, '4001 6101 62')
    decode(decoder, '3f01')
    const big = Buffer.concat([bytes('4001 61 20'), Buffer.alloc(32, 0x62)])
    assert.deepEqual(decode(decoder, big), ['a', 'b'.repeat(32)])
    assert.equal(decoder.tableBytes, 0)
  })
})

describe('HPACK encoder', () => {
  it('never lets secrets into a table, and keeps one-time values out of its own', () => {
    const encoder = new HpackEncoder({ huffman: false })
    assert.equal(encode(encoder, ['authorization', 'x']).toString('hex'), '1f080178')
    assert.equal(encode(encoder, ['cookie', 'x']).toString('hex'), '1f110178')
    assert.equal(encode(encoder, [':path', '/x']).toString('hex'), '04022f78')
    assert.equal(encoder.tableBytes, 0)
  })

  it('tells the peer of table sizes, the smallest first', () => {
    const encoder = new HpackEncoder()
    encode(encoder, ['a', 'b'])
    encoder.setPeerTableSize(0)
    encoder.setPeerTableSize(100)
    assert.equal(encode(encoder, [':method', 'GET']).toString('hex'), '203f4582')
    assert.equal(encoder.tableBytes, 0)
    assert.equal(encode(encoder, [':method', 'GET']).toString('hex'), '82')
  })

  it('takes no more than it was told to', () => {
    const encoder = new HpackEncoder({ maxTableBytes: 0 })
    assert.equal(encode(encoder, ['a', 'b']).toString('hex'), '2000016101 62'.replace(' ', ''))
  })
})

describe('HPACK: properties', () => {
  const seed = 20_261_125
  const latin1 = fc.string({
    unit: fc.integer({ min: 0, max: 255 }).map(code => String.fromCharCode(code)),
    maxLength: 40,
  })

  it('Huffman there and back', () => {
    fc.assert(
      fc.property(latin1, text => {
        const out = Buffer.alloc(huffmanLength(text))
        assert.equal(huffmanEncode(text, out, 0), out.length)
        assert.equal(huffmanDecode(out, 0, out.length), text)
      }),
      { seed, numRuns: 2000 },
    )
  })

  it('what is encoded is decoded, over many blocks and table sizes', () => {
    const name = fc.oneof(fc.constantFrom(':path', ':status', 'cookie', 'date', 'x-a', 'x-b', 'authorization'), latin1)
    const value = fc.oneof(fc.constantFrom('200', '/', '', 'a', 'b'.repeat(100)), latin1)
    const list = fc.array(fc.tuple(name, value), { maxLength: 12 }).map(fields => fields.flat())
    const step = fc.oneof(
      { weight: 5, arbitrary: list },
      { weight: 1, arbitrary: fc.constantFrom(0, 64, 200, 4096, 9000) },
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), fc.boolean(), (steps, huffman) => {
        const encoder = new HpackEncoder({ huffman })
        const decoder = new HpackDecoder()
        for (const each of steps) {
          if (typeof each === 'number') {
            decoder.setMaxTableSize(each)
            encoder.setPeerTableSize(each)
          } else {
            assert.deepEqual(decode(decoder, encode(encoder, each)), each)
            assert.equal(encoder.tableBytes, decoder.tableBytes)
          }
        }
      }),
      { seed, numRuns: 800 },
    )
  })

  it('arbitrary bytes are refused or decoded, never more than the limits', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), block => {
        const list: string[] = []
        const decoder = new HpackDecoder()
        decoder.decode(block, { listBytes: 300, fieldCount: 5 }, list)
        assert.ok(list.length <= 10 && decoder.tableBytes <= 4096)
      }),
      { seed, numRuns: 5000 },
    )
  })
})

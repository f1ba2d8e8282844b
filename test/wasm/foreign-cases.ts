/** Cases of foreign functions whose arguments are protobuf messages. The keys serve no other purpose. */
import { type KeyObject, createPrivateKey, createPublicKey, sign } from 'node:crypto'
import { WireWriter } from '../../src/config/wire.ts'
import type { ProbeCase } from './probe-cases.ts'

// biome-ignore format: keys
const rsaPrivateDer = Buffer.from(
  'MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQCo9NxiKRHdYlP0V8gQl1T4g3r37gwvmgUVHlb3rXcCX9IcuzJ+pVhNTLKpue' +
  'vIgwaw/uc3Zf6N3Z7nfw/dGCEB3UWQjmoZjWDEd5DAD0WTAE6hwDZX8Ylf7L5/uJMso/f5SGdoIyTiTsMqOj1d884kybhPs/Xfg17OPQh65xwS' +
  '2tuwwaJjdKxu9weKbaZGu8ACvJVxeVIFWZffY4V3pF3iZv5WRx+tkWYU9YFYDbfrgGwe6K1Btm2C6G1nTi4hrUHR5qAuf2Kdq/pQYki0aXabPH' +
  'B1eBrdCE9l7ADoElGztuwGDs9Herl2p7nQB/OGE6QMcfRdVpk2Tw+5bIAuA97HAgMBAAECggEAPHVunVOb+G/0oeV9im5Ush7+dFTDGI+RTQbP' +
  '0Q5KHVfjjHNyNL5/FB4jere0h0pXrSNx4rGFPwe0kps1toSpXwzqlTlY/y7Hl1Y/vnJYj6tW9+ubpqmgYmqJmpOWWq2METCXDD0zOCY+EVDI3+' +
  'Nb+28RnLfFfod4d+2AKNalhZskrrg9tQIdrdHyhKPDK+2wv4bvgUpuGkOHjoImX8D4VJZ0zh3M0NP1EhXPSdNYkekqIvp4mSNakflplwQfiHBx' +
  'e0eCQVeuRCMidI0LWfBuSphkS/N34XkW5BfJ4zzDqNV01OAROSyjnoB7Ek31KQSZLLjAXvuXUAxSte2i0JCqKQKBgQDoJhpuqwEdPk+J6ccpT7' +
  'Xyc3hbu/NAmSy5ErBxvrNt42e/9WD9BPH2XZugXTTaQ/HpFmgEg4vr8uaaeplj4g96a3Krjrl8wldBjJCllZSnSlX/dB2ab8F8f5nlR8Ux80YY' +
  'dqa9iK7fBrUtijnTlPVe0G/9zfKRHg8y7/bMAjAM7wKBgQC6ULHXMq/Xejuwqj9/EdWQBd+28/hgrVfdkjVjyxzfwfeagSkVuL4y/qPp29JtK/' +
  'eL5qlN+VDRyukssFqd3kQySIEuGs3dj/6G3uKvDrMZJw0V9JbzoCbUgJuKgbOfT6/EYK5aErMFc2mIe04NLWIqsZpH0qPcTZb4cLUttDP7qQKB' +
  'gQCaffENQSRGr9cC8t8lsPRm2013zwa9MLLAn51otP533OSIrOXUvFvCFt2gxSaNMrZk5hJnHpwZc9bfa0N1Y1XlpGf1n8/1JOgoqUEB0R/SjP' +
  'faPw4MXt8m2Uwzd6XV7g3x7dRdQf8OUUp1eg2tru30IUbGYy5QQO7geS2G6tXLZQKBgD8Z3WF49T0RVO38ewzaSW5BzwbzkgeMLdoJDrQBsoHF' +
  '+8oEPJnyu9ghjfpCTP5Uib6EHIsgCVNEWbyc7dPR118AV1/6DAciIZ4kFrobTGUUaMYq1IUmlIAcHpHGY8NtBaaI6APxmVgbQn7K5CBqYnj7Nb' +
  'llicGvNZZm9bXI9mIhAoGBAOQeQx8dUIKA/HG5P+aP+UnnQAKLegO1DJCiAgAUUgd5g07AxoyMRrBTV0gRWtfjEMf3GuSPQblRMTgTlZOuTbo0' +
  '7ZGYrRlKnkvcGUr+hdbGbVuPVKCXPl8hcmGAsY2mXnnbaFkGawMe04h8mupP1IRuLEGODNUj0z3bl2GUujeO',
  'base64',
)
const ecPrivateDer = Buffer.from(
  'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg+Suo/Jx/y8ba5EBpRlI/PRDQcTIt2w1+eDgcIGaeh3ihRANCAASmuT79zgMO+4' +
    'XF6+/+4de8NYxDhAT/E4KDpQ3wwweJGL+7HKjeggLhvSDNkMmpxv0Q8Ihw0gZvW8qPPOMag1C6',
  'base64',
)
const edPrivateDer = Buffer.from('MC4CAQAwBQYDK2VwBCIEIGR40t8NVr5ChID8ImHeu4gc9s0u7G7iBmEt0qZplz3I', 'base64')

const rsa = createPrivateKey({ key: rsaPrivateDer, format: 'der', type: 'pkcs8' })
const ec = createPrivateKey({ key: ecPrivateDer, format: 'der', type: 'pkcs8' })
const ed = createPrivateKey({ key: edPrivateDer, format: 'der', type: 'pkcs8' })
const ecSignature = Buffer.from(
  'MEUCIQDvCwO/GyPTyTgd557AGUFHQscbpMVHtwdU1c6IMAfgnAIgfWhj3bbYQoxsQE581Wyj5Nm8DuaQck8MLaq4nmmy7lQ=',
  'base64',
)
const text = 'signed text'

const publicDer = (key: KeyObject): Buffer => createPublicKey(key).export({ format: 'der', type: 'spki' })
const publicPem = (key: KeyObject): string => createPublicKey(key).export({ format: 'pem', type: 'spki' })
const privatePem = (key: KeyObject): string => key.export({ format: 'pem', type: 'pkcs8' })

/** A message in hexadecimal: fields by number. */
function message(fields: Readonly<Record<number, string | Uint8Array | number>>): string {
  const writer = new WireWriter()
  for (const [number, value] of Object.entries(fields)) {
    writer.tag(Number(number), typeof value === 'number' ? 0 : 2)
    if (typeof value === 'number') writer.uint32(value)
    else writer.bytes(typeof value === 'string' ? Buffer.from(value) : value)
  }
  return `0x${Buffer.from(writer.finish()).toString('hex')}`
}

/** A command of the probe. */
export const call = (name: string, fields: Parameters<typeof message>[0], phase = 'rqh') =>
  `${phase} foreign ${name} ${message(fields)}`
const signature = sign('sha256', Buffer.from(text), rsa)
const good = { 1: 'sha256', 2: publicDer(rsa), 3: signature, 4: text } as const

export const foreignCases: readonly ProbeCase[] = [
  {
    name: 'foreign functions: verify_signature',
    probe: [
      call('verify_signature', good),
      call('verify_signature', { ...good, 1: 'SHA256' }),
      call('verify_signature', { 1: 'sha256', 3: signature, 4: text, 5: publicPem(rsa) }),
      call('verify_signature', { ...good, 5: publicPem(rsa) }),
      call('verify_signature', { 1: 'sha256', 3: signature, 4: text }),
      call('verify_signature', { ...good, 2: 'no key' }),
      call('verify_signature', { 1: 'sha256', 3: signature, 4: text, 5: 'no key' }),
      call('verify_signature', { ...good, 1: 'md5' }),
      call('verify_signature', { ...good, 1: 'sha384' }),
      call('verify_signature', { ...good, 3: '' }),
      call('verify_signature', { ...good, 4: 'other text' }),
      call('verify_signature', { ...good, 2: publicDer(ec), 3: ecSignature }),
      call('verify_signature', { ...good, 2: publicDer(ec) }),
      call('verify_signature', { ...good, 2: publicDer(ed) }),
      'rqh foreign verify_signature 0xff',
      'rqh foreign verify_signature _',
    ],
  },
  {
    name: 'foreign functions: sign',
    probe: [
      call('sign', { 1: 'sha256', 2: rsaPrivateDer, 3: text }),
      call('sign', { 1: 'sha1', 3: text, 4: privatePem(rsa) }),
      call('sign', { 1: 'sha256', 2: rsaPrivateDer, 3: text, 4: privatePem(rsa) }),
      call('sign', { 1: 'sha256', 3: text }),
      call('sign', { 1: 'sha256', 2: 'no key', 3: text }),
      call('sign', { 1: 'md5', 2: rsaPrivateDer, 3: text }),
      call('sign', { 1: 'sha256', 2: edPrivateDer, 3: text }),
      call('sign', { 1: 'sha512', 2: rsaPrivateDer }),
      'rqh foreign sign 0xff',
      'rqh foreign sign _',
    ],
  },
  {
    name: 'foreign functions: declare_property, in a stream',
    probe: [
      call('declare_property', { 1: 'once', 2: 1 }),
      call('declare_property', { 1: 'once', 2: 1 }),
      'rqh setprop once a',
      'rqh setprop once b',
      'rqh prop once',
      call('declare_property', { 1: 'kept', 5: 2 }),
      'rqh foreign declare_property 0xff',
    ],
  },
  {
    name: 'foreign functions: set_envoy_filter_state',
    probe: [
      call('set_envoy_filter_state', { 1: 'none', 2: 'a' }),
      call('set_envoy_filter_state', { 1: 'envoy.string', 2: 'text' }),
      'rqh prop filter_state.envoy~string',
      call('set_envoy_filter_state', { 1: 'envoy.tcp_proxy.cluster', 2: 'a', 3: 2 }),
      call('set_envoy_filter_state', { 1: '', 2: 'a' }),
      'rqh foreign set_envoy_filter_state 0xff',
      call('set_envoy_filter_state', { 1: 'envoy.string', 2: 'late' }, 'log'),
    ],
  },
  {
    name: 'foreign functions: expressions',
    probe: [
      "rqh foreign expr_create request.method=='GET'",
      'rqh foreign expr_evaluate 0x00000000',
      'rqh foreign expr_evaluate 0x01000000',
      'rqh foreign expr_create request.path',
      'rqh foreign expr_evaluate 0x01000000',
      'rqh foreign expr_create request.headers',
      'rqh foreign expr_create request.total_size>0?[1,2.5]:[]',
      'rqh foreign expr_evaluate 0x03000000',
      'rqh foreign expr_create response.code',
      'rqh foreign expr_evaluate 0x04000000',
      'rsh foreign expr_evaluate 0x04000000',
      'log foreign expr_evaluate 0x04000000',
      'log foreign expr_evaluate 0x01000000',
      'rqh foreign expr_create request.nothing',
      'rqh foreign expr_evaluate 0x05000000',
      'rqh foreign expr_create (((',
      'rqh foreign expr_create nothing()',
      'rqh foreign expr_evaluate 0x06000000',
      "rqh foreign expr_create duration('1s')",
      'rqh foreign expr_evaluate 0x07000000',
      'rqh foreign expr_create xds.route_metadata',
      'rqh foreign expr_create {1:2}',
      'rqh foreign expr_evaluate 0x09000000',
      "rqh foreign expr_create {'b':'c'}",
      'rqh foreign expr_evaluate 0x0a000000',
      'rqh foreign expr_create null',
      'rqh foreign expr_evaluate 0x0b000000',
      'rqh foreign expr_create int',
      'rqh foreign expr_evaluate 0x0c000000',
      'rqh foreign expr_create request',
      'rqh foreign expr_evaluate 0x0d000000',
      "rqh foreign expr_create b'xy'",
      'rqh foreign expr_evaluate 0x0e000000',
      "rqh foreign expr_create plugin_name=='probe'",
      'rqh foreign expr_evaluate 0x0f000000',
      'rqh foreign expr_create connection_id',
      'rqh foreign expr_create 1.5',
      'rqh foreign expr_evaluate 0x11000000',
      "rqh foreign expr_create 'a'+'b'",
      'rqh foreign expr_evaluate 0x12000000',
      'rqh foreign expr_create xds.node.id',
      'rqh foreign expr_evaluate 0x13000000',
      'rqh foreign expr_create metadata',
      "rqh foreign expr_create [['a'],{'b':true}]",
      'rqh foreign expr_evaluate 0x15000000',
      "rqh foreign expr_create {'a':{'b':1}}",
      'rqh foreign expr_evaluate 0x16000000',
      'rqh foreign expr_create [1].all(x,x>0)',
      'rqh foreign expr_create string(1)',
      "rqh foreign expr_create 'A'.lowerAscii()",
      'rqh foreign expr_create [1]+[2]',
      'rqh foreign expr_create plugin_vm_id',
      'rqh foreign expr_create nothing',
      'rqh foreign expr_evaluate 0x17000000',
      'rqh foreign expr_evaluate 0x18000000',
      'rqh foreign expr_evaluate 0x19000000',
      'rqh foreign expr_evaluate 0x1a000000',
      'rqh foreign expr_evaluate 0x1b000000',
      'rqh foreign expr_evaluate 0x1c000000',
      'rqh foreign expr_delete 0x01000000',
      'rqh foreign expr_delete 0x01000000',
      'rqh foreign expr_evaluate 0x01000000',
      'rqh foreign expr_delete 0x010000',
      'rqh foreign expr_evaluate 0x010000',
      'rqh foreign expr_evaluate _',
      'rqh foreign expr_create _',
    ],
  },
]

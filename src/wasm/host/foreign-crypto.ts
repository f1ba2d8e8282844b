/**
 * The foreign functions `verify_signature` and `sign`. Arguments and results are Envoy's messages (`ext/*.proto` in
 * `source/extensions/common/wasm`), and so are the texts of errors. RSA (PKCS #1 v1.5) and EC keys.
 */
import { createPrivateKey, createPublicKey, type KeyObject, sign as signText, verify as verifyText } from 'node:crypto'
import { WireWriter } from '../../config/wire.ts'
import { Status } from '../abi.ts'
import { type ForeignFunction, readFields } from './foreign-arguments.ts'

const hashes = new Set(['sha1', 'sha224', 'sha256', 'sha384', 'sha512'])
const keyTypes = new Set<string | undefined>(['rsa', 'ec'])
const emptySignature = Buffer.alloc(0)

export const verifySignature: ForeignFunction = (_vm, argument) => {
  const fields = readFields(argument)
  if (fields === undefined) return Status.badArgument
  const key = importKey(fields.bytes(2), fields.bytes(5), 'public')
  if (key === undefined) return Status.badArgument
  const hash = fields.text(1)
  let error = ''
  if (!isHash(hash)) error = `${hash} is not supported.`
  else if (!isUsable(key)) error = 'Failed to initialize digest verify.'
  else if (!verified(hash, fields.bytes(4), key, fields.bytes(3))) error = 'Failed to verify digest. Error code: 0'
  return result(error, 2, undefined)
}

export const sign: ForeignFunction = (_vm, argument) => {
  const fields = readFields(argument)
  if (fields === undefined) return Status.badArgument
  const key = importKey(fields.bytes(2), fields.bytes(4), 'private')
  if (key === undefined) return Status.badArgument
  const hash = fields.text(1)
  if (!isHash(hash)) return result(`${hash} is not supported.`, 3, undefined)
  if (key === 'unreadable') return result('Invalid key type: private key required for signing operation.', 3, undefined)
  if (!isUsable(key)) return result('Invalid private key: key data is corrupted or malformed.', 3, undefined)
  return result('', 3, signText(hash.toLowerCase(), fields.bytes(3), key))
}

function isHash(name: string): boolean {
  return hashes.has(name.toLowerCase())
}

function isUsable(key: KeyObject | 'unreadable'): key is KeyObject {
  return key !== 'unreadable' && keyTypes.has(key.asymmetricKeyType)
}

/** Undefined for no key or two, 'unreadable' for one that cannot be read. */
function importKey(der: Uint8Array, pem: Uint8Array, kind: 'public' | 'private'): KeyObject | 'unreadable' | undefined {
  if (der.length > 0 === pem.length > 0) return undefined
  const isDer = der.length > 0
  const key = Buffer.from(isDer ? der : pem)
  try {
    if (kind === 'public') return createPublicKey({ key, format: isDer ? 'der' : 'pem', type: 'spki' })
    return createPrivateKey({ key, format: isDer ? 'der' : 'pem', type: 'pkcs8' })
  } catch {
    return 'unreadable'
  }
}

function verified(hash: string, text: Uint8Array, key: KeyObject, signature: Uint8Array): boolean {
  try {
    return verifyText(hash.toLowerCase(), text, key, signature.length === 0 ? emptySignature : signature)
  } catch {
    return false
  }
}

function result(error: string, errorField: number, signature: Uint8Array | undefined): Uint8Array {
  const writer = new WireWriter()
  if (error === '') {
    writer.tag(1, 0)
    writer.uint32(1)
  }
  if (signature !== undefined) {
    writer.tag(2, 2)
    writer.bytes(signature)
  }
  if (error !== '') {
    writer.tag(errorField, 2)
    writer.string(error)
  }
  return writer.finish()
}

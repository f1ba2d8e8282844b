/** Keys of a JSON Web Key Set (RFC 7517) and what they say of a signature: HS256 here, RSA by the host's verify_signature. */
import { base64_decode, ConfigReader, foreign_function, WasmResultValues } from "proxy-wasm-sdk-as/assembly"
import { ByteQueue } from "../../lib/assembly/byte-queue"
import { equal_digests, hmac_sha256 } from "../../lib/assembly/sha256"

/** One key. */
export class Key {
  constructor(
    /** "" for none. */
    public id: string,
    /** `oct` or `RSA`. */
    public type: string,
    /** The only algorithm it is for; "" for all of its type. */
    public algorithm: string,
    /** The secret, or the public key as DER (SubjectPublicKeyInfo). */
    public bytes: ArrayBuffer,
  ) {}

  /** Is it for tokens with this algorithm and key id? */
  serves(algorithm: string, id: string): bool {
    if (this.algorithm.length > 0 && this.algorithm != algorithm) return false
    if (id.length > 0 && this.id.length > 0 && this.id != id) return false
    return this.type == "oct" ? algorithm == "HS256" : algorithm == "RS256" || algorithm == "RS384" || algorithm == "RS512"
  }

  verifies(algorithm: string, text: ArrayBuffer, signature: ArrayBuffer): bool {
    if (this.type == "oct") return equal_digests(hmac_sha256(this.bytes, text), signature)
    const argument = new ByteQueue()
    field(argument, 1, String.UTF8.encode("sha" + algorithm.substring(2)))
    field(argument, 2, this.bytes)
    field(argument, 3, signature)
    field(argument, 4, text)
    const answer = foreign_function("verify_signature", argument.slice(0, argument.length))
    // A message whose field 1, a bool, says yes.
    return answer.result == WasmResultValues.Ok && answer.data.byteLength >= 2 && load<u16>(changetype<usize>(answer.data)) == 0x0108
  }
}

/** A length-delimited field of a protobuf message. */
function field(message: ByteQueue, number: u8, bytes: ArrayBuffer): void {
  message.add_byte((number << 3) | 2)
  let size = bytes.byteLength
  while (size >= 0x80) {
    message.add_byte(<u8>(size & 0x7f) | 0x80)
    size >>= 7
  }
  message.add_byte(<u8>size)
  message.add(bytes)
}

/** Does the host verify signatures? It refuses the empty argument, one without the function does not know it. */
export function hasVerifySignature(): bool {
  const result = foreign_function("verify_signature", new ArrayBuffer(0)).result
  return result != WasmResultValues.NotFound && result != WasmResultValues.Unimplemented
}

/** Reads the member `jwks`: `{keys: [...]}`. */
export function readKeys(config: ConfigReader): Key[] {
  const found: Key[] = []
  const list = config.object("jwks").list("keys")
  for (let i = 0; i < list.length; i++) {
    const entry = list[i]
    const type = entry.text("kty")
    const algorithm = entry.textOr("alg", "")
    const id = entry.textOr("kid", "")
    if (entry.textOr("use", "sig") != "sig") entry.fault("use", "must be sig")
    entry.json("key_ops")
    entry.json("x5t")
    entry.json("x5t#S256")
    entry.json("x5c")
    let bytes = new ArrayBuffer(0)
    if (type == "oct") {
      const secret = decoded(entry, "k")
      if (secret.byteLength < 16) entry.fault("k", "must be a secret of 16 bytes or more in base64url")
      if (algorithm.length > 0 && algorithm != "HS256") entry.fault("alg", "must be HS256 for a key of type oct")
      bytes = secret
    } else if (type == "RSA") {
      const modulus = decoded(entry, "n")
      const exponent = decoded(entry, "e")
      if (modulus.byteLength < 256 || exponent.byteLength == 0) entry.fault("n", "must be a modulus of 2048 bits or more in base64url, with e")
      if (algorithm.length > 0 && !["RS256", "RS384", "RS512"].includes(algorithm)) entry.fault("alg", "must be RS256, RS384 or RS512 for a key of type RSA")
      if (!hasVerifySignature()) entry.fault("kty", "RSA needs the foreign function verify_signature, which this proxy does not have")
      bytes = rsaPublicKey(modulus, exponent)
    } else entry.fault("kty", "must be oct or RSA")
    found.push(new Key(id, type, algorithm, bytes))
  }
  return found
}

function decoded(entry: ConfigReader, key: string): ArrayBuffer {
  const bytes = base64_decode(entry.text(key))
  if (bytes !== null) return bytes
  entry.fault(key, "must be base64url")
  return new ArrayBuffer(0)
}

/** One DER value. */
function der(tag: u8, content: ArrayBuffer): ArrayBuffer {
  const value = new ByteQueue()
  const size = content.byteLength
  value.add_byte(tag)
  if (size >= 0x100) {
    value.add_byte(0x82)
    value.add_byte(<u8>(size >> 8))
  } else if (size >= 0x80) value.add_byte(0x81)
  value.add_byte(<u8>size)
  value.add(content)
  return value.slice(0, value.length)
}

function joined(a: ArrayBuffer, b: ArrayBuffer): ArrayBuffer {
  const both = new ByteQueue()
  both.add(a)
  both.add(b)
  return both.slice(0, both.length)
}

/** A number that is not negative: a zero goes before a first bit that is set. */
function integer(bytes: ArrayBuffer): ArrayBuffer {
  const isHigh = bytes.byteLength > 0 && load<u8>(changetype<usize>(bytes)) >= 0x80
  return der(0x02, isHigh ? joined(new ArrayBuffer(1), bytes) : bytes)
}

/** SubjectPublicKeyInfo of RFC 8017 keys (rsaEncryption). */
function rsaPublicKey(modulus: ArrayBuffer, exponent: ArrayBuffer): ArrayBuffer {
  const algorithm = new ByteQueue()
  const oid: u8[] = [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00]
  for (let i = 0; i < oid.length; i++) algorithm.add_byte(oid[i])
  const key = der(0x30, joined(integer(modulus), integer(exponent)))
  return der(0x30, joined(algorithm.slice(0, algorithm.length), der(0x03, joined(new ArrayBuffer(1), key))))
}

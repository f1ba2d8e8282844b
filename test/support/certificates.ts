/** Certificates for tests, made by the `openssl` command in a temporary folder. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Why tests of TLS are skipped; false where they are not. */
export const noOpenssl: string | false =
  spawnSync('openssl', ['version']).status === 0 ? false : 'the openssl command is not installed'

export interface CertificateOptions {
  /** `/O=Acme/CN=client` */
  readonly subject: string
  /** `DNS:a.test,URI:spiffe://a` */
  readonly sans?: string
  /** Name of the CA that signs; itself without. */
  readonly ca?: string
  readonly key?: 'ec' | 'rsa'
  readonly isCa?: boolean
  /** It ended a day ago. */
  readonly expired?: boolean
  /** Encrypts the key. */
  readonly password?: string
}

export class Certificates {
  readonly dir = mkdtempSync(join(tmpdir(), 'sluice-test-certificates-'))

  /** Makes `<name>.pem` and `<name>.key`. */
  make(name: string, options: CertificateOptions): this {
    const { subject, sans, ca, key = 'ec', isCa = false, expired = false, password } = options
    const kind = key === 'ec' ? ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'] : ['rsa:2048']
    const protect = password === undefined ? ['-nodes'] : ['-passout', `pass:${password}`]
    this.#openssl(
      'req',
      '-newkey',
      ...kind,
      ...protect,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
      '-subj',
      subject,
    )
    const extensions = [`basicConstraints=critical,CA:${isCa ? 'TRUE' : 'FALSE'}`]
    if (sans !== undefined) extensions.push(`subjectAltName=${sans}`)
    writeFileSync(this.path(`${name}.ext`), `${extensions.join('\n')}\n`)
    const signer =
      ca === undefined
        ? ['-signkey', `${name}.key`, ...(password === undefined ? [] : ['-passin', `pass:${password}`])]
        : ['-CA', `${ca}.pem`, '-CAkey', `${ca}.key`, '-CAcreateserial']
    const days = expired ? '-1' : '30'
    this.#openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      ...signer,
      '-out',
      `${name}.pem`,
      '-days',
      days,
      '-extfile',
      `${name}.ext`,
    )
    return this
  }

  path(file: string): string {
    return join(this.dir, file)
  }

  read(file: string): string {
    return readFileSync(this.path(file), 'utf8')
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true })
  }

  #openssl(...args: readonly string[]): void {
    execFileSync('openssl', args, { cwd: this.dir, stdio: ['ignore', 'ignore', 'pipe'] })
  }
}

/** What most tests need: `ca`, `server` and `client` of it, and others that are wrong in one way. */
export function usualCertificates(): Certificates {
  return new Certificates()
    .make('ca', { subject: '/O=Test/CN=Test CA', isCa: true })
    .make('other-ca', { subject: '/O=Other/CN=Other CA', isCa: true })
    .make('server', { subject: '/CN=example.test', sans: 'DNS:example.test,DNS:localhost,IP:127.0.0.1', ca: 'ca' })
    .make('rsa', { subject: '/CN=rsa.test', sans: 'DNS:rsa.test', ca: 'ca', key: 'rsa' })
    .make('second', { subject: '/CN=second.test', sans: 'DNS:second.test,DNS:*.wild.test', ca: 'ca' })
    .make('client', {
      subject: '/O=Acme, Inc/OU=eng/CN=client',
      sans: 'URI:spiffe://test/client,DNS:client.test,email:a@b.test,IP:10.0.0.1,IP:2001:db8::1',
      ca: 'ca',
    })
    .make('wrong', { subject: '/CN=wrong', sans: 'DNS:example.test', ca: 'other-ca' })
    .make('expired', { subject: '/CN=expired', sans: 'DNS:example.test', ca: 'ca', expired: true })
    .make('intermediate', { subject: '/CN=Intermediate', ca: 'ca', isCa: true })
    .make('below', { subject: '/CN=below', sans: 'DNS:example.test', ca: 'intermediate' })
}

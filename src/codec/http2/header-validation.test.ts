import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { request } from '../../../test/support/http2-frames.ts'
import {
  checkRequest,
  checkResponse,
  checkTrailers,
  HeaderCheck,
  invalidField,
  invalidMessaging,
  sendableFields,
} from './header-validation.ts'
import { defaultHttp2Settings } from './settings.ts'

const check = new HeaderCheck()

function judge(list: string[], rules: Partial<typeof defaultHttp2Settings> = {}): string {
  checkRequest(list, { ...defaultHttp2Settings, ...rules }, check)
  return check.error
}

describe('requests', () => {
  it('that Envoy takes', () => {
    for (const list of [
      request('/'),
      request('/caf\xe9'),
      request('/', [], 'FOO'),
      request('/', ['te', 'trailers']),
      request('/', ['a', 'tab\tin', 'b', ' spaces around ', 'c', 'caf\xe9']),
      request('*', [], 'OPTIONS'),
      request('/', ['content-length', '12']),
      [':method', 'GET', ':path', '/', ':scheme', 'ftp', ':authority', 'a'],
      [':method', 'CONNECT', ':authority', 'a:80'],
    ])
      assert.equal(judge([...list]), '', list.join(' '))
  })

  it('with fields that HTTP/2 forbids', () => {
    for (const field of [
      ['X-Upper', '1'],
      ['connection', 'close'],
      ['keep-alive', '1'],
      ['proxy-connection', '1'],
      ['transfer-encoding', 'chunked'],
      ['upgrade', 'h2c'],
      ['te', 'gzip'],
      ['', 'empty'],
      ['a b', '1'],
      ['a:b', '1'],
      ['a', 'x\0'],
      ['a', 'x\ry'],
      ['a', 'x\nhost: b'],
      ['a', 'x\x7f'],
      ['content-length', 'x'],
      [':path', '/again'],
      [':foo', '1'],
      [':status', '200'],
    ])
      assert.equal(judge(request('/', field)), invalidField, field.join(': '))
    assert.equal(judge(request('/', ['content-length', '0', 'content-length', '0'])), invalidField)
    assert.equal(judge(request('/', ['a', 'b', ':protocol', 'x'])), invalidField)
  })

  it('with bad pseudo-headers', () => {
    assert.equal(judge(request('/a b')), invalidField)
    assert.equal(judge(request('')), invalidField)
    assert.equal(judge(request('relative')), invalidMessaging)
    assert.equal(judge(request('*')), invalidMessaging)
    assert.equal(judge(request('/', [], 'G T')), invalidField)
    assert.equal(judge([':method', 'GET', ':path', '/', ':scheme', 'http']), invalidMessaging)
    assert.equal(judge([':method', 'GET', ':path', '/', ':authority', 'a']), invalidMessaging)
    assert.equal(judge([':path', '/', ':scheme', 'http', ':authority', 'a']), invalidMessaging)
    assert.equal(judge([':method', 'GET', ':path', '/', ':scheme', 'http', ':authority', 'u@a']), invalidField)
    assert.equal(judge([':method', 'CONNECT', ':authority', 'a:1', ':path', '/']), invalidMessaging)
  })

  it('host stands in for a missing :authority and is dropped beside one', () => {
    const only = [':method', 'GET', ':path', '/', ':scheme', 'http', 'host', 'b']
    assert.equal(judge(only), '')
    assert.deepEqual(only.slice(-2), [':authority', 'b'])
    const both = request('/', ['host', 'b'])
    assert.equal(judge(both), '')
    assert.deepEqual(both, request('/'))
    assert.equal(
      judge([':method', 'GET', ':path', '/', ':scheme', 'http', 'host', 'b', ':authority', 'a']),
      invalidField,
    )
  })

  it('cookies and other lists are joined', () => {
    const list = request('/', ['cookie', 'a=1', 'accept', 'x', 'cookie', 'b=2', 'accept', 'y', 'x', 'accept', 'x', '2'])
    assert.equal(judge(list), '')
    assert.deepEqual(list.slice(8), ['accept', 'x,y', 'x', 'accept', 'x', '2', 'cookie', 'a=1; b=2'])
  })

  it('extended CONNECT only where it is allowed', () => {
    const list = [':method', 'CONNECT', ':protocol', 'websocket', ':path', '/', ':scheme', 'http', ':authority', 'a']
    assert.equal(judge([...list]), invalidField)
    assert.equal(judge([...list], { allowConnect: true }), '')
    assert.equal(check.isExtendedConnect, true)
  })

  it('underscores: allowed, dropped or refused', () => {
    const list = request('/', ['a_b', '1', 'c', '2'])
    assert.equal(judge([...list]), '')
    const dropped = [...list]
    assert.equal(judge(dropped, { headersWithUnderscores: 'DROP_HEADER' }), '')
    assert.deepEqual(dropped, request('/', ['c', '2']))
    assert.equal(check.underscoresDropped, 1)
    judge([...list], { headersWithUnderscores: 'REJECT_REQUEST' })
    assert.equal(check.underscoreRefused, true)
  })
})

describe('the number of fields', () => {
  const tooMany = (...more: string[]): boolean => {
    judge(request('/', more), { maxHeadersCount: 6 })
    return check.tooMany
  }

  it('counts lists once and crumbs each', () => {
    assert.equal(tooMany('a', '1', 'b', '2'), false)
    assert.equal(tooMany('a', '1', 'b', '2', 'c', '3'), true)
    assert.equal(tooMany('accept', '1', 'accept', '2', 'accept', '3', 'b', '2'), false)
    assert.equal(tooMany('cookie', '1', 'cookie', '2'), false)
    assert.equal(tooMany('cookie', '1', 'cookie', '2', 'a', '1'), true)
  })

  it('what comes first decides', () => {
    assert.equal(tooMany('keep-alive', '1', 'a', '1', 'b', '2', 'c', '3'), false)
    assert.equal(tooMany('a', '1', 'b', '2', 'c', '3', 'keep-alive', '1'), true)
  })
})

describe('responses and trailers', () => {
  const response = (list: string[]): string => {
    checkResponse(list, 100, check)
    return check.error
  }

  it('are judged as requests are', () => {
    assert.equal(response([':status', '200', 'a', 'b']), '')
    assert.equal(response(['a', 'b']), invalidMessaging)
    assert.equal(response([':status', '99']), invalidField)
    assert.equal(response([':status', '200', ':status', '200']), invalidField)
    assert.equal(response([':status', '200', ':path', '/']), invalidField)
    assert.equal(response([':status', '101']), invalidField)
    assert.equal(response([':status', '204', 'content-length', '2']), invalidField)
    assert.equal(response([':status', '200', 'connection', 'close']), invalidField)
    assert.equal(response([':status', '200', 'set-cookie', 'a', 'set-cookie', 'b']), '')
  })

  it('trailers have no pseudo-headers', () => {
    assert.equal(checkTrailers(['grpc-status', '0']), '')
    assert.equal(checkTrailers([':path', '/']), invalidField)
    assert.equal(checkTrailers(['a', 'x\ny']), invalidField)
  })
})

describe('what is sent', () => {
  it('goes as it is when nothing is wrong', () => {
    const list = [':status', '200', 'a', 'b']
    assert.equal(sendableFields(list), list)
  })

  it('is put right when a filter has spoilt it', () => {
    assert.deepEqual(
      sendableFields(['a', 'x\r\ny', ':status', '200', 'Upper', '1', 'connection', 'close', 'host', 'h', 'b', 'c']),
      [':status', '200', 'a', 'x  y', 'b', 'c'],
    )
  })
})

it('NUL is no part of a name', () => {
  assert.notEqual(checkTrailers(['x\0y', 'a']), '')
  assert.notEqual(checkTrailers(['\0', 'a']), '')
})

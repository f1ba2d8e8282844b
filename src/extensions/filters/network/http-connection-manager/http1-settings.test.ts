import assert from 'node:assert/strict'
import { test } from 'node:test'
import { factoryContext, messageOf } from '../../../../../test/support/routing.ts'
import type { HttpConnectionManager } from '../../../../config/v3.ts'
import { makeHttp1Settings } from './http1-settings.ts'

const settingsOf = (yaml: string) =>
  makeHttp1Settings(
    messageOf<HttpConnectionManager>(
      'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
      `stat_prefix: a\n${yaml}`,
    ),
    factoryContext(),
  )

test('options of HTTP/1 and limits reach the codec', () => {
  const settings = settingsOf(`
max_request_headers_kb: 8
common_http_protocol_options: {max_headers_count: 7}
http_protocol_options: {allow_custom_methods: true, accept_http_10: true, header_key_format: {proper_case_words: {}}}`)
  assert.equal(settings.maxHeadersKb, 8)
  assert.equal(settings.maxHeadersCount, 7)
  assert.equal(settings.allowCustomMethods, true)
  assert.equal(settings.acceptHttp10, true)
  assert.equal(settings.properCaseHeaders, true)
})

test('the HTTP/1 override decides whether a wrong message costs the connection', () => {
  const both = settingsOf(`
stream_error_on_invalid_http_message: true
http_protocol_options: {override_stream_error_on_invalid_http_message: false}`)
  assert.equal(both.streamErrorOnInvalidHttpMessage, false)
  assert.equal(settingsOf('stream_error_on_invalid_http_message: true').streamErrorOnInvalidHttpMessage, true)
})

test('ignore_http_11_upgrade takes tokens away, matched in their case; h2c alone is always ignored', () => {
  const { effectiveUpgrade } = settingsOf(
    'http_protocol_options: {ignore_http_11_upgrade: [{exact: foo}, {prefix: B}]}',
  )
  const values = ['foo', 'FOO', 'bar', 'Bar', 'foo, ws', 'H2C', 'ws, h2c', 'foo, h2c', '', 'websocket']
  assert.deepEqual(values.map(effectiveUpgrade), [
    ...[undefined, 'FOO', 'bar', undefined, 'ws', undefined, 'ws, h2c', undefined, undefined, 'websocket'],
  ])
})

/** What is told of client certificates: for all requests, or as `forward_client_cert_matcher` says. */
import { configError } from '../../../../config/position.ts'
import {
  type HttpConnectionManager,
  HttpConnectionManager_ForwardClientCertConfig,
  type HttpConnectionManager_SetCurrentClientCertDetails,
} from '../../../../config/v3.ts'
import type { FactoryContext } from '../../../../core/extension.ts'
import type { ClientCertDetails, ClientCertForwarding, RequestHeaderSettings } from '../../../../http/settings.ts'
import { insufficientData } from '../../../../matching/match-data.ts'
import { makeMatchTree } from '../../../../matching/match-tree.ts'
import { httpMatching } from '../../../../cel/matching.ts'

export function clientCertDetails(
  message: HttpConnectionManager_SetCurrentClientCertDetails | undefined,
): ClientCertDetails {
  return {
    subject: message?.subject ?? false,
    cert: message?.cert ?? false,
    chain: message?.chain ?? false,
    dns: message?.dns ?? false,
    uri: message?.uri ?? false,
    issuer: message?.issuer ?? false,
    json: message?.format === 'JSON',
  }
}

/** @throws ConfigError */
export function makeClientCertMatcher(
  message: HttpConnectionManager,
  context: FactoryContext,
): RequestHeaderSettings['clientCertOf'] {
  if (message.forwardClientCertMatcher === undefined) return undefined
  const { typeUrl } = HttpConnectionManager_ForwardClientCertConfig
  const tree = makeMatchTree<ClientCertForwarding>(message.forwardClientCertMatcher, {
    ...httpMatching(context),
    runtime: context.runtime,
    makeAction(config, of) {
      if (config.typeUrl !== typeUrl) throw configError(of, 'typedConfig', `must be ${typeUrl}`)
      const action = config.value as HttpConnectionManager_ForwardClientCertConfig
      return {
        mode: action.forwardClientCertDetails,
        details: clientCertDetails(action.setCurrentClientCertDetails),
      }
    },
  })
  return (requestHeaders, streamInfo) => {
    const found = tree({ streamInfo, requestHeaders })
    return found === insufficientData ? undefined : found
  }
}

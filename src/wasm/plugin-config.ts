/** From `envoy.extensions.wasm.v3.PluginConfig` to a running plugin. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { encodeBinary } from '../config/encode-binary.ts'
import { configError } from '../config/position.ts'
import type { CapabilityRestrictionConfig, DataSource, PluginConfig, VmConfig } from '../config/v3.ts'
import type { AnyMessage, FactoryContext, ListenerFactoryContext } from '../core/extension.ts'
import { readLimits, type WasmLimits } from './limits.ts'
import { type FailurePolicy, type Plugin, PluginHandle } from './plugin.ts'
import { noteTarget } from './reload-targets.ts'
import type { VmSettings } from './vm.ts'
import { type CompiledCode, WasmThread } from './wasm-thread.ts'

const prefix = 'type.googleapis.com/google.protobuf.'
const v8Runtime = 'envoy.wasm.runtime.v8'
const nothing = new Uint8Array(0)
const defaultReloadMs = 1000
const maxBackoffFactor = 10
const defaultMaxReloadMs = 10_000

/** Of a listener's extension, or of one outside of listeners. */
type PluginContext = FactoryContext & Partial<Pick<ListenerFactoryContext, 'trafficDirection' | 'listenerMetadata'>>

/**
 * Loads and configures the plugin on this thread. On the main thread, which only checks (worker index -1), it is shut
 * down again at once. @throws ConfigError
 */
export function makePlugin(config: PluginConfig, context: PluginContext): PluginHandle {
  const vmConfig = config.vmConfig
  if (vmConfig === undefined) throw configError(config, 'vmConfig', 'is required: it says what code to run')
  if (vmConfig.runtime !== '' && vmConfig.runtime !== v8Runtime)
    throw configError(
      vmConfig,
      'runtime',
      `Failed to create Wasm VM using ${vmConfig.runtime} runtime: only ${v8Runtime} is built in`,
    )
  const thread = WasmThread.of(context)
  const plugin = readPlugin(config, context)
  const limits = readLimits(config.name, context.runtime)
  const settings = readSettings(config, vmConfig, limits)
  const code = readCode(vmConfig, thread, limits, context.workerIndex < 0)
  const slot = thread.slot(code, settings)
  try {
    const handle = new PluginHandle(plugin, slot)
    if (context.workerIndex < 0) {
      handle.close()
      const local = vmConfig.code?.local as DataSource
      noteTarget(context.singletons, {
        ...{ plugin, settings, limits, codeKey: code.key, source: sourceName(local), path: local.filename },
      })
    } else {
      const remove = thread.addPlugin(handle, code, settings)
      context.onClose(() => {
        remove()
        handle.close()
      })
    }
    return handle
  } catch (error) {
    slot.release()
    throw configError(vmConfig, undefined, `Unable to create Wasm plugin ${config.name}: ${(error as Error).message}`)
  }
}

function readPlugin(config: PluginConfig, context: PluginContext): Plugin {
  const configuration = anyBytes(config.configuration)
  const { name, rootId, failOpen, vmConfig: _, ...rest } = config
  if (failOpen && config.failurePolicy !== 'UNSPECIFIED')
    throw configError(config, 'failurePolicy', 'only one of fail_open and failure_policy can be set')
  const reloads = config.failurePolicy === 'FAIL_RELOAD'
  const backoff = config.reloadConfig?.backoff
  const baseMs = backoff?.baseInterval ?? (reloads ? defaultReloadMs : 0)
  const key = createHash('sha256').update(
    JSON.stringify([name, rootId, failOpen, rest.failurePolicy, rest.reloadConfig]),
  )
  key.update(JSON.stringify(rest.allowOnHeadersStopIteration ?? null)).update(configuration)
  return {
    key: key.digest('hex'),
    name,
    rootId,
    configuration,
    failurePolicy: failOpen ? 'open' : failurePolicies[config.failurePolicy],
    finishesStreams: config.failurePolicy === 'UNSPECIFIED' && !failOpen,
    failOpen,
    reloadBaseMs: baseMs,
    reloadMaxMs: backoff?.maxInterval ?? (baseMs > 0 ? baseMs * maxBackoffFactor : defaultMaxReloadMs),
    allowOnHeadersStopIteration: config.allowOnHeadersStopIteration ?? false,
    trafficDirection: context.trafficDirection ?? 'UNSPECIFIED',
    listenerMetadata: context.listenerMetadata,
  }
}

const failurePolicies: Readonly<Record<PluginConfig['failurePolicy'], FailurePolicy>> = {
  UNSPECIFIED: 'reload',
  FAIL_RELOAD: 'reload',
  FAIL_CLOSED: 'closed',
  FAIL_OPEN: 'open',
}

function readSettings(config: PluginConfig, vmConfig: VmConfig, limits: WasmLimits): VmSettings {
  return {
    limits,
    vmId: vmConfig.vmId,
    runtime: vmConfig.runtime,
    configuration: anyBytes(vmConfig.configuration),
    environment: readEnvironment(config.name, vmConfig),
    allowedCapabilities: readCapabilities(vmConfig.capabilityRestrictionConfig ?? config.capabilityRestrictionConfig),
  }
}

function readEnvironment(pluginName: string, { environmentVariables }: VmConfig): string[] {
  if (environmentVariables === undefined) return []
  const { hostEnvKeys, keyValues } = environmentVariables
  const variables = new Map(Object.entries(keyValues))
  for (const key of hostEnvKeys) {
    if (variables.has(key))
      throw configError(
        environmentVariables,
        'hostEnvKeys',
        `Key ${key} is duplicated in environment_variables for ${pluginName}. All the keys must be unique.`,
      )
    const value = process.env[key]
    if (value !== undefined) variables.set(key, value)
  }
  return [...variables].map(([key, value]) => `${key}=${value}`)
}

function readCapabilities(config: CapabilityRestrictionConfig | undefined): ReadonlySet<string> | undefined {
  const names = Object.keys(config?.allowedCapabilities ?? {})
  return names.length === 0 ? undefined : new Set(names)
}

function readCode(vmConfig: VmConfig, thread: WasmThread, limits: WasmLimits, fresh: boolean): CompiledCode {
  const code = vmConfig.code
  if (code?.remote !== undefined) throw configError(code, 'remote', 'remote code is not supported by sluice')
  const local = code?.local
  if (local === undefined) throw configError(vmConfig, 'code', 'needs local code')
  try {
    return thread.code({ name: sourceName(local), limits, read: () => readBytes(local) }, fresh)
  } catch (error) {
    throw configError(vmConfig, 'code', `Failed to load Wasm code: ${(error as Error).message}`)
  }
}

function sourceName(local: DataSource): string {
  if (local.filename !== undefined) return `file ${local.filename}`
  return `inline ${createHash('sha256').update(readBytes(local)).digest('hex')}`
}

function readBytes(local: DataSource): Uint8Array<ArrayBuffer> {
  if (local.filename !== undefined) return readFileSync(local.filename)
  if (local.inlineBytes !== undefined) return new Uint8Array(local.inlineBytes)
  if (local.inlineString !== undefined) return Buffer.from(local.inlineString)
  const name = local.environmentVariable ?? ''
  const value = process.env[name]
  if (value === undefined) throw new Error(`the environment variable ${name} is not set`)
  return Buffer.from(value)
}

/** What the module is given: text and bytes as they are, structures as JSON, other messages serialized. */
function anyBytes(any: AnyMessage | undefined): Uint8Array {
  if (any === undefined) return nothing
  switch (any.typeUrl) {
    case `${prefix}StringValue`:
      return Buffer.from(any.value as string)
    case `${prefix}BytesValue`:
      return any.value as Uint8Array
    case `${prefix}Struct`:
      return Buffer.from(JSON.stringify(any.value))
    default:
      return encodeBinary(any.typeUrl, any.value)
  }
}

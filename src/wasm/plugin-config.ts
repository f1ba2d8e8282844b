/** From `envoy.extensions.wasm.v3.PluginConfig` to a running plugin. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { logger } from '../base/log.ts'
import { encodeBinary } from '../config/encode-binary.ts'
import { configError } from '../config/position.ts'
import type { CapabilityRestrictionConfig, DataSource, PluginConfig, VmConfig } from '../config/v3.ts'
import type { AnyMessage, FactoryContext, ListenerFactoryContext } from '../core/extension.ts'
import { readLimits, type WasmLimits } from './limits.ts'
import { type FailurePolicy, MissingPlugin, type Plugin, PluginHandle, type PluginUse } from './plugin.ts'
import { forgetTarget, noteTarget } from './reload-targets.ts'
import { noteRemoteCode, readRemoteCode, type RemoteCode, remoteCodeKey } from './remote-code.ts'
import type { VmSettings } from './vm.ts'
import { type CompiledCode, WasmThread } from './wasm-thread.ts'

const log = logger('wasm')
const prefix = 'type.googleapis.com/google.protobuf.'
const v8Runtime = 'envoy.wasm.runtime.v8'
const nothing = new Uint8Array(0)
const defaultReloadMs = 1000
const maxBackoffFactor = 10
const defaultMaxReloadMs = 10_000

/** Of a listener's extension, or of one outside of listeners. */
type PluginContext = FactoryContext & Partial<Pick<ListenerFactoryContext, 'trafficDirection' | 'listenerMetadata'>>

/**
 * Loads and configures the plugin on this thread; a check shuts it down again at once, or only loads it (`trials`). Remote
 * code that has not been fetched is noted by the check (remote-code.ts); a plugin that cannot have it is a `MissingPlugin`.
 * @throws ConfigError
 */
export function makePlugin(config: PluginConfig, context: PluginContext): PluginUse {
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
  const checking = context.checking ?? false
  const { remote, local } = vmConfig.code ?? {}
  const note = (codeKey: string, source: string): void => {
    if (!checking) return
    const target = { plugin, settings, limits, codeKey, source, path: local?.filename }
    noteTarget(context.singletons, target)
    context.onClose(() => forgetTarget(context.singletons, target))
  }
  let code: CompiledCode | undefined
  if (remote === undefined) code = readLocal(local, vmConfig, thread, limits, checking)
  else {
    const wanted = readRemoteCode(remote, limits)
    code = context.singletons.get(remoteCodeKey(wanted)) as CompiledCode | undefined
    if (code === undefined) {
      missRemote(wanted, config, context)
      note(remoteCodeKey(wanted), `remote ${wanted.uri}`)
      return new MissingPlugin(plugin)
    }
  }
  note(code.key, local === undefined ? `remote ${remote?.httpUri?.uri}` : sourceName(local))
  if (checking && context.trials?.needed === false) return new MissingPlugin(plugin)
  const slot = thread.slot(code, settings)
  try {
    const handle = new PluginHandle(plugin, slot)
    if (checking) handle.endTrial()
    else {
      const remove = thread.addPlugin(handle, code, settings)
      context.onClose(() => {
        remove()
        handle.close()
      })
    }
    return handle
  } catch (error) {
    slot.release()
    const text = `Unable to create Wasm plugin ${config.name}: ${(error as Error).message}`
    if (remote === undefined || checking) throw configError(vmConfig, undefined, text)
    log.critical(text)
    return new MissingPlugin(plugin)
  }
}

/** The code has not been fetched: the check sees to that, a worker comes too late. */
function missRemote(
  wanted: RemoteCode,
  { name, vmConfig }: PluginConfig,
  { singletons, checking }: PluginContext,
): void {
  if (!checking) return log.critical(`Unable to create Wasm plugin ${name}: its code could not be fetched`)
  noteRemoteCode(singletons, wanted)
  if (vmConfig?.nackOnCodeCacheMiss)
    throw configError(vmConfig, 'code', `Unable to create Wasm plugin ${name}: its code has not been fetched yet`)
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

function readLocal(
  local: DataSource | undefined,
  vmConfig: VmConfig,
  thread: WasmThread,
  limits: WasmLimits,
  fresh: boolean,
): CompiledCode {
  if (local === undefined) throw configError(vmConfig, 'code', 'needs local or remote code')
  try {
    return thread.code({ name: sourceName(local), limits, path: local.filename, read: () => readBytes(local) }, fresh)
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

/** What the module is given: text and bytes as they are, other messages (`google.protobuf.Struct` too) serialized. */
function anyBytes(any: AnyMessage | undefined): Uint8Array {
  if (any === undefined) return nothing
  switch (any.typeUrl) {
    case `${prefix}StringValue`:
      return Buffer.from(any.value as string)
    case `${prefix}BytesValue`:
      return any.value as Uint8Array
    default:
      return encodeBinary(any.typeUrl, any.value)
  }
}

/** All host functions of module `env`, bound to a VM. */
import { type HostFunction, type HostFunctionName, Status } from '../abi.ts'
import type { WasmVm } from '../vm.ts'
import { bufferFunctions } from './buffers.ts'
import { callFunctions } from './calls.ts'
import { dnsFunctions } from './dns.ts'
import { foreignFunctions } from './foreign.ts'
import { grpcFunctions } from './grpc.ts'
import { headerFunctions } from './headers.ts'
import { logFunctions } from './logs.ts'
import { metricFunctions } from './metrics.ts'
import { propertyFunctions } from './properties.ts'
import { sharedFunctions } from './shared.ts'
import { streamFunctions } from './streams.ts'

export function makeHostFunctions(vm: WasmVm): Readonly<Record<HostFunctionName, HostFunction>> {
  return {
    ...logFunctions(vm),
    ...headerFunctions(vm),
    ...bufferFunctions(vm),
    ...streamFunctions(vm),
    ...propertyFunctions(vm),
    ...metricFunctions(vm),
    ...sharedFunctions(vm),
    ...callFunctions(vm, vm.callStatus),
    ...grpcFunctions(vm, vm.callStatus),
    ...dnsFunctions(vm),
    ...foreignFunctions(vm),
    pthread_equal: (a: number, b: number) => (a === b ? 1 : 0),
    emscripten_notify_memory_growth: () => Status.ok,
  } as Readonly<Record<HostFunctionName, HostFunction>>
}

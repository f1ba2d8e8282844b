/** `envoy.config.core.v3.RuntimeFractionalPercent`: whether a random number is within a share that runtime may change. */
import type { FractionalPercent, RuntimeFractionalPercent } from '../config/v3.ts'
import type { Runtime } from '../core/extension.ts'

/** Takes a random number of the stream, any non-negative integer. */
export function makeRuntimeFraction(message: RuntimeFractionalPercent, runtime: Runtime): (random: number) => boolean {
  const { numerator, denominator } = message.defaultValue ?? { numerator: 0, denominator: 'HUNDRED' }
  const key = message.runtimeKey
  const of = denominators[denominator]
  return random => runtime.featureEnabled(key, numerator, of, random)
}

const denominators: Readonly<Record<FractionalPercent['denominator'], number>> = {
  HUNDRED: 100,
  TEN_THOUSAND: 10_000,
  MILLION: 1_000_000,
}

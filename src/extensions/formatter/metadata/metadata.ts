/** `envoy.formatter.metadata`: `%METADATA(…)%`, which formats have without it too. */
import { MetadataMetadata } from '../../../config/v3.ts'
import type { FormatterExtension } from '../../../core/extension.ts'

export const metadataFormatter: FormatterExtension<MetadataMetadata> = {
  kind: 'formatter',
  name: 'envoy.formatter.metadata',
  message: MetadataMetadata,
  create: () => new Map(),
}

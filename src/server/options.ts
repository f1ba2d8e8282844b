/** What starts a server: what its flags say, and what only the composition root reads. */
import type { AdminOptions } from '../admin/admin-context.ts'

export interface ServerOptions extends AdminOptions {
  /** Unsupported fields are warned of and left out instead of refused. */
  readonly allowUnsupported: boolean
}

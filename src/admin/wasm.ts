/** `/wasm`: plugins, their VMs, traps and reloads. `/wasm/reload`: hot swap. Envoy has neither. */
import { type AdminPath, jsonResponse } from './admin-path.ts'

export const wasmPaths: readonly AdminPath[] = [
  {
    path: '/wasm',
    help: 'print wasm plugins, their VMs on each worker, traps and reloads as JSON',
    async handle(_, context) {
      return jsonResponse(await context.wasm.status())
    },
  },
  {
    path: '/wasm/reload',
    help: 'load the changed code of wasm plugins; streams in flight keep the old one',
    post: true,
    parameters: [{ name: 'name', help: "The plugin's name; without it, all plugins." }],
    async handle({ query }, context) {
      const name = query.get('name') ?? ''
      const results = await context.wasm.reload(name)
      if (results === undefined)
        return { status: 404, body: name === '' ? 'no wasm plugins\n' : `no wasm plugin "${name}"\n` }
      const failed = results.some(each => each.outcome === 'failed')
      return { ...jsonResponse({ results }), status: failed ? 500 : 200 }
    },
  },
]

/** Endpoints that change what the server does: health check, drain, quit, logs. Follows `source/server/admin/server_cmd_handler.cc`. */
import type { AdminContext } from './admin-context.ts'
import type { AdminPath, AdminRequest } from './admin-path.ts'

export const serverCommandPaths: readonly AdminPath[] = [
  {
    ...command('/drain_listeners', 'drain listeners', (context, { query }) =>
      context.drainListeners({
        graceful: query.has('graceful'),
        skipExit: query.has('skip_exit'),
        inboundOnly: query.has('inboundonly'),
      }),
    ),
    parameters: [
      {
        name: 'graceful',
        help: 'When draining listeners, enter a graceful drain period prior to closing listeners. This behaviour and duration is configurable via server options or CLI',
      },
      {
        name: 'skip_exit',
        help: 'When draining listeners, drain the connections but never stop the listeners. The graceful parameter has no effect when this is set, since the drain period only delays stopping the listeners',
      },
      {
        name: 'inboundonly',
        help: 'Drains all inbound listeners. traffic_direction field in envoy_v3_api_msg_config.listener.v3.Listener is used to determine whether a listener is inbound or outbound.',
      },
    ],
  },
  command('/healthcheck/fail', 'cause the server to fail health checks', context => context.setHealthCheckFailed(true)),
  command('/healthcheck/ok', 'cause the server to pass health checks', context => context.setHealthCheckFailed(false)),
  command('/quitquitquit', 'exit the server', context => context.quit()),
  command('/reopen_logs', 'reopen access logs', context => context.reopenLogs()),
]

function command(path: string, help: string, run: (context: AdminContext, request: AdminRequest) => void): AdminPath {
  return {
    path,
    help,
    post: true,
    handle(request, context) {
      run(context, request)
      return { body: 'OK\n' }
    },
  }
}

/** The default command: serves until a signal or `/quitquitquit`, and says in one line why it could not. */
import { logger } from '../base/log.ts'
import type { ServerOptions } from '../server/options.ts'
import { Server } from '../server/server.ts'

const log = logger('main')

/** Resolves with the exit code once everything is closed. */
export async function run(options: ServerOptions, notes: readonly string[]): Promise<number> {
  const server = new Server(options)
  let draining = false
  const onSignal = (signal: NodeJS.Signals): void => {
    if (draining) {
      log.warn(`caught ${signal} again, exiting at once`)
      process.exit(0)
    }
    draining = true
    log.warn(`caught ${signal}, draining; once more to exit at once`)
    void server.drainAndClose()
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
  process.on('SIGUSR1', () => server.reopenLogs())
  process.on('SIGHUP', () => log.warn('caught and eating SIGHUP'))
  try {
    await server.start()
    for (const note of notes) log.warn(note)
    await server.closed
    return 0
  } catch (error) {
    log.critical((error as Error).message)
    await server.close()
    return 1
  }
}

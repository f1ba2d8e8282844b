/** `/logging`: shows and sets the levels of loggers. Follows `source/server/admin/logs_handler.cc`. */
import { type LogLevel, logLevels } from '../base/log.ts'
import type { AdminContext } from './admin-context.ts'
import { type AdminPath, type AdminRequest, type AdminResponse, badRequest } from './admin-path.ts'

export const loggingPath: AdminPath = {
  path: '/logging',
  help: 'query/change logging levels',
  post: true,
  parameters: [
    {
      name: 'paths',
      help: 'Change multiple logging levels by setting to <logger_name1>:<desired_level1>,<logger_name2>:<desired_level2>.',
    },
    {
      name: 'level',
      help: "desired logging level, this will change all loggers's level",
      oneOf: ['', ...logLevels],
    },
  ],
  handle: setLevels,
}

function setLevels({ query }: AdminRequest, context: AdminContext): AdminResponse {
  const error = change(query, context)
  if (error === undefined) return { body: `${activeLoggers(context)}\n\n` }
  return badRequest(`error: ${error}

usage: /logging?<name>=<level> (change single level)
usage: /logging?paths=name1:level1,name2:level2,... (change multiple levels)
usage: /logging?level=<level> (change all levels)
levels: ${logLevels.join(' ')} 
${activeLoggers(context)}

`)
}

/** What is wrong with the query; nothing is changed then. */
function change(query: ReadonlyMap<string, string>, context: AdminContext): string | undefined {
  if (query.size === 0) return undefined
  if (query.size > 1) return 'invalid number of parameters'
  const [[name, value]] = [...query] as [[string, string]]
  const wanted: [component: string, level: LogLevel][] = []
  const pairs =
    name === 'level'
      ? [['', value]]
      : name === 'paths'
        ? value.split(',').map(each => each.split(':'))
        : [[name, value]]
  for (const [component = '', text = '', more] of pairs) {
    const level = (text === 'warn' ? 'warning' : text) as LogLevel
    if (more !== undefined || !logLevels.includes(level)) return 'unknown logger level'
    if (name !== 'level' && !context.logLevels().has(component)) return 'unknown logger name'
    wanted.push([component, level])
  }
  for (const [component, level] of wanted) context.setLogLevel(component, level)
  return undefined
}

function activeLoggers(context: AdminContext): string {
  const lines = [...context.logLevels()].sort().map(([name, level]) => `  ${name}: ${level}`)
  return ['active loggers:', ...lines].join('\n')
}

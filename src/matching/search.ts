/** RE2 expressions that are looked for anywhere in a text, for expression languages. Linear time, as regex.ts. */
import { RE2JS } from 're2js'
import { toBytes, toText } from '../base/latin1.ts'

export interface Search {
  /** Names of the groups that have one, with their numbers. */
  readonly names: Readonly<Record<string, number>>
  /** Whether it is found in a byte string. */
  test(value: string): boolean
  /**
   * The first match, or that of the whole text: all of it and its groups, as byte strings; undefined for a group that
   * took no part.
   */
  match(value: string, whole: boolean): readonly (string | undefined)[] | undefined
}

/** @param pattern byte string. Throws Error with what is wrong, or that it is too big. */
export function makeSearch(pattern: string, maxProgramSize: number): Search {
  const re2 = RE2JS.compile(toText(pattern))
  if (re2.programSize() > maxProgramSize) throw new Error('regular expression exceeds max allowed size')
  return {
    names: re2.namedGroups(),
    test: value => re2.matcher(toText(value)).find(),
    match(value, whole) {
      const matcher = re2.matcher(toText(value))
      if (!(whole ? matcher.matches() : matcher.find())) return undefined
      return Array.from({ length: re2.groupCount() + 1 }, (_, group) => {
        const text = matcher.group(group)
        return text === null ? undefined : toBytes(text)
      })
    },
  }
}

/** The form of the tables that say which fields are implemented. */

/**
 * Implemented fields by full name of the message; a message that is not listed has none. An entry of a list is
 * - `'name'`: implemented;
 * - `'type=STATIC|STRICT_DNS'`: implemented with these values of the enum;
 * - `'?name'`: accepted with a warning, because ignoring it cannot change what a client sees.
 */
export type SupportTable = Readonly<Record<string, 'all' | readonly string[]>>

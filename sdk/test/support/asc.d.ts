/** The part of AssemblyScript's compiler that the tests call. Its own types declare globals that are not Node's (`console`). */
export function main(
  args: readonly string[],
  options: { readonly stderr: { write(text: string | Uint8Array): void } },
): Promise<{ readonly error: Error | null }>

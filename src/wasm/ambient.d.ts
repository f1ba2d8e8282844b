/** What Node has and its type package lacks: WebAssembly, and the encoding-specific methods of Buffer. */

declare namespace WebAssembly {
  interface Module {
    readonly [Symbol.toStringTag]: string
  }
  interface ModuleDescriptor {
    readonly module: string
    readonly name: string
    readonly kind: string
  }
  interface Instance {
    readonly exports: Record<string, unknown>
  }
  interface Memory {
    readonly buffer: ArrayBuffer
    grow(pages: number): number
  }
  interface Table {
    set(index: number, value: unknown): void
  }
  const Module: {
    new (bytes: Uint8Array<ArrayBuffer>): Module
    imports(module: Module): ModuleDescriptor[]
    exports(module: Module): ModuleDescriptor[]
  }
  const Instance: new (module: Module, imports: object) => Instance
  const Table: new (descriptor: { element: 'anyfunc'; initial: number }) => Table
  function validate(bytes: Uint8Array<ArrayBuffer>): boolean
  function compile(bytes: Uint8Array<ArrayBuffer>): Promise<Module>
  const Memory: new (descriptor: { initial: number; maximum?: number }) => Memory
}

interface Buffer {
  latin1Slice(start: number, end: number): string
  latin1Write(text: string, offset: number, length: number): number
  utf8Slice(start: number, end: number): string
}

// Runs in a process of its own: a component that makes the transpiler crash, hang or swell ends this process, not the daemon.
import { $init, generate } from '@bytecodealliance/jco-transpile/component'

import type { TranspileReply, TranspileRequest } from './transpile.ts'

process.once('message', (request: TranspileRequest) => {
  void answer(request).then((reply) => process.send?.(reply, () => process.disconnect?.()))
})

async function answer(request: TranspileRequest): Promise<TranspileReply> {
  await $init
  try {
    const { files } = generate(request.bytes, {
      name: 'component',
      instantiation: { tag: 'sync' },
      noTypescript: true,
      noNodejsCompat: true,
      noComponentErrorWrapping: true,
      base64Cutoff: 0,
      // V8 has them; without, jco rewrites modules that use them.
      multiMemory: true,
      ...(request.asyncImports.length === 0
        ? {}
        : {
            asyncMode: { tag: 'jspi', val: { imports: [...request.asyncImports], exports: [...request.asyncExports] } },
          }),
    })
    const glue = files.find(([name]) => name.endsWith('.js'))
    if (glue === undefined) return { ok: false, message: 'the transpiler emitted no JavaScript' }
    return {
      ok: true,
      glueSource: new TextDecoder().decode(glue[1]),
      coreModules: files.filter(([name]) => name.endsWith('.wasm')),
    }
  } catch (error) {
    return { ok: false, message: toMessage(error) }
  }
}

/** The transpiler, itself a component, throws its messages as payloads. */
function toMessage(error: unknown): string {
  if (error instanceof Error && 'payload' in error) return String(error.payload)
  return error instanceof Error ? error.message : String(error)
}

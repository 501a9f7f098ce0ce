import { loadWithJco } from '../../../fixtures/src/index.ts'
import type { Scenario } from './scenario.ts'
import { syncSubject, type Subject } from './subject.ts'

/** The component in the glue that jco makes for it: no pool, no limit, no check, no reset. */
export async function jcoSubject(
  name: string,
  component: Uint8Array,
  { input }: Pick<Scenario, 'input'>,
): Promise<Subject> {
  const { handlerL7Request } = await (await loadWithJco(component)).instantiate()
  if (handlerL7Request === undefined) throw new Error('the component has no handler of requests')
  return syncSubject(name, () => handlerL7Request.handle('x', input))
}

import type { ResourceType } from '../plan/value-type.ts'
import type { Codec, Side } from './codec.ts'
import { toNumber } from './host-values.ts'

/** `own` and `borrow`: what a handle stands for is the host's object, or a guest's number for its resource. */
export function handleCodec(kind: 'own' | 'borrow', { id, owner }: ResourceType): Codec {
  const lift = (side: Side, index: number): unknown =>
    kind === 'own' ? side.handles.take(index, id) : side.handles.lend(index, id)
  const lower = (side: Side, value: unknown): number => {
    if (kind === 'own') return side.handles.own(id, value)
    // The component that defines a resource gets its own number, not a handle (Canonical ABI, `lower_borrow`).
    return side.owner === owner ? toNumber(value) : side.handles.borrow(id, value)
  }
  return {
    size: 4,
    align: 4,
    flat: ['i32'],
    load: (side, pointer) => lift(side, side.guest.view.getUint32(pointer, true)),
    store: (side, pointer, value) => side.stage.view.setUint32(pointer, lower(side, value), true),
    lift: (side, args, at) => lift(side, (args[at] as number) >>> 0),
    lower: (side, value, out) => void out.push(lower(side, value) | 0),
  }
}

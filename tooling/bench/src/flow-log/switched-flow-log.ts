import { FlowLog, type FlowFile } from '../../../../packages/vane-engine/src/index.ts'

/** Who a request is written down for. */
export type Recording = 'off' | 'ring' | 'listener' | 'file'

type Connection = Parameters<FlowLog['begin']>[0]

/** A flow log as the daemon has it, whose cost can be had and not be had by turns within one process. */
export class SwitchedFlowLog extends FlowLog {
  readonly #file: FlowFile
  #isOn = false
  #unsubscribe = (): void => {}
  #heard = 0

  constructor(file: FlowFile) {
    super()
    this.#file = file
  }

  /** Entries that the listener has heard of. */
  get heard(): number {
    return this.#heard
  }

  record(recording: Recording): void {
    this.#unsubscribe()
    this.#unsubscribe = () => {}
    this.#isOn = recording !== 'off'
    if (recording === 'listener') this.#unsubscribe = this.subscribe(() => void this.#heard++)
    if (recording === 'file') this.#unsubscribe = this.subscribe((event) => this.#file.write(event))
  }

  override begin(connection: Connection): ReturnType<FlowLog['begin']> {
    return this.#isOn ? super.begin(connection) : undefined
  }
}

import { UnsupportedError } from '../binary/unsupported-error.ts'

/** Components that instantiate one another twice over must not double without end. */
const MAX_WORK = 500_000
/** A plugin has about a dozen. Each costs time with every instance that is made. */
const MAX_STEPS = 256
const MAX_COMPONENT_INSTANCES = 256

/** What planning one component may cost, and the numbers that it gives out. */
export class PlanBudget {
  #work: number = 0
  #steps: number = 0
  #componentInstances: number = 0
  #resources: number = 0

  /** Counts definitions and whatever else is walked over. @throws UnsupportedError */
  spend(count: number): void {
    this.#work += count
    if (this.#work > MAX_WORK) throw new UnsupportedError(`more than ${MAX_WORK} definitions`)
  }

  /** Number of a core instance. @throws UnsupportedError */
  newStep(): number {
    if (this.#steps >= MAX_STEPS) throw new UnsupportedError(`more than ${MAX_STEPS} core instances`)
    return this.#steps++
  }

  /** Number of a component instance. @throws UnsupportedError */
  newComponentInstance(): number {
    if (this.#componentInstances >= MAX_COMPONENT_INSTANCES) {
      throw new UnsupportedError(`more than ${MAX_COMPONENT_INSTANCES} component instances`)
    }
    return this.#componentInstances++
  }

  /** Id of a resource. */
  newResource(): number {
    return this.#resources++
  }
}

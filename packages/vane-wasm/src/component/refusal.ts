/** Refuses a component. The message is the reason alone, fit to stand behind the file's name. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
}

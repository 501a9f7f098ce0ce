const MAX_LENGTH = 80

/** A plugin's own name for something, fit for a message: quoted, escaped and short. */
export function quoteName(name: string): string {
  const short = name.length > MAX_LENGTH ? `${name.slice(0, MAX_LENGTH)}…` : name
  // What JSON leaves as it is, but a terminal or a log reader may take for a line's end or a command.
  return JSON.stringify(short).replaceAll(
    /[\u007f-\u009f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

import { cutText } from './cut-text.ts'

// C0 and C1 controls and DEL: line breaks and terminal escapes must not let a plugin forge lines of its own.
const CONTROL = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g

/** Makes a plugin's text fit for a log line: control characters are written `\x{HH}`, what exceeds the limit is cut. */
export function toLogText(text: string, maxLength: number): string {
  const cut = text.length > maxLength ? `${cutText(text, maxLength)}…` : text
  return cut.replaceAll(CONTROL, (character) => `\\x{${character.charCodeAt(0).toString(16).padStart(2, '0')}}`)
}

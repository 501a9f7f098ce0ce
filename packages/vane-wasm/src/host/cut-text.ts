/**
 * The beginning of a plugin's text, as a copy: a slice would keep the whole of it alive for as long as the slice is, be it a
 * megabyte behind each label of a metric.
 *
 * @param maxLength in UTF-16 units; half of a surrogate pair at the end becomes U+FFFD.
 */
export function cutText(text: string, maxLength: number): string {
  return text.length > maxLength ? Buffer.from(text.slice(0, maxLength)).toString() : text
}

import { expect, test } from 'vitest'
import { jsonPath, jsonPathAt, parseJsonTree, ProblemSink, SourceText, type JsonNode } from 'vane-core'

test('agrees with the path of every value in a tree', () => {
  const text = '{ "a": [1, "x", { "b.c": null, "d": [[true], {}] }], "e-f": "y" }'
  const root = parseJsonTree(new ProblemSink(new SourceText({ path: 'x.json', text })))
  const nodes: JsonNode[] = []
  const pending = [root!]
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (node.type !== 'property') nodes.push(node)
    pending.push(...(node.type === 'property' ? [node.children![1]!] : (node.children ?? [])))
  }
  expect(nodes.length).toBeGreaterThan(8)
  for (const node of nodes) {
    expect(jsonPathAt(text, node.offset)).toBe(jsonPath(node))
  }
})

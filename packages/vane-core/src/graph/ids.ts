declare const idBrand: unique symbol
type Id<Name extends string> = number & { readonly [idBrand]: Name }

/** Index into a graph's `nodes`. */
export type NodeId = Id<'node'>
/** Index into a graph's `predicates`. */
export type PredicateId = Id<'predicate'>
/** Index into a graph's `middlewares`. */
export type MiddlewareId = Id<'middleware'>
/** Index into a graph's `fetches`. */
export type FetchId = Id<'fetch'>
/** Index into a graph's `terminators`. */
export type TerminatorId = Id<'terminator'>

/**
 * SOFAArk keeps its bizs in a ConcurrentHashMap, so a base lists them by hash and neither by name nor by age.
 * An operator that leans on any other order must fail against the simulator as it would against a base.
 */
export function inJavaMapOrder<T>(items: readonly T[], keyOf: (item: T) => string): T[] {
  let tableSize = 16
  while (items.length >= tableSize * 0.75) tableSize *= 2
  const bucketOf = (item: T) => spread(javaHashCode(keyOf(item))) & (tableSize - 1)
  // Array.sort is stable: within one bucket the older stays first, as in the bucket's list.
  return [...items].sort((a, b) => bucketOf(a) - bucketOf(b))
}

function javaHashCode(text: string): number {
  let hash = 0
  for (let i = 0; i < text.length; i++) hash = (Math.imul(31, hash) + text.charCodeAt(i)) | 0
  return hash
}

const spread = (hash: number): number => hash ^ (hash >>> 16)

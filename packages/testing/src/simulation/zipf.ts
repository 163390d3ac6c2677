/**
 * Draws ranks 0…count-1 by Zipf's law: rank k is drawn in proportion to 1 / (k + 1)^skew, which is how views of pages,
 * products and profiles are spread. Skew 0 draws all alike.
 */
export function zipf(count: number, skew: number, random: () => number): () => number {
  const upTo = new Float64Array(count)
  let sum = 0
  for (let rank = 0; rank < count; rank++) {
    sum += 1 / (rank + 1) ** skew
    upTo[rank] = sum
  }
  return () => {
    const wanted = random() * sum
    let low = 0
    let high = count - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if ((upTo[middle] ?? sum) > wanted) high = middle
      else low = middle + 1
    }
    return low
  }
}

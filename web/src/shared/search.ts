/** Finding a place in what is sorted. */

/** The first of `count` items from which on `holds` is true (it never turns false again), else `count`. */
export function firstWhere(count: number, holds: (i: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

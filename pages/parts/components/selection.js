// What a rule of selection makes of a cycle's probabilities: the twin of core/few_labels/selection.py, so that the
// lines act in the browser; tests/e2e/test_rail_lab.py holds the two together.

const DEFECT = 1, NORMAL = 0, LEFT = -1

/** Places of the photos of each group, the highest P(defect) first; ties keep the group's order. */
export function groups(p, part, size) {
  const own = new Map()
  p.forEach((_, i) => {
    const name = size ? Math.floor(i / size) : part[i]
    own.has(name) ? own.get(name).push(i) : own.set(name, [i])
  })
  return [...own.values()].map((places) => [...places].sort((a, b) => p[b] - p[a] || a - b))
}

/** What each photo is called: 1 defect, 0 normal, -1 left for later. `lines` has threshold share sure portion. */
export function choose(p, grouped, lines, rule, shares = []) {
  const chosen = new Array(p.length).fill(NORMAL)
  grouped.forEach((places, k) => {
    const n = places.length, share = shares[k] ?? lines.share
    const room = (portion) => Math.floor(portion * n + 1e-9)
    const first = room(lines.portion * share), last = n - room(lines.portion * (1 - share))
    places.forEach((i, rank) => {
      const is = {
        both: p[i] > lines.threshold && rank < room(share),
        threshold: p[i] > lines.threshold,
        share: rank < room(share),
        sure: p[i] >= lines.sure,
        balanced: rank < first,
      }[rule]
      const waits = { sure: p[i] < lines.sure && 1 - p[i] < lines.sure, balanced: rank >= first && rank < last }[rule]
      chosen[i] = waits ? LEFT : is ? DEFECT : NORMAL
    })
  })
  return chosen
}

/** How many labels are wrong, of which kind, where the truth is known; what is left has no label. */
export function mistakes(said, truth) {
  const told = { defect: 0, false_defects: 0, missed_defects: 0, known: 0, left: 0 }
  said.forEach((is, i) => {
    told.left += is === LEFT ? 1 : 0
    if (is === LEFT) return
    told.defect += is
    told.known += truth[i] >= 0 ? 1 : 0
    told.false_defects += is && truth[i] === 0 ? 1 : 0
    told.missed_defects += !is && truth[i] === 1 ? 1 : 0
  })
  return { ...told, wrong: told.false_defects + told.missed_defects }
}

/** "1-3,7" for the places 0, 1, 2 and 6, and back. */
export function ranges(places) {
  const told = []
  for (const at of [...places].sort((a, b) => a - b)) {
    const last = told.at(-1)
    last && last[1] === at ? (last[1] = at + 1) : told.push([at + 1, at + 1])
  }
  return told.map(([a, b]) => (a === b ? `${a}` : `${a}-${b}`)).join(",")
}
export function places(text, n) {
  const found = new Set()
  for (const part of String(text ?? "").split(",")) {
    const [a, b = a] = part.split("-").map(Number)
    for (let at = a; at >= 1 && at <= Math.min(b, n); at++) found.add(at - 1)
  }
  return found
}


// Numbers with a name, how they went, and the photos behind them one click away.

export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector(".figures")
  root.replaceChildren(
    ...data.figures.map((figure) => {
      const node = make(figure.href ? "a" : "div", "figure")
      node.dataset.tone = figure.tone ?? ""
      if (figure.href) {
        node.href = figure.href
        node.onclick = (event) => {
          if (event.ctrlKey || event.metaKey || event.shiftKey) return
          event.preventDefault()
          setTriggerValue("open", figure.id)
        }
      }
      node.append(make("div", "name", figure.name), make("div", "number", figure.number))
      if (figure.parts?.some((n) => n > 0)) node.append(bars(figure.parts))
      if (figure.aside) node.append(make("div", "aside", figure.aside))
      return node
    }),
  )
}

function bars(parts) {
  const svg = shape("svg", { viewBox: `0 0 ${parts.length * 10} 30`, preserveAspectRatio: "none", "aria-hidden": "true" })
  const most = Math.max(...parts)
  svg.append(shape("line", { x1: 0, x2: parts.length * 10, y1: 30, y2: 30, "vector-effect": "non-scaling-stroke" }))
  parts.forEach((n, i) => {
    const height = n ? Math.max(2, (n / most) * 28) : 0
    svg.append(shape("rect", { x: i * 10 + 1.5, y: 30 - height, width: 7, height }))
  })
  return svg
}

function shape(tag, told) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag)
  for (const [name, value] of Object.entries(told)) node.setAttribute(name, value)
  return node
}

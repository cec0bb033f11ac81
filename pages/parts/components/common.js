// Shared by all elements.

/** A new element with this class and these words, where there are any. */
function make(tag, className = "", text) {
  const made = document.createElement(tag)
  if (className) made.className = className
  if (text !== undefined && text !== null) made.textContent = text
  return made
}

/** Hand a file to the person, under this name. */
function download(blob, name) {
  const link = make("a")
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 1000)
}

/** Rows of values as the file that spreadsheets open as it is: a mark for UTF-8 first, lines ended as they want it. */
function csvOf(rows) {
  const cell = (value) => {
    if (value === null || value === undefined || Number.isNaN(value)) return ""
    return /[",\r\n]/.test(value) ? `"${String(value).replaceAll('"', '""')}"` : String(value)
  }
  const text = rows.map((row) => row.map(cell).join(",")).join("\r\n")
  return new Blob(["\ufeff" + text], { type: "text/csv;charset=utf-8" })
}


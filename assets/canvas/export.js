// Files for the user: a download, and the rows of each view as CSV.

export function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

// A text that a spreadsheet would calculate gets an apostrophe, which an upload takes off again.
const guarded = (text) => (/^'*[=+\-@＝＋－＠]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text);

const cell = (value) => {
  const text = typeof value === "number" ? String(Number(value.toPrecision(7))) : guarded(String(value));
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

export const toCsv = (rows) => rows.map((row) => row.map(cell).join(",")).join("\n") + "\n";

export const className = (meta, index) => meta.class_names?.[index] ?? String(index);

// Trajectory rows for every layer up to `last` (an index into the shown layers).
export function pathRows(meta, positions, labels, last) {
  const axes = [0, 1, 2].filter((axis) => meta.components[axis]);
  const rows = [["trajectory", "label", "layer", "t", ...axes.map((axis) => meta.components[axis])]];
  const { layers, count, values } = positions;
  for (let i = 0; i < count; i += 1) {
    for (let s = 0; s < layers && s <= last; s += 1) {
      const at = (s * count + i) * 3;
      const label = meta.task === "regression" ? labels?.[i] ?? "" : className(meta, labels?.[i] ?? 0);
      rows.push([i, label, meta.layers[s], meta.times[s], ...axes.map((axis) => values[at + axis])]);
    }
  }
  return rows;
}

export function warpRows(meta, nodes, columns, t) {
  const axes = [0, 1, 2].filter((axis) => meta.components[axis]);
  const rows = [["grid_row", "grid_column", "t", ...axes.map((axis) => meta.components[axis])]];
  for (let i = 0; i * 3 < nodes.length; i += 1) {
    rows.push([Math.floor(i / columns), i % columns, t, ...axes.map((axis) => nodes[3 * i + axis])]);
  }
  return rows;
}

// One row for each cell of the map, at the cell's centre.
export function mapRows(meta, cells) {
  const regression = meta.task === "regression";
  const names = meta.feature_names.slice(0, cells.rows > 1 ? 2 : 1);
  const rows = [[...names, ...(regression ? ["value"] : ["class", "confidence"])]];
  for (let row = 0; row < cells.rows; row += 1) {
    for (let column = 0; column < cells.columns; column += 1) {
      const { x, y, index, value, confidence } = cells.read(row, column);
      const place = cells.rows > 1 ? [x, y] : [x];
      const confidenceCell = confidence === null ? "" : confidence;
      rows.push([...place, ...(regression ? [value] : [className(meta, index), confidenceCell])]);
    }
  }
  return rows;
}

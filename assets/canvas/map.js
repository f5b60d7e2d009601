// The predicted map: cells with class and confidence (or value), and their picture.

import { classRgb, mix, valueRgb } from "./theme.js";

const BANDS = 8;
// Not the whole way to the class colour, so that points of that class still stand out.
const STRENGTH = 0.78;

export class Cells {
  constructor(set, frame) {
    const { grid, confidence } = set.arrays;
    this.meta = set.meta;
    [, this.rows, this.columns] = grid.shape;
    const size = this.rows * this.columns;
    this.index = grid.data.subarray(frame * size, (frame + 1) * size);
    this.confidence = confidence?.data.subarray(frame * size, (frame + 1) * size) ?? null;
    this.regression = set.meta.task === "regression";
  }

  // Everything about one cell; x and y of its centre in input units, row 0 at the top.
  read(row, column) {
    const [x0, x1, y0, y1] = this.meta.extent;
    const at = row * this.columns + column;
    const [lo, hi] = this.meta.value_range ?? [0, 1];
    return {
      x: x0 + ((column + 0.5) / this.columns) * (x1 - x0),
      y: y1 - ((row + 0.5) / this.rows) * (y1 - y0),
      index: this.index[at],
      value: this.regression ? lo + (this.index[at] / 255) * (hi - lo) : null,
      confidence: this.confidence ? this.confidence[at] / 255 : null,
    };
  }

  // A canvas with one pixel for each cell.
  picture(theme, discrete) {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [this.columns, this.rows];
    const ctx = canvas.getContext("2d");
    const image = ctx.createImageData(this.columns, this.rows);
    const shades = this.regression ? valueShades(theme, discrete) : classShades(theme, this.meta, discrete);
    for (let at = 0; at < this.index.length; at += 1) {
      const row = this.regression ? shades : shades[this.index[at]] ?? shades[0];
      const [r, g, b] = row[this.regression ? this.index[at] : this.confidence?.[at] ?? 255];
      image.data.set([r, g, b, 255], 4 * at);
    }
    ctx.putImageData(image, 0, 0);
    return canvas;
  }
}

function valueShades(theme, discrete) {
  return Array.from({ length: 256 }, (_, v) => {
    const band = (Math.min(BANDS - 1, Math.floor((v / 256) * BANDS)) + 0.5) / BANDS;
    return valueRgb(theme, discrete ? band : v / 255);
  });
}

// For each class 256 colours: no more confident than a guess → nearly background, sure → full.
function classShades(theme, meta, discrete) {
  const count = Math.max(2, meta.class_names?.length ?? 2);
  return Array.from({ length: count }, (_, k) =>
    Array.from({ length: 256 }, (_unused, c) => {
      const sure = Math.max(0, (c / 255 - 1 / count) / (1 - 1 / count));
      return mix(theme.neutral, classRgb(k), discrete ? STRENGTH : STRENGTH * (0.04 + 0.96 * sure));
    }),
  );
}

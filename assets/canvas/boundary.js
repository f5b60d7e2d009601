// The boundary: what the net predicts over the input plane, with the data on top.

import { classRgb, css, markRgb } from "./theme.js";
import { makeSwitch, setPressed } from "./dom.js";
import { dot, drawAxes, drawLegend, formatNumber, line } from "./chart.js";
import { className, mapRows, toCsv } from "./export.js";
import { Cells } from "./map.js";
import { View } from "./view.js";

const MARGIN = { left: 48, right: 10, bottom: 40 };
const STRIP = 84;
const POINT_REACH = 7;
const KINDS = { train: ["points", "labels"], test: ["test_points", "test_labels"] };

export class BoundaryView extends View {
  constructor(parent) {
    super(parent, "boundary");
  }

  buildControls() {
    this.show = null;
    this.pictures = new Map();
    this.cursor = null;
    const set = (name) => (on) => {
      this.show[name] = on;
      this.requestDraw();
    };
    const add = (name, label, title) => makeSwitch(label, title, false, set(name), this.signal);
    this.switches = {
      discrete: add("discrete", "Discretise", "Full class colours, without confidence"),
      train: add("train", "Train", "Show the training points"),
      test: add("test", "Test", "Show the test points"),
    };
    this.toolbar.append(...Object.values(this.switches));
  }

  optionsChanged() {
    const { discretise = false, show_train = true, show_test = false } = this.options;
    this.show ??= { discrete: discretise, train: show_train, test: show_test };
    for (const [name, button] of Object.entries(this.switches)) {
      setPressed(button, this.show[name]);
      button.hidden = this.hidden.has(name) || this.hidden.has("switches");
    }
  }

  framesChanged() {
    this.pictures.clear();
    this.strip = this.set !== null && this.set.arrays.grid.shape[1] === 1;
    this.curve = this.strip && this.set.meta.task === "regression";
  }

  update(data) {
    // The theme may have changed, and the pictures hold its colours.
    this.pictures.clear();
    super.update(data);
  }

  steps(track) {
    return track === "epoch" && this.set ? this.set.count - 1 : 1;
  }

  leadsEpoch() {
    const leads = (view) => view.mode === "flow" && (view.set?.count > 1 || view.options.epoch_slider);
    return ![...this.timeline.members].some(leads);
  }

  showControls() {
    super.showControls();
    this.canvas.style.touchAction = "pan-y pinch-zoom";
    const slice = this.set?.meta.slice;
    this.note.textContent = slice ? `Held at the mean: ${slice}` : "";
    const { points, test_points: tests } = this.set?.arrays ?? {};
    this.switches.train.disabled = !points?.shape[0];
    this.switches.test.disabled = !tests?.shape[0];
  }

  heightFor(width) {
    const wanted = this.options.height ?? 380;
    if (!this.set) return Math.round(Math.min(wanted, Math.max(240, width * 0.95)));
    const legend = this.legendSize();
    const frame = this.topMargin() + MARGIN.bottom + legend;
    if (this.strip && !this.curve) return STRIP + frame;
    return Math.round(Math.min(wanted, Math.max(200, this.boxFor(width, wanted - frame).h + frame)));
  }

  // The plot's box; the units of both inputs are equally long unless the extent is very flat.
  boxFor(width, height) {
    const [x0, x1, y0, y1] = this.set.meta.extent;
    const free = { w: width - MARGIN.left - MARGIN.right, h: height };
    if (this.strip) return { x: MARGIN.left, y: this.topMargin(), w: free.w, h: this.curve ? free.h : STRIP };
    const ratio = Math.min(2.5, Math.max(0.4, (x1 - x0) / (y1 - y0) || 1));
    const w = Math.min(free.w, free.h * ratio);
    return { x: MARGIN.left + (free.w - w) / 2, y: this.topMargin(), w, h: w / ratio };
  }

  range() {
    const [x0, x1, y0, y1] = this.set.meta.extent;
    return this.curve ? [x0, x1, ...(this.set.meta.value_range ?? [0, 1])] : [x0, x1, y0, y1];
  }

  draw(ctx) {
    const { meta } = this.set;
    const legend = this.legendSize();
    const box = this.boxFor(this.width, this.height - this.topMargin() - MARGIN.bottom - legend);
    this.box = box;
    this.drawMap(ctx, box);
    const names = [meta.feature_names[0], this.curve ? "output" : meta.feature_names[1] ?? ""];
    const yTicks = !this.strip || this.curve;
    drawAxes(ctx, this.theme, box, this.range(), names, { grid: false, yTicks });
    ctx.save();
    ctx.beginPath();
    ctx.rect(box.x - 5, box.y - 5, box.w + 10, box.h + 10);
    ctx.clip();
    if (this.curve) this.drawCurve(ctx, box);
    if (this.show.train) this.drawPoints(ctx, box, "train");
    if (this.show.test) this.drawPoints(ctx, box, "test");
    ctx.restore();
    if (legend) drawLegend(ctx, this.theme, meta, 48, this.height - legend + 2, this.width - 48);
    this.drawTitle(ctx, box.x + box.w);
    this.drawCursor(ctx, box);
    return false;
  }

  drawMap(ctx, box) {
    const { frame, blend } = this.where();
    ctx.imageSmoothingEnabled = !this.show.discrete;
    ctx.imageSmoothingQuality = "high";
    const paint = (index, alpha) => {
      ctx.globalAlpha = alpha * (this.curve ? 0.25 : 1);
      ctx.drawImage(this.picture(index), box.x, box.y, box.w, box.h);
    };
    if (this.show.discrete || blend === 0) {
      paint(this.nearestFrame(), 1);
    } else {
      paint(frame, 1);
      paint(Math.min(this.set.count - 1, frame + 1), blend);
    }
    ctx.globalAlpha = 1;
  }

  picture(frame) {
    const key = `${frame}${this.show.discrete}`;
    if (!this.pictures.has(key)) {
      this.pictures.set(key, new Cells(this.set, frame).picture(this.theme, this.show.discrete));
    }
    return this.pictures.get(key);
  }

  drawCurve(ctx, box) {
    const cells = new Cells(this.set, this.nearestFrame());
    ctx.beginPath();
    for (let column = 0; column < cells.columns; column += 1) {
      const { x, value } = cells.read(0, column);
      ctx.lineTo(...this.place(box, x, value));
    }
    ctx.lineWidth = 2.2;
    ctx.strokeStyle = this.theme.ink(0.85);
    ctx.stroke();
  }

  place(box, x, y) {
    const [x0, x1, y0, y1] = this.range();
    return [box.x + ((x - x0) / (x1 - x0)) * box.w, box.y + ((y1 - y) / (y1 - y0)) * box.h];
  }

  // Screen place, label and kind of the points of one kind.
  *points(box, kind) {
    const [name, labelName] = KINDS[kind];
    const points = this.set.arrays[name];
    const labels = this.set.arrays[labelName];
    for (let i = 0; points && i < points.shape[0]; i += 1) {
      const label = labels?.data[i] ?? 0;
      let y = points.data[2 * i + 1];
      // In a strip the height means nothing: spread the points so that they can be told apart.
      if (this.strip) y = this.curve ? label : (((i * 0.618034) % 1) - 0.5) * 1.5;
      yield [...this.place(box, points.data[2 * i], y), label];
    }
  }

  colourOf(label) {
    if (this.set.meta.task !== "regression") return css(classRgb(label));
    const [lo, hi] = this.set.meta.value_range ?? [0, 1];
    return css(markRgb(this.theme, (label - lo) / (hi - lo || 1)));
  }

  drawPoints(ctx, box, kind) {
    const count = this.set.arrays[KINDS[kind][0]]?.shape[0] ?? 0;
    const radius = Math.max(2.2, Math.min(3.6, 60 / Math.sqrt(count || 1))) * (box.w < 230 ? 0.8 : 1);
    // Training points wear a light ring, test points a dark one, in both themes.
    const outline = kind === "train" ? "rgba(255,255,255,0.95)" : "rgba(15,20,28,0.95)";
    for (const [x, y, label] of this.points(box, kind)) dot(ctx, x, y, radius, this.colourOf(label), outline, 1.1);
  }

  pointerMoved(event) {
    if (!this.set || !this.box) return;
    const [x, y] = this.pointOf(event);
    const { box } = this;
    const u = (x - box.x) / box.w;
    const v = (y - box.y) / box.h;
    this.cursor = u >= 0 && u <= 1 && v >= 0 && v <= 1 ? [u, v] : null;
    this.requestDraw();
  }

  pointerLeft() {
    this.cursor = null;
    this.requestDraw();
  }

  keyPressed(event) {
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const move = moves[event.key];
    if (event.key === "Escape") this.cursor = null;
    else if (!move || !this.set) return;
    else {
      const from = this.cursor ?? [0.5, 0.5];
      this.cursor = from.map((v, a) => Math.min(1, Math.max(0, v + 0.02 * move[a])));
    }
    event.preventDefault();
    this.requestDraw();
  }

  drawCursor(ctx, box) {
    if (!this.cursor) return;
    const [u, v] = this.cursor;
    const [x, y] = [box.x + u * box.w, box.y + v * box.h];
    ctx.lineWidth = 1;
    line(ctx, this.theme.ink(0.5, 0.6), x, box.y, x, box.y + box.h);
    if (!this.strip) line(ctx, this.theme.ink(0.5, 0.6), box.x, y, box.x + box.w, y);
    this.say(this.readOut(u, v, x, y), x, y);
  }

  readOut(u, v, x, y) {
    const { meta } = this.set;
    const cells = new Cells(this.set, this.nearestFrame());
    const row = Math.min(cells.rows - 1, Math.floor(v * cells.rows));
    const column = Math.min(cells.columns - 1, Math.floor(u * cells.columns));
    const cell = cells.read(row, column);
    const sure = cell.confidence === null ? "" : ` · ${Math.round(100 * cell.confidence)} %`;
    const first = cells.regression ? `output ${formatNumber(cell.value)}` : `${className(meta, cell.index)}${sure}`;
    const lines = [first, `${meta.feature_names[0]}  ${formatNumber(cell.x)}`];
    if (!this.strip) lines.push(`${meta.feature_names[1]}  ${formatNumber(cell.y)}`);
    return [...lines, ...this.pointUnder(x, y)];
  }

  pointUnder(x, y) {
    const { meta } = this.set;
    for (const kind of ["test", "train"]) {
      if (!this.show[kind]) continue;
      for (const [px, py, label] of this.points(this.box, kind)) {
        if ((px - x) ** 2 + (py - y) ** 2 > POINT_REACH ** 2) continue;
        const text = meta.task === "regression" ? formatNumber(label) : className(meta, label);
        return [`${kind} point: ${text}`];
      }
    }
    return [];
  }

  label() {
    const { meta } = this.set;
    const what = meta.task === "regression" ? "Predicted value" : `Predicted class of ${meta.class_names.join(", ")}`;
    const read = this.lines ? ` At the cursor: ${this.lines.join(", ")}.` : "";
    return `Output: ${what[0].toLowerCase()}${what.slice(1)} over ${meta.feature_names.join(" and ")}; ${this.epochWords()}.${read}`;
  }

  exportName() {
    return "boundary";
  }

  csv() {
    return toCsv(mapRows(this.set.meta, new Cells(this.set, this.nearestFrame())));
  }
}

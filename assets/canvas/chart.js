// What every drawing shares: ticks, axes, legends, limits that do not jump.

import { classRgb, css, isFaint, valueRgb } from "./theme.js";

const MINUS = "−";

export function formatNumber(value, digits = 3) {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e5 || size < 1e-3)) {
    return value.toExponential(1).replace("-", MINUS);
  }
  return String(Number(value.toPrecision(digits))).replace("-", MINUS);
}

// As many decimals as a hundredth of the span needs.
export function fixed(value, span) {
  const decimals = 2 - Math.floor(Math.log10(span));
  if (!(decimals <= 5 && decimals >= -3)) return formatNumber(value);
  return value.toFixed(Math.max(0, decimals)).replace("-", MINUS);
}

// Round numbers between lo and hi, about `wanted` of them.
export function ticks(lo, hi, wanted) {
  const span = hi - lo;
  if (!(span > 0) || !Number.isFinite(span)) return [];
  const raw = span / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= raw * 0.999);
  const first = Math.ceil(lo / step - 1e-9);
  const last = Math.floor(hi / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

export function setFont(ctx, theme, size = 11, weight = 400) {
  ctx.font = `${weight} ${size}px ${theme.font}`;
}

// Ticks, numbers and names around box = {x, y, w, h}; range = [x0, x1, y0, y1] in data units.
export function drawAxes(ctx, theme, box, range, names, { grid = true, yTicks = true } = {}) {
  const [x0, x1, y0, y1] = range;
  ctx.save();
  ctx.lineWidth = 1;
  setFont(ctx, theme);
  ctx.textBaseline = "top";
  ctx.textAlign = "center";
  for (const value of ticks(x0, x1, Math.max(4, box.w / 60))) {
    const x = box.x + ((value - x0) / (x1 - x0)) * box.w;
    line(ctx, grid ? theme.ink(0.07) : theme.ink(0.3), x, grid ? box.y : box.y + box.h, x, box.y + box.h + (grid ? 0 : 4));
    ctx.fillStyle = theme.ink(0.72);
    ctx.fillText(formatNumber(value), x, box.y + box.h + 6);
  }
  ctx.textBaseline = "middle";
  ctx.textAlign = "right";
  for (const value of yTicks ? ticks(y0, y1, Math.max(4, box.h / 50)) : []) {
    const y = box.y + box.h - ((value - y0) / (y1 - y0)) * box.h;
    line(ctx, grid ? theme.ink(0.07) : theme.ink(0.3), box.x - (grid ? 0 : 4), y, grid ? box.x + box.w : box.x, y);
    ctx.fillStyle = theme.ink(0.72);
    ctx.fillText(formatNumber(value), box.x - 7, y);
  }
  ctx.strokeStyle = theme.ink(0.18);
  ctx.strokeRect(box.x, box.y, box.w, box.h);
  axisNames(ctx, theme, box, names);
  ctx.restore();
}

function axisNames(ctx, theme, box, [xName, yName]) {
  setFont(ctx, theme, 12, 500);
  ctx.fillStyle = theme.ink(0.8);
  ctx.textAlign = "center";
  ctx.textBaseline = "alphabetic";
  ctx.fillText(xName, box.x + box.w / 2, box.y + box.h + 33, box.w);
  if (!yName) return;
  ctx.translate(box.x - 36, box.y + box.h / 2);
  ctx.rotate(-Math.PI / 2);
  ctx.fillText(yName, 0, 0, box.h);
}

export function line(ctx, style, x0, y0, x1, y1) {
  ctx.strokeStyle = style;
  ctx.beginPath();
  ctx.moveTo(Math.round(x0) + 0.5, Math.round(y0) + 0.5);
  ctx.lineTo(Math.round(x1) + 0.5, Math.round(y1) + 0.5);
  ctx.stroke();
}

export function dot(ctx, x, y, radius, fill, outline, width = 1) {
  ctx.beginPath();
  ctx.arc(x, y, radius, 0, 2 * Math.PI);
  ctx.fillStyle = fill;
  ctx.fill();
  if (!outline) return;
  ctx.lineWidth = width;
  ctx.strokeStyle = outline;
  ctx.stroke();
}

// Names set in rows no wider than `width`: [{text, index, x, row}], for drawing and measuring.
function legendItems(ctx, theme, names, width) {
  setFont(ctx, theme, 12);
  let x = 0;
  let row = 0;
  return names.map((text, index) => {
    const size = 16 + ctx.measureText(text).width + 14;
    if (x > 0 && x + size > width) {
      x = 0;
      row += 1;
    }
    const item = { text, index, x, row };
    x += size;
    // The buttons stand at the right end of the last row.
    if (index === names.length - 1 && x > width - BUTTONS) item.more = 1;
    return item;
  });
}

const LEGEND_ROW = 19;
const BUTTONS = 104;

export function legendHeight(ctx, theme, meta, width) {
  if (meta.task === "regression") return 34;
  const items = legendItems(ctx, theme, meta.class_names ?? [], width);
  if (items.length === 0) return 0;
  const { row, more = 0 } = items[items.length - 1];
  return (row + 1 + more) * LEGEND_ROW + 4;
}

export function drawLegend(ctx, theme, meta, x, y, width) {
  if (meta.task === "regression") {
    drawColourBar(ctx, theme, meta.value_range ?? [0, 1], x, y, Math.min(width - BUTTONS - 14, 240));
    return;
  }
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  for (const item of legendItems(ctx, theme, meta.class_names ?? [], width)) {
    const centre = y + item.row * LEGEND_ROW + LEGEND_ROW / 2;
    const rgb = classRgb(item.index);
    dot(ctx, x + item.x + 5, centre, 5, css(rgb), isFaint(theme, rgb) ? theme.ink(0.7) : "");
    ctx.fillStyle = theme.ink(0.85);
    ctx.fillText(item.text, x + item.x + 16, centre + 0.5);
  }
}

// The bar stands for the output of the map and for the targets of the points.
function drawColourBar(ctx, theme, [lo, hi], left, y, room) {
  setFont(ctx, theme, 12);
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  ctx.fillStyle = theme.ink(0.85);
  ctx.fillText("value", left, y + 8.5);
  const indent = ctx.measureText("value").width + 10;
  const [x, width] = [left + indent, room - indent];
  const gradient = ctx.createLinearGradient(x, 0, x + width, 0);
  for (let i = 0; i <= 10; i += 1) gradient.addColorStop(i / 10, css(valueRgb(theme, i / 10)));
  ctx.fillStyle = gradient;
  ctx.fillRect(x, y + 4, width, 9);
  ctx.strokeStyle = theme.ink(0.18);
  ctx.lineWidth = 1;
  ctx.strokeRect(x + 0.5, y + 4.5, width - 1, 8);
  setFont(ctx, theme);
  ctx.fillStyle = theme.ink(0.72);
  ctx.textBaseline = "top";
  for (const [u, align] of [[0, "left"], [0.5, "center"], [1, "right"]]) {
    ctx.textAlign = align;
    ctx.fillText(fixed(lo + u * (hi - lo), hi - lo), x + u * width, y + 17);
  }
}

// Limits of up to three axes that follow the data smoothly, and stay put while it still fits.
export class Limits {
  constructor() {
    this.reset();
  }

  reset() {
    this.lo = null;
  }

  aim(lo, hi) {
    if (!this.lo) {
      [this.lo, this.hi] = this.padded(lo, hi);
      this.goal = [[...this.lo], [...this.hi]];
      return;
    }
    for (let a = 0; a < lo.length; a += 1) {
      const [goalLo, goalHi] = [this.goal[0][a], this.goal[1][a]];
      const fits = lo[a] >= goalLo && hi[a] <= goalHi;
      if (fits && hi[a] - lo[a] > 0.6 * (goalHi - goalLo)) continue;
      const [newLo, newHi] = this.padded([lo[a]], [hi[a]]);
      [this.goal[0][a], this.goal[1][a]] = [newLo[0], newHi[0]];
    }
  }

  padded(lo, hi) {
    const margins = lo.map((v, a) => {
      const span = hi[a] - v;
      return span > 1e-9 * (1 + Math.abs(v)) ? 0.1 * span : Math.max(0.5, 0.1 * Math.abs(v));
    });
    return [lo.map((v, a) => v - margins[a]), hi.map((v, a) => v + margins[a])];
  }

  // Moves towards the goal; true while there is way to go.
  step(seconds, instantly) {
    const w = instantly ? 1 : 1 - Math.exp(-seconds / 0.12);
    let moving = false;
    for (let a = 0; a < this.lo.length; a += 1) {
      const span = this.goal[1][a] - this.goal[0][a];
      for (const [side, goal] of [[this.lo, this.goal[0]], [this.hi, this.goal[1]]]) {
        side[a] += (goal[a] - side[a]) * w;
        if (Math.abs(goal[a] - side[a]) > 0.002 * span) moving = true;
        else side[a] = goal[a];
      }
    }
    return moving;
  }
}

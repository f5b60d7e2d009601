// Draws points on their way: lines through the layers, starts small, ends large.

import { css, isFaint } from "./theme.js";
import { dot } from "./chart.js";

// Screen places of all points at all layers (and at the current depth), three numbers each.
export class Screen {
  constructor() {
    this.clear();
  }

  clear() {
    this.layers = 0;
    this.count = 0;
    this.trail = new Float32Array(0);
    this.heads = new Float32Array(0);
  }

  project(paths, times, project) {
    this.layers = paths.layers;
    this.count = paths.count;
    const size = paths.values.length;
    if (this.trail.length !== size) this.trail = new Float32Array(size);
    const out = [0, 0, 0];
    for (let s = 0; s < this.layers; s += 1) {
      for (let i = 0; i < this.count; i += 1) {
        const at = (s * this.count + i) * 3;
        project(paths.values, at, times[s], out);
        this.trail.set(out, at);
      }
    }
  }

  projectHeads(heads, time, project) {
    if (this.heads.length !== heads.length) this.heads = new Float32Array(heads.length);
    const out = [0, 0, 0];
    for (let at = 0; at < heads.length; at += 3) {
      project(heads, at, time, out);
      this.heads.set(out, at);
    }
  }

  // The point whose head (or, with p ≥ 0, whose line up to layer p) is nearest; −1 beyond `reach`.
  nearest(x, y, p, reach) {
    let best = reach * reach;
    let chosen = -1;
    const look = (i, from, at) => {
      const d = (from[at] - x) ** 2 + (from[at + 1] - y) ** 2;
      if (d < best) [best, chosen] = [d, i];
    };
    for (let i = 0; i < this.count; i += 1) {
      look(i, this.heads, 3 * i);
      for (let s = 0; s <= p && s < this.layers; s += 1) look(i, this.trail, (s * this.count + i) * 3);
    }
    return chosen;
  }

  // Draw order: in 3-D the far ones first, the chosen one always last.
  order(deep, chosen) {
    const order = Array.from({ length: this.count }, (_, i) => i);
    if (deep) order.sort((a, b) => this.heads[3 * a + 2] - this.heads[3 * b + 2]);
    if (chosen >= 0 && chosen < this.count) order.push(...order.splice(order.indexOf(chosen), 1));
    return order;
  }
}

// Near things are a little stronger than far ones.
const nearness = (style, i) => (style.deep ? 0.72 + 0.2 * style.screen.heads[3 * i + 2] : 1);

function tracePath(ctx, screen, i, depth) {
  const { trail, heads, count } = screen;
  ctx.moveTo(trail[3 * i], trail[3 * i + 1]);
  const last = Math.floor(depth + 1e-6);
  for (let s = 1; s <= last && s < screen.layers; s += 1) {
    const at = (s * count + i) * 3;
    ctx.lineTo(trail[at], trail[at + 1]);
  }
  ctx.lineTo(heads[3 * i], heads[3 * i + 1]);
}

export function drawTrails(ctx, style) {
  const { screen, chosen, theme } = style;
  const dense = Math.min(1, Math.sqrt(90 / Math.max(1, screen.count)));
  const alpha = (theme.dark ? 0.68 : 0.55) * (0.45 + 0.55 * dense) * (style.flows ? 1 : 0.5);
  ctx.lineJoin = "round";
  ctx.lineCap = "round";
  for (const i of screen.order(style.deep, chosen)) {
    const other = chosen >= 0 && i !== chosen;
    ctx.lineWidth = i === chosen ? 2.6 : 1.2;
    const strength = i === chosen ? 1 : alpha * nearness(style, i) * (other ? 0.35 : 1);
    ctx.strokeStyle = css(style.colourOf(i), strength.toFixed(3));
    ctx.beginPath();
    tracePath(ctx, screen, i, style.depth);
    ctx.stroke();
  }
}

export function drawStarts(ctx, style) {
  const { screen, chosen } = style;
  for (let i = 0; i < screen.count; i += 1) {
    const faint = chosen >= 0 && i !== chosen;
    dot(ctx, screen.trail[3 * i], screen.trail[3 * i + 1], 1.6, css(style.colourOf(i), faint ? 0.3 : 0.8));
  }
}

export function drawHeads(ctx, style) {
  const { screen, chosen, theme } = style;
  const radius = screen.count > 250 ? 3.2 : 4;
  for (const i of screen.order(style.deep, chosen)) {
    const faint = chosen >= 0 && i !== chosen;
    const size = i === chosen ? radius + 1.8 : radius * (style.deep ? 0.6 + 0.55 * nearness(style, i) : 1);
    const edge = isFaint(theme, style.colourOf(i)) ? theme.ink(0.7) : css(theme.background, 0.9);
    const outline = i === chosen ? theme.ink(1) : edge;
    const fill = css(style.colourOf(i), faint ? 0.55 : 1);
    dot(ctx, screen.heads[3 * i], screen.heads[3 * i + 1], size, fill, outline, i === chosen ? 1.6 : 1);
  }
}

function gridLines(ctx, nodes, rows, columns, time, project) {
  const out = [0, 0, 0];
  const run = (length, index) => {
    for (let k = 0; k < length; k += 1) {
      project(nodes, 3 * index(k), time, out);
      if (k === 0) ctx.moveTo(out[0], out[1]);
      else ctx.lineTo(out[0], out[1]);
    }
  };
  ctx.beginPath();
  for (let r = 0; r < rows; r += 1) run(columns, (k) => r * columns + k);
  for (let c = 0; rows > 1 && c < columns; c += 1) run(rows, (k) => k * columns + c);
  ctx.stroke();
}

// Each grid node as a curve over depth: for nets with a single feature.
function gridCurves(ctx, style, warp, nodes) {
  const out = [0, 0, 0];
  ctx.beginPath();
  for (let i = 0; i < warp.count; i += 1) {
    for (let s = 0; s <= style.depth + 1e-6 && s < warp.layers; s += 1) {
      style.project(warp.values, (s * warp.count + i) * 3, style.times[s], out);
      if (s === 0) ctx.moveTo(out[0], out[1]);
      else ctx.lineTo(out[0], out[1]);
    }
    style.project(nodes, 3 * i, style.timeAt(style.depth), out);
    ctx.lineTo(out[0], out[1]);
  }
  ctx.stroke();
}

export function drawWarp(ctx, style, warp, shape, depth) {
  const [rows, columns] = [shape[2], shape[3]];
  const nodes = warp.at(depth, new Float32Array(warp.count * 3));
  ctx.lineJoin = "round";
  ctx.lineWidth = 1;
  ctx.strokeStyle = style.theme.ink(style.theme.dark ? 0.55 : 0.45);
  if (style.curves) {
    gridCurves(ctx, style, warp, nodes);
    return;
  }
  const original = warp.at(0, new Float32Array(warp.count * 3));
  ctx.save();
  ctx.strokeStyle = style.theme.ink(0.13);
  gridLines(ctx, original, rows, columns, style.times[0], style.project);
  ctx.restore();
  gridLines(ctx, nodes, rows, columns, style.timeAt(depth), style.project);
}

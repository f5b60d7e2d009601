// Turns the stored integers into positions, between frames and between layers.

import { fixed } from "./chart.js";

export class Positions {
  constructor() {
    this.key = "";
    this.values = new Float32Array(0);
  }

  // Positions of one array ("paths" or "warp") at `frame` + `blend`, as values[(s·count + i)·3 + axis].
  read(set, name, frame, blend) {
    const array = set.arrays[name];
    const key = `${frame}:${blend.toFixed(5)}`;
    if (this.set === set && this.key === key) return this;
    [this.set, this.key] = [set, key];
    this.layers = array.shape[1];
    this.count = array.shape.slice(2, -1).reduce((product, n) => product * n, 1);
    const size = this.layers * this.count * 3;
    if (this.values.length !== size) this.values = new Float32Array(size);
    this.fill(set, array.data, frame, 1 - blend, false);
    if (blend > 0 && frame + 1 < set.count) this.fill(set, array.data, frame + 1, blend, true);
    this.measure();
    return this;
  }

  fill(set, data, frame, weight, add) {
    const { values } = this;
    const scale = (set.arrays.path_scale.data[frame] / 32767) * weight;
    const centre = set.arrays.path_centre.data;
    const from = frame * values.length;
    for (let axis = 0; axis < 3; axis += 1) {
      const shift = centre[3 * frame + axis] * weight;
      for (let i = axis; i < values.length; i += 3) {
        const value = data[from + i] * scale + shift;
        values[i] = add ? values[i] + value : value;
      }
    }
  }

  measure() {
    this.lo = [Infinity, Infinity, Infinity];
    this.hi = [-Infinity, -Infinity, -Infinity];
    this.finite = true;
    for (let i = 0; i < this.values.length; i += 1) {
      const value = this.values[i];
      const axis = i % 3;
      if (!Number.isFinite(value)) this.finite = false;
      if (value < this.lo[axis]) this.lo[axis] = value;
      if (value > this.hi[axis]) this.hi[axis] = value;
    }
  }

  // Everybody's place at the layer position p (0 … layers − 1, fractions allowed), as out[3i + axis].
  at(p, out) {
    const size = this.count * 3;
    if (out.length !== size) out = new Float32Array(size);
    const s = Math.min(this.layers - 1, Math.floor(p));
    const next = Math.min(this.layers - 1, s + 1);
    const w = p - s;
    for (let i = 0; i < size; i += 1) {
      const here = this.values[s * size + i];
      out[i] = here + w * (this.values[next * size + i] - here);
    }
    return out;
  }
}

// Depth runs evenly over the shown layers; t is read off the layers' own times, equal or not.
export class Depth {
  constructor(meta) {
    this.meta = meta;
    this.last = meta.times.length - 1;
    const rising = meta.times.every((t, s) => s === 0 || t > meta.times[s - 1]);
    this.timed = meta.is_flow !== false && rising && this.last > 0;
  }

  position(fraction) {
    return fraction * this.last;
  }

  timeAt(p) {
    const s = Math.min(this.last, Math.floor(p));
    const next = Math.min(this.last, s + 1);
    return this.meta.times[s] + (p - s) * (this.meta.times[next] - this.meta.times[s]);
  }

  text(p) {
    const { layers } = this.meta;
    const layer = `layer ${layers[Math.round(p)]} / ${layers[this.last]}`;
    return this.timed ? `${layer} · t = ${fixed(this.timeAt(p), this.meta.times[this.last] - this.meta.times[0])}` : layer;
  }
}

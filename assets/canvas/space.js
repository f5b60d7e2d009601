// Projections: a plane with equal units, features against depth, and a turning 3-D view.

export const BOX_2D = { left: 48, right: 10, bottom: 40 };

// A plane in which one unit is equally long on both axes: circles stay circles.
export function planeProjection(box, limits, axes = [0, 1]) {
  const [a, b] = axes;
  const spans = [limits.hi[a] - limits.lo[a], limits.hi[b] - limits.lo[b]];
  const unit = Math.min(box.w / spans[0], box.h / spans[1]);
  const middle = [(limits.lo[a] + limits.hi[a]) / 2, (limits.lo[b] + limits.hi[b]) / 2];
  const range = [
    middle[0] - box.w / 2 / unit, middle[0] + box.w / 2 / unit,
    middle[1] - box.h / 2 / unit, middle[1] + box.h / 2 / unit,
  ];
  const project = (values, at, _time, out) => {
    out[0] = box.x + (values[at + a] - range[0]) * unit;
    out[1] = box.y + (range[3] - values[at + b]) * unit;
    out[2] = 0;
  };
  return { project, range };
}

// One feature only: time runs to the right, the feature upwards.
export function timeProjection(box, limits, times) {
  const t0 = times[0];
  const t1 = times[times.length - 1] > t0 ? times[times.length - 1] : t0 + 1;
  const range = [t0, t1, limits.lo[0], limits.hi[0]];
  const project = (values, at, time, out) => {
    out[0] = box.x + ((time - t0) / (t1 - t0)) * box.w;
    out[1] = box.y + box.h - ((values[at] - range[2]) / (range[3] - range[2])) * box.h;
    out[2] = 0;
  };
  return { project, range };
}

export class Camera {
  constructor() {
    this.yaw = -0.62;
    this.pitch = 0.42;
    this.zoom = 1;
    this.turning = false;
  }

  turn(dx, dy) {
    this.yaw += dx;
    this.pitch = Math.min(1.5, Math.max(-1.5, this.pitch + dy));
  }

  zoomBy(factor) {
    this.zoom = Math.min(6, Math.max(0.4, this.zoom * factor));
  }

  // Maps places within the block ±sides to the screen; out[2] (−1 … 1) grows towards the viewer.
  lens(box, sides) {
    const [cy, sy] = [Math.cos(this.yaw), Math.sin(this.yaw)];
    const [cp, sp] = [Math.cos(this.pitch), Math.sin(this.pitch)];
    const radius = Math.hypot(...sides);
    // As large as fits while it turns; near things look up to a fifth larger, and names need room.
    const across = 1.2 * Math.hypot(sides[0], sides[1]);
    const upright = 1.1 * sides[2] * cp + across * Math.abs(sp);
    const size = this.zoom * Math.min((0.5 * box.w - 18) / across, (0.5 * box.h - 22) / upright);
    const [mx, my] = [box.x + box.w / 2, box.y + box.h / 2];
    return (x, y, z, out) => {
      const right = cy * x - sy * y;
      const away = sy * x + cy * y;
      const up = cp * z + sp * away;
      const near = (sp * z - cp * away) / radius;
      const scale = size * (1 + 0.2 * near);
      out[0] = mx + right * scale;
      out[1] = my - up * scale;
      out[2] = near;
    };
  }

  // Data → screen. Without a third component, time is the third axis.
  projection(box, limits, times, thirdIsTime) {
    const own = thirdIsTime ? 2 : 3;
    const spans = limits.hi.slice(0, own).map((hi, a) => hi - limits.lo[a]);
    const half = Math.max(...spans) / 2 || 1;
    const sides = [0, 1, 2].map((a) => (a < own ? spans[a] / 2 / half : 1));
    const lens = this.lens(box, sides);
    const middle = limits.hi.map((hi, a) => (hi + limits.lo[a]) / 2);
    const [t0, t1] = [times[0], times[times.length - 1]];
    const project = (values, at, time, out) => {
      const z = thirdIsTime
        ? (2 * (time - t0)) / (t1 - t0 || 1) - 1
        : (values[at + 2] - middle[2]) / half;
      lens((values[at] - middle[0]) / half, (values[at + 1] - middle[1]) / half, z, out);
    };
    return { project, lens, sides };
  }
}

// The floor, the edges and the three named axes of the block ±sides. The axes stand where the
// data does not hide them: on the two floor edges towards the viewer and on the leftmost upright.
export function drawCube(ctx, theme, { lens, sides }, names) {
  const at = (corner) => {
    const out = [0, 0, 0];
    lens(corner[0] * sides[0], corner[1] * sides[1], corner[2] * sides[2], out);
    return out;
  };
  const edge = (from, to, style, width = 1) => {
    const [p, q] = [at(from), at(to)];
    ctx.strokeStyle = style;
    ctx.lineWidth = width;
    ctx.beginPath();
    ctx.moveTo(p[0], p[1]);
    ctx.lineTo(q[0], q[1]);
    ctx.stroke();
  };
  for (let i = -1; i <= 1; i += 0.5) {
    edge([i, -1, -1], [i, 1, -1], theme.ink(0.11));
    edge([-1, i, -1], [1, i, -1], theme.ink(0.11));
  }
  for (const side of [-1, 1]) {
    edge([side, -1, 1], [side, 1, 1], theme.ink(0.08));
    edge([-1, side, 1], [1, side, 1], theme.ink(0.08));
    for (const other of [-1, 1]) edge([side, other, -1], [side, other, 1], theme.ink(0.08));
  }
  const middle = at([0, 0, 0]);
  for (const [axis, ends] of axisEdges(at).entries()) {
    edge(...ends, theme.ink(0.5), 1.5);
    nameAxis(ctx, theme, names[axis], at(ends[0].map((v, a) => (v + ends[1][a]) / 2)), middle);
  }
}

function axisEdges(at) {
  const nearer = (a, b) => (at(a)[2] > at(b)[2] ? a : b);
  const y = nearer([0, -1, -1], [0, 1, -1])[1];
  const x = nearer([-1, 0, -1], [1, 0, -1])[0];
  const uprights = [[-1, -1], [-1, 1], [1, -1], [1, 1]];
  uprights.sort((a, b) => at([...a, 0])[0] - at([...b, 0])[0]);
  const left = uprights[0];
  return [
    [[-1, y, -1], [1, y, -1]],
    [[x, -1, -1], [x, 1, -1]],
    [[...left, -1], [...left, 1]],
  ];
}

// Beside the middle of its edge, on the side away from the block.
function nameAxis(ctx, theme, name, [x, y], [mx, my]) {
  ctx.font = `500 12px ${theme.font}`;
  ctx.textBaseline = "middle";
  const size = ctx.measureText(name).width;
  const far = Math.hypot(x - mx, y - my) || 1;
  const [dx, dy] = [(x - mx) / far, (y - my) / far];
  const right = (ctx.canvas.clientWidth || x + size) - size - 4;
  const from = x + 14 * dx + (dx * size) / 2 - size / 2;
  ctx.textAlign = "left";
  ctx.fillStyle = theme.ink(0.8);
  ctx.fillText(name, Math.min(right, Math.max(4, from)), y + 16 * dy);
}

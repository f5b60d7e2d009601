// Projections: a plane with equal units, features against depth, and a turning 3-D view.

export const BOX_2D = { left: 48, top: 22, right: 10, bottom: 40 };

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

  // Maps (x, y, z), each within −1 … 1, to the screen; out[2] grows towards the viewer.
  lens(box) {
    const [cy, sy] = [Math.cos(this.yaw), Math.sin(this.yaw)];
    const [cp, sp] = [Math.cos(this.pitch), Math.sin(this.pitch)];
    const size = Math.min(box.w, box.h) * 0.36 * this.zoom;
    const [mx, my] = [box.x + box.w / 2, box.y + box.h / 2];
    return (x, y, z, out) => {
      const across = cy * x - sy * y;
      const away = sy * x + cy * y;
      const up = cp * z + sp * away;
      const near = sp * z - cp * away;
      const scale = size * (1 + 0.16 * near);
      out[0] = mx + across * scale;
      out[1] = my - up * scale;
      out[2] = near;
    };
  }

  // Data → screen. Without a third component, time is the third axis.
  projection(box, limits, times, thirdIsTime) {
    const lens = this.lens(box);
    const own = thirdIsTime ? 2 : 3;
    const spans = limits.hi.slice(0, own).map((hi, a) => hi - limits.lo[a]);
    const half = Math.max(...spans) / 2 || 1;
    const middle = limits.hi.map((hi, a) => (hi + limits.lo[a]) / 2);
    const [t0, t1] = [times[0], times[times.length - 1]];
    const project = (values, at, time, out) => {
      const z = thirdIsTime
        ? (2 * (time - t0)) / (t1 - t0 || 1) - 1
        : (values[at + 2] - middle[2]) / half;
      lens((values[at] - middle[0]) / half, (values[at + 1] - middle[1]) / half, z, out);
    };
    return { project, lens };
  }
}

// The floor, the standing edges and the three named axes of the cube −1 … 1.
export function drawCube(ctx, theme, lens, names) {
  const [p, q] = [[0, 0, 0], [0, 0, 0]];
  const edge = (from, to, style, width) => {
    lens(...from, p);
    lens(...to, q);
    ctx.strokeStyle = style;
    ctx.lineWidth = width;
    ctx.beginPath();
    ctx.moveTo(p[0], p[1]);
    ctx.lineTo(q[0], q[1]);
    ctx.stroke();
  };
  for (let i = -1; i <= 1; i += 0.5) {
    edge([i, -1, -1], [i, 1, -1], theme.ink(0.12), 1);
    edge([-1, i, -1], [1, i, -1], theme.ink(0.12), 1);
  }
  for (const [x, y] of [[-1, -1], [-1, 1], [1, -1], [1, 1]]) {
    edge([x, y, -1], [x, y, 1], theme.ink(0.08), 1);
  }
  for (const [from, to] of [[[-1, -1, 1], [1, -1, 1]], [[-1, 1, 1], [1, 1, 1]], [[-1, -1, 1], [-1, 1, 1]], [[1, -1, 1], [1, 1, 1]]]) {
    edge(from, to, theme.ink(0.08), 1);
  }
  const corner = [-1, -1, -1];
  for (const [axis, end] of [[1, -1, -1], [-1, 1, -1], [-1, -1, 1]].entries()) {
    edge(corner, end, theme.ink(0.55), 1.5);
    nameAxis(ctx, theme, lens, names[axis], end);
  }
}

function nameAxis(ctx, theme, lens, name, end) {
  const p = [0, 0, 0];
  lens(...end.map((v) => v * 1.1), p);
  ctx.font = `500 12px ${theme.font}`;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  const half = ctx.measureText(name).width / 2 + 4;
  const width = ctx.canvas.clientWidth || 2 * half;
  ctx.fillStyle = theme.ink(0.8);
  ctx.fillText(name, Math.min(width - half, Math.max(half, p[0])), p[1]);
}

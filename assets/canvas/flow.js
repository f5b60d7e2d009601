// The flow: trajectories through the layers, the warped grid, and the same in 3-D.

import { classRgb, markRgb } from "./theme.js";
import { prefersReducedMotion } from "./timeline.js";
import { makeButton, makeTabs, makeTrack, setPressed, showTrack } from "./dom.js";
import { drawAxes, drawLegend, formatNumber, Limits } from "./chart.js";
import { className, pathRows, toCsv, warpRows } from "./export.js";
import { Depth, Positions } from "./paths.js";
import { BOX_2D, Camera, drawCube, planeProjection, timeProjection } from "./space.js";
import { drawHeads, drawStarts, drawTrails, drawWarp, Screen } from "./trails.js";
import { View } from "./view.js";

const TABS = { trajectories: "Trajectories", warp: "Warped grid", space: "3-D" };
const REACH = 22;

export class FlowView extends View {
  constructor(parent) {
    super(parent, "flow");
  }

  buildControls() {
    this.tab = "";
    this.camera = new Camera();
    this.limits = { paths: new Limits(), warp: new Limits() };
    this.paths = new Positions();
    this.warp = new Positions();
    this.screen = new Screen();
    this.heads = new Float32Array(0);
    this.nodes = new Float32Array(0);
    this.chosen = -1;
    this.fingers = new Map(); // what holds the 3-D view, a mouse too: where it is on the screen
    this.tabs = makeTabs("View", TABS, (name) => this.choose(name), this.signal);
    const turn = () => {
      this.camera.turning = !this.camera.turning;
      this.requestDraw();
    };
    this.tabs.buttons[2].title = "Drag or press arrow keys to turn; click, then wheel (or two fingers) to zoom";
    this.turnButton = makeButton("Rotate", "Rotate slowly by itself", turn, this.signal);
    this.toolbar.append(this.tabs.bar, this.turnButton);
    this.depthRow = makeTrack("depth", () => this.timeline, this.signal);
    this.root.append(this.depthRow.row);
    const wheel = (event) => {
      // Only after a click: scrolling the page must not be caught by the picture.
      if (this.tab !== "space" || this.root.getRootNode().activeElement !== this.canvas) return;
      event.preventDefault();
      this.camera.zoomBy(Math.exp(-event.deltaY * 0.0012));
      this.requestDraw();
    };
    this.canvas.addEventListener("wheel", wheel, { signal: this.signal, passive: false });
    this.canvas.addEventListener("pointerdown", (event) => this.grab(event), { signal: this.signal });
    const drop = (event) => this.fingers.delete(event.pointerId);
    for (const end of ["pointerup", "pointercancel"]) this.canvas.addEventListener(end, drop, { signal: this.signal });
  }

  optionsChanged() {
    if (!this.tab) this.tab = this.options.view in TABS ? this.options.view : "trajectories";
    this.tabs.bar.hidden = this.hidden.has("tabs");
  }

  framesChanged() {
    if (!this.set) return;
    const { components } = this.set.meta;
    this.axes = components.filter(Boolean).length;
    for (const button of this.tabs.buttons) {
      const { value } = button.dataset;
      button.hidden = (value === "warp" && !this.set.arrays.warp) || (value === "space" && this.axes < 2);
      if (button.hidden && value === this.tab) this.tab = "trajectories";
    }
    const shape = `${components} ${this.set.meta.features}`;
    if (shape !== this.shape) for (const limits of Object.values(this.limits)) limits.reset();
    this.shape = shape;
    if (this.chosen >= this.set.arrays.paths.shape[2]) this.chosen = -1;
  }

  choose(tab) {
    this.tab = tab;
    this.chosen = -1;
    this.requestDraw();
  }

  steps(track) {
    if (!this.set) return 1;
    return track === "depth" ? this.depth.last : this.set.count - 1;
  }

  // The times of a learned step differ from frame to frame.
  get depth() {
    const meta = this.metaNow();
    if (this.depthNow?.meta.times !== meta.times) this.depthNow = new Depth(meta);
    return this.depthNow;
  }

  layerPosition() {
    return this.timeline.position.depth * this.depth.last;
  }

  showControls() {
    super.showControls();
    this.tabs.show(this.tab);
    this.turnButton.hidden = this.tab !== "space" || !this.set;
    setPressed(this.turnButton, this.camera.turning);
    this.depthRow.row.hidden = !this.set || this.hidden.has("depth") || this.depth.last < 1;
    this.canvas.style.touchAction = this.tab === "space" ? "none" : "pan-y pinch-zoom";
    this.canvas.style.cursor = this.tab === "space" ? "grab" : "crosshair";
    if (!this.set) return;
    const text = this.depth.text(this.layerPosition());
    showTrack(this.depthRow, this.timeline, "depth", text, this.longestText());
    this.depthRow.row.classList.toggle("spaced", !this.epochRow.row.hidden);
    const flows = this.set.meta.is_flow !== false;
    this.note.textContent = flows ? "" : "Not a flow: lines only join what the layers put out.";
  }

  longestText() {
    const deepest = this.depth.text(this.depth.last);
    return this.longest.length > deepest.length ? this.longest : deepest;
  }

  heightFor(width) {
    const wanted = this.options.height ?? 380;
    if (!this.set) return Math.round(Math.min(wanted, Math.max(240, width * 0.95)));
    const frame = this.topMargin() + BOX_2D.bottom + this.legendSize();
    return Math.round(Math.max(150, Math.min(wanted - frame, width - 58)) + frame);
  }

  // The drawing itself; true asks for another frame.
  draw(ctx, seconds) {
    const meta = this.metaNow();
    const { frame, blend } = this.where();
    const paths = this.paths.read(this.set, "paths", frame, blend);
    const warp = this.tab === "warp" ? this.warp.read(this.set, "warp", frame, blend) : null;
    if (!paths.finite || (warp && !warp.finite)) {
      this.screen.clear();
      this.sayNotFinite(ctx);
      return false;
    }
    const moving = this.follow(paths, warp, seconds);
    const scene = this.scene(ctx, meta);
    this.screen.project(paths, meta.times, scene.project);
    this.heads = paths.at(this.layerPosition(), this.heads);
    this.screen.projectHeads(this.heads, this.depth.timeAt(this.layerPosition()), scene.project);
    const style = this.style(scene);
    if (warp) drawWarp(ctx, style, warp, this.set.arrays.warp.shape, this.layerPosition());
    else drawTrails(ctx, style);
    if (!warp || this.axes === 1) drawStarts(ctx, style);
    drawHeads(ctx, style);
    this.drawTitle(ctx, this.width - BOX_2D.right);
    this.updateTooltip(meta);
    return moving || this.turnOn(seconds);
  }

  turnOn(seconds) {
    if (!this.camera.turning || this.tab !== "space") return false;
    this.camera.turn(seconds * 0.25, 0);
    return true;
  }

  follow(paths, warp, seconds) {
    const limits = this.limits[warp ? "warp" : "paths"];
    const lo = warp ? paths.lo.map((v, a) => Math.min(v, warp.lo[a])) : paths.lo;
    const hi = warp ? paths.hi.map((v, a) => Math.max(v, warp.hi[a])) : paths.hi;
    limits.aim(lo, hi);
    this.shownLimits = limits;
    return limits.step(seconds, prefersReducedMotion());
  }

  // Axes, legend and the projection that goes with them.
  scene(ctx, meta) {
    const legend = this.legendSize();
    const space = this.tab === "space";
    const box = {
      x: space ? 0 : BOX_2D.left,
      y: this.topMargin(),
      w: this.width - (space ? 0 : BOX_2D.left + BOX_2D.right),
      h: this.height - this.topMargin() - (space ? 4 : BOX_2D.bottom) - legend,
    };
    if (legend) drawLegend(ctx, this.theme, meta, 48, this.height - legend + 2, this.width - 48);
    const names = [0, 1, 2].map((axis) => this.axisName(meta, axis));
    if (space) {
      const timed = this.axes === 2;
      const view = this.camera.projection(box, this.shownLimits, meta.times, timed);
      const { project } = view;
      drawCube(ctx, this.theme, view, timed ? [names[0], names[1], this.timeName()] : names);
      return { project, box };
    }
    if (this.axes === 1) {
      const { project, range } = timeProjection(box, this.shownLimits, meta.times);
      drawAxes(ctx, this.theme, box, range, [this.timeName(), names[0]]);
      return { project, box };
    }
    const { project, range } = planeProjection(box, this.shownLimits);
    drawAxes(ctx, this.theme, box, range, names);
    return { project, box };
  }

  timeName() {
    return this.depth.timed ? "depth t" : "layer";
  }

  axisName(meta, axis) {
    const share = meta.explained?.[axis];
    const name = meta.components[axis];
    if (!Number.isFinite(share) || !/^PC\d/.test(name)) return name;
    const percent = share > 0 && share < 0.005 ? "< 1" : Math.round(100 * share);
    return `${name} · ${percent} %${axis === 0 && this.tab !== "space" ? " of the variance" : ""}`;
  }

  style(scene) {
    const { arrays } = this.set;
    const meta = this.metaNow();
    const labels = arrays.path_labels?.data;
    const [lo, hi] = meta.value_range ?? [0, 1];
    const colourOf = (i) => {
      if (meta.task === "regression") return markRgb(this.theme, ((labels?.[i] ?? lo) - lo) / (hi - lo || 1));
      return classRgb(labels?.[i] ?? 0);
    };
    return {
      ...scene, theme: this.theme, screen: this.screen, colourOf, chosen: this.chosen,
      depth: this.layerPosition(), flows: meta.is_flow !== false, deep: this.tab === "space",
      times: meta.times, timeAt: (p) => this.depth.timeAt(p), curves: this.axes === 1,
    };
  }

  sayNotFinite(ctx) {
    ctx.fillStyle = this.theme.ink(0.62);
    ctx.font = `13px ${this.theme.font}`;
    ctx.textAlign = "center";
    ctx.fillText("The features are not finite at this step.", this.width / 2, this.height / 2);
  }

  grab(event) {
    if (this.tab !== "space" || !this.set) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.fingers.set(event.pointerId, [event.clientX, event.clientY]);
  }

  // One finger (or the mouse) turns; two zoom by the way between them.
  dragged(event) {
    const before = this.fingers.get(event.pointerId);
    const now = [event.clientX, event.clientY];
    const other = [...this.fingers].find(([id]) => id !== event.pointerId)?.[1];
    const far = ([x, y]) => Math.max(1, Math.hypot(x - other[0], y - other[1]));
    if (other) this.camera.zoomBy(far(now) / far(before));
    else this.camera.turn((now[0] - before[0]) * 0.009, (now[1] - before[1]) * 0.009);
    this.fingers.set(event.pointerId, now);
    this.requestDraw();
  }

  pointerMoved(event) {
    if (!this.set) return;
    if (this.fingers.has(event.pointerId)) {
      this.dragged(event);
      return;
    }
    const [x, y] = this.pointOf(event);
    const chosen = this.screen.nearest(x, y, this.tab === "warp" && this.axes > 1 ? -1 : this.layerPosition(), REACH);
    if (chosen !== this.chosen) this.requestDraw();
    this.chosen = chosen;
  }

  pointerLeft() {
    if (this.chosen >= 0) this.requestDraw();
    this.chosen = -1;
  }

  keyPressed(event) {
    if (!this.set) return;
    const turns = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, -0.1], ArrowDown: [0, 0.1] };
    const zooms = { "+": 1.15, "=": 1.15, "-": 1 / 1.15 };
    const walks = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 };
    if (this.tab === "space" && turns[event.key]) this.camera.turn(...turns[event.key]);
    else if (this.tab === "space" && zooms[event.key]) this.camera.zoomBy(zooms[event.key]);
    else if (this.tab !== "space" && walks[event.key]) this.walk(walks[event.key]);
    else if (event.key === "Escape") this.chosen = -1;
    else return;
    event.preventDefault();
    this.requestDraw();
  }

  walk(step) {
    const count = this.set.arrays.paths.shape[2];
    this.chosen = this.chosen < 0 ? 0 : (this.chosen + step + count) % count;
  }

  updateTooltip(meta) {
    const i = this.chosen;
    if (i < 0 || i >= this.screen.count) return;
    const labels = this.set.arrays.path_labels?.data;
    const label = meta.task === "regression" ? `target ${formatNumber(labels?.[i])}` : className(meta, labels?.[i] ?? 0);
    const place = [0, 1, 2].filter((axis) => meta.components[axis]);
    const lines = place.map((axis) => `${meta.components[axis]}  ${formatNumber(this.heads[3 * i + axis])}`);
    const [x, y] = [this.screen.heads[3 * i], this.screen.heads[3 * i + 1]];
    this.say([`${label} · #${i}`, ...lines, this.depth.text(this.layerPosition())], x, y);
  }

  label() {
    const { meta } = this.set;
    const count = this.set.arrays.paths.shape[2];
    const place = this.axes === 1 ? "one feature" : meta.components.filter(Boolean).join(", ");
    const chosen = this.lines ? ` Chosen: ${this.lines.join(", ")}.` : "";
    return `Flow, ${TABS[this.tab]}: ${count} points in ${place} through ${meta.layers[this.depth.last]} layers; ` +
      `${this.depth.text(this.layerPosition())}; ${this.epochWords()}.${chosen}`;
  }

  describe() {
    super.describe();
    this.root.dataset.tab = this.tab;
    this.root.dataset.chosen = this.chosen;
    this.root.dataset.layer = this.set ? this.set.meta.layers[Math.round(this.layerPosition())] : "";
    this.root.dataset.camera = `${this.camera.yaw.toFixed(3)} ${this.camera.pitch.toFixed(3)} ${this.camera.zoom.toFixed(3)}`;
  }

  exportName() {
    return `flow-${this.tab}`;
  }

  csv() {
    const { arrays } = this.set;
    const meta = this.metaNow();
    const frame = this.nearestFrame();
    const p = this.layerPosition();
    if (this.tab === "warp") {
      this.nodes = this.warp.read(this.set, "warp", frame, 0).at(p, this.nodes);
      return toCsv(warpRows(meta, this.nodes, arrays.warp.shape[3], this.depth.timeAt(p)));
    }
    const positions = this.paths.read(this.set, "paths", frame, 0);
    return toCsv(pathRows(meta, positions, arrays.path_labels?.data, p + 1e-6));
  }
}

// Where we are in depth and in training: both run from 0 to 1, shared by all views of a group.

const SECONDS_DEPTH = 4;
const FRAMES_PER_SECOND = 7;
const HOLD = { depth: 0.9, epoch: 2 };
const DISCRETE_STEP_SECONDS = 0.4;

const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");
export const prefersReducedMotion = () => reducedMotion.matches;

class Timeline {
  constructor() {
    this.members = new Set();
    this.request = 0;
    this.reset();
  }

  reset() {
    cancelAnimationFrame(this.request);
    this.request = 0;
    this.position = { depth: 1, epoch: 1 };
    this.playing = { depth: false, epoch: false };
    this.loop = { depth: true, epoch: false };
    this.held = { depth: 0, epoch: 0 };
  }

  join(member) {
    this.members.add(member);
    this.tell();
  }

  leave(member) {
    this.members.delete(member);
    if (this.members.size === 0) this.reset();
    this.tell();
  }

  // The number of layers (or frames) after the first, over the members.
  steps(track) {
    return Math.max(1, ...[...this.members].map((member) => member.steps(track)));
  }

  set(track, value) {
    this.position[track] = Math.min(1, Math.max(0, value));
    this.tell();
  }

  play(track, on) {
    if (on && !this.playing[track] && this.position[track] >= 1) this.position[track] = 0;
    this.playing[track] = on;
    this.held[track] = 0;
    // A still frame is a recorded one, never a blend of two.
    if (!on && track === "epoch") this.snap();
    this.wake();
    this.tell();
  }

  toEnd(track) {
    if (this.position[track] === 1 && !this.playing[track]) return;
    this.playing[track] = false;
    this.set(track, 1);
  }

  setLoop(track, on) {
    this.loop[track] = on;
    this.tell();
  }

  snap() {
    const steps = this.steps("epoch");
    this.position.epoch = Math.round(this.position.epoch * steps) / steps;
  }

  tell() {
    for (const member of this.members) member.moved();
  }

  wake() {
    if (this.request || !(this.playing.depth || this.playing.epoch)) return;
    this.last = performance.now();
    this.request = requestAnimationFrame((now) => this.tick(now));
  }

  tick(now) {
    this.request = 0;
    const elapsed = Math.min(0.25, Math.max(0, (now - this.last) / 1000));
    this.last = now;
    for (const track of ["depth", "epoch"]) if (this.playing[track]) this.advance(track, elapsed);
    this.tell();
    if (this.members.size && (this.playing.depth || this.playing.epoch)) {
      this.request = requestAnimationFrame((later) => this.tick(later));
    }
  }

  advance(track, elapsed) {
    this.held[track] += elapsed;
    if (this.position[track] >= 1) {
      if (!this.loop[track]) this.playing[track] = false;
      else if (this.held[track] >= HOLD[track]) this.moveTo(track, 0);
      return;
    }
    const steps = this.steps(track);
    if (prefersReducedMotion()) {
      if (this.held[track] < DISCRETE_STEP_SECONDS) return;
      this.moveTo(track, Math.round(this.position[track] * steps + 1) / steps);
      return;
    }
    const seconds = track === "depth" ? SECONDS_DEPTH : Math.max(3, steps / FRAMES_PER_SECOND);
    this.moveTo(track, this.position[track] + elapsed / seconds);
  }

  moveTo(track, value) {
    this.position[track] = Math.min(1, value);
    this.held[track] = 0;
  }
}

// On the window, not in the module: views may come from two copies of this code.
const groups = (window[Symbol.for("odenet.timelines")] ??= new Map());

export function timelineOf(group) {
  if (!group) return new Timeline();
  if (!groups.has(group)) groups.set(group, new Timeline());
  return groups.get(group);
}

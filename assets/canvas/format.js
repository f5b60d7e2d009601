// Reads the bytes that Python sends: an options block around a set of frames.
// Byte layout of the frames: "ODEF", uint32 header length, JSON header, padding to 8, arrays.
// A squeezed set is "ODEZ" and a zlib stream of such a set, some arrays of it stored as differences.

const OPTIONS_MAGIC = "ODEC";
const FRAMES_MAGIC = "ODEF";
const SQUEEZED_MAGIC = "ODEZ";
const TYPES = { u1: Uint8Array, i2: Int16Array, f4: Float32Array };

const magicOf = (bytes) => String.fromCharCode(...bytes.subarray(0, 4));
const padded = (n) => Math.ceil(n / 8) * 8;

// The JSON block that follows a four-letter mark, and where the bytes after its padding begin.
function readBlock(bytes, magic, what) {
  if (bytes.length < 8 || magicOf(bytes) !== magic) {
    throw new Error(`${what}: expected the mark "${magic}"`);
  }
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true);
  if (8 + length > bytes.length) throw new Error(`${what}: cut short in the header`);
  const text = new TextDecoder().decode(bytes.subarray(8, 8 + length));
  let json;
  try {
    json = JSON.parse(text);
  } catch {
    throw new Error(`${what}: the header is not JSON`);
  }
  return { json, end: padded(8 + length) };
}

export function unwrap(data) {
  // A copy: the socket's buffer is not aligned, and typed arrays need that.
  const bytes = new Uint8Array(data ?? []).slice();
  const { json, end } = readBlock(bytes, OPTIONS_MAGIC, "options");
  return { options: json, payload: bytes.slice(end) };
}

function readArray(bytes, start, name, spec) {
  const Type = TYPES[spec?.dtype];
  if (!Type || !Array.isArray(spec.shape)) throw new Error(`array ${name}: unknown type`);
  const count = spec.shape.reduce((product, n) => product * n, 1);
  const from = start + spec.offset;
  if (!(from >= start) || from + count * Type.BYTES_PER_ELEMENT > bytes.length) {
    throw new Error(`array ${name}: cut short`);
  }
  return { data: new Type(bytes.buffer, bytes.byteOffset + from, count), shape: spec.shape };
}

const REQUIRED = { flow: ["paths", "path_scale", "path_centre"], boundary: ["grid"] };
const LISTS = {
  flow: ["frames", "times", "layers", "components"],
  boundary: ["frames", "feature_names", "extent"],
};

function check(set, mode) {
  for (const name of REQUIRED[mode]) {
    if (!set.arrays[name]) throw new Error(`the array "${name}" is missing`);
  }
  for (const name of LISTS[mode]) {
    if (!Array.isArray(set.meta[name])) throw new Error(`"${name}" is missing in the header`);
  }
  const count = set.meta.frames.length;
  if (count < 1) throw new Error("there is no frame");
  for (const name of ["grid", "confidence", "paths", "warp", "path_scale", "path_centre"]) {
    const array = set.arrays[name];
    if (array && array.shape[0] !== count) {
      throw new Error(`array ${name} has ${array.shape[0]} frames, the header ${count}`);
    }
  }
  if (mode === "flow") {
    const [, layers, , axes] = set.arrays.paths.shape;
    if (layers !== set.meta.times.length || layers !== set.meta.layers.length || axes !== 3) {
      throw new Error("array paths does not agree with the layers in the header");
    }
  }
}

export const isSqueezed = (bytes) => bytes.length > 4 && magicOf(bytes) === SQUEEZED_MAGIC;

// The set inside a squeezed one; rejects where the stream is damaged.
export async function inflate(bytes) {
  const packed = new Blob([bytes.subarray(4)]).stream();
  const stream = packed.pipeThrough(new DecompressionStream("deflate"));
  try {
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch {
    throw new Error("recording: the stream is damaged");
  }
}

// Differences over frames and layers → the integers themselves, in place.
function undoDifferences({ data, shape }, drop) {
  const [frames, layers, ...rest] = shape;
  const size = rest.reduce((product, n) => product * n, 1);
  const frame = layers * size;
  for (let at = 0; at < frames * frame; at += frame) {
    for (let i = at + size; i < at + frame; i += 1) data[i] += data[i - size];
  }
  for (let i = frame; i < frames * frame; i += 1) data[i] += data[i - frame];
  for (let i = 0; i < data.length; i += 1) data[i] <<= drop;
}

// Bytes → { meta, arrays, count }, or null for no bytes. Throws an Error that says what is wrong.
export function parseFrames(bytes, mode) {
  if (bytes.length === 0) return null;
  const { json, end } = readBlock(bytes, FRAMES_MAGIC, "frames");
  if (!json?.meta || !json?.arrays) throw new Error("the header has no meta or no arrays");
  const arrays = {};
  for (const [name, spec] of Object.entries(json.arrays)) {
    arrays[name] = readArray(bytes, end, name, spec);
  }
  const { coded } = json.meta;
  for (const name of coded?.arrays ?? []) if (arrays[name]) undoDifferences(arrays[name], coded.drop);
  const set = { meta: json.meta, arrays };
  check(set, mode);
  set.count = json.meta.frames.length;
  return set;
}

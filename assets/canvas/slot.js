// The place on the window where the library is put, and where light views wait for it.

export function library() {
  const key = Symbol.for("odenet.library");
  if (!window[key]) {
    let resolve;
    const ready = new Promise((done) => {
      resolve = done;
    });
    window[key] = { ready, resolve };
  }
  return window[key];
}

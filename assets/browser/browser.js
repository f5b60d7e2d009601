// Tells the server two things about this browser: the random id that is kept in it, and whether the
// window is too narrow for four columns. Renders nothing.

const ID_KEY = "ode-net-playground-browser";
const WIDE = window.matchMedia("(min-width: 1200px)");

let fallback = null; // where storage is blocked, the id lives as long as the page

function browserId() {
  const fresh = () =>
    Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
  try {
    const kept = localStorage.getItem(ID_KEY);
    if (kept && /^[0-9a-f]{32}$/.test(kept)) return kept;
    const made = fresh();
    localStorage.setItem(ID_KEY, made);
    return made;
  } catch {
    return (fallback ??= fresh());
  }
}

export default function (component) {
  const { setStateValue } = component;
  setStateValue("id", browserId());
  const tell = () => setStateValue("narrow", !WIDE.matches);
  tell();
  WIDE.addEventListener("change", tell);
  return () => WIDE.removeEventListener("change", tell);
}

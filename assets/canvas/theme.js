// Colours: the class palette (fixed) and what the page's theme says (read again at each change).

// Okabe and Ito's first six, then four that keep their distance under simulated colour blindness.
export const PALETTE = [
  "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00",
  "#56B4E9", "#833F3F", "#2626ED", "#268AED", "#3F5083",
];
const LOW = "#0072B2";
const HIGH = "#D55E00";

const scratch = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

// Any CSS colour → [r, g, b], 0–255; the canvas does the parsing.
export function toRgb(colour) {
  scratch.clearRect(0, 0, 1, 1);
  scratch.fillStyle = "#000";
  scratch.fillStyle = colour;
  scratch.fillRect(0, 0, 1, 1);
  return [...scratch.getImageData(0, 0, 1, 1).data.slice(0, 3)];
}

export const mix = (a, b, w) => a.map((v, i) => v + (b[i] - v) * w);
export const css = (rgb, alpha = 1) => `rgba(${rgb.map(Math.round).join(",")},${alpha})`;

const CLASS_RGB = PALETTE.map(toRgb);
const LOW_RGB = toRgb(LOW);
const HIGH_RGB = toRgb(HIGH);

export const classRgb = (index) => CLASS_RGB[index % CLASS_RGB.length];

function diverging(middle, u) {
  const w = Math.min(1, Math.max(0, u)) * 2 - 1;
  return mix(middle, w < 0 ? LOW_RGB : HIGH_RGB, Math.abs(w) ** 0.85);
}

// For areas: 0 → blue, ½ → nearly the background, 1 → orange.
export const valueRgb = (theme, u) => diverging(theme.neutral, u);

// For points and lines, which must be seen in the middle of the range too: ½ → grey.
export const markRgb = (theme, u) => diverging(theme.grey, u);

// WCAG's relative luminance of [r, g, b], and the contrast of two colours, from 1 to 21.
function luminance(rgb) {
  const [r, g, b] = rgb.map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

export function contrast(a, b) {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

const ENOUGH = 3; // WCAG 2.2, 1.4.11: what a graphic means must stand out so much

// Of ten colours that can be told apart in any kind of vision, some come close to a light ground or to a
// dark one. Their marks get an edge that does not.
export const isFaint = (theme, rgb) => contrast(rgb, theme.background) < ENOUGH;

export function readTheme(element) {
  const style = getComputedStyle(element);
  const get = (name, otherwise) => style.getPropertyValue(`--st-${name}`).trim() || otherwise;
  const background = toRgb(get("background-color", "#ffffff"));
  const text = toRgb(get("text-color", "#222222"));
  return {
    background,
    text,
    font: get("font", "sans-serif"),
    neutral: mix(background, text, 0.05),
    grey: mix(background, text, 0.42),
    dark: background[0] * 0.3 + background[1] * 0.59 + background[2] * 0.11 < 128,
    // Shades between background and text, so that both themes get the same contrast.
    ink: (w, alpha = 1) => css(mix(background, text, w), alpha),
  };
}

// A radio group of thumbnails. The picture of each comes as points from the real generators.
// Data: {options: [{name, label, help, points}], value, colours}; points are "x y colour x y colour …", in
// thousandths of the side and as an index.

const SVG = "http://www.w3.org/2000/svg";
const SIZE = 44;

function picture(points, colours) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${SIZE} ${SIZE}`);
  svg.setAttribute("aria-hidden", "true");
  const numbers = points.split(" ").map(Number);
  for (let i = 0; i + 2 < numbers.length; i += 3) {
    const [x, y, c] = [numbers[i] / 1000, numbers[i + 1] / 1000, numbers[i + 2]];
    const dot = document.createElementNS(SVG, "circle");
    dot.setAttribute("cx", (3 + x * (SIZE - 6)).toFixed(1));
    dot.setAttribute("cy", (SIZE - 3 - y * (SIZE - 6)).toFixed(1));
    dot.setAttribute("r", "1.15");
    dot.setAttribute("fill", colours[c % colours.length]);
    svg.append(dot);
  }
  return svg;
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const root = parentElement.querySelector(".gallery");
  const wanted = JSON.stringify(data.options.map((o) => o.name)) + data.colours.join();
  if (root.dataset.shown !== wanted) {
    root.replaceChildren(
      ...data.options.map((option) => {
        const button = document.createElement("button");
        button.type = "button";
        button.role = "radio";
        button.dataset.name = option.name;
        button.title = option.help;
        button.setAttribute("aria-label", option.label);
        const label = document.createElement("span");
        label.textContent = option.label;
        button.append(picture(option.points, data.colours), label);
        return button;
      }),
    );
    root.dataset.shown = wanted;
  }
  root.setAttribute("aria-label", data.label);
  const known = data.options.some((option) => option.name === data.value);
  for (const button of root.children) {
    const chosen = button.dataset.name === data.value;
    button.setAttribute("aria-checked", String(chosen));
    // Where nothing is chosen, the first one lets the keyboard in.
    button.tabIndex = chosen || (!known && button === root.firstChild) ? 0 : -1;
  }
  root.onclick = (event) => {
    const button = event.target.closest("button");
    if (button && button.dataset.name !== data.value) setTriggerValue("chosen", button.dataset.name);
  };
  root.onkeydown = (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const all = [...root.children];
    const focused = all.indexOf(root.getRootNode().activeElement);
    const target = all[(focused + step + all.length) % all.length];
    target.focus();
    target.click();
  };
}

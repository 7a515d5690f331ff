// Small ways to the page's elements. Text from elsewhere becomes text nodes, never markup.

const SVG = "http://www.w3.org/2000/svg";

/** The element with this id; its absence is a defect. */
export function $(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
}

/** Make an element; `fields` are attributes, or listeners if they are functions. */
export function element(tag, fields = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === "function") made.addEventListener(name, value);
    else if (value !== null && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

/** One of the page's own icons. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

/** Set a text only if it is another one: a live region would say it again. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Set or take away an attribute, only if that changes something. */
export function setAttribute(node, name, value) {
  if (value === null) node.removeAttribute(name);
  else if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

/** Say something to screen readers only. */
export function announce(text) {
  setText($("announcer"), text);
}

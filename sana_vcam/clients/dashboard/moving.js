// Moving a preset by hand: dragging a card to another place.

const MARKS = ["drop-before", "drop-after"];

/** Let cards of `grid` be dragged; `move(id, target id, after)` is called when one is dropped. */
export function letDrag(grid, idOf, move) {
  let dragged = null;
  grid.addEventListener("dragstart", (event) => {
    dragged = event.target.closest?.(".card") ?? null;
    if (dragged === null) return;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", idOf(dragged));
    dragged.classList.add("dragged");
  });
  grid.addEventListener("dragover", (event) => {
    const target = targetOf(event, dragged);
    clearMarks(grid);
    if (target === null) return;
    event.preventDefault();
    target.classList.add(isAfter(event, target) ? "drop-after" : "drop-before");
  });
  grid.addEventListener("drop", (event) => {
    const target = targetOf(event, dragged);
    if (target === null) return;
    event.preventDefault();
    move(idOf(dragged), idOf(target), isAfter(event, target));
  });
  grid.addEventListener("dragend", () => {
    dragged?.classList.remove("dragged");
    dragged = null;
    clearMarks(grid);
  });
}

function targetOf(event, dragged) {
  const target = event.target.closest?.(".card") ?? null;
  return dragged === null || target === dragged ? null : target;
}

function isAfter(event, target) {
  const { left, width } = target.getBoundingClientRect();
  return event.clientX > left + width / 2;
}

function clearMarks(grid) {
  for (const card of grid.querySelectorAll(".drop-before, .drop-after")) card.classList.remove(...MARKS);
}

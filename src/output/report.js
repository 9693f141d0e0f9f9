"use strict";
// The page is complete without this. What is added here narrows down and sorts the table of findings, hides the cards of those
// that are not in it any more, and unfolds what a link leads to. Nothing is ever parsed as HTML: texts are only set as texts.
(() => {
  const make = (tag, properties, children = []) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };
  const all = (selector) => [...document.querySelectorAll(selector)];

  const unfold = () => {
    const target = document.getElementById(location.hash.slice(1));
    const card = target && target.closest("details");
    if (card) {
      card.open = true;
      card.scrollIntoView();
    }
  };
  addEventListener("hashchange", unfold);
  // A link to the card whose address the page has already changes no address.
  addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (link && link.hash && link.hash === location.hash) unfold();
  });
  unfold();

  const table = document.getElementById("index");
  if (!table) return;
  const body = table.tBodies[0];
  const rows = [...body.rows].map((element, place) => ({ element, place, text: element.textContent.toLowerCase() }));
  const lots = all("section.lot").map((element) => ({
    element,
    cards: [...element.querySelectorAll("details.card")].map((card) => ({ card, id: card.querySelector(".inside").id })),
  }));
  const chosen = {};
  const tiles = [];

  const search = make("input", { type: "search", placeholder: "Name, path, id …", autocomplete: "off" });
  const found = make("output", {});
  const bar = make("div", { className: "bar", role: "search" }, [make("label", {}, ["Filter ", search])]);
  bar.setAttribute("aria-label", "Filter the secrets");
  found.setAttribute("aria-live", "polite");

  // A browser takes long to lay out a table of thousands of rows, and nobody reads so many.
  const step = 500;
  let most = step;
  const more = make("button", { type: "button", hidden: true }, [`Show ${step} more rows`]);

  const apply = () => {
    const words = search.value.toLowerCase().split(" ").filter(Boolean);
    const facets = Object.entries(chosen).filter(([, select]) => select.value);
    const fitting = new Set();
    let count = 0;
    for (const { element, text } of rows) {
      const fits =
        facets.every(([facet, select]) => element.dataset[facet] === select.value) &&
        words.every((word) => text.includes(word));
      if (fits) {
        count += 1;
        fitting.add(element.dataset.id);
      }
      element.hidden = !fits || count > most;
    }
    const isAll = count === rows.length;
    for (const { element, cards } of lots) {
      for (const { card, id } of cards) card.hidden = !isAll && !fitting.has(id);
      element.hidden = cards.every(({ card }) => card.hidden);
    }
    for (const { button, facet, value } of tiles) {
      button.setAttribute("aria-pressed", String(Boolean(chosen[facet]) && chosen[facet].value === value));
    }
    more.hidden = most >= count;
    const cut = more.hidden ? "" : `, the first ${most} of them shown`;
    found.value = (isAll ? `${rows.length} rows` : `${count} of ${rows.length} rows`) + cut;
  };
  const narrow = () => {
    most = step;
    apply();
  };
  more.addEventListener("click", () => {
    most += step;
    apply();
  });

  const names = { severity: "Severity", stage: "Stage", head: "In HEAD", rule: "Rule" };
  for (const [facet, name] of Object.entries(names)) {
    const counts = new Map();
    for (const { element } of rows) {
      const value = element.dataset[facet];
      if (value) counts.set(value, (counts.get(value) || 0) + 1);
    }
    if (2 > counts.size) continue;
    const values = facet === "rule" ? [...counts.keys()].sort() : [...counts.keys()];
    const options = values.map((value) => make("option", { value }, [`${value} (${counts.get(value)})`]));
    const select = make("select", {}, [make("option", { value: "" }, ["any"]), ...options]);
    select.addEventListener("change", narrow);
    chosen[facet] = select;
    bar.append(make("label", {}, [`${name} `, select]));
  }
  let timer;
  search.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(narrow, 80);
  });

  for (const tile of all(".tile")) {
    const { facet, value } = tile.dataset;
    if (!chosen[facet]) continue;
    const button = make("button", { type: "button", title: `Show only: ${value}` }, [...tile.childNodes]);
    button.addEventListener("click", () => {
      chosen[facet].value = chosen[facet].value === value ? "" : value;
      narrow();
    });
    tile.append(button);
    tiles.push({ button, facet, value });
  }

  const clear = make("button", { type: "button" }, ["Show all"]);
  clear.addEventListener("click", () => {
    search.value = "";
    for (const select of Object.values(chosen)) select.value = "";
    narrow();
  });
  const folds = make("button", { type: "button" }, ["Unfold everything"]);
  let isUnfolded = false;
  folds.addEventListener("click", () => {
    isUnfolded = !isUnfolded;
    for (const one of all("details")) one.open = isUnfolded;
    folds.textContent = isUnfolded ? "Fold everything" : "Unfold everything";
  });
  bar.append(clear, folds, found);
  table.parentElement.before(bar);
  table.parentElement.after(more);

  const severities = ["critical", "high", "medium", "low"];
  const heads = [...table.tHead.rows[0].cells];
  const words = new Intl.Collator("en", { numeric: true });
  const compare = (column) => {
    if (heads[column].textContent === "Severity") {
      const rank = ({ element }) => severities.indexOf(element.dataset.severity);
      return (one, other) => rank(one) - rank(other);
    }
    const texts = new Map(rows.map((row) => [row, row.element.cells[column].textContent]));
    return (one, other) => words.compare(texts.get(one), texts.get(other));
  };
  heads.forEach((head, column) => {
    const button = make("button", { type: "button" }, [head.textContent]);
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const isUp = head.getAttribute("aria-sort") !== "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", isUp ? "ascending" : "descending");
      const order = compare(column);
      rows.sort((one, other) => (isUp ? order(one, other) : order(other, one)) || one.place - other.place);
      body.append(...rows.map(({ element }) => element));
      narrow();
    });
  });
  apply();
})();

/* Copyright: (c) 2026, the mailops.postfix authors
   GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
   SPDX-License-Identifier: GPL-3.0-or-later */
"use strict";
// Sorting and filtering of the table of instances. The page is complete without it.
(() => {
  const table = document.getElementById("instances");
  const body = table.tBodies[0];
  const filter = document.getElementById("filter");
  const shown = document.getElementById("shown");
  const rows = Array.from(body.rows, (element) => ({ element, text: element.textContent.toLowerCase() }));
  const collator = new Intl.Collator("en", { numeric: true });
  let order = "";

  function announce(count) {
    const of = rows.length.toLocaleString("en");
    shown.value = count.toLocaleString("en") + " of " + of + " shown" + order;
  }

  function apply() {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const row of rows) {
      row.element.hidden = !words.every((word) => row.text.includes(word));
      count += row.element.hidden ? 0 : 1;
    }
    announce(count);
  }

  function keyOf(row, column, isNumber) {
    const cell = row.element.cells[column];
    if (!isNumber) return cell.textContent;
    if (cell.dataset.value !== undefined) return Number(cell.dataset.value);
    return cell.textContent === "?" ? null : Number(cell.textContent.replaceAll(",", ""));
  }

  function compare(a, b, isNumber, sign) {
    if (!isNumber) return sign * collator.compare(a.key, b.key);
    // What is not known comes last, whatever the direction.
    if (a.key === null || b.key === null) return (a.key === null) - (b.key === null);
    return sign * (a.key - b.key);
  }

  function sort(header) {
    const isNumber = header.dataset.sort === "number";
    const before = header.getAttribute("aria-sort");
    // Numbers begin with the largest, the worst.
    const direction = before ? (before === "ascending" ? "descending" : "ascending") : isNumber ? "descending" : "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", direction);
    for (const row of rows) row.key = keyOf(row, header.cellIndex, isNumber);
    rows.sort((a, b) => compare(a, b, isNumber, direction === "ascending" ? 1 : -1));
    body.append(...rows.map((row) => row.element));
    order = ", sorted by " + header.textContent + ", " + direction;
    apply();
  }

  // As cards, on a phone, the elements would lose these.
  const roles = { TABLE: "table", THEAD: "rowgroup", TBODY: "rowgroup", TR: "row", TD: "cell" };
  for (const element of [table, ...table.querySelectorAll("thead, tbody, tr, th, td")]) {
    const scope = element.getAttribute("scope");
    const role = scope === "col" ? "columnheader" : scope === "row" ? "rowheader" : roles[element.tagName];
    if (role) element.setAttribute("role", role);
  }
  for (const header of table.tHead.rows[0].cells) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...header.childNodes);
    button.addEventListener("click", () => sort(header));
    header.append(button);
  }
  filter.addEventListener("input", apply);
  document.getElementById("tools").hidden = rows.length < 2;
  announce(rows.length);
})();

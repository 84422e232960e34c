// Elements. Text from readings only ever becomes a text node.

/**
 * Returns a new element.
 *
 * @param {string} name of the tag
 * @param {object} attributes by name; `class`, `text` (the only way in for text), booleans
 * @param {...(Node|string)} children strings become text nodes
 */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === 'text') {
      made.textContent = value;
    } else if (value === true) {
      made.setAttribute(key, '');
    } else if (value !== false && value !== null && value !== undefined) {
      made.setAttribute(key, value);
    }
  }
  made.append(...children);
  return made;
}

/** Returns a new element of a drawing. */
export function drawn(name, attributes = {}, ...children) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) {
    made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

/** Sets the text of an element unless it has it already, which would be announced again. */
export function setText(target, text) {
  if (target.textContent !== text) {
    target.textContent = text;
  }
}

/** Fills a table: the first cell of each row is its heading. */
export function fillTable(table, caption, columns, rows) {
  const head = element('tr');
  columns.forEach((column) => head.append(element('th', { scope: 'col', text: column })));
  const body = element('tbody');
  for (const row of rows) {
    const line = element('tr');
    row.forEach((cell, i) => {
      // Strings become text nodes.
      line.append(i === 0 ? element('th', { scope: 'row' }, cell) : element('td', {}, cell));
    });
    body.append(line);
  }
  const parts = [element('thead', {}, head), body];
  if (caption) {
    parts.unshift(element('caption', { text: caption }));
  }
  table.replaceChildren(...parts);
}

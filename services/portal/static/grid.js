// What scripts add to tables that are filled in: pasting from a spreadsheet, moving as one does there, and copying to the
// right without a round trip. Without them the form does all of it.
(() => {
  'use strict';
  const cellsOf = (row) => [...row.querySelectorAll('[data-cell]')];
  const rowsOf = (form) => [...form.querySelectorAll('tbody tr')].filter((row) => cellsOf(row).length);
  const place = (cell) => {
    const rows = rowsOf(cell.form);
    const row = rows.findIndex((one) => one.contains(cell));
    return { rows, row, column: cellsOf(rows[row]).indexOf(cell) };
  };
  const go = (cell) => { if (cell) { cell.focus(); cell.select(); } return !!cell; };
  const isCell = (target) => target instanceof Element && target.matches('form[data-grid] [data-cell]');

  addEventListener('paste', (event) => {
    if (!isCell(event.target)) return;
    const text = event.clipboardData.getData('text').replace(/\r?\n$/, '');
    if (!/[\t\n]/.test(text)) return;
    event.preventDefault();
    const { rows, row, column } = place(event.target);
    text.split(/\r?\n/).forEach((line, down) => {
      const cells = rows[row + down] ? cellsOf(rows[row + down]) : [];
      line.split('\t').forEach((value, right) => {
        const cell = cells[column + right];
        if (cell) { cell.value = value.trim(); cell.dispatchEvent(new Event('input', { bubbles: true })); }
      });
    });
  });

  addEventListener('keydown', (event) => {
    const cell = event.target;
    if (!isCell(cell) || event.isComposing || event.altKey || event.ctrlKey || event.metaKey) return;
    const at = (row, column) => rows[row] && cellsOf(rows[row])[column];
    const { rows, row, column } = place(cell);
    const whole = cell.selectionStart === 0 && cell.selectionEnd === cell.value.length;
    let to;
    if (event.key === 'Enter') {
      // Down, then on at the top of the next week; after the last cell to the button that saves.
      to = event.shiftKey ? at(row - 1, column) : at(row + 1, column) || at(0, column + 1) || cell.form.querySelector('.save button');
      event.preventDefault();
    } else if (event.key === 'ArrowDown') to = at(row + 1, column);
    else if (event.key === 'ArrowUp') to = at(row - 1, column);
    else if (event.key === 'ArrowRight' && (whole || cell.selectionStart === cell.value.length)) to = at(row, column + 1);
    else if (event.key === 'ArrowLeft' && (whole || cell.selectionEnd === 0)) to = at(row, column - 1);
    if (!to) return;
    event.preventDefault();
    if (to.matches('[data-cell]')) go(to); else to.focus();
  });

  addEventListener('click', (event) => {
    const button = event.target instanceof Element && event.target.closest('form[data-grid] [data-right]');
    if (!button) return;
    event.preventDefault();
    const cells = cellsOf(button.closest('tr'));
    const first = cells.findIndex((cell) => cell.value);
    if (first >= 0) cells.slice(first).forEach((cell) => { cell.value = cells[first].value; });
  });
})();

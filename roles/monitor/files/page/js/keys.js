// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
/** Shortcuts, and the dialog that lists them. */

import { h } from './dom.js';
import { toggle } from './theme.js';

const PLACES = {
    o: ['', 'Overview'], t: ['timeline', 'Time line'], h: ['history', 'History'], c: ['configuration', 'Configuration'],
    a: ['audit', 'Audit'],
};

const keys = (names, text) => h(
    'div', null, h('dt', null, names.map((name) => h('kbd', null, name))), h('dd', null, text));

function help() {
    const dialog = document.getElementById('help');
    dialog.replaceChildren(
        h('h2', { id: 'help-title' }, 'Keyboard'),
        h('dl', null,
            Object.entries(PLACES).map(([key, [, text]]) => keys(['g', key], text)),
            keys(['d'], 'Dark or light'),
            keys(['Tab'], 'Next node, link or button'),
            keys(['Enter'], 'Open it'),
            keys(['Esc'], 'Close a dialog'),
            keys(['?'], 'This list')),
        h('div', { class: 'buttons' }, h('button', { type: 'button', 'data-close': true }, 'Close')));
    dialog.showModal();
}

export function shortcuts() {
    document.getElementById('help-button').addEventListener('click', help);
    let going = false;
    document.addEventListener('keydown', (event) => {
        const busy = event.target.closest('input, dialog[open]') || event.ctrlKey || event.metaKey || event.altKey;
        if (busy) return;
        if (going && PLACES[event.key]) location.hash = `#/${PLACES[event.key][0]}`;
        else if (event.key === '?') help();
        else if (event.key === 'd') toggle();
        going = event.key === 'g';
    });
}

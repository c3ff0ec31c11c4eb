// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
/** Dark or light: as the system has it until somebody chooses. */

const NAME = 'ha-web-theme';
const system = matchMedia('(prefers-color-scheme: dark)');
const told = new EventTarget();

const chosen = () => localStorage.getItem(NAME);
const current = () => chosen() ?? (system.matches ? 'dark' : 'light');

function apply() {
    const root = document.documentElement;
    if (chosen()) root.dataset.theme = chosen();
    const other = current() === 'dark' ? 'Light' : 'Dark';
    document.getElementById('theme-button').textContent = other;
    told.dispatchEvent(new Event('change'));
}

export function toggle() {
    localStorage.setItem(NAME, current() === 'dark' ? 'light' : 'dark');
    apply();
}

/** Call ``changed`` whenever the colours are others. */
export function theme(changed) {
    document.getElementById('theme-button').addEventListener('click', toggle);
    system.addEventListener('change', apply);
    apply();
    told.addEventListener('change', changed);
}

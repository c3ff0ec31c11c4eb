// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
/** The page's views by the address after #. */

const VIEWS = ['timeline', 'history', 'configuration', 'audit'];

/** {view, name}: "#/server/web2" is the view "server" of "web2". */
export function parse(hash) {
    const [view = '', name = ''] = hash.replace(/^#\/?/, '').split('/', 2);
    if (view === 'server' || view === 'director') {
        try {
            return { view, name: decodeURIComponent(name) };
        } catch {
            return { view, name };
        }
    }
    return { view: VIEWS.includes(view) ? view : 'overview', name: '' };
}

export const link = (view, name) => `#/${view}/${encodeURIComponent(name)}`;

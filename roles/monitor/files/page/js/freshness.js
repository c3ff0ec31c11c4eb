// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
/** How old the data is, and what may still be said with it. */

const UNKNOWN_AFTER = 10;

/** "fresh", "stale" or "unknown" by seconds since the last tick; polls come less often than ticks. */
export function freshness(seconds, polling) {
    if (seconds === null || seconds >= UNKNOWN_AFTER) return 'unknown';
    return seconds >= (polling ? 8 : 5) ? 'stale' : 'fresh';
}

const without = (thing, fields) => ({ ...thing, ...Object.fromEntries(fields.map((name) => [name, null])) });

const router = (one) => ({
    ...without(one, ['since', 'transitions']),
    state: 'unknown',
    vips: one.vips.map((vip) => ({ ...vip, held: null })),
});

const director = (one) => ({
    ...without(one, ['age', 'standby', 'sync', 'load']),
    reach: 'unknown',
    keepalived: 'unknown',
    table: 'unknown',
    error: '',
    routers: one.routers.map(router),
});

const server = (one) => ({
    ...without(one, ['weight', 'active', 'inactive', 'connections_per_second', 'since']),
    state: 'unknown',
    directors: Object.fromEntries(
        Object.keys(one.directors).map((name) => [name, { weight: null, active: null, inactive: null }]),
    ),
});

const service = (one) => ({
    ...without(one, ['director', 'connections_per_second', 'in_bytes_per_second', 'out_bytes_per_second']),
    servers: one.servers.map(server),
});

const web = (one) => ({
    ...without(one, ['age', 'requests_per_second', 'connections', 'workers_busy', 'workers_idle', 'load', 'opcache']),
    reach: 'unknown',
    error: '',
    exporters: Object.fromEntries(Object.keys(one.exporters).map((name) => [name, 'unknown'])),
    storage: one.storage.map((share) => ({ ...share, state: 'unknown' })),
});

const storage = (one) => ({ ...without(one, ['age', 'load']), reach: 'unknown', error: '' });

/** The same cluster with every figure forgotten: what is declared stays, what was measured does not. */
export function forgotten(state) {
    return {
        ...state,
        verdict: { level: 'unknown', text: 'Nothing is known of the cluster now.' },
        findings: [],
        directors: state.directors.map(director),
        services: state.services.map(service),
        web: state.web.map(web),
        storage: state.storage.map(storage),
        prometheus: 'unknown',
    };
}

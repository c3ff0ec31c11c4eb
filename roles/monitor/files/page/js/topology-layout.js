// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
/** Where each node of the picture stands and what flows between them: numbers only, no DOM. */

import { UNKNOWN, count, perSecond } from './format.js';
import { link } from './router.js';
import { directorState, word, worst } from './words.js';

const MOST = 12; // more real servers than these are drawn as one, but for those in trouble

/** A sum that is unknown when nothing of it is known. */
const sum = (values) => {
    const known = values.filter((value) => value !== null && value !== undefined);
    return known.length ? known.reduce((one, two) => one + two, 0) : null;
};

/** 0 for what carries nothing, up to 4; null when unknown. */
export function flow(rate) {
    if (rate === null || rate === undefined) return null;
    if (rate <= 0) return 0;
    return Math.min(4, 1 + Math.floor(Math.log10(Math.max(1, rate))));
}

export function shorten(text, most) {
    if (text.length <= most) return text;
    const half = Math.floor((most - 1) / 2);
    return `${text.slice(0, most - 1 - half)}…${text.slice(text.length - half)}`;
}

const addressOf = (endpoint) => endpoint.replace(/\/\w+$/, '').replace(/:\d+$/, '').replace(/^\[|\]$/g, '');

function vipRate(address, services) {
    const own = services.filter((service) => service.endpoints.some((endpoint) => addressOf(endpoint) === address));
    const marked = services.filter((service) => service.endpoints.some((endpoint) => endpoint.startsWith('fwmark')));
    return sum((own.length ? own : marked).map((service) => service.connections_per_second));
}

function vips(state) {
    const found = new Map();
    for (const director of state.directors) {
        for (const router of director.routers) {
            for (const vip of router.vips) {
                const one = found.get(vip.address) ?? { address: vip.address, held: [], unsure: 0 };
                if (vip.held) one.held.push(director.name);
                if (vip.held === null) one.unsure += 1;
                found.set(vip.address, one);
            }
        }
    }
    return [...found.values()];
}

function vipNode(vip) {
    const [state, detail] = vip.held.length > 1 ? ['fault', `on ${vip.held.length} directors`]
        : vip.held.length ? ['up', `on ${vip.held[0]}`]
            : vip.unsure ? ['unknown', UNKNOWN] : ['down', 'on no director'];
    return { key: `vip ${vip.address}`, kind: 'vip', title: vip.address, state, detail };
}

const directorNode = (director) => {
    const state = directorState(director);
    return {
        key: `director ${director.name}`, kind: 'director', title: director.name, state, detail: word(state),
        link: link('director', director.name),
        held: director.routers.some((router) => router.vips.some((vip) => vip.held)),
    };
};

function servers(state) {
    const found = new Map();
    for (const service of state.services) {
        for (const server of service.servers) {
            const one = found.get(server.name) ?? { name: server.name, states: [], flows: [] };
            one.states.push(server.state);
            one.flows.push({ director: service.director, rate: server.connections_per_second });
            found.set(server.name, one);
        }
    }
    const all = [...found.values()].map((one) => ({ ...one, names: [one.name], state: worst(one.states) }));
    if (all.length <= MOST) return all;
    const well = all.filter((one) => one.state === 'up');
    const drawn = all.filter((one) => one.state !== 'up').slice(0, MOST - 1);
    const rest = all.filter((one) => one.state !== 'up').slice(MOST - 1);
    const group = (members, groupState) => members.length ? [{
        name: count(members.length, 'server'), names: members.map((one) => one.name), state: groupState,
        flows: members.flatMap((one) => one.flows), many: true,
    }] : [];
    return [...drawn, ...group(rest, worst(rest.map((one) => one.state))), ...group(well, 'up')];
}

const serverNode = (server) => ({
    key: `server ${server.name}`, kind: 'server', title: server.name, state: server.state,
    detail: server.state === 'unknown' ? UNKNOWN
        : `${word(server.state)} · ${perSecond(sum(server.flows.map((one) => one.rate)))}`,
    link: server.many ? '#/' : link('server', server.name),
});

const storageNode = (storage) => ({
    key: `storage ${storage.name}`, kind: 'storage', title: storage.name,
    state: storage.reach, detail: `storage ${word(storage.reach)}`,
});

function edges(state, drawn, addresses) {
    const found = [];
    for (const vip of addresses) {
        const rate = vipRate(vip.address, state.services);
        const key = `vip ${vip.address}`;
        found.push({ from: 'clients', to: key, rate, state: vip.held.length ? 'up' : vip.unsure ? 'unknown' : 'down' });
        for (const holder of vip.held) {
            found.push({ from: key, to: `director ${holder}`, rate, state: vip.held.length > 1 ? 'fault' : 'up' });
        }
    }
    for (const server of drawn) {
        for (const director of new Set(server.flows.map((one) => one.director))) {
            if (!director) continue;
            const rate = sum(server.flows.filter((one) => one.director === director).map((one) => one.rate));
            found.push({ from: `director ${director}`, to: `server ${server.name}`, rate, state: server.state });
        }
        const mounts = state.web.filter((node) => server.names.includes(node.name)).flatMap((node) => node.storage);
        for (const store of state.storage) {
            const used = mounts.filter((mount) => store.shares.includes(mount.path)).map((mount) => mount.state);
            if (!used.length) continue;
            const mounted = ['gone', 'unknown', 'ok'].find((one) => used.includes(one));
            found.push({
                from: `server ${server.name}`, to: `storage ${store.name}`, rate: 0, mount: true, state: mounted,
            });
        }
    }
    return found.map((edge) => ({ ...edge, key: `${edge.from} > ${edge.to}`, flow: flow(edge.rate) }));
}

function columns(layers, width) {
    const [w, h, pitch] = [Math.min(176, width / layers.length - 44), 48, 62];
    const height = Math.max(...layers.map((layer) => layer.length)) * pitch + 8;
    const step = (width - w - 4) / (layers.length - 1);
    return {
        height,
        place: (layer, index) => ({
            x: 2 + layer * step, w, h,
            y: (height - layers[layer].length * pitch) / 2 + index * pitch + (pitch - h) / 2,
        }),
    };
}

function rows(layers, width) {
    const [h, gap, across] = [48, 8, 3];
    const tops = [];
    let height = 2;
    for (const layer of layers) {
        tops.push(height);
        height += Math.ceil(layer.length / across) * (h + gap) + 26;
    }
    return {
        height: height - 26,
        place: (layer, index) => {
            const row = Math.floor(index / across);
            const amount = Math.min(across, layers[layer].length - row * across);
            const w = Math.min(168, (width - 4 - (amount - 1) * gap) / amount);
            const left = (width - amount * w - (amount - 1) * gap) / 2;
            return { x: left + (index % across) * (w + gap), y: tops[layer] + row * (h + gap), w, h };
        },
    };
}

const cubic = (a, b, c, d) => `M${a.map(Math.round)}C${b.map(Math.round)} ${c.map(Math.round)} ${d.map(Math.round)}`;

function path(from, to, wide) {
    if (wide) {
        const [a, b] = [[from.x + from.w, from.y + from.h / 2], [to.x, to.y + to.h / 2]];
        const middle = (a[0] + b[0]) / 2;
        return cubic(a, [middle, a[1]], [middle, b[1]], b);
    }
    const [a, b] = [[from.x + from.w / 2, from.y + from.h], [to.x + to.w / 2, to.y]];
    const middle = (a[1] + b[1]) / 2;
    return cubic(a, [a[0], middle], [b[0], middle], b);
}

/** {width, height, nodes, edges} of a state; side by side from 640 pixels on, else from top to bottom. */
export function layout(state, width) {
    const wide = width >= 640;
    const addresses = vips(state);
    const drawn = servers(state);
    const total = sum(state.services.map((service) => service.connections_per_second));
    const layers = [
        [{ key: 'clients', kind: 'clients', title: 'Clients', state: 'info', detail: perSecond(total) }],
        addresses.map(vipNode),
        state.directors.map(directorNode),
        drawn.map(serverNode),
        state.storage.map(storageNode),
    ].filter((layer) => layer.length);
    const { height, place } = wide ? columns(layers, width) : rows(layers, width);
    const nodes = layers.flatMap((layer, number) =>
        layer.map((node, index) => ({ ...node, ...place(number, index) })));
    const at = new Map(nodes.map((node) => [node.key, node]));
    const lines = edges(state, drawn, addresses)
        .filter((edge) => at.has(edge.from) && at.has(edge.to))
        .map((edge) => ({ ...edge, d: path(at.get(edge.from), at.get(edge.to), wide) }));
    return { width, height: Math.ceil(height), nodes, edges: lines };
}

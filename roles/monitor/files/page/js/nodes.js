// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
/** The page of one real server or director. */

import { chart } from './charts.js';
import { directorCard } from './directors.js';
import { h } from './dom.js';
import { number, perSecond, whole } from './format.js';
import { badge, button, facts, figure, memory, note, section, serverButtons, spans } from './parts.js';
import { serverTable } from './services.js';
import { hits, mounts, workers } from './web.js';
import { worst } from './words.js';

const SPANS = [[1, '1 h'], [6, '6 h'], [24, '24 h'], [168, '7 d']];

const charts = (app, queries) => [
    h('div', { class: 'title' }, h('h2', null, 'History'), spans(app.hours, SPANS)),
    h('div', { class: 'deck' }, queries.map(([query, title]) => chart(app.hours, query, title))),
];

const missing = (app, kind) => section('missing', app.route.name, null,
    note(`No ${kind} has this name. It may have left the inventory since.`));

export function serverPage(app) {
    const { name } = app.route;
    const node = app.state.web.find((one) => one.name === name);
    const services = app.state.services.filter((one) => one.servers.some((server) => server.name === name));
    if (!node && !services.length) return missing(app, 'real server');
    const own = services.flatMap((one) => one.servers.filter((server) => server.name === name));
    const state = own.length ? worst(own.map((one) => one.state)) : node.reach;
    return [
        h('div', { class: 'title head' }, h('h2', null, name), badge(state), h('span', { class: 'do' },
            own.length ? serverButtons(app, { name, state }, '') : null,
            node ? button(app, 'Clear cache', { action: 'clear_cache', target: name }) : null)),
        services.map((service) => h('article', { class: 'service', 'data-key': service.name },
            h('header', null, h('h3', null, service.name), h('p', null, h('code', null, service.endpoints.join(', ')))),
            serverTable(app, service, service.servers.filter((server) => server.name === name)))),
        node ? h('article', { class: 'card' },
            h('header', null, h('h3', null, 'Web server'), badge(node.reach)),
            node.error ? h('p', { class: 'reason' }, node.error) : null,
            facts([
                ['Requests', figure(perSecond(node.requests_per_second))],
                ['Connections', figure(whole(node.connections))],
                ['Workers', figure(workers(node))],
                ['Opcode cache hits', figure(hits(node))],
                ['Opcode cache memory', memory(node.opcache?.used_bytes, node.opcache?.free_bytes)],
                ['Cached scripts', figure(whole(node.opcache?.scripts))],
                ['Storage', mounts(node)],
                ['Load', figure(number(node.load))],
            ])) : null,
        charts(app, [
            ...services.map((one) => [
                { chart: 'servers', service: one.name, server: name }, `Active connections of ${one.name}`]),
            ...(node ? ['requests', 'opcache_hits', 'opcache_memory', 'load'] : [])
                .map((one) => [{ chart: one, node: name }]),
        ]),
    ];
}

export function directorPage(app) {
    const director = app.state.directors.find((one) => one.name === app.route.name);
    if (!director) return missing(app, 'director');
    return [directorCard(app, director, 'h2'), charts(app, [[{ chart: 'load', node: director.name }]])];
}

export const historyPage = (app) => charts(app, [
    'connections', 'bytes', 'servers', 'requests', 'opcache_hits', 'opcache_memory', 'load',
].map((one) => [{ chart: one }]));

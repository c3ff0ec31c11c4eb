// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
/** Each virtual service with its real servers. */

import { h } from './dom.js';
import { UNKNOWN, ago, bytes, count, number, perSecond, whole } from './format.js';
import { amount, badge, cell, figure, heads, section, serverButtons, serverLink } from './parts.js';
import { byTrouble } from './words.js';

const MOST = 60; // rows until all are asked for

export const weight = (server) => server.weight === null ? UNKNOWN
    : server.weight === server.declared_weight ? number(server.weight)
        : `${number(server.weight)} (declared ${number(server.declared_weight)})`;

const onDirector = (one) => !one || [one.weight, one.active, one.inactive].every((value) => value === null)
    ? UNKNOWN : [one.weight, one.active, one.inactive].map(whole).join(' / ');

function row(app, service, server, directors) {
    return h('tr', { 'data-key': server.name, class: `is-${server.state}` },
        h('th', { scope: 'row' }, serverLink(server.name), h('small', { class: 'address' }, server.address)),
        cell('State', badge(server.state), 'badged'),
        cell('Weight', weight(server), server.weight === server.declared_weight ? 'figure' : 'figure wide'),
        amount('Active', whole(server.active)),
        amount('Inactive', whole(server.inactive)),
        amount('New', perSecond(server.connections_per_second)),
        amount('Since', ago(server.since, app.state.at)),
        directors.map((name) => amount(`On ${name}`, onDirector(server.directors[name]))),
        app.state.role === 'operator'
            ? h('td', { class: 'do' }, serverButtons(app, server, service.name)) : null);
}

export function serverTable(app, service, servers) {
    const directors = app.state.directors.map((one) => one.name);
    const right = 'figure';
    return h('div', { class: 'scroll' }, h('table', { class: 'cards' },
        heads([
            ['Server'], ['State'], ['Weight', right], ['Active', right], ['Inactive', right], ['New', right],
            ['Since', right], ...directors.map((name) => [`On ${name}`, right]),
            ...(app.state.role === 'operator' ? [[h('span', { class: 'unseen' }, 'Actions')]] : []),
        ]),
        h('tbody', null, servers.map((server) => row(app, service, server, directors)))));
}

export function serviceFacts(service) {
    const persistence = service.persistence ? `persistence ${service.persistence} s` : null;
    return [
        service.protocol, service.scheduler, service.forwarding, persistence, `quorum ${service.quorum}`,
        service.sorry_server ? `sorry server ${service.sorry_server}` : null,
    ].filter(Boolean).join(' · ');
}

function one(app, service) {
    const all = app.all.has(service.name);
    const servers = all || service.servers.length <= MOST ? service.servers
        : [...service.servers].sort(byTrouble).slice(0, MOST);
    const rest = service.servers.length - servers.length;
    return h('article', { 'data-key': service.name, class: 'service' },
        h('header', null,
            h('h3', null, service.name),
            h('p', null, h('code', null, service.endpoints.join(', ')), ` ${serviceFacts(service)}`),
            h('p', { class: 'rates' },
                h('span', null, figure(perSecond(service.connections_per_second)), ' connections'),
                h('span', null, 'in ', figure(rate(service.in_bytes_per_second))),
                // Without NAT the answers pass by the directors.
                service.forwarding === 'nat'
                    ? h('span', null, 'out ', figure(rate(service.out_bytes_per_second))) : null,
                h('span', null, 'by ', service.director ?? figure(UNKNOWN)))),
        serverTable(app, service, servers),
        rest ? h('p', { class: 'more' }, `${count(rest, 'more server')}, none in a worse state. `,
            h('button', { type: 'button', 'data-all': service.name }, 'Show all')) : null);
}

const rate = (value) => (typeof value === 'number' ? `${bytes(value)}/s` : UNKNOWN);

export const services = (app) => section('services', 'Virtual services',
    h('p', { class: 'aside' }, 'New: connections per second. On each director: weight / active / inactive.'),
    app.state.services.map((service) => one(app, service)));

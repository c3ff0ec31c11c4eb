// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
/** Histories, drawn by uPlot where a view has left a place for one. */

import uPlot from '../vendor/uplot/uPlot.esm.js';
import * as api from './api.js';
import { h } from './dom.js';
import { clock, inUnit, moment } from './format.js';

const AGAIN = 30000;
const HEIGHT = 170;
const DASHES = [[], [7, 3], [2, 3], [9, 3, 2, 3]];
const COLOURS = 6;
const POWERS = Array.from({ length: 50 }, (_, power) => 2 ** power);

export const TITLES = {
    connections: 'New connections', bytes: 'Bytes', servers: 'Active connections of the servers', requests: 'Requests',
    opcache_hits: 'Opcode cache hit rate', opcache_memory: 'Opcode cache memory', load: 'Load',
};

/** A place for a chart; another query or span makes it another place. */
export const chart = (hours, query, title = TITLES[query.chart]) => {
    const asked = JSON.stringify({ ...query, hours });
    return h('figure', { class: 'card chart', 'data-key': asked, 'data-keep': true, 'data-chart': asked },
        h('figcaption', null, title), h('div', { class: 'plot' }, h('p', { class: 'note' }, 'Asking …')),
        h('ul', { class: 'legend' }));
};

const colour = (element, name) => getComputedStyle(element).getPropertyValue(name);

function options(figure, width, series, unit) {
    const grid = { stroke: colour(figure, '--chart-line'), width: 1 };
    const axis = {
        stroke: colour(figure, '--chart-ink'), grid, ticks: { show: false }, font: '11px system-ui, sans-serif',
    };
    const legend = [...figure.querySelectorAll('.legend output')];
    return {
        width, height: HEIGHT, padding: [8, 10, 0, 0], legend: { show: false },
        cursor: { points: { size: 6 }, drag: { x: false, y: false } },
        scales: { y: { range: (_plot, low, high) => [Math.min(0, low ?? 0), (high ?? 0) > 0 ? high * 1.08 : 1] } },
        axes: [
            { ...axis, space: 70, size: 28, values: (_plot, splits, _axis, _space, step) => splits.map(
                (at) => (step >= 86400 ? moment(at).slice(5, 10) : clock(at).slice(0, 5))) },
            { ...axis, size: 74, ...(unit.startsWith('bytes') ? { incrs: POWERS } : {}),
                values: (_plot, splits) => splits.map((value) => inUnit(value, unit)) },
        ],
        series: [{}, ...series.map((one, number) => ({
            label: one.name, stroke: colour(figure, `--series-${number % COLOURS}`), width: 1.5,
            points: { show: false },
            dash: DASHES[Math.floor(number / COLOURS) % DASHES.length],
        }))],
        hooks: { setCursor: [(plot) => {
            const at = plot.cursor.idx;
            legend.forEach((output, number) => {
                const values = plot.data[number + 1];
                output.textContent = inUnit(at === null || at === undefined ? values.at(-1) : values[at], unit);
            });
        }] },
    };
}

function draw(figure, found) {
    const place = figure.querySelector('.plot');
    const legend = figure.querySelector('.legend');
    figure.plot?.destroy();
    const series = found.series.filter((one) => one.points.length);
    legend.replaceChildren(...series.map((one, number) => h('li', { class: `series-${number % COLOURS}` },
        h('span', null, one.name), h('output', null, inUnit(one.points.at(-1)[1], found.unit)))));
    place.replaceChildren();
    figure.plot = null;
    if (!series.length) {
        place.append(h('p', { class: 'note' }, 'Nothing was recorded in this span of time.'));
        return;
    }
    const tables = series.map((one) => [one.points.map(([at]) => at), one.points.map(([, value]) => value)]);
    figure.plot = new uPlot(
        options(figure, place.clientWidth, series, found.unit), uPlot.join(tables, tables.map(() => [2])), place);
}

async function load(figure) {
    try {
        figure.found = await api.history(JSON.parse(figure.dataset.chart));
        draw(figure, figure.found);
    } catch (error) {
        figure.plot?.destroy();
        figure.plot = null;
        figure.querySelector('.plot').replaceChildren(h('p', { class: 'problem' }, error.message));
    }
}

const widths = new ResizeObserver((entries) => {
    for (const { target, contentRect } of entries) {
        const { plot } = target.parentElement;
        if (plot && contentRect.width) plot.setSize({ width: contentRect.width, height: HEIGHT });
    }
});

const charts = () => document.querySelectorAll('[data-chart]');

/** Fill the places that are new. */
export function fillCharts() {
    for (const figure of charts()) {
        if (figure.asked) continue;
        figure.asked = true;
        widths.observe(figure.querySelector('.plot'));
        load(figure);
    }
}

/** In other colours. */
export function redrawCharts() {
    for (const figure of charts()) if (figure.found) draw(figure, figure.found);
}

setInterval(() => { if (!document.hidden) charts().forEach(load); }, AGAIN);
